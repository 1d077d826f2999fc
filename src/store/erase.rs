//! Erasure under a rule: private columns and their salt are blanked, and the record stays whole.
//!
//! Entries hold only commitments under those salts. The erasure itself is an act: its entry carries
//! the digest of the blanked row, so that a later change of it is still found.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::{Act, DISPUTE, ENGAGEMENT, ERASURE, MEMBER, NOTE},
};
use crate::domain::{action::spelled, time::Timestamp};

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

impl Store {
    /// Erases one row's private columns under a rule, and says so in the record. Returns how many
    /// rows were blanked: all sightings of an action go together.
    ///
    /// # Errors
    /// There is no such row, an open escalation still rests on it, or the ledger failed.
    pub async fn erase(
        &self,
        by: &Actor,
        table: Erasable,
        key: &str,
        rule: &str,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let keys = blank(&mut tx, table, key).await?;
        if keys.is_empty() {
            return Err(StoreError::NotFound(format!(
                "row {key} of {table} that can be erased (an open escalation keeps its actions)"
            )));
        }
        self.note_erasures(&mut tx, table, &keys, rule, now).await?;
        let act = Act::new(
            format!("erasure:{table}"),
            "record.erased",
            json!({"table": table, "rule": rule, "rows": keys.len()}),
        )
        .on(Some(format!("rule {rule}")));
        self.finish(tx, by, vec![act]).await?;
        Ok(keys.len() as u64)
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
    sql("DELETE FROM action WHERE external_id = $1").bind(&external_id).run(tx).await?;
    rows.iter().map(|row| row.get("id")).collect()
}
