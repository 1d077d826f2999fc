//! The loops that takaza is held against, on the same PostgreSQL and the same sink.
//!
//! The *bare* loop claims 100 rows with `SKIP LOCKED`, sends them at once and records them in one
//! statement; it checks nothing, keeps no record and leaves no evidence. The *kept* loop is the
//! least that takaza's promises cost in the shape they have: one transaction for the claim and one
//! for the record, each under one lock; what a text rests on read with the claim and asked again
//! at the source; an entry with its digests for every act. It judges nothing, and what it writes is
//! one narrow row. So the bare loop against it is the price of the promises, and takaza against it
//! is what is left to win without giving one up.

use futures::StreamExt as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use sqlx::{PgConnection, PgPool, Row as _};
use takaza::destinations::http::{self, HttpConfig};

/// The loops' tables beside a ledger whose deliveries are cleared: the same texts, each with its
/// escalation, by which the kept loop finds what the text rests on.
pub const TABLES: &str = "
    CREATE TABLE job (id bigint PRIMARY KEY, state text NOT NULL, body text NOT NULL, post text,
        escalation text NOT NULL);
    CREATE INDEX job_waiting ON job (id) WHERE state = 'waiting';
    INSERT INTO job SELECT row_number() OVER (), 'waiting', CAST(content AS jsonb) ->> 'text',
        NULL, escalation FROM delivery;
    CREATE TABLE job_gate (turn bigint NOT NULL);
    INSERT INTO job_gate VALUES (0);
    CREATE TABLE job_entry (id text PRIMARY KEY, subject text NOT NULL, seq bigint NOT NULL,
        act text NOT NULL, body text NOT NULL, leaf text NOT NULL, UNIQUE (subject, seq));
    CREATE INDEX job_entry_act ON job_entry (act, id);";

/// What both loops send by.
pub struct Loops {
    pool: PgPool,
    client: reqwest::Client,
    sink: String,
}

/// A claimed text.
struct Job {
    id: i64,
    body: String,
    escalation: String,
}

impl Loops {
    pub async fn on(url: &str, sink: &str) -> Self {
        let pool = PgPool::connect(url).await.expect("PostgreSQL");
        let client = http::client(&HttpConfig::default()).expect("a client");
        Self { pool, client, sink: sink.to_owned() }
    }

    /// One batch of the bare loop: how many were sent.
    pub async fn bare(&self) -> u64 {
        let mut connection = self.pool.acquire().await.expect("a connection");
        let jobs = claim(&mut connection).await;
        let (ids, posts) = self.send(jobs).await;
        record(&mut connection, &ids, &posts).await;
        ids.len() as u64
    }

    /// One batch of the kept loop: how many were sent.
    pub async fn kept(&self) -> u64 {
        let mut tx = self.pool.begin().await.expect("a transaction");
        take_turn(&mut tx).await;
        let jobs = claim(&mut tx).await;
        let rests_on = members(&mut tx, &jobs).await;
        let claimed: Vec<_> = jobs.iter().map(|job| (job.id, job.body.clone())).collect();
        append(&mut tx, "claimed", 1, &claimed).await;
        tx.commit().await.expect("claimed");
        assert_eq!(self.asked_again(&rests_on).await, rests_on.len(), "the source knows them all");
        let (ids, posts) = self.send(jobs).await;
        let mut tx = self.pool.begin().await.expect("a transaction");
        take_turn(&mut tx).await;
        record(&mut tx, &ids, &posts).await;
        let done: Vec<_> = ids.iter().copied().zip(posts).collect();
        append(&mut tx, "delivered", 2, &done).await;
        tx.commit().await.expect("recorded");
        ids.len() as u64
    }

    async fn send(&self, jobs: Vec<Job>) -> (Vec<i64>, Vec<String>) {
        let send = async |Job { id, body, .. }: Job| {
            let request = self.client.post(format!("{}/api/v1/statuses", self.sink));
            let post = json!({"status": body, "visibility": "public", "language": "en"});
            let answer = request.bearer_auth("token").json(&post).send().await.expect("sent");
            let answer: Value = answer.json().await.expect("an answer");
            (id, answer["id"].as_str().expect("an id").to_owned())
        };
        futures::stream::iter(jobs.into_iter().map(send)).buffer_unordered(100).unzip().await
    }

