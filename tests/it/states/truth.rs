//! Truth up to the last moment: recheck, withdrawal, disputes, and the four kinds.

use jiff::{SignedDuration, civil::time};
use takaza::{
    clock::Clock,
    destinations::Permit as _,
    domain::{
        action::{BankAction, Status},
        calendar::quiet::QuietHours,
        delivery::{State, StateName},
        escalation::{EscalationKind, EscalationState, Refused},
        ids::ExternalId,
        ladder::Quiet,
        money::Paise,
    },
    store::{Draft, EscalationRow, Note, StoreError},
    work::{
        self, set_right,
        switch::{SendPermit, Switch},
    },
};

use super::{copy, deliver, desk, signed_order, sweep};
use crate::support::{
    fake_cases::{lien, liens},
    fake_mastodon::{Ask, Trick},
    ledger_sql,
    world::{World, start},
};

fn mins(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

#[tokio::test]
async fn recheck_compares_every_member_action_with_the_case_source() {
    type Change = fn(&mut BankAction);
    let changes: [(&str, Change); 5] = [
        ("amount", |row| row.disputed = Some(Paise::from_rupees(1))),
        ("status", |row| row.status = Status::Withdrawn),
        ("delivered", |row| row.delivered_at = None),
        ("case", |row| row.case_ref = takaza::domain::ids::CaseRef::new("FIR 1/2026")),
        ("complete", |row| row.complete = false),
    ];
    for (n, (what, change)) in changes.into_iter().enumerate() {
        let world = World::new().await;
        let row = world.cleared("ZPPL").await;
        let (id, now) = (format!("ZPPL-{}", n + 1), world.now());
        world.cases.before_the_next_recheck(move |cases| cases.change(&id, now, change));
        deliver(&world).await;
        assert!(world.town.posts().is_empty(), "{what} of one member changed");
        assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    }
}

#[tokio::test]
async fn without_a_connection_to_the_account_a_text_waits_and_an_untrue_one_is_withdrawn() {
    let mut world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let connected = std::mem::take(&mut world.ctx.destinations);
    deliver(&world).await;
    let waits = &world.again(&row).await.deliveries[0].delivery;
    let State::Waiting { why, .. } = waits.state() else { panic!("{waits:?}") };
    assert_eq!(why.as_deref(), Some("this process has no connection to the account"));

    world.pass(mins(3));
    let now = world.now();
    world.cases.before_the_next_recheck(move |cases| cases.acts("ZPPL-1", now));
    deliver(&world).await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    world.ctx.destinations = connected;
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
}

#[tokio::test]
async fn how_often_the_bank_was_pressed_may_change_freely() {
    let world = World::new().await;
    world.cleared("ZPPL").await;
    let now = world.now();
    world.cases.before_the_next_recheck(move |cases| {
        cases.change("ZPPL-1", now, |row| row.contacts += 1);
    });
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn the_rechecks_answer_is_less_than_10_seconds_old_at_the_send() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let clock = world.ctx.clock.clone();
    world.cases.before_the_next_recheck(move |_| clock.advance(SignedDuration::from_secs(10)));
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "the next pass asks anew");
}

#[tokio::test]
async fn a_row_that_vanished_is_unknown_and_nothing_is_said_of_it() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.cases.before_the_next_recheck(|cases| cases.vanishes("ZPPL-3"));
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.states(&row).await, [StateName::Waiting], "unknown is not: no longer true");
}

#[tokio::test]
async fn a_row_that_breaks_the_contract_or_a_source_that_is_down_is_unknown_too() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.cases.before_the_next_recheck(|cases| cases.breaks("ZPPL-3", "it has no bank"));
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Waiting]);

    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.cases.goes_down("it is down");
    deliver(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    assert!(world.town.posts().is_empty());
    world.cases.comes_back();
    world.pass(mins(2));
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
    assert_eq!(world.cases.rechecks(), 2, "one question a claim");
}

