//! The form that an order is drafted by. What is wrong stands beside the field that is wrong, and
//! what was written stays written.

use std::collections::BTreeMap;

use askama::Template;
use axum::{http::StatusCode, response::Response};

use super::super::{
    frame::Frame,
    problem::Problem,
    visit::{Fields, Visit},
};
use crate::{
    domain::{
        escalation::EscalationKind, ids::AccountName, order::MINIMUM_REHEARSED_DAYS,
        time::Timestamp,
    },
    store::StoreError,
    work::order::{Asked, Fault, Known, Part},
};

/// What is wrong, by the field.
type Faults = BTreeMap<&'static str, String>;

/// The numbers of the form: the field, and the message that names it.
const NUMBERS: [&str; 5] =
    ["minimum_rupees", "minimum_overdue_hours", "per_bank_day", "per_day", "per_hour"];

#[derive(Template)]
#[template(path = "orders/draft.html")]
struct Form<'a> {
    frame: &'a Frame,
    written: &'a Fields,
    faults: Faults,
    accounts: Vec<AccountName>,
    templates: Vec<&'a str>,
    days: u32,
}

impl Form<'_> {
    fn fault(&self, field: &str) -> &str {
        self.faults.get(field).map_or("", String::as_str)
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.faults.contains_key(field)
    }

    fn has(&self, field: &str, value: impl std::fmt::Display) -> bool {
        let value = value.to_string();
        self.written.all(field).any(|one| one == value)
    }

    fn kinds(&self) -> &'static [EscalationKind] {
        EscalationKind::ALL
    }

    fn numbers(&self) -> [&'static str; 5] {
        NUMBERS
    }
}

pub(super) async fn form(visit: Visit) -> Result<Response, Problem> {
    page(&visit, Faults::new()).await
}

async fn page(visit: &Visit, faults: Faults) -> Result<Response, Problem> {
    let wrong = !faults.is_empty();
    let mut response = visit.page(&Form {
        frame: &visit.frame,
        written: &visit.form,
        faults,
        accounts: accounts(visit).await?,
        templates: visit.ctx().templates.hashes().map(|(name, _)| name).collect(),
        days: MINIMUM_REHEARSED_DAYS,
    })?;
    if wrong {
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The accounts that an order may name.
async fn accounts(visit: &Visit) -> Result<Vec<AccountName>, Problem> {
    let rows = visit.store().accounts().await?.into_iter().filter(|row| !row.revoked);
    Ok(rows.map(|row| row.account.name).collect())
}

pub(super) async fn make(visit: Visit) -> Result<Response, Problem> {
    let mut faults = Faults::new();
    let asked = read(&visit, &mut faults)?;
    let ctx = visit.ctx();
    let accounts = accounts(&visit).await?;
    let known = Known {
        banks: &ctx.banks,
        templates: &ctx.templates,
        accounts: &accounts,
        longest: ctx.config.orders.longest,
        now: visit.console.clock().now(),
    };
    let terms = match asked.terms(known) {
        Ok(terms) if faults.is_empty() => terms,
        judged => {
            for fault in judged.err().into_iter().flatten() {
                faults.entry(fault.part().key()).or_insert_with(|| told(&visit, &fault));
            }
            return page(&visit, faults).await;
        }
    };
    let (name, terms) = terms;
    let desk = visit.person()?.as_desk(visit.console.clock().now())?;
    match visit.store().draft_order(&visit.by("order draft")?, &desk, &name, &terms).await {
        Ok(id) => visit.done(&format!("/orders/{id}"), "orders-drafted", &name).await,
        Err(StoreError::Refused(_)) => {
            let taken = visit.frame.t("orders-fault-taken");
            page(&visit, Faults::from([(Part::Name.key(), taken)])).await
        }
        Err(error) => Err(error.into()),
    }
}

fn read(visit: &Visit, faults: &mut Faults) -> Result<Asked, Problem> {
    let form = &visit.form;
    let mut numbers = NUMBERS.map(|field| (field, number(form.get(field))));
    for (field, number) in &mut numbers {
        if number.is_none() {
            faults.insert(field, visit.frame.t("orders-fault-number"));
        }
    }
    let [minimum_rupees, minimum_overdue_hours, per_bank_day, per_day, per_hour] =
        numbers.map(|(_, number)| number.unwrap_or(0));
    let expires_at = match visit.instant("expires_at", "orders-expires") {
        Ok(at) => at,
        Err(Problem::Missing(_)) => unread(faults, visit.frame.t("orders-fault-time")),
        Err(Problem::Wrong(told)) => unread(faults, told),
        Err(other) => return Err(other),
    };
    Ok(Asked {
        name: form.get("name").to_owned(),
        banks: chosen(form, "every_bank", codes(form.get("banks"))),
        kinds: form.all("kinds").filter_map(EscalationKind::parse).collect(),
        accounts: form.all("accounts").map(AccountName::new).collect(),
        minimum_rupees,
        minimum_overdue_hours,
        templates: chosen(
            form,
            "every_template",
            form.all("templates").map(str::to_owned).collect(),
        ),
        per_bank_day,
        per_day,
        per_hour,
        expires_at,
    })
}

/// A time that cannot be read is no time that has passed.
fn unread(faults: &mut Faults, told: String) -> Timestamp {
    faults.insert(Part::ExpiresAt.key(), told);
    Timestamp::MAX
}

/// Everything, the chosen ones, or nothing where neither was said.
fn chosen(form: &Fields, all_or_some: &str, some: Vec<String>) -> Vec<String> {
    match form.get(all_or_some) {
        "yes" => vec!["*".to_owned()],
        "no" => some,
        _ => Vec::new(),
    }
}

fn codes(text: &str) -> Vec<String> {
    let codes = text.split(|c: char| c.is_whitespace() || c == ',' || c == ';');
    codes
        .filter(|code| !code.is_empty())
        .map(str::to_uppercase)
        .filter(|code| code != "*")
        .collect()
}

fn number(text: &str) -> Option<u32> {
    text.replace([',', ' '], "").parse().ok()
}

fn told(visit: &Visit, fault: &Fault) -> String {
    let words = &visit.frame.words;
    match fault {
        Fault::Empty(Part::Name) => words.t("orders-fault-name"),
        Fault::Empty(_) => words.t("orders-fault-empty"),
        Fault::Passed => words.t("orders-fault-passed"),
        Fault::TooLong { days } => words.with("orders-fault-long", "days", days),
        Fault::NoAccount(account) => words.with("orders-fault-account", "account", account),
        Fault::NoBank { code, into: None } => words.with("orders-fault-bank", "code", code),
        Fault::NoBank { code, into: Some(into) } => {
            words.with2("orders-fault-merged", "code", code, "into", into)
        }
        Fault::NoTemplate(name) => words.with("orders-fault-template", "name", name),
    }
}
