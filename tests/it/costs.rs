//! What platforms charge: a resource once in a UTC day, a cap that stops posts before it stops
//! listening, and a flood that does not silence the banks. On both databases.

use std::sync::Arc;

use jiff::SignedDuration;
use takaza::{
    config::Config,
    destinations::meter::Meter,
    domain::{
        cost::{Costs, Item, MicroDollars, Prices, Reader, Spent, Tariff},
        delivery::{LookRules, Outcome, Receipt},
        ids::AccountName,
        pacing::Why,
        platform::Platform,
    },
    store::{BreakerRules, ClaimRules, Ended, Report},
    work::{self, Ctx},
};

use crate::{
    states::{deliver, desk},
    support::{
        ledger_sql,
        world::{Db, World, on_both},
    },
};

on_both! {
    a_resource_is_charged_once_in_a_utc_day,
    a_cap_stops_posts_while_listening_goes_on,
    a_flood_of_others_leaves_the_banks_heard,
    what_is_proved_not_sent_costs_nothing,
    claims_that_race_at_the_cap_never_pass_it,
    readings_that_race_count_each_resource_once,
    a_price_is_frozen_at_the_claim,
    an_analyst_reads_what_was_charged_in_exact_dollars,
    an_expired_price_list_holds_posts,
}

fn usd(text: &str) -> MicroDollars {
    text.parse().unwrap()
}

fn unit() -> AccountName {
    AccountName::new("unit")
}

/// A post costs a dollar, and so does what is read; of ten dollars four are for listening, and two
/// of these for the banks.
pub fn tariff() -> Tariff {
    let dollar = usd("1");
    Tariff {
        as_of: "2026-08-15".parse().unwrap(),
        expires: "2027-02-28".parse().unwrap(),
        source: "a page".to_owned(),
        prices: Prices {
            post: dollar,
            post_with_url: dollar,
            post_delete: dollar,
            post_read: dollar,
            user_read: dollar,
            like_read: dollar,
            own_read: dollar,
        },
        monthly_cap: usd("10"),
        listening_cap: usd("4"),
        banks_share_percent: 50,
        warn_percent: 80,
    }
}

/// A world whose platform charges.
struct Charged {
    world: World,
    meter: Arc<dyn Meter>,
    _keys: tempfile::TempDir,
}

impl Charged {
    async fn new(db: Db, change: impl FnOnce(&mut Config, &mut Tariff)) -> Option<Self> {
        let keys = tempfile::tempdir().unwrap();
        let key_file = keys.path().join("record.key");
        let world = World::with(db, |config| {
            config.record.key_file = key_file;
            let mut tariff = tariff();
            change(config, &mut tariff);
            config.costs = Costs([(Platform::Mastodon, tariff)].into());
        })
        .await?;
        let meter = meter(&world.ctx, "unit").await;
        Some(Self { world, meter, _keys: keys })
    }

    async fn left(&self, reader: Reader) -> u32 {
        self.meter.left(Item::PostRead, reader).await.unwrap()
    }

    async fn reads(&self, ids: &[&str]) {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        self.meter.count(Item::PostRead, &ids).await.unwrap();
    }

    async fn spent(&self) -> Spent {
        let spent = self.world.ctx.store.spent_this_month().await.unwrap();
        spent.get(&unit()).copied().unwrap_or_default()
    }
}

async fn meter(ctx: &Ctx, account: &str) -> Arc<dyn Meter> {
    let rows = ctx.store.accounts().await.unwrap();
    let row = rows.iter().find(|row| row.account.name.as_str() == account).unwrap();
    work::meter::of_account(row, &ctx.config, &ctx.store, &ctx.dice).unwrap()
}

