//! What somebody at the desk reads beside one escalation: how the bank was pressed before, what the
//! last posts about it brought, and what its nodal officer has said.

use serde_json::json;

use super::{
    BTreeMap, BankCode, EscalationId, EscalationRow, PersonId, Store, StoreError, Timestamp, Tx,
    sql, with_deliveries,
};
use crate::store::timeline::{EngagementCount, engagement};

/// An earlier escalation about a bank, and what came of it.
#[derive(Debug, Clone)]
pub struct PastPost {
    /// It, as it stands.
    pub row: EscalationRow,
    /// On how many actions it rests.
    pub members: i64,
    /// How many of them the bank has acted on by now.
    pub acted: i64,
    /// What came back on its posts.
    pub heard: Vec<EngagementCount>,
}

/// How a person pressed the bank in private about the actions of an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pressed {
    /// `notice`: a private notice went; `confirmed`: an officer confirmed that the action pends.
    pub what: String,
    /// When.
    pub at: Timestamp,
    /// Who noted it.
    pub by: PersonId,
    /// The id of the notice's message.
    pub message: Option<String>,
    /// About how many of the actions.
    pub actions: i64,
}

/// What a nodal officer has said against an escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeRow {
    /// The ground, in a few words.
    pub ground: String,
    /// The nodal officer's own words, until they are erased.
    pub reason: Option<String>,
    /// Who entered it.
    pub entered_by: PersonId,
    /// When.
    pub entered_at: Timestamp,
    /// Who decided it.
    pub decided_by: Option<PersonId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Whether it stands, once it is decided.
    pub stands: Option<bool>,
}

impl Store {
    /// The last escalations about a bank but one, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn last_posts(
        &self,
        bank: &BankCode,
        but: &EscalationId,
        limit: u32,
    ) -> Result<Vec<PastPost>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation WHERE bank = $1 AND id <> $2
             ORDER BY drafted_at DESC, id LIMIT $3")
        .bind(bank)
        .bind(but)
        .bind(limit)
        .all(&mut tx)
        .await?;
        let rows = with_deliveries(&mut tx, rows).await?;
        let acted = acted(&mut tx, &rows).await?;
        let deliveries = rows.iter().flat_map(|row| &row.deliveries);
        let subjects = deliveries.map(|one| json!({"s": one.delivery.id})).collect();
        let heard = engagement(&mut tx, subjects).await?;
        let past = |row: EscalationRow| {
            let (members, acted) = acted.get(&row.escalation.id).copied().unwrap_or_default();
            let own = |count: &&EngagementCount| row.delivery(&count.delivery).is_some();
            let heard = heard.iter().filter(own).cloned().collect();
            PastPost { row, members, acted, heard }
        };
        Ok(rows.into_iter().map(past).collect())
    }

    /// What people noted about the actions that an escalation rests on, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn pressed(&self, id: &EscalationId, limit: u32) -> Result<Vec<Pressed>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT n.what, n.at, n.by_person, n.message_id, COUNT(*) AS actions
             FROM escalation_action m JOIN action_note n ON n.external_id = m.external_id
             WHERE m.escalation = $1
             GROUP BY n.what, n.at, n.by_person, n.message_id
             ORDER BY n.at DESC, n.what LIMIT $2")
        .bind(id)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(Pressed {
                    what: row.get("what")?,
                    at: row.get("at")?,
                    by: row.get("by_person")?,
                    message: row.get("message_id")?,
                    actions: row.get("actions")?,
                })
            })
            .collect()
    }

    /// What the bank's nodal officer has said against an escalation, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn disputes_of(&self, id: &EscalationId) -> Result<Vec<DisputeRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql(
            "SELECT * FROM dispute WHERE escalation = $1 ORDER BY entered_at DESC, id LIMIT 50",
        )
        .bind(id)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                Ok(DisputeRow {
                    ground: row.get("ground")?,
                    reason: row.get("reason")?,
                    entered_by: row.get("entered_by")?,
                    entered_at: row.get("entered_at")?,
                    decided_by: row.get("decided_by")?,
                    decided_at: row.get("decided_at")?,
                    stands: row.get::<Option<i64>>("stands")?.map(|stands| stands != 0),
                })
            })
            .collect()
    }
}

/// How many actions each escalation rests on, and how many of them the bank has acted on.
async fn acted(
    tx: &mut Tx,
    rows: &[EscalationRow],
) -> Result<BTreeMap<EscalationId, (i64, i64)>, StoreError> {
    let rows = sql("SELECT m.escalation AS escalation, COUNT(*) AS members,
           COUNT(CASE WHEN a.status = 'acted' THEN 1 END) AS acted
         FROM escalation_action m LEFT JOIN action a ON a.external_id = m.external_id
         WHERE m.escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY m.escalation")
    .batch(rows.iter().map(|row| json!({"id": row.escalation.id})).collect())
    .all(tx)
    .await?;
    rows.iter()
        .map(|row| Ok((row.get("escalation")?, (row.get("members")?, row.get("acted")?))))
        .collect()
}
