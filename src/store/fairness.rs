//! What the fairness ledger tells of now: overdue value that no tag speaks of, and why.

use super::{Store, StoreError, db::Row, db::sql};
use crate::domain::{
    escalation::EscalationState,
    ids::{BankCode, EscalationId, PersonId},
    money::Paise,
    time::Timestamp,
};

/// Overdue actions of one bank that are silenced in public for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// The bank.
    pub bank: BankCode,
    /// The reason's word; empty where an older version listed it.
    pub word: String,
    /// Who rejected the tag about them, where somebody did.
    pub by: Option<PersonId>,
    /// How many.
    pub actions: u64,
    /// Their disputed amounts together.
    pub amount: Paise,
}

/// Overdue actions in one open tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTag {
    /// The tag.
    pub escalation: EscalationId,
    /// Its bank.
    pub bank: BankCode,
    /// Where it stands.
    pub state: EscalationState,
    /// Until when it is held back.
    pub hold_until: Option<Timestamp>,
    /// Who held it back last.
    pub held_back_by: Option<PersonId>,
    /// One of its texts went out, or may have.
    pub sent: bool,
    /// How many overdue actions are in it.
    pub actions: u64,
    /// Their disputed amounts together.
    pub amount: Paise,
}

impl Store {
    // A CROSS JOIN is read in the order that it is written in by SQLite, which has no statistics and
    // else begins with the longest table.

    /// What is overdue now and silenced in public, by bank and reason; where an approver rejected a
    /// tag about it, by that person too.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn silent(&self) -> Result<Vec<Silent>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT l.bank AS bank, l.word AS word, l.by_person AS by_person,
               COUNT(*) AS actions, CAST(COALESCE(SUM(l.disputed), 0) AS BIGINT) AS amount
             FROM (SELECT s.bank AS bank, COALESCE(s.word, '') AS word, a.disputed AS disputed,
                     CASE WHEN s.word = 'rejected' THEN
                       (SELECT b.person FROM escalation_action m
                        JOIN escalation e ON e.id = m.escalation AND e.state = 'rejected'
                        JOIN entries_by b ON b.subject = e.id
                          AND b.act IN ('escalation.rejected', 'dispute.decided')
                        WHERE m.external_id = s.external_id AND m.kind = 'tag'
                        ORDER BY e.drafted_at DESC, b.seq DESC LIMIT 1) END AS by_person
                   FROM silenced s CROSS JOIN action a
                   WHERE a.external_id = s.external_id AND a.status = 'pending'
                     AND a.vanished_at IS NULL) AS l
             GROUP BY l.bank, l.word, l.by_person ORDER BY l.bank, l.word, l.by_person")
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let (word, by) = (row.get("word")?, row.get("by_person")?);
                let (actions, amount) = sums(row)?;
                Ok(Silent { bank: row.get("bank")?, word, by, actions, amount })
            })
            .collect()
    }

    /// What is overdue now and in a tag that is open, tag by tag, the most money first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn open_tags(&self, now: Timestamp) -> Result<Vec<OpenTag>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT e.id AS id, e.bank AS bank, e.state AS state,
               e.hold_until AS hold_until,
               (SELECT b.person FROM entries_by b WHERE b.subject = e.id
                  AND b.act = 'escalation.held-back' ORDER BY b.seq DESC LIMIT 1) AS by_person,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id
                  AND d.state IN ('sending', 'uncertain', 'delivered', 'retracted')) AS sent,
               l.actions AS actions, l.amount AS amount
             FROM (
               SELECT o.id AS escalation, COUNT(*) AS actions,
                 CAST(COALESCE(SUM(a.disputed), 0) AS BIGINT) AS amount
               FROM escalation o CROSS JOIN escalation_action m CROSS JOIN action a
               WHERE o.state IN ('held', 'cleared', 'disputed') AND o.kind = 'tag'
                 AND m.escalation = o.id AND m.open = 1 AND a.external_id = m.external_id
                 AND a.status = 'pending' AND a.vanished_at IS NULL AND a.due_at < $1
               GROUP BY o.id) AS l JOIN escalation e ON e.id = l.escalation
             ORDER BY l.amount DESC, e.id")
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let (actions, amount) = sums(row)?;
                Ok(OpenTag {
                    escalation: row.get("id")?,
                    bank: row.get("bank")?,
                    state: row.get("state")?,
                    hold_until: row.get("hold_until")?,
                    held_back_by: row.get("by_person")?,
                    sent: row.get("sent")?,
                    actions,
                    amount,
                })
            })
            .collect()
    }
}

fn sums(row: &Row) -> Result<(u64, Paise), StoreError> {
    Ok((u64::from(row.get::<u32>("actions")?), row.get("amount")?))
}
