//! *May this go now?* Posting limits as a pure function of recorded sends, so that they hold across
//! restarts and across processes. Asked by the claim, by the rehearsal, and by "why is this
//! waiting?".
//!
//! Bank caps and intervals count escalations; account limits count deliveries. Everything that
//! may have gone out counts; only what is proved not sent gives its budget back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, civil::Date};
use serde::{Deserialize, Serialize};

use super::{
    cost::{MicroDollars, Purses},
    escalation::EscalationKind,
    ids::{AccountName, BankCode, DeliveryId, EscalationId},
    time::Timestamp,
};

/// The posting limits. Each window slides; a limit of zero lets nothing through.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PacingRules {
    /// Escalations towards one bank in any 24 hours.
    pub per_bank_day: u32,
    /// The least time between two escalations towards one bank.
    pub bank_interval: SignedDuration,
    /// Deliveries from one account in any hour.
    pub per_account_hour: u32,
    /// Deliveries from one account in any 24 hours.
    pub per_account_day: u32,
    /// The least time between two deliveries from one account.
    pub account_interval: SignedDuration,
    /// The most deliveries one claim takes.
    pub batch: u32,
}

impl Default for PacingRules {
    fn default() -> Self {
        Self {
            per_bank_day: 1,
            bank_interval: SignedDuration::from_hours(20),
            per_account_hour: 6,
            per_account_day: 40,
            account_interval: SignedDuration::from_mins(2),
            batch: 100,
        }
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl PacingRules {
    /// How far back recorded sends matter.
    pub fn memory(&self) -> SignedDuration {
        DAY.max(self.bank_interval).max(self.account_interval)
    }
}

/// A delivery that has authority and whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The delivery.
    pub delivery: DeliveryId,
    /// Its escalation.
    pub escalation: EscalationId,
    /// What it says.
    pub kind: EscalationKind,
    /// The bank spoken to.
    pub bank: BankCode,
    /// The account that posts.
    pub account: AccountName,
    /// An approver's override: it may go while sending is stopped. Counts only for what sets right.
    pub past_stop: bool,
    /// What posting it costs; `None`: nothing.
    pub price: Option<MicroDollars>,
    /// What stands against it by itself (authority ended, account not live, a silence …).
    pub obstacle: Option<Why>,
}

/// A send that was recorded: under way, uncertain, delivered, or retracted since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Send {
    /// Its escalation.
    pub escalation: EscalationId,
    /// What it said.
    pub kind: EscalationKind,
    /// The bank spoken to.
    pub bank: BankCode,
    /// The account that posted.
    pub account: AccountName,
    /// When it was claimed.
    pub at: Timestamp,
}

/// What stops everything, whoever asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gate {
    /// The stop switch is pressed.
    pub stopped: bool,
    /// The breaker has tripped, and why.
    pub tripped: Option<String>,
    /// The ledger was restored and nobody has accepted it yet.
    pub restored: bool,
    /// Everything but sending is done, to gather a rehearsal's history.
    pub shadow: bool,
    /// Quiet hours last until then.
    pub quiet_until: Option<Timestamp>,
}

