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

/// The words, and until when, where that is known.
type Told = (String, Option<Timestamp>);

fn told(ctx: &Ctx, row: &EscalationRow, one: &DeliveryRow, why: Option<&Why>) -> Told {
    let zone = ctx.limits.calendar().zone();
    match one.delivery.state() {
        State::Waiting { not_before, .. } => waiting(ctx, row, one, *not_before, why),
        State::Sending(lease) => {
            let words = match one.sender {
                Sender::HandOff => {
                    format!("{} posts it by hand before {}", lease.holder, clock(lease.until, zone))
                }
                Sender::Api => format!("being sent by {}", lease.holder),
            };
            (words, Some(lease.until))
        }
        State::Uncertain(doubt) if doubt.asks => {
            let next = "asks a person: look at the account, then `takaza handoff done` or \
                        `takaza handoff not-posted`";
            (format!("{}; {next}", doubt.why), None)
        }
        State::Uncertain(doubt) => {
            let at = clock(doubt.look_at, zone);
            (format!("{}; it is looked for at {at}", doubt.why), Some(doubt.look_at))
        }
        State::Delivered(receipt) | State::Retracted(receipt) => {
            (format!("it went out: {}", receipt.permalink), None)
        }
        State::Withdrawn { why } | State::Refused { why } => {
            (format!("it does not go out: {why}"), None)
        }
    }
}

/// What one that nobody has claimed waits for: first its escalation's clearance, then what the claim
/// says, then whoever sends it.
fn waiting(
    ctx: &Ctx,
    row: &EscalationRow,
    one: &DeliveryRow,
    not_before: Timestamp,
    why: Option<&Why>,
) -> Told {
    let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
    match (row.escalation.state(), why) {
        (EscalationState::Held, _) => {
            let hold = row.hold_until.filter(|until| now < *until);
            let hold = hold.map_or_else(String::new, |until| {
                format!(", held back until {}", clock(until, zone))
            });
            (format!("an approver (`takaza queue approve`) or an order{hold}"), None)
        }
        (EscalationState::Cleared, Some(why)) => in_words(why, zone),
        (EscalationState::Cleared, None) if now < not_before => {
            let words = format!("the time that it was put off to, {}", clock(not_before, zone));
            (words, Some(not_before))
        }
        (EscalationState::Cleared, None) => {
            let words = match one.sender {
                Sender::HandOff => "an officer who takes it (`takaza handoff take`)",
                Sender::Api => "the next pass of `takaza serve` or `takaza run-once`",
            };
            (words.to_owned(), None)
        }
        (state, _) => (format!("nothing: it is {state}"), None),
    }
}

/// The domain's reason, with its time on the unit's own clock.
fn in_words(why: &Why, zone: &jiff::tz::TimeZone) -> Told {
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
