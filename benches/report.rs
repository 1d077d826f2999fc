//! Report: what a report over a year takes, in milliseconds, over ledgers of 10,000, 100,000 and
//! 1,000,000 deliveries about 40 banks with five engagements each, on SQLite and on PostgreSQL. The
//! ratios stay far under ten, for a report costs days times banks and not rows (a ledger of a thousand has
//! posts on few of its banks' days, so the step to the next one is no measure). Prints also how long
//! the first counting of a ledger takes. `--tenth` takes a tenth of all sizes; `--sqlite` and
//! `--postgres` ask one database alone.
//!
//! The ledgers take some gigabytes of the temporary folder (`TMPDIR`).

#[path = "support/filled.rs"]
mod filled;
mod support;
#[path = "support/unit.rs"]
mod unit;

use std::path::Path;

use filled::Size;
use support::{database, median, now, on_server, server, timed};
use takaza::{
    domain::{measures::day_of, platform::Language},
    reports::document::{Edition, Subject},
    work::{
        self, Ctx,
        report::{Asked, make},
    },
};

const ROUNDS: usize = 9;
const DELIVERIES: [u32; 3] = [10_000, 100_000, 1_000_000];
const DAYS: i64 = 365;

/// Requests on which the filled tags rest, each seen to pend and acted on some hours after the tag,
/// those of the last three days not yet;
/// one in a hundred tags rejected or expired; four more engagements of each post in public, the bank's
/// own ones among them read; and the doubtful ones' banks among the forty.
const ALSO: &str = "
    UPDATE escalation SET state = 'closed', bank = 'B' || (drafted_at % 40) WHERE bank LIKE 'C%';
    UPDATE delivery SET bank =
      (SELECT e.bank FROM escalation e WHERE e.id = delivery.escalation) WHERE bank LIKE 'C%';
    UPDATE escalation SET state = CASE WHEN money_at_risk % 200000 = 0 THEN 'rejected'
      ELSE 'expired' END
      WHERE state = 'closed' AND NOT EXISTS (SELECT 1 FROM delivery d
        WHERE d.escalation = escalation.id AND d.state <> 'withdrawn');
    INSERT INTO action (external_id, bank, kind, status, disputed, body, fell_due_at, acted_at,
        commitment)
      SELECT m.external_id, e.bank, 'lien', 'acted', 1234500,
        '{\"external_id\":\"' || m.external_id || '\",\"case_ref\":\"c\",\"bank\":\"' || e.bank
        || '\",\"kind\":\"lien\",\"layer\":1,\"disputed\":1234500,\"requested_at\":'
        || (e.drafted_at - 90000000000) || ',\"delivered_at\":' || (e.drafted_at - 86400000000)
        || ',\"due_at\":' || (e.drafted_at - 7200000000 - e.money_at_risk % 3600000000)
        || ',\"complete\":true,\"status\":\"acted\",\"acted_at\":'
        || (e.drafted_at + e.money_at_risk % 500000000000) || ',\"lien_amount\":'
        || (e.money_at_risk % 3 * 600000)
        || ',\"contacts\":1,\"last_contact_at\":null,\"updated_at\":null}',
        e.drafted_at - 7200000000 - e.money_at_risk % 3600000000,
        e.drafted_at + e.money_at_risk % 500000000000, ''
      FROM escalation_action m JOIN escalation e ON e.id = m.escalation
      WHERE e.state = 'closed' AND m.external_id LIKE '%-%-%';
    UPDATE action SET status = 'pending', due_at = fell_due_at, acted_at = NULL,
        body = replace(replace(body, '\"acted\"', '\"pending\"'),
          '\"acted_at\":' || acted_at, '\"acted_at\":null')
      WHERE external_id LIKE '%-%-%'
        AND fell_due_at > (SELECT MAX(fell_due_at) FROM action) - 259200000000;
    INSERT INTO action_change (id, poll, external_id, seen_at, as_of, salt, body, commitment)
      SELECT a.external_id || ' 1', 'p', a.external_id, a.fell_due_at - 3600000000,
        a.fell_due_at - 3600000000, '', replace(replace(a.body, '\"acted\"', '\"pending\"'),
          '\"acted_at\":' || COALESCE(a.acted_at, 0), '\"acted_at\":null'), ''
      FROM action a WHERE a.external_id LIKE '%-%-%';
    INSERT INTO action_change (id, poll, external_id, seen_at, as_of, salt, body, commitment)
      SELECT a.external_id || ' 2', 'p', a.external_id, a.acted_at, a.acted_at, '', a.body, ''
      FROM action a WHERE a.status = 'acted' AND a.external_id LIKE '%-%-%';
    DELETE FROM engagement;
    INSERT INTO engagement (delivery, kind, platform_id, voice, author, at, first_seen_at, class,
        class_method)
      SELECT d.id, k.kind, k.n, k.voice, 'a', d.sent_at + k.after_us, d.sent_at + k.after_us,
        CASE WHEN k.voice <> 'bank' THEN NULL WHEN d.sent_at / 7 % 10 = 0 THEN 'claim'
          WHEN d.sent_at / 7 % 10 < 4 THEN 'acknowledgement' ELSE 'canned' END, 1
      FROM delivery d CROSS JOIN (
        SELECT 'like' AS kind, '1' AS n, 'other' AS voice, 60000000 AS after_us
        UNION ALL SELECT 'repost', '2', 'other', 900000000
        UNION ALL SELECT 'reply', '3', 'other', 1200000000
        UNION ALL SELECT 'quote', '4', 'other', 9000000000
        UNION ALL SELECT 'reply', '5', 'bank', 5400000000) k
      WHERE d.state = 'delivered';
    ";

