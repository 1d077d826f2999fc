//! What the fairness ledger is made of: overdue value that no tag speaks of, and why; and how often
//! each bank was named.

use std::collections::BTreeMap;

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

/// Tags that were drafted in a time, about one bank, and never went out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsent {
    /// The bank.
    pub bank: BankCode,
    /// Rejected or expired.
    pub state: EscalationState,
    /// It was rejected because the bank's dispute stands.
    pub dispute: bool,
    /// Who rejected it, or decided the dispute, or held it back.
    pub by: Option<PersonId>,
    /// It had authority before.
    pub cleared: bool,
    /// How many.
    pub tags: u64,
    /// What they would have stated at least.
    pub amount: Paise,
}

/// How often each bank occurs between two instants. The banks are read one after the other from an
/// index that begins with them, so that nothing else of it is read.
macro_rules! by_bank {
    ($table:literal, $column:literal, $rows:literal, $counts:literal) => {
        concat!(
            "WITH RECURSIVE banks(bank) AS (
               SELECT MIN(t.bank) FROM ",
            $table,
            " t WHERE ",
            $rows,
            " UNION ALL
               SELECT (SELECT MIN(t.bank) FROM ",
            $table,
            " t WHERE ",
            $rows,
            " AND t.bank > banks.bank) FROM banks WHERE banks.bank IS NOT NULL)
             SELECT banks.bank AS bank,
               (SELECT COUNT(*) FROM ",
            $table,
            " t WHERE t.bank = banks.bank AND ",
            $rows,
            " AND t.",
            $column,
            " >= $1 AND t.",
            $column,
            " < $2",
            $counts,
            ") AS n FROM banks WHERE banks.bank IS NOT NULL"
        )
    };
}

impl Store {
    /// How many tags about each bank went out in a time, each counted by its first text.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn tags_by_bank(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<BankCode, u64>, StoreError> {
        const TAGS: &str = by_bank!(
            "delivery",
            "sent_at",
            "t.kind = 'tag' AND t.n = 0 AND t.state IN ('delivered', 'retracted')",
            ""
        );
        self.counted(TAGS, from, until).await
    }

    /// How many requests of each bank fell due in a time, of the kinds that are named in public, and
    /// were not acted on by then.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn overdue_in(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<BankCode, u64>, StoreError> {
        const DUE: &str = by_bank!(
            "action",
            "fell_due_at",
            "t.kind IN ('lien', 'hold')",
            " AND (t.acted_at IS NULL OR t.acted_at > t.fell_due_at)"
        );
        self.counted(DUE, from, until).await
    }

    async fn counted(
        &self,
        text: &'static str,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<BTreeMap<BankCode, u64>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql(text).bind(from).bind(until).all(&mut tx).await?;
        let mut found = BTreeMap::new();
        for row in &rows {
            let count = u64::from(row.get::<u32>("n")?);
            if count > 0 {
                found.insert(row.get("bank")?, count);
            }
        }
        Ok(found)
    }

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

    /// Tags that were drafted in a time and were rejected, or expired, before anything went out.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn unsent(
        &self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<Unsent>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT l.bank AS bank, l.state AS state, l.dispute AS dispute,
               l.by_person AS by_person, l.cleared AS cleared, COUNT(*) AS actions,
               CAST(COALESCE(SUM(l.money), 0) AS BIGINT) AS amount
             FROM (SELECT e.bank AS bank, e.state AS state, e.money_at_risk AS money,
                     CAST(CASE WHEN e.state = 'rejected' AND EXISTS (
                       SELECT 1 FROM dispute t WHERE t.escalation = e.id AND t.stands = 1)
                       THEN 1 ELSE 0 END AS BIGINT) AS dispute,
                     (SELECT b.person FROM entries_by b WHERE b.subject = e.id
                        AND (e.state = 'rejected'
                          AND b.act IN ('escalation.rejected', 'dispute.decided')
                          OR e.state = 'expired' AND b.act = 'escalation.held-back')
                      ORDER BY b.seq DESC LIMIT 1) AS by_person,
                     CAST(CASE WHEN EXISTS (SELECT 1 FROM entry n WHERE n.subject = e.id
                         AND n.act IN ('escalation.approved', 'escalation.cleared'))
                       THEN 1 ELSE 0 END AS BIGINT) AS cleared
                   FROM escalation e
                   WHERE e.state IN ('rejected', 'expired') AND e.kind = 'tag'
                     AND e.drafted_at >= $1 AND e.drafted_at < $2) AS l
             GROUP BY l.bank, l.state, l.dispute, l.by_person, l.cleared
             ORDER BY l.bank, l.state, l.dispute, l.by_person, l.cleared")
        .bind(from)
        .bind(until)
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| {
                let (tags, amount) = sums(row)?;
                Ok(Unsent {
                    bank: row.get("bank")?,
                    state: row.get("state")?,
                    dispute: row.get("dispute")?,
                    by: row.get("by_person")?,
                    cleared: row.get("cleared")?,
                    tags,
                    amount,
                })
            })
            .collect()
    }
}

fn sums(row: &Row) -> Result<(u64, Paise), StoreError> {
    Ok((u64::from(row.get::<u32>("actions")?), row.get("amount")?))
}
