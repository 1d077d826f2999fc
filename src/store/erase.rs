//! Erasure under a rule: private columns and their salt are blanked, and the record stays whole.
//!
//! Entries hold only commitments under those salts. The erasure itself is an act: its entry carries
//! the digest of the blanked row, so that a later change of it is still found.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    escalations,
    record::{Act, DISPUTE, ENGAGEMENT, ERASURE, MEMBER, NOTE},
};
use crate::domain::{
    action::{BankAction, spelled},
    ids::{CaseRef, ExternalId},
    person::Administrator,
    time::Timestamp,
};

spelled! {
    /// The tables whose rows hold something that can be erased.
    Erasable {
        /// An action that an escalation rests on (key `ESCALATION/N`): id, sighting, salt.
        Member = "escalation_action",
        /// A sighting (key: any one's id): id, text and salt of every sighting of that action, and
        /// the ledger's present sight of it.
        Change = "action_change",
        /// A bank's written reason (key: the dispute's id).
        Dispute = "dispute",
        /// The text of an engagement (key `DELIVERY/KIND/PLATFORM_ID`).
        Engagement = "engagement",
        /// Which action a private notice or a confirmation was about (key: the note's id).
        Note = "action_note",
    }
}

/// A row that can be erased: its table, and its key there.
pub type ErasableRow = (Erasable, String);

/// What an erasure is about, as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// One bank action, by its id in the case source.
    Action(ExternalId),
    /// All bank actions of a case.
    Case(CaseRef),
    /// What an escalation rests on and what came back on it, by its reference.
    Post(String),
}

/// What an erasure would blank, and what it must leave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Rows that can be erased.
    pub rows: Vec<ErasableRow>,
    /// Rows on which an open escalation rests.
    pub kept: Vec<ErasableRow>,
}

impl Store {
    /// Erases rows' private columns under a rule in one act, and says so in the record. Returns how
    /// many rows were blanked: all sightings of an action go together.
    ///
    /// # Errors
    /// A row is not there, or an open escalation still rests on it (then nothing is erased), or the
    /// ledger failed.
    pub async fn erase(
        &self,
        by: &Actor,
        administrator: &Administrator,
        rows: &[ErasableRow],
        rule: &str,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut blanked: BTreeMap<Erasable, Vec<String>> = BTreeMap::new();
        for (table, key) in rows {
            let keys = blank(&mut tx, *table, key).await?;
            if keys.is_empty() {
                return Err(StoreError::NotFound(format!(
                    "row {key} of {table} that can be erased (an open escalation keeps its actions)"
                )));
            }
            blanked.entry(*table).or_default().extend(keys);
        }
        let mut acts = Vec::with_capacity(blanked.len());
        for (table, keys) in &blanked {
            self.note_erasures(&mut tx, *table, keys, rule, now).await?;
            let body = json!({"table": table, "rule": rule, "rows": keys.len()});
            let act = Act::new(format!("erasure:{table}"), "record.erased", body);
            let authority = format!("rule {rule}, decision by {}", administrator.id());
            acts.push(act.on(Some(authority)));
        }
        self.finish(tx, by, acts).await?;
        Ok(blanked.values().map(|keys| keys.len() as u64).sum())
    }

    /// What can be erased about something, and what an open escalation keeps.
    ///
    /// # Errors
    /// There is no such post, or the ledger failed.
    pub async fn erasable(&self, about: &About) -> Result<Found, StoreError> {
        let mut tx = self.read().await?;
        match about {
            About::Action(id) => of_actions(&mut tx, BTreeSet::from([id.clone()])).await,
            About::Case(case) => {
                let ids = of_case(&mut tx, case).await?;
                of_actions(&mut tx, ids).await
            }
            About::Post(which) => of_post(&mut tx, which).await,
        }
    }

