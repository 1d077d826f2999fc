//! `[report]`: the weekly report by mail.

use jiff::civil::Time;
use serde::Deserialize;

use super::check::is_here;
use crate::domain::{calendar::Day, platform::Language, weekly::MailTls};

/// The weekly report by mail, and the server that takes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Who gets it; nobody: it is not made.
    pub weekly_to: Vec<String>,
    /// On which day.
    pub weekly_on: Day,
    /// From what time on, on the unit's clock.
    pub weekly_at: Time,
    /// In which language.
    pub weekly_language: Language,
    /// Who sends it.
    pub from: Option<String>,
    /// The mail server's host.
    pub smtp_host: Option<String>,
    /// Its port.
    pub smtp_port: u16,
    /// How the way there is guarded.
    pub smtp_tls: MailTls,
    /// Who we are to it; without it nobody signs in.
    pub smtp_user: Option<String>,
    /// Where the password is found (`env:`, `file:` or `credential:`).
    pub smtp_password_from: Option<String>,
}

/// What is wrong with it: the key, and what to write.
pub(super) fn problems(report: &Report, found: &mut Vec<(&'static str, String)>) {
    let mut wrong = |key, problem: &str| found.push((key, problem.to_owned()));
    if report.smtp_user.is_some() != report.smtp_password_from.is_some() {
        wrong("report.smtp_user", "a user and a password belong together: write both, or neither");
    }
    let elsewhere = report.smtp_host.as_deref().is_some_and(|host| !is_here(Some(host)));
    if report.smtp_tls == MailTls::None && elsewhere {
        wrong(
            "report.smtp_tls",
            "over a network mail goes under TLS; write \"starttls\" or \"tls\"",
        );
    }
    if report.weekly_to.is_empty() {
        return;
    }
    if report.smtp_host.is_none() {
        wrong("report.smtp_host", "the weekly report needs a mail server; write its host");
    }
    if report.from.is_none() {
        wrong("report.from", "the weekly report needs a sender; write an address");
    }
    let address = |text: &String| text.parse::<lettre::message::Mailbox>().is_ok();
    if !report.weekly_to.iter().chain(&report.from).all(address) {
        wrong("report.weekly_to", "one is no address; write such as \"dcp@police.example\"");
    }
}