#[tokio::main]
async fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let part = if asked("--tenth") { 10 } else { 1 };
    let sizes = DELIVERIES.map(|deliveries| deliveries / part);
    let dir = tempfile::tempdir().expect("a folder");
    if !asked("--postgres") {
        let ledger =
            |size: u32| format!("sqlite:{}", dir.path().join(format!("l{size}")).display());
        report("SQLite", dir.path(), &sizes.map(|size| (ledger(size), size))).await;
    }
    if asked("--sqlite") {
        return;
    }
    if server().is_none() {
        println!("report on PostgreSQL: left out; `benches/run report` starts one");
        return;
    }
    let mut ledgers = Vec::new();
    for size in sizes {
        let name = format!("report_{size}");
        on_server(format!("DROP DATABASE IF EXISTS {name}")).await;
        on_server(format!("CREATE DATABASE {name}")).await;
        ledgers.push((database(&name), size));
    }
    report("PostgreSQL", dir.path(), &ledgers).await;
}

/// Fills each ledger, counts it, and asks for the year's report of every subject.
async fn report(kind: &str, dir: &Path, ledgers: &[(String, u32)]) {
    let mut before = None;
    for (n, (ledger, deliveries)) in ledgers.iter().enumerate() {
        let cases = format!("sqlite:{}", dir.join(format!("cases-{kind}-{n}.db")).display());
        let size = Size { held: 100, deliveries: *deliveries, days: DAYS };
        let ctx = filled::fill(ledger, &cases, size, ALSO).await;
        let (days, counting) = timed(count(&ctx)).await;
        let mut total = 0.0;
        for subject in Subject::ALL {
            let times = times(&ctx, *subject).await;
            println!("report on {kind}: {deliveries} deliveries: {subject}: {times:.0} ms");
            total += times;
        }
        let beside = before.map_or_else(String::new, |before: f64| {
            format!(", {:.2} times what a tenth of it took", total / before)
        });
        println!(
            "report on {kind}: {deliveries} deliveries: {days} banks' days counted in {:.1} s; all \
             four reports {total:.0} ms{beside}",
            counting.as_secs_f64()
        );
        before = Some(total);
    }
}

/// Counts the whole ledger, and tells how many banks' days that are.
async fn count(ctx: &Ctx) -> usize {
    while work::tally::run_once(ctx).await.expect("it is counted").more {}
    ctx.store.tally_days((0, 1_000_000), None).await.expect("the sums").len()
}

/// The median of a year's report, in milliseconds.
async fn times(ctx: &Ctx, subject: Subject) -> f64 {
    let today = takaza::domain::measures::day_at(now(), ctx.limits.calendar().zone());
    let asked = Asked {
        subject,
        edition: Edition::Unit,
        language: Language::En,
        from: day_of(today - DAYS),
        until: day_of(today),
        bank: None,
    };
    let mut took = Vec::new();
    for _ in 0..ROUNDS {
        let (made, time) = timed(make(ctx, &asked)).await;
        assert!(!made.expect("it is made").sections.is_empty());
        took.push(time.as_secs_f64() * 1000.0);
    }
    median(took)
}