#[tokio::test]
async fn a_snapshot_that_lacks_a_member_withdraws_and_thanks_nobody() {
    let world = World::new().await;
    world.cases.tells_snapshots();
    let row = world.cleared("ZPPL").await;
    world.cases.vanishes("ZPPL-3");
    world.pass(mins(2));
    world.run_once().await;
    assert!(world.town.posts().is_empty());
    let now = world.again(&row).await;
    assert_eq!(now.escalation.state(), EscalationState::Withdrawn);
    assert!(!now.outcome.unwrap().starts_with("tag avoided"), "unknown is not acted");
    assert_eq!(world.held().await.escalation.facts.cases, 4);
}

#[tokio::test]
async fn an_imported_file_ages_like_milk() {
    let world = World::new().await;
    world.cases.is_as_of(Some(world.now().minus(mins(30))));
    let row = world.cleared("ZPPL").await;
    assert_eq!(row.escalation.facts.as_of, world.now().minus(mins(30)), "not our reading of it");
    world.pass(mins(31));
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert!(world.town.posts().is_empty(), "read a moment ago, and true 61 minutes ago");
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
    world.cases.is_as_of(None);
    world.pass(mins(3));
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "a fresh file, and it goes");
}

#[tokio::test]
async fn on_facts_older_than_the_limit_no_order_clears_and_nothing_goes_out() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    signed_order(&world, &held, "standing", |_| {}).await;
    world.cases.goes_down("it is down");
    world.pass(mins(61));
    world.run_once().await;
    assert_eq!(world.again(&held).await.escalation.state(), EscalationState::Held);
    world.approve(&held).await;
    deliver(&world).await;
    assert!(world.town.posts().is_empty(), "an approver's click makes no fact fresher");
}

#[tokio::test]
async fn a_live_source_keeps_the_facts_fresh_for_an_order_with_a_full_cap() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.escalations(&[EscalationState::Held]).await;
    signed_order(&world, &held[0], "one an hour", |terms| terms.per_hour = 1).await;
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 1);
    world.pass(mins(61));
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 2, "the source says that it still pends");
}

#[tokio::test]
async fn an_officer_confirms_action_by_action_and_on_the_record_that_it_still_pends() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.cases.is_as_of(Some(world.now()));
    world.pass(mins(61));
    let asha = desk(&world, "asha").await;
    for n in 1..=5 {
        deliver(&world).await;
        assert!(world.town.posts().is_empty(), "{} of 5 are confirmed", n - 1);
        let id = ExternalId::new(format!("ZPPL-{n}"));
        let (by, note) = (world.by("asha"), Note::StillPending);
        world.ctx.store.note_action(&by, &asha, &id, note).await.unwrap();
        world.pass(mins(2));
    }
    assert_eq!(ledger_sql::entries(&world.ledger_url, "action.noted").await, 5);
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn if_any_action_differs_all_unsent_deliveries_are_withdrawn_and_one_successor_is_drafted() {
    let mut world = World::new().await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    assert_eq!(row.deliveries.len(), 2);
    let now = world.now();
    world.cases.before_the_next_recheck(move |cases| cases.acts("ZPPL-4", now));
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.states(&row).await, [StateName::Withdrawn, StateName::Withdrawn]);
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    world.pass(mins(1));
    world.watch_and_escalate().await;
    world.watch_and_escalate().await;
    let successor = world.held().await;
    assert_eq!(successor.escalation.facts.cases, 4);
    let entries = ledger_sql::entries(&world.ledger_url, "escalation.drafted").await;
    assert_eq!(entries, 2, "the first and one successor");
}

/// Two accounts; the first delivery is in this state, the second waits.
async fn half_sent(state: StateName) -> (World, EscalationRow) {
    let mut world = World::configured(|config| config.pacing.batch = 1).await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    match state {
        StateName::Delivered => deliver(&world).await,
        StateName::Uncertain => {
            world.town.hostile(Trick::ErrorBefore(503));
            deliver(&world).await;
        }
        _ => {
            let by = world.ctx.actor("story");
            world.ctx.store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
        }
    }
    let states = world.states(&row).await;
    assert!(states.contains(&state) && states.contains(&StateName::Waiting), "{states:?}");
    (world, row)
}

