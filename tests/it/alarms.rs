//! Alarms, our own timelines, and a restored ledger: what happens in our name is known or rings,
//! and what rings is answered or stops everything.

use std::sync::{Arc, Mutex};

use takaza::{
    domain::{
        alarm::{Alarm, Raised, What},
        delivery::{Look, LookRules, Outcome, StateName},
        ids::{AccountName, PersonId},
        person::{Person, Role},
    },
    store::{Actor, DeliveryRow, StoreError},
    work::{Progress, alarms, listen, own_timeline, restore},
};

use crate::support::{
    ready::{Unit, author, hours, minutes, on_both, receipt},
    scripted::{Reading, broken},
};

async fn look_after(unit: &Unit) -> Progress {
    alarms::run_once(&unit.ctx).await.expect("the ledger works")
}

/// Reads the timelines a while after the last time.
async fn read(unit: &Unit) -> Progress {
    unit.clock.advance(minutes(10));
    own_timeline::run_once(&unit.ctx).await.expect("the ledger works")
}

async fn standing(unit: &Unit) -> Vec<Raised> {
    unit.store.alarms(true, 100).await.unwrap()
}

async fn what_rings(unit: &Unit) -> Vec<What> {
    let mut what: Vec<_> = standing(unit).await.into_iter().map(|one| one.what).collect();
    what.sort_unstable();
    what
}

async fn state(unit: &Unit, row: &DeliveryRow) -> StateName {
    unit.delivery(row).await.delivery.name()
}

/// Two receipts for one delivery trip the breaker.
async fn trip(unit: &Unit) {
    let (row, _) = unit.posted().await;
    let second = unit.square.posts_as_us("again");
    unit.store.late_receipt(&unit.by, &row.delivery.id, &receipt(&second)).await.unwrap();
    unit.square.deletes_as_us(&second.id);
}

#[tokio::test]
async fn an_alarm_that_nobody_takes_engages_the_stop_switch() {
    on_both(async |unit| {
        trip(&unit).await;
        look_after(&unit).await;
        assert_eq!(what_rings(&unit).await, [What::Breaker]);
        unit.clock.advance(minutes(14));
        look_after(&unit).await;
        assert_eq!(unit.store.gate().await.unwrap().stopped, None);
        unit.clock.advance(minutes(1));
        look_after(&unit).await;
        let why = unit.store.gate().await.unwrap().stopped.expect("the switch is engaged");
        assert!(why.contains("nobody took alarm") && why.contains("breaker-tripped"), "{why}");
        assert!(standing(&unit).await[0].stopped_at.is_some());

        // Whoever lifts the switch has seen it, and is not overruled.
        unit.store.resume(&unit.by, &unit.approver()).await.unwrap();
        unit.clock.advance(hours(1));
        look_after(&unit).await;
        assert_eq!(unit.store.gate().await.unwrap().closed(), None);
    })
    .await;
}

#[tokio::test]
async fn an_alarm_that_only_tells_stops_nothing_and_takes_no_other_s_place() {
    on_both(async |mut unit| {
        let (url, got) = webhook().await;
        got.lock().unwrap().0 = 200;
        unit.configure(|config| config.alarms.webhook = Some(url));
        let tells = Alarm::new(What::WeeklyReport, "2026-11-16", "It may not have arrived.");
        unit.store.raise(&unit.by, &[tells]).await.unwrap();
        look_after(&unit).await;
        unit.clock.advance(hours(3));
        look_after(&unit).await;
        assert_eq!(unit.store.gate().await.unwrap().stopped, None);
        assert_eq!(standing(&unit).await[0].stopped_at, None);
        let rung = got.lock().unwrap().1.clone();
        assert_eq!(rung.len(), 1, "it rings all the same");
        assert_eq!(rung[0]["take_before"], serde_json::Value::Null);

        trip(&unit).await;
        look_after(&unit).await;
        unit.clock.advance(minutes(15));
        look_after(&unit).await;
        let why = unit.store.gate().await.unwrap().stopped.expect("the switch is engaged");
        assert!(why.contains("breaker-tripped"), "{why}");
        let rung = got.lock().unwrap().1.clone();
        assert!(rung[1]["take_before"].is_string(), "{}", rung[1]);
    })
    .await;
}

