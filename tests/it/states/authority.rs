//! Authority is bound to bytes, and ends with the person.

use jiff::SignedDuration;
use takaza::{
    domain::{
        canonical::Hash,
        clearance::Authority,
        delivery::{Content, Illegal, Lease, StateName},
        escalation::{EscalationState, Refused},
        ids::{AccountName, PersonId},
        order::NotInForce,
        person::{NotAllowed, Person, Role},
        platform::Visibility,
    },
    store::StoreError,
    work,
};

use super::{deliver, desk, person, sign, signed_order, sweep};
use crate::support::{
    claimed::Wanted,
    fake_cases::liens,
    ledger_sql,
    world::{World, start},
};

fn reworded(contents: &[Content]) -> Vec<Content> {
    let please = |content: &Content| {
        let text = content.text.replace("Please act", "Kindly act");
        assert_ne!(text, content.text, "the wording asks the bank to act");
        Content { text, ..content.clone() }
    };
    contents.iter().map(please).collect()
}

#[tokio::test]
async fn facts_text_language_visibility_and_account_are_frozen_and_hashed_at_drafting() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await.escalation;
    let frozen = held.hash();
    let changes: [fn(&mut Content); 6] = [
        |content| content.text.push('!'),
        |content| content.language = takaza::domain::platform::Language::Hi,
        |content| content.visibility = Visibility::Unlisted,
        |content| content.account = AccountName::new("another"),
        |content| content.spoiler = Some("x".to_owned()),
        |content| content.retracts = Some("1".to_owned()),
    ];
    for change in changes {
        let mut other = held.clone();
        change(&mut other.contents[0]);
        assert_ne!(other.hash(), frozen);
    }
    let mut other = held.clone();
    other.facts.cases += 1;
    assert_ne!(other.hash(), frozen, "the fact pack is under the same hash");
}

#[tokio::test]
async fn nothing_renders_after_drafting() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.pass(SignedDuration::from_mins(30));
    deliver(&world).await;
    let posts = world.town.posts();
    let drafted = &row.escalation.contents[0];
    assert_eq!(posts[0].text, drafted.text);
    assert_eq!(posts[0].visibility, drafted.visibility.as_str());
    assert_eq!(posts[0].language.as_deref(), Some(drafted.language.as_str()));
    assert_eq!(posts[0].spoiler, drafted.spoiler);
}

#[tokio::test]
async fn approval_names_the_hash_that_the_approver_saw() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let seen = world.held().await;
    let id = seen.escalation.id.as_str();
    let asha = PersonId::new("asha");
    let contents = reworded(&seen.escalation.contents);
    world
        .ctx
        .store
        .edit(&world.by("asha"), id, &asha, &seen.escalation.hash(), contents)
        .await
        .unwrap();

    let dcp = world.person("dcp").await;
    let hour = SignedDuration::from_hours(1);
    let approve = |hash: Hash| {
        let (store, by, dcp) = (world.ctx.store.clone(), world.by("dcp"), dcp.clone());
        let id = id.to_owned();
        async move { store.approve(&by, &id, &dcp, &hash, hour).await }
    };
    let refused = approve(seen.escalation.hash()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Escalation(Refused::Changed { .. })), "{refused}");
    deliver(&world).await;
    assert!(world.town.posts().is_empty());

    let now = world.again(&seen).await;
    approve(now.escalation.hash()).await.unwrap();
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn an_edit_is_a_new_held_version() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let contents = reworded(&row.escalation.contents);
    let asha = PersonId::new("asha");
    let id = row.escalation.id.as_str();
    let seen = row.escalation.hash();
    let edited = world.ctx.store.edit(&world.by("asha"), id, &asha, &seen, contents).await.unwrap();
    assert_eq!(edited.escalation.state(), EscalationState::Held);
    assert_eq!(edited.escalation.version, row.escalation.version + 1);
    assert_eq!(edited.clearance, None, "the approval of the old wording is void");
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    world.approve(&edited).await;
    deliver(&world).await;
    assert!(world.town.posts()[0].text.contains("Kindly act"), "the approved wording went out");
}

