//! `takaza queue`: held escalations, and what people decide about them.

mod edit;
mod why;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use self::{edit::Edit, why::WhyCommand};
use super::{
    Globals,
    failure::{Failure, Outcome},
    handoff::{language, no},
    output::{Format, Page, say, table_or},
    picture,
    sign_in::{Signing, said},
    times::{clock, instant},
    view::sheet,
};
use crate::{
    domain::{
        canonical::Hash, delivery::Content, escalation::EscalationState, ids::BankCode,
        platform::Language,
    },
    store::{EscalationRow, QueueFilter},
    work::{
        bill, set_right,
        view::EscalationView,
        waits::{Waits, waits},
    },
};

/// The queue: what waits for a person, and what they decide.
///
/// An approver looks at an escalation with `show` and approves exactly what they saw, by its hash.
/// Nobody approves their own wording.
#[derive(Debug, Subcommand)]
pub(super) enum Queue {
    List(List),
    Show(Show),
    Why(WhyCommand),
    Approve(Approve),
    Edit(Edit),
    Reject(Reject),
    SendBack(SendBack),
    Hold(Hold),
    Dispute(Dispute),
    Decide(Decide),
}

impl Queue {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => command.run(globals).await,
            Self::Show(command) => command.run(globals).await,
            Self::Why(command) => command.run(globals).await,
            Self::Approve(command) => command.run(globals).await,
            Self::Edit(command) => command.run(globals).await,
            Self::Reject(command) => command.run(globals).await,
            Self::SendBack(command) => command.run(globals).await,
            Self::Hold(command) => command.run(globals).await,
            Self::Dispute(command) => command.run(globals).await,
            Self::Decide(command) => command.run(globals).await,
        }
    }
}

/// Lists escalations, the largest sum at risk first
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only these states, divided by commas: held, cleared, disputed, closed, rejected, expired,
    /// withdrawn (held, cleared and disputed)
    #[arg(long, value_name = "STATES", value_delimiter = ',', value_parser = state)]
    state: Vec<EscalationState>,
    /// Only about this bank
    #[arg(long, value_name = "CODE")]
    bank: Option<String>,
    #[command(flatten)]
    page: Page,
    #[command(flatten)]
    format: Format,
}

fn state(text: &str) -> Result<EscalationState, String> {
    EscalationState::parse(text).ok_or_else(|| {
        let known: Vec<&str> = EscalationState::ALL.iter().map(|state| state.as_str()).collect();
        format!("there is no such state; write one of {}", known.join(", "))
    })
}

impl List {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let filter = QueueFilter {
            states: self.state,
            bank: self.bank.map(|code| BankCode::new(code.to_uppercase())),
            page: (self.page.skip, self.page.limit),
            ..QueueFilter::default()
        };
        let rows = app.ctx.store.queue(&filter).await?;
        let zone = app.ctx.limits.calendar().zone();
        let bill = bill::bill(&app.ctx, &rows).await?;
        let views: Vec<_> = rows.iter().map(|row| EscalationView::of(row, &bill)).collect();
        self.format.print(&views, |views| {
            let lines: Vec<Vec<String>> =
                rows.iter().zip(views).map(|(row, view)| line(row, view, zone)).collect();
            let headings = [
                "REFERENCE",
                "BANK",
                "KIND",
                "STATE",
                "CASES",
                "AT LEAST",
                "EXPIRES",
                "DELIVERIES",
            ];
            table_or(
                &headings,
                &lines,
                "nothing here; `takaza queue list --state closed` looks back",
            )
        })
    }
}

fn line(row: &EscalationRow, view: &EscalationView, zone: &jiff::tz::TimeZone) -> Vec<String> {
    let deliveries: Vec<&str> = view.texts.iter().map(|text| text.state.as_str()).collect();
    vec![
        view.reference.clone(),
        view.bank.clone(),
        view.kind.clone(),
        view.state.clone(),
        view.facts.cases.to_string(),
        row.escalation.facts.amount_at_least.grouped(),
        clock(row.escalation.expires_at, zone),
        deliveries.join(" "),
    ]
}

/// Shows one escalation whole: facts, texts, deliveries, and the hash that an approval names
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its reference or id
    reference: String,
    /// Also write the picture of its posts into this new file, a PNG
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    /// In which language, where its posts have one in each: en or hi
    #[arg(long, value_name = "LANGUAGE", value_parser = language, requires = "picture")]
    language: Option<Language>,
    #[command(flatten)]
    format: Format,
}

impl Show {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let row = app.ctx.store.escalation(&self.reference).await?;
        if let Some(file) = &self.picture {
            let contents = row.escalation.contents.iter();
            let meant = |it: &&Content| self.language.is_none_or(|one| one == it.language);
            picture::write(&app.ctx, contents.filter(meant), file).await?;
        }
        let zone = app.ctx.limits.calendar().zone();
        let bill = bill::bill(&app.ctx, std::slice::from_ref(&row)).await?;
        self.format.print(&EscalationView::of(&row, &bill), |_| sheet(&row, &bill, zone))
    }
}

/// Approves exactly what you saw (an approver's act)
///
/// The hash is the last line of `takaza queue show`. If anything changed since, nothing is approved.
#[derive(Debug, Args)]
pub(super) struct Approve {
    /// Its reference or id
    reference: String,
    /// The hash of what you saw: 64 hexadecimal digits
    #[arg(long, value_name = "HASH", value_parser = hash)]
    hash: Hash,
    /// Let it go out although sending is stopped: a correction or a retraction only
    #[arg(long)]
    past_stop: bool,
    #[command(flatten)]
    signing: Signing,
}

