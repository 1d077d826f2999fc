//! What people and the ladder put beside an action: private notices, confirmations, and what is
//! silenced in public with its reason.

use super::{
    Act, Actor, BTreeMap, BankCode, Desk, ExternalId, NOTE, Quiet, Store, StoreError, Timestamp,
    json, sql,
};

impl Store {
    /// When each of these actions was last confirmed by an officer to be still pending.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn confirmations(
        &self,
        ids: &[ExternalId],
    ) -> Result<BTreeMap<ExternalId, Timestamp>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT external_id, MAX(at) AS at FROM action_note
             WHERE what = 'confirmed'
               AND external_id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
             GROUP BY external_id")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("external_id")?, row.get("at")?))).collect()
    }

    /// A person notes on the record that a private notice of exactly this action went to the bank
    /// (with the message's id), or confirms that it still pends.
    ///
    /// # Errors
    /// There is no such action, or the ledger failed.
    pub async fn note_action(
        &self,
        by: &Actor,
        desk: &Desk,
        id: &ExternalId,
        note: Note<'_>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let known = sql("SELECT bank FROM action WHERE external_id = $1").bind(id);
        let Some(row) = known.opt(&mut tx).await? else {
            return Err(StoreError::NotFound("action with that id in the case source".to_owned()));
        };
        let bank: BankCode = row.get("bank")?;
        let (what, at, message) = match note {
            Note::Notice { at, message_id } => ("notice", at, Some(message_id)),
            Note::StillPending => ("confirmed", now, None),
        };
        let note_id = self.dice.uuid(now);
        sql("INSERT INTO action_note (id, external_id, salt, what, at, by_person, message_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *")
        .bind(&note_id)
        .bind(id)
        .bind(self.dice.token())
        .bind(what)
        .bind(at)
        .bind(desk.id())
        .bind(message)
        .write(&NOTE, &mut tx)
        .await?;
        let body = json!({"what": what, "bank": bank, "at": at});
        self.finish(tx, by, vec![Act::new(&note_id, "action.noted", body)]).await
    }

    /// Replaces the list of what is silenced in public about a bank, with the reasons.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn silence_list(
        &self,
        bank: &BankCode,
        silenced: &[(ExternalId, Quiet)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let batch: Vec<_> = silenced
            .iter()
            .map(|(id, quiet)| json!({"id": id, "reason": quiet.to_string(), "word": quiet.word()}))
            .collect();
        sql("DELETE FROM silenced WHERE bank = $2 AND external_id NOT IN
               (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(batch.clone())
        .bind(bank)
        .run(&mut tx)
        .await?;
        sql("INSERT INTO silenced (bank, external_id, reason, word, since)
             SELECT $2, j.value->>'id', j.value->>'reason', j.value->>'word', $3
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
             ON CONFLICT (external_id) DO UPDATE SET bank = excluded.bank,
               reason = excluded.reason, word = excluded.word")
        .batch(batch)
        .bind(bank)
        .bind(now)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// Forgets what was silenced about banks that have nothing overdue now.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn silence_only(&self, banks: &[&BankCode]) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("DELETE FROM silenced WHERE bank NOT IN
               (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(banks.iter().map(|bank| json!({"b": bank})).collect())
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// What is silenced in public, for the private rungs: bank, action, reason, since when.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn silenced(
        &self,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<(BankCode, ExternalId, String, Timestamp)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM silenced ORDER BY bank, external_id LIMIT $1 OFFSET $2")
            .bind(limit)
            .bind(skip)
            .all(&mut tx)
            .await?;
        rows.iter()
            .map(|row| {
                Ok((
                    row.get("bank")?,
                    row.get("external_id")?,
                    row.get("reason")?,
                    row.get("since")?,
                ))
            })
            .collect()
    }
}

/// What a person notes about one action.
#[derive(Debug, Clone, Copy)]
pub enum Note<'a> {
    /// A private notice of exactly this action went to the bank's verified nodal address.
    Notice {
        /// When it went.
        at: Timestamp,
        /// The message's id.
        message_id: &'a str,
    },
    /// It still pends, whatever the age of the source's facts.
    StillPending,
}
