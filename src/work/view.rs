//! Escalations, deliveries, orders and banks as a script sees them: what commands print under `--json`
//! is what the JSON API answers, and its document is made of these types. No case reference and no
//! victim's datum is in any of them. Instants are RFC 3339 in UTC.

mod bank;
mod delivery;
mod escalation;
mod history;
mod order;

pub use self::{
    bank::BankView,
    delivery::DeliveryView,
    escalation::{ClearanceView, EscalationView, FactView, TextView},
    history::{AttemptView, EngagementView, EntryView, HistoryView, ReplyView},
    order::{OrderView, TermsView},
};
