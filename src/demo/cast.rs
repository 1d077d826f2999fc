//! Who is in the demo: forty invented banks with a temper each, and the unit's invented people.
//!
//! The invariant: no name here belongs to anyone. Banks come from `config/invented_banks.csv`
//! alone.

use std::sync::LazyLock;

use jiff::SignedDuration;

use crate::domain::{
    ids::{BankCode, PersonId},
    person::{Person, Role},
    time::Timestamp,
};

/// How a bank's social team behaves in public.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Answers within minutes, to the point, and likes the post.
    Prompt,
    /// Answers, hours later.
    Slow,
    /// Answers at once with a canned "please DM us your details".
    Canned,
    /// Reposts or quotes without saying much.
    Amplifies,
    /// Only ever likes.
    Nods,
    /// Never shows itself.
    Silent,
}

/// How fast a bank's nodal office acts on a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// A few hours.
    Quick,
    /// Half a day.
    Steady,
    /// Days.
    Slow,
    /// Only once pressed in public.
    Stuck,
    /// Slow, but acts as soon as it is warned that a tag is being prepared.
    Flinches,
}

/// An invented bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bank {
    /// Its code.
    pub code: BankCode,
    /// Its English name.
    pub name_en: String,
    /// Its Hindi name.
    pub name_hi: String,
    /// Its class (public, private, …).
    pub class: String,
    /// Its handle in the town square, without the leading `@`.
    pub handle: String,
    /// Its stable id there.
    pub stable_id: String,
    /// Its temper in public.
    pub manner: Manner,
    /// Its speed at its desk.
    pub pace: Pace,
    /// How much of the unit's work falls to it, relative to the others.
    pub weight: u32,
}

static BANKS: LazyLock<Vec<Bank>> = LazyLock::new(|| {
    let table = include_str!("../../config/invented_banks.csv");
    let rows = csv::Reader::from_reader(table.as_bytes()).into_records();
    rows.flatten().enumerate().map(|(index, row)| bank(index, &row)).collect()
});

fn bank(index: usize, row: &csv::StringRecord) -> Bank {
    use {Manner as M, Pace as P};
    const MANNERS: [Manner; 10] = [
        M::Prompt,
        M::Canned,
        M::Slow,
        M::Silent,
        M::Amplifies,
        M::Canned,
        M::Prompt,
        M::Nods,
        M::Slow,
        M::Silent,
    ];
    const PACES: [Pace; 8] =
        [P::Slow, P::Steady, P::Stuck, P::Quick, P::Slow, P::Flinches, P::Steady, P::Stuck];
    let text = |column: usize| row.get(column).unwrap_or_default().to_owned();
    let name_en = text(1);
    let handle = name_en.replace("Small Finance Bank", "SFB").to_lowercase().replace(' ', "_");
    let rank = u32::try_from(index % 28).unwrap_or(0);
    Bank {
        code: BankCode::new(text(0)),
        name_hi: text(2),
        class: text(3),
        stable_id: format!("b{:03}", index + 1),
        manner: MANNERS[index % MANNERS.len()],
        pace: PACES[index % PACES.len()],
        weight: 6 + 220 / (rank + 3),
        name_en,
        handle,
    }
}

/// The forty invented banks, in the order of their table.
pub fn banks() -> &'static [Bank] {
    &BANKS
}

/// The invented bank with this code.
pub fn bank_by_code(code: &BankCode) -> Option<&'static Bank> {
    BANKS.iter().find(|bank| bank.code == *code)
}

/// The unit's own account in the town square.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its handle, without the leading `@`.
    pub handle: String,
    /// The name it shows.
    pub name: String,
}

impl Default for Unit {
    fn default() -> Self {
        Self { handle: "cyber_unit".to_owned(), name: "Cyber Crime Unit (sandbox)".to_owned() }
    }
}

/// The demo's invented people, their roles in force since a year before `now`: `officer` drafts,
/// `dcp` approves and signs, `admin` keeps accounts, `auditor` reads.
pub fn people(now: Timestamp) -> Vec<Person> {
    let from = now.minus(SignedDuration::from_hours(24 * 365));
    let person = |id: &str, name: &str, role| Person {
        id: PersonId::new(id),
        name: name.to_owned(),
        role,
        order_number: Some("DEMO/2026/1".to_owned()),
        from,
        until: None,
        confirmed: true,
    };
    vec![
        person("officer", "Inspector Tara Demo", Role::Officer),
        person("dcp", "DCP Kabir Demo", Role::Approver),
        person("admin", "Head Constable Mira Demo", Role::Administrator),
        person("auditor", "Asha Demo, State Audit", Role::Auditor),
    ]
}

/// The banks that the demo's standing order names: half of those that are slow. The others wait
/// for the approver's click.
pub fn standing_order_banks() -> Vec<BankCode> {
    let slow = BANKS.iter().filter(|bank| matches!(bank.pace, Pace::Slow | Pace::Stuck));
    slow.step_by(2).map(|bank| bank.code.clone()).collect()
}

/// A silence that is in force during the demo, so that "why is it waiting" has an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietBank {
    /// The bank.
    pub bank: BankCode,
    /// The number of the order that imposes it.
    pub order_number: String,
    /// Why.
    pub why: String,
    /// Its first instant.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

/// The silences in force: the third bank's matter is before a court.
pub fn silences(now: Timestamp) -> Vec<QuietBank> {
    let day = SignedDuration::from_hours(24);
    vec![QuietBank {
        bank: BANKS[2].code.clone(),
        order_number: "DEMO-CRM-1207/2026".to_owned(),
        why: "sub judice: the bank's matter is before the High Court (invented)".to_owned(),
        from: now.minus(day * 9),
        until: now.plus(day * 21),
    }]
}
