//! The sums that reports are made of: whatever happens in whatever order, following the record finds
//! what a recount of every row finds.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use proptest::prelude::*;
use takaza::{
    domain::{
        action::{Kind, Status},
        delivery::StateName,
        engagement::{EngagementKind, Voice},
        escalation::EscalationState,
        ids::{BankCode, ExternalId, PersonId},
        measures::{Sum as _, Tally, day_number},
        money::Paise,
        time::Timestamp,
    },
    store::{About, BankDay, DeliveryFilter, Noted},
    work::{self, set_right},
};

use crate::{
    states,
    support::{
        fake_cases::lien,
        fake_mastodon::{Ask, Quirk, Trick},
        ledger_sql,
        world::World,
    },
};

const BANKS: [&str; 3] = ["ZPPL", "ZNMN", "ZBRG"];

/// Anything that may happen to a unit.
#[derive(Debug, Clone)]
enum Act {
    /// So many requests to a bank, made so many hours ago.
    Requested(usize, u32, i64),
    /// A bank acts on one of them, and puts under lien nothing or something.
    Acted(usize, bool),
    /// The source corrects one of them: its bank, its time, or what came of it.
    Corrected(usize, u8),
    /// The source is read, and tags and thanks are drafted.
    Escalated,
    Approved(usize),
    Rejected(usize),
    Ordered,
    /// What is cleared is sent, and the platform does this.
    Sent(u8),
    /// The bank or somebody answers, likes or reposts.
    Heard(usize, u8, bool),
    /// What replies amount to is read, late.
    Classed,
    HeldBack(usize),
    Disputed(usize),
    Retracted(usize),
    /// An action is erased under a rule.
    Erased(usize),
    Swept,
    Passed(i64),
    Sealed,
    /// One run of what keeps the sums.
    Tallied,
}

fn an_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => (0..BANKS.len(), 3..6_u32, prop::sample::select(vec![2, 30, 72]))
            .prop_map(|(bank, count, hours)| Act::Requested(bank, count, hours)),
        3 => (any::<usize>(), any::<bool>()).prop_map(|(n, nil)| Act::Acted(n, nil)),
        1 => (any::<usize>(), 0..7_u8).prop_map(|(n, how)| Act::Corrected(n, how)),
        4 => Just(Act::Escalated),
        3 => any::<usize>().prop_map(Act::Approved),
        1 => any::<usize>().prop_map(Act::Rejected),
        1 => Just(Act::Ordered),
        4 => (0..6_u8).prop_map(Act::Sent),
        3 => (any::<usize>(), 0..4_u8, any::<bool>()).prop_map(|(n, k, bank)| Act::Heard(n, k, bank)),
        2 => Just(Act::Classed),
        1 => any::<usize>().prop_map(Act::HeldBack),
        1 => any::<usize>().prop_map(Act::Disputed),
        1 => any::<usize>().prop_map(Act::Retracted),
        1 => any::<usize>().prop_map(Act::Erased),
        2 => Just(Act::Swept),
        3 => (1..30_i64).prop_map(Act::Passed),
        2 => Just(Act::Sealed),
        3 => Just(Act::Tallied),
    ]
}

/// The n-th of some things, whatever n is.
fn nth<T>(of: &[T], n: usize) -> Option<&T> {
    (!of.is_empty()).then(|| &of[n % of.len()])
}

struct Story {
    world: World,
    requests: Vec<String>,
    heard: u32,
}

impl Story {
    async fn new() -> Self {
        let world = World::configured(|config| config.breaker.streak = 1_000).await;
        Self { world, requests: Vec::new(), heard: 0 }
    }