/// Why a delivery waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "kebab-case", tag = "why")]
pub enum Why {
    /// The stop switch.
    #[error("the stop switch is pressed (`takaza resume` lifts it)")]
    Stopped,
    /// The breaker.
    #[error("the breaker has tripped: {reason}")]
    Tripped {
        /// What tripped it.
        reason: String,
    },
    /// A restored ledger.
    #[error("the ledger was restored; `takaza restore accept` reads the accounts back first")]
    Restored,
    /// Shadow running.
    #[error("running in shadow: nothing is sent")]
    Shadow,
    /// Quiet hours.
    #[error("quiet hours until {until}")]
    QuietHours {
        /// Their end.
        until: Timestamp,
    },
    /// The bank's daily cap.
    #[error("the bank's cap for a day is used up until {until}")]
    BankCap {
        /// When a place is free.
        until: Timestamp,
    },
    /// The interval between two escalations to one bank.
    #[error("too soon after the last post about this bank; until {until}")]
    BankInterval {
        /// When it has passed.
        until: Timestamp,
    },
    /// The account's cap.
    #[error("the account's cap is used up until {until}")]
    AccountCap {
        /// When a place is free.
        until: Timestamp,
    },
    /// The interval between two posts of one account.
    #[error("too soon after the account's last post; until {until}")]
    AccountInterval {
        /// When it has passed.
        until: Timestamp,
    },
    /// The account's money for posts is spent.
    #[error(
        "posting it costs {price}, and {account} has {left} left for posts until {until} (`costs` in the configuration has the caps)"
    )]
    MonthSpent {
        /// Which.
        account: AccountName,
        /// What it would cost.
        price: MicroDollars,
        /// What is left after what goes before it.
        left: MicroDollars,
        /// The end of the month (UTC).
        until: Timestamp,
    },
    /// Nobody knows what a post costs.
    #[error(
        "the price list that {account} posts by expired on {expired}: read its source again and renew it (`costs` in the configuration)"
    )]
    PricesExpired {
        /// Which.
        account: AccountName,
        /// Its last day (UTC).
        expired: Date,
    },
    /// More candidates than one claim takes: the next pass takes it.
    #[error("the batch is full; the next pass takes it")]
    BatchFull,
    /// The account is not live.
    #[error("account {account} is not live (`takaza account live` by a named person)")]
    NotLive {
        /// Which.
        account: AccountName,
    },
    /// The account is paused.
    #[error("account {account} is paused: {reason}")]
    AccountPaused {
        /// Which.
        account: AccountName,
        /// Why.
        reason: String,
    },
    /// An order of silence.
    #[error("silence under {label} until {until}")]
    Silence {
        /// The order's number.
        label: String,
        /// Its end.
        until: Timestamp,
    },
    /// Its authority ended.
    #[error("its authority ended: {reason}")]
    Authority {
        /// How.
        reason: String,
    },
    /// The bank's handle must be verified again.
    #[error("the bank's handle is not verified: {reason}")]
    Handle {
        /// What is wrong.
        reason: String,
    },
}

/// What goes now, and why each of the others waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// These, in this order.
    pub go: Vec<DeliveryId>,
    /// These wait.
    pub wait: Vec<(DeliveryId, Why)>,
}

/// What of the budgets is used up: by what was sent, and by what the plan lets go.
#[derive(Default)]
struct Used<'a> {
    banks: BTreeMap<&'a BankCode, BTreeMap<&'a EscalationId, Timestamp>>,
    accounts: BTreeMap<&'a AccountName, Vec<Timestamp>>,
    paid: BTreeMap<&'a AccountName, MicroDollars>,
}