#[tokio::test]
async fn an_escalation_with_a_delivery_sending_uncertain_or_delivered_is_never_withdrawn() {
    for state in [StateName::Sending, StateName::Uncertain, StateName::Delivered] {
        let (world, row) = half_sent(state).await;
        world.pass(mins(1));
        world.cases.acts("ZPPL-1", world.now());
        for _ in 0..3 {
            world.watch_and_escalate().await;
            sweep(&world).await;
        }
        let now = world.again(&row).await;
        assert_ne!(now.escalation.state(), EscalationState::Withdrawn, "{state}");
        let states = world.states(&row).await;
        assert!(states.contains(&state) && states.contains(&StateName::Withdrawn), "{states:?}");
        if state == StateName::Delivered {
            assert_eq!(now.escalation.state(), EscalationState::Closed, "by its deliveries");
        }
        let told = ledger_sql::entries(&world.ledger_url, "escalation.unsent-withdrawn").await;
        assert_eq!(told, 1, "one act, one entry, however often the workers pass");
    }
}

#[tokio::test]
async fn where_something_was_sent_its_actions_intervals_run() {
    let world = World::new().await;
    world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(504));
    deliver(&world).await;
    world.pass(SignedDuration::from_hours(48));
    world.run_once().await;
    assert!(
        world.escalations(&[EscalationState::Held]).await.is_empty(),
        "72 hours from the claim"
    );
    world.pass(SignedDuration::from_hours(24));
    world.watch_and_escalate().await;
    world.held().await;
}

#[tokio::test]
async fn at_most_one_open_escalation_per_bank_rung_and_kind() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let by = world.ctx.actor("story");
    let twin = world.ctx.store.draft(&by, &copy(&row, "TWIN", None)).await;
    assert!(matches!(twin.unwrap_err(), StoreError::Conflict(_)));
    world.ctx.store.draft(&by, &copy(&row, "OTHER", Some("ZNMN"))).await.unwrap();
}

#[tokio::test]
async fn at_most_one_open_tag_per_action_and_rung() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let members = world.ctx.store.members(&row.escalation.id).await.unwrap();
    let by = world.ctx.actor("story");
    let draft = Draft { members, ..copy(&row, "OTHER", Some("ZNMN")) };
    let twin = world.ctx.store.draft(&by, &draft).await;
    assert!(matches!(twin.unwrap_err(), StoreError::Conflict(_)));
}

async fn dispute(world: &World, row: &EscalationRow, ground: &str) -> Result<bool, StoreError> {
    let officer = world.person("asha").await.as_officer(world.now()).unwrap();
    let reference = row.escalation.reference.as_str();
    world.ctx.store.dispute(&world.by("asha"), reference, &officer, ground, "a letter").await
}

async fn decide(world: &World, row: &EscalationRow, stands: bool) -> Result<(), StoreError> {
    let dcp = world.person("dcp").await;
    let reference = row.escalation.reference.as_str();
    world.ctx.store.decide_dispute(&world.by("dcp"), reference, &dcp, stands).await
}

#[tokio::test]
async fn a_dispute_stops_a_held_or_cleared_escalation_until_an_approver_decides() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    dispute(&world, &row, "amount").await.unwrap();
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Disputed);
    world.run_once().await;
    assert!(world.town.posts().is_empty());

    let asha = world.person("asha").await;
    let reference = row.escalation.reference.as_str();
    let officer = world.ctx.store.decide_dispute(&world.by("asha"), reference, &asha, false).await;
    assert!(matches!(officer.unwrap_err(), StoreError::NotAllowed(_)), "an approver decides");
    decide(&world, &row, false).await.unwrap();
    let held = world.again(&row).await;
    assert_eq!(held.escalation.state(), EscalationState::Held);
    assert_eq!(held.clearance, None, "and it needs a new clearance");
    world.approve(&held).await;
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn the_same_ground_does_not_stop_a_ladder_twice() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    dispute(&world, &row, "amount").await.unwrap();
    decide(&world, &row, false).await.unwrap();
    let again = dispute(&world, &row, "amount").await.unwrap_err();
    assert!(matches!(again, StoreError::Escalation(Refused::DecidedBefore)), "{again}");
    dispute(&world, &row, "not our account").await.unwrap();
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Disputed);
}

