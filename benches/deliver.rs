//! Deliver: takaza's reconciler with every safety on, beside a bare loop on the same PostgreSQL and
//! the same loopback sink. The bare loop claims 100 rows with `SKIP LOCKED`, sends them at once and
//! records them in one statement; it checks nothing, keeps no record and leaves no evidence.
//!
//! Both send the same texts with the same parallelism, and each makes a first batch that is not
//! measured, which opens its connections. The texts were drafted by this process, as they are by
//! the service; `--restarted` drafts them in another one, and shows the first round after a
//! restart, when the leak guard has read none of them yet.
//!
//! `--profile` prints what each part of takaza's path costs a batch of 100.

mod support;
#[path = "support/unit.rs"]
mod unit;

use std::{collections::BTreeMap, time::Duration};

use futures::StreamExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row as _};
use support::{case_table, database, median, on_server, server, timed};
use takaza::{
    destinations::{
        Sent,
        http::{self, HttpConfig},
    },
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

#[tokio::main]
async fn main() {
    if server().is_none() {
        println!("deliver: left out; `benches/run deliver` starts a PostgreSQL");
        return;
    }
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let sink = unit::sink().await;
    if asked("--restarted") {
        prepare_elsewhere();
    } else {
        on_server("DROP DATABASE IF EXISTS prepared".to_owned()).await;
        on_server("CREATE DATABASE prepared".to_owned()).await;
        prepare(&sink).await;
    }
    if asked("--prepare") {
        return;
    }
    if asked("--profile") {
        profile(&sink).await;
        return;
    }
    let rounds = if asked("--restarted") { 1 } else { ROUNDS };
    let (mut ours, mut bare, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..rounds {
        // Alternating, so that a slow moment of the machine meets both.
        let (takaza, loops) = if round % 2 == 0 {
            let takaza = takaza_round(&sink).await;
            (takaza, bare_round(&sink).await)
        } else {
            let loops = bare_round(&sink).await;
            (takaza_round(&sink).await, loops)
        };
        println!("round {}: takaza {takaza:.0}/s, bare loop {loops:.0}/s", round + 1);
        ours.push(takaza);
        bare.push(loops);
        ratios.push(takaza / loops);
    }
    println!(
        "deliver: takaza {:.0} deliveries/s, bare loop {:.0} deliveries/s, ratio {:.2} (median of {rounds} alternating rounds)",
        median(ours),
        median(bare),
        median(ratios)
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
    work::escalate::run_once(&ctx).await.expect("drafted");
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
    // The same texts for the bare loop.
    let jobs = "CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, body text NOT NULL, \
        post text); CREATE INDEX job_waiting ON job (id) WHERE state = 'waiting'; \
        INSERT INTO job SELECT row_number() OVER (), 'waiting', \
        CAST(content AS jsonb) ->> 'text', NULL FROM delivery;";
    let mut writer = PgConnection::connect(&url).await.expect("PostgreSQL");
    sqlx::raw_sql(AssertSqlSafe(jobs)).execute(&mut writer).await.expect("jobs");
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

/// Deliveries per second of the reconciler.
async fn takaza_round(sink: &str) -> f64 {
    let url = fresh().await;
    let ctx = unit::ctx(&url, &url, sink).await;
    let first = takaza_batch(&ctx).await;
    let (sent, took) = timed(async {
        let mut sent = 0;
        while first + sent < u64::from(DELIVERIES) {
            sent += takaza_batch(&ctx).await;
        }
        sent
    })
    .await;
    per_second(sent, took)
}

async fn takaza_batch(ctx: &Ctx) -> u64 {
    let progress = work::deliver::run_once(ctx).await.expect("delivered");
    assert!(progress.did > 0, "nothing goes any more: {:?}", progress.notes);
    progress.did
}

/// Deliveries per second of the bare loop.
async fn bare_round(sink: &str) -> f64 {
    let pool = PgPool::connect(&fresh().await).await.expect("PostgreSQL");
    let client = http::client(&HttpConfig::default()).expect("a client");
    let first = bare_batch(&pool, &client, sink).await;
    let (sent, took) = timed(async {
        let mut sent = 0;
        while first + sent < u64::from(DELIVERIES) {
            let batch = bare_batch(&pool, &client, sink).await;
            assert!(batch > 0, "everything is sent");
            sent += batch;
        }
        sent
    })
    .await;
    per_second(sent, took)
}

async fn bare_batch(pool: &PgPool, client: &reqwest::Client, sink: &str) -> u64 {
    let claim = "UPDATE job SET state = 'sending' WHERE id IN (SELECT id FROM job \
        WHERE state = 'waiting' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED) RETURNING id, body";
    let jobs: Vec<(i64, String)> = sqlx::query(claim)
        .fetch_all(pool)
        .await
        .expect("claimed")
        .iter()
        .map(|row| (row.get("id"), row.get("body")))
        .collect();
    let send = async |(id, body): (i64, String)| {
        let request = client.post(format!("{sink}/api/v1/statuses")).bearer_auth("token");
        let post = json!({"status": body, "visibility": "public", "language": "en"});
        let answer = request.json(&post).send().await.expect("sent");
        let answer: Value = answer.json().await.expect("an answer");
        (id, answer["id"].as_str().expect("an id").to_owned())
    };
    let sends = futures::stream::iter(jobs.into_iter().map(send));
    let (ids, posts): (Vec<i64>, Vec<String>) = sends.buffer_unordered(100).unzip().await;
    sqlx::query(
        "UPDATE job SET state = 'delivered', post = done.post \
         FROM unnest($1::bigint[], $2::text[]) AS done(id, post) WHERE job.id = done.id",
    )
    .bind(&ids)
    .bind(&posts)
    .execute(pool)
    .await
    .expect("recorded");
    ids.len() as u64
}

fn per_second(count: u64, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
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
