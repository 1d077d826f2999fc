//! The ledger's conformance suite: every method of the store, one and the same on SQLite and on
//! PostgreSQL. A test keeps it whole: a method that is not called here is named.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    domain::{
        action::{RejectedRow, Sighting, Status},
        canonical::Hash,
        cost::{Costs, Item, MicroDollars},
        delivery::{LateReceipt, Look, LookRules, Outcome, Receipt, StateName},
        engagement::{Author, EngagementKind, Identity, Voice},
        escalation::{EscalationKind, EscalationState, Refused},
        fairness::Reason,
        ids::{AccountName, BankCode, ExternalId, PersonId},
        importing::ImportState,
        ladder::Quiet,
        measures::{Due, Unsent},
        money::Paise,
        pacing::Why,
        person::{Person, Role},
        platform::{Platform, Sender},
        time::Timestamp,
        vault::{Context, Keyring, Sealed},
    },
    store::{
        BreakerRules, ClaimRules, DeliveryFilter, EndSessions, Ended, EntryFilter, Kept, Leased,
        Listed, NewImport, Note, Passphrase, QueueFilter, QueueOrder, Rechecked, Report, Sampled,
        Seat, SessionRules, SilenceOrder, SilenceScope, Store, StoreError, Telling, WebhookRow,
        WeeklyEnd,
    },
    work,
};

use crate::{
    states::{self, signed_order},
    support::{
        fake_cases::liens,
        ledger_sql,
        world::{Db, World},
    },
};

macro_rules! on_both {
    ($($act:ident),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test]
            async fn $act() { super::run(super::Db::Sqlite, |_| {}, super::$act).await; }
        )* }
        mod postgres { $(
            #[tokio::test]
            async fn $act() { super::run(super::Db::Postgres, |_| {}, super::$act).await; }
        )* }
    };
}

on_both! {
    people_are_added_confirmed_ended,
    people_are_signed_in_and_out,
    second_factors_are_shown_begun_used_once_and_ended,
    accounts_are_connected_live_paused_revoked,
    handles_are_verified_and_resolved,
    grants_are_stored_leased_renewed_broken_and_ended,
    silences_are_ordered_and_lifted,
    actions_are_seen_lost_and_overdue,
    what_is_silenced_is_listed,
    orders_are_drafted_rehearsed_signed_revoked,
    escalations_are_drafted_queued_approved_edited_rejected,
    escalations_are_cleared_under_an_order_withdrawn_and_swept,
    disputes_are_entered_and_decided,
    deliveries_are_claimed_recorded_and_told,
    doubts_are_swept_looked_into_and_decided,
    receipts_come_late_and_hand_offs_are_taken,
    deliveries_are_listed_and_their_story_told,
    replies_are_read_and_set_right,
    the_gate_stops_resumes_and_is_restored,
    what_accounts_spend_is_counted,
    tokens_are_made_used_and_revoked,
    webhooks_read_the_record_and_are_told,
    weekly_reports_are_taken_ended_and_lost,
    entries_are_found_by_act_person_time_and_subject,
    files_of_cases_are_accepted_by_a_second_person,
    sums_follow_the_record_and_are_counted_day_by_day,
    tagged_requests_and_their_like_are_sampled,
    what_is_left_untagged_is_told_with_its_reason,
}

async fn run<F: AsyncFn(World)>(db: Db, change: fn(&mut takaza::config::Config), act: F) {
    if let Some(world) = World::with(db, change).await {
        act(world).await;
    }
}

fn mins(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn unit() -> AccountName {
    AccountName::new("unit")
}

fn zppl() -> BankCode {
    BankCode::new("ZPPL")
}

const LOOK: LookRules = LookRules { grace: SignedDuration::from_secs(50), idempotent_for: None };

async fn people_are_added_confirmed_ended(world: World) {
    let store = &world.ctx.store;
    assert_eq!(store.people().await.unwrap().len(), 5);
    let (dcp, hash) = store.person(&PersonId::new("dcp")).await.unwrap();
    let expected = Passphrase { hash: "no passphrase".to_owned(), first: true };
    assert_eq!((dcp.role, dcp.confirmed, hash), (Role::Approver, true, expected));
    let (_, own) = store.person(&PersonId::new("root")).await.unwrap();
    assert!(!own.first, "nobody else chose the first person's");
    let nobody = store.person(&PersonId::new("nobody")).await;
    assert!(matches!(nobody.unwrap_err(), StoreError::NotFound(_)));
    let root = world.person("root").await;
    let twice = store.add_person(&world.by("root"), Some(&root), &dcp, "x").await;
    assert!(matches!(twice.unwrap_err(), StoreError::Refused(_)));
    let auditor = world.person("auditor").await;
    let again = store.confirm_person(&world.by("auditor"), &auditor, &dcp.id).await;
    assert!(matches!(again.unwrap_err(), StoreError::Refused(_)));
    store.set_passphrase(&world.by("dcp"), &dcp.id, "a new hash").await.unwrap();
    let expected = Passphrase { hash: "a new hash".to_owned(), first: false };
    assert_eq!(store.person(&dcp.id).await.unwrap().1, expected);
    let administrator = root.as_administrator(world.now()).unwrap();
    let (by, now) = (world.by("root"), world.now());
    let row = world.cleared("ZPPL").await;
    let order = signed_order(&world, &row, "small", |_| {}).await.id;
    let ending = store.ends_with(&dcp.id).await.unwrap();
    assert_eq!(ending.approvals, [row.escalation.reference]);
    let orders: Vec<_> = ending.orders.into_iter().map(|order| order.id).collect();
    assert_eq!((orders, ending.hand_offs, ending.sessions), (vec![order], vec![], 0));
    assert_eq!(store.end_person(&by, &administrator, &dcp.id, now).await.unwrap(), 1);
    assert_eq!(world.person("dcp").await.until, Some(now));
    let ending = store.ends_with(&dcp.id).await.unwrap();
    assert!(ending.approvals.is_empty() && ending.orders.is_empty(), "{ending:?}");
    let page = store.people_page((1, 2)).await.unwrap();
    let names: Vec<_> = page.iter().map(|known| known.person.id.as_str()).collect();
    assert_eq!(names, ["auditor", "dcp"]);
    assert_eq!(store.known_person(&dcp.id).await.unwrap(), page[1]);
    let mut acting = dcp.clone();
    (acting.id, acting.until) = (PersonId::new("acting"), Some(now.plus(mins(60))));
    acting.from = now;
    acting.order_number = None;
    let add = async |person: &Person| store.add_person(&by, Some(&root), person, "x").await;
    assert!(matches!(add(&acting).await.unwrap_err(), StoreError::Refused(_)), "by what order?");
    acting.order_number = Some("O/7".to_owned());
    acting.until = Some(now);
    assert!(matches!(add(&acting).await.unwrap_err(), StoreError::Refused(_)), "for no time");
    acting.until = Some(now.plus(mins(60)));
    add(&acting).await.unwrap();
}

async fn people_are_signed_in_and_out(world: World) {
    let (store, asha, by) = (&world.ctx.store, PersonId::new("asha"), world.by("asha"));
    let rules = SessionRules { idle: mins(30), longest: mins(720) };
    let seat = Seat { address: "127.0.0.1".to_owned(), agent: "a browser".to_owned() };
    let ids = ["one", "two", "three"].map(|text| Hash::of(text.as_bytes()));
    for id in &ids {
        store.begin_session(&by, id, &asha, &rules, &seat).await.unwrap();
    }
    store.leave_notice(&ids[0], "it is done").await.unwrap();
    let who = async |id: &Hash| store.visit(Some(id), &rules).await.unwrap().who;
    let visitor = who(&ids[0]).await.unwrap();
    assert_eq!((visitor.person.id, visitor.notice.as_deref()), (asha.clone(), Some("it is done")));
    assert!(visitor.first_passphrase && !visitor.second_factor);
    store.session_seen(&ids[0]).await.unwrap();
    assert_eq!(who(&ids[0]).await.unwrap().notice, None);
    assert_eq!(store.sessions(Some(&asha)).await.unwrap().len(), 3);
    assert_eq!(store.known_person(&asha).await.unwrap().seen_at, Some(world.now()));
    assert_eq!(store.ends_with(&asha).await.unwrap().sessions, 3);
    let end = async |which| store.end_sessions(&by, &asha, which).await.unwrap();
    assert_eq!(end(EndSessions::One(&ids[2])).await, 1);
    assert_eq!(end(EndSessions::AllBut(&ids[0])).await, 1);
    assert_eq!(end(EndSessions::All).await, 1);
    assert!(who(&ids[0]).await.is_none());
    store.begin_session(&by, &ids[0], &asha, &rules, &seat).await.unwrap();
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    store.end_person(&world.by("root"), &root, &asha, world.now()).await.unwrap();
    assert!(store.sessions(None).await.unwrap().is_empty(), "they end with the role");
}

async fn second_factors_are_shown_begun_used_once_and_ended(world: World) {
    let (store, dcp, by) = (&world.ctx.store, PersonId::new("dcp"), world.by("dcp"));
    let ring = |digits: &[&str]| {
        let lines: Vec<_> = digits.iter().map(|digit| digit.repeat(64)).collect();
        Keyring::parse(&lines.join("\n")).unwrap()
    };
    let (old, both, new) = (ring(&["1"]), ring(&["2", "1"]), ring(&["2"]));
    let seal = |keys: &Keyring, text: &str| {
        keys.seal(text.as_bytes(), Context::SecondFactor(&dcp), [7; 24]).unwrap()
    };
    let hash = |text: &str| Hash::of(text.as_bytes());
    let factor = async || store.second_factor(&dcp).await.unwrap();
    assert_eq!(factor().await, None);
    let (first, shown) = (seal(&old, "first"), seal(&old, "shown"));
    assert!(store.show_second_factor(&dcp, (&first, &old)).await.unwrap());
    assert!(store.show_second_factor(&dcp, (&shown, &old)).await.unwrap());
    assert!(!store.take_code(&dcp, 5).await.unwrap(), "it proves nothing yet");
    world.pass(mins(61));
    assert_eq!(factor().await, None, "it was shown too long ago");
    assert!(store.show_second_factor(&dcp, (&shown, &old)).await.unwrap());
    let codes = [hash("a"), hash("b")];
    let late = store.begin_second_factor(&by, &dcp, &first, 5, &codes).await;
    assert!(matches!(late.unwrap_err(), StoreError::Conflict(_)), "another was shown since");
    store.begin_second_factor(&by, &dcp, &shown, 5, &codes).await.unwrap();
    let known = factor().await.unwrap();
    assert_eq!((known.since, known.recovery_codes), (Some(world.now()), 2));
    assert!(store.show_second_factor(&dcp, (&first, &old)).await.is_err(), "they have one");
    for (step, good) in [(5, false), (4, false), (6, true), (6, false), (8, true), (7, false)] {
        assert_eq!(store.take_code(&dcp, step).await.unwrap(), good, "{step}");
    }
    assert!(store.has_recovery_code(&dcp, &codes[0]).await.unwrap());
    assert!(store.take_recovery_code(&by, &dcp, &codes[0]).await.unwrap());
    assert!(!store.take_recovery_code(&by, &dcp, &codes[0]).await.unwrap(), "once");
    assert!(!store.has_recovery_code(&dcp, &codes[0]).await.unwrap());
    assert!(!store.has_recovery_code(&PersonId::new("asha"), &codes[1]).await.unwrap());
    store.renew_recovery_codes(&by, &dcp, &[hash("c")]).await.unwrap();
    assert!(!store.has_recovery_code(&dcp, &codes[1]).await.unwrap());
    // Under a new key, and then with that key lost.
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let by_root = world.by("root");
    let reseal = |context: Context<'_>, one: &Sealed| {
        let plain = both.open(one, context).unwrap();
        Ok(both.seal(&plain, context, [8; 24]).unwrap())
    };
    assert_eq!(store.reseal_all(&by_root, &root, &both, reseal).await.unwrap(), 1);
    let sealed = factor().await.unwrap().sealed;
    assert_eq!(new.open(&sealed, Context::SecondFactor(&dcp)).unwrap().as_slice(), b"shown");
    let asha = PersonId::new("asha");
    assert!(!store.show_second_factor(&asha, (&first, &old)).await.unwrap(), "a dropped key");
    store.give_up_grants(&by_root, &root, &ring(&["3"])).await.unwrap();
    assert_eq!(factor().await, None);
    assert!(!store.has_recovery_code(&dcp, &hash("c")).await.unwrap());
    // Reset by somebody else, never by oneself.
    let three = ring(&["3"]);
    let shown = seal(&three, "again");
    store.show_second_factor(&dcp, (&shown, &three)).await.unwrap();
    store.begin_second_factor(&by, &dcp, &shown, 9, &codes).await.unwrap();
    let own = store.end_second_factor(&by_root, Some(&root), root.id()).await;
    assert!(matches!(own.unwrap_err(), StoreError::NotAllowed(_)));
    store.end_second_factor(&by_root, Some(&root), &dcp).await.unwrap();
    let none = store.end_second_factor(&by, None, &dcp).await;
    assert!(matches!(none.unwrap_err(), StoreError::NotFound(_)));
}