    async fn note_erasures(
        &self,
        tx: &mut Tx,
        table: Erasable,
        keys: &[String],
        rule: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let rows = keys.iter().map(|key| json!({"id": self.dice.uuid(now), "key": key}));
        sql("INSERT INTO erasure (id, table_name, row_key, rule, at)
             SELECT j.value->>'id', $2, j.value->>'key', $3, $4
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE true RETURNING *")
        .batch(rows.collect())
        .bind(table.as_str())
        .bind(rule)
        .bind(now)
        .write(&ERASURE, tx)
        .await?;
        Ok(())
    }
}

/// The actions of a case, by what the ledger still knows of it.
async fn of_case(tx: &mut Tx, case: &CaseRef) -> Result<BTreeSet<ExternalId>, StoreError> {
    let mut ids = BTreeSet::new();
    sql("SELECT external_id, body FROM action_change WHERE body IS NOT NULL")
        .each(tx, |row| {
            let seen: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
            if seen.case_ref == *case {
                ids.insert(seen.external_id);
            }
            Ok(())
        })
        .await?;
    let rows = sql("SELECT external_id FROM escalation_action
         WHERE case_ref = $1 AND external_id IS NOT NULL")
    .bind(case)
    .all(tx)
    .await?;
    for row in &rows {
        ids.insert(row.get("external_id")?);
    }
    Ok(ids)
}

async fn of_actions(tx: &mut Tx, ids: BTreeSet<ExternalId>) -> Result<Found, StoreError> {
    let batch: Vec<_> = ids.iter().map(|id| json!({"id": id})).collect();
    let mut found = Found::default();
    let rows = sql("SELECT escalation, n, open, external_id FROM escalation_action
         WHERE external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY escalation, n")
    .batch(batch.clone())
    .all(tx)
    .await?;
    let mut open = BTreeSet::new();
    for row in &rows {
        let key = format!("{}/{}", row.get::<String>("escalation")?, row.get::<i64>("n")?);
        if row.get("open")? {
            open.insert(row.get::<ExternalId>("external_id")?);
            found.kept.push((Erasable::Member, key));
        } else {
            found.rows.push((Erasable::Member, key));
        }
    }
    let rows = sql("SELECT external_id, MIN(id) AS id FROM action_change
         WHERE external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY external_id ORDER BY 2")
    .batch(batch.clone())
    .all(tx)
    .await?;
    for row in &rows {
        let kept = open.contains(&row.get::<ExternalId>("external_id")?);
        let list = if kept { &mut found.kept } else { &mut found.rows };
        list.push((Erasable::Change, row.get("id")?));
    }
    let rows = sql("SELECT id, external_id FROM action_note
         WHERE external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         ORDER BY id")
    .batch(batch)
    .all(tx)
    .await?;
    for row in &rows {
        let kept = open.contains(&row.get::<ExternalId>("external_id")?);
        let list = if kept { &mut found.kept } else { &mut found.rows };
        list.push((Erasable::Note, row.get("id")?));
    }
    Ok(found)
}

/// The members, the disputes' reasons and the answers' texts.
async fn of_post(tx: &mut Tx, which: &str) -> Result<Found, StoreError> {
    let id = escalations::find(tx, which).await?.escalation.id;
    let mut found = Found::default();
    let rows = sql("SELECT n, open FROM escalation_action
         WHERE escalation = $1 AND seen IS NOT NULL ORDER BY n")
    .bind(&id)
    .all(tx)
    .await?;
    for row in &rows {
        let list = if row.get("open")? { &mut found.kept } else { &mut found.rows };
        list.push((Erasable::Member, format!("{id}/{}", row.get::<i64>("n")?)));
    }
    let rows =
        sql("SELECT id FROM dispute WHERE escalation = $1 AND reason IS NOT NULL ORDER BY id")
            .bind(&id)
            .all(tx)
            .await?;
    for row in &rows {
        found.rows.push((Erasable::Dispute, row.get("id")?));
    }
    let rows = sql("SELECT g.delivery, g.kind, g.platform_id FROM engagement g
         JOIN delivery d ON d.id = g.delivery
         WHERE d.escalation = $1 AND g.text IS NOT NULL
         ORDER BY g.delivery, g.kind, g.platform_id")
    .bind(&id)
    .all(tx)
    .await?;
    for row in &rows {
        let (delivery, kind): (String, String) = (row.get("delivery")?, row.get("kind")?);
        let key = format!("{delivery}/{kind}/{}", row.get::<String>("platform_id")?);
        found.rows.push((Erasable::Engagement, key));
    }
    Ok(found)
}

/// Blanks the row and returns the keys of what was blanked.
async fn blank(tx: &mut Tx, table: Erasable, key: &str) -> Result<Vec<String>, StoreError> {
    let found = match table {
        Erasable::Member => {
            let (escalation, n) = key.rsplit_once('/').unwrap_or((key, ""));
            sql("UPDATE escalation_action SET external_id = NULL, case_ref = NULL,
               seen = NULL, salt = NULL
                 WHERE escalation = $1 AND n = $2 AND open = 0 RETURNING *")
            .bind(escalation)
            .bind(n.parse().unwrap_or(-1_i64))
            .write(&MEMBER, tx)
            .await?
        }
        Erasable::Change => return blank_action(tx, key).await,
        Erasable::Dispute => {
            sql("UPDATE dispute SET reason = NULL, salt = NULL WHERE id = $1 RETURNING *")
                .bind(key)
                .write(&DISPUTE, tx)
                .await?
        }
        Erasable::Engagement => {
            let mut parts = key.splitn(3, '/');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            sql("UPDATE engagement SET text = NULL, salt = NULL
                 WHERE delivery = $1 AND kind = $2 AND platform_id = $3 RETURNING *")
            .bind(part())
            .bind(part())
            .bind(part())
            .write(&ENGAGEMENT, tx)
            .await?
        }
        Erasable::Note => {
            sql("UPDATE action_note SET external_id = NULL, salt = NULL WHERE id = $1 RETURNING *")
                .bind(key)
                .write(&NOTE, tx)
                .await?
        }
    };
    Ok(found.iter().map(|_| key.to_owned()).collect())
}

/// All sightings of the action that one of them is of, and the action itself.
async fn blank_action(tx: &mut Tx, change: &str) -> Result<Vec<String>, StoreError> {
    let row =
        sql("SELECT external_id FROM action_change WHERE id = $1").bind(change).opt(tx).await?;
    let external_id: Option<String> =
        row.map(|row: Row| row.get("external_id")).transpose()?.flatten();
    let Some(external_id) = external_id else { return Ok(Vec::new()) };
    let open = sql("SELECT n FROM escalation_action WHERE external_id = $1 AND open = 1 LIMIT 1")
        .bind(&external_id)
        .opt(tx)
        .await?;
    if open.is_some() {
        return Ok(Vec::new());
    }
    let rows = sql("UPDATE action_change SET external_id = NULL, salt = NULL, body = NULL
         WHERE external_id = $1 RETURNING id")
    .bind(&external_id)
    .all(tx)
    .await?;
    for caches in [
        "DELETE FROM action WHERE external_id = $1",
        "DELETE FROM silenced WHERE external_id = $1",
        "DELETE FROM rejected_row WHERE external_id = $1",
    ] {
        sql(caches).bind(&external_id).run(tx).await?;
    }
    rows.iter().map(|row| row.get("id")).collect()
}
