//! `takaza handoff`: what an officer posts by hand, from the prepared text.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say, table_or},
    picture,
    sign_in::Signing,
    times::{clock, local},
};
use crate::{
    app::App,
    domain::{
        delivery::{State, StateName},
        ids::DeliveryId,
        platform::{Language, Sender},
    },
    store::{DeliveryFilter, DeliveryRow, StoreError},
    work::{hand_off, view::DeliveryView},
};

/// Posts that an officer makes by hand, from the prepared text.
///
/// Taking one is the claim: it is rechecked, counts against the limits, and is the taker's for
/// deliver.hand_off_lease (15 minutes).
#[derive(Debug, Subcommand)]
pub(super) enum Handoff {
    List(ListHandoffs),
    Take(Take),
    Done(Done),
    NotPosted(NotPosted),
}

/// Lists what waits to be posted by hand, and who has taken what
#[derive(Debug, Args)]
pub(super) struct ListHandoffs {
    #[command(flatten)]
    format: Format,
}

/// Takes one: prints the text and an intent link (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Take {
    #[command(flatten)]
    which: Which,
    /// Also write its picture into this new file, a PNG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

/// Enters the permalink of what you posted; it is read back and compared
#[derive(Debug, Args)]
pub(super) struct Done {
    #[command(flatten)]
    which: Which,
    /// The post's own address
    #[arg(long, value_name = "URL")]
    permalink: String,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

/// Says that you did not post it: it waits again, once the timeline confirms it
#[derive(Debug, Args)]
pub(super) struct NotPosted {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    signing: Signing,
}

impl Handoff {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => list_handoffs(command, globals).await,
            Self::Take(command) => take(command, globals).await,
            Self::Done(command) => done(command, globals).await,
            Self::NotPosted(command) => not_posted(command, globals).await,
        }
    }
}

/// One text that is posted by hand.
#[derive(Debug, Args)]
struct Which {
    /// The post's reference, or the delivery's id
    #[arg(value_name = "REFERENCE")]
    delivery: String,
    /// Which of its texts, where it has one in each language: en or hi
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    language: Option<Language>,
    /// Which of its texts, where it goes out from several accounts
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

pub(super) fn language(text: &str) -> Result<Language, String> {
    Language::parse(text).ok_or_else(|| "write en or hi".to_owned())
}

impl Which {
    /// The one delivery that is meant, among those of these states where there is a choice.
    async fn find(&self, app: &App, states: &[StateName]) -> Result<DeliveryId, Failure> {
        let store = &app.ctx.store;
        match store.delivery(&self.delivery).await {
            Ok(row) => return Ok(row.delivery.id),
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let row = store.escalation(&self.delivery).await?;
        let meant = |row: &&DeliveryRow| {
            let content = &row.delivery.content;
            row.sender == Sender::HandOff
                && self.language.is_none_or(|language| language == content.language)
                && self.account.as_ref().is_none_or(|name| name == content.account.as_str())
        };
        let by_hand: Vec<_> = row.deliveries.iter().filter(meant).collect();
        let fitting: Vec<_> =
            by_hand.iter().filter(|row| states.contains(&row.delivery.name())).collect();
        match (fitting.as_slice(), by_hand.as_slice()) {
            ([one], _) => Ok(one.delivery.id.clone()),
            ([], [one]) => Ok(one.delivery.id.clone()),
            (_, []) => Err(Failure::usage(format!(
                "{} has no such text that is posted by hand (`takaza handoff list`)",
                self.delivery
            ))),
            _ => {
                let texts: Vec<String> = by_hand
                    .iter()
                    .map(|row| {
                        let content = &row.delivery.content;
                        format!("{} {}: {}", content.account, content.language, row.delivery.id)
                    })
                    .collect();
                Err(Failure::usage(format!(
                    "{} has several texts that are posted by hand; choose one with --language or \
                     --account, or by its id:\n  {}",
                    self.delivery,
                    texts.join("\n  ")
                )))
            }
        }
    }
}

async fn list_handoffs(command: ListHandoffs, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let filter = DeliveryFilter {
        states: vec![StateName::Waiting, StateName::Sending, StateName::Uncertain],
        sender: Some(Sender::HandOff),
        cleared: true,
        page: (0, 1000),
        ..DeliveryFilter::default()
    };
    let listed = app.ctx.store.deliveries(&filter).await?;
    let views: Vec<DeliveryView> = listed.iter().map(DeliveryView::of).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let row = |(view, listed): (&DeliveryView, &crate::store::Listed)| {
            let next = match listed.row.delivery.state() {
                State::Sending(lease) => {
                    format!("{} posts it before {}", lease.holder, clock(lease.until, zone))
                }
                State::Uncertain(doubt) if doubt.asks => {
                    "posted or not? `handoff done` or `handoff not-posted`".to_owned()
                }
                State::Uncertain(_) => "its time ran out; being looked for".to_owned(),
                _ => view.why.clone().unwrap_or_else(|| "waits to be taken".to_owned()),
            };
            vec![
                view.reference.clone(),
                view.bank.clone(),
                view.account.clone(),
                view.language.clone(),
                view.state.clone(),
                next,
            ]
        };
        let rows: Vec<_> = views.iter().zip(&listed).map(row).collect();
        let headings = ["REFERENCE", "BANK", "ACCOUNT", "LANGUAGE", "STATE", "NEXT"];
        table_or(&headings, &rows, "nothing waits to be posted by hand")
    })
}