async fn a_resource_is_charged_once_in_a_utc_day(db: Db) {
    let Some(mut charged) = Charged::new(db, |_, _| {}).await else { return };
    charged.world.connect("second", false).await;
    charged.reads(&["1790000000000000001", "1790000000000000002"]).await;
    charged.reads(&["1790000000000000002", "1790000000000000002"]).await;
    charged.reads(&[]).await;
    assert_eq!(charged.spent().await.listening, usd("2"));
    // The story begins at 05:30 UTC; the last second of that day is still the same day.
    charged.world.pass(SignedDuration::from_secs(18 * 3600 + 30 * 60 - 1));
    charged.reads(&["1790000000000000001"]).await;
    assert_eq!(charged.spent().await.listening, usd("2"));
    charged.world.pass(SignedDuration::from_secs(1));
    charged.reads(&["1790000000000000001"]).await;
    assert_eq!(charged.spent().await.listening, usd("3"), "midnight in UTC has passed");
    let rows = "SELECT COUNT(*) FROM charge";
    assert_eq!(
        ledger_sql::number(&charged.world.ledger_url, rows).await,
        1,
        "yesterday's are gone"
    );
    let plain = "SELECT COUNT(*) FROM charge WHERE resource LIKE '%179%01'";
    assert_eq!(ledger_sql::number(&charged.world.ledger_url, plain).await, 0, "no platform's id");
    let second = meter(&charged.world.ctx, "second").await;
    second.count(Item::PostRead, &["1790000000000000001".to_owned()]).await.unwrap();
    second.count(Item::UserRead, &["1790000000000000001".to_owned()]).await.unwrap();
    let spent = charged.world.ctx.store.spent_this_month().await.unwrap();
    assert_eq!(spent[&AccountName::new("second")].listening, usd("2"), "each account, each item");
    assert_eq!(spent[&unit()].listening, usd("3"));
}

async fn a_cap_stops_posts_while_listening_goes_on(db: Db) {
    let dear = |_: &mut Config, tariff: &mut Tariff| tariff.prices.post = usd("2.5");
    let Some(charged) = Charged::new(db, dear).await else { return };
    let world = &charged.world;
    for bank in ["ZPPL", "ZNMN", "ZBRG"] {
        world.cleared(bank).await;
    }
    deliver(world).await;
    assert_eq!(world.town.posts().len(), 2, "ten dollars less four, at two and a half");
    assert_eq!(charged.spent().await, Spent { posts: usd("5"), listening: usd("0") });
    assert_eq!(charged.left(Reader::Banks).await, 4, "listening goes on");
    charged.reads(&["1", "2", "3"]).await;
    assert_eq!(charged.left(Reader::Banks).await, 1);

    let rows = world.escalations(&[]).await;
    let waits = rows.iter().find(|row| row.deliveries[0].delivery.name().as_str() == "waiting");
    let waits = waits.expect("the third waits");
    let rules = work::deliver::rules(&world.ctx);
    let why = world.ctx.store.why_waiting(&waits.escalation.id, &rules).await.unwrap().remove(0).1;
    let Some(Why::MonthSpent { price, left, until, .. }) = &why else { panic!("{why:?}") };
    assert_eq!((*price, *left), (usd("2.5"), usd("1")));
    assert_eq!(until.to_string(), "2026-12-01T00:00:00Z");
    let said = why.unwrap().to_string();
    assert!(
        said.starts_with("posting it costs $2.50, and unit has $1.00 left for posts"),
        "{said}"
    );

    world.pass(SignedDuration::from_hours(24 * 15));
    world.cleared("ZGLM").await;
    deliver(world).await;
    assert_eq!(world.town.posts().len(), 3, "a new month, a new purse");
    assert_eq!(charged.spent().await, Spent { posts: usd("2.5"), listening: usd("0") });
}

