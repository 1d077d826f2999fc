//! One standing order, and what may go out under it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{
    order::{StandingOrder, Terms},
    person::Person,
    time::Timestamp,
};

/// One standing order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `draft`, `in force`, `expired`, `revoked`, or void and why.
    pub standing: String,
    /// Who drafted it.
    pub drafted_by: String,
    /// On how many days of history it was rehearsed.
    pub rehearsed_days: Option<u32>,
    /// Who signed it.
    pub signed_by: Option<String>,
    /// When it was signed.
    pub signed_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// When it ends.
    pub expires_at: String,
    /// What may go out under it.
    pub terms: TermsView,
}

/// What may go out under a standing order.
#[derive(Debug, Serialize, ToSchema)]
pub struct TermsView {
    /// The banks' codes, or `*`.
    pub banks: Vec<String>,
    /// The kinds of posts.
    pub kinds: Vec<String>,
    /// The unit's accounts.
    pub accounts: Vec<String>,
    /// The smallest sum at risk, in rupees.
    pub minimum_rupees: i64,
    /// How long overdue at least, in hours.
    pub minimum_overdue_hours: u32,
    /// The hashes of the templates.
    pub templates: Vec<String>,
    /// The most about one bank in a day.
    pub per_bank_day: u32,
    /// The most in a day.
    pub per_day: u32,
    /// The most in an hour.
    pub per_hour: u32,
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        fn texts<T: ToString>(items: &[T]) -> Vec<String> {
            items.iter().map(ToString::to_string).collect()
        }
        Self {
            banks: texts(&terms.banks),
            kinds: texts(&terms.kinds),
            accounts: texts(&terms.accounts),
            minimum_rupees: terms.minimum_amount.rupees(),
            minimum_overdue_hours: terms.minimum_overdue_hours,
            templates: texts(&terms.templates),
            per_bank_day: terms.per_bank_day,
            per_day: terms.per_day,
            per_hour: terms.per_hour,
        }
    }
}

impl OrderView {
    /// An order as it stands now among these people.
    pub fn of(order: &StandingOrder, people: &[Person], now: Timestamp) -> Self {
        let signer = order.signed.as_ref();
        let signer =
            signer.and_then(|(signer, _)| people.iter().find(|person| person.id == *signer));
        let signed = order.signed.as_ref();
        Self {
            id: order.id.to_string(),
            name: order.name.clone(),
            standing: order.standing(signer, now).to_string(),
            drafted_by: order.drafted_by.to_string(),
            rehearsed_days: order.rehearsed_days,
            signed_by: signed.map(|(by, _)| by.to_string()),
            signed_at: signed.map(|(_, at)| at.to_string()),
            revoked_at: order.revoked_at.map(|at| at.to_string()),
            expires_at: order.terms.expires_at.to_string(),
            terms: (&order.terms).into(),
        }
    }
}
