//! What a rehearsal replays: the changes, notes, silences and posts of the past, and when the case
//! source was really watched.

use std::collections::BTreeMap;

use super::{
    Store, StoreError,
    db::{Tx, sql},
    silences,
};
use crate::domain::{
    history::{Change, History, LONGEST_BETWEEN_POLLS, Noted, Sent, Watched},
    ids::{EscalationId, ExternalId},
    tagging::SilenceOrder,
    time::Timestamp,
};

/// How many changes are read at a time.
const PAGE: u32 = 5_000;

/// A poll that ended well goes on with the time watched, or begins a new one after a gap.
pub(super) async fn observed(tx: &mut Tx, source: &str, at: Timestamp) -> Result<(), StoreError> {
    let longer = sql("UPDATE observed
         SET until_at = CASE WHEN until_at < $2 THEN $2 ELSE until_at END
         WHERE source = $1 AND until_at >= $3 AND from_at <= $2")
    .bind(source)
    .bind(at)
    .bind(at.minus(LONGEST_BETWEEN_POLLS))
    .run(tx)
    .await?;
    if longer == 0 {
        sql("INSERT INTO observed (source, from_at, until_at) VALUES ($1, $2, $2)
             ON CONFLICT (source, from_at) DO NOTHING")
        .bind(source)
        .bind(at)
        .run(tx)
        .await?;
    }
    Ok(())
}

impl Store {
    /// Everything that a replay from an instant needs; posts are told from `sent_since` on.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn history(
        &self,
        source: &str,
        from: Timestamp,
        sent_since: Timestamp,
    ) -> Result<History, StoreError> {
        let (before, changes) = self.changes_around(from).await?;
        let mut tx = self.read().await?;
        Ok(History {
            before,
            changes,
            vanished: vanished(&mut tx).await?,
            notes: notes(&mut tx).await?,
            silences: silences(&mut tx, from).await?,
            watched: watched(&mut tx, source, from).await?,
            sent: sent(&mut tx, sent_since, from).await?,
        })
    }

    /// When the case source was really watched, from an instant on, in order.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn watched(&self, source: &str, from: Timestamp) -> Result<Vec<Watched>, StoreError> {
        let mut tx = self.read().await?;
        watched(&mut tx, source, from).await
    }

    /// Each action as it was last seen before an instant, and the changes from then on.
    async fn changes_around(
        &self,
        from: Timestamp,
    ) -> Result<(Vec<Change>, Vec<Change>), StoreError> {
        let mut before: BTreeMap<ExternalId, Change> = BTreeMap::new();
        let mut changes = Vec::new();
        let mut skip = 0;
        loop {
            let page = self.changes_since(Timestamp::from_micros(i64::MIN), skip, PAGE).await?;
            let last = page.len() < PAGE as usize;
            for change in page {
                if change.seen_at < from {
                    before.insert(change.action.external_id.clone(), change);
                } else {
                    changes.push(change);
                }
            }
            if last {
                return Ok((before.into_values().collect(), changes));
            }
            skip += PAGE;
        }
    }
}

async fn vanished(tx: &mut Tx) -> Result<Vec<(ExternalId, Timestamp)>, StoreError> {
    let rows = sql("SELECT external_id, vanished_at FROM action WHERE vanished_at IS NOT NULL
         ORDER BY vanished_at")
    .all(tx)
    .await?;
    rows.iter().map(|row| Ok((row.get("external_id")?, row.get("vanished_at")?))).collect()
}

async fn notes(tx: &mut Tx) -> Result<Vec<Noted>, StoreError> {
    let rows = sql("SELECT at, external_id, what FROM action_note
         WHERE external_id IS NOT NULL ORDER BY at, id")
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let notice = row.get::<String>("what")? == "notice";
            Ok(Noted { at: row.get("at")?, action: row.get("external_id")?, notice })
        })
        .collect()
}

async fn silences(tx: &mut Tx, from: Timestamp) -> Result<Vec<SilenceOrder>, StoreError> {
    let rows = sql("SELECT * FROM silence
         WHERE until_at > $1 AND (lifted_at IS NULL OR lifted_at > $1) ORDER BY from_at")
    .bind(from)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let order = silences::read(row)?;
            let lifted: Option<Timestamp> = row.get("lifted_at")?;
            let until = lifted.map_or(order.until, |lifted| lifted.min(order.until));
            Ok(SilenceOrder { until, ..order })
        })
        .collect()
}

async fn watched(tx: &mut Tx, source: &str, from: Timestamp) -> Result<Vec<Watched>, StoreError> {
    let rows = sql("SELECT from_at, until_at FROM observed
         WHERE source = $1 AND until_at >= $2 ORDER BY from_at")
    .bind(source)
    .bind(from)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| Ok(Watched { from: row.get("from_at")?, until: row.get("until_at")? }))
        .collect()
}

async fn sent(tx: &mut Tx, since: Timestamp, until: Timestamp) -> Result<Vec<Sent>, StoreError> {
    let rows = sql("SELECT m.escalation, m.external_id, m.case_ref FROM escalation_action m
         WHERE m.external_id IS NOT NULL AND m.case_ref IS NOT NULL AND m.escalation IN (
           SELECT d.escalation FROM delivery d WHERE d.sent_at >= $1 AND d.sent_at < $2)
         ORDER BY m.escalation, m.n")
    .bind(since)
    .bind(until)
    .all(tx)
    .await?;
    let mut members: BTreeMap<EscalationId, Vec<_>> = BTreeMap::new();
    for row in &rows {
        let member = (row.get("external_id")?, row.get("case_ref")?);
        members.entry(row.get("escalation")?).or_default().push(member);
    }
    let rows = sql("SELECT escalation, kind, bank, account, sent_at FROM delivery
         WHERE sent_at >= $1 AND sent_at < $2 ORDER BY sent_at, id")
    .bind(since)
    .bind(until)
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| {
            let escalation: EscalationId = row.get("escalation")?;
            Ok(Sent {
                kind: row.get("kind")?,
                bank: row.get("bank")?,
                account: row.get("account")?,
                at: row.get("sent_at")?,
                members: members.get(&escalation).cloned().unwrap_or_default(),
                escalation,
            })
        })
        .collect()
}
