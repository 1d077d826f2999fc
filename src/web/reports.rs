//! Reports: a subject, some days, a bank, an edition; shown here with charts and the tables beneath,
//! and to be had in every format.
//!
//! What is shown and what is downloaded are made of one document.

use askama::Template;
use axum::{extract::Path, response::Response, routing::get};
use jiff::civil::Date;

use super::{Route, file::attachment, frame::Frame, gate::Allow, problem::Problem, visit::Visit};
use crate::{
    domain::ids::BankCode,
    reports::{
        days,
        document::{Document, Edition, Subject},
        render::{Format, file_name, html, render},
    },
    work::report::{Asked, NotMade, make},
};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/reports", Allow::SignedIn, get(show)),
        Route::get("/reports/file/{format}", Allow::SignedIn, get(file)),
    ]
}

/// The days that one press asks for, with the message that names them.
const PRESETS: &[(&str, u32)] =
    &[("reports-week", 7), ("reports-month", 28), ("reports-quarter", 91), ("reports-year", 365)];

/// A choice of days.
struct Preset {
    key: &'static str,
    from: Date,
    until: Date,
    chosen: bool,
}

#[derive(Template)]
#[template(path = "reports.html")]
struct Show<'a> {
    frame: &'a Frame,
    asked: &'a Asked,
    title: &'a str,
    about: String,
    body: String,
    presets: Vec<Preset>,
    bank: String,
    banks: Vec<(BankCode, String)>,
    yesterday: Date,
}

impl Show<'_> {
    /// What the address of the same report says after its `?`, with these days.
    fn address(&self, from: &Date, until: &Date) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("subject", self.asked.subject.as_str());
        query.append_pair("edition", self.asked.edition.as_str());
        query.append_pair("bank", self.asked.bank.as_ref().map_or("", BankCode::as_str));
        query.append_pair("from", &from.to_string()).append_pair("until", &until.to_string());
        query.finish()
    }
}

async fn show(visit: Visit) -> Result<Response, Problem> {
    let asked = asked(&visit)?;
    let document = document(&visit, &asked).await?;
    let (today, chosen) = (today(&visit), (asked.from, asked.until));
    let preset = |(key, days): &(&'static str, u32)| {
        let (from, until) = days::last(today, *days);
        Preset { key, from, until, chosen: chosen == (from, until) }
    };
    // Those that the ledger knows: a list of all thousand helps nobody.
    let known = visit.store().overdue_by_bank(visit.console.clock().now()).await?;
    let mut banks: Vec<_> =
        known.into_keys().map(|code| (code.clone(), visit.bank_name(&code))).collect();
    banks.sort_by(|(_, one), (_, other)| one.cmp(other));
    visit.page(&Show {
        frame: &visit.frame,
        title: &document.title,
        about: html::about(&document).map_err(Problem::Failed)?.join(" · "),
        body: html::body(&document).map_err(Problem::Failed)?,
        presets: PRESETS.iter().map(preset).collect(),
        bank: asked.bank.as_ref().map(BankCode::to_string).unwrap_or_default(),
        banks,
        yesterday: days::last(today, 1).1,
        asked: &asked,
    })
}

async fn file(visit: Visit, Path(format): Path<String>) -> Result<Response, Problem> {
    let format = Format::parse(&format).ok_or(Problem::NotFound)?;
    let document = document(&visit, &asked(&visit)?).await?;
    let bytes = render(&document, format).map_err(Problem::Failed)?;
    Ok(attachment(&file_name(&document, format), format.media_type(), bytes))
}

/// The report; what is not made for a reason is told with it.
async fn document(visit: &Visit, asked: &Asked) -> Result<Document, Problem> {
    let words = &visit.frame.words;
    make(visit.ctx(), asked).await.map_err(|error| match error.downcast::<NotMade>() {
        Ok(NotMade::ForTheUnit(_)) => Problem::Refused(words.t("reports-for-the-unit")),
        Ok(why) => Problem::Refused(why.to_string()),
        Err(error) => Problem::Failed(error),
    })
}

fn today(visit: &Visit) -> Date {
    visit.console.clock().now().in_zone(visit.console.zone()).date()
}

/// What the address asks for; what it leaves out is the last 28 days of what tags achieve.
fn asked(visit: &Visit) -> Result<Asked, Problem> {
    let query = &visit.query;
    let known = |name: &str| Some(query.get(name)).filter(|text| !text.is_empty());
    let word = |name: &str| {
        Problem::Wrong(visit.frame.words.with("reports-unknown", "text", query.get(name)))
    };
    let day = |name: &str| -> Result<Option<Date>, Problem> {
        let read = |text: &str| {
            text.parse()
                .map_err(|_| Problem::Wrong(visit.frame.words.with("reports-no-day", "text", text)))
        };
        known(name).map(read).transpose()
    };
    let (from, until) =
        days::between(day("from")?, day("until")?, today(visit)).map_err(|wrong| {
            Problem::Told(match wrong {
                days::NoDays::Backwards { .. } => "reports-backwards",
                days::NoDays::Future { .. } => "reports-future",
                days::NoDays::TooMany => "reports-too-many",
            })
        })?;
    let banks = &visit.ctx().banks;
    let bank =
        |text| banks.answers_for(text).or_else(|| banks.by_name(text)).ok_or_else(|| word("bank"));
    Ok(Asked {
        subject: known("subject")
            .map_or(Some(Subject::Engagement), Subject::parse)
            .ok_or_else(|| word("subject"))?,
        edition: known("edition")
            .map_or(Some(Edition::Unit), Edition::parse)
            .ok_or_else(|| word("edition"))?,
        language: visit.frame.words.language(),
        from,
        until,
        bank: known("bank").map(bank).transpose()?,
    })
}
