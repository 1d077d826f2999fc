//! The one row that stops everything, and the lock under which every claim is decided.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Tx, sql},
    deliveries::{ClaimRules, Ended, Recorded, Report, SECOND_RECEIPT},
    escalations,
    record::{Act, GATE},
};
use crate::domain::{
    delivery::OutcomeKind,
    ids::PersonId,
    pacing::Gate,
    person::{Approver, Desk},
    time::Timestamp,
};

/// When the breaker stops sending by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerRules {
    /// This many attempts in a row that were neither accepted nor merely put off.
    pub streak: u32,
    /// More claims than this within `rate_window` are unusual, whatever the caps allow.
    pub rate: u32,
    /// The window of `rate`.
    pub rate_window: SignedDuration,
}

impl Default for BreakerRules {
    fn default() -> Self {
        Self { streak: 3, rate: 30, rate_window: SignedDuration::from_mins(10) }
    }
}

/// The gate as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GateState {
    /// The stop switch is pressed, and why.
    pub stopped: Option<String>,
    /// The breaker has tripped, and why.
    pub tripped: Option<String>,
    /// The ledger was restored, and nobody has accepted it yet.
    pub restored: Option<String>,
}

impl GateState {
    /// Why nothing is sent, if so.
    pub fn closed(&self) -> Option<String> {
        let stopped = self.stopped.as_ref().map(|why| format!("stopped: {why}"));
        let tripped = || self.tripped.as_ref().map(|why| format!("the breaker tripped: {why}"));
        let restored = || self.restored.as_ref().map(|why| format!("restored: {why}"));
        stopped.or_else(tripped).or_else(restored)
    }
}

/// The gate's row, locked by this transaction: whoever holds it decides alone.
pub(super) struct Locked {
    state: GateState,
    streak: i64,
}

/// Locks the gate until the transaction ends.
pub(super) async fn lock(tx: &mut Tx) -> Result<Locked, StoreError> {
    let row = sql("UPDATE claim_gate SET turn = turn + 1 WHERE id = 1 RETURNING *").one(tx).await?;
    Ok(Locked { state: read(&row)?, streak: row.get("streak")? })
}

/// The gate as it stands, not locked: for whoever only wants to know.
pub(super) async fn look(tx: &mut Tx) -> Result<Locked, StoreError> {
    let row = sql("SELECT * FROM claim_gate WHERE id = 1").one(tx).await?;
    Ok(Locked { state: read(&row)?, streak: row.get("streak")? })
}

/// The gate as it stands, for whoever reads more in the same transaction.
pub(super) async fn state(tx: &mut Tx) -> Result<GateState, StoreError> {
    read(&sql("SELECT * FROM claim_gate WHERE id = 1").one(tx).await?)
}

fn read(row: &super::db::Row) -> Result<GateState, StoreError> {
    let flag = |flag: &str, why: &str| {
        let set: bool = row.get(flag)?;
        let why: Option<String> = row.get(why)?;
        Ok::<_, StoreError>(set.then(|| why.unwrap_or_default()))
    };
    Ok(GateState {
        stopped: flag("stopped", "stopped_why")?,
        tripped: flag("tripped", "tripped_why")?,
        restored: flag("restored", "restored_why")?,
    })
}

impl Locked {
    /// Whether a person or the breaker has stopped sending.
    pub(super) const fn is_stopped(&self) -> bool {
        self.state.stopped.is_some() || self.state.tripped.is_some()
    }

    /// The gate as *may this go now?* wants it.
    pub(super) fn for_claim(&self, rules: &ClaimRules<'_>) -> Gate {
        Gate {
            stopped: self.state.stopped.is_some(),
            tripped: self.state.tripped.clone(),
            restored: self.state.restored.is_some(),
            shadow: rules.shadow,
            quiet_until: rules.quiet_until,
        }
    }

    /// Counts the streak and trips the breaker where it is long enough, where the rate is unusual,
    /// or where a second post exists.
    pub(super) async fn after(
        &mut self,
        tx: &mut Tx,
        reports: &[Report],
        recorded: &Recorded,
        rules: &BreakerRules,
        now: Timestamp,
    ) -> Result<Option<Act>, StoreError> {
        if !recorded.second_receipts.is_empty() {
            return self.trip(tx, SECOND_RECEIPT).await;
        }
        let before = self.streak;
        for report in reports {
            if let Ended::Attempted(outcome) = &report.ended {
                match outcome.kind() {
                    OutcomeKind::Accepted => self.streak = 0,
                    OutcomeKind::Refused | OutcomeKind::Unknown | OutcomeKind::AccountBlocked => {
                        self.streak += 1;
                    }
                    OutcomeKind::NotSent | OutcomeKind::Throttled => {}
                }
            }
            if self.streak >= i64::from(rules.streak) {
                let why = format!("{} attempts in a row went wrong", self.streak);
                return self.trip(tx, &why).await;
            }
        }
        if self.streak != before {
            sql("UPDATE claim_gate SET streak = $1 WHERE id = 1").bind(self.streak).run(tx).await?;
        }
        let lately: i64 = sql("SELECT COUNT(*) AS n FROM delivery WHERE sent_at > $1")
            .bind(now.minus(rules.rate_window))
            .one(tx)
            .await?
            .get("n")?;
        if lately > i64::from(rules.rate) {
            let why = format!("{lately} posts within {:#} are unusual", rules.rate_window);
            return self.trip(tx, &why).await;
        }
        Ok(None)
    }