    /// An act that is not possible now is refused, and changes nothing.
    async fn meets(&mut self, act: &Act) {
        let (world, now) = (&self.world, self.world.now());
        match act {
            Act::Requested(bank, count, hours) => {
                for _ in 0..*count {
                    let n = u32::try_from(self.requests.len()).unwrap();
                    let id = format!("r{n}");
                    let rupees = 100_000 + i64::from(n) * 1_000;
                    let mut row = lien(&id, 1000 + n, BANKS[*bank], rupees, *hours, now);
                    row.updated_at = Some(now);
                    world.cases.put([row]);
                    self.requests.push(id);
                }
            }
            Act::Acted(n, nil) => {
                let Some(id) = nth(&self.requests, *n) else { return };
                world.cases.acts(id, now);
                if *nil {
                    world.cases.change(id, now, |row| row.lien_amount = Some(Paise::default()));
                }
            }
            Act::Corrected(n, how) => {
                let Some(id) = nth(&self.requests, *n) else { return };
                world.cases.change(id, now, |row| match how {
                    0 => row.bank = BankCode::new(BANKS[n % BANKS.len()]),
                    1 => {
                        let earlier = SignedDuration::from_hours(40);
                        row.delivered_at = row.delivered_at.map(|at| at.minus(earlier));
                    }
                    2 => (row.status, row.acted_at) = (Status::Disputed, None),
                    3 => row.delivered_at = None,
                    4 => row.kind = Kind::Statement,
                    5 => row.delivered_at = Some(row.requested_at),
                    _ => (row.status, row.acted_at) = (Status::Withdrawn, None),
                });
            }
            Act::Escalated => world.watch_and_escalate().await,
            Act::Approved(n) => {
                let held = world.escalations(&[EscalationState::Held]).await;
                let Some(row) = nth(&held, *n) else { return };
                let dcp = world.person("dcp").await;
                let (id, hash) = (row.escalation.id.as_str(), row.escalation.hash());
                let valid = world.ctx.config.ladder.clearance_valid_for;
                drop(world.ctx.store.approve(&world.by("dcp"), id, &dcp, &hash, valid).await);
            }
            Act::HeldBack(n) => {
                let held = world.escalations(&[EscalationState::Held]).await;
                let Some(row) = nth(&held, *n) else { return };
                let (id, asha) = (row.escalation.id.as_str(), PersonId::new("asha"));
                let until = now.plus(SignedDuration::from_hours(1));
                drop(world.ctx.store.hold_until(&world.by("asha"), id, &asha, until).await);
            }
            Act::Classed => work::reply_classes::read_new(&world.ctx).await.unwrap(),
            Act::Rejected(n) => {
                let held = world.escalations(&[EscalationState::Held]).await;
                let Some(row) = nth(&held, *n) else { return };
                let (id, dcp) = (row.escalation.id.as_str(), world.person("dcp").await);
                drop(world.ctx.store.reject(&world.by("dcp"), id, &dcp, "not this one").await);
            }
            Act::Ordered => self.ordered().await,
            Act::Sent(how) => self.sent(*how).await,
            Act::Heard(n, kind, bank) => self.hears(*n, *kind, *bank).await,
            Act::Disputed(n) => {
                let rows = world.escalations(EscalationState::ALL).await;
                let Some(row) = nth(&rows, *n) else { return };
                let officer = world.person("asha").await.as_officer(now).unwrap();
                let (by, reference) = (world.by("asha"), row.escalation.reference.as_str());
                let why = ("no such account", "the nodal officer wrote so");
                let entered =
                    set_right::enter_dispute(&world.ctx, &by, &officer, reference, why.0, why.1);
                drop(entered.await);
            }
            Act::Retracted(n) => {
                let rows = world.escalations(EscalationState::ALL).await;
                let Some(row) = nth(&rows, *n) else { return };
                let (by, reference) = (world.by("asha"), row.escalation.reference.as_str());
                drop(set_right::draft_retraction(&world.ctx, &by, reference).await);
            }
            Act::Erased(n) => {
                let Some(id) = nth(&self.requests, *n) else { return };
                let store = &world.ctx.store;
                let found = store.erasable(&About::Action(ExternalId::new(id.as_str()))).await;
                let root = world.person("root").await.as_administrator(now).unwrap();
                let rows = found.unwrap().rows;
                drop(store.erase(&world.by("root"), &root, &rows, "a rule").await);
            }
            Act::Swept => drop(work::sweep::run_once(&world.ctx).await.unwrap()),
            Act::Passed(hours) => world.pass(SignedDuration::from_hours(*hours)),
            Act::Sealed => drop(work::seal::run_once(&world.ctx).await.unwrap()),
            Act::Tallied => drop(work::tally::run_once(&world.ctx).await.unwrap()),
        }
    }