#[tokio::test]
async fn an_alarm_that_a_person_takes_engages_nothing_and_is_taken_once() {
    on_both(async |unit| {
        trip(&unit).await;
        look_after(&unit).await;
        let id = standing(&unit).await.remove(0).id;
        unit.store.take_alarm(&unit.by, &unit.dcp, &id).await.unwrap();
        let again = unit.store.take_alarm(&unit.by, &unit.administrator, &id).await;
        assert!(matches!(again, Err(StoreError::NotFound(_))), "{again:?}");
        unit.clock.advance(hours(5));
        listen::run_once(&unit.ctx).await.unwrap();
        look_after(&unit).await;
        assert_eq!(unit.store.gate().await.unwrap().stopped, None);
        let all = unit.store.alarms(false, 10).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].taken_by, Some(unit.dcp.id.clone()));
    })
    .await;
}

#[tokio::test]
async fn an_alarm_rings_once_and_again_only_when_it_was_taken_and_its_cause_is_back() {
    on_both(async |unit| {
        trip(&unit).await;
        assert_eq!(alarms::raise_conditions(&unit.ctx).await.unwrap(), 1);
        assert_eq!(alarms::raise_conditions(&unit.ctx).await.unwrap(), 0);
        let id = standing(&unit).await.remove(0).id;
        unit.store.take_alarm(&unit.by, &unit.dcp, &id).await.unwrap();
        assert_eq!(alarms::raise_conditions(&unit.ctx).await.unwrap(), 0, "it still stands");
        unit.store.resume(&unit.by, &unit.approver()).await.unwrap();
        assert_eq!(alarms::raise_conditions(&unit.ctx).await.unwrap(), 0);
        assert!(standing(&unit).await.is_empty());
        unit.clock.advance(hours(1));
        trip(&unit).await;
        listen::run_once(&unit.ctx).await.unwrap();
        assert_eq!(alarms::raise_conditions(&unit.ctx).await.unwrap(), 1);
        let [again] = &standing(&unit).await[..] else { panic!("one alarm") };
        assert_eq!((again.raised_at, again.rung_at), (unit.clock.now(), None));
        assert_eq!(again.id, id, "one thing, one alarm");
    })
    .await;
}

/// A webhook that answers with a status and keeps what it got.
async fn webhook() -> (String, Arc<Mutex<(u16, Vec<serde_json::Value>)>>) {
    type Got = Arc<Mutex<(u16, Vec<serde_json::Value>)>>;
    let got: Got = Arc::new(Mutex::new((503, Vec::new())));
    let app = axum::Router::new().route(
        "/ring",
        axum::routing::post(
            async |axum::extract::State(got): axum::extract::State<Got>,
                   axum::Json(body): axum::Json<serde_json::Value>| {
                let mut got = got.lock().unwrap();
                got.1.push(body);
                axum::http::StatusCode::from_u16(got.0).unwrap()
            },
        ),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/ring?secret=hush", listener.local_addr().unwrap());
    let app = app.with_state(Arc::clone(&got));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, got)
}

#[tokio::test]
async fn alarms_go_to_a_named_duty_officer_by_two_ways_outside_the_console() {
    on_both(async |mut unit| {
        let (url, got) = webhook().await;
        let file = unit.folder.path().join("rung");
        let script = format!("printf '%s\\n' \"$1\" >> '{}'", file.display());
        unit.configure(|config| {
            config.alarms.command = ["/bin/sh", "-c", &script, "ring"].map(str::to_owned).to_vec();
            config.alarms.webhook = Some(url);
        });
        trip(&unit).await;
        let progress = look_after(&unit).await;
        let note = progress.notes.join(" ");
        assert!(note.contains("503") && !note.contains("hush"), "{note}");
        got.lock().unwrap().0 = 200;
        for _ in 0..3 {
            look_after(&unit).await;
        }
        let by_command = std::fs::read_to_string(&file).unwrap();
        assert_eq!(by_command.lines().count(), 1, "a way that worked is not tried again");
        for part in ["Inspector on duty", "breaker", &standing(&unit).await[0].id] {
            assert!(by_command.contains(part), "{part} is missing: {by_command}");
        }
        let by_webhook = got.lock().unwrap().1.clone();
        assert_eq!(by_webhook.len(), 2, "refused, then taken");
        assert_eq!(by_webhook[1]["what"], "breaker-tripped");
        assert_eq!(by_webhook[1]["text"].as_str(), by_command.lines().next());
        assert!(standing(&unit).await[0].rung_at.is_some());
    })
    .await;
}

