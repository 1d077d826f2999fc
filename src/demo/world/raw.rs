//! Rows as text, as a case database might hold them: good ones written out, and a dozen that
//! break the contract in the ways that real tables do.

use rand::Rng;

use super::cast;
use crate::{
    demo::chance,
    domain::{action::BankAction, money::Paise, time::Timestamp},
};

/// The columns of the contract, in its order.
pub const COLUMNS: [&str; 16] = [
    "external_id",
    "case_ref",
    "bank_code",
    "kind",
    "layer",
    "disputed_amount",
    "requested_at",
    "delivered_at",
    "due_at",
    "complete",
    "status",
    "acted_at",
    "lien_amount",
    "contacts",
    "last_contact_at",
    "updated_at",
];

/// One row as text; an empty field is a null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRow {
    /// The fields, in the order of [`COLUMNS`].
    pub fields: [String; 16],
    /// What breaks the contract; `None` for a good row.
    pub breaks: Option<&'static str>,
}

impl RawRow {
    /// A field by its column's name; empty for a name that is none.
    pub fn get(&self, column: &str) -> &str {
        let at = COLUMNS.iter().position(|name| *name == column);
        at.map_or("", |at| &self.fields[at])
    }

    fn set(&mut self, column: &str, text: &str) {
        if let Some(at) = COLUMNS.iter().position(|name| *name == column) {
            text.clone_into(&mut self.fields[at]);
        }
    }
}

/// A good row written out: RFC 3339 times in UTC, decimal rupees, `true` and `false`.
impl From<&BankAction> for RawRow {
    fn from(action: &BankAction) -> Self {
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let rupees = |amount: Option<Paise>| amount.map(rupees).unwrap_or_default();
        Self {
            fields: [
                action.external_id.expose().to_owned(),
                action.case_ref.expose().to_owned(),
                action.bank.to_string(),
                action.kind.to_string(),
                action.layer.map(|layer| layer.to_string()).unwrap_or_default(),
                rupees(action.disputed),
                action.requested_at.to_string(),
                time(action.delivered_at),
                time(action.due_at),
                action.complete.to_string(),
                action.status.to_string(),
                time(action.acted_at),
                rupees(action.lien_amount),
                action.contacts.to_string(),
                time(action.last_contact_at),
                time(action.updated_at),
            ],
            breaks: None,
        }
    }
}

fn rupees(amount: Paise) -> String {
    let paise = amount.paise();
    let sign = if paise < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", paise.unsigned_abs() / 100, paise.unsigned_abs() % 100)
}

/// A dozen rows, each good but for one field.
pub(super) fn broken(rng: &mut impl Rng, now: Timestamp) -> Vec<RawRow> {
    const FAULTS: [(&str, &str, &str); 12] = [
        ("bank_code", "ZXXX", "no bank has this code"),
        ("bank_code", "", "no bank is named"),
        ("disputed_amount", "-45000.00", "the amount is negative"),
        ("disputed_amount", "forty thousand", "the amount is no number"),
        ("kind", "leen", "the kind is misspelt"),
        ("kind", "freeze", "the kind is none of ours"),
        ("status", "done?", "the status is none of ours"),
        ("requested_at", "", "no request time"),
        ("requested_at", "31/02/2026 25:61", "the request time is no time"),
        ("delivered_at", "EARLIER", "delivered before it was requested"),
        ("acted_at", "", "acted, but nobody says when"),
        ("external_id", "", "the row has no key"),
    ];
    let requested = now.minus(chance::between(rng, 2 * 24 * 60, 9 * 24 * 60));
    let faulty = FAULTS.iter().enumerate().map(|(index, (column, text, breaks))| {
        let mut row = template(index, requested);
        if *column == "acted_at" {
            row.set("status", "acted");
        }
        let earlier = requested.minus(jiff::SignedDuration::from_hours(3)).to_string();
        row.set(column, if *text == "EARLIER" { &earlier } else { text });
        row.breaks = Some(breaks);
        row
    });
    faulty.collect()
}

fn template(index: usize, requested: Timestamp) -> RawRow {
    let bank = &cast::banks()[index % cast::banks().len()];
    let at = requested.to_string();
    let delivered = requested.plus(jiff::SignedDuration::from_mins(6)).to_string();
    let id = format!("DEMO-BAD-{:02}", index + 1);
    let case = format!("DEMO-9{index:05}");
    let fields = [
        &*id,
        &*case,
        bank.code.as_str(),
        "lien",
        "1",
        "45000.00",
        &*at,
        &*delivered,
        "",
        "true",
        "pending",
        "",
        "",
        "1",
        &*delivered,
        &*delivered,
    ];
    RawRow { fields: fields.map(str::to_owned), breaks: None }
}
