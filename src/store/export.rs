//! The export: everything that an outsider needs to check, without our ledger or code, that every
//! post had its evidence, its authority, its recheck and its budget. `docs/record.md` has the
//! schema.
//!
//! The invariant: no case's own identifier leaves; actions and cases appear as keyed aliases, the
//! same throughout one key.

use std::{collections::BTreeMap, io::Write};

use serde_json::{Value as Json, json};

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::Act,
};
use crate::domain::{action::BankAction, canonical::Hash, person::Approver};

/// How an export is made.
#[derive(Clone)]
pub struct ExportRules<'a> {
    /// The key of the aliases: whoever has it can tell which case an alias is.
    pub alias_key: &'a [u8],
    /// The sealing key's public half.
    pub vkey: &'a str,
    /// The posting limits in force, as the configuration has them: the budget to check against.
    pub limits: Json,
}

/// Why an export ended early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be written.
    #[error("the export could not be written: {0}")]
    Write(#[from] std::io::Error),
}

const PAGE: i64 = 200;

impl Store {
    /// Writes the export as JSON lines, from one snapshot of the ledger. Returns how many lines.
    ///
    /// # Errors
    /// The ledger failed, or the writer did.
    pub async fn export(
        &self,
        writer: &mut (dyn Write + Send),
        rules: &ExportRules<'_>,
    ) -> Result<u64, ExportError> {
        let mut tx = self.read().await?;
        let mut out = Lines { writer, lines: 0, failed: None };
        out.put(&header(&mut tx, rules).await?)?;
        entries(&mut tx, &mut out).await?;
        sql("SELECT note FROM checkpoint WHERE note IS NOT NULL ORDER BY size, origin")
            .each(&mut tx, |row| {
                out.keep(&json!({"type": "checkpoint", "note": row.get::<String>("note")?}));
                Ok(())
            })
            .await?;
        out.check()?;
        notes(&mut tx, rules, &mut out).await?;
        posts(&mut tx, rules, &mut out).await?;
        out.writer.flush()?;
        Ok(out.lines)
    }
}

impl Store {
    /// Writes which action and case each alias of an export stands for, one JSON line an action.
    /// That they were written is an act, recorded before the first line is. Returns how many lines.
    ///
    /// # Errors
    /// The ledger failed, or the writer did.
    pub async fn export_references(
        &self,
        writer: &mut (dyn Write + Send),
        alias_key: &[u8],
        by: &Actor,
        approver: &Approver,
    ) -> Result<u64, ExportError> {
        let act = Act::new("export", "export.references-written", json!({}))
            .on(Some(format!("decision by {}", approver.id())));
        let tx = self.write().await?;
        self.finish(tx, by, vec![act]).await?;
        let mut tx = self.read().await?;
        let mut out = Lines { writer, lines: 0, failed: None };
        sql("SELECT seen FROM (SELECT external_id, MAX(seen) AS seen FROM escalation_action
             WHERE seen IS NOT NULL GROUP BY external_id) AS known ORDER BY external_id")
        .each(&mut tx, |row| {
            let seen: BankAction = serde_json::from_str(&row.get::<String>("seen")?)?;
            let (action, case) = (seen.external_id.expose(), seen.case_ref.expose());
            out.keep(&json!({
                "type": "reference", "action": alias(alias_key, "action", action),
                "case": alias(alias_key, "case", case), "external_id": action, "case_ref": case,
            }));
            Ok(())
        })
        .await?;
        out.check()?;
        out.writer.flush()?;
        Ok(out.lines)
    }
}

struct Lines<'a> {
    writer: &'a mut (dyn Write + Send),
    lines: u64,
    failed: Option<std::io::Error>,
}