async fn accounts_are_connected_live_paused_revoked(world: World) {
    let store = &world.ctx.store;
    let by = world.by("root");
    let row = store.accounts().await.unwrap().remove(0);
    assert!(row.account.live && !row.revoked);
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    store.put_account(&by, &root, &row).await.unwrap();
    assert!(!store.accounts().await.unwrap()[0].account.live, "connected anew, it is not live");
    let asha = world.person("asha").await;
    assert!(store.set_live(&world.by("asha"), &asha, &unit(), true).await.is_err());
    let dcp = world.person("dcp").await;
    store.set_live(&world.by("dcp"), &dcp, &unit(), true).await.unwrap();
    let until = world.now().plus(mins(5));
    store.pause_account(&by, &unit(), Some((until, "blocked"))).await.unwrap();
    store.account_heard(&unit(), world.now(), Some("cursor"), true).await.unwrap();
    store.account_heard(&unit(), world.now(), None, false).await.unwrap();
    let row = store.accounts().await.unwrap().remove(0);
    assert_eq!((row.paused_until, row.paused_why.as_deref()), (Some(until), Some("blocked")));
    assert_eq!(row.mention_cursor.as_deref(), Some("cursor"));
    assert_eq!((row.last_heard_at, row.own_checked_at), (Some(world.now()), Some(world.now())));
    store.put_account(&by, &root, &row).await.unwrap();
    let same = store.accounts().await.unwrap().remove(0);
    assert_eq!(
        (same.own_checked_at, &same.mention_cursor),
        (row.own_checked_at, &row.mention_cursor)
    );
    let mut other = row;
    other.account.stable_id = Some("another".to_owned());
    store.put_account(&by, &root, &other).await.unwrap();
    let other = store.accounts().await.unwrap().remove(0);
    let read = (other.own_checked_at, other.mention_cursor);
    assert_eq!(read, (None, None), "another account is read from its beginning");
    for on in [true, false, true] {
        store.set_picture(&by, &root, &unit(), on).await.unwrap();
        assert_eq!(store.accounts().await.unwrap()[0].account.picture, on);
    }
    assert!(store.set_picture(&by, &root, &AccountName::new("none"), true).await.is_err());
    store.account_revoked(&by, &unit(), "the token leaked").await.unwrap();
    let row = store.accounts().await.unwrap().remove(0);
    assert!(row.revoked && !row.account.live);
    let live = store.set_live(&world.by("dcp"), &dcp, &unit(), true).await;
    assert!(matches!(live.unwrap_err(), StoreError::NotFound(_)));
}

/// Seals nothing: the ledger takes any text for a sealed one.
fn sealed(keys: &Keyring, text: &str) -> Sealed {
    Sealed { key_id: keys.current().to_owned(), text: text.to_owned() }
}

async fn grants_are_stored_leased_renewed_broken_and_ended(world: World) {
    let (store, by, unit) = (&world.ctx.store, world.by("root"), unit());
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let ring = |lines: &[&str]| {
        let line = |one: &&str| one.repeat(64);
        Keyring::parse(&lines.iter().map(line).collect::<Vec<_>>().join("\n")).unwrap()
    };
    let (old, both, new) = (ring(&["1"]), ring(&["2", "1"]), ring(&["2"]));
    let ends = world.now().plus(mins(120));
    assert_eq!(store.grant(&unit).await.unwrap(), None);
    let nobody = AccountName::new("nobody");
    let none = store.put_grant(&by, &root, &nobody, (&sealed(&old, "x"), &old), ends).await;
    assert!(matches!(none.unwrap_err(), StoreError::NotFound(_)));

    let lease = |holder: &'static str, rev| store.lease_grant(&unit, rev, holder, mins(2), false);
    let Leased::Taken(first, row) = lease("a", 0).await.unwrap() else {
        panic!("no row is no bar")
    };
    assert_eq!((row.rev, row.sealed), (0, None));
    assert!(matches!(lease("b", 0).await.unwrap(), Leased::Held { .. }));
    world.pass(mins(2));
    assert!(matches!(lease("b", 0).await.unwrap(), Leased::Taken(..)), "nothing was used up");
    let put = store.put_grant(&by, &root, &unit, (&sealed(&old, "one"), &old), ends).await;
    assert_eq!(put.unwrap(), Kept::Stored(1));
    let late = store.grant_renewed(&by, &first, (&sealed(&old, "late"), &old), ends).await;
    assert_eq!(late.unwrap(), Kept::Superseded);
    let row = store.grant(&unit).await.unwrap().unwrap();
    assert_eq!((row.sealed, row.lease), (Some(sealed(&old, "one")), None));
    assert_eq!((row.expires_at, row.issued_at), (Some(ends), Some(world.now())));

    assert_eq!(lease("a", 0).await.unwrap(), Leased::Changed);
    let Leased::Taken(taken, _) = lease("a", 1).await.unwrap() else { panic!("it is free") };
    store.grant_released(&taken).await.unwrap();
    let Leased::Taken(taken, _) = lease("c", 1).await.unwrap() else { panic!("it is free") };
    world.pass(mins(2));
    let Leased::Abandoned(found) = lease("d", 1).await.unwrap() else { panic!("c ended") };
    assert_eq!(found, taken);
    assert!(store.grant_broken(&by, &found, "c ended").await.unwrap());
    assert!(!store.grant_broken(&by, &found, "c ended").await.unwrap(), "once");
    assert_eq!(lease("d", 1).await.unwrap(), Leased::Broken);
    let renewed = store.grant_renewed(&by, &taken, (&sealed(&old, "two"), &old), ends).await;
    assert_eq!(renewed.unwrap(), Kept::Stored(2), "c had only slept");
    assert_eq!(store.grant(&unit).await.unwrap().unwrap().broken, None);

    let reseal = |_: Context<'_>, one: &Sealed| Ok(sealed(&both, &format!("{} anew", one.text)));
    assert_eq!(store.reseal_all(&by, &root, &both, reseal).await.unwrap(), 1);
    let row = store.grant(&unit).await.unwrap().unwrap();
    assert_eq!((row.sealed, row.rev), (Some(sealed(&new, "two anew")), 2));
    let put = store.put_grant(&by, &root, &unit, (&sealed(&old, "x"), &old), ends).await;
    assert_eq!(put.unwrap(), Kept::OtherKey);
    let behind = store.reseal_all(&by, &root, &old, reseal).await;
    assert!(matches!(behind.unwrap_err(), StoreError::Refused(_)));

    let Leased::Taken(taken, _) = lease("e", 2).await.unwrap() else { panic!("it is free") };
    assert!(!store.end_grant(&by, &unit, Some(&found), "an older one").await.unwrap());
    assert!(store.end_grant(&by, &unit, Some(&taken), "it ended").await.unwrap());
    assert!(store.end_grant(&by, &unit, None, "revoked").await.unwrap());
    let row = store.grant(&unit).await.unwrap().unwrap();
    assert_eq!((row.sealed, row.lease, row.rev), (None, None, 4), "no number is used twice");
    let put = store.put_grant(&by, &root, &unit, (&sealed(&new, "five"), &new), ends).await;
    assert_eq!(put.unwrap(), Kept::Stored(5));
    assert_eq!(store.give_up_grants(&by, &root, &both).await.unwrap(), 0, "it opens");
    assert_eq!(store.give_up_grants(&by, &root, &ring(&["3"])).await.unwrap(), 1);
    let row = store.grant(&unit).await.unwrap().unwrap();
    assert_eq!((row.sealed, row.rev), (None, 6));
    store.mark_restored(&by, "a backup").await.unwrap();
    assert_eq!(lease("f", 6).await.unwrap(), Leased::Restored);
    for (act, count) in
        [("stored", 2), ("renewed", 1), ("broken", 1), ("resealed", 1), ("ended", 3)]
    {
        let act = format!("grant.{act}");
        assert_eq!(ledger_sql::entries(&world.ledger_url, &act).await, count, "{act}");
    }
}

