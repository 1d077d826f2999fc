//! What a delivery waits for, in the reader's language.

use crate::{
    domain::{
        delivery::State, escalation::EscalationState, ids::DeliveryId, pacing::Why,
        platform::Sender, time::Timestamp,
    },
    store::{DeliveryRow, EscalationRow},
    web::frame::Words,
};

/// What a delivery that waits waits for; `why` is what the claim answers.
pub(in crate::web) fn waits(
    words: &Words,
    now: Timestamp,
    row: &EscalationRow,
    one: &DeliveryRow,
    why: &[(DeliveryId, Option<Why>)],
) -> Option<String> {
    let State::Waiting { not_before, .. } = one.delivery.state() else { return None };
    let known = why.iter().find(|(id, _)| *id == one.delivery.id);
    match (row.escalation.state(), known.and_then(|(_, why)| why.as_ref())) {
        (EscalationState::Held, _) => Some(words.t("posts-why-held")),
        (EscalationState::Cleared, Some(known)) => Some(said(words, known)),
        (EscalationState::Cleared, None) if now < *not_before => {
            Some(words.with("posts-why-put-off", "at", words.at(not_before)))
        }
        (EscalationState::Cleared, None) if one.sender == Sender::HandOff => {
            Some(words.t("posts-why-officer"))
        }
        (EscalationState::Cleared, None) => Some(words.t("posts-why-pass")),
        _ => None,
    }
}

fn said(words: &Words, why: &Why) -> String {
    match why {
        Why::Stopped => words.t("posts-why-stopped"),
        Why::Tripped { reason } => words.with("posts-why-tripped", "reason", words.known(reason)),
        Why::Restored => words.t("posts-why-restored"),
        Why::Shadow => words.t("posts-why-shadow"),
        Why::QuietHours { until } => words.with("posts-why-quiet", "until", words.at(until)),
        Why::BankCap { until } => words.with("posts-why-bank-cap", "until", words.at(until)),
        Why::BankInterval { until } => {
            words.with("posts-why-bank-interval", "until", words.at(until))
        }
        Why::AccountCap { until } => words.with("posts-why-account-cap", "until", words.at(until)),
        Why::AccountInterval { until } => {
            words.with("posts-why-account-interval", "until", words.at(until))
        }
        Why::MonthSpent { account, price, left, until } => words.with_all(
            "posts-why-month",
            &[
                ("account", account.to_string()),
                ("price", price.to_string()),
                ("left", left.to_string()),
                ("until", words.at(until)),
            ],
        ),
        Why::PricesExpired { account, expired } => {
            words.with2("posts-why-prices", "account", account, "expired", expired)
        }
        Why::BatchFull => words.t("posts-why-batch"),
        Why::NotLive { account } => words.with("posts-why-not-live", "account", account),
        Why::AccountPaused { account, reason } => {
            words.with2("posts-why-paused", "account", account, "reason", words.known(reason))
        }
        Why::Silence { label, until } => {
            words.with2("posts-why-silence", "label", label, "until", words.at(until))
        }
        Why::Authority { reason } => {
            words.with("posts-why-authority", "reason", words.known(reason))
        }
        Why::Handle { reason } => words.with("posts-why-handle", "reason", words.known(reason)),
    }
}