#[tokio::test]
async fn an_edit_changes_words_and_nothing_else() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let changes: [fn(&mut Content); 4] = [
        |content| content.account = AccountName::new("another"),
        |content| content.visibility = Visibility::Unlisted,
        |content| content.max_length = 5_000,
        |content| content.retracts = Some("1".to_owned()),
    ];
    for change in changes {
        let mut contents = row.escalation.contents.clone();
        change(&mut contents[0]);
        let (by, asha) = (world.by("asha"), PersonId::new("asha"));
        let id = row.escalation.id.as_str();
        let seen = row.escalation.hash();
        let refused = world.ctx.store.edit(&by, id, &asha, &seen, contents).await.unwrap_err();
        assert!(matches!(refused, StoreError::Escalation(Refused::MoreThanWords)), "{refused}");
    }
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Cleared);
}

#[tokio::test]
async fn who_reads_only_edits_nothing_and_nobody_approves_their_own_wording() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let (contents, seen) = (|| reworded(&row.escalation.contents), row.escalation.hash());
    let id = row.escalation.id.as_str();
    for reader in ["auditor", "root"] {
        let (by, who) = (world.by(reader), PersonId::new(reader));
        let refused = world.ctx.store.edit(&by, id, &who, &seen, contents()).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotAllowed(NotAllowed::Role { .. })), "{refused}");
    }
    let dcp = PersonId::new("dcp");
    let edited = world.ctx.store.edit(&world.by("dcp"), id, &dcp, &seen, contents()).await.unwrap();
    let approver = world.person("dcp").await;
    let (hash, valid) = (edited.escalation.hash(), SignedDuration::from_hours(1));
    let own = world.ctx.store.approve(&world.by("dcp"), id, &approver, &hash, valid).await;
    let own = own.unwrap_err();
    assert!(
        matches!(own, StoreError::Escalation(Refused::NotAllowed(NotAllowed::Own { .. }))),
        "{own}"
    );
}

#[tokio::test]
async fn a_changed_fact_is_a_new_held_version() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.pass(SignedDuration::from_mins(5));
    world.cases.change("ZPPL-2", world.now(), |row| {
        row.disputed = Some(takaza::domain::money::Paise::from_rupees(150_000));
    });
    world.watch_and_escalate().await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Withdrawn);
    let successor = world.held().await;
    assert_ne!(successor.escalation.facts.hash(), row.escalation.facts.hash());
    deliver(&world).await;
    assert!(world.town.posts().is_empty(), "the approval was of the old facts");
}

#[tokio::test]
async fn a_standing_order_binds_the_hashes_of_the_templates_it_allows() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let other = vec![Hash::of(b"another template")];
    signed_order(&world, &held, "other", |terms| terms.templates = other).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.again(&held).await.escalation.state(), EscalationState::Held);

    signed_order(&world, &held, "right", |_| {}).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    let cleared = world.again(&held).await;
    assert!(matches!(cleared.clearance.unwrap().authority, Authority::Order { .. }));
    deliver(&world).await;
    assert_eq!(world.town.posts().len(), 1);
}

#[tokio::test]
async fn an_order_never_covers_a_wording_edited_by_hand_whatever_template_it_claims() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let order = signed_order(&world, &held, "right", |_| {}).await;
    let contents = reworded(&held.escalation.contents);
    assert!(contents[0].template.is_some(), "the editor claims the template's hash");
    let asha = PersonId::new("asha");
    let id = held.escalation.id.as_str();
    let seen = held.escalation.hash();
    let edited = world.ctx.store.edit(&world.by("asha"), id, &asha, &seen, contents).await.unwrap();
    let content = &edited.escalation.contents[0];
    assert_eq!(content.template, None);
    assert_eq!(content.drafted.as_ref(), Some(&held.escalation.contents[0].text));
    assert!(order.terms.covers(&edited.escalation, world.now()).is_err());
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.again(&held).await.escalation.state(), EscalationState::Held);
}

#[tokio::test]
async fn claim_mints_the_clearance_anew_only_where_the_hashes_are_equal() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let forged = "UPDATE delivery SET content = replace(content, 'Please act', 'Shame on you')";
    ledger_sql::run(&world.ledger_url, forged).await;
    deliver(&world).await;
    assert!(world.town.posts().is_empty(), "other bytes than the approved ones never leave");
    let row = world.again(&row).await;
    assert_eq!(row.escalation.state(), EscalationState::Held);
    assert_eq!(row.clearance, None);
}

#[tokio::test]
async fn a_clearance_has_a_valid_until_and_then_needs_another_click() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.pass(world.ctx.config.ladder.clearance_valid_for);
    work::watch::run_once(&world.ctx).await.unwrap();
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    sweep(&world).await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Held);
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
}

