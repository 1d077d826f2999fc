//! Why each delivery waits, by the very question that the claim asks.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Ctx, deliver};
use crate::{
    domain::{
        delivery::State,
        escalation::EscalationState,
        ids::{AccountName, CaseRef},
        pacing::Why,
        platform::Sender,
        tagging::SilenceOrder,
        time::{Timestamp, clock, local},
    },
    store::{DeliveryRow, EscalationRow, StoreError},
};

/// One delivery and what it waits for.
#[derive(Debug, Clone, Serialize)]
pub struct Waits {
    /// The delivery.
    pub delivery: String,
    /// The account that posts it.
    pub account: String,
    /// Its language.
    pub language: String,
    /// Its state.
    pub state: String,
    /// In words, each with what lifts it where a person can.
    pub waits_for: String,
    /// Until when, where that is known (UTC).
    pub until: Option<String>,
    /// Something stands against it, beside the approval that it may lack.
    pub held_up: bool,
}

/// What one delivery waits for.
struct Told {
    words: String,
    until: Option<Timestamp>,
    held_up: bool,
}

impl Told {
    fn new(words: impl Into<String>, until: Option<Timestamp>) -> Self {
        Self { words: words.into(), until, held_up: false }
    }

    /// The domain's reason, with its time on the unit's own clock.
    fn against(why: &Why, zone: &jiff::tz::TimeZone) -> Self {
        let until = match why {
            Why::QuietHours { until }
            | Why::BankCap { until }
            | Why::BankInterval { until }
            | Why::AccountCap { until }
            | Why::AccountInterval { until }
            | Why::MonthSpent { until, .. }
            | Why::Silence { until, .. } => Some(*until),
            _ => None,
        };
        Self { words: local(&why.to_string(), zone), until, held_up: true }
    }
}

/// What each delivery of an escalation waits for, in the order of its texts.
///
/// # Errors
/// The ledger failed.
pub async fn waits(ctx: &Ctx, row: &EscalationRow) -> Result<Vec<Waits>, StoreError> {
    let why = ctx.store.why_waiting(&row.escalation.id, &deliver::rules(ctx)).await?;
    let held = row.escalation.state() == EscalationState::Held;
    let standing = if held { Some(Standing::of(ctx, row).await?) } else { None };
    let view = |one: &DeliveryRow| {
        let found = why.iter().find(|(id, _)| *id == one.delivery.id);
        let why = found.and_then(|(_, why)| why.as_ref());
        let told = match (one.delivery.state(), &standing) {
            (State::Waiting { .. }, Some(standing)) => {
                approval(ctx, row, standing.against(one, why))
            }
            (State::Waiting { not_before, .. }, None) => waiting(ctx, row, one, *not_before, why),
            (state, _) => under_way(ctx, one, state),
        };
        Waits {
            delivery: one.delivery.id.to_string(),
            account: one.delivery.content.account.to_string(),
            language: one.delivery.content.language.to_string(),
            state: one.delivery.name().to_string(),
            waits_for: told.words,
            until: told.until.map(|until| until.to_string()),
            held_up: told.held_up,
        }
    };
    Ok(row.deliveries.iter().map(view).collect())
}

/// What stands against a held escalation, whoever approves it. The claim asks for the approval
/// first, and so does not say.
struct Standing {
    live: BTreeMap<AccountName, bool>,
    silence: Option<Why>,
}

impl Standing {
    async fn of(ctx: &Ctx, row: &EscalationRow) -> Result<Self, StoreError> {
        let (store, escalation, now) = (&ctx.store, &row.escalation, ctx.clock.now());
        let accounts = store.accounts().await?.into_iter();
        let live = accounts.map(|one| (one.account.name, one.account.live)).collect();
        let silences = store.silences(now).await?;
        let members = match silences.is_empty() {
            true => Vec::new(),
            false => store.members(&escalation.id).await?,
        };
        // What speaks of no case is silenced by an order about its bank or everything all the same.
        let none = CaseRef::new("");
        let covers = |order: &SilenceOrder| {
            let mut cases = members.iter().map(|one| &one.seen.case_ref).chain([&none]);
            cases.any(|case| order.covers(&escalation.bank, case, now))
        };
        let silence = silences.into_iter().map(|(_, order)| order).find(covers);
        let silence = silence.map(|order| Why::Silence { label: order.label, until: order.until });
        Ok(Self { live, silence })
    }

