//! A filled ledger. Two tags go the real path, one until it is held and one until it is delivered
//! and closed; then set-based SQL multiplies their rows: other banks, sums, times and references, a
//! few per cent of the sent ones uncertain, waiting, refused or withdrawn. What was multiplied does
//! not verify (its hashes are the two tags'); it reads as any other.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use takaza::{
    domain::{escalation::EscalationState, ids::PersonId, platform::Language},
    store::{Actor, EscalationRow, QueueFilter},
    work::{self, Ctx},
};

use crate::{
    support::{case_table, now},
    unit,
};

/// How much is in a ledger.
#[derive(Clone, Copy)]
pub struct Size {
    /// Escalations that are held, with a waiting delivery in each of two languages.
    pub held: u32,
    /// Deliveries in all.
    pub deliveries: u32,
    /// The days over which the sent ones lie.
    pub days: i64,
}

/// Fills a new ledger and returns what works with it. `cases` is the url of a new SQLite database;
/// `also` is done to what was filled.
pub async fn fill(ledger: &str, cases: &str, size: Size, also: &str) -> Ctx {
    let (held, closed, ctx) = two_real_ones(ledger, cases).await;
    let mut writer = Writer::open(ledger).await;
    writer.begin().await;
    writer.plan(size).await;
    writer.multiply(&held, &closed).await;
    writer.run(also).await;
    writer.finish().await;
    ctx
}

async fn two_real_ones(ledger: &str, cases: &str) -> (EscalationRow, EscalationRow, Ctx) {
    let mut writer = SqliteConnection::connect(&format!("{cases}?mode=rwc")).await.expect("SQLite");
    let rows = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5) \
        INSERT INTO bank_action SELECT 'A-' || i, 'FIR ' || i, 'B' || (i % 2), 'lien', 1, \
        '12345.00', datetime('now', '-72 hours'), datetime('now', '-72 hours'), NULL, 1, \
        'pending', NULL, NULL, 1, datetime('now', '-70 hours'), datetime('now', '-70 hours') \
        FROM n;";
    let sql = format!("{} {rows}", case_table(true));
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut writer).await.expect("rows");
    let ctx = unit::ctx(ledger, cases, &unit::sink(std::time::Duration::ZERO).await).await;
    unit::people(&ctx, vec![Language::En, Language::Hi]).await;
    work::watch::run_once(&ctx).await.expect("watched");
    work::escalate::run_once(&ctx).await.expect("drafted");
    let filter = QueueFilter { page: (0, 10), ..QueueFilter::default() };
    let mut rows = ctx.store.queue(&filter).await.expect("the queue");
    let (Some(one), Some(held), None) = (rows.pop(), rows.pop(), rows.pop()) else {
        panic!("each of the two banks has a tag");
    };
    let (dcp, _) = ctx.store.person(&PersonId::new("dcp")).await.expect("the approver");
    let (id, hash) = (one.escalation.id.as_str(), one.escalation.hash());
    let (by, valid) =
        (Actor::person(dcp.id.clone(), "bench"), ctx.config.ladder.clearance_valid_for);
    ctx.store.approve(&by, id, &dcp, &hash, valid).await.expect("approved");
    work::deliver::run_once(&ctx).await.expect("delivered");
    work::sweep::run_once(&ctx).await.expect("swept");
    let closed = ctx.store.escalation(id).await.expect("it is there");
    assert_eq!(closed.escalation.state(), EscalationState::Closed, "it went out");
    assert_eq!((held.deliveries.len(), closed.deliveries.len()), (2, 2), "in two languages");
    (held, closed, ctx)
}

/// A connection beside the ledger's own.
enum Writer {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

impl Writer {
    async fn open(url: &str) -> Self {
        if url.starts_with("sqlite") {
            Self::Sqlite(SqliteConnection::connect(url).await.expect("SQLite"))
        } else {
            Self::Postgres(PgConnection::connect(url).await.expect("PostgreSQL"))
        }
    }