#[tokio::test]
async fn a_way_that_fails_is_tried_again_and_the_stop_switch_waits_for_none() {
    on_both(async |mut unit| {
        unit.configure(|config| config.alarms.command = vec!["/bin/false".to_owned()]);
        trip(&unit).await;
        for _ in 0..2 {
            let progress = look_after(&unit).await;
            assert!(progress.notes.iter().any(|note| note.contains("did not go out")));
        }
        assert_eq!(standing(&unit).await[0].rung_at, None);
        unit.clock.advance(minutes(15));
        look_after(&unit).await;
        assert!(unit.store.gate().await.unwrap().stopped.is_some());
    })
    .await;
}

#[tokio::test]
async fn what_asks_a_person_or_waits_too_long_rings() {
    on_both(async |unit| {
        // A delivery that looking could not settle.
        let row = unit.uncertain().await;
        let rules = LookRules { grace: minutes(1), idempotent_for: None };
        for _ in 0..2 {
            assert!(what_rings(&unit).await.is_empty());
            unit.clock.advance(minutes(2));
            let id = &row.delivery.id;
            let row = unit.store.delivery(id.as_str()).await.unwrap();
            unit.store.looked(&unit.by, &row, &Look::NotThere, rules).await.unwrap();
        }
        look_after(&unit).await;
        assert_eq!(what_rings(&unit).await, [What::Uncertain]);
        let dcp = Actor::person(unit.dcp.id.clone(), "story");
        unit.store.decided_not_posted(&dcp, &row.delivery.id).await.unwrap();
        look_after(&unit).await;
        assert!(standing(&unit).await[0].over_at.is_some());

        // A dispute that no approver decides.
        let officer = Person {
            id: PersonId::new("officer"),
            name: "an officer".to_owned(),
            role: Role::Officer,
            order_number: None,
            from: unit.clock.now(),
            until: None,
            confirmed: true,
        };
        let (by, granter) = (&unit.by, Some(&unit.administrator));
        unit.store.add_person(by, granter, &officer, "").await.unwrap();
        let proof = officer.as_officer(unit.clock.now()).unwrap();
        let reference = row.delivery.reference.as_str();
        unit.store.dispute(by, reference, &proof, "acted", "It was done.").await.unwrap();
        unit.clock.advance(hours(23));
        look_after(&unit).await;
        assert!(!what_rings(&unit).await.contains(&What::Dispute));
        unit.clock.advance(hours(1));
        look_after(&unit).await;
        assert!(what_rings(&unit).await.contains(&What::Dispute));
    })
    .await;
}

#[tokio::test]
async fn a_case_source_that_is_down_for_long_rings_until_it_answers() {
    on_both(async |unit| {
        let fails = async |times: u32| {
            for _ in 0..times {
                let now = unit.clock.now();
                unit.store.poll_failed("cases", now, "no connection").await.unwrap();
                unit.clock.advance(minutes(10));
            }
            look_after(&unit).await;
        };
        unit.store.polled("cases", unit.clock.now(), None).await.unwrap();
        fails(3).await;
        assert!(what_rings(&unit).await.is_empty());
        fails(4).await;
        let [alarm] = &standing(&unit).await[..] else { panic!("one alarm") };
        assert_eq!((alarm.what, alarm.over_at), (What::SourceDown, None));
        unit.store.polled("cases", unit.clock.now(), None).await.unwrap();
        look_after(&unit).await;
        assert!(standing(&unit).await[0].over_at.is_some(), "it stays to be taken");
    })
    .await;
}

