//! The rehearsal of a standing order: what it would have posted, and what one would have regretted.

use std::sync::Arc;

use jiff::SignedDuration;
use takaza::{
    domain::{
        action::Status,
        canonical::Hash,
        cost::Costs,
        escalation::{EscalationKind, EscalationState},
        history::start_of_days,
        ids::{AccountName, BankCode},
        money::Paise,
        order::Terms,
        platform::Platform,
        time::Timestamp,
        wording::Templates,
    },
    reports::rehearsal::{Charge, Rehearsal},
    store::StoreError,
    work::{self, rehearse::rehearse_every},
};

use crate::support::{
    fake_cases::{lien, liens},
    world::{Db, World},
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

fn hours(hours: i64) -> SignedDuration {
    SignedDuration::from_hours(hours)
}

/// Everything that the templates say about any bank, bounded by nothing but time.
fn generous(world: &World) -> Terms {
    Terms {
        banks: vec![BankCode::new("*")],
        kinds: vec![EscalationKind::Tag],
        accounts: vec![AccountName::new("unit")],
        minimum_amount: Paise::new(0),
        minimum_overdue_hours: 0,
        templates: templates(),
        per_bank_day: 10,
        per_day: 100,
        per_hour: 100,
        expires_at: world.now().plus(hours(24 * 90)),
    }
}

fn templates() -> Vec<Hash> {
    let templates = Templates::built_in().unwrap();
    templates.hashes().map(|(_, hash)| hash).collect()
}

/// The source is polled every hour for so long; `happens` may change it before each poll.
async fn watch(world: &World, time: SignedDuration, mut happens: impl FnMut(Timestamp)) {
    let end = world.now().plus(time);
    while world.now() < end {
        happens(world.now());
        work::watch::run_once(&world.ctx).await.unwrap();
        world.pass(HOUR);
    }
}

/// The clock stands at the first instant of a day in India.
async fn at_midnight() -> World {
    let world = World::new().await;
    let zone = world.ctx.limits.calendar().zone().clone();
    let today = start_of_days(world.now(), 0, &zone);
    world.pass(today.plus(hours(24)).since(world.now()));
    world
}

async fn rehearse(world: &World, terms: &Terms, days: u32) -> Rehearsal {
    rehearse_every(&world.ctx, terms, days, HOUR).await.unwrap()
}

#[tokio::test]
async fn a_bank_that_had_already_acted_is_a_regret() {
    let world = at_midnight().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.cases.put(liens("ZNMN", 5, world.now()));
    let start = world.now();
    watch(&world, hours(24 * 15), |now| {
        let age = now.since(start);
        if age == hours(2) {
            // The bank acted before the tag; the case database is told two hours after it.
            world.cases.change("ZPPL-1", now, |row| {
                row.status = Status::Acted;
                row.acted_at = Some(start.minus(HOUR));
            });
            world.cases.change("ZPPL-2", now, |row| {
                row.status = Status::Acted;
                row.acted_at = Some(start.plus(SignedDuration::from_mins(20)));
            });
        }
        if age == hours(30) {
            world.cases.acts("ZNMN-1", now);
        }
    })
    .await;

    let found = rehearse(&world, &generous(&world), 15).await;
    assert_eq!(found.tags.len(), 2, "{found}");
    let (tag, regret) = found.regrets().next().expect("one regret");
    assert_eq!(found.regrets().count(), 1, "who acts a day later gives nothing to regret: {found}");
    assert_eq!(tag.bank, BankCode::new("ZPPL"));
    assert_eq!((tag.at, tag.actions, tag.cases), (start, 5, 5));
    assert_eq!(tag.amount_at_least, Paise::from_rupees(510_000));
    assert_eq!((regret.already_acted, regret.acted_soon), (1, 1));
    let shown = found.to_string();
    assert!(shown.contains("₹5,10,000") && shown.contains("1 already acted on, 1 more"), "{shown}");
    assert!(shown.contains("15 of 15 days observed."), "{shown}");
    let line = found.in_a_line();
    assert!(
        line.starts_with("15 of 15 days observed. The order would have posted 2 tags"),
        "{line}"
    );
    assert!(line.ends_with("1 regret."), "{line}");
}

#[tokio::test]
async fn nothing_is_drafted_or_sent_by_a_rehearsal() {
    let world = at_midnight().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    watch(&world, hours(30), |_| {}).await;
    assert_eq!(rehearse(&world, &generous(&world), 1).await.tags.len(), 1);
    assert!(world.escalations(&[]).await.is_empty());
    assert!(world.town.posts().is_empty());
}

#[tokio::test]
async fn a_bank_that_acts_before_its_tag_goes_out_is_a_tag_avoided() {
    let world = at_midnight().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    let start = world.now();
    watch(&world, hours(48), |now| {
        if now.since(start) == hours(3) {
            world.cases.acts("ZPPL-1", now);
        }
    })
    .await;
    // Nothing is cleared, so the tag still waits when the bank acts; its successor waits too.
    let none = Terms { per_day: 0, ..generous(&world) };
    let found = rehearse(&world, &none, 2).await;
    assert_eq!((found.tags.len(), found.avoided), (0, 1), "{found}");
    assert!(found.left_to_people >= 2, "{found}");
}

#[tokio::test]
async fn the_terms_of_the_draft_are_what_is_rehearsed() {
    let world = at_midnight().await;
    for bank in ["ZPPL", "ZNMN", "ZBRG"] {
        world.cases.put(liens(bank, 5, world.now()));
    }
    watch(&world, hours(26), |_| {}).await;
    let banks = |found: Rehearsal| found.tags.into_iter().map(|tag| tag.bank).collect::<Vec<_>>();

    let all = generous(&world);
    assert_eq!(banks(rehearse(&world, &all, 1).await).len(), 3);
    let one = Terms { banks: vec![BankCode::new("ZNMN")], ..all.clone() };
    assert_eq!(banks(rehearse(&world, &one, 1).await), [BankCode::new("ZNMN")]);
    let rich = Terms { minimum_amount: Paise::from_rupees(1_000_000), ..all.clone() };
    assert!(banks(rehearse(&world, &rich, 1).await).is_empty());
    let other_words = Terms { templates: Vec::new(), ..all.clone() };
    assert!(banks(rehearse(&world, &other_words, 1).await).is_empty());
    let slow = Terms { per_hour: 1, ..all };
    let found = rehearse(&world, &slow, 1).await;
    let times: Vec<_> = found.tags.iter().map(|tag| tag.at).collect();
    assert!(times.windows(2).all(|two| two[1].since(two[0]) >= HOUR), "{found}");
}

/// Facts older than the limit clear nothing; an order is signed on what was really observed.
#[tokio::test]
async fn two_days_without_a_poll_are_not_observed_and_nothing_is_tagged_in_them() {
    let world = at_midnight().await;
    let start = world.now();
    watch(&world, hours(24 * 10), |_| {}).await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    work::watch::run_once(&world.ctx).await.unwrap();
    world.pass(SignedDuration::from_mins(30));
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.cases.goes_down("the police's database is down");
    watch(&world, hours(24 * 2) - SignedDuration::from_mins(30), |_| {}).await;
    world.cases.comes_back();
    let back = world.now();
    watch(&world, hours(24 * 3), |_| {}).await;

    let found = rehearse(&world, &generous(&world), 15).await;
    assert_eq!((found.days, found.days_observed), (15, 13), "{found}");
    let gap = start.plus(hours(24 * 10) + HOUR)..back;
    assert!(found.tags.len() >= 2 && found.tags[0].at < gap.start, "{found}");
    assert!(found.tags.iter().all(|tag| !gap.contains(&tag.at)), "{found}");
}

#[tokio::test]
async fn an_order_is_not_signed_on_fewer_than_fourteen_observed_days() {
    for db in [Db::Sqlite, Db::Postgres] {
        let Some(world) = World::with(db, |_| {}).await else { continue };
        let (store, terms) = (&world.ctx.store, generous(&world));
        let desk = world.person("asha").await.as_desk(world.now()).unwrap();
        store.draft_order(&world.by("asha"), &desk, "banks", &terms).await.unwrap();
        let dcp = world.person("dcp").await;
        let sign = async || store.sign_order(&world.by("dcp"), "banks", &dcp).await;

        // The day on which it begins is not whole, and today is not over.
        watch(&world, hours(24 * 14), |_| {}).await;
        let found = rehearse(&world, &terms, 20).await;
        assert_eq!(found.days_observed, 13, "{found}");
        store.rehearsed(&world.by("asha"), "banks", found.days_observed).await.unwrap();
        assert!(matches!(sign().await, Err(StoreError::Order(_))));

        watch(&world, hours(24), |_| {}).await;
        let found = rehearse(&world, &terms, 20).await;
        store.rehearsed(&world.by("asha"), "banks", found.days_observed).await.unwrap();
        sign().await.unwrap();
    }
}

/// What happens to banks in some days, the same at every telling.
fn some_days(world: &World, start: Timestamp) -> impl FnMut(Timestamp) {
    let cases = world.cases.clone();
    let banks = ["ZPPL", "ZNMN", "ZBRG", "ZGLM"];
    let mut dice = 7_u64;
    let mut next = move |below: u64| {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (dice >> 33) % below
    };
    let mut known: Vec<(String, bool)> = Vec::new();
    move |now| {
        let hour = now.since(start).as_hours();
        for _ in 0..next(3) {
            let bank = banks[next(banks.len() as u64) as usize];
            let id = format!("{bank}-{hour}-{}", known.len());
            let rupees = 20_000 + 1_000 * next(400) as i64;
            let mut row = lien(&id, known.len() as u32, bank, rupees, next(30) as i64, now);
            row.updated_at = Some(now);
            row.complete = next(10) > 0;
            row.contacts = u32::from(next(8) > 0);
            cases.put([row]);
            known.push((id, true));
        }
        for (id, pending) in &mut known {
            if *pending && next(60) == 0 {
                cases.acts(id, now);
                *pending = false;
            }
        }
    }
}

#[tokio::test]
async fn the_rehearsal_of_an_order_that_was_in_force_tells_what_it_really_posted() {
    let world = World::configured(|config| {
        config.pacing.per_account_hour = 2;
        let nights = "from = '21:00:00'\nuntil = '08:00:00'";
        config.calendar.quiet_hours = Some(toml::from_str(nights).unwrap());
    })
    .await;
    let zone = world.ctx.limits.calendar().zone().clone();
    world.pass(start_of_days(world.now(), 0, &zone).plus(hours(24)).since(world.now()));
    let terms = Terms { per_bank_day: 1, per_day: 3, per_hour: 1, ..generous(&world) };
    let desk = world.person("asha").await.as_desk(world.now()).unwrap();
    let store = &world.ctx.store;
    store.draft_order(&world.by("asha"), &desk, "banks", &terms).await.unwrap();
    store.rehearsed(&world.by("asha"), "banks", 14).await.unwrap();
    store.sign_order(&world.by("dcp"), "banks", &world.person("dcp").await).await.unwrap();

    let start = world.now();
    let days = 8;
    let mut happens = some_days(&world, start);
    for _ in 0..24 * days {
        happens(world.now());
        world.run_once().await;
        world.pass(HOUR);
    }
    let closed = world.escalations(&[EscalationState::Closed]).await;
    let mut really: Vec<_> = closed
        .iter()
        .filter(|row| row.escalation.kind == EscalationKind::Tag)
        .map(|row| {
            let facts = &row.escalation.facts;
            let sent_at = row.deliveries[0].sent_at.expect("it was sent");
            (sent_at, facts.bank.clone(), facts.actions(), facts.amount_at_least)
        })
        .collect();
    really.sort();
    assert!(really.len() >= 10, "the story is worth telling: {really:?}");

    let found = rehearse(&world, &terms, days).await;
    let mut rehearsed: Vec<_> = found
        .tags
        .iter()
        .map(|tag| (tag.at, tag.bank.clone(), tag.actions, tag.amount_at_least))
        .collect();
    rehearsed.sort();
    assert_eq!(rehearsed, really, "\n{found}");
}

#[tokio::test]
async fn it_says_what_the_posts_would_have_cost_where_the_platform_charges() {
    let mut world = at_midnight().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.cases.put(liens("ZNMN", 5, world.now()));
    watch(&world, hours(24), |_| {}).await;
    let free = rehearse(&world, &generous(&world), 2).await;
    assert!(free.charges.is_empty() && !free.to_string().contains("cost"), "{free}");

    let mut config = (*world.ctx.config).clone();
    let mut tariff = super::costs::tariff();
    tariff.prices.post = "0.015".parse().unwrap();
    config.costs = Costs([(Platform::Mastodon, tariff)].into());
    world.ctx.config = Arc::new(config);
    let found = rehearse(&world, &generous(&world), 2).await;
    assert_eq!((&found.tags, found.tags.len()), (&free.tags, 2));
    let charge = Charge { platform: Platform::Mastodon, texts: 2, cost: "0.03".parse().unwrap() };
    assert_eq!(found.charges, [charge]);
    let shown = found.to_string();
    assert!(
        shown.contains("On mastodon that would have cost $0.03 by today's price list (2 texts)."),
        "{shown}"
    );
}
