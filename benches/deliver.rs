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

use std::{collections::BTreeMap, num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::post};
use futures::StreamExt as _;
use jiff::SignedDuration;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool, Row as _};
use support::{case_table, database, median, on_server, server, source, timed};
use takaza::{
    clock::{Clock, Dice},
    config::Config,
    destinations::{
        Sent,
        http::{self, HttpConfig},
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        bank::Directory,
        calendar::{Calendar, limits::Limits},
        escalation::EscalationState,
        ids::{AccountName, ExternalId, PersonId},
        person::{Person, Role},
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        wording::Templates,
    },
    store::{AccountRow, Actor, Ended, QueueFilter, Report, Store},
    work::{self, Ctx, saying, switch::SendPermit},
};

/// Deliveries of one round.
const DELIVERIES: u32 = 1_000;
const ROUNDS: usize = 5;
const BATCH: u32 = 100;

const CONFIG: &str = r#"
[unit]
name_en = "Cyber Crime Unit"
name_hi = "साइबर अपराध इकाई"
reference_prefix = "GGM"
policy_number = "P/1"
authorisation_number = "A/1"
[ledger]
connections = 8
[limits]
lien = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2099-01-01" }
[pacing]
account_interval = "0s"
per_account_hour = 1000000000
per_account_day = 1000000000
batch = 100
[breaker]
rate = 100000
[deliver]
every = "5s"
parallel = 100
request_timeout = "20s"
read_lag = "30s"
[listen]
every = "5m"
until_age = "336h"
own_posts_every = "15m"
[record]
origin = "takaza/bench"
key_file = "key"
[alarms]
duty_officer = "nobody"
"#;

#[tokio::main]
async fn main() {
    if server().is_none() {
        println!("deliver: left out; `benches/run deliver` starts a PostgreSQL");
        return;
    }
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let sink = sink().await;
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

/// A loopback server that speaks just enough of Mastodon's API.
async fn sink() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    let made = |State(next): State<Arc<AtomicU64>>, Json(body): Json<Value>| async move {
        let id = next.fetch_add(1, Ordering::Relaxed).to_string();
        let text = body["status"].as_str().unwrap_or_default();
        Json(json!({
            "id": id, "url": format!("http://127.0.0.1/@unit/{id}"),
            "content": format!("<p>{text}</p>"), "created_at": "2026-11-16T05:30:00Z",
            "account": {"id": "1", "acct": "unit"},
        }))
    };
    let next = Arc::new(AtomicU64::new(1));
    let app = Router::new().route("/api/v1/statuses", post(made)).with_state(next);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

async fn ctx(url: &str, sink: &str) -> Ctx {
    let here = Path::new(".");
    let mut config = Config::parse(CONFIG, here).expect("the configuration reads");
    config.calendar.quiet_hours = None;
    let (clock, dice) = (Clock::System, Dice::from_os());
    let store = Store::open(url, config.ledger.connections, &clock, dice.clone()).await;
    let calendar = Calendar::new(&config.calendar).expect("a calendar");
    let limits = Limits::new(calendar, config.limits.clone()).expect("limits");
    let mut account = MastodonConfig::new(
        AccountName::new("unit"),
        sink,
        "token".to_owned().into(),
        Arc::new(support::now),
    );
    account.requests_per_5_minutes = NonZeroU32::MAX;
    let destination = Arc::new(Mastodon::connect(account).expect("an account")) as Arc<_>;
    Ctx {
        config: Arc::new(config),
        clock,
        dice,
        store: store.expect("the ledger opens"),
        source: Arc::new(source(url)),
        banks: Arc::new(Directory::compiled_in().expect("a directory")),
        limits: Arc::new(limits),
        templates: Arc::new(Templates::built_in().expect("templates")),
        http: HttpConfig::default(),
        destinations: Arc::new(BTreeMap::from([(AccountName::new("unit"), destination)])),
        keepers: Arc::default(),
        process: "bench-1".to_owned(),
        shadow: false,
        switch: work::switch::Switch::default(),
    }
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
    let ctx = ctx(&url, sink).await;
    people(&ctx).await;
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

async fn people(ctx: &Ctx) {
    let now = ctx.clock.now();
    let person = |id: &str, role| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        role,
        order_number: None,
        from: now.minus(SignedDuration::from_hours(1)),
        until: None,
        confirmed: false,
    };
    let by = |id: &str| Actor::person(PersonId::new(id), "bench");
    let known = async |id: &str| ctx.store.person(&PersonId::new(id)).await.expect("a person").0;
    let root = person("root", Role::Administrator);
    ctx.store.add_person(&by("root"), None, &root, "none").await.expect("the first person");
    let root = known("root").await;
    for (id, role) in [("auditor", Role::Auditor), ("dcp", Role::Approver)] {
        let person = person(id, role);
        ctx.store.add_person(&by("root"), Some(&root), &person, "none").await.expect("a person");
    }
    let (auditor, dcp) = (known("auditor").await, PersonId::new("dcp"));
    ctx.store.confirm_person(&by("auditor"), &auditor, &dcp).await.expect("confirmed");
    let account = Account {
        name: AccountName::new("unit"),
        platform: Platform::Mastodon,
        base_url: String::new(),
        handle: "unit".to_owned(),
        stable_id: None,
        sender: Sender::Api,
        mention: MentionMode::PlainName,
        languages: vec![Language::En],
        visibility: Visibility::Public,
        spoiler: None,
        max_length: 500,
        live: false,
    };
    let row = AccountRow {
        account,
        idempotent: false,
        token_from: None,
        paused_until: None,
        paused_why: None,
        revoked: false,
        last_heard_at: None,
        mention_cursor: None,
        own_checked_at: None,
    };
    let root = root.as_administrator(now).expect("an administrator");
    ctx.store.put_account(&by("root"), &root, &row).await.expect("an account");
    let (dcp, name) = (known("dcp").await, AccountName::new("unit"));
    ctx.store.set_live(&by("dcp"), &dcp, &name, true).await.expect("live");
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
    let ctx = ctx(&fresh().await, sink).await;
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
    let ctx = ctx(&fresh().await, sink).await;
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