#[tokio::test]
async fn entries_that_stay_unsealed_ring() {
    on_both(async |mut unit| {
        unit.configure(|config| config.record.unsealed_alarm = minutes(1));
        look_after(&unit).await;
        assert!(what_rings(&unit).await.is_empty());
        unit.clock.advance(minutes(2));
        look_after(&unit).await;
        assert_eq!(what_rings(&unit).await, [What::Unsealed]);
    })
    .await;
}

#[tokio::test]
async fn a_post_that_the_ledger_does_not_know_rings_and_one_word_adopts_an_officers_own() {
    on_both(async |unit| {
        let before = unit.square.posts_as_us("Happy Diwali to all citizens");
        read(&unit).await;
        assert!(what_rings(&unit).await.is_empty(), "it was there before us");
        unit.posted().await;
        read(&unit).await;
        assert!(what_rings(&unit).await.is_empty(), "our own posts are known");

        let forged = unit.square.posts_as_us("Send your OTP to the police");
        let own = unit.square.posts_as_us("Cyber awareness week begins");
        for _ in 0..3 {
            read(&unit).await;
        }
        let alarms = standing(&unit).await;
        assert_eq!(alarms.len(), 2, "each rings once: {alarms:#?}");
        assert!(alarms.iter().all(|one| one.what == What::UnknownPost));
        assert!(alarms.iter().all(|one| !one.detail.contains("OTP")), "no foreign words");

        let account = AccountName::new("unit");
        let adopt = async |post: &str| {
            unit.store.adopt_own_post(&unit.by, &unit.desk(), &account, post).await
        };
        adopt(&own.id).await.unwrap();
        assert!(adopt("p999").await.is_err() && adopt(&own.id).await.is_err());
        adopt(&before.id).await.unwrap();
        read(&unit).await;
        let [left] = &standing(&unit).await[..] else { panic!("one alarm is left") };
        assert!(left.detail.contains(&forged.permalink));
    })
    .await;
}

#[tokio::test]
async fn a_post_of_ours_that_is_deleted_or_altered_rings() {
    on_both(async |unit| {
        let (_, deleted) = unit.posted().await;
        let (changed_row, changed) = unit.posted().await;
        let (_, good) = unit.posted().await;
        read(&unit).await;
        assert!(what_rings(&unit).await.is_empty());
        unit.square.deletes_as_us(&deleted.id);
        let twelve = changed.text.replace("12,00,000", "120,00,000");
        assert_ne!(twelve, changed.text);
        unit.square.edits_as_us(&changed.id, &twelve);
        for _ in 0..3 {
            read(&unit).await;
        }
        assert_eq!(what_rings(&unit).await, [What::PostChanged, What::PostDeleted]);
        for alarm in standing(&unit).await {
            let about = if alarm.what == What::PostDeleted { &deleted } else { &changed };
            assert!(alarm.detail.contains(&about.permalink), "{alarm:?}");
            assert!(!alarm.detail.contains(&good.permalink));
        }
        assert_eq!(state(&unit, &changed_row).await, StateName::Delivered);
    })
    .await;
}