async fn handles_are_verified_and_resolved(world: World) {
    let store = &world.ctx.store;
    let by = world.by("asha");
    let identity = Identity {
        author: Author { handle: "care@peepal.example".to_owned(), stable_id: "7".to_owned() },
        evidence: vec!["https://peepal.example/".to_owned()],
    };
    let (asha, until) = (PersonId::new("asha"), world.now().plus(mins(60)));
    let (bank, platform) = (zppl(), Platform::Mastodon);
    store.verify_handle(&by, &asha, (&bank, platform), &identity, "a link", until).await.unwrap();
    assert_eq!(store.handles().await.unwrap()[0].mismatch, None);
    store.handle_resolved(&by, &bank, platform, Some("another id")).await.unwrap();
    store.handle_resolved(&by, &bank, platform, Some("another id")).await.unwrap();
    let handle = store.handles().await.unwrap().remove(0);
    assert_eq!(handle.mismatch.as_deref(), Some("another id"));
    assert_eq!((handle.stable_id.as_str(), handle.expires_at), ("7", until));
    store.verify_handle(&by, &asha, (&bank, platform), &identity, "a link", until).await.unwrap();
    assert_eq!(store.handles().await.unwrap()[0].mismatch, None);
}

async fn silences_are_ordered_and_lifted(world: World) {
    let store = &world.ctx.store;
    let desk = states::desk(&world, "asha").await;
    let scopes = [
        SilenceScope::All,
        SilenceScope::Bank(zppl()),
        SilenceScope::Case(takaza::domain::ids::CaseRef::new("FIR 1/2026")),
    ];
    let mut ids = Vec::new();
    for scope in &scopes {
        let order = SilenceOrder {
            scope: scope.clone(),
            label: "EC/1".to_owned(),
            from: world.now(),
            until: world.now().plus(mins(60)),
        };
        ids.push(store.add_silence(&world.by("asha"), &desk, &order).await.unwrap());
    }
    let found = store.silences(world.now()).await.unwrap();
    assert_eq!(found.len(), 3);
    assert!(scopes.iter().all(|scope| found.iter().any(|(_, order)| order.scope == *scope)));
    let dcp = world.person("dcp").await.as_approver(world.now()).unwrap();
    store.lift_silence(&world.by("dcp"), &dcp, &ids[0]).await.unwrap();
    let again = store.lift_silence(&world.by("dcp"), &dcp, &ids[0]).await;
    assert!(matches!(again.unwrap_err(), StoreError::NotFound(_)));
    assert_eq!(store.silences(world.now()).await.unwrap().len(), 2);
    assert!(store.silences(world.now().plus(mins(60))).await.unwrap().is_empty());
}

async fn actions_are_seen_lost_and_overdue(world: World) {
    let (store, by, now) = (&world.ctx.store, world.ctx.actor("watch"), world.now());
    assert_eq!(store.source("").await.unwrap(), takaza::store::SourceState::default());
    let rows: Vec<_> = liens("ZPPL", 3, now);
    let mut page: Vec<Result<Sighting, RejectedRow>> =
        rows.iter().map(|row| Ok(Sighting { action: row.clone(), as_of: now })).collect();
    let bad = RejectedRow {
        external_id: Some(ExternalId::new("bad")),
        place: "line 9".to_owned(),
        reason: "no bank".to_owned(),
    };
    page.push(Err(bad.clone()));
    let limits = &world.ctx.limits;
    let seen = store.sight(&by, "", &page, limits, now).await.unwrap();
    assert_eq!((seen.changed, seen.unchanged, seen.rejected), (3, 0, 1));
    let seen = store.sight(&by, "", &page, limits, now).await.unwrap();
    assert_eq!((seen.changed, seen.unchanged), (0, 3));
    assert_eq!(store.rejected(0, 10).await.unwrap(), [(bad, now)]);
    assert_eq!(store.poll_failed("", now, "down").await.unwrap(), 1);
    assert_eq!(store.poll_failed("", now, "down").await.unwrap(), 2);
    store.polled("", now, Some(now)).await.unwrap();
    store.polled("", now, None).await.unwrap();
    let source = store.source("").await.unwrap();
    assert_eq!((source.cursor, source.failures, source.last_error), (Some(now), 0, None));

    assert_eq!(store.recompute_due(limits, 10).await.unwrap(), 0, "the calendar is as it was");
    let overdue = store.overdue("", now).await.unwrap();
    assert_eq!(overdue[&zppl()].len(), 3);
    assert_eq!(store.overdue_of("", &zppl(), now, 2).await.unwrap().len(), 2);
    let sums = store.overdue_by_bank(now).await.unwrap();
    let (sum, all) = (sums[&zppl()], overdue[&zppl()].iter().map(|one| one.amount()).sum());
    assert_eq!((sums.len(), sum.actions, sum.amount), (1, 3, all));
    let one = &overdue[&zppl()][0];
    assert_eq!((one.limit_hours, one.in_open_tag, one.seen.as_of), (6, false, now));
    assert_eq!((one.pressed.disputed, one.pressed.rejected_at), (false, None));
    let asha = states::desk(&world, "asha").await;
    let (id, sent) = (ExternalId::new("ZPPL-1"), now.minus(mins(30)));
    let notice = Note::Notice { at: sent, message_id: "<1@unit.example>" };
    store.note_action(&world.by("asha"), &asha, &id, notice).await.unwrap();
    store.note_action(&world.by("asha"), &asha, &id, Note::StillPending).await.unwrap();
    let unknown = ExternalId::new("unknown");
    let nothing = store.note_action(&world.by("asha"), &asha, &unknown, Note::StillPending).await;
    assert!(matches!(nothing.unwrap_err(), StoreError::NotFound(_)));
    let ids = [id.clone(), unknown];
    assert_eq!(store.confirmations(&ids).await.unwrap(), BTreeMap::from([(id.clone(), now)]));
    let overdue = store.overdue("", now).await.unwrap();
    let noted = overdue[&zppl()].iter().find(|one| one.seen.action.external_id == id).unwrap();
    assert_eq!((noted.pressed.notices, noted.pressed.last_notice_at), (1, Some(sent)));

    assert_eq!(store.pending_ids().await.unwrap().len(), 3);
    assert_eq!(store.actions(&ids).await.unwrap()[0].0, rows[0]);
    assert_eq!(store.changes_since(now, 0, 10).await.unwrap().len(), 3);
    assert_eq!(store.changes_since(now, 2, 10).await.unwrap().len(), 1);
    assert_eq!(store.vanished(&ids, now).await.unwrap(), 1);
    assert!(store.actions(&ids).await.unwrap().is_empty());
    assert_eq!(store.pending_ids().await.unwrap().len(), 2);
    let mut acted = rows[1].clone();
    (acted.status, acted.acted_at) = (Status::Acted, Some(now));
    let sighting = [Ok(Sighting { action: acted.clone(), as_of: now })];
    store.sight(&by, "", &sighting, limits, now).await.unwrap();
    assert_eq!(store.acted_on(&zppl(), 10).await.unwrap(), [acted]);
}

async fn what_is_silenced_is_listed(world: World) {
    let (store, now) = (&world.ctx.store, world.now());
    let quiet = |n: u32| (ExternalId::new(format!("a{n}")), Quiet::NoAmount);
    store.silence_list(&zppl(), &[quiet(1), quiet(2)], now).await.unwrap();
    world.pass(mins(5));
    store.silence_list(&zppl(), &[quiet(2), quiet(3)], world.now()).await.unwrap();
    let listed = store.silenced(0, 10).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|(_, id, _, since)| (id.expose(), *since)).collect();
    assert_eq!(ids, [("a2", now), ("a3", world.now())], "since when it is silenced");
    assert_eq!(store.silenced(1, 10).await.unwrap().len(), 1);
    store.silence_only(&[&BankCode::new("ZNMN")]).await.unwrap();
    assert!(store.silenced(0, 10).await.unwrap().is_empty());
}