#[tokio::test]
async fn a_dispute_that_stands_or_is_undecided_is_not_tagged_again() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    dispute(&world, &row, "amount").await.unwrap();
    // One member changes: the disputed escalation is withdrawn, and the dispute is still open.
    world.pass(mins(11));
    world.cases.acts("ZPPL-1", world.now());
    world.watch_and_escalate().await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    assert!(world.escalations(&[EscalationState::Held]).await.is_empty(), "nobody decided yet");
    decide(&world, &row, true).await.unwrap();
    world.pass(SignedDuration::from_hours(100));
    world.watch_and_escalate().await;
    assert!(world.escalations(&[EscalationState::Held]).await.is_empty(), "the bank was right");
    let silenced = world.ctx.store.silenced(0, 10).await.unwrap();
    assert_eq!(silenced.len(), 4);
    assert!(silenced.iter().all(|(_, _, why, _)| *why == Quiet::Disputed.to_string()));
}

#[tokio::test]
async fn what_an_approver_rejected_is_not_drafted_again_at_once() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    signed_order(&world, &held, "standing", |_| {}).await;
    let dcp = world.person("dcp").await;
    let reference = held.escalation.reference.as_str();
    world.ctx.store.reject(&world.by("dcp"), reference, &dcp, "not now").await.unwrap();
    for _ in 0..3 {
        world.pass(mins(11));
        world.run_once().await;
    }
    assert!(world.escalations(&[]).await.is_empty());
    assert!(world.town.posts().is_empty(), "no standing order overrules the approver's no");
    world.pass(world.ctx.config.ladder.tag_interval);
    world.watch_and_escalate().await;
    world.held().await;
}

#[tokio::test]
async fn where_something_was_delivered_a_dispute_drafts_a_held_correction() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    deliver(&world).await;
    sweep(&world).await;
    let officer = world.person("asha").await.as_officer(world.now()).unwrap();
    let reference = row.escalation.reference.as_str();
    let (by, ground, reason) = (world.by("asha"), "amount", "the amount was returned");
    let drafted =
        set_right::enter_dispute(&world.ctx, &by, &officer, reference, ground, reason).await;
    let correction = drafted.unwrap().expect("a correction is drafted");
    let held = world.held().await;
    assert_eq!(held.escalation.reference.as_str(), correction);
    assert_eq!(held.escalation.kind, EscalationKind::Correction);
    assert_eq!(held.escalation.about.as_ref(), Some(&row.escalation.id));
    world.run_once().await;
    world.run_once().await;
    assert_eq!(world.escalations(&[EscalationState::Held]).await.len(), 1, "one is enough");
    assert_eq!(world.town.posts().len(), 1, "and it is held");
}

#[tokio::test]
async fn a_dispute_while_something_is_under_way_lets_nothing_more_out() {
    let (world, row) = half_sent(StateName::Uncertain).await;
    dispute(&world, &row, "amount").await.unwrap();
    let now = world.again(&row).await;
    assert_eq!(now.escalation.state(), EscalationState::Held);
    assert_eq!(now.clearance, None);
    let (by, dcp) = (world.by("dcp"), world.person("dcp").await);
    let (id, hash) = (row.escalation.id.as_str(), now.escalation.hash());
    let click = world.ctx.store.approve(&by, id, &dcp, &hash, mins(60)).await;
    assert!(click.is_err(), "the dispute is decided first");
    for _ in 0..4 {
        world.pass(mins(2));
        world.run_once().await;
    }
    assert!(world.town.posts().is_empty());
    assert_eq!(world.town.asked(Ask::Post), 1);
}