    async fn ordered(&self) {
        let world = &self.world;
        let held = world.escalations(&[EscalationState::Held]).await;
        if let Some(row) = held.first()
            && world.ctx.store.orders().await.unwrap().is_empty()
        {
            states::signed_order(world, row, "small", |_| {}).await;
        }
        work::clear::run_once(&world.ctx).await.unwrap();
    }

    async fn sent(&self, how: u8) {
        let world = &self.world;
        match how {
            0 => world.town.hostile_on(Ask::Post, 1, Quirk::TooLong),
            1 => world.town.hostile_on(Ask::Post, 1, Trick::DropAfter),
            2 => world.town.hostile_on(Ask::Post, 1, Trick::RateLimited(Vec::new())),
            _ => {}
        }
        work::deliver::run_once(&world.ctx).await.unwrap();
        world.town.calm();
    }

    async fn hears(&mut self, n: usize, kind: u8, bank: bool) {
        let store = &self.world.ctx.store;
        let filter = DeliveryFilter {
            states: vec![StateName::Delivered],
            page: (0, 1_000),
            ..DeliveryFilter::default()
        };
        let delivered = store.deliveries(&filter).await.unwrap();
        let Some(one) = nth(&delivered, n) else { return };
        self.heard += 1;
        let noted = Noted {
            kind: EngagementKind::ALL[usize::from(kind)],
            alias: format!("alias {}", self.heard),
            voice: if bank { Voice::Bank } else { Voice::Other },
            author: "somebody".to_owned(),
            at: n.is_multiple_of(2).then(|| self.world.now()),
            text: Some(("Lien has been marked.".to_owned(), Timestamp::MAX)),
            post_id: None,
        };
        let heard = BTreeMap::from([(one.row.delivery.id.clone(), vec![noted])]);
        store.heard(&self.world.by("asha"), &heard).await.unwrap();
    }

    /// What following the record has found, once it is sealed and followed to its end.
    async fn followed(&self) -> Vec<(BankDay, Tally)> {
        while work::seal::run_once(&self.world.ctx).await.unwrap().more {}
        self.counted().await
    }

    async fn counted(&self) -> Vec<(BankDay, Tally)> {
        while work::tally::run_once(&self.world.ctx).await.unwrap().more {}
        self.world.ctx.store.tally_days((0, 1_000_000), None).await.unwrap()
    }

    /// What counting every row anew finds.
    async fn recounted(&self) -> Vec<(BankDay, Tally)> {
        ledger_sql::run(&self.world.ledger_url, "UPDATE tally_cursor SET rules = 'others'").await;
        self.counted().await
    }

    /// Sums that plain SQL finds too.
    async fn agrees_with_the_rows(&self, days: &[(BankDay, Tally)]) {
        let mut all = Tally::default();
        days.iter().for_each(|(_, one)| all.add(one));
        let row = async |query: &str| {
            u64::try_from(ledger_sql::number(&self.world.ledger_url, query).await).unwrap()
        };
        let posts = "SELECT COUNT(*) FROM delivery WHERE state IN ('delivered', 'retracted')
                     AND kind <> 'retraction'";
        assert_eq!(all.out(), row(posts).await);
        let likes = "SELECT COUNT(*) FROM engagement WHERE kind = 'like' AND voice <> 'bank'";
        assert_eq!(all.reach.likes, row(likes).await);
        let drafts: u64 = all.drafts.states.values().sum();
        assert_eq!(drafts, row("SELECT COUNT(*) FROM escalation WHERE kind = 'tag'").await);
        let served = "SELECT COUNT(*) FROM action a
                      JOIN action_delivered v ON v.external_id = a.external_id
                      WHERE v.delivered_at IS NOT NULL AND a.kind IN ('lien', 'hold')";
        assert_eq!(all.money.requests, row(served).await);
        let acted = format!("{served} AND a.status = 'acted'");
        assert_eq!(all.money.acted.count(), row(&acted).await);
        // Every request whose clock runs or ran has fallen due, or will, whenever it began.
        assert_eq!(all.due.requests, row(served).await);
        let unlike = "SELECT COUNT(*) FROM action WHERE due_at IS NOT NULL
                      AND (fell_due_at IS NULL OR fell_due_at <> due_at)";
        assert_eq!(row(unlike).await, 0);
        let classed = "SELECT COUNT(*) FROM bank_reply WHERE class IS NOT NULL";
        assert_eq!(all.replies.values().map(|of| of.count).sum::<u64>(), row(classed).await);
        let unsent = "SELECT COUNT(*) FROM escalation
                      WHERE kind = 'tag' AND state IN ('rejected', 'expired')";
        assert_eq!(all.drafts.unsent.values().map(|of| of.tags).sum::<u64>(), row(unsent).await);
        let named = "SELECT COUNT(DISTINCT COALESCE(m.external_id, m.escalation || m.n))
                     FROM escalation_action m JOIN delivery d ON d.escalation = m.escalation
                     WHERE m.kind = 'tag' AND d.state IN ('delivered', 'retracted')";
        assert_eq!(all.tags.actions, row(named).await);
        let cleared: u64 = all.orders.values().map(|one| one.given).sum();
        assert_eq!(cleared, row("SELECT COUNT(*) FROM order_clearance").await);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn following_the_record_finds_what_a_recount_finds(acts in prop::collection::vec(an_act(), 1..60)) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let mut story = Story::new().await;
            for act in &acts {
                story.meets(act).await;
            }
            let followed = story.followed().await;
            story.agrees_with_the_rows(&followed).await;
            assert_eq!(followed, story.recounted().await);
        });
    }
}