async fn orders_are_drafted_rehearsed_signed_revoked(world: World) {
    let store = &world.ctx.store;
    world.cases.put(liens("ZPPL", 3, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let order = signed_order(&world, &held, "one", |_| {}).await;
    let terms = states::terms(&world, &held);
    let asha = states::desk(&world, "asha").await;
    let twice = store.draft_order(&world.by("asha"), &asha, "one", &terms).await;
    assert!(matches!(twice.unwrap_err(), StoreError::Refused(_)));
    store.draft_order(&world.by("asha"), &asha, "two", &terms).await.unwrap();
    store.rehearsed(&world.by("asha"), "two", 13).await.unwrap();
    assert!(states::sign(&world, "two").await.is_err());
    let dcp = world.person("dcp").await;
    let twice = store.sign_order(&world.by("dcp"), "one", &dcp).await;
    assert!(matches!(twice.unwrap_err(), StoreError::Order(_)), "signed already");
    assert_eq!(store.orders().await.unwrap().len(), 2);
    let listed = store.orders_and_signers((0, 10)).await.unwrap();
    assert_eq!(listed.iter().filter(|(_, signer)| *signer == Some(dcp.clone())).count(), 1);
    work::clear::run_once(&world.ctx).await.unwrap();
    let deeds = store.deeds_under(&order.id, (0, 10)).await.unwrap();
    assert_eq!((deeds.len(), deeds[0].actions, deeds[0].acted, deeds[0].delivered), (1, 3, 0, 0));
    let about = store.deeds_about(&zppl(), (0, 10)).await.unwrap();
    assert_eq!((about.len(), &about[0].reference), (1, &held.escalation.reference));
    assert_eq!(store.order("two").await.unwrap().rehearsed_days, Some(13));
    assert_eq!(store.order(order.id.as_str()).await.unwrap(), order);
    assert_eq!(store.orders_in_force().await.unwrap().len(), 1);
    let by = world.by("dcp");
    assert_eq!(store.revoke_order(&by, "one", &dcp).await.unwrap(), 1);
    assert!(store.revoke_order(&by, "one", &dcp).await.is_err());
    assert!(store.orders_in_force().await.unwrap().is_empty());
}

async fn escalations_are_drafted_queued_approved_edited_rejected(world: World) {
    let store = &world.ctx.store;
    let row = world.cleared("ZPPL").await;
    let mut draft = states::copy(&row, "COPY", Some("ZNMN"));
    draft.pictures = vec![b"one".to_vec(), b"one".to_vec(), b"another".to_vec()];
    store.draft(&world.by("asha"), &draft).await.unwrap();
    for png in draft.pictures {
        assert_eq!(store.picture(&Hash::of(&png)).await.unwrap(), png);
    }
    let missing = store.picture(&Hash::of(b"none")).await;
    assert!(matches!(missing.unwrap_err(), StoreError::NotFound(_)));
    let draft = states::copy(&row, "COPY", Some("ZNMN"));
    let copy = store.escalation("GGM-COPY").await.unwrap();
    assert_eq!(copy.escalation, draft.escalation);
    assert_eq!(store.members(&row.escalation.id).await.unwrap().len(), 5);
    assert!(store.has_open(&zppl(), EscalationKind::Tag).await.unwrap());
    assert!(!store.has_open(&zppl(), EscalationKind::Closure).await.unwrap());
    let queue = |states: &[EscalationState], bank: Option<&str>, page| QueueFilter {
        states: states.to_vec(),
        bank: bank.map(BankCode::new),
        page,
        ..QueueFilter::default()
    };
    assert_eq!(store.queue(&queue(&[], None, (0, 10))).await.unwrap().len(), 2);
    assert_eq!(store.queue(&queue(&[], None, (1, 10))).await.unwrap().len(), 1);
    assert_eq!(store.queue(&queue(&[], Some("ZNMN"), (0, 10))).await.unwrap().len(), 1);
    let held = queue(&[EscalationState::Held], None, (0, 10));
    assert_eq!(store.queue(&held).await.unwrap().len(), 1);
    for order in QueueOrder::ALL {
        let all = QueueFilter { order: Some(*order), page: (1, 1), ..QueueFilter::default() };
        assert_eq!(store.queue(&all).await.unwrap().len(), 1, "{order}");
        let bank = QueueFilter { bank: Some(zppl()), page: (0, 9), ..all };
        assert_eq!(store.queue(&bank).await.unwrap().len(), 1, "{order}");
    }
    queue_page_by_page(&world, &row).await;
    let of_kind = |kind, rupees| QueueFilter {
        kind: Some(kind),
        at_least: Paise::from_rupees(rupees),
        page: (0, 9),
        ..QueueFilter::default()
    };
    let found = async |kind, rupees| store.queue(&of_kind(kind, rupees)).await.unwrap().len();
    assert_eq!(found(EscalationKind::Tag, 1).await, 2);
    assert_eq!(found(EscalationKind::Closure, 1).await, 0);
    assert_eq!(found(EscalationKind::Tag, 100_000_000).await, 0);
    let named = store.escalations_named(&["GGM-COPY", "GGM-NONE2"]).await.unwrap();
    assert_eq!(named.len(), 1);
    assert!(store.pressed(&row.escalation.id, 5).await.unwrap().is_empty());
    let past = store.last_posts(&zppl(), &copy.escalation.id, 5).await.unwrap();
    assert_eq!((past.len(), past[0].members, past[0].acted, past[0].heard.len()), (1, 5, 0, 0));
    assert_eq!(store.clearable(world.now()).await.unwrap().len(), 1);
    let until = world.now().plus(mins(5));
    let root = PersonId::new("root");
    assert!(store.hold_until(&world.by("root"), "COPY", &root, until).await.is_err(), "no desk");
    store.hold_until(&world.by("asha"), "COPY", &PersonId::new("asha"), until).await.unwrap();
    assert!(store.clearable(world.now()).await.unwrap().is_empty());
    assert_eq!(store.clearable(until).await.unwrap().len(), 1);

    let mut contents = copy.escalation.contents.clone();
    contents[0].text.push_str(" Thank you.");
    let (asha, seen) = (PersonId::new("asha"), copy.escalation.hash());
    let dcp = world.person("dcp").await;
    store.send_back(&world.by("dcp"), "COPY", &dcp, "say the date first").await.unwrap();
    let back = store.escalation("COPY").await.unwrap().outcome;
    assert_eq!(back.as_deref(), Some("sent back: say the date first"));
    assert!(store.clearable(until).await.unwrap().is_empty(), "no order clears what was sent back");
    let other = Hash::of(b"another wording");
    let unseen = store.edit(&world.by("asha"), "COPY", &asha, &other, contents.clone()).await;
    assert!(matches!(unseen.unwrap_err(), StoreError::Escalation(Refused::Changed { .. })));
    let edited = store.edit(&world.by("asha"), "COPY", &asha, &seen, contents).await.unwrap();
    assert_eq!((edited.escalation.version, edited.outcome), (2, None));
    assert!(store.clearable(until).await.unwrap().is_empty(), "no order clears an edited one");
    let by = world.by("dcp");
    let old = copy.escalation.hash();
    assert!(store.approve(&by, "COPY", &dcp, &old, mins(60)).await.is_err());
    store.reject(&by, "COPY", &dcp, "no").await.unwrap();
    let rejected = store.escalation("COPY").await.unwrap();
    assert_eq!(rejected.escalation.state(), EscalationState::Rejected);
    assert_eq!(rejected.deliveries[0].delivery.name(), StateName::Withdrawn);
    assert!(store.reject(&by, "COPY", &dcp, "no").await.is_err());
    let nothing = store.escalation("no such").await;
    assert!(matches!(nothing.unwrap_err(), StoreError::NotFound(_)));
}

async fn escalations_are_cleared_under_an_order_withdrawn_and_swept(world: World) {
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let id = held.escalation.id.clone();
    let ids = std::slice::from_ref(&id);
    assert_eq!(
        store.facts_as_of(&world.ctx.config.source.name, ids).await.unwrap()[&id],
        world.now()
    );
    signed_order(&world, &held, "one", |terms| terms.per_hour = 1).await;
    let order = store.orders_in_force().await.unwrap().remove(0);
    assert!(store.clear_under(&by, &id, &order, mins(60)).await.unwrap());
    let claimed = [(id.clone(), held.escalation.hash())].into();
    assert!(store.lost_authority(&claimed).await.unwrap().is_empty());
    let other = [(id.clone(), Hash::of(b"another wording"))].into();
    assert_eq!(store.lost_authority(&other).await.unwrap().len(), 1);
    let order_id = order.order().id.clone();
    assert_eq!(store.void_clearances(&by, None, Some(&order_id), "story").await.unwrap(), 1);
    assert_eq!(store.lost_authority(&claimed).await.unwrap().len(), 1);
    assert!(!store.clear_under(&by, &id, &order, mins(60)).await.unwrap(), "its cap is full");

    assert!(store.stale_escalations().await.unwrap().is_empty());
    world.pass(mins(1));
    world.cases.acts("ZPPL-1", world.now());
    work::watch::run_once(&world.ctx).await.unwrap();
    let stale = store.stale_escalations().await.unwrap();
    assert_eq!((stale.len(), stale[0].1.len()), (1, 5));
    assert!(store.withdraw(&by, &id, "it acted", true).await.unwrap());
    assert!(store.stale_escalations().await.unwrap().is_empty());
    let gone = store.escalation(id.as_str()).await.unwrap();
    assert_eq!(gone.outcome.as_deref(), Some("tag avoided: it acted"));

    work::escalate::run_once(&world.ctx).await.unwrap();
    let next = world.held().await;
    assert_eq!(store.sweep_escalations(&by).await.unwrap(), 0);
    world.pass(world.ctx.config.ladder.expires_after);
    assert_eq!(store.sweep_escalations(&by).await.unwrap(), 1);
    assert_eq!(world.again(&next).await.escalation.state(), EscalationState::Expired);
}

async fn disputes_are_entered_and_decided(world: World) {
    let store = &world.ctx.store;
    let row = world.cleared("ZPPL").await;
    let asha = world.person("asha").await.as_officer(world.now()).unwrap();
    let (by, id) = (world.by("asha"), row.escalation.id.as_str());
    assert!(!store.dispute(&by, id, &asha, "amount", "a letter").await.unwrap());
    let dcp = world.person("dcp").await;
    store.decide_dispute(&world.by("dcp"), id, &dcp, false).await.unwrap();
    let none = store.decide_dispute(&world.by("dcp"), id, &dcp, false).await;
    assert!(matches!(none.unwrap_err(), StoreError::NotFound(_)));
    assert!(store.dispute(&by, id, &asha, "amount", "a letter").await.is_err());
    world.approve(&world.again(&row).await).await;
    states::deliver(&world).await;
    assert!(store.to_correct().await.unwrap().is_empty());
    assert!(store.dispute(&by, id, &asha, "account", "a letter").await.unwrap(), "it was sent");
    assert_eq!(store.to_correct().await.unwrap(), std::slice::from_ref(&row.escalation.reference));
    store.decide_dispute(&world.by("dcp"), id, &dcp, true).await.unwrap();
    assert_eq!(store.to_correct().await.unwrap().len(), 1);
    let disputes = store.disputes_of(&row.escalation.id).await.unwrap();
    assert_eq!(
        disputes.iter().map(|one| one.stands).collect::<Vec<_>>(),
        [Some(true), Some(false)]
    );
    assert_eq!(disputes[0].ground, "account");
}

fn report(one: &takaza::domain::delivery::ClaimedDelivery, ended: Ended) -> Report {
    Report {
        delivery: one.delivery().id.clone(),
        escalation: one.delivery().escalation.clone(),
        token: one.lease().token.clone(),
        ended,
        look: LOOK,
        recheck: None,
    }
}

async fn record(store: &Store, world: &World, reports: &[Report]) -> Vec<StateName> {
    let breaker = BreakerRules { streak: 100, ..BreakerRules::default() };
    let recorded = store.record(&world.ctx.actor("story"), reports, &breaker).await.unwrap();
    recorded.states.into_iter().map(|(_, state)| state).collect()
}

fn receipt(world: &World, id: &str) -> Receipt {
    Receipt { id: id.to_owned(), permalink: format!("https://x.example/{id}"), at: world.now() }
}

async fn deliveries_are_claimed_recorded_and_told(world: World) {
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let rows = [world.cleared("ZPPL").await, world.cleared("ZNMN").await];
    let rules = work::deliver::rules(&world.ctx);
    let waits = store.why_waiting(&rows[0].escalation.id, &rules).await.unwrap();
    assert!(matches!(&waits[..], [(_, None)]), "it may go: {waits:?}");
    let shadow = ClaimRules { shadow: true, ..rules.clone() };
    let waits = store.why_waiting(&rows[0].escalation.id, &shadow).await.unwrap();
    assert!(matches!(&waits[..], [(_, Some(Why::Shadow))]), "nothing is sent: {waits:?}");
    let claimed = store.claim(&by, &rules).await.unwrap();
    assert_eq!((claimed.deliveries.len(), claimed.escalations.len()), (2, 2));
    assert!(claimed.members.values().all(|members| members.len() == 5));
    assert!(store.claim(&by, &rules).await.unwrap().deliveries.is_empty());
    let accepted = Ended::Attempted(Outcome::Accepted(receipt(&world, "1")));
    let later = Ended::NotNow { until: world.now(), why: "story".to_owned() };
    let reports = [report(&claimed.deliveries[0], accepted), report(&claimed.deliveries[1], later)];
    let mut told = record(store, &world, &reports).await;
    told.sort();
    assert_eq!(told, [StateName::Waiting, StateName::Delivered]);
    let id = claimed.deliveries[0].delivery().id.clone();
    let delivered = store.delivery(id.as_str()).await.unwrap();
    assert_eq!((delivered.sent_at, delivered.listen_at), (Some(world.now()), Some(world.now())));

    let claimed = store.claim(&by, &rules).await.unwrap();
    let untrue = Ended::Untrue { why: "it acted".to_owned(), avoided: true };
    record(store, &world, &[report(&claimed.deliveries[0], untrue)]).await;
    store.sweep_escalations(&by).await.unwrap();
    let mut ends = Vec::new();
    for row in &rows {
        ends.push(world.again(row).await.escalation.state());
    }
    ends.sort();
    assert_eq!(ends, [EscalationState::Closed, EscalationState::Withdrawn]);
    let sent = delivered.delivery;
    let before = world.now().minus(mins(1));
    let texts = &store.earlier_texts(&[&sent.bank], before).await.unwrap()[&sent.bank];
    assert_eq!((texts.len(), texts[0].cases.len()), (1, 5));
    assert_eq!(texts[0].escalation, sent.escalation);
    assert!(store.to_thank(before).await.unwrap().is_empty());
    world.pass(mins(1));
    world.cases.acts(&format!("{}-1", sent.bank), world.now());
    work::watch::run_once(&world.ctx).await.unwrap();
    assert_eq!(store.to_thank(before).await.unwrap().len(), 1);
    let by = world.by("asha");
    assert_eq!(store.note_acted(&by, before).await.unwrap(), 1);
    assert_eq!(store.note_acted(&by, before).await.unwrap(), 0, "it is noted once");
}

async fn doubts_are_swept_looked_into_and_decided(world: World) {
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let row = world.cleared("ZPPL").await;
    let claimed = store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    assert!(store.sweep_leases(&by, |_| LOOK).await.unwrap().is_empty());
    world.pass(world.ctx.config.deliver.lease);
    let swept = store.sweep_leases(&by, |_| LOOK).await.unwrap();
    assert_eq!(swept, [claimed.deliveries[0].delivery().id.clone()]);
    assert!(store.to_look_for(10).await.unwrap().is_empty(), "a grace first");
    for _ in 0..2 {
        world.pass(LOOK.grace);
        let doubt = store.to_look_for(10).await.unwrap().remove(0);
        let state = store.looked(&by, &doubt, &Look::NotThere, LOOK).await.unwrap();
        assert_eq!(state, StateName::Uncertain);
    }
    store.decided_not_posted(&world.by("dcp"), &swept[0]).await.unwrap();
    assert!(store.decided_not_posted(&world.by("dcp"), &swept[0]).await.is_err());
    let waiting = &world.again(&row).await.deliveries[0];
    assert_eq!((waiting.delivery.name(), waiting.sent_at), (StateName::Waiting, None));

    let claimed = store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    let reason = "nobody knows".to_owned();
    let unknown = Ended::Attempted(Outcome::Unknown { reason });
    record(store, &world, &[report(&claimed.deliveries[0], unknown)]).await;
    world.pass(LOOK.grace);
    let doubt = store.to_look_for(10).await.unwrap().remove(0);
    let found = Look::Found(receipt(&world, "9"));
    assert_eq!(store.looked(&by, &doubt, &found, LOOK).await.unwrap(), StateName::Delivered);
}

async fn receipts_come_late_and_hand_offs_are_taken(mut world: World) {
    world.hand_off("by-hand").await;
    let row = world.cleared("ZPPL").await;
    let (store, by) = (&world.ctx.store, world.by("asha"));
    let by_hand = row.deliveries.iter().find(|row| row.sender == Sender::HandOff).unwrap();
    let by_api = row.deliveries.iter().find(|row| row.sender == Sender::Api).unwrap();
    let rules = work::deliver::rules(&world.ctx);
    let rules = ClaimRules { holder: "asha", lease: mins(15), ..rules };
    let api = store.take_hand_off(&by, &by_api.delivery.id, &rules).await;
    assert!(matches!(api.unwrap_err(), StoreError::Refused(_)));
    let id = &by_hand.delivery.id;
    let taken = store.take_hand_off(&by, id, &rules).await.unwrap();
    let token = &taken.deliveries[0].lease().token;
    let recheck = Rechecked { at: world.now(), members: 5 };
    store.hand_off_rechecked(&by, id, token, recheck).await.unwrap();
    let other = store.hand_off_rechecked(&by, id, "another claim's", recheck).await;
    assert!(matches!(other.unwrap_err(), StoreError::Conflict(_)));
    let meaning = store.late_receipt(&by, id, &receipt(&world, "5")).await.unwrap();
    assert_eq!(meaning, LateReceipt::Settles);
    let meaning = store.late_receipt(&by, id, &receipt(&world, "5")).await.unwrap();
    assert_eq!(meaning, LateReceipt::Known);
    let meaning = store.late_receipt(&by, id, &receipt(&world, "6")).await.unwrap();
    assert_eq!(meaning, LateReceipt::Second);
    assert!(store.gate().await.unwrap().tripped.is_some());
}

async fn replies_are_read_and_set_right(world: World) {
    use takaza::domain::reply_class::{Because, Classed, METHOD, ReplyClass};

    let row = world.cleared("ZPPL").await;
    states::deliver(&world).await;
    let store = &world.ctx.store;
    let id = &row.deliveries[0].delivery.id;
    let noted = |alias: &str| takaza::store::Noted {
        kind: EngagementKind::Reply,
        alias: alias.to_owned(),
        voice: Voice::Bank,
        author: "peepal".to_owned(),
        at: None,
        text: Some(("Noted.".to_owned(), world.now().plus(mins(60)))),
        post_id: None,
    };
    let heard = vec![noted("aaaaaaaa1"), noted("bbbbbbbb1")];
    let by = world.ctx.actor("story");
    store.heard(&by, &BTreeMap::from([(id.clone(), heard)])).await.unwrap();
    let unread = store.unclassed(METHOD, 10).await.unwrap();
    assert_eq!(unread.len(), 2);
    let earlier = store.said_before(&unread[1], 10).await.unwrap();
    assert_eq!(earlier.len(), 1);
    assert_eq!((earlier[0].reply.as_str(), earlier[0].text.as_str()), ("aaaaaaaa", "Noted."));
    let claim = Classed { class: ReplyClass::Claim, because: vec![Because::Nothing] };
    let read: Vec<_> = unread.into_iter().map(|reply| (reply, claim.clone())).collect();
    store.keep_classes(METHOD, &read).await.unwrap();
    assert!(store.unclassed(METHOD, 10).await.unwrap().is_empty());
    let asha = states::desk(&world, "asha").await;
    let which = (row.escalation.reference.as_str(), "bbbbbbbb");
    store.correct_class(&world.by("asha"), &asha, which, ReplyClass::Other).await.unwrap();
    let (from, until) = (Timestamp::from_micros(0), world.now().plus(mins(1)));
    let tag = Some(&row.escalation.id);
    assert!(store.claimed_not_recorded((from, until), None, tag).await.unwrap().is_empty());
    world.pass(SignedDuration::from_hours(25));
    work::watch::run_once(&world.ctx).await.unwrap();
    let found = store.claimed_not_recorded((from, until), None, tag).await.unwrap();
    assert_eq!(found.iter().map(|tag| tag.pending).collect::<Vec<_>>(), [5]);
}

/// One by one, each page from the end of the one before: the same rows in the same order as at once,
/// over equal sums and several states, and with what is narrowed to a bank.
async fn queue_page_by_page(world: &World, row: &takaza::store::EscalationRow) {
    let store = &world.ctx.store;
    for n in 0..4 {
        let mut draft = states::copy(row, &format!("PAGE{n}"), Some(&format!("Y{n:03}")));
        draft.escalation.drafted_at = world.now().plus(mins(n % 2));
        store.draft(&world.by("asha"), &draft).await.unwrap();
    }
    let reference = |row: &takaza::store::EscalationRow| row.escalation.reference.to_string();
    for order in QueueOrder::ALL {
        for bank in [None, Some(zppl())] {
            let mut filter =
                QueueFilter { order: Some(*order), bank, page: (0, 99), ..QueueFilter::default() };
            let at_once = store.queue(&filter).await.unwrap();
            filter.page = (0, 1);
            let mut one_by_one = Vec::new();
            while let Some(next) = store.queue(&filter).await.unwrap().into_iter().next() {
                filter.after = Some(next.mark(*order));
                one_by_one.push(reference(&next));
            }
            let at_once: Vec<_> = at_once.iter().map(reference).collect();
            assert_eq!(at_once, one_by_one, "{order}");
            assert_eq!(at_once.len(), if filter.bank.is_some() { 1 } else { 6 });
        }
    }
    for n in 0..4 {
        let dcp = world.person("dcp").await;
        store.reject(&world.by("dcp"), &format!("PAGE{n}"), &dcp, "a page's").await.unwrap();
    }
}

async fn deliveries_are_listed_and_their_story_told(mut world: World) {
    world.hand_off("by-hand").await;
    let row = world.cleared("ZPPL").await;
    states::deliver(&world).await;
    world.pass(mins(1));
    let mut draft = states::copy(&row, "COPY", Some("ZNMN"));
    draft.escalation.drafted_at = world.now();
    world.ctx.store.draft(&world.by("asha"), &draft).await.unwrap();
    let store = &world.ctx.store;
    let listed = async |change: &dyn Fn(&mut DeliveryFilter)| {
        let mut filter = DeliveryFilter { page: (0, 10), ..DeliveryFilter::default() };
        change(&mut filter);
        let found = store.deliveries(&filter).await.unwrap();
        let one = |one: &Listed| (one.row.delivery.bank.to_string(), one.row.delivery.name());
        (found.iter().map(one).collect::<Vec<_>>(), found)
    };
    let (all, found) = listed(&|_| {}).await;
    let banks: Vec<_> = all.iter().map(|(bank, _)| bank.as_str()).collect();
    assert_eq!(banks, ["ZNMN", "ZNMN", "ZPPL", "ZPPL"], "the latest first");
    assert_eq!(found[0].escalation, EscalationState::Held);
    let before = found[1].row.delivery.id.clone();
    assert_eq!(listed(&|filter| filter.before = Some(before.clone())).await.0, all[2..]);
    assert_eq!(listed(&|filter| filter.page = (1, 2)).await.0, all[1..3]);
    let sent = [("ZPPL".to_owned(), StateName::Delivered)];
    let states = vec![StateName::Delivered, StateName::Uncertain];
    assert_eq!(listed(&|filter| filter.states = states.clone()).await.0, sent);
    let narrowed = listed(&|filter| {
        filter.states = vec![StateName::Delivered];
        filter.bank = Some(zppl());
        filter.account = Some(unit());
        filter.sender = Some(Sender::Api);
    });
    assert_eq!(narrowed.await.0, sent);
    assert_eq!(listed(&|filter| filter.account = Some(unit())).await.0.len(), 2);
    assert_eq!(listed(&|filter| filter.sender = Some(Sender::HandOff)).await.0.len(), 2);
    let to_do = listed(&|filter| {
        filter.states = vec![StateName::Waiting, StateName::Sending];
        filter.sender = Some(Sender::HandOff);
        filter.cleared = true;
    });
    assert_eq!(to_do.await.0, [("ZPPL".to_owned(), StateName::Waiting)]);

    let id = &row.deliveries.iter().find(|row| row.sender == Sender::Api).unwrap().delivery.id;
    let noted = |voice, alias: &str, text: Option<&str>| takaza::store::Noted {
        kind: EngagementKind::Reply,
        alias: alias.to_owned(),
        voice,
        author: "peepal".to_owned(),
        at: None,
        text: text.map(|text| (text.to_owned(), world.now().plus(mins(60)))),
        post_id: None,
    };
    let heard = vec![
        noted(Voice::Other, "a", None),
        noted(Voice::Other, "b", Some("kept")),
        noted(Voice::Bank, "c", Some("we look into it")),
    ];
    let by = world.ctx.actor("story");
    store.heard(&by, &BTreeMap::from([(id.clone(), heard)])).await.unwrap();
    let counts = store.came_back(&[id]).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|one| (one.voice, one.count)).collect();
    assert_eq!(counts, [(Voice::Bank, 1), (Voice::Other, 2)]);
    let answers = store.answers(&[id], 10).await.unwrap();
    let texts: Vec<_> = answers.iter().filter_map(|(_, one)| one.text.as_deref()).collect();
    assert_eq!(
        texts,
        ["we look into it", "kept"],
        "the bank's first; what is not kept is not there"
    );

    let new = work::set_right::draft_correction(&world.ctx, &world.by("asha"), "GGM-COPY").await;
    assert!(new.unwrap_err().to_string().contains("nothing of GGM-COPY was delivered"));
    let reference = row.escalation.reference.as_str();
    let by = world.by("asha");
    let new = work::set_right::draft_correction(&world.ctx, &by, reference).await.unwrap();
    let sequels = store.sequels(&row.escalation.id).await.unwrap();
    assert_eq!(sequels.len(), 1);
    assert_eq!(
        (sequels[0].reference.as_str(), sequels[0].kind),
        (&*new, EscalationKind::Correction)
    );
    let asha = states::desk(&world, "asha").await;
    assert_eq!(store.annex_shown(&by, &asha, reference).await.unwrap().1.len(), 5);
    let history = store.history_of(id.as_str()).await.unwrap();
    assert_eq!(history.row.escalation.reference, row.escalation.reference);
    let last = history.entries.last().map(|(_, entry)| entry.act.as_str());
    assert_eq!(last, Some("escalation.annex-shown"));
    assert_eq!(store.clock().await.unwrap(), world.now());
}

async fn the_gate_stops_resumes_and_is_restored(world: World) {
    let store = &world.ctx.store;
    assert_eq!(store.gate().await.unwrap().closed(), None);
    assert!(store.claims_are_durable().await.unwrap());
    let row = world.cleared("ZPPL").await;
    let asha = states::desk(&world, "asha").await;
    store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    store.engage_stop(&world.ctx.actor("alarm"), "nobody took it").await.unwrap();
    assert_eq!(store.gate().await.unwrap().stopped.as_deref(), Some("nobody took it"));
    let (by, dcp, hash) = (world.by("dcp"), world.person("dcp").await, row.escalation.hash());
    let id = row.escalation.id.as_str();
    let tag = store.approve_past_stop(&by, id, &dcp, &hash, mins(60)).await;
    assert!(tag.is_err(), "a tag passes no stop");
    let approver = dcp.as_approver(world.now()).unwrap();
    assert_eq!(store.resume(&by, &approver).await.unwrap(), 1);
    assert_eq!(store.gate().await.unwrap().closed(), None);
    assert_eq!(store.mark_restored(&by, "a backup").await.unwrap(), 1);
    assert!(store.gate().await.unwrap().restored.is_some());
    store.accept_restore(&by, &PersonId::new("dcp")).await.unwrap();
    assert_eq!(store.gate().await.unwrap().closed(), None);
}

async fn what_accounts_spend_is_counted(world: World) {
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let price = |text: &str| text.parse::<MicroDollars>().unwrap();
    let aliases = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
    assert!(store.spent_this_month().await.unwrap().is_empty());
    let read = price("0.005");
    assert_eq!(store.charge(&unit(), Item::PostRead, read, &aliases(&[])).await.unwrap(), 0);
    let new = store.charge(&unit(), Item::PostRead, read, &aliases(&["a", "b"])).await.unwrap();
    assert_eq!(new, 2);
    let new = store.charge(&unit(), Item::PostRead, read, &aliases(&["b", "c"])).await.unwrap();
    assert_eq!(new, 1);
    let costs = Costs([(Platform::Mastodon, crate::costs::tariff())].into());
    world.cleared("ZPPL").await;
    let rules = ClaimRules { costs: &costs, ..work::deliver::rules(&world.ctx) };
    let claimed = store.claim(&by, &rules).await.unwrap().deliveries;
    let posted = store.posted_since(world.now().minus(mins(1))).await.unwrap();
    assert_eq!(posted[&unit()], [world.now()]);
    assert!(store.posted_since(world.now()).await.unwrap().is_empty());
    let id = &claimed[0].delivery().id;
    assert_eq!(store.frozen_prices(&[id]).await.unwrap()[id], price("1"));
    let spent = store.spent_this_month().await.unwrap()[&unit()];
    assert_eq!((spent.posts, spent.listening), (price("1"), price("0.015")));
}

async fn tokens_are_made_used_and_revoked(world: World) {
    let (store, by, asha) = (&world.ctx.store, world.by("asha"), PersonId::new("asha"));
    let (one, two) = (Hash::of(b"one"), Hash::of(b"two"));
    let until = world.now().plus(mins(60));
    store.make_token(&by, &one, &asha, ("night", &["read", "queue"]), until).await.unwrap();
    let again = store.make_token(&by, &two, &asha, ("night", &["read"]), until).await;
    assert!(matches!(again.unwrap_err(), StoreError::Refused(_)));
    let known = store.bearer(&one).await.unwrap().expect("it is good");
    assert_eq!((known.person.id, known.token.used_at), (asha.clone(), None));
    assert_eq!(known.token.scopes, ["read", "queue"]);
    assert!(store.bearer(&two).await.unwrap().is_none());
    store.token_used(&one).await.unwrap();
    assert_eq!(store.tokens(&asha).await.unwrap()[0].used_at, Some(world.now()));
    assert!(!store.revoke_token(&by, &PersonId::new("ravi"), &one).await.unwrap());
    assert!(store.revoke_token(&by, &asha, &one).await.unwrap());
    assert!(store.bearer(&one).await.unwrap().is_none());
    store.make_token(&by, &two, &asha, ("night", &["read"]), until).await.unwrap();
    world.pass(mins(60));
    assert!(store.bearer(&two).await.unwrap().is_none(), "it ended");
    assert!(store.tokens(&asha).await.unwrap().is_empty());
    assert_eq!(ledger_sql::entries(&world.ledger_url, "person.token-made").await, 2);
    assert_eq!(ledger_sql::entries(&world.ledger_url, "person.token-revoked").await, 1);
}

async fn weekly_reports_are_taken_ended_and_lost(world: World) {
    let (store, by) = (&world.ctx.store, world.ctx.actor("weekly"));
    let lease = mins(10);
    assert_eq!(store.weekly_mail("2026-11-16").await.unwrap(), None);
    let taken = store.weekly_take(&by, "2026-11-16", lease).await.unwrap().unwrap();
    assert_eq!((taken.state.as_str(), taken.attempts), ("sending", 1));
    assert_eq!(store.weekly_take(&by, "2026-11-16", lease).await.unwrap(), None, "one has it");
    let later = WeeklyEnd::Refused(Some(world.now().plus(mins(5))));
    store.weekly_ended(&by, &taken, later, "451").await.unwrap();
    assert_eq!(store.weekly_take(&by, "2026-11-16", lease).await.unwrap(), None, "it waits");
    world.pass(mins(5));
    let again = store.weekly_take(&by, "2026-11-16", lease).await.unwrap().unwrap();
    assert_eq!(again.attempts, 2);
    let stale = store.weekly_ended(&by, &taken, WeeklyEnd::Sent, "250").await;
    assert!(matches!(stale.unwrap_err(), StoreError::Conflict(_)));
    assert!(store.weekly_lost(&by, "2026-11-16").await.unwrap().is_empty());
    world.pass(mins(11));
    let lost = store.weekly_lost(&by, "2026-11-16").await.unwrap();
    assert_eq!((lost.len(), lost[0].state.as_str()), (1, "unknown"));
    assert_eq!(store.weekly_take(&by, "2026-11-16", lease).await.unwrap(), None, "never again");
    store.weekly_ended(&by, &again, WeeklyEnd::Sent, "250").await.unwrap();
    let row = store.weekly_mail("2026-11-16").await.unwrap().unwrap();
    assert_eq!(row.state, "sent", "that it arrived is believed late");
    let other = store.weekly_take(&by, "2026-11-23", lease).await.unwrap().unwrap();
    let later = WeeklyEnd::Refused(Some(world.now().plus(mins(5))));
    store.weekly_ended(&by, &other, later, "451").await.unwrap();
    assert!(store.weekly_lost(&by, "2026-11-23").await.unwrap().is_empty());
    let given_up = store.weekly_lost(&by, "").await.unwrap();
    assert_eq!((given_up.len(), given_up[0].state.as_str()), (1, "given-up"));
}

async fn webhooks_read_the_record_and_are_told(world: World) {
    let store = &world.ctx.store;
    let unread = async || store.webhook_unread("desk", &["escalation.drafted"]).await.unwrap();
    assert!(unread().await.entries.is_empty(), "it begins at the end");
    world.cleared("ZPPL").await;
    work::seal::run_once(&world.ctx).await.unwrap();
    let read = unread().await;
    assert_eq!((read.entries.len(), read.more), (1, false));
    let telling = |id: &str| Telling { id: id.to_owned(), event: "held", body: "{}".to_owned() };
    store.webhook_tell("desk", &read, &[telling("a"), telling("b")]).await.unwrap();
    store.webhook_tell("desk", &read, &[telling("c")]).await.unwrap();
    assert!(unread().await.entries.is_empty(), "another process was first");
    let again = world.now().plus(mins(1));
    let mut taken = store.webhook_take("desk", again, 10).await.unwrap();
    taken.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!(taken.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(store.webhook_take("desk", again, 10).await.unwrap().is_empty(), "they are taken");
    store.webhook_tried(&taken[0], None).await.unwrap();
    store.webhook_tried(&taken[0], Some(("late", Some(again)))).await.unwrap();
    store.webhook_tried(&taken[1], Some(("no", Some(again)))).await.unwrap();
    world.pass(mins(1));
    let once_more = store.webhook_take("desk", again.plus(mins(1)), 10).await.unwrap();
    assert_eq!((once_more.len(), once_more[0].attempts), (1, 2));
    store.webhook_tried(&once_more[0], Some(("no more", None))).await.unwrap();
    let states: Vec<_> =
        store.webhook_deliveries(0, 10).await.unwrap().iter().map(WebhookRow::state).collect();
    assert_eq!(states, ["arrived", "given up"]);
    assert_eq!(store.webhook_forget(world.now()).await.unwrap(), 2);
    let all = DeliveryFilter { page: (0, 9), ..DeliveryFilter::default() };
    let all = store.deliveries(&all).await.unwrap();
    let ids: Vec<_> = all.into_iter().map(|one| one.row.delivery.id).collect();
    assert!(store.counts_by_voice(&ids.iter().collect::<Vec<_>>()).await.unwrap().is_empty());
}

async fn entries_are_found_by_act_person_time_and_subject(world: World) {
    let store = &world.ctx.store;
    let desk = world.person("asha").await.as_desk(world.now()).unwrap();
    world.pass(mins(1));
    for why in ["one", "two", "three"] {
        store.stop(&world.by("asha"), &desk, why).await.unwrap();
    }
    let all = EntryFilter {
        act: None,
        person: None,
        from: Timestamp::from_micros(0),
        until: Timestamp::from_micros(i64::MAX),
        before: None,
        limit: 2,
    };
    let newest = store.entries(&all).await.unwrap();
    assert_eq!(newest.len(), 2);
    assert!(newest.iter().all(|row| row.entry.act == "gate.stopped" && row.leaf.is_none()));
    // The pages follow one another without a gap, though all three were made at one instant.
    for filter in [
        EntryFilter { act: Some("gate.stopped".to_owned()), ..all.clone() },
        EntryFilter { person: Some(PersonId::new("asha")), from: world.now(), ..all.clone() },
        EntryFilter { from: world.now(), ..all.clone() },
    ] {
        let first = store.entries(&filter).await.unwrap();
        let last = first.last().unwrap();
        let before = Some((last.at(), last.entry.id.clone()));
        let second = store.entries(&EntryFilter { before, ..filter.clone() }).await.unwrap();
        assert_eq!((first.len(), second.len()), (2, 1), "{filter:?}");
        let until = EntryFilter { until: world.now(), ..filter };
        let earlier = store.entries(&until).await.unwrap();
        assert!(earlier.iter().all(|row| row.entry.act != "gate.stopped"));
    }
    let gate = store.entries_of("gate", 0, 10).await.unwrap();
    let last = gate.last().unwrap();
    assert_eq!(
        store.entries_of("gate", gate.len() as i64 - 1, 10).await.unwrap(),
        std::slice::from_ref(last)
    );
    assert_eq!(&store.entry(&last.entry.id).await.unwrap(), last);
    assert_eq!(&store.entry(&format!("gate/{}", last.entry.seq)).await.unwrap(), last);
    assert!(matches!(store.entry("none").await, Err(StoreError::NotFound(_))));
}

async fn files_of_cases_are_accepted_by_a_second_person(world: World) {
    let store = &world.ctx.store;
    let importer = async |id: &str| world.person(id).await.as_importer(world.now()).unwrap();
    let (asha, ravi) = (importer("asha").await, importer("ravi").await);
    assert!(world.person("auditor").await.as_importer(world.now()).is_err());
    let file = |bytes: &[u8]| NewImport {
        sha256: Hash::of(bytes),
        mapping: Hash::of(b"mapping"),
        kept: Some(Hash::of(&[bytes, b" as its mapping sees it"].concat())),
        name: "cases.csv".to_owned(),
        as_of: world.now(),
    };
    let (by_asha, by_ravi) = (world.by("asha"), world.by("ravi"));
    let id = store.propose_import(&by_asha, &asha, &file(b"one")).await.unwrap();
    let again = store.propose_import(&by_ravi, &ravi, &file(b"one")).await;
    assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
    let preview = Hash::of(b"preview");
    let own = store.accept_import(&by_asha, &asha, &id, preview).await;
    assert!(matches!(own, Err(StoreError::NotAllowed(_))), "{own:?}");
    let early = store.import_stored(&by_ravi, &id, 1, [0; 4]).await;
    assert!(matches!(early, Err(StoreError::Conflict(_))), "{early:?}");
    store.accept_import(&by_ravi, &ravi, &id, preview).await.unwrap();
    assert!(store.accept_import(&by_ravi, &ravi, &id, preview).await.is_err(), "once");
    store.import_stored(&by_ravi, &id, 1, [3, 2, 1, 0]).await.unwrap();
    assert!(store.drop_import(&by_ravi, &ravi, &id).await.is_err(), "it is written");
    let row = store.case_import(&id).await.unwrap();
    assert_eq!((row.state, row.number), (ImportState::Stored, Some(1)));
    assert_eq!(row.decided_by, Some(PersonId::new("ravi")));
    let dropped = store.propose_import(&by_asha, &asha, &file(b"two")).await.unwrap();
    store.drop_import(&by_asha, &asha, &dropped).await.unwrap();
    let first = store.case_imports(None, 1).await.unwrap();
    assert_eq!(first[0].id, dropped);
    let rest = store.case_imports(Some((first[0].proposed_at, &dropped)), 10).await.unwrap();
    assert_eq!(rest, [row]);

    let sighting = |action| Ok(Sighting { action, as_of: world.now() });
    let mut rows: Vec<_> = liens("ZPPL", 1, world.now()).into_iter().map(sighting).collect();
    for n in 0..3 {
        rows.push(Err(RejectedRow {
            external_id: None,
            place: format!("row {n}"),
            reason: if n == 0 { "one" } else { "two" }.to_owned(),
        }));
    }
    let limits = &world.ctx.limits;
    store.sight(&by_asha, "source", &rows, limits, world.now()).await.unwrap();
    store.polled("source", world.now(), None).await.unwrap();
    assert_eq!(store.watched("source", world.now()).await.unwrap().len(), 1);
    let reasons = store.rejected_reasons(10).await.unwrap();
    assert_eq!(reasons, [("two".to_owned(), 2), ("one".to_owned(), 1)]);
    let to = PersonId::new("asha");
    assert_eq!(store.rejected_shown(&by_asha, &to, 1, 10).await.unwrap().len(), 2);
    let desk = world.person("asha").await.as_desk(world.now()).unwrap();
    let shown = store.action_shown(&by_asha, &desk, &ExternalId::new("ZPPL-1")).await.unwrap();
    assert_eq!(shown.0.bank, zppl());
    let none = store.action_shown(&by_asha, &desk, &ExternalId::new("none")).await;
    assert!(matches!(none, Err(StoreError::NotFound(_))), "{none:?}");
    let entries = store.entries_of("source", 0, 10).await.unwrap();
    let acts: Vec<_> = entries.iter().map(|row| row.entry.act.as_str()).collect();
    assert!(acts.ends_with(&["source.set-aside-shown", "action.shown"]), "{acts:?}");
    assert!(entries.iter().all(|row| !row.body.contains("ZPPL-1")), "no case's id in an entry");
}

async fn sums_follow_the_record_and_are_counted_day_by_day(world: World) {
    let (store, zone) = (&world.ctx.store, world.ctx.limits.calendar().zone());
    assert_eq!(store.tally_standing(zone).await.unwrap(), None);
    assert_eq!(store.tally_count(zone).await.unwrap(), 0);
    let all = store.tally_changes(zone).await.unwrap().expect("nothing is counted yet");
    assert!(all.days.is_empty() && !all.more);
    store.tally_mark(zone, &all).await.unwrap();
    world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    work::seal::run_once(&world.ctx).await.unwrap();
    let changes = store.tally_changes(zone).await.unwrap().expect("something is new");
    let days: Vec<_> = changes.days.iter().collect();
    let today = takaza::domain::measures::day_at(world.now(), zone);
    assert_eq!(days, [&(today - 3, zppl()), &(today, zppl())], "the requests' day and the post's");
    store.tally_mark(zone, &changes).await.unwrap();
    store.tally_mark(zone, &changes).await.unwrap();
    assert_eq!(store.tally_changes(zone).await.unwrap(), None);
    let standing = store.tally_standing(zone).await.unwrap().expect("it is counted");
    assert_eq!((standing.as_of, standing.waiting), (world.now(), 2));
    assert_eq!(store.tally_count(zone).await.unwrap(), 1);
    assert_eq!(store.tally_count(zone).await.unwrap(), 1);
    let days = store.tally_days((today - 3, today), Some(&zppl())).await.unwrap();
    assert_eq!(days.len(), 2);
    let (asked, posted) = (&days[0].1, &days[1].1);
    assert_eq!((asked.money.requests, asked.money.pending, asked.out()), (5, 5, 0));
    assert_eq!((posted.out(), posted.tags.tags, posted.tags.pending), (1, 1, 5));
    assert_eq!((posted.by_hand.given, posted.by_hand.posted), (1, 1));
    assert!(store.tally_days((today + 1, today + 9), None).await.unwrap().is_empty());
    let read = MicroDollars::new(5_000);
    let aliases = ["a", "b"].map(str::to_owned).into();
    store.charge(&unit(), Item::PostRead, read, &aliases).await.unwrap();
    let from = world.now().minus(mins(24 * 60));
    let charged = store.charged(from, world.now()).await.unwrap();
    assert_eq!((charged.len(), charged[0].resources, charged[0].micros), (1, 2, 10_000));
    assert!(store.charged(world.now(), world.now().plus(mins(1))).await.unwrap().is_empty());
}

async fn tagged_requests_and_their_like_are_sampled(world: World) {
    let (store, start) = (&world.ctx.store, world.now());
    let row = world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    world.pass(mins(60));
    world.cases.acts("ZPPL-1", world.now());
    world.cases.put(liens("ZNMN", 2, start));
    work::watch::run_once(&world.ctx).await.unwrap();
    let asha = states::desk(&world, "asha").await;
    let (noted, sent) = (ExternalId::new("ZPPL-2"), start.plus(mins(20)));
    let notice = Note::Notice { at: sent, message_id: "<1@unit.example>" };
    store.note_action(&world.by("asha"), &asha, &noted, notice).await.unwrap();
    store.vanished(&[ExternalId::new("ZPPL-3")], world.now()).await.unwrap();

    let (early, late) = (start.minus(mins(80 * 60)), world.now().plus(mins(1)));
    let znmn = BankCode::new("ZNMN");
    let banks = [zppl(), znmn.clone()];
    let due = async |from, until| store.fell_due(from, until, &banks).await.unwrap();
    let count = |requests| Due { requests, overdue: requests };
    let both = BTreeMap::from([(zppl(), count(5)), (znmn.clone(), count(2))]);
    assert_eq!(due(early, late).await, both);
    assert_eq!(due(start, late).await, BTreeMap::new());

    let sample = async |bounds, bank| {
        store.sample_tagged((early, late), &[start], bounds, bank).await.unwrap()
    };
    for bank in [None, Some(&banks[0])] {
        let all = sample((10, 10), bank).await;
        assert_eq!((all.ids.len(), all.drawn), (5, 1));
        let some = sample((1, 2), bank).await;
        let ids: Vec<_> = some.ids.iter().map(ExternalId::expose).collect();
        assert_eq!((ids, some.drawn), (vec!["ZPPL-1", "ZPPL-4"], 1));
    }
    assert_eq!(sample((10, 10), Some(&znmn)).await, Sampled::default());
    let sample = async |starts: &[Timestamp], most| {
        store.sample_due((early, late), starts, most).await.unwrap()
    };
    let pool = sample(&[early], 10).await;
    assert_eq!((pool.ids.len(), pool.drawn), (7, 7));
    let some = sample(&[early, start], 6).await;
    assert_eq!((some.ids.len(), some.drawn), (3, 3), "nothing fell due after the start");

    // A ledger that was brought on from an older version.
    assert!(store.all_due_read().await.unwrap());
    ledger_sql::run(&world.ledger_url, "UPDATE action SET fell_due_at = NULL").await;
    assert!(!store.all_due_read().await.unwrap());
    assert_eq!(store.read_due(&world.ctx.limits, 4).await.unwrap(), 4);
    assert_eq!(store.read_due(&world.ctx.limits, 4).await.unwrap(), 3);
    assert!(store.all_due_read().await.unwrap());
    assert_eq!(sample(&[early], 10).await, pool);

    let lives = store.lives(&pool.ids, late).await.unwrap();
    let of = |id: &str| {
        let own = |(changes, _): &&(Vec<_>, _)| {
            let changes: &Vec<takaza::domain::history::Change> = changes;
            changes[0].action.external_id.expose() == id
        };
        lives.iter().find(own).unwrap()
    };
    let (changes, known) = of("ZPPL-1");
    let statuses: Vec<_> = changes.iter().map(|change| change.action.status).collect();
    assert_eq!(statuses, [Status::Pending, Status::Acted]);
    let tag = known.tagged.as_ref().unwrap();
    assert_eq!((&tag.escalation, tag.at), (&row.escalation.id, start));
    assert_eq!(tag.manner, takaza::domain::measures::Manner::PlainName);
    assert_eq!(of("ZPPL-2").1.notice, Some(sent));
    assert_eq!(of("ZPPL-3").1.vanished, Some(world.now()));
    let untouched = &of("ZNMN-1").1;
    assert!(untouched.tagged.is_none() && untouched.notice.is_none());
    assert_eq!(untouched.vanished, None);
    let before = store.lives(&pool.ids, start.plus(mins(1))).await.unwrap();
    assert_eq!(before.len(), 5, "nobody sees what came later");
    assert!(before.iter().all(|(changes, known)| changes.len() == 1 && known.notice.is_none()));
}

async fn what_is_left_untagged_is_told_with_its_reason(world: World) {
    let (store, now) = (&world.ctx.store, world.now());
    for bank in ["ZPPL", "ZNMN", "ZGLM"] {
        world.cases.put(liens(bank, 5, now));
    }
    let mut unpressed = liens("ZBRG", 2, now);
    unpressed.iter_mut().for_each(|row| row.contacts = 0);
    world.cases.put(unpressed);
    world.watch_and_escalate().await;
    let held = world.escalations(&[EscalationState::Held]).await;
    let of = |bank: &str| {
        let own = |row: &&takaza::store::EscalationRow| row.escalation.bank.as_str() == bank;
        held.iter().find(own).unwrap().escalation.id.clone()
    };
    let dcp = world.person("dcp").await;
    store.reject(&world.by("dcp"), of("ZGLM").as_str(), &dcp, "too early").await.unwrap();
    let until = now.plus(mins(30));
    store
        .hold_until(&world.by("asha"), of("ZNMN").as_str(), &PersonId::new("asha"), until)
        .await
        .unwrap();
    world.watch_and_escalate().await;

    let silent = store.silent().await.unwrap();
    let told: Vec<_> = silent
        .iter()
        .map(|one| (one.bank.as_str(), one.word.as_str(), one.by.clone(), one.actions))
        .collect();
    let by_dcp = Some(PersonId::new("dcp"));
    assert_eq!(told, [("ZBRG", "no-notice", None, 2), ("ZGLM", "rejected", by_dcp.clone(), 5)]);
    assert_eq!(silent[0].amount, Paise::from_rupees(203_000));
    let open = store.open_tags(now).await.unwrap();
    let told: Vec<_> = open
        .iter()
        .map(|one| (one.bank.as_str(), one.state, one.hold_until, one.sent, one.actions))
        .collect();
    assert_eq!(told.len(), 2, "{open:?}");
    assert!(told.contains(&("ZPPL", EscalationState::Held, None, false, 5)));
    assert!(told.contains(&("ZNMN", EscalationState::Held, Some(until), false, 5)));
    let back = open.iter().find(|one| one.escalation == of("ZNMN")).unwrap();
    assert_eq!(back.held_back_by, Some(PersonId::new("asha")));

    world.pass(mins(25 * 60));
    work::sweep::run_once(&world.ctx).await.unwrap();
    while work::seal::run_once(&world.ctx).await.unwrap().more {}
    while work::tally::run_once(&world.ctx).await.unwrap().more {}
    let today = takaza::domain::measures::day_at(now, world.ctx.limits.calendar().zone());
    let days = store.tally_days((today, today), None).await.unwrap();
    let mut told = Vec::new();
    for ((_, bank), tally) in &days {
        for (Unsent { reason, by }, left) in &tally.drafts.unsent {
            assert!(left.amount > Paise::from_rupees(400_000));
            told.push((bank.as_str(), *reason, by.clone(), left.tags));
        }
    }
    let asha = Some(PersonId::new("asha"));
    let expected = [
        ("ZGLM", Reason::Rejected, by_dcp, 1),
        ("ZNMN", Reason::ExpiredHeldBack, asha, 1),
        ("ZPPL", Reason::ExpiredUndecided, None, 1),
    ];
    assert_eq!(told, expected);
}

#[test]
fn every_method_of_the_store_is_in_the_suite() {
    let suite = include_str!("ledger.rs");
    let sources = [
        include_str!("../../src/store/accounts.rs"),
        include_str!("../../src/store/actions.rs"),
        include_str!("../../src/store/actions/notes.rs"),
        include_str!("../../src/store/attribution.rs"),
        include_str!("../../src/store/banks.rs"),
        include_str!("../../src/store/case_imports.rs"),
        include_str!("../../src/store/deliveries.rs"),
        include_str!("../../src/store/deliveries/authority.rs"),
        include_str!("../../src/store/deliveries/claiming.rs"),
        include_str!("../../src/store/deliveries/doubts.rs"),
        include_str!("../../src/store/deliveries/hand_offs.rs"),
        include_str!("../../src/store/entries.rs"),
        include_str!("../../src/store/escalations.rs"),
        include_str!("../../src/store/escalations/desk.rs"),
        include_str!("../../src/store/escalations/disputes.rs"),
        include_str!("../../src/store/escalations/ends.rs"),
        include_str!("../../src/store/escalations/reads.rs"),
        include_str!("../../src/store/fairness.rs"),
        include_str!("../../src/store/gate.rs"),
        include_str!("../../src/store/grants.rs"),
        include_str!("../../src/store/orders.rs"),
        include_str!("../../src/store/people.rs"),
        include_str!("../../src/store/reply_classes.rs"),
        include_str!("../../src/store/second_factor.rs"),
        include_str!("../../src/store/spend.rs"),
        include_str!("../../src/store/tallies.rs"),
        include_str!("../../src/store/timeline.rs"),
        include_str!("../../src/store/tokens.rs"),
        include_str!("../../src/store/webhooks.rs"),
    ];
    let methods = sources.iter().flat_map(|source| source.split("    pub async fn ").skip(1));
    let names = methods.filter_map(|rest| rest.split(['(', '<']).next());
    let missing: Vec<_> = names.filter(|name| !suite.contains(&format!(".{name}("))).collect();
    assert!(missing.is_empty(), "not in the conformance suite: {missing:?}");
}