#[tokio::test]
async fn a_post_that_is_found_after_the_dispute_is_corrected_too() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.town.hostile(Trick::ErrorAfter(500));
    deliver(&world).await;
    dispute(&world, &row, "amount").await.unwrap();
    assert!(world.escalations(&[EscalationState::Held]).await.len() == 1, "the tag alone");
    world.pass(mins(2));
    sweep(&world).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let held = world.held().await;
    assert_eq!(held.escalation.kind, EscalationKind::Correction);
}

/// A delivered tag and the drafted escalation that sets it right, approved.
async fn set_right(world: &World, kind: EscalationKind) -> (EscalationRow, EscalationRow) {
    let tag = world.cleared("ZPPL").await;
    deliver(world).await;
    sweep(world).await;
    assert_eq!(world.states(&tag).await, [StateName::Delivered]);
    let (by, reference) = (world.by("asha"), tag.escalation.reference.as_str());
    let draft = match kind {
        EscalationKind::Retraction => {
            set_right::draft_retraction(&world.ctx, &by, reference).await.unwrap()
        }
        _ => set_right::draft_correction(&world.ctx, &by, reference).await.unwrap(),
    };
    (tag, world.ctx.store.escalation(&draft).await.unwrap())
}

#[tokio::test]
async fn each_of_the_four_kinds_has_its_own_recheck() {
    // A tag goes only while its actions pend, and a correction whatever has become of them.
    let world = World::new().await;
    let (_, correction) = set_right(&world, EscalationKind::Correction).await;
    world.approve(&correction).await;
    world.cases.vanishes("ZPPL-1");
    world.cases.acts("ZPPL-2", world.now());
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2, "the tag and its correction");

    // A closure goes only while its actions are acted on.
    let world = World::new().await;
    world.cleared("ZPPL").await;
    deliver(&world).await;
    sweep(&world).await;
    world.pass(SignedDuration::from_hours(30));
    (1..=5).for_each(|n| world.cases.acts(&format!("ZPPL-{n}"), world.now()));
    world.watch_and_escalate().await;
    let thanks = world.held().await;
    assert_eq!(thanks.escalation.kind, EscalationKind::Closure);
    world.approve(&thanks).await;
    let now = world.now();
    world.cases.before_the_next_recheck(move |cases| {
        cases.change("ZPPL-1", now, |row| {
            (row.status, row.acted_at, row.lien_amount) = (Status::Pending, None, None);
        });
    });
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "no thanks for what was undone");
}

#[tokio::test]
async fn corrections_pass_bank_caps_and_quiet_hours_but_never_the_stop_switch() {
    let world = World::configured(|config| {
        let quiet = QuietHours { from: time(12, 0, 0, 0), until: time(20, 0, 0, 0) };
        config.calendar.quiet_hours = Some(quiet);
    })
    .await;
    let (tag, correction) = set_right(&world, EscalationKind::Correction).await;
    world.pass(SignedDuration::from_hours(2));
    world.cases.put([lien("a", 1, "ZNMN", 100_000, 72, start())]);
    work::watch::run_once(&world.ctx).await.unwrap();
    let why = world.ctx.store.claim(&world.ctx.actor("x"), &work::deliver::rules(&world.ctx)).await;
    assert!(why.unwrap().deliveries.is_empty());
    let asha = desk(&world, "asha").await;
    world.ctx.store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    world.approve(&correction).await;
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "stop means stop");

    let dcp = world.person("dcp").await.as_approver(world.now()).unwrap();
    world.ctx.store.resume(&world.by("dcp"), &dcp).await.unwrap();
    world.approve(&world.again(&correction).await).await;
    deliver(&world).await;
    let posts = world.town.posts();
    assert_eq!(posts.len(), 2, "within the bank's day and in quiet hours");
    assert!(posts[1].text.contains(tag.escalation.reference.as_str()));
}

