//! What the ledger can tell of a bank, and what came of the posts about it or under an order:
//! read for a page, never decided upon.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Store, StoreError,
    db::{Row, Tx, sql},
};
use crate::domain::{
    action::BankAction,
    escalation::{EscalationKind, EscalationState},
    ids::{BankCode, OrderId, Reference},
    money::Paise,
    time::Timestamp,
};

/// What is overdue at one bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OverdueSum {
    /// How many actions.
    pub actions: u32,
    /// Their disputed amounts together.
    pub amount: Paise,
    /// When the oldest was due.
    pub oldest_due: Timestamp,
}

/// One escalation and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// Its reference.
    pub reference: Reference,
    /// The bank.
    pub bank: BankCode,
    /// What it said.
    pub kind: EscalationKind,
    /// Where it stands.
    pub state: EscalationState,
    /// When the order cleared it; of a list that no order makes, when it was drafted.
    pub at: Timestamp,
    /// The amount that it stated at least.
    pub amount: Paise,
    /// Why it ended, where it ended early.
    pub outcome: Option<String>,
    /// Its deliveries.
    pub deliveries: u32,
    /// Those of them that stand in public.
    pub delivered: u32,
    /// When the first was sent, or may have been.
    pub sent_at: Option<Timestamp>,
    /// The actions that it spoke of.
    pub actions: u32,
    /// Those of them on which the bank has acted by now.
    pub acted: u32,
    /// Replies by the bank's own verified accounts.
    pub replies: u32,
}

/// The columns of a deed, from `escalation e`; when it was, and where from, come in.
macro_rules! deeds {
    ($at:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $at,
            " AS at, e.reference, e.bank, e.kind, e.state, e.money_at_risk, e.outcome,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id) AS deliveries,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id
                  AND d.state = 'delivered') AS delivered,
               (SELECT MIN(d.sent_at) FROM delivery d WHERE d.escalation = e.id) AS sent_at,
               (SELECT COUNT(*) FROM escalation_action m WHERE m.escalation = e.id) AS actions,
               (SELECT COUNT(*) FROM escalation_action m
                  JOIN action a ON a.external_id = m.external_id
                WHERE m.escalation = e.id AND a.status = 'acted') AS acted,
               (SELECT COUNT(*) FROM delivery d JOIN engagement g ON g.delivery = d.id
                WHERE d.escalation = e.id AND g.kind = 'reply' AND g.voice = 'bank') AS replies ",
            $from,
            " LIMIT $2 OFFSET $3"
        )
    };
}

impl Store {
    /// What is overdue at each bank that has something overdue.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn overdue_by_bank(
        &self,
        now: Timestamp,
    ) -> Result<BTreeMap<BankCode, OverdueSum>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT bank, COUNT(*) AS actions,
               CAST(COALESCE(SUM(disputed), 0) AS BIGINT) AS amount, MIN(due_at) AS oldest
             FROM action
             WHERE status = 'pending' AND vanished_at IS NULL AND due_at IS NOT NULL
               AND due_at < $1
             GROUP BY bank")
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("bank")?, sum(row)?))).collect()
    }

    /// The latest actions on which a bank has acted, the newest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn acted_on(
        &self,
        bank: &BankCode,
        limit: u32,
    ) -> Result<Vec<BankAction>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT body FROM action WHERE bank = $1 AND acted_at IS NOT NULL
             ORDER BY acted_at DESC LIMIT $2")
        .bind(bank)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok(serde_json::from_str(&row.get::<String>("body")?)?)).collect()
    }

    /// The escalations about a bank and what came of them, the latest drafted first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn deeds_about(
        &self,
        bank: &BankCode,
        page: (u32, u32),
    ) -> Result<Vec<Deed>, StoreError> {
        let mut tx = self.read().await?;
        let select = sql(deeds!(
            "e.drafted_at",
            "FROM escalation e WHERE e.bank = $1 ORDER BY e.drafted_at DESC, e.id"
        ));
        deeds(&mut tx, select.bind(bank), page).await
    }

    /// What a standing order has cleared and what came of it, the latest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn deeds_under(
        &self,
        order: &OrderId,
        page: (u32, u32),
    ) -> Result<Vec<Deed>, StoreError> {
        let mut tx = self.read().await?;
        let select = sql(deeds!(
            "c.at",
            "FROM order_clearance c JOIN escalation e ON e.id = c.escalation
             WHERE c.order_id = $1 ORDER BY c.at DESC, e.id"
        ));
        deeds(&mut tx, select.bind(order), page).await
    }
}

async fn deeds(
    tx: &mut Tx,
    select: super::db::Sql,
    (skip, limit): (u32, u32),
) -> Result<Vec<Deed>, StoreError> {
    let rows = select.bind(limit).bind(skip).all(tx).await?;
    rows.iter().map(deed).collect()
}

fn deed(row: &Row) -> Result<Deed, StoreError> {
    Ok(Deed {
        reference: row.get("reference")?,
        bank: row.get("bank")?,
        kind: row.get("kind")?,
        state: row.get("state")?,
        at: row.get("at")?,
        amount: row.get("money_at_risk")?,
        outcome: row.get("outcome")?,
        deliveries: row.get("deliveries")?,
        delivered: row.get("delivered")?,
        sent_at: row.get("sent_at")?,
        actions: row.get("actions")?,
        acted: row.get("acted")?,
        replies: row.get("replies")?,
    })
}

fn sum(row: &Row) -> Result<OverdueSum, StoreError> {
    Ok(OverdueSum {
        actions: row.get("actions")?,
        amount: row.get("amount")?,
        oldest_due: row.get("oldest")?,
    })
}
