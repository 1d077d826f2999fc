//! The rules of the states, sentence by sentence. The table names the tests that prove each one; a test
//! keeps it true that every test named here is in the sources.
//!
//! | sentence | tests |
//! | --- | --- |
//! | At drafting, the fact pack and each delivery's exact text, media, language, visibility and account are frozen and hashed | `facts_text_language_visibility_and_account_are_frozen_and_hashed_at_drafting` |
//! | nothing renders after that | `nothing_renders_after_drafting` |
//! | Approval names the hash that the approver saw (compare-and-set) | `approval_names_the_hash_that_the_approver_saw` |
//! | an edit or a changed fact is a new Held version | `an_edit_is_a_new_held_version`, `an_edit_changes_words_and_nothing_else`, `a_changed_fact_is_a_new_held_version`, `who_reads_only_edits_nothing_and_nobody_approves_their_own_wording` |
//! | A standing order binds the hashes of the templates it allows | `a_standing_order_binds_the_hashes_of_the_templates_it_allows`, `an_order_never_covers_a_wording_edited_by_hand_whatever_template_it_claims`, `nobody_signs_an_order_that_they_drafted_or_that_was_not_rehearsed` |
//! | Clearance has a `valid_until` | `a_clearance_has_a_valid_until_and_then_needs_another_click`, `a_clearance_that_runs_out_between_claim_and_send_sends_nothing` |
//! | claim mints it anew from the stored one only where the hashes are equal | `claim_mints_the_clearance_anew_only_where_the_hashes_are_equal`, `a_claim_needs_a_clearance_over_exactly_these_bytes` |
//! | a value that only the domain can mint; a send without authority does not compile | the `compile_fail` examples of `ClaimedDelivery`, `Clearance`, `Destination::send` |
//! | when a signer is no longer an approver, the orders that they signed are void and what they approved but was not sent is held again | `when_a_signer_is_no_longer_an_approver_their_orders_are_void_and_what_was_not_sent_is_held_again`, `a_role_that_ends_at_a_later_time_ends_its_clearances_then`, `what_a_caller_remembers_of_a_person_is_no_authority`, `an_order_revoked_between_claim_and_send_sends_nothing` |
//! | Nobody grants a role to themselves | `nobody_grants_a_role_to_themselves` |
//! | making an approver takes two people | `making_an_approver_takes_two_people`, `making_an_approvers_time_longer_takes_two_people_again` |
//! | Recheck compares every member action with the case source | `recheck_compares_every_member_action_with_the_case_source`, `how_often_the_bank_was_pressed_may_change_freely`, `a_row_that_vanished_is_unknown_and_nothing_is_said_of_it` |
//! | by an answer less than 10 seconds old at the send | `the_rechecks_answer_is_less_than_10_seconds_old_at_the_send`, `a_permit_says_no_as_soon_as_the_recheck_is_too_old` |
//! | A fact's age runs from the source's *as of*: an imported file ages like milk | `an_imported_file_ages_like_milk` |
//! | On facts older than the limit no order clears and nothing goes out | `on_facts_older_than_the_limit_no_order_clears_and_nothing_goes_out`, `a_live_source_keeps_the_facts_fresh_for_an_order_with_a_full_cap` |
//! | until an officer confirms, action by action and on the record, that it still pends | `an_officer_confirms_action_by_action_and_on_the_record_that_it_still_pends` |
//! | If any action differs, all unsent deliveries are withdrawn and one successor is drafted | `if_any_action_differs_all_unsent_deliveries_are_withdrawn_and_one_successor_is_drafted` |
//! | An escalation with a delivery that is Sending, Uncertain or Delivered is never Withdrawn: it closes by its deliveries | `an_escalation_with_a_delivery_sending_uncertain_or_delivered_is_never_withdrawn` |
//! | and its actions' intervals run | `where_something_was_sent_its_actions_intervals_run` |
//! | At most one open escalation per bank, rung and kind, and one per action and rung | `at_most_one_open_escalation_per_bank_rung_and_kind`, `at_most_one_open_tag_per_action_and_rung`, `one_post_is_set_right_once` |
//! | A dispute is the nodal officer's written reason, entered by an officer; an approver decides it | `a_dispute_stops_a_held_or_cleared_escalation_until_an_approver_decides`, `a_dispute_that_stands_or_is_undecided_is_not_tagged_again`, `what_an_approver_rejected_is_not_drafted_again_at_once` |
//! | the same ground does not stop a ladder twice | `the_same_ground_does_not_stop_a_ladder_twice` |
//! | It withdraws the unsent deliveries | `a_dispute_while_something_is_under_way_lets_nothing_more_out` |
//! | where something was delivered, it drafts a held correction | `where_something_was_delivered_a_dispute_drafts_a_held_correction`, `a_post_that_is_found_after_the_dispute_is_corrected_too` |
//! | Four kinds, each with its own recheck predicate and budget class | `each_of_the_four_kinds_has_its_own_recheck`, `a_correction_is_read_for_leaks_again_before_it_goes` |
//! | Corrections and retractions pass bank caps and quiet hours, but never the stop switch without an approver's override | `corrections_pass_bank_caps_and_quiet_hours_but_never_the_stop_switch`, `an_approvers_override_on_the_record_lets_a_correction_pass_the_stop`, `no_override_lets_a_tag_or_a_restored_ledger_pass` |
//! | A retraction is a delivery that deletes a receipt, with the same claim, one attempt and unknown outcomes | `a_retraction_deletes_a_receipt_with_the_same_claim_and_one_attempt`, `a_retraction_has_unknown_outcomes_too_and_looks_for_the_absence` |
//! | Bank caps and intervals count escalations | `bank_caps_count_escalations`, `bank_intervals_count_escalations` |
//! | account limits count deliveries | `account_limits_count_deliveries`, `a_cap_of_two_deliveries_of_one_batch_is_exact` |
//! | order caps count clearances | `order_caps_count_clearances`, `an_order_with_one_place_clears_once` |
//! | Sending, Uncertain and taken hand-offs consume budget; only *proven not sent* gives it back | `sending_and_uncertain_consume_budget_and_only_proven_not_sent_gives_it_back`, `a_recheck_that_says_not_now_gives_the_budget_back`, `a_taken_hand_off_consumes_budget` |
//! | A claim first locks one row and commits the batch; exact with many workers | `concurrent_claims_take_each_delivery_once_and_exceed_no_budget_on_postgres`, `a_cap_with_one_place_is_taken_once`, `no_cap_is_exceeded_whatever_the_history_and_the_order`, `what_waits_for_a_known_time_does_not_hide_what_is_behind_it` |
//! | one transaction for up to a few hundred deliveries | `one_claim_takes_hundreds_in_one_transaction_and_each_attempt_is_a_row` |
//! | Claims are durable before a byte leaves | `claims_are_durable_before_a_byte_leaves`, `claims_are_durable_on_postgres_whatever_the_databases_default`, `only_a_ledger_of_invented_things_waits_for_no_disk` |
//! | Attempts are rows | `attempts_are_rows` |
//! | Accepted, NotSent, Throttled, AccountBlocked, Refused, Unknown | `each_outcome_leads_where_the_design_says`, `a_name_or_connection_that_failed_is_proved_not_sent_and_waits`, `a_blocked_account_is_paused_until_a_person_looks` |
//! | Unknown: everything else, a 5xx and an unreadable 2xx among them; never call the unknown *failed* | `a_5xx_after_a_post_is_uncertain_and_looking_finds_it`, `postiz_1681_unknown_is_never_called_failed` |
//! | no retry, no redirect | `each_outcome_leads_where_the_design_says` |
//! | Uncertain is left only by looking | `uncertain_is_left_only_by_looking`, `a_blind_look_says_nothing`, `a_process_without_the_account_does_not_ask_a_person`, `an_unknown_outcome_holds_the_escalation_open_until_it_is_known` |
//! | Looking starts a grace after the lease | `looking_starts_a_grace_after_the_lease` |
//! | *not there* needs two looks a grace apart | `not_there_needs_two_looks_a_grace_apart`, `a_look_is_about_the_attempt_that_it_was_taken_for` |
//! | An automatic resend needs idempotency that is still in force; elsewhere a person decides | `an_automatic_resend_needs_idempotency_in_force_elsewhere_a_person_decides`, `mastodons_key_is_relied_on_for_less_than_50_minutes`, `a_resend_that_waited_until_the_key_is_forgotten_asks_a_person` |
//! | A late receipt is always stored and wins | `a_late_receipt_is_always_stored_and_wins` |
//! | a second receipt for one delivery trips the breaker | `a_second_receipt_for_one_delivery_trips_the_breaker_and_is_stored` |
//! | The paused sender | `the_paused_sender_does_not_send`, `the_paused_sender_does_not_send_after_another_worker_has_looked`, `the_senders_deadline_is_the_lease_less_a_whole_request` |
//! | A hand-off is taken: that is the claim | `a_taken_hand_off_consumes_budget`, `receipts_come_late_and_hand_offs_are_taken` |
//! | A hand-off's claim has its recheck | `a_hand_offs_recheck_is_on_the_record_before_the_officer_sees_the_text`, `a_hand_off_that_is_no_longer_true_is_withdrawn_and_leaves_no_recheck` |
//! | No request starts later than one second after `stop` commits | `no_request_starts_later_than_one_second_after_stop`, `a_stop_between_claim_and_send_stops_the_send`, `a_stop_is_obeyed_by_all_on_postgres`, `a_ledger_that_cannot_be_read_stops_every_send` |
//! | every process reads the switch at least four times a second | `the_switch_is_read_at_least_four_times_a_second` |
//! | `resume` re-holds everything that waited | `resume_re_holds_everything_that_waited`, `what_was_uncertain_at_the_stop_needs_a_new_clearance_to_be_sent_again` |
//! | After a restore nothing sends; unfinished deliveries become Uncertain | `after_a_restore_nothing_sends`, `a_post_made_since_the_backup_is_found_and_not_made_twice` |