async fn take(command: Take, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "handoff take").await?;
    let ctx = &session.app.ctx;
    let desk = session.person.as_desk(ctx.clock.now())?;
    let id = command.which.find(&session.app, &[StateName::Waiting]).await?;
    let zone = ctx.limits.calendar().zone();
    let taken = hand_off::take(ctx, &session.by, &desk, &id).await;
    let taken = taken.map_err(|error| no(error, zone))?;
    let row = ctx.store.delivery(id.as_str()).await?;
    let reference = row.delivery.reference;
    if let Some(file) = &command.picture {
        picture::write(ctx, std::iter::once(&row.delivery.content), file).await?;
    }
    command.format.print(&taken, |taken| {
        let link = taken.intent_link.as_ref().map_or_else(
            || "This platform has no link that opens its composer: copy the text.".to_owned(),
            |link| format!("Open this link, and post it unchanged:\n{link}"),
        );
        let account = &taken.account;
        let picture = taken.picture.as_ref().map_or_else(String::new, |picture| {
            let how = "With the picture (--picture FILE, or from the post's page in the console), and \
                       this as its alternative text";
            format!("{how}:\n{}\n\n", picture.alt)
        });
        format!(
            "Post this from {} (@{} on {}), unchanged, before {}:\n\n{}\n\n{picture}{link}\n\n\
             Then bring the post's address: takaza handoff done {reference} --permalink URL",
            account.name,
            account.handle,
            account.platform,
            clock(taken.until, zone),
            taken.text
        )
    })
}

async fn done(command: Done, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "handoff done").await?;
    let ctx = &session.app.ctx;
    let desk = session.person.as_desk(ctx.clock.now())?;
    let states = [StateName::Sending, StateName::Uncertain];
    let id = command.which.find(&session.app, &states).await?;
    let zone = ctx.limits.calendar().zone();
    let done = hand_off::done(ctx, &session.by, &desk, &id, &command.permalink)
        .await
        .map_err(|error| no(error, zone))?;
    command.format.print(&done, |done| {
        let read = match done.as_approved {
            Some(true) => "It was read back: its text is the approved one.",
            Some(false) => {
                "IT WAS READ BACK AND ITS TEXT IS NOT THE APPROVED ONE. Tell an approver: \
                 `takaza post correct` or `takaza post retract`."
            }
            None => "It could not be read back: compare it with the approved text yourself.",
        };
        let wrong = if done.second {
            "\nTHIS IS A SECOND POST FOR THE SAME TEXT: the breaker has tripped. Delete one of them."
        } else if done.unclaimed {
            "\nNOBODY HAD TAKEN THIS TEXT, so it went out unchecked: the breaker has tripped. Tell an \
             approver: what is not true is set right by `takaza post correct` or `takaza post retract`."
        } else {
            ""
        };
        format!("posted: {}\n{read}{wrong}", done.receipt.permalink)
    })
}

async fn not_posted(command: NotPosted, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "handoff not-posted").await?;
    let states = [StateName::Sending, StateName::Uncertain];
    let id = command.which.find(&session.app, &states).await?;
    let ctx = &session.app.ctx;
    let zone = ctx.limits.calendar().zone();
    hand_off::not_posted(ctx, &session.by, &session.person, &id)
        .await
        .map_err(|error| no(error, zone))?;
    let escalation = ctx.store.delivery(id.as_str()).await?.delivery.escalation;
    let cleared = ctx.store.escalation(escalation.as_str()).await?.clearance.is_some();
    say(if cleared {
        "noted: it was not posted, and waits to be taken again"
    } else {
        "noted: it was not posted; before it is taken again, an approver must clear it"
    })
}

/// What such an act refuses is for the person to read, not a failure of the program.
pub(super) fn no(error: anyhow::Error, zone: &TimeZone) -> Failure {
    let failure = match error.downcast::<StoreError>() {
        Ok(error) => error.into(),
        Err(error) => Failure::refused(format!("{error:#}")),
    };
    match failure {
        Failure::Refused(text) => Failure::Refused(local(&text, zone)),
        other => other,
    }
}
