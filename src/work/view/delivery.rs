//! One delivery in a list.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    domain::delivery::State,
    store::{DeliveryRow, Listed},
};

/// One delivery in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its escalation's reference.
    pub reference: String,
    /// Its id.
    pub delivery: String,
    /// `tag`, `closure`, `correction` or `retraction`.
    pub kind: String,
    /// The bank's code.
    pub bank: String,
    /// The unit's account.
    pub account: String,
    /// `en` or `hi`.
    pub language: String,
    /// `api`, or `hand-off`: an officer posts it by hand.
    pub sender: String,
    /// `waiting`, `sending`, `delivered`, `retracted`, `withdrawn`, `refused` or `uncertain`.
    pub state: String,
    /// Only a person can say whether it went out.
    pub asks_a_person: bool,
    /// When its escalation was drafted.
    pub drafted_at: String,
    /// When the platform took it.
    pub posted_at: Option<String>,
    /// Where the post is.
    pub permalink: Option<String>,
    /// Why it stands where it stands.
    pub why: Option<String>,
}

impl DeliveryView {
    /// A delivery of a list.
    pub fn of(listed: &Listed) -> Self {
        let DeliveryRow { delivery, sender, .. } = &listed.row;
        let (mut why, permalink) = told(delivery.state());
        let (mut posted_at, mut asks) = (None, false);
        match delivery.state() {
            State::Delivered(receipt) | State::Retracted(receipt) => {
                posted_at = Some(receipt.at.to_string());
            }
            State::Uncertain(doubt) => asks = doubt.asks,
            State::Sending(lease) => why = Some(format!("taken by {}", lease.holder)),
            State::Waiting { .. } | State::Withdrawn { .. } | State::Refused { .. } => {}
        }
        Self {
            reference: delivery.reference.to_string(),
            delivery: delivery.id.to_string(),
            kind: delivery.kind.to_string(),
            bank: delivery.bank.to_string(),
            account: delivery.content.account.to_string(),
            language: delivery.content.language.to_string(),
            sender: sender.to_string(),
            state: delivery.name().to_string(),
            asks_a_person: asks,
            drafted_at: listed.drafted_at.to_string(),
            posted_at,
            permalink,
            why,
        }
    }
}

/// Why a delivery stands where it stands, and where its post is.
pub(super) fn told(state: &State) -> (Option<String>, Option<String>) {
    match state {
        State::Waiting { why, .. } => (why.clone(), None),
        State::Delivered(receipt) | State::Retracted(receipt) => {
            (None, Some(receipt.permalink.clone()))
        }
        State::Withdrawn { why } | State::Refused { why } => (Some(why.clone()), None),
        State::Uncertain(doubt) => (Some(doubt.why.clone()), None),
        State::Sending(_) => (None, None),
    }
}