    async fn run(&mut self, sql: impl Into<String>) {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.into()));
        match self {
            Self::Sqlite(connection) => sql.execute(connection).await.map(|_| ()),
            Self::Postgres(connection) => sql.execute(connection).await.map(|_| ()),
        }
        .expect("it is written");
    }

    async fn columns(&mut self, table: &str) -> Vec<String> {
        match self {
            Self::Sqlite(connection) => {
                let sql = "SELECT name FROM pragma_table_info($1) ORDER BY cid";
                let rows = sqlx::query(sql).bind(table).fetch_all(connection).await;
                rows.expect("columns").iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(connection) => {
                let sql = "SELECT column_name::text FROM information_schema.columns \
                    WHERE table_name = $1 ORDER BY ordinal_position";
                let rows = sqlx::query(sql).bind(table).fetch_all(connection).await;
                rows.expect("columns").iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// What is written here need not survive a power cut.
    async fn begin(&mut self) {
        if let Self::Sqlite(_) = self {
            self.run("PRAGMA synchronous = OFF; PRAGMA cache_size = -500000").await;
        }
    }

    /// PostgreSQL gathers its statistics by itself sooner or later; SQLite has none unless it is told
    /// to, and nothing tells it.
    async fn finish(&mut self) {
        self.run("DROP TABLE filling").await;
        if let Self::Postgres(_) = self {
            self.run("VACUUM ANALYZE").await;
        }
    }

    fn hex(&self, number: &str, digits: u32) -> String {
        match self {
            Self::Sqlite(_) => format!("printf('%0{digits}x', {number})"),
            Self::Postgres(_) => format!("lpad(to_hex({number}), {digits}, '0')"),
        }
    }

    /// One row an escalation: the held ones of the last two days, the others of the days before.
    /// Ids are in the order of drafting, as UUIDs v7 are; `stem` lacks its last digit.
    async fn plan(&mut self, Size { held, deliveries, days }: Size) {
        let (all, now) = (deliveries / 2, now().micros());
        let series = match self {
            Self::Sqlite(_) => format!(
                "(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {all}) \
                 SELECT i FROM n)"
            ),
            Self::Postgres(_) => format!("(SELECT i FROM generate_series(1, {all}::bigint) AS i)"),
        };
        let (young, old) = (2 * DAY / i64::from(held), days * DAY / i64::from(all - held));
        let (milliseconds, last) = (self.hex("n.at / 1000", 12), self.hex("n.i", 11));
        let reference = self.hex("n.i", 6);
        self.run(format!(
            "CREATE TABLE filling AS SELECT n.i, n.at, n.fate, \
               CASE WHEN n.fate = 'held' THEN 'H' || n.i \
                 WHEN n.fate IN ('uncertain', 'waiting') THEN 'C' || n.i \
                 ELSE 'B' || (n.i % 40) END AS bank, \
               'GGM-' || upper({reference}) AS reference, \
               substr({milliseconds}, 1, 8) || '-' || substr({milliseconds}, 9, 4) \
                 || '-7000-8000-' || {last} AS stem \
             FROM (SELECT s.i, \
               CASE WHEN s.i < {held} THEN {now} - s.i * {young} \
                 ELSE {now} - {DAY} * 2 - (s.i - {held}) * {old} END AS at, \
               CASE WHEN s.i < {held} THEN 'held' WHEN s.i % 100 = 0 THEN 'uncertain' \
                 WHEN s.i % 100 = 1 THEN 'waiting' WHEN s.i % 100 = 2 THEN 'refused' \
                 WHEN s.i % 100 = 3 THEN 'withdrawn' ELSE 'delivered' END AS fate \
               FROM {series} AS s) AS n"
        ))
        .await;
    }

    async fn multiply(&mut self, held: &EscalationRow, closed: &EscalationRow) {
        for (row, fate) in [(held, "= 'held'"), (closed, "<> 'held'")] {
            let fates = format!("f.fate {fate}");
            let (id, reference) = (&row.escalation.id, &row.escalation.reference);
            let own = format!("SELECT * FROM escalation WHERE id = '{id}'");
            self.copy("escalation", &fates, &own, ESCALATION).await;
            let own = format!("SELECT * FROM escalation_action WHERE escalation = '{id}'");
            self.copy("escalation_action", &fates, &own, MEMBER).await;
            let own = format!(
                "SELECT d.*, '{reference}' AS known FROM delivery d WHERE d.escalation = '{id}'"
            );
            self.copy("delivery", &fates, &own, DELIVERY).await;
        }
        let sent = "f.fate IN ('uncertain', 'refused', 'delivered')";
        let id = &closed.escalation.id;
        let own = |table: &str, column: &str| {
            format!(
                "SELECT t.*, d.n AS place FROM {table} t JOIN delivery d ON d.id = t.{column} \
                 WHERE d.escalation = '{id}'"
            )
        };
        self.copy("attempt", sent, &own("attempt", "delivery"), ATTEMPT).await;
        let attempted = format!("{} AND t.act = 'delivery.attempted'", own("entry", "subject"));
        self.copy("entry", sent, &attempted, ENTRY).await;
        self.run(
            "INSERT INTO engagement (delivery, kind, platform_id, voice, author, at, first_seen_at) \
             SELECT f.stem || '0', 'like', 'alias ' || f.i, 'other', 'author ' || f.i, f.at, f.at \
             FROM filling f WHERE f.fate = 'delivered' AND f.i % 3 = 0",
        )
        .await;
    }

    /// Copies rows of a table, `t`, once for each row of the plan, `f`, but for what is given.
    async fn copy(&mut self, table: &str, fates: &str, rows: &str, given: &[(&str, &str)]) {
        let columns = self.columns(table).await;
        let value = |column: &String| {
            let given = given.iter().find(|(name, _)| name == column);
            given.map_or_else(|| format!("t.{column}"), |(_, value)| (*value).to_owned())
        };
        let values: Vec<_> = columns.iter().map(value).collect();
        self.run(format!(
            "INSERT INTO {table} ({}) SELECT {} FROM filling f CROSS JOIN ({rows}) t WHERE {fates}",
            columns.join(", "),
            values.join(", ")
        ))
        .await;
        if let Self::Sqlite(_) = self {
            self.run("PRAGMA wal_checkpoint(TRUNCATE)").await;
        }
    }
}

const ESCALATION: &[(&str, &str)] = &[
    ("id", "f.stem || 'f'"),
    ("reference", "f.reference"),
    ("bank", "f.bank"),
    ("state", "CASE WHEN f.fate IN ('uncertain', 'waiting') THEN 'cleared' ELSE t.state END"),
    ("drafted_at", "f.at"),
    ("money_at_risk", "t.money_at_risk + f.i * 7919 % 100003 * 100000"),
];

const MEMBER: &[(&str, &str)] =
    &[("escalation", "f.stem || 'f'"), ("external_id", "t.external_id || '-' || f.i")];

const DELIVERY: &[(&str, &str)] = &[
    ("id", "f.stem || t.n"),
    ("escalation", "f.stem || 'f'"),
    ("bank", "f.bank"),
    ("reference", "f.reference"),
    ("content", "replace(t.content, t.known, f.reference)"),
    ("state", "CASE f.fate WHEN 'held' THEN t.state ELSE f.fate END"),
    ("not_before", "CASE WHEN f.fate IN ('held', 'waiting') THEN f.at END"),
    ("why", "CASE WHEN f.fate IN ('uncertain', 'refused', 'withdrawn') THEN 'said so' END"),
    ("sent_at", "CASE WHEN f.fate IN ('uncertain', 'delivered') THEN f.at + 60000000 END"),
    ("receipt_id", "CASE f.fate WHEN 'delivered' THEN t.receipt_id || '-' || f.i END"),
    ("permalink", "CASE f.fate WHEN 'delivered' THEN t.permalink || '-' || f.i END"),
    ("receipt_at", "CASE f.fate WHEN 'delivered' THEN f.at + 60000000 END"),
    ("doubt_since", "CASE f.fate WHEN 'uncertain' THEN f.at END"),
    ("look_at", "CASE f.fate WHEN 'uncertain' THEN f.at END"),
    ("empty_looks", "CASE f.fate WHEN 'uncertain' THEN 2 END"),
    ("asks", "CASE f.fate WHEN 'uncertain' THEN 1 END"),
    ("listen_at", "NULL"),
];

const ATTEMPT: &[(&str, &str)] = &[("delivery", "f.stem || t.place"), ("claimed_at", "f.at")];

const ENTRY: &[(&str, &str)] =
    &[("id", "f.stem || 'e' || t.place"), ("subject", "f.stem || t.place"), ("at", "f.at")];