#[tokio::test]
async fn a_clearance_that_runs_out_between_claim_and_send_sends_nothing() {
    let world = World::configured(|config| {
        config.ladder.clearance_valid_for = SignedDuration::from_secs(5);
    })
    .await;
    let row = world.cleared("ZPPL").await;
    let clock = world.ctx.clock.clone();
    world.cases.before_the_next_recheck(move |_| clock.advance(SignedDuration::from_secs(6)));
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
}

#[test]
fn a_claim_needs_a_clearance_over_exactly_these_bytes() {
    let (wanted, other) = (Wanted::tag(1, start()), Wanted::tag(2, start()));
    let until = start().plus(SignedDuration::from_mins(2));
    let lease = Lease { token: "t".to_owned(), holder: "w".to_owned(), until };
    let refused = wanted.delivery().claim(other.clearance(), lease.clone(), start()).unwrap_err();
    assert!(matches!(refused, Illegal { from: StateName::Waiting, .. }));
    let mut longer = wanted.delivery();
    longer.content.text.push('!');
    assert!(longer.claim(wanted.clearance(), lease.clone(), start()).is_err());
    assert!(wanted.delivery().claim(wanted.clearance(), lease, start()).is_ok());
}

#[tokio::test]
async fn when_a_signer_is_no_longer_an_approver_their_orders_are_void_and_what_was_not_sent_is_held_again()
 {
    let world = World::new().await;
    let by_click = world.cleared("ZPPL").await;
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.pass(SignedDuration::from_mins(11));
    world.watch_and_escalate().await;
    let by_order = world.held().await;
    signed_order(&world, &by_order, "standing", |_| {}).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.again(&by_order).await.escalation.state(), EscalationState::Cleared);

    let root = person(&world, "root").await.as_administrator(world.now()).unwrap();
    let dcp = PersonId::new("dcp");
    let held =
        world.ctx.store.end_person(&world.by("root"), &root, &dcp, world.now()).await.unwrap();
    assert_eq!(held, 2);
    for row in [&by_click, &by_order] {
        assert_eq!(world.again(row).await.escalation.state(), EscalationState::Held);
    }
    assert!(world.ctx.store.orders_in_force().await.unwrap().is_empty());
    world.run_once().await;
    assert!(world.town.posts().is_empty());
}

#[tokio::test]
async fn a_role_that_ends_at_a_later_time_ends_its_clearances_then() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let root = person(&world, "root").await.as_administrator(world.now()).unwrap();
    let until = world.now().plus(SignedDuration::from_mins(30));
    let dcp = PersonId::new("dcp");
    let held = world.ctx.store.end_person(&world.by("root"), &root, &dcp, until).await.unwrap();
    assert_eq!(held, 0, "until then the role is in force");
    world.pass(SignedDuration::from_mins(30));
    sweep(&world).await;
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Held);
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
}