mod authority;
mod budgets;
mod hand_off;
mod one_attempt;
mod sentences;
mod stop;
mod truth;

use jiff::SignedDuration;
use takaza::{
    domain::{
        escalation::{Escalation, EscalationKind, EscalationState},
        ids::{AccountName, BankCode, EscalationId, Reference},
        money::Paise,
        order::{StandingOrder, Terms},
        person::{Desk, Person},
    },
    store::{Draft, EscalationRow, StoreError},
    work,
};

use crate::support::world::World;

pub async fn deliver(world: &World) {
    work::deliver::run_once(&world.ctx).await.unwrap();
}

pub async fn sweep(world: &World) {
    work::sweep::run_once(&world.ctx).await.unwrap();
}

pub async fn person(world: &World, id: &str) -> Person {
    world.person(id).await
}

pub async fn desk(world: &World, id: &str) -> Desk {
    world.person(id).await.as_desk(world.now()).unwrap()
}

/// Terms that cover this escalation amply.
pub fn terms(world: &World, row: &EscalationRow) -> Terms {
    Terms {
        banks: vec![BankCode::new("*")],
        kinds: EscalationKind::ALL.to_vec(),
        accounts: vec![AccountName::new("unit"), AccountName::new("second")],
        minimum_amount: Paise::from_rupees(1),
        minimum_overdue_hours: 0,
        templates: row.escalation.contents.iter().filter_map(|content| content.template).collect(),
        per_bank_day: 10,
        per_day: 100,
        per_hour: 100,
        expires_at: world.now().plus(SignedDuration::from_hours(24 * 30)),
    }
}