#[tokio::test]
async fn an_approvers_override_on_the_record_lets_a_correction_pass_the_stop() {
    let world = World::new().await;
    let (_, correction) = set_right(&world, EscalationKind::Correction).await;
    let (by, dcp) = (world.by("dcp"), world.person("dcp").await);
    let (id, hash) = (correction.escalation.id.as_str(), correction.escalation.hash());
    let store = &world.ctx.store;
    let early = store.approve_past_stop(&by, id, &dcp, &hash, mins(60)).await;
    assert!(matches!(early.unwrap_err(), StoreError::Refused(_)), "nothing is stopped");

    let asha = desk(&world, "asha").await;
    store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    let officer = world.person("asha").await;
    let refused = store.approve_past_stop(&by, id, &officer, &hash, mins(60)).await;
    assert!(refused.is_err(), "an officer overrides nothing");
    store.approve_past_stop(&by, id, &dcp, &hash, mins(60)).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 2);
    assert!(store.gate().await.unwrap().stopped.is_some(), "and everything else is stopped still");
    let noted = "SELECT COUNT(*) FROM entry WHERE body LIKE '%\"past_stop\":true%'";
    assert_eq!(ledger_sql::number(&world.ledger_url, noted).await, 1);
}

#[tokio::test]
async fn no_override_lets_a_tag_or_a_restored_ledger_pass() {
    let world = World::new().await;
    let (_, correction) = set_right(&world, EscalationKind::Correction).await;
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.pass(mins(11));
    world.watch_and_escalate().await;
    let held = world.escalations(&[EscalationState::Held]).await;
    let tag = held.into_iter().find(|row| row.escalation.kind == EscalationKind::Tag).unwrap();
    let (by, dcp, store) = (world.by("dcp"), world.person("dcp").await, &world.ctx.store);
    let asha = desk(&world, "asha").await;
    store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    let (id, hash) = (tag.escalation.id.as_str(), tag.escalation.hash());
    let never = store.approve_past_stop(&by, id, &dcp, &hash, mins(60)).await.unwrap_err();
    assert!(matches!(never, StoreError::Escalation(Refused::NeverPastStop(_))), "{never}");

    let (id, hash) = (correction.escalation.id.as_str(), correction.escalation.hash());
    store.approve_past_stop(&by, id, &dcp, &hash, mins(60)).await.unwrap();
    store.mark_restored(&by, "from last night").await.unwrap();
    world.run_once().await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn one_post_is_set_right_once() {
    let world = World::new().await;
    let (tag, _) = set_right(&world, EscalationKind::Correction).await;
    let (by, reference) = (world.by("asha"), tag.escalation.reference.as_str());
    let again = set_right::draft_correction(&world.ctx, &by, reference).await.unwrap_err();
    assert!(format!("{again:#}").contains("sets it right already"), "{again:#}");
    assert!(set_right::draft_retraction(&world.ctx, &by, reference).await.is_ok());
}

#[tokio::test]
async fn what_was_not_sent_of_a_wrong_post_never_follows_it() {
    for kind in [EscalationKind::Correction, EscalationKind::Retraction] {
        let (world, row) = half_sent(StateName::Delivered).await;
        let (by, reference) = (world.by("asha"), row.escalation.reference.as_str());
        match kind {
            EscalationKind::Correction => {
                set_right::draft_correction(&world.ctx, &by, reference).await.unwrap()
            }
            _ => set_right::draft_retraction(&world.ctx, &by, reference).await.unwrap(),
        };
        for _ in 0..4 {
            world.run_once().await;
            world.pass(mins(3));
        }
        let states = world.states(&row).await;
        assert!(states.contains(&StateName::Withdrawn), "{kind}: {states:?}");
        assert_eq!(world.town.posts().len(), 1, "{kind}: the other text was not sent");
        let told = ledger_sql::entries(&world.ledger_url, "escalation.unsent-withdrawn").await;
        assert_eq!(told, 1, "{kind}: and the record says so");
    }
}

#[tokio::test]
async fn what_is_under_way_when_a_post_is_called_wrong_is_not_tried_again() {
    let mut world = World::configured(|config| config.pacing.batch = 1).await;
    world.connect("second", false).await;
    let row = world.cleared("ZPPL").await;
    deliver(&world).await;
    world.pass(mins(3));
    let by = world.ctx.actor("story");
    let claimed = world.ctx.store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    assert_eq!(claimed.deliveries.len(), 1, "the second text is under way");
    let (by, reference) = (world.by("asha"), row.escalation.reference.as_str());
    set_right::draft_retraction(&world.ctx, &by, reference).await.unwrap();
    assert_eq!(world.again(&row).await.clearance, None, "whatever comes back finds no authority");
    for _ in 0..6 {
        world.pass(mins(3));
        world.run_once().await;
    }
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn a_correction_is_read_for_leaks_again_before_it_goes() {
    let world = World::new().await;
    let (_, correction) = set_right(&world, EscalationKind::Correction).await;
    let asha = takaza::domain::ids::PersonId::new("asha");
    let mut contents = correction.escalation.contents.clone();
    contents[0].text.push_str(" 5 requests were overdue through your negligent default.");
    let id = correction.escalation.id.as_str();
    let edited = world
        .ctx
        .store
        .edit(&world.by("asha"), id, &asha, &correction.escalation.hash(), contents)
        .await
        .unwrap();
    world.approve(&edited).await;
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "nobody judged the edit, so the send does");
}

#[tokio::test]
async fn a_retraction_deletes_a_receipt_with_the_same_claim_and_one_attempt() {
    let world = World::new().await;
    let (tag, retraction) = set_right(&world, EscalationKind::Retraction).await;
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1, "a deletion needs a clearance too");
    world.approve(&retraction).await;
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.town.asked(Ask::Delete), 1);
    assert_eq!(world.town.made(), 1, "its text is posted nowhere");
    assert_eq!(world.states(&tag).await, [StateName::Retracted]);
    assert_eq!(world.states(&retraction).await, [StateName::Delivered]);
    let attempts = "SELECT COUNT(*) FROM attempt WHERE outcome = 'accepted'";
    assert_eq!(ledger_sql::number(&world.ledger_url, attempts).await, 2);
}