impl Lines<'_> {
    fn put(&mut self, line: &Json) -> Result<(), ExportError> {
        self.keep(line);
        self.check()
    }

    /// Writes a line while rows stream by; the first failure is kept for [`Lines::check`].
    fn keep(&mut self, line: &Json) {
        if self.failed.is_none() {
            match writeln!(self.writer, "{line}") {
                Ok(()) => self.lines += 1,
                Err(error) => self.failed = Some(error),
            }
        }
    }

    fn check(&mut self) -> Result<(), ExportError> {
        self.failed.take().map_or(Ok(()), |error| Err(error.into()))
    }
}

async fn header(tx: &mut Tx, rules: &ExportRules<'_>) -> Result<Json, StoreError> {
    let head = sql("SELECT size, origin FROM tree_head WHERE id = 1").opt(tx).await?;
    let (size, origin) = match head {
        Some(row) => (row.get::<i64>("size")?, Some(row.get::<String>("origin")?)),
        None => (0, None),
    };
    let at = tx.now().await?;
    Ok(json!({
        "type": "header", "format": "takaza-export/1", "origin": origin,
        "tree_size": size.to_string(), "at": at.micros().to_string(), "vkey": rules.vkey,
        "limits": rules.limits,
    }))
}

/// Sealed entries in the order of their leaves, then those that wait.
async fn entries(tx: &mut Tx, out: &mut Lines<'_>) -> Result<(), ExportError> {
    sql("SELECT l.idx, e.body FROM leaf l JOIN entry e ON e.id = l.entry ORDER BY l.idx")
        .each(tx, |row| {
            let leaf: i64 = row.get("idx")?;
            let body: String = row.get("body")?;
            out.keep(&json!({"type": "entry", "leaf": leaf.to_string(), "body": body}));
            Ok(())
        })
        .await?;
    sql("SELECT e.body FROM entry e
         WHERE NOT EXISTS (SELECT 1 FROM leaf l WHERE l.entry = e.id) ORDER BY e.at, e.id")
    .each(tx, |row| {
        out.keep(&json!({"type": "entry", "leaf": null, "body": row.get::<String>("body")?}));
        Ok(())
    })
    .await?;
    out.check()
}

/// Private notices and confirmations, by the action's alias: that the private way came first.
async fn notes(
    tx: &mut Tx,
    rules: &ExportRules<'_>,
    out: &mut Lines<'_>,
) -> Result<(), ExportError> {
    sql("SELECT id, external_id, what, at, by_person FROM action_note ORDER BY at, id")
        .each(tx, |row| {
            let id: Option<String> = row.get("external_id")?;
            out.keep(&json!({
                "type": "note", "note": row.get::<String>("id")?,
                "action": id.map(|id| alias(rules.alias_key, "action", &id)),
                "what": row.get::<String>("what")?, "at": number(row, "at")?,
                "by": row.get::<String>("by_person")?,
            }));
            Ok(())
        })
        .await?;
    out.check()
}

async fn posts(
    tx: &mut Tx,
    rules: &ExportRules<'_>,
    out: &mut Lines<'_>,
) -> Result<(), ExportError> {
    let mut after = String::new();
    loop {
        let rows = sql("SELECT d.*, e.kind AS says, e.drafted_at FROM delivery d
             JOIN escalation e ON e.id = d.escalation
             WHERE d.id > $1 ORDER BY d.id LIMIT $2")
        .bind(&after)
        .bind(PAGE)
        .all(tx)
        .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = last.get("id")?;
        let mut subjects = Vec::with_capacity(rows.len() * 2);
        for row in &rows {
            subjects.push(json!({"s": row.get::<String>("id")?}));
            subjects.push(json!({"s": row.get::<String>("escalation")?}));
        }
        let acts = acts_of(tx, subjects.clone()).await?;
        let members = members_of(tx, subjects, rules.alias_key).await?;
        for row in &rows {
            out.put(&post(row, &acts, &members)?)?;
        }
    }
}

type BySubject = BTreeMap<String, Vec<Json>>;

/// The entries about these subjects: which act, by its entry and number.
async fn acts_of(tx: &mut Tx, subjects: Vec<Json>) -> Result<BySubject, StoreError> {
    let rows = sql("SELECT e.id, e.subject, e.seq, e.act, e.at, e.body, l.idx FROM entry e
         LEFT JOIN leaf l ON l.entry = e.id
         WHERE e.subject IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY e.subject, e.seq")
    .batch(subjects)
    .all(tx)
    .await?;
    let mut found = BySubject::new();
    for row in &rows {
        let entry: Json = serde_json::from_str(&row.get::<String>("body")?)?;
        let body = |field: &str| entry["body"].get(field).cloned().unwrap_or(Json::Null);
        let act = json!({
            "entry": row.get::<String>("id")?, "leaf": number(row, "idx")?,
            "act": row.get::<String>("act")?, "at": number(row, "at")?,
            "authority": entry["authority"], "hash": body("hash"), "content": body("content"),
            "clearance": body("clearance"), "outcome": body("outcome"),
            "recheck": body("recheck"), "state": body("state"), "price": body("price"),
        });
        let act = match act {
            Json::Object(fields) => fields.into_iter().filter(|(_, v)| !v.is_null()).collect(),
            other => other,
        };
        found.entry(row.get("subject")?).or_default().push(act);
    }
    Ok(found)
}

async fn members_of(
    tx: &mut Tx,
    escalations: Vec<Json>,
    key: &[u8],
) -> Result<BySubject, StoreError> {
    let rows = sql("SELECT * FROM escalation_action
         WHERE escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY escalation, n")
    .batch(escalations)
    .all(tx)
    .await?;
    let mut found = BySubject::new();
    for row in &rows {
        let seen: Option<String> = row.get("seen")?;
        let seen = seen.and_then(|seen| serde_json::from_str::<BankAction>(&seen).ok());
        let member = json!({
            "action": seen.as_ref().map(|seen| alias(key, "action", seen.external_id.expose())),
            "case": seen.as_ref().map(|seen| alias(key, "case", seen.case_ref.expose())),
            "as_of": number(row, "as_of")?, "commitment": row.get::<String>("commitment")?,
        });
        found.entry(row.get("escalation")?).or_default().push(member);
    }
    Ok(found)
}

fn post(row: &Row, acts: &BySubject, members: &BySubject) -> Result<Json, StoreError> {
    let (id, escalation): (String, String) = (row.get("id")?, row.get("escalation")?);
    let content: Json = serde_json::from_str(&row.get::<String>("content")?)?;
    let of = |subject: &str| acts.get(subject).cloned().unwrap_or_default();
    let authority: Vec<Json> = of(&escalation)
        .into_iter()
        .filter(|act| act["act"] == "escalation.approved" || act["act"] == "escalation.cleared")
        .collect();
    Ok(json!({
        "type": "post", "delivery": id, "escalation": escalation,
        "reference": row.get::<String>("reference")?, "kind": row.get::<String>("says")?,
        "bank": row.get::<String>("bank")?, "account": row.get::<String>("account")?,
        "sender": row.get::<String>("sender")?, "platform": content["platform"],
        "content_hash": row.get::<String>("content_hash")?,
        "state": row.get::<String>("state")?,
        "permalink": row.get::<Option<String>>("permalink")?,
        "drafted_at": number(row, "drafted_at")?, "sent_at": number(row, "sent_at")?,
        "receipt_at": number(row, "receipt_at")?, "attempts": number(row, "attempts")?,
        "members": members.get(&escalation).cloned().unwrap_or_default(),
        "authority": authority, "acts": of(&id),
    }))
}

/// An integer as a decimal string, as everywhere in the record.
fn number(row: &Row, column: &str) -> Result<Option<String>, StoreError> {
    Ok(row.get::<Option<i64>>(column)?.map(|number| number.to_string()))
}

/// What it is and half of its keyed hash: 128 bits are enough to tell all cases apart.
fn alias(key: &[u8], what: &str, id: &str) -> String {
    let hash = Hash::keyed(key, what, id);
    format!("{what}-{}", hex::encode(&hash.bytes()[..16]))
}
