//! Deliver: takaza's reconciler with every safety on, beside two loops on the same PostgreSQL and
//! the same loopback sink (`support/loops.rs`): the bare one, which claims, sends and records 100
//! at a time and promises nothing, and the kept one, which is the least that takaza's promises cost.
//!
//! All send the same texts with the same parallelism, and each makes a first batch that is not
//! measured, which opens its connections. A sink that answers at once shows the work alone; those
//! that take their time, as platforms do, show how much of it a sender would notice. The texts were
//! drafted by this process, as they are by the service; `--restarted` drafts them in another one,
//! and shows the first round after a restart, when the leak guard has read none of them yet.
//!
//! `--profile` prints what each part of takaza's path costs a batch of 100.

#[path = "support/loops.rs"]
mod loops;
mod support;
#[path = "support/unit.rs"]
mod unit;

use std::{collections::BTreeMap, time::Duration};

use futures::StreamExt as _;
use jiff::SignedDuration;
use loops::Loops;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use support::{case_table, database, median, on_server, server, timed};
use takaza::{
    destinations::Sent,
    domain::{
        escalation::EscalationState,
        ids::{ExternalId, PersonId},
        platform::Language,
    },
    store::{Actor, Ended, QueueFilter, Report},
    work::{self, Ctx, saying, switch::SendPermit},
};

/// Deliveries of one round.
const DELIVERIES: u32 = 1_000;
const ROUNDS: usize = 5;
const BATCH: u32 = 100;
/// How long the sinks take to answer.
const ANSWERS_AFTER: [Duration; 3] =
    [Duration::ZERO, Duration::from_millis(50), Duration::from_millis(250)];