#[tokio::test]
async fn a_long_story_has_every_kind_of_sum_in_it_and_is_followed_exactly() {
    let mut story = Story::new().await;
    let heard = [Act::Heard(0, 0, true), Act::Heard(0, 1, false), Act::Heard(1, 2, false)];
    let acts = [
        vec![Act::Requested(0, 5, 72), Act::Escalated, Act::Approved(0), Act::Sent(9), Act::Swept],
        vec![Act::Tallied, Act::Sealed, Act::Tallied],
        heard.to_vec(),
        vec![Act::Passed(5), Act::Acted(0, false), Act::Acted(1, true), Act::Escalated],
        vec![Act::Approved(0), Act::Sent(9), Act::Sealed, Act::Tallied, Act::Passed(26)],
        vec![Act::Requested(1, 4, 30), Act::Escalated, Act::Ordered, Act::Acted(5, false)],
        vec![Act::Sent(9), Act::Escalated, Act::Ordered, Act::Sent(0), Act::Swept],
        vec![Act::Requested(2, 4, 72), Act::Escalated, Act::Approved(0), Act::Sent(1)],
        vec![Act::Passed(1), Act::Swept, Act::Corrected(3, 0), Act::Escalated, Act::Erased(0)],
    ];
    for act in acts.iter().flatten() {
        story.meets(act).await;
    }
    let followed = story.followed().await;
    story.agrees_with_the_rows(&followed).await;
    let mut all = Tally::default();
    followed.iter().for_each(|(_, one)| all.add(one));
    assert!(all.out() >= 2 && all.reach.likes == 1 && all.tags.replied.count() == 1, "{all:?}");
    assert!(!all.orders.is_empty() && all.by_hand.given >= 2, "{all:?}");
    assert!(all.tags.unknown == 1 && all.tags.acted.count() == 1, "{all:?}");
    let refused: u64 = all.manners.values().map(|ends| ends.refused).sum();
    assert!(refused == 1 && all.drafts.avoided == 1, "{all:?}");
    assert_eq!(followed, story.recounted().await);
}

#[tokio::test]
async fn a_ledger_that_is_older_than_its_sums_is_counted_whole() {
    let story = Story::new().await;
    let (world, zone) = (&story.world, story.world.ctx.limits.calendar().zone());
    assert_eq!(world.ctx.store.tally_standing(zone).await.unwrap(), None);
    world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    // Nothing of it is sealed yet; what the rows hold counts all the same.
    let days = story.counted().await;
    let today = day_number(world.now().in_zone(zone).date());
    let (_, posted) = days.iter().find(|((day, _), _)| *day == today).expect("today");
    assert_eq!(posted.out(), 1);
    let (_, asked) = days.first().expect("three days ago");
    assert_eq!((asked.money.requests, asked.money.pending), (5, 5));
    let standing = world.ctx.store.tally_standing(zone).await.unwrap().expect("it is counted");
    assert_eq!((standing.as_of, standing.waiting), (world.now(), 0));
}