#[tokio::test]
async fn a_retraction_of_ours_is_no_deletion_that_rings_even_while_its_end_is_unknown() {
    on_both(async |unit| {
        let (first_row, first) = unit.posted().await;
        let (second_row, second) = unit.posted().await;
        unit.cleared_retraction(&first).await;
        unit.square.deletes_as_us(&first.id);
        unit.ends(|_| Outcome::Accepted(receipt(&first))).await;
        assert_eq!(state(&unit, &first_row).await, StateName::Retracted);
        unit.cleared_retraction(&second).await;
        unit.square.deletes_as_us(&second.id);
        unit.ends(|_| Outcome::Unknown { reason: "the connection broke".to_owned() }).await;
        assert_eq!(state(&unit, &second_row).await, StateName::Delivered);
        for _ in 0..2 {
            read(&unit).await;
        }
        assert!(what_rings(&unit).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn two_languages_share_a_reference_and_the_text_decides_whose_receipt_a_post_is() {
    on_both(async |unit| {
        read(&unit).await;
        let rows = unit.cleared_in_two_languages().await;
        unit.ends(|_| Outcome::Unknown { reason: "the connection broke".to_owned() }).await;
        unit.square.posts_as_us(&rows[1].delivery.content.text);
        read(&unit).await;
        assert_eq!(state(&unit, &rows[0]).await, StateName::Uncertain);
        assert_eq!(state(&unit, &rows[1]).await, StateName::Delivered);
        unit.square.posts_as_us(&rows[0].delivery.content.text);
        read(&unit).await;
        assert_eq!(state(&unit, &rows[0]).await, StateName::Delivered);
        assert!(what_rings(&unit).await.is_empty());
        assert_eq!(unit.store.gate().await.unwrap().closed(), None);
    })
    .await;
}

#[tokio::test]
async fn a_deletion_of_an_old_post_is_noticed_within_hours() {
    on_both(async |unit| {
        let (_, old) = unit.posted().await;
        read(&unit).await;
        unit.clock.advance(hours(24 * 5));
        read(&unit).await;
        unit.square.deletes_as_us(&old.id);
        for _ in 0..6 * 7 {
            read(&unit).await;
        }
        assert_eq!(what_rings(&unit).await, [What::PostDeleted]);
    })
    .await;
}

#[tokio::test]
async fn a_changed_profile_rings_and_rings_again_when_it_changes_back_and_anew() {
    on_both(async |unit| {
        let (us, other) = (
            author("square.example/unit", "unit@square.example"),
            author("square.example/unit", "unit_refunds@square.example"),
        );
        read(&unit).await;
        unit.square.becomes(other.clone());
        read(&unit).await;
        read(&unit).await;
        let [alarm] = &standing(&unit).await[..] else { panic!("one alarm") };
        assert_eq!(alarm.what, What::ProfileChanged);
        unit.store.take_alarm(&unit.by, &unit.dcp, &alarm.id).await.unwrap();
        read(&unit).await;
        unit.square.becomes(us);
        read(&unit).await;
        assert!(what_rings(&unit).await.is_empty());
        unit.square.becomes(author("square.example/thief", "unit@square.example"));
        read(&unit).await;
        let [alarm] = &standing(&unit).await[..] else { panic!("it rings again") };
        assert!(alarm.detail.contains("another account"), "{alarm:?}");
    })
    .await;
}

#[tokio::test]
async fn a_post_with_the_reference_of_an_uncertain_delivery_is_its_late_receipt() {
    on_both(async |unit| {
        read(&unit).await;
        let row = unit.uncertain().await;
        assert_eq!(state(&unit, &row).await, StateName::Uncertain);
        let post = unit.square.posts_as_us(&row.delivery.content.text);
        read(&unit).await;
        assert_eq!(state(&unit, &row).await, StateName::Delivered);
        assert!(what_rings(&unit).await.is_empty());

        // It stands twice: the second one trips the breaker.
        let second = unit.square.posts_as_us(&row.delivery.content.text);
        for _ in 0..2 {
            read(&unit).await;
        }
        assert!(unit.store.gate().await.unwrap().tripped.is_some());
        let [alarm] = &standing(&unit).await[..] else { panic!("one alarm") };
        assert!(alarm.detail.contains(&second.permalink) && second.id != post.id);
    })
    .await;
}

#[tokio::test]
async fn a_late_receipt_whose_text_differs_from_what_was_approved_rings() {
    on_both(async |unit| {
        read(&unit).await;
        let row = unit.uncertain().await;
        let text = row.delivery.content.text.replace("4 liens", "9 liens");
        unit.square.posts_as_us(&text);
        read(&unit).await;
        assert_eq!(state(&unit, &row).await, StateName::Delivered);
        assert_eq!(what_rings(&unit).await, [What::PostChanged]);

        // A post that only quotes a reference is none of ours.
        unit.store.sweep_escalations(&unit.by).await.unwrap();
        let row = unit.uncertain().await;
        unit.square.posts_as_us(&format!("We hear you about {}", row.delivery.reference));
        read(&unit).await;
        assert_eq!(state(&unit, &row).await, StateName::Uncertain);
        assert_eq!(what_rings(&unit).await, [What::UnknownPost, What::PostChanged]);
    })
    .await;
}

#[tokio::test]
async fn a_timeline_that_cannot_be_read_is_said_and_read_from_where_it_was() {
    on_both(async |mut unit| {
        let other = unit.second_account("second").await;
        read(&unit).await;
        unit.square.fails(Reading::OwnPosts, broken());
        unit.square.posts_as_us("in our name");
        other.posts_as_us("in our name too");
        let progress = read(&unit).await;
        assert_eq!(progress.notes.len(), 1, "{progress:?}");
        assert_eq!(standing(&unit).await.len(), 1, "the other account was read");
        unit.clock.advance(hours(5));
        unit.square.recovers();
        read(&unit).await;
        assert_eq!(standing(&unit).await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn after_a_restore_our_posts_that_the_ledger_does_not_know_are_adopted_first() {
    on_both(async |unit| {
        unit.hand_off_account("x-by-hand").await;
        let backup = unit.clock.now();
        let sent = unit.uncertain().await;
        unit.square.posts_as_us(&sent.delivery.content.text);
        unit.square.posts_as_us("Who wrote this?");
        let marked = unit.store.mark_restored(&unit.by, "fail-over").await.unwrap();
        assert_eq!(marked, 1);
        unit.clock.advance(hours(3));
        let report = restore::accept(&unit.ctx, &unit.by, &unit.approver(), backup).await.unwrap();
        let [(account, found)] = &report.accounts[..] else { panic!("{report:?}") };
        assert_eq!(account.as_str(), "unit");
        assert_eq!((found.adopted.len(), found.unknown), (1, 1));
        assert_eq!(report.by_hand, [AccountName::new("x-by-hand")]);
        assert_eq!(state(&unit, &sent).await, StateName::Delivered);
        assert_eq!(unit.store.gate().await.unwrap().restored, None);
        assert_eq!(what_rings(&unit).await, [What::UnknownPost]);
        let again = restore::accept(&unit.ctx, &unit.by, &unit.approver(), backup).await;
        assert!(again.is_err(), "there is nothing to accept");
    })
    .await;
}

#[tokio::test]
async fn what_a_restore_makes_doubtful_rings_once_for_an_account() {
    on_both(async |unit| {
        let rows = unit.cleared_in_two_languages().await;
        unit.store.mark_restored(&unit.by, "fail-over").await.unwrap();
        let rules = LookRules { grace: minutes(1), idempotent_for: None };
        for row in &rows {
            let row = unit.store.delivery(row.delivery.id.as_str()).await.unwrap();
            unit.store.looked(&unit.by, &row, &Look::NoWay, rules).await.unwrap();
        }
        look_after(&unit).await;
        assert_eq!(what_rings(&unit).await, [What::Restored, What::Uncertain]);
        let rings = standing(&unit).await;
        let doubt = rings.iter().find(|one| one.what == What::Uncertain).unwrap();
        assert!(doubt.detail.contains("2 texts") && doubt.detail.contains("unit"), "{doubt:?}");
    })
    .await;
}

#[tokio::test]
async fn nothing_sends_before_a_restore_is_accepted_and_an_unreadable_account_prevents_that() {
    on_both(async |mut unit| {
        let other = unit.second_account("second").await;
        let backup = unit.clock.now();
        let sent = unit.uncertain().await;
        unit.square.posts_as_us(&sent.delivery.content.text);
        unit.store.mark_restored(&unit.by, "fail-over").await.unwrap();
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        assert_eq!(what_rings(&unit).await, [What::Restored]);
        assert!(unit.claim().await.deliveries.is_empty());
        other.fails(Reading::OwnPosts, broken());
        let accept = async || restore::accept(&unit.ctx, &unit.by, &unit.approver(), backup).await;
        let error = format!("{:#}", accept().await.unwrap_err());
        assert!(error.contains("account second"), "{error}");
        assert!(unit.store.gate().await.unwrap().restored.is_some());
        assert_eq!(state(&unit, &sent).await, StateName::Uncertain, "nothing was changed");
        other.recovers();
        accept().await.unwrap();
        assert_eq!(state(&unit, &sent).await, StateName::Delivered);
    })
    .await;
}