    fn against(&self, one: &DeliveryRow, why: Option<&Why>) -> Option<Why> {
        let account = &one.delivery.content.account;
        let live = self.live.get(account).copied().unwrap_or_default();
        let not_live = || (!live).then(|| Why::NotLive { account: account.clone() });
        let claims = why.filter(|why| !matches!(why, Why::Authority { .. })).cloned();
        claims.or_else(not_live).or_else(|| self.silence.clone())
    }
}

/// A person's word is missing, and what else.
fn approval(ctx: &Ctx, row: &EscalationRow, against: Option<Why>) -> Told {
    let zone = ctx.limits.calendar().zone();
    let mut words = "an approver (`takaza queue approve`) or an order".to_owned();
    if let Some(until) = row.hold_until.filter(|until| ctx.clock.now() < *until) {
        words += &format!(", held back until {}", clock(until, zone));
    }
    match against.map(|why| Told::against(&why, zone)) {
        None => Told::new(words, None),
        Some(told) => Told { words: format!("{words}; then {}", told.words), ..told },
    }
}

/// What is no longer waiting.
fn under_way(ctx: &Ctx, one: &DeliveryRow, state: &State) -> Told {
    let zone = ctx.limits.calendar().zone();
    match state {
        State::Sending(lease) if one.sender == Sender::HandOff => {
            let until = clock(lease.until, zone);
            Told::new(
                format!("{} posts it by hand before {until}", lease.holder),
                Some(lease.until),
            )
        }
        State::Sending(lease) => {
            Told::new(format!("being sent by {}", lease.holder), Some(lease.until))
        }
        State::Uncertain(doubt) if doubt.asks => {
            let next = "asks a person: look at the account, then `takaza handoff done` or \
                        `takaza handoff not-posted`";
            Told::new(format!("{}; {next}", local(&doubt.why, zone)), None)
        }
        State::Uncertain(doubt) => {
            let at = clock(doubt.look_at, zone);
            Told::new(
                format!("{}; it is looked for at {at}", local(&doubt.why, zone)),
                Some(doubt.look_at),
            )
        }
        State::Delivered(receipt) | State::Retracted(receipt) => {
            Told::new(format!("it went out: {}", receipt.permalink), None)
        }
        State::Withdrawn { why } | State::Refused { why } => {
            Told::new(format!("it does not go out: {}", local(why, zone)), None)
        }
        State::Waiting { .. } => Told::new("the next pass", None),
    }
}

/// What waits of an escalation that is not held.
fn waiting(
    ctx: &Ctx,
    row: &EscalationRow,
    one: &DeliveryRow,
    not_before: Timestamp,
    why: Option<&Why>,
) -> Told {
    let (zone, now) = (ctx.limits.calendar().zone(), ctx.clock.now());
    match (row.escalation.state(), why) {
        (EscalationState::Cleared, Some(why)) => Told::against(why, zone),
        (EscalationState::Cleared, None) if now < not_before => Told::new(
            format!("the time that it was put off to, {}", clock(not_before, zone)),
            Some(not_before),
        ),
        (EscalationState::Cleared, None) if one.sender == Sender::HandOff => {
            Told::new("an officer who takes it (`takaza handoff take`)", None)
        }
        (EscalationState::Cleared, None) => {
            Told::new("the next pass of `takaza serve` or `takaza run-once`", None)
        }
        (state, _) => Told::new(format!("nothing: it is {state}"), None),
    }
}