/// An order that an officer drafted, that was rehearsed, and that the DCP signed.
pub async fn signed_order(
    world: &World,
    row: &EscalationRow,
    name: &str,
    change: impl FnOnce(&mut Terms),
) -> StandingOrder {
    rehearsed_order(world, row, name, change).await;
    sign(world, name).await.unwrap()
}

/// The same before anybody signed it.
pub async fn rehearsed_order(
    world: &World,
    row: &EscalationRow,
    name: &str,
    change: impl FnOnce(&mut Terms),
) {
    let mut terms = terms(world, row);
    change(&mut terms);
    let asha = desk(world, "asha").await;
    world.ctx.store.draft_order(&world.by("asha"), &asha, name, &terms).await.unwrap();
    world.ctx.store.rehearsed(&world.by("asha"), name, 14).await.unwrap();
}

/// The DCP signs it.
pub async fn sign(world: &World, name: &str) -> Result<StandingOrder, StoreError> {
    world.ctx.store.sign_order(&world.by("dcp"), name, &world.person("dcp").await).await
}

/// A held draft like this one, for another bank where one is named.
pub fn copy(row: &EscalationRow, id: &str, bank: Option<&str>) -> Draft {
    let old = &row.escalation;
    let escalation = Escalation::new(
        EscalationId::new(id),
        Reference::new(format!("GGM-{id}")),
        bank.map_or_else(|| old.bank.clone(), BankCode::new),
        old.rung,
        old.kind,
        1,
        old.facts.clone(),
        old.contents.clone(),
        None,
        old.drafted_at,
        old.expires_at,
        None,
        EscalationState::Held,
    );
    let senders = row.deliveries.iter().map(|delivery| delivery.sender).collect();
    Draft { escalation, members: Vec::new(), senders, pictures: Vec::new() }
}