    /// Trips the breaker, once; and rings the alarm about it.
    pub(super) async fn trip(&mut self, tx: &mut Tx, why: &str) -> Result<Option<Act>, StoreError> {
        if self.state.tripped.is_some() {
            return Ok(None);
        }
        self.state.tripped = Some(why.to_owned());
        set(tx, Flag::Tripped, Some(why)).await?;
        Ok(Some(Act::new("gate", "breaker.tripped", json!({"why": why}))))
    }
}

enum Flag {
    Stopped,
    Tripped,
    Restored,
}

async fn set(tx: &mut Tx, flag: Flag, why: Option<&str>) -> Result<(), StoreError> {
    let text = match flag {
        Flag::Stopped => {
            "UPDATE claim_gate SET stopped = $1, stopped_why = $2 WHERE id = 1 RETURNING *"
        }
        Flag::Tripped => {
            "UPDATE claim_gate SET tripped = $1, tripped_why = $2, streak = 0
             WHERE id = 1 RETURNING *"
        }
        Flag::Restored => {
            "UPDATE claim_gate SET restored = $1, restored_why = $2 WHERE id = 1 RETURNING *"
        }
    };
    sql(text).bind(why.is_some()).bind(why).write(&GATE, tx).await?;
    Ok(())
}

impl Store {
    /// The gate as it stands. Every process reads it at least four times a second.
    ///
    /// # Errors
    /// The ledger failed: whoever cannot read the switch must not send.
    pub async fn gate(&self) -> Result<GateState, StoreError> {
        state(&mut self.read().await?).await
    }

    /// Whether a commit is on disk before it returns, asked of the connection itself: a claim must
    /// outlive a power cut.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn claims_are_durable(&self) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        Ok(match self.pool {
            super::db::Pool::Sqlite(_) => {
                let full: i64 = sql("PRAGMA synchronous").one(&mut tx).await?.get("synchronous")?;
                full >= 2
            }
            super::db::Pool::Postgres(_) => {
                let row = sql("SHOW synchronous_commit").one(&mut tx).await?;
                row.get::<String>("synchronous_commit")? == "on"
            }
        })
    }

    /// Presses the stop switch. No request starts later than a second after this returns.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn stop(&self, by: &Actor, _desk: &Desk, why: &str) -> Result<(), StoreError> {
        self.engage_stop(by, why).await
    }

    /// Presses the stop switch for an alarm that nobody took.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn engage_stop(&self, by: &Actor, why: &str) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        lock(&mut tx).await?;
        set(&mut tx, Flag::Stopped, Some(why)).await?;
        self.finish(tx, by, vec![Act::new("gate", "gate.stopped", json!({"why": why}))]).await
    }

    /// Lifts the stop switch and resets the breaker. Everything that waited is held again: nothing
    /// goes out on yesterday's approval. Returns how many were held again.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn resume(&self, by: &Actor, approver: &Approver) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        lock(&mut tx).await?;
        set(&mut tx, Flag::Stopped, None).await?;
        set(&mut tx, Flag::Tripped, None).await?;
        let mut acts = vec![
            Act::new("gate", "gate.resumed", json!({}))
                .on(Some(format!("decision by {}", approver.id()))),
        ];
        escalations::void_in(&mut tx, None, None, "sending was stopped and resumed", &mut acts)
            .await?;
        let held = acts.len() as u64 - 1;
        self.finish(tx, by, acts).await?;
        Ok(held)
    }

    /// Marks the ledger as restored from a backup: nothing is sent before a person accepts it, and
    /// every unfinished delivery becomes uncertain.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn mark_restored(&self, by: &Actor, why: &str) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        lock(&mut tx).await?;
        set(&mut tx, Flag::Restored, Some(why)).await?;
        let mut acts = vec![Act::new("gate", "restore.noticed", json!({"why": why}))];
        super::deliveries::doubt_unfinished(&mut tx, &mut acts).await?;
        let doubted = acts.len() as u64 - 1;
        self.finish(tx, by, acts).await?;
        Ok(doubted)
    }

    /// A person accepts a restored ledger, after the accounts were read back.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn accept_restore(&self, by: &Actor, approver: &PersonId) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        lock(&mut tx).await?;
        set(&mut tx, Flag::Restored, None).await?;
        let mut acts = vec![
            Act::new("gate", "restore.accepted", json!({}))
                .on(Some(format!("decision by {approver}"))),
        ];
        escalations::void_in(&mut tx, None, None, "the ledger was restored", &mut acts).await?;
        self.finish(tx, by, acts).await
    }
}