impl<'a> Used<'a> {
    fn add(
        &mut self,
        (escalation, kind): (&'a EscalationId, EscalationKind),
        bank: &'a BankCode,
        account: &'a AccountName,
        at: Timestamp,
    ) {
        if !kind.sets_right() {
            // By its last delivery: an escalation is in a window until all of it has left.
            let last = self.banks.entry(bank).or_default().entry(escalation).or_insert(at);
            *last = (*last).max(at);
        }
        self.accounts.entry(account).or_default().push(at);
    }

    /// The bank's limits count escalations: the second delivery of one that is out is
    /// free, while the first still counts.
    fn bank_allows(
        &self,
        candidate: &Candidate,
        rules: &PacingRules,
        now: Timestamp,
    ) -> Option<Why> {
        if candidate.kind.sets_right() {
            return None;
        }
        let others = self.banks.get(&candidate.bank);
        let first = others.and_then(|known| known.get(&candidate.escalation));
        if first.is_some_and(|first| now.since(*first) < DAY) {
            return None;
        }
        let times: Vec<_> = others.into_iter().flat_map(|known| known.values().copied()).collect();
        if let Some(until) = full_until(&times, DAY, rules.per_bank_day, now) {
            return Some(Why::BankCap { until });
        }
        too_soon(&times, rules.bank_interval, now).map(|until| Why::BankInterval { until })
    }

    fn account_allows(
        &self,
        candidate: &Candidate,
        rules: &PacingRules,
        now: Timestamp,
    ) -> Option<Why> {
        let none = Vec::new();
        let times = self.accounts.get(&candidate.account).unwrap_or(&none);
        for (window, cap) in [(HOUR, rules.per_account_hour), (DAY, rules.per_account_day)] {
            if let Some(until) = full_until(times, window, cap, now) {
                return Some(Why::AccountCap { until });
            }
        }
        too_soon(times, rules.account_interval, now).map(|until| Why::AccountInterval { until })
    }

    fn pay(&mut self, candidate: &'a Candidate) {
        let paid = self.paid.entry(&candidate.account).or_default();
        *paid = paid.plus(candidate.price.unwrap_or_default());
    }

    /// What sets a post right is paid for, and never waits for money: an accusation that is known
    /// to be wrong does not stand for the sake of a cap.
    fn purse_allows(&self, candidate: &Candidate, purses: &Purses) -> Option<Why> {
        if candidate.kind.sets_right() {
            return None;
        }
        let (price, purse) = (candidate.price?, purses.get(&candidate.account)?);
        let account = candidate.account.clone();
        if let Some(expired) = purse.expired {
            return Some(Why::PricesExpired { account, expired });
        }
        let left = purse.left.less(self.paid.get(&account).copied().unwrap_or_default());
        (price > left).then_some(Why::MonthSpent { account, price, left, until: purse.until })
    }
}

/// When the window has room again; `None`: it has room now. Sends after `now` (another machine's
/// clock) count as now.
fn full_until(
    times: &[Timestamp],
    window: SignedDuration,
    cap: u32,
    now: Timestamp,
) -> Option<Timestamp> {
    if times.len() < cap as usize {
        return None;
    }
    let mut inside: Vec<_> = times.iter().filter(|at| now.since(**at) < window).copied().collect();
    let cap = cap as usize;
    if inside.len() < cap {
        return None;
    }
    inside.sort_unstable();
    // Of a cap of zero none frees its place: it is full for a whole window from whenever it is asked.
    let frees = inside.get(inside.len() - cap).copied().unwrap_or(now);
    Some(frees.plus(window))
}

fn too_soon(times: &[Timestamp], interval: SignedDuration, now: Timestamp) -> Option<Timestamp> {
    let until = times.iter().max()?.plus(interval);
    (now < until).then_some(until)
}

/// *May this go now?* Candidates come in the order in which they should go; each one that goes
/// counts for those after it. An account without a purse posts for nothing.
pub fn may_go_now(
    candidates: &[Candidate],
    sends: &[Send],
    rules: &PacingRules,
    gate: &Gate,
    purses: &Purses,
    now: Timestamp,
) -> Plan {
    let mut used = Used::default();
    for send in sends {
        used.add((&send.escalation, send.kind), &send.bank, &send.account, send.at);
    }
    let mut plan = Plan::default();
    let mut seen = BTreeSet::new();
    for candidate in candidates {
        if !seen.insert(&candidate.delivery) {
            continue;
        }
        let against = gate_allows(candidate, gate)
            .or_else(|| candidate.obstacle.clone())
            .or_else(|| used.bank_allows(candidate, rules, now))
            .or_else(|| used.account_allows(candidate, rules, now))
            .or_else(|| used.purse_allows(candidate, purses))
            .or_else(|| (plan.go.len() >= rules.batch as usize).then_some(Why::BatchFull));
        match against {
            Some(why) => plan.wait.push((candidate.delivery.clone(), why)),
            None => {
                let what = (&candidate.escalation, candidate.kind);
                used.add(what, &candidate.bank, &candidate.account, now);
                used.pay(candidate);
                plan.go.push(candidate.delivery.clone());
            }
        }
    }
    plan
}

fn gate_allows(candidate: &Candidate, gate: &Gate) -> Option<Why> {
    let past_stop = candidate.past_stop && candidate.kind.sets_right();
    if gate.stopped && !past_stop {
        return Some(Why::Stopped);
    }
    match &gate.tripped {
        Some(reason) if !past_stop => return Some(Why::Tripped { reason: reason.clone() }),
        _ => {}
    }
    if gate.restored {
        return Some(Why::Restored);
    }
    if gate.shadow {
        return Some(Why::Shadow);
    }
    match gate.quiet_until {
        Some(until) if !candidate.kind.sets_right() => Some(Why::QuietHours { until }),
        _ => None,
    }
}
