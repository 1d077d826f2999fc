//! The whole path as a story: from an overdue bank action to a post in public, and what else may
//! happen on the way. Read it to see what takaza does.
//!
//! A `World` is a running app that a story moves by hand. It has a ledger, a clock that stands until
//! the story lets time `pass`, the police's case database (`cases`, a fake in memory), a server that
//! speaks Mastodon's API and has the unit's one account (`town`), and people: `dcp` approves. Banks are
//! invented ones: `ZPPL` is Peepal Bank. `liens` makes so many requests for a lien, each of another
//! case, that a bank was told of privately and that are long overdue.

use jiff::SignedDuration;
use takaza::{
    domain::{
        delivery::StateName,
        engagement::Voice,
        escalation::{EscalationKind, EscalationState},
    },
    work,
};

use crate::support::{
    fake_cases::{lien, liens},
    ledger_sql::number,
    world::{Db, World},
};

#[tokio::test]
async fn five_overdue_liens_become_one_post_that_an_approver_cleared() {
    let world = World::new().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;

    let held = world.held().await;
    assert_eq!(held.escalation.kind, EscalationKind::Tag);
    assert_eq!(held.escalation.facts.cases, 5);
    assert_eq!(held.escalation.facts.liens, 5);
    work::deliver::run_once(&world.ctx).await.unwrap();
    assert!(world.town.posts().is_empty(), "nothing goes out that nobody cleared");

    world.approve(&held).await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    work::sweep::run_once(&world.ctx).await.unwrap();

    let posts = world.town.posts();
    assert_eq!(posts.len(), 1, "one post for the bank, not one per case");
    assert_eq!(posts[0].text, held.escalation.contents[0].text, "exactly the approved bytes");
    assert!(posts[0].text.contains(held.escalation.reference.as_str()));
    let closed = world.again(&held).await;
    assert_eq!(closed.escalation.state(), EscalationState::Closed);
    assert_eq!(closed.deliveries[0].delivery.name(), StateName::Delivered);
}

#[tokio::test]
async fn a_bank_that_acts_before_the_send_is_not_tagged_and_that_is_recorded() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    let now = world.now();
    // It was overdue at the claim; the source, asked again right before the send, says otherwise.
    world.cases.before_the_next_recheck(move |cases| cases.acts("ZPPL-1", now));
    work::deliver::run_once(&world.ctx).await.unwrap();

    assert!(world.town.posts().is_empty());
    let row = world.again(&row).await;
    assert_eq!(row.escalation.state(), EscalationState::Withdrawn);
    assert!(row.outcome.unwrap().starts_with("tag avoided"));

    world.pass(SignedDuration::from_mins(2));
    world.watch_and_escalate().await;
    let successor = world.held().await;
    assert_eq!(successor.escalation.facts.cases, 4, "one successor over the rest");
}

#[tokio::test]
async fn a_bank_that_acts_after_the_tag_is_thanked() {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    work::sweep::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.states(&row).await, [StateName::Delivered]);

    world.pass(SignedDuration::from_hours(2));
    for n in 1..=5 {
        world.cases.acts(&format!("ZPPL-{n}"), world.now());
    }
    world.watch_and_escalate().await;
    let thanks = world.held().await;
    assert_eq!(thanks.escalation.kind, EscalationKind::Closure);
    assert_eq!(thanks.escalation.about.as_ref(), Some(&row.escalation.id));
    assert_eq!(thanks.escalation.facts.acted, 5);
}

#[tokio::test]
async fn the_banks_answer_is_heard_once_and_told_from_a_strangers() {
    let world = World::new().await;
    let care = world.verified("ZPPL", "care@peepal.example").await;
    let row = world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    let post = world.town.posts().remove(0).id;
    world.town.reply(&post, &care, "Noted; the lien is marked.");
    let stranger = world.town.account("someone@elsewhere.example");
    world.town.reply(&post, &stranger, "I lost my money too.");
    for _ in 0..3 {
        world.pass(SignedDuration::from_hours(1));
        work::listen::run_once(&world.ctx).await.unwrap();
    }

    let heard = world.ctx.store.engagement_of(&row.deliveries[0].delivery.id).await.unwrap();
    let said = |voice: Voice| -> Vec<Option<&str>> {
        heard.iter().filter(|one| one.voice == voice).map(|one| one.text.as_deref()).collect()
    };
    assert_eq!(said(Voice::Bank), [Some("Noted; the lien is marked.")]);
    assert_eq!(said(Voice::Other), [None], "a stranger is counted, the words are not kept");
}

#[tokio::test]
async fn more_sends_at_once_than_connections_to_the_ledger_all_end() {
    let world = World::configured(|config| config.deliver.parallel = 50).await;
    for n in 0..20 {
        world.cases.put(liens(&format!("ZB{n:02}"), 5, world.now()));
    }
    world.watch_and_escalate().await;
    for row in world.escalations(&[EscalationState::Held]).await {
        world.approve(&row).await;
    }
    work::deliver::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.town.posts().len(), 20);
}

#[tokio::test]
async fn what_is_not_overdue_or_not_ours_to_say_is_not_tagged() {
    let world = World::new().await;
    let now = world.now();
    let mut rows = liens("ZNMN", 5, now);
    // Not overdue: the bank lacked something, was never reached, or still has time.
    rows[0].complete = false;
    rows[1].delivered_at = None;
    rows.push(lien("young", 77, "ZNMN", 500_000, 2, now));
    // Overdue, and nobody has pressed the bank about it in private yet.
    rows[2].contacts = 0;
    world.cases.put(rows);
    world.watch_and_escalate().await;
    assert!(world.escalations(&[]).await.is_empty(), "two cases are too few for a public text");
    let silenced = world.ctx.store.silenced(0, 100).await.unwrap();
    assert_eq!(
        silenced.len(),
        3,
        "what is overdue is listed for the private ways, with its reason"
    );
}

#[tokio::test]
async fn an_analyst_reads_the_ledger_in_plain_words() {
    for db in [Db::Sqlite, Db::Postgres] {
        let Some(world) = World::with(db, |_| {}).await else { continue };
        world.cleared("ZPPL").await;
        work::deliver::run_once(&world.ctx).await.unwrap();
        let url = &world.ledger_url;
        let told = "SELECT COUNT(*) FROM posts WHERE bank = 'ZPPL' AND state = 'delivered'
                    AND language = 'en' AND text LIKE '%GGM-%'";
        assert_eq!(number(url, told).await, 1);
        let rupees = "SELECT COUNT(*) FROM actions WHERE disputed_rupees BETWEEN 100000 AND 110000";
        assert_eq!(number(url, rupees).await, 5);
        let ever = "SELECT COUNT(*) FROM attempts WHERE claimed_at IS NOT NULL";
        assert_eq!(number(url, ever).await, 1);
        for (view, rows) in [("escalations", 1), ("engagements", 0), ("standing_orders", 0)] {
            assert_eq!(number(url, &format!("SELECT COUNT(*) FROM {view}")).await, rows, "{view}");
        }
    }
}
