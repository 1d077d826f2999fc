//! What a delivery waits for, in the reader's language.

use crate::{domain::pacing::Why, web::frame::Words};

pub(super) fn said(words: &Words, why: &Why) -> String {
    match why {
        Why::Stopped => words.t("posts-why-stopped"),
        Why::Tripped { reason } => words.with("posts-why-tripped", "reason", reason),
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
            words.with2("posts-why-paused", "account", account, "reason", reason)
        }
        Why::Silence { label, until } => {
            words.with2("posts-why-silence", "label", label, "until", words.at(until))
        }
        Why::Authority { reason } => words.with("posts-why-authority", "reason", reason),
        Why::Handle { reason } => words.with("posts-why-handle", "reason", reason),
    }
}