fn hash(text: &str) -> Result<Hash, String> {
    Hash::parse(text.trim()).ok_or_else(|| {
        "a hash has 64 hexadecimal digits; copy it from `takaza queue show`".to_owned()
    })
}

impl Approve {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue approve").await?;
        let ctx = &session.app.ctx;
        let valid = ctx.config.ladder.clearance_valid_for;
        let (store, by, person) = (&ctx.store, &session.by, &session.person);
        let row = if self.past_stop {
            store.approve_past_stop(by, &self.reference, person, &self.hash, valid).await?
        } else {
            store.approve(by, &self.reference, person, &self.hash, valid).await?
        };
        let zone = ctx.limits.calendar().zone();
        let until =
            row.clearance.as_ref().map_or_else(String::new, |given| clock(given.until, zone));
        let held = ctx.store.gate().await?.closed().filter(|_| !self.past_stop);
        let note = match held {
            Some(why) => format!(". Nothing is sent now: {why}"),
            None => held_up(&waits(ctx, &row).await?),
        };
        let reference = &row.escalation.reference;
        say(&format!("{reference} is approved until {until}; it goes out within its limits{note}"))
    }
}

/// The texts that an approval alone does not let go, each with what stands against it now.
fn held_up(waits: &[Waits]) -> String {
    let held_up = waits.iter().filter(|one| one.held_up);
    let line =
        |one: &Waits| format!("\nnot now: {} ({}): {}", one.account, one.language, one.waits_for);
    held_up.map(line).collect()
}

/// Says no to an escalation, with a reason (an approver's act)
#[derive(Debug, Args)]
pub(super) struct Reject {
    /// Its reference or id
    reference: String,
    /// Why, for the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl Reject {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue reject").await?;
        let (store, person) = (&session.app.ctx.store, &session.person);
        store.reject(&session.by, &self.reference, person, &self.reason).await?;
        say(&format!("{} is rejected; its actions are free for another escalation", self.reference))
    }
}

/// Gives a held escalation's wording back to whoever writes (an approver's act)
///
/// It stays held, and no standing order clears it; a new wording answers it.
#[derive(Debug, Args)]
pub(super) struct SendBack {
    /// Its reference or id
    reference: String,
    /// What is wrong with the wording, for the officer and the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl SendBack {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue send-back").await?;
        let (store, person) = (&session.app.ctx.store, &session.person);
        store.send_back(&session.by, &self.reference, person, &self.reason).await?;
        say(&format!("{} is sent back: it stays held and waits for better words", self.reference))
    }
}

/// Keeps a held escalation back until a time (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Hold {
    /// Its reference or id
    reference: String,
    /// Until when
    #[arg(long, value_name = "TIME")]
    until: String,
    #[command(flatten)]
    signing: Signing,
}

impl Hold {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue hold").await?;
        let ctx = &session.app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        session.person.as_desk(now)?;
        let until = instant(&self.until, now, zone)?;
        if until <= now {
            return Err(Failure::usage(format!("{} has passed", clock(until, zone))));
        }
        ctx.store.hold_until(&session.by, &self.reference, &session.person.id, until).await?;
        say(&format!("{} is held back until {}", self.reference, clock(until, zone)))
    }
}

/// Enters the nodal officer's written reason against an action (an officer's act)
///
/// It withdraws what is unsent. An approver decides it (`takaza queue decide`); the same ground
/// does not stop the same actions twice.
#[derive(Debug, Args)]
pub(super) struct Dispute {
    /// The escalation's reference or id
    reference: String,
    /// The ground, in a few words that stay the same for the same ground
    #[arg(long, value_parser = said)]
    ground: String,
    /// The nodal officer's own words; kept under a salt, never shown in public
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

impl Dispute {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue dispute").await?;
        let ctx = &session.app.ctx;
        let officer = session.person.as_officer(ctx.clock.now())?;
        let (reference, ground, reason) = (&self.reference, &self.ground, &self.reason);
        let drafted =
            set_right::enter_dispute(ctx, &session.by, &officer, reference, ground, reason).await;
        let next = match drafted.map_err(|error| no(error, ctx.limits.calendar().zone()))? {
            Some(correction) => {
                format!("something was sent already: {correction} corrects it, once it is cleared")
            }
            None => "nothing more of it is sent before an approver decides".to_owned(),
        };
        say(&format!("{reference} is disputed; {next}"))
    }
}

/// Decides a dispute (an approver's act)
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("decision").required(true))]
pub(super) struct Decide {
    /// The escalation's reference or id
    reference: String,
    /// The bank is right: the escalation is rejected
    #[arg(long, group = "decision")]
    stands: bool,
    /// The bank is not right: the escalation is held again
    #[arg(long, group = "decision")]
    fails: bool,
    #[command(flatten)]
    signing: Signing,
}

impl Decide {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "queue decide").await?;
        let (store, person) = (&session.app.ctx.store, &session.person);
        store.decide_dispute(&session.by, &self.reference, person, self.stands).await?;
        let so = if self.stands { "stands" } else { "fails" };
        say(&format!("the dispute of {} {so}", self.reference))
    }
}
