//! What stands against a delivery by itself, whatever its authority: the account, a silence, a
//! bank's handle. Read once for a whole batch of candidates.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde_json::json;

use super::{
    StoreError,
    db::{Tx, sql},
    deliveries::DeliveryRow,
};
use crate::domain::{
    delivery::Delivery,
    ids::{AccountName, BankCode, EscalationId},
    pacing::Why,
    platform::Platform,
    time::Timestamp,
};

pub(super) struct Obstacles {
    accounts: BTreeMap<AccountName, Option<Why>>,
    banks: BTreeMap<BankCode, Why>,
    escalations: BTreeMap<EscalationId, Why>,
    everything: Option<Why>,
    handles: BTreeMap<(BankCode, Platform), Handle>,
    fresh_for: SignedDuration,
    now: Timestamp,
}

struct Handle {
    handle: String,
    stable_id: String,
    expires_at: Timestamp,
    resolved_at: Timestamp,
    mismatch: Option<String>,
}

impl Obstacles {
    /// The first thing that stands against it.
    pub(super) fn against(&self, delivery: &Delivery) -> Option<Why> {
        let account = &delivery.content.account;
        let of_account = match self.accounts.get(account) {
            None => Some(Why::NotLive { account: account.clone() }),
            Some(why) => why.clone(),
        };
        of_account
            .or_else(|| self.everything.clone())
            .or_else(|| self.banks.get(&delivery.bank).cloned())
            .or_else(|| self.escalations.get(&delivery.escalation).cloned())
            .or_else(|| self.handle(delivery).map(|reason| Why::Handle { reason }))
    }

    /// The stable id that a person verified for the bank that a text mentions.
    pub(super) fn verified(&self, delivery: &Delivery) -> Option<String> {
        let key = (delivery.bank.clone(), delivery.content.platform);
        self.handles.get(&key).map(|known| known.stable_id.clone())
    }

    /// A text that mentions a handle needs it verified, in force, and resolved lately.
    /// A deletion shows no text to anyone.
    fn handle(&self, delivery: &Delivery) -> Option<String> {
        if delivery.content.retracts.is_some() {
            return None;
        }
        let mut mentioned = mentions(&delivery.content.text).peekable();
        mentioned.peek()?;
        let key = (delivery.bank.clone(), delivery.content.platform);
        let known = self.handles.get(&key);
        let Some(known) = known.filter(|known| mentioned.all(|handle| handle == known.handle))
        else {
            return Some("the text mentions a handle that nobody verified".to_owned());
        };
        if let Some(mismatch) = &known.mismatch {
            return Some(mismatch.clone());
        }
        if known.expires_at <= self.now {
            return Some("its verification has expired".to_owned());
        }
        (self.now.since(known.resolved_at) > self.fresh_for)
            .then(|| "it was not resolved within the last day".to_owned())
    }
}

/// The handles that a text mentions, without their `@`.
fn mentions(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace()
        .filter_map(|word| word.trim_start_matches(['(', '"', '\'']).strip_prefix('@'))
        .map(|word| word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '_'))
        .filter(|handle| !handle.is_empty())
}

pub(super) async fn load(
    tx: &mut Tx,
    rows: &[&DeliveryRow],
    fresh_for: SignedDuration,
    now: Timestamp,
) -> Result<Obstacles, StoreError> {
    let mut found = Obstacles {
        accounts: accounts(tx, now).await?,
        banks: BTreeMap::new(),
        escalations: BTreeMap::new(),
        everything: None,
        handles: BTreeMap::new(),
        fresh_for,
        now,
    };
    silences(tx, rows, now, &mut found).await?;
    let mentioning =
        rows.iter().filter(|row| mentions(&row.delivery.content.text).next().is_some());
    let banks: BTreeSet<_> = mentioning.map(|row| &row.delivery.bank).collect();
    if banks.is_empty() {
        return Ok(found);
    }
    let handles = sql("SELECT * FROM bank_handle
         WHERE bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(banks.iter().map(|bank| json!({"b": bank})).collect())
    .all(tx)
    .await?;
    for row in &handles {
        let handle = Handle {
            handle: row.get("handle")?,
            stable_id: row.get("stable_id")?,
            expires_at: row.get("expires_at")?,
            resolved_at: row.get("resolved_at")?,
            mismatch: row.get("mismatch")?,
        };
        found.handles.insert((row.get("bank")?, row.get("platform")?), handle);
    }
    Ok(found)
}

async fn accounts(
    tx: &mut Tx,
    now: Timestamp,
) -> Result<BTreeMap<AccountName, Option<Why>>, StoreError> {
    let rows = sql("SELECT name, live, paused_until, paused_why FROM account").all(tx).await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        let account: AccountName = row.get("name")?;
        let paused: Option<Timestamp> = row.get("paused_until")?;
        let why = if !row.get::<bool>("live")? {
            Some(Why::NotLive { account: account.clone() })
        } else if paused.is_some_and(|until| now < until) {
            let reason: Option<String> = row.get("paused_why")?;
            let reason = reason.unwrap_or_default();
            Some(Why::AccountPaused { account: account.clone(), reason })
        } else {
            None
        };
        found.insert(account, why);
    }
    Ok(found)
}

async fn silences(
    tx: &mut Tx,
    rows: &[&DeliveryRow],
    now: Timestamp,
    found: &mut Obstacles,
) -> Result<(), StoreError> {
    let silences = sql("SELECT * FROM silence
         WHERE from_at <= $1 AND until_at > $1 AND lifted_at IS NULL")
    .bind(now)
    .all(tx)
    .await?;
    for row in &silences {
        let why = Why::Silence { label: row.get("label")?, until: row.get("until_at")? };
        match row.get::<String>("scope")?.as_str() {
            "bank" => {
                found.banks.insert(row.get("bank")?, why);
            }
            "case" => {
                let case: String = row.get("case_ref")?;
                for escalation in with_case(tx, rows, &case).await? {
                    found.escalations.insert(escalation, why.clone());
                }
            }
            _ => found.everything = Some(why),
        }
    }
    Ok(())
}

/// Which of the candidates' escalations rest on an action of this case.
async fn with_case(
    tx: &mut Tx,
    rows: &[&DeliveryRow],
    case: &str,
) -> Result<Vec<EscalationId>, StoreError> {
    let found = sql("SELECT DISTINCT escalation FROM escalation_action
         WHERE case_ref = $2
           AND escalation IN (SELECT j.value->>'e' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(rows.iter().map(|row| json!({"e": row.delivery.escalation})).collect())
    .bind(case)
    .all(tx)
    .await?;
    found.iter().map(|row| row.get("escalation")).collect()
}
