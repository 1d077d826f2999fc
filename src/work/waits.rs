//! Why each delivery waits, by the very question that the claim asks.

use serde::Serialize;

use super::{Ctx, deliver};
use crate::{
    domain::{
        delivery::State,
        escalation::EscalationState,
        pacing::Why,
        platform::Sender,
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
}

/// What each delivery of an escalation waits for, in the order of its texts.
///
/// # Errors
/// The ledger failed.
pub async fn waits(ctx: &Ctx, row: &EscalationRow) -> Result<Vec<Waits>, StoreError> {
    let why = ctx.store.why_waiting(&row.escalation.id, &deliver::rules(ctx)).await?;
    let view = |one: &DeliveryRow| {
        let found = why.iter().find(|(id, _)| *id == one.delivery.id);
        let (waits_for, until) = told(ctx, row, one, found.and_then(|(_, why)| why.as_ref()));
        Waits {
            delivery: one.delivery.id.to_string(),
            account: one.delivery.content.account.to_string(),
            language: one.delivery.content.language.to_string(),
            state: one.delivery.name().to_string(),
            waits_for,
            until: until.map(|until| until.to_string()),
        }
    };
    Ok(row.deliveries.iter().map(view).collect())
}

fn told(
    ctx: &Ctx,
    row: &EscalationRow,
    one: &DeliveryRow,
    why: Option<&Why>,
) -> (String, Option<Timestamp>) {
    let zone = ctx.limits.calendar().zone();
    let not_before = match one.delivery.state() {
        State::Waiting { not_before, .. } => *not_before,
        State::Sending(lease) if one.sender == Sender::HandOff => {
            let until = clock(lease.until, zone);
            return (
                format!("{} posts it by hand before {until}", lease.holder),
                Some(lease.until),
            );
        }
        State::Sending(lease) => {
            return (format!("being sent by {}", lease.holder), Some(lease.until));
        }
        State::Uncertain(doubt) if doubt.asks => {
            let next = "asks a person: look at the account, then `takaza handoff done` or \
                        `takaza handoff not-posted`";
            return (format!("{}; {next}", doubt.why), None);
        }
        State::Uncertain(doubt) => {
            let at = clock(doubt.look_at, zone);
            return (format!("{}; it is looked for at {at}", doubt.why), Some(doubt.look_at));
        }
        State::Delivered(receipt) | State::Retracted(receipt) => {
            return (format!("it went out: {}", receipt.permalink), None);
        }
        State::Withdrawn { why } | State::Refused { why } => {
            return (format!("it does not go out: {why}"), None);
        }
    };
    match row.escalation.state() {
        EscalationState::Held => {
            let hold = row.hold_until.filter(|until| ctx.clock.now() < *until);
            let hold = hold.map_or_else(String::new, |until| {
                format!(", held back until {}", clock(until, zone))
            });
            return (format!("an approver (`takaza queue approve`) or an order{hold}"), None);
        }
        EscalationState::Cleared => {}
        state => return (format!("nothing: it is {state}"), None),
    }
    let now = ctx.clock.now();
    match why {
        Some(why) => in_words(why, zone),
        None if now < not_before => (
            format!("the time that it was put off to, {}", clock(not_before, zone)),
            Some(not_before),
        ),
        None if one.sender == Sender::HandOff => {
            ("an officer who takes it (`takaza handoff take`)".to_owned(), None)
        }
        None => ("the next pass of `takaza serve` or `takaza run-once`".to_owned(), None),
    }
}

/// The domain's reason, with its time on the unit's own clock.
fn in_words(why: &Why, zone: &jiff::tz::TimeZone) -> (String, Option<Timestamp>) {
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
    (local(&why.to_string(), zone), until)
}