async fn a_flood_of_others_leaves_the_banks_heard(db: Db) {
    let cheap = |_: &mut Config, tariff: &mut Tariff| tariff.prices.post_read = usd("0.01");
    let Some(charged) = Charged::new(db, cheap).await else { return };
    let mut read = 0;
    while charged.left(Reader::Others).await > 0 {
        let room = charged.left(Reader::Others).await.min(60);
        let ids: Vec<_> = (read..read + room).map(|id| id.to_string()).collect();
        charged.reads(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
        read += room;
    }
    assert_eq!(read, 200, "two dollars of replies");
    assert_eq!(charged.left(Reader::Banks).await, 200, "the banks' share is whole");
    let ids: Vec<_> = (1_000..1_200).map(|id| id.to_string()).collect();
    charged.reads(&ids.iter().map(String::as_str).collect::<Vec<_>>()).await;
    assert_eq!(charged.left(Reader::Banks).await, 0, "the listening cap");
    assert_eq!(charged.left(Reader::Own).await, u32::MAX, "an uncertain post must be looked for");
    charged.world.cleared("ZPPL").await;
    deliver(&charged.world).await;
    assert_eq!(charged.world.town.posts().len(), 1, "posts have their own money");
}

fn report(claimed: &takaza::store::Claimed, ended: Ended) -> Report {
    let one = &claimed.deliveries[0];
    Report {
        delivery: one.delivery().id.clone(),
        escalation: one.delivery().escalation.clone(),
        token: one.lease().token.clone(),
        ended,
        look: LookRules { grace: SignedDuration::from_secs(50), idempotent_for: None },
        recheck: None,
    }
}

async fn what_is_proved_not_sent_costs_nothing(db: Db) {
    let reason = || "as the story wants it".to_owned();
    let Some(charged) = Charged::new(db, |_, _| {}).await else { return };
    let world = &charged.world;
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let receipt = Receipt {
        id: "7".to_owned(),
        permalink: "https://square.example/7".to_owned(),
        at: world.now(),
    };
    let outcomes = [
        ("ZPPL", Outcome::NotSent { reason: reason() }, "0"),
        ("ZNMN", Outcome::Refused { reason: reason() }, "0"),
        ("ZBRG", Outcome::Unknown { reason: reason() }, "1"),
        ("ZGLM", Outcome::Accepted(receipt), "2"),
    ];
    for (bank, outcome, then) in outcomes {
        let row = world.cleared(bank).await;
        let before = charged.spent().await.posts;
        let claimed = store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
        assert_eq!(claimed.deliveries.len(), 1, "{bank}");
        assert_eq!(charged.spent().await.posts, before.plus(usd("1")), "what is under way counts");
        let kind = outcome.kind();
        let report = report(&claimed, Ended::Attempted(outcome));
        store.record(&by, &[report], &BreakerRules::default()).await.unwrap();
        assert_eq!(charged.spent().await.posts, usd(then), "{kind}");
        // What waits again stands in no other one's way here.
        let dcp = world.person("dcp").await;
        let reference = row.escalation.reference.as_str();
        let _sent = store.reject(&world.by("dcp"), reference, &dcp, "the story goes on").await;
    }
}

/// So many cleared escalations, each about a bank of its own.
async fn cleared(world: &World, count: usize) {
    let row = world.cleared("ZPPL").await;
    for n in 1..count {
        let draft = crate::states::copy(&row, &format!("COPY{n}"), Some(&format!("COPY{n}")));
        world.ctx.store.draft(&world.ctx.actor("story"), &draft).await.unwrap();
        let id = draft.escalation.id.as_str();
        world.approve(&world.ctx.store.escalation(id).await.unwrap()).await;
    }
}

async fn claims_that_race_at_the_cap_never_pass_it(db: Db) {
    let Some(charged) = Charged::new(db, |config, _| config.pacing.batch = 1).await else { return };
    let world = &charged.world;
    cleared(world, 12).await;
    let others = [world.another_process("story-2", 99).await, world.another_process("3", 98).await];
    let processes: Vec<_> = std::iter::once(&world.ctx).chain(&others).cloned().collect();
    let mut claimed = 0;
    for _ in 0..4 {
        let claims = processes.iter().cloned().map(|ctx| {
            tokio::spawn(async move {
                let rules = work::deliver::rules(&ctx);
                let claimed = ctx.store.claim(&ctx.actor("deliver"), &rules).await.unwrap();
                claimed.deliveries.len()
            })
        });
        for claim in claims.collect::<Vec<_>>() {
            claimed += claim.await.unwrap();
        }
    }
    assert_eq!(claimed, 6, "six dollars are for posts");
    assert_eq!(charged.spent().await.posts, usd("6"));
}

async fn readings_that_race_count_each_resource_once(db: Db) {
    let Some(charged) = Charged::new(db, |_, _| {}).await else { return };
    let other = charged.world.another_process("story-2", 99).await;
    let meters = [charged.meter.clone(), meter(&other, "unit").await];
    let mut readings = Vec::new();
    for turn in 0..6_u32 {
        for (n, meter) in meters.iter().enumerate() {
            // The same ids, in the opposite order.
            let mut ids: Vec<_> = (turn..turn + 40).map(|id| id.to_string()).collect();
            if n == 1 {
                ids.reverse();
            }
            let meter = meter.clone();
            readings.push(tokio::spawn(async move { meter.count(Item::OwnRead, &ids).await }));
        }
    }
    for reading in readings {
        reading.await.unwrap().unwrap();
    }
    assert_eq!(charged.spent().await.listening, usd("45"), "ids 0 to 44, a dollar each");
}

async fn a_price_is_frozen_at_the_claim(db: Db) {
    let Some(charged) = Charged::new(db, |config, _| config.pacing.batch = 1).await else { return };
    let world = &charged.world;
    cleared(world, 3).await;
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let rules = work::deliver::rules(&world.ctx);
    let first = store.claim(&by, &rules).await.unwrap().deliveries;
    let mut dearer = tariff();
    dearer.prices.post = usd("3");
    let dearer = Costs([(Platform::Mastodon, dearer)].into());
    let rules = ClaimRules { costs: &dearer, ..rules };
    assert_eq!(charged.spent().await.posts, usd("1"));
    let second = store.claim(&by, &rules).await.unwrap();
    let waits: Vec<_> = second.waiting.iter().map(|(_, why)| why).collect();
    assert!(matches!(waits[..], [Why::MonthSpent { .. }]), "the third is too dear: {waits:?}");
    let second = second.deliveries;
    assert_eq!(charged.spent().await.posts, usd("4"), "each at the price of its claim");
    let ids = [&first[0].delivery().id, &second[0].delivery().id];
    let prices = store.frozen_prices(&ids).await.unwrap();
    assert_eq!((prices[ids[0]], prices[ids[1]]), (usd("1"), usd("3")));
    for (id, price) in [(ids[0], "1.00"), (ids[1], "3.00")] {
        let said = format!(
            "SELECT COUNT(*) FROM entry WHERE subject = '{id}' AND act = 'delivery.claimed'
             AND body LIKE '%\"price\":\"{price}\"%'"
        );
        assert_eq!(ledger_sql::number(&world.ledger_url, &said).await, 1, "the record says it");
    }
}

async fn an_analyst_reads_what_was_charged_in_exact_dollars(db: Db) {
    let dear = |_: &mut Config, tariff: &mut Tariff| {
        tariff.prices.post = usd("0.015");
        tariff.prices.post_read = usd("0.000001");
    };
    let Some(charged) = Charged::new(db, dear).await else { return };
    charged.world.cleared("ZPPL").await;
    deliver(&charged.world).await;
    charged.reads(&["1", "2", "3"]).await;
    let url = &charged.world.ledger_url;
    let posts = "SELECT CAST(SUM(micro_dollars) AS BIGINT) FROM post_costs WHERE bank = 'ZPPL'
                 AND state = 'delivered' AND spent = 1 AND day = '2026-11-16'
                 AND CAST(dollars AS TEXT) = '0.015000'";
    assert_eq!(ledger_sql::number(url, posts).await, 15_000);
    let read = "SELECT CAST(SUM(resources) AS BIGINT) FROM listening_costs WHERE item = 'post-read'
                AND day = '2026-11-16' AND CAST(dollars AS TEXT) = '0.000003'";
    assert_eq!(ledger_sql::number(url, read).await, 3);
}

async fn an_expired_price_list_holds_posts(db: Db) {
    let old = |_: &mut Config, tariff: &mut Tariff| {
        tariff.expires = "2026-11-15".parse().unwrap();
    };
    let Some(mut charged) = Charged::new(db, old).await else { return };
    charged.world.hand_off("by-hand").await;
    let world = &charged.world;
    let row = world.cleared("ZPPL").await;
    deliver(world).await;
    assert!(world.town.posts().is_empty());
    let rules = work::deliver::rules(&world.ctx);
    let waits = world.ctx.store.why_waiting(&row.escalation.id, &rules).await.unwrap();
    let held = |why: &Option<Why>| matches!(why, Some(Why::PricesExpired { .. }));
    assert_eq!(waits.iter().filter(|(_, why)| held(why)).count(), 1, "{waits:?}");
    assert_eq!(waits.iter().filter(|(_, why)| why.is_none()).count(), 1, "by hand it is free");
    charged.reads(&["1"]).await;
    assert_eq!(charged.left(Reader::Banks).await, 3, "listening goes on, at the old price");
    let asha = desk(world, "asha").await;
    let by_hand = row.deliveries.iter().find(|one| one.sender.as_str() == "hand-off").unwrap();
    let (by, id) = (world.by("asha"), &by_hand.delivery.id);
    let _taken = work::hand_off::take(&world.ctx, &by, &asha, id).await.unwrap();
    assert_eq!(charged.spent().await.posts, MicroDollars::ZERO);
}

#[test]
fn money_is_never_a_float() {
    let counting = [
        include_str!("../../src/domain/cost.rs"),
        include_str!("../../src/domain/cost/amount.rs"),
        include_str!("../../src/store/spend.rs"),
        include_str!("../../src/work/meter.rs"),
        include_str!("../../src/work/bill.rs"),
    ];
    for source in counting {
        assert!(
            source.contains("MicroDollars") && !source.contains("f64") && !source.contains("f32")
        );
    }
}