#[tokio::main]
async fn main() {
    if server().is_none() {
        println!("deliver: left out; `benches/run deliver` starts a PostgreSQL");
        return;
    }
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let at_once = unit::sink(Duration::ZERO).await;
    if asked("--restarted") {
        prepare_elsewhere();
    } else {
        on_server("DROP DATABASE IF EXISTS prepared".to_owned()).await;
        on_server("CREATE DATABASE prepared".to_owned()).await;
        prepare(&at_once).await;
    }
    if asked("--prepare") {
        return;
    }
    if asked("--profile") {
        profile(&at_once).await;
    } else if asked("--restarted") {
        compare(&at_once, 1, "right after a restart").await;
    } else {
        for after in ANSWERS_AFTER {
            let when = format!("a sink that answers after {} ms", after.as_millis());
            compare(&unit::sink(after).await, ROUNDS, &when).await;
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sender {
    Bare,
    Kept,
    Takaza,
}

/// Alternating rounds, so that a slow moment of the machine meets everybody.
async fn compare(sink: &str, rounds: usize, when: &str) {
    use Sender::{Bare, Kept, Takaza};
    let (mut paces, mut ratios) = (BTreeMap::<_, Vec<f64>>::new(), BTreeMap::<_, Vec<f64>>::new());
    for round in 0..rounds {
        let mut order = [Takaza, Bare, Kept];
        order.rotate_left(round % 3);
        let mut of = BTreeMap::new();
        for sender in order {
            of.insert(sender, pace(sender, sink).await);
        }
        for (sender, pace) in &of {
            paces.entry(*sender).or_default().push(*pace);
            ratios.entry(*sender).or_default().push(pace / of[&Bare]);
        }
    }
    let mut middle = |sender| {
        let taken = |of: &mut BTreeMap<_, _>| median(of.remove(&sender).unwrap_or_default());
        (taken(&mut paces), taken(&mut ratios))
    };
    let ((bare, _), (kept, kept_ratio), (takaza, ratio)) =
        (middle(Bare), middle(Kept), middle(Takaza));
    println!(
        "deliver, {when}: bare loop {bare:.0}/s; kept loop {kept:.0}/s, ratio {kept_ratio:.2}; \
         takaza {takaza:.0}/s, ratio {ratio:.2} (medians of {rounds} rounds)"
    );
}

/// Drafts and approves in a process of its own.
fn prepare_elsewhere() {
    let this = std::env::current_exe().expect("this program");
    let done = std::process::Command::new(this).arg("--prepare").status();
    assert!(done.expect("it runs").success(), "it prepares");
}

/// A ledger with a thousand approved tags about as many banks, each over three actions of its own,
/// and the same number of rows for the bare loop.
async fn prepare(sink: &str) {
    let url = database("prepared");
    let mut writer = PgConnection::connect(&url).await.expect("PostgreSQL");
    let rows = format!(
        "INSERT INTO bank_action SELECT 'A-' || i, 'FIR ' || i, 'B' || (i % {DELIVERIES}), 'lien', \
         1, 100000 + i, now() - interval '72 hours', now() - interval '72 hours', NULL, 1, \
         'pending', NULL, NULL, 1, now() - interval '70 hours', now() - interval '70 hours' \
         FROM generate_series(0, {} - 1) AS i;",
        DELIVERIES * 3
    );
    let sql = format!("{} {rows}", case_table(false));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut writer).await.expect("rows");
    drop(writer);
    let ctx = unit::ctx(&url, &url, sink).await;
    unit::people(&ctx, vec![Language::En]).await;
    work::watch::run_once(&ctx).await.expect("watched");
    // Twice: where two references meet by chance, the second is drafted by the next run.
    for _ in 0..2 {
        work::escalate::run_once(&ctx).await.expect("drafted");
    }
    let states = vec![EscalationState::Held];
    let filter = QueueFilter { states, page: (0, DELIVERIES * 2), ..QueueFilter::default() };
    let (dcp, _) = ctx.store.person(&PersonId::new("dcp")).await.expect("the approver");
    let by = Actor::person(dcp.id.clone(), "bench");
    let held = ctx.store.queue(&filter).await.expect("the queue");
    assert_eq!(held.len(), DELIVERIES as usize, "every bank has a tag");
    for row in held {
        let (id, hash) = (row.escalation.id.as_str(), row.escalation.hash());
        let valid = ctx.config.ladder.clearance_valid_for;
        ctx.store.approve(&by, id, &dcp, &hash, valid).await.expect("approved");
    }
    let mut writer = PgConnection::connect(&url).await.expect("PostgreSQL");
    sqlx::raw_sql(loops::TABLES).execute(&mut writer).await.expect("the loops' tables");
}

/// A copy of the prepared database, the same for both.
async fn fresh() -> String {
    let others =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'prepared'";
    on_server(others.to_owned()).await;
    on_server("DROP DATABASE IF EXISTS round WITH (FORCE)".to_owned()).await;
    on_server("CREATE DATABASE round TEMPLATE prepared".to_owned()).await;
    on_server("CHECKPOINT".to_owned()).await;
    database("round")
}

/// Deliveries per second.
async fn pace(sender: Sender, sink: &str) -> f64 {
    let url = fresh().await;
    if sender == Sender::Takaza {
        let ctx = unit::ctx(&url, &url, sink).await;
        return batch_by_batch(async || {
            let progress = work::deliver::run_once(&ctx).await.expect("delivered");
            assert!(progress.did > 0, "nothing goes any more: {:?}", progress.notes);
            progress.did
        })
        .await;
    }
    let loops = Loops::on(&url, sink).await;
    let kept = sender == Sender::Kept;
    batch_by_batch(async || if kept { loops.kept().await } else { loops.bare().await }).await
}

async fn batch_by_batch(batch: impl AsyncFn() -> u64) -> f64 {
    let first = batch().await;
    let (sent, took) = timed(async {
        let mut sent = 0;
        while first + sent < u64::from(DELIVERIES) {
            let more = batch().await;
            assert!(more > 0, "everything is sent");
            sent += more;
        }
        sent
    })
    .await;
    sent as f64 / took.as_secs_f64()
}

/// The reconciler's steps one by one, each timed.
async fn profile(sink: &str) {
    let url = fresh().await;
    let ctx = unit::ctx(&url, &url, sink).await;
    let mut parts: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    let mut note = |part, took: Duration| {
        parts.entry(part).or_default().push(took.as_secs_f64() * 1000.0);
    };
    for _ in 0..DELIVERIES / BATCH {
        let by = ctx.actor("deliver");
        let before = ctx.clock.steady();
        let rules = work::deliver::rules(&ctx);
        let (claimed, took) = timed(ctx.store.claim(&by, &rules)).await;
        let claimed = claimed.expect("claimed");
        note("1 claim", took);
        let members = claimed.members.values().flatten();
        let ids: Vec<ExternalId> = members.map(|one| one.seen.external_id.clone()).collect();
        let (rows, took) = timed(ctx.source.recheck(ctx.clock.now(), &ids)).await;
        assert_eq!(rows.expect("rechecked").len(), ids.len());
        note("2 recheck at the source", took);
        let (_, took) = timed(ctx.store.confirmations(&ids)).await;
        note("3 confirmations", took);
        let (against, took) = timed(said_again(&ctx, &claimed)).await;
        assert!(against, "everything may still be said");
        note("4 may it be said", took);
        let ((), took) = timed(async {
            ctx.switch.refresh(&ctx.store, &ctx.clock).await.expect("the switch");
        })
        .await;
        note("5 stop switch", took);
        let (reports, took) = timed(send_all(&ctx, &claimed, before)).await;
        note("6 send", took);
        let breaker = &ctx.config.breaker;
        let (recorded, took) = timed(ctx.store.record(&by, &reports, breaker)).await;
        recorded.expect("recorded");
        note("7 record", took);
    }
    println!("milliseconds for a batch of {BATCH}, median of {} batches:", DELIVERIES / BATCH);
    for (part, times) in parts {
        println!("  {part:24} {:8.1}", median(times));
    }
}

async fn said_again(ctx: &Ctx, claimed: &takaza::store::Claimed) -> bool {
    let earlier = saying::earlier(ctx, claimed.escalations.values()).await;
    for (id, escalation) in &claimed.escalations {
        let Some(members) = claimed.members.get(id) else { continue };
        if saying::against_sending(ctx, escalation, members, &earlier).await.is_some() {
            return false;
        }
    }
    true
}

async fn send_all(
    ctx: &Ctx,
    claimed: &takaza::store::Claimed,
    before: SignedDuration,
) -> Vec<Report> {
    let destination = ctx.destinations.values().next().expect("one account");
    let permit = SendPermit {
        switch: ctx.switch.clone(),
        store: ctx.store.clone(),
        clock: ctx.clock.clone(),
        deadline: before + ctx.config.deliver.lease - destination.request_timeout(),
        rechecked_until: ctx.clock.steady() + ctx.config.ladder.recheck_within,
        authority_until: ctx.clock.now().plus(ctx.config.ladder.clearance_valid_for),
        past_stop: false,
    };
    let permit = &permit;
    let sends = claimed.deliveries.iter().map(|one| async move {
        let outcome = match destination.send(one, permit).await {
            Sent::Attempted(outcome) => Ended::Attempted(outcome),
            not_sent => panic!("{not_sent:?}"),
        };
        let delivery = one.delivery();
        Report {
            delivery: delivery.id.clone(),
            escalation: delivery.escalation.clone(),
            token: one.lease().token.clone(),
            ended: outcome,
            look: destination.look_rules(),
            recheck: None,
        }
    });
    futures::stream::iter(sends).buffer_unordered(BATCH as usize).collect().await
}
