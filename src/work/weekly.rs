//! Sends the weekly report by mail: once a week, whoever runs and however often.
//!
//! The invariants: a process takes the week in the ledger before a byte leaves; what may have arrived
//! is never sent again by itself; what was refused is tried again, less and less often, for a day.

use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, civil::Date};

use super::{
    Ctx, Progress,
    report::{Asked, make},
};
use crate::{
    config::secret,
    destinations::mail::{self, Mail, MailServer, Sent},
    domain::{
        alarm::{Alarm, What},
        weekly::{TRIED_FOR, again_after, due},
    },
    reports::{
        days,
        document::{Document, Edition, Subject},
        render::{Format, file_name, render, words::Words},
    },
    store::{Actor, WeeklyEnd, WeeklyRow},
};

/// How long each step of the mail may take.
const STEP: Duration = Duration::from_secs(60);
/// Longer than all steps of one try together.
const LEASE: SignedDuration = SignedDuration::from_mins(15);

/// Sends what is due.
///
/// # Errors
/// The ledger or the case source failed, or the report cannot be made.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let by = ctx.actor("weekly");
    let rules = &ctx.config.report;
    let now = ctx.store.clock().await?;
    let here = now.in_zone(ctx.limits.calendar().zone()).datetime();
    let day = due(here, rules.weekly_on, rules.weekly_at);
    let week = day.map_or_else(String::new, |day| day.to_string());
    let lost = ctx.store.weekly_lost(&by, &week).await?;
    for row in &lost {
        ring(ctx, &by, row, row.said.as_deref().unwrap_or("nobody said why")).await?;
    }
    let mut progress = Progress { did: lost.len() as u64, ..Progress::default() };
    let Some(day) = day.filter(|_| !rules.weekly_to.is_empty()) else { return Ok(progress) };
    let begun = ctx.store.weekly_mail(&week).await?;
    let free = begun
        .is_none_or(|row| row.state == "waiting" && row.next_at.is_some_and(|next| next <= now));
    if free && let Some(sent) = send(ctx, &by, &week, day).await? {
        progress.did += 1;
        progress.notes.extend(match sent {
            Sent::Accepted(_) => None,
            Sent::Refused(why) => Some(format!("the weekly report was not sent: {why}")),
            Sent::Unknown(why) => {
                Some(format!("nobody knows whether the weekly report arrived: {why}"))
            }
        });
    }
    Ok(progress)
}

/// Makes the report of the seven days before `day` and sends it under this name, in one attempt;
/// `None` where another process has it.
///
/// # Errors
/// The ledger or the case source failed, or the report or the mail cannot be made.
pub async fn send(ctx: &Ctx, by: &Actor, week: &str, day: Date) -> anyhow::Result<Option<Sent>> {
    let server = server(ctx)?;
    let (from, until) = days::last(day, 7);
    let language = ctx.config.report.weekly_language;
    let asked = Asked {
        subject: Subject::Engagement,
        edition: Edition::Unit,
        language,
        from,
        until,
        bank: None,
    };
    // All that can fail before anything leaves is done before the week is taken.
    let mail = mail_of(ctx, week, &make(ctx, &asked).await?)?;
    let Some(taken) = ctx.store.weekly_take(by, week, LEASE).await? else { return Ok(None) };
    let sent = match mail::send(&server, mail).await {
        Ok(sent) => sent,
        Err(error) => Sent::Refused(format!("{error:#}")),
    };
    record(ctx, by, &taken, day, &sent).await?;
    Ok(Some(sent))
}

async fn record(
    ctx: &Ctx,
    by: &Actor,
    taken: &WeeklyRow,
    day: Date,
    sent: &Sent,
) -> anyhow::Result<()> {
    let (end, said) = match sent {
        Sent::Accepted(said) => (WeeklyEnd::Sent, said),
        Sent::Unknown(said) => (WeeklyEnd::Unknown, said),
        Sent::Refused(said) => (WeeklyEnd::Refused(again(ctx, taken, day).await?), said),
    };
    ctx.store.weekly_ended(by, taken, end, said).await?;
    match end {
        WeeklyEnd::Sent | WeeklyEnd::Refused(Some(_)) => Ok(()),
        WeeklyEnd::Refused(None) | WeeklyEnd::Unknown => ring(ctx, by, taken, said).await,
    }
}

/// When a refused one is tried again; never, where its day is over or somebody tried it by hand.
async fn again(
    ctx: &Ctx,
    taken: &WeeklyRow,
    day: Date,
) -> anyhow::Result<Option<crate::domain::time::Timestamp>> {
    let next = ctx.store.clock().await?.plus(again_after(taken.attempts));
    let at = day.to_datetime(ctx.config.report.weekly_at);
    let began = at.to_zoned_datetime(ctx.limits.calendar().zone().clone()).context("the zone")?;
    let ends = crate::domain::time::Timestamp::from(began.timestamp()).plus(TRIED_FOR);
    Ok((taken.week == day.to_string() && next < ends).then_some(next))
}

async fn ring(ctx: &Ctx, by: &Actor, row: &WeeklyRow, why: &str) -> anyhow::Result<()> {
    let detail = format!(
        "The weekly report {} may not have arrived ({why}). Ask somebody who should have it; it is \
         not sent again by itself, `takaza report send-weekly` sends one.",
        row.week
    );
    let alarm = Alarm::new(What::WeeklyReport, row.week.clone(), detail);
    ctx.store.raise(by, &[alarm]).await?;
    Ok(())
}

/// The mail server as configured.
///
/// # Errors
/// It is not configured, or its password or the roots cannot be read.
pub fn server(ctx: &Ctx) -> anyhow::Result<MailServer> {
    let report = &ctx.config.report;
    let password = report.smtp_password_from.as_deref().map(secret).transpose();
    let roots = ctx.config.network.roots.as_deref().map(std::fs::read).transpose();
    Ok(MailServer {
        host: report.smtp_host.clone().context("report.smtp_host is not configured")?,
        port: report.smtp_port,
        tls: report.smtp_tls,
        login: report.smtp_user.clone().zip(password.context("report.smtp_password_from")?),
        roots: roots.context("network.roots")?,
        within: STEP.min(ctx.config.deliver.request_timeout.try_into().unwrap_or(STEP)),
    })
}

/// A short text, and the report as a PDF.
fn mail_of(ctx: &Ctx, week: &str, document: &Document) -> anyhow::Result<Mail> {
    let words = Words::of(document)?;
    let days = words.days(document)?;
    let mut lines = vec![document.title.clone(), days.clone(), words.as_of(document)?];
    lines.push(String::new());
    lines.extend(document.notes.iter().cloned());
    let findings = document.sections.iter().flat_map(|section| &section.findings);
    lines.extend(findings.map(|finding| format!("- {}", finding.text)));
    lines.push(String::new());
    lines.push(words.t("rendered-mail-attached")?);
    let id: String = week.chars().filter(char::is_ascii_alphanumeric).collect();
    Ok(Mail {
        from: ctx.config.report.from.clone().context("report.from is not configured")?,
        to: ctx.config.report.weekly_to.clone(),
        subject: format!("{}: {} ({days})", document.unit, document.title),
        text: lines.join("\n"),
        id: format!("takaza-weekly-{id}"),
        at: ctx.clock.now(),
        file_name: file_name(document, Format::Pdf),
        pdf: render(document, Format::Pdf)?,
    })
}