#[tokio::test]
async fn what_a_caller_remembers_of_a_person_is_no_authority() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let remembered = world.person("dcp").await;
    let root = person(&world, "root").await.as_administrator(world.now()).unwrap();
    let dcp = PersonId::new("dcp");
    world.ctx.store.end_person(&world.by("root"), &root, &dcp, world.now()).await.unwrap();
    let (id, hash) = (held.escalation.id.as_str(), held.escalation.hash());
    let valid = SignedDuration::from_hours(1);
    let late = world.ctx.store.approve(&world.by("dcp"), id, &remembered, &hash, valid).await;
    assert!(matches!(late.unwrap_err(), StoreError::NotAllowed(NotAllowed::NotInForce { .. })));
    let forged = Person { role: Role::Approver, ..world.person("asha").await };
    let refused = world.ctx.store.approve(&world.by("asha"), id, &forged, &hash, valid).await;
    assert!(matches!(refused.unwrap_err(), StoreError::NotAllowed(NotAllowed::Role { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_revoked_between_claim_and_send_sends_nothing() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let order = signed_order(&world, &held, "standing", |_| {}).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    let (store, by, dcp) = (world.ctx.store.clone(), world.by("dcp"), world.person("dcp").await);
    world.cases.before_the_next_recheck(move |_| {
        tokio::task::block_in_place(|| {
            let revoke = store.revoke_order(&by, order.id.as_str(), &dcp);
            tokio::runtime::Handle::current().block_on(revoke).unwrap();
        });
    });
    deliver(&world).await;
    assert!(world.town.posts().is_empty());
    assert_eq!(world.states(&held).await, [StateName::Waiting]);
    let row = world.again(&held).await;
    assert_eq!(row.escalation.state(), EscalationState::Held);
    assert_eq!(row.deliveries[0].sent_at, None, "nothing was sent, so nothing is counted");
}

#[tokio::test]
async fn nobody_grants_a_role_to_themselves() {
    let world = World::new().await;
    let by = |id: &str| world.by(id);
    let new = |id: &str, role| Person { id: PersonId::new(id), role, ..plain(&world) };
    let store = &world.ctx.store;
    let root = world.person("root").await;
    let own = store.add_person(&by("root"), Some(&root), &new("root", Role::Approver), "x").await;
    assert!(own.is_err(), "an administrator does not become an approver");
    let asha = world.person("asha").await;
    let up = store.add_person(&by("asha"), Some(&asha), &new("twin", Role::Approver), "x").await;
    assert!(matches!(up.unwrap_err(), StoreError::NotAllowed(NotAllowed::Role { .. })));
    let first = store.add_person(&by("twin"), None, &new("twin", Role::Administrator), "x").await;
    assert!(matches!(first.unwrap_err(), StoreError::Refused(_)), "only the very first");
    let administrator = root.as_administrator(world.now()).unwrap();
    let until = world.now().plus(SignedDuration::from_hours(9_000));
    let own = store.end_person(&by("root"), &administrator, &root.id, until).await;
    assert!(matches!(own.unwrap_err(), StoreError::NotAllowed(NotAllowed::Own { .. })));
}

fn plain(world: &World) -> Person {
    Person {
        id: PersonId::new("new"),
        name: "new".to_owned(),
        role: Role::Officer,
        order_number: None,
        from: world.now(),
        until: None,
        confirmed: true,
    }
}

#[tokio::test]
async fn making_an_approver_takes_two_people() {
    let world = World::new().await;
    let store = &world.ctx.store;
    let root = world.person("root").await;
    let acting = PersonId::new("acting");
    let person = Person { id: acting.clone(), role: Role::Approver, ..plain(&world) };
    store.add_person(&world.by("root"), Some(&root), &person, "x").await.unwrap();
    let now = world.now();
    assert!(world.person("acting").await.as_approver(now).is_err(), "whatever the row claims");
    for alone in ["root", "acting", "asha"] {
        let second = world.person(alone).await;
        let refused = store.confirm_person(&world.by(alone), &second, &acting).await;
        assert!(matches!(refused.unwrap_err(), StoreError::NotAllowed(_)), "{alone}");
    }
    let auditor = world.person("auditor").await;
    store.confirm_person(&world.by("auditor"), &auditor, &acting).await.unwrap();
    assert!(world.person("acting").await.as_approver(now).is_ok());
}

#[tokio::test]
async fn making_an_approvers_time_longer_takes_two_people_again() {
    let world = World::new().await;
    let store = &world.ctx.store;
    let dcp = PersonId::new("dcp");
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    store.end_person(&world.by("root"), &root, &dcp, world.now()).await.unwrap();
    let later = world.now().plus(SignedDuration::from_hours(100));
    store.end_person(&world.by("root"), &root, &dcp, later).await.unwrap();
    assert!(world.person("dcp").await.as_approver(world.now()).is_err(), "one person is too few");
    let auditor = world.person("auditor").await;
    store.confirm_person(&world.by("auditor"), &auditor, &dcp).await.unwrap();
    assert!(world.person("dcp").await.as_approver(world.now()).is_ok());
}

#[tokio::test]
async fn nobody_signs_an_order_that_they_drafted_or_that_was_not_rehearsed() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await;
    let store = &world.ctx.store;
    let terms = super::terms(&world, &held);
    let dcp = desk(&world, "dcp").await;
    store.draft_order(&world.by("dcp"), &dcp, "own", &terms).await.unwrap();
    let unrehearsed = sign(&world, "own").await.unwrap_err();
    assert!(matches!(unrehearsed, StoreError::Order(NotInForce::TooFewDays { days: 0 })));
    store.rehearsed(&world.by("dcp"), "own", 30).await.unwrap();
    let own = sign(&world, "own").await.unwrap_err();
    assert!(matches!(own, StoreError::Order(NotInForce::NotAllowed(NotAllowed::Own { .. }))));
}
