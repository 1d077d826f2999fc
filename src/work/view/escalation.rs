//! One escalation: its facts, its texts, by whom it is cleared.

use serde::Serialize;
use utoipa::ToSchema;

use super::delivery::told;
use crate::{
    domain::{clearance::Authority, delivery::Content, facts::FactPack},
    store::{DeliveryRow, EscalationRow},
    work::bill::{Bill, Cost},
};

/// One escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationView {
    /// Its reference, which its texts carry.
    pub reference: String,
    /// Its id in the ledger.
    pub id: String,
    /// The bank's code.
    pub bank: String,
    /// The bank's name in English.
    pub bank_name: String,
    /// How public it is: `mail`, `call`, `tag` or `notice`.
    pub rung: String,
    /// `tag`, `closure`, `correction` or `retraction`.
    pub kind: String,
    /// `held`, `cleared`, `disputed`, `closed`, `rejected`, `expired` or `withdrawn`.
    pub state: String,
    /// The wording's number, from 1.
    pub version: u32,
    /// What an approval names.
    pub hash: String,
    /// Who wrote the wording; nobody where the templates did.
    pub written_by: Option<String>,
    /// When it was drafted.
    pub drafted_at: String,
    /// When it is too old to be sent.
    pub expires_at: String,
    /// Held back by a person until then.
    pub hold_until: Option<String>,
    /// How it ended, in words.
    pub outcome: Option<String>,
    /// By whom it is cleared.
    pub cleared: Option<ClearanceView>,
    /// The facts that the texts state.
    pub facts: FactView,
    /// Its texts, each with its delivery.
    pub texts: Vec<TextView>,
}

/// By whom an escalation is cleared.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClearanceView {
    /// The approver, or the signer of the order.
    pub by: String,
    /// The standing order under which it was cleared.
    pub order: Option<String>,
    /// When.
    pub at: String,
    /// Until when.
    pub until: String,
}

/// The facts that texts state.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactView {
    /// They were true then.
    pub as_of: String,
    /// How many cases.
    pub cases: u32,
    /// How many liens.
    pub liens: u32,
    /// How many holds.
    pub holds: u32,
    /// The sum at risk, rounded down, in rupees.
    pub rupees_at_least: i64,
    /// The unit's limit, in hours.
    pub limit_hours: u32,
    /// How long the youngest is overdue, rounded down, in hours.
    pub overdue_hours_at_least: u32,
    /// How many the bank has acted on (a closure's).
    pub acted: u32,
    /// Their hash.
    pub hash: String,
}

/// One text and its delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextView {
    /// The delivery's id.
    pub delivery: String,
    /// The unit's account.
    pub account: String,
    /// Its platform.
    pub platform: String,
    /// `en` or `hi`.
    pub language: String,
    /// Who sees it there.
    pub visibility: String,
    /// The warning that stands before it.
    pub content_warning: Option<String>,
    /// The text itself.
    pub text: String,
    /// The SHA-256 of the picture beside it, a PNG.
    pub picture: Option<String>,
    /// All that the picture says.
    pub picture_alt: Option<String>,
    /// No person has changed it.
    pub from_template: bool,
    /// `api`, or `hand-off`: an officer posts it by hand.
    pub sender: String,
    /// `waiting`, `sending`, `delivered`, `retracted`, `withdrawn`, `refused` or `uncertain`.
    pub state: String,
    /// Why it stands there.
    pub why: Option<String>,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What it costs or has cost; nothing where that is nothing.
    pub cost: Option<Cost>,
}

impl EscalationView {
    /// An escalation with its prices.
    pub fn of(row: &EscalationRow, bill: &Bill) -> Self {
        let escalation = &row.escalation;
        Self {
            reference: escalation.reference.to_string(),
            id: escalation.id.to_string(),
            bank: escalation.bank.to_string(),
            bank_name: escalation.facts.bank_en.clone(),
            rung: escalation.rung.to_string(),
            kind: escalation.kind.to_string(),
            state: escalation.state().to_string(),
            version: escalation.version,
            hash: escalation.hash().to_string(),
            written_by: escalation.written_by.as_ref().map(ToString::to_string),
            drafted_at: escalation.drafted_at.to_string(),
            expires_at: escalation.expires_at.to_string(),
            hold_until: row.hold_until.map(|until| until.to_string()),
            outcome: row.outcome.clone(),
            cleared: row.clearance.as_ref().map(|given| ClearanceView {
                by: given.authority.signer().to_string(),
                order: match &given.authority {
                    Authority::Order { order, .. } => Some(order.to_string()),
                    Authority::Approval { .. } => None,
                },
                at: given.at.to_string(),
                until: given.until.to_string(),
            }),
            facts: FactView::of(&escalation.facts),
            texts: row.deliveries.iter().map(|delivery| TextView::of(delivery, bill)).collect(),
        }
    }
}

impl FactView {
    fn of(facts: &FactPack) -> Self {
        Self {
            as_of: facts.as_of.to_string(),
            cases: facts.cases,
            liens: facts.liens,
            holds: facts.holds,
            rupees_at_least: facts.amount_at_least.rupees(),
            limit_hours: facts.limit_hours,
            overdue_hours_at_least: facts.overdue_hours_at_least,
            acted: facts.acted,
            hash: facts.hash().to_string(),
        }
    }
}

impl TextView {
    fn of(row: &DeliveryRow, bill: &Bill) -> Self {
        let Content {
            account,
            platform,
            language,
            visibility,
            spoiler,
            text,
            template,
            picture,
            ..
        } = &row.delivery.content;
        let (why, permalink) = told(row.delivery.state());
        Self {
            delivery: row.delivery.id.to_string(),
            account: account.to_string(),
            platform: platform.to_string(),
            language: language.to_string(),
            visibility: visibility.to_string(),
            content_warning: spoiler.clone(),
            text: text.clone(),
            picture: picture.as_ref().map(|picture| picture.png.to_string()),
            picture_alt: picture.as_ref().map(|picture| picture.alt.clone()),
            from_template: template.is_some(),
            sender: row.sender.to_string(),
            state: row.delivery.name().to_string(),
            why,
            permalink,
            cost: bill.of(&row.delivery.id),
        }
    }
}