    async fn asked_again(&self, members: &[String]) -> usize {
        let rows = sqlx::query(
            "SELECT external_id, case_ref, bank_code, kind, disputed_amount::text, due_at::text, \
             status, acted_at::text, lien_amount::text, updated_at::text FROM bank_action \
             WHERE external_id = ANY($1)",
        );
        rows.bind(members).fetch_all(&self.pool).await.expect("asked again").len()
    }
}

async fn claim(on: &mut PgConnection) -> Vec<Job> {
    let claim = "UPDATE job SET state = 'sending' WHERE id IN (SELECT id FROM job \
        WHERE state = 'waiting' ORDER BY id LIMIT 100 FOR UPDATE SKIP LOCKED) \
        RETURNING id, body, escalation";
    let rows = sqlx::query(claim).fetch_all(on).await.expect("claimed");
    rows.iter()
        .map(|row| Job {
            id: row.get("id"),
            body: row.get("body"),
            escalation: row.get("escalation"),
        })
        .collect()
}

async fn record(on: &mut PgConnection, ids: &[i64], posts: &[String]) {
    sqlx::query(
        "UPDATE job SET state = 'delivered', post = done.post \
         FROM unnest($1::bigint[], $2::text[]) AS done(id, post) WHERE job.id = done.id",
    )
    .bind(ids)
    .bind(posts)
    .execute(on)
    .await
    .expect("recorded");
}

async fn take_turn(tx: &mut PgConnection) {
    sqlx::query("UPDATE job_gate SET turn = turn + 1").execute(tx).await.expect("the lock");
}

/// The evidence of the claimed texts: which actions each rests on.
async fn members(tx: &mut PgConnection, jobs: &[Job]) -> Vec<String> {
    let escalations: Vec<&str> = jobs.iter().map(|job| job.escalation.as_str()).collect();
    let rows = sqlx::query(
        "SELECT external_id, as_of, seen, commitment FROM escalation_action \
         WHERE escalation = ANY($1)",
    );
    let rows = rows.bind(escalations).fetch_all(tx).await.expect("the evidence");
    rows.iter().map(|row| row.get("external_id")).collect()
}

/// An entry per job in the act's transaction, with the digest of what was written, and its leaf.
async fn append(tx: &mut PgConnection, act: &str, seq: i64, rows: &[(i64, String)]) {
    let sha256 = |text: &str| hex::encode(Sha256::digest(text.as_bytes()));
    let (mut ids, mut subjects, mut bodies, mut leaves) = (vec![], vec![], vec![], vec![]);
    for (job, written) in rows {
        let (id, digest) = (format!("{seq:04}-{job:031}"), sha256(written));
        let body = json!({
            "v": "1", "id": id, "act": act, "subject": job.to_string(), "seq": seq.to_string(),
            "by": {"person": null, "process": "deliver", "os_user": "bench"},
            "authority": "approval by dcp",
            "body": {"attempt": 1, "holder": "bench-1", "content": digest, "clearance": digest},
            "rows": [{"table": "delivery", "key": job.to_string(), "hash": digest},
                     {"table": "attempt", "key": format!("{job}/1"), "hash": digest}],
        });
        let body = body.to_string();
        leaves.push(sha256(&body));
        ids.push(id);
        subjects.push(job.to_string());
        bodies.push(body);
    }
    sqlx::query(
        "INSERT INTO job_entry (id, subject, seq, act, body, leaf) \
         SELECT id, subject, $5, $6, body, leaf \
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS e(id, subject, body, leaf)",
    )
    .bind(ids)
    .bind(subjects)
    .bind(bodies)
    .bind(leaves)
    .bind(seq)
    .bind(act)
    .execute(tx)
    .await
    .expect("kept");
}