#[tokio::test]
async fn a_retraction_has_unknown_outcomes_too_and_looks_for_the_absence() {
    let world = World::new().await;
    let (tag, retraction) = set_right(&world, EscalationKind::Retraction).await;
    world.approve(&retraction).await;
    world.town.hostile_on(Ask::Delete, 1, Trick::ErrorAfter(502));
    deliver(&world).await;
    assert_eq!(world.states(&retraction).await, [StateName::Uncertain]);
    assert_eq!(world.states(&tag).await, [StateName::Delivered], "nobody has seen it gone");
    world.pass(mins(2));
    sweep(&world).await;
    assert_eq!(world.states(&retraction).await, [StateName::Delivered]);
    assert_eq!(world.states(&tag).await, [StateName::Retracted]);
}

#[tokio::test]
async fn a_permit_says_no_as_soon_as_the_recheck_is_too_old() {
    let world = World::new().await;
    let (clock, switch) = (Clock::stepped(start()), Switch::default());
    switch.refresh(&world.ctx.store, &clock).await.unwrap();
    let permit = |rechecked: SignedDuration| SendPermit {
        switch: switch.clone(),
        store: world.ctx.store.clone(),
        clock: clock.clone(),
        deadline: clock.steady() + mins(1),
        rechecked_until: rechecked,
        authority_until: start().plus(mins(1)),
        past_stop: false,
    };
    assert!(permit(clock.steady() + SignedDuration::from_micros(1)).check().is_ok());
    assert!(permit(clock.steady()).check().is_err());
}
