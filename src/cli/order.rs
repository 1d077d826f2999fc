//! `takaza order`: the standing orders under which posts go out without a click.

mod terms;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;

use self::terms::OrderFile;
use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say, table, table_or},
    sign_in::Signing,
    times::{clock, local_lines},
};
use crate::{
    domain::{
        canonical::Hash,
        order::{MINIMUM_REHEARSED_DAYS, StandingOrder},
    },
    work::{self, Ctx, view::OrderView},
};

/// Standing orders: the signed, bounded, expiring authority to post without a click.
///
/// An officer or approver drafts one, rehearsals show what it would have posted, an approver who did
/// not draft it signs it. Every clearance under it names it.
#[derive(Debug, Subcommand)]
pub(super) enum Order {
    Draft(Draft),
    List(List),
    Show(Show),
    Templates(ListTemplates),
    Rehearse(Rehearse),
    Sign(Sign),
    Revoke(Revoke),
}

impl Order {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Draft(command) => command.run(globals).await,
            Self::List(command) => command.run(globals).await,
            Self::Show(command) => command.run(globals).await,
            Self::Templates(command) => templates(command, globals).await,
            Self::Rehearse(command) => rehearse(command, globals).await,
            Self::Sign(command) => command.run(globals).await,
            Self::Revoke(command) => command.run(globals).await,
        }
    }
}

/// Drafts an order from a TOML file (an officer's or approver's act)
///
/// The file: name, banks (codes, or ["*"]), kinds (tag, closure, correction, retraction), accounts,
/// minimum_rupees, minimum_overdue_hours, templates (names, hashes, or ["*"] for all as they are
/// now: `takaza order templates`), per_bank_day, per_day, per_hour, expires_at.
#[derive(Debug, Args)]
pub(super) struct Draft {
    /// The file with the order's terms
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

impl Draft {
    async fn run(self, globals: &Globals) -> Outcome {
        let text = std::fs::read_to_string(&self.file)
            .map_err(|error| Failure::usage(format!("{}: {error}", self.file.display())))?;
        let session = self.signing.sign_in(globals, "order draft").await?;
        let ctx = &session.app.ctx;
        let now = ctx.clock.now();
        let file = OrderFile::parse(&self.file, &text)?;
        let desk = session.person.as_desk(now)?;
        let (name, terms) = file.terms(ctx).await?;
        let id = ctx.store.draft_order(&session.by, &desk, &name, &terms).await?;
        let until = clock(terms.expires_at, ctx.limits.calendar().zone());
        say(&format!(
            "order {name} is drafted ({id}); it would end at {until}\nnext: `takaza order rehearse \
             '{name}'`"
        ))
    }
}

/// Lists every order and whether it is in force
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
}

impl List {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let (store, now) = (&app.ctx.store, app.ctx.clock.now());
        let (people, orders) = (store.people().await?, store.orders().await?);
        let views: Vec<OrderView> =
            orders.iter().map(|order| OrderView::of(order, &people, now)).collect();
        let zone = app.ctx.limits.calendar().zone();
        self.format.print(&views, |views| {
            let row = |(order, view): (&StandingOrder, &OrderView)| {
                vec![
                    view.name.clone(),
                    view.standing.clone(),
                    clock(order.terms.expires_at, zone),
                    view.drafted_by.clone(),
                    view.signed_by.clone().unwrap_or_else(|| "-".to_owned()),
                    view.rehearsed_days.map_or_else(|| "-".to_owned(), |days| days.to_string()),
                ]
            };
            let rows: Vec<_> = orders.iter().zip(views).map(row).collect();
            let headings = ["NAME", "STANDING", "EXPIRES", "DRAFTED BY", "SIGNED BY", "DAYS"];
            table_or(&headings, &rows, "no orders; `takaza order draft FILE` begins one")
        })
    }
}

/// Shows one order's terms and what became of it
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Its name or id
    order: String,
    #[command(flatten)]
    format: Format,
}

impl Show {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let store = &app.ctx.store;
        let order = store.order(&self.order).await?;
        let view = OrderView::of(&order, &store.people().await?, app.ctx.clock.now());
        let zone = app.ctx.limits.calendar().zone();
        let templates = named(&app.ctx, &order);
        self.format.print(&view, |view| people(&order, view, &templates, zone))
    }
}

/// The templates of an order with the names that they have now.
fn named(ctx: &Ctx, order: &StandingOrder) -> Vec<String> {
    let name = |hash: &Hash| {
        let mut now = ctx.templates.hashes().filter(|(_, known)| known == hash);
        now.next().map_or("(none is so now)", |(name, _)| name)
    };
    let templates = order.terms.templates.iter();
    let mut rows: Vec<_> =
        templates.map(|hash| vec![name(hash).to_owned(), hash.to_string()]).collect();
    rows.sort();
    table(&["TEMPLATE", "HASH"], &rows).lines().map(|line| format!("  {line}")).collect()
}

fn people(
    order: &StandingOrder,
    view: &OrderView,
    templates: &[String],
    zone: &jiff::tz::TimeZone,
) -> String {
    let terms = &view.terms;
    let signed = order.signed.as_ref().map_or_else(
        || {
            let days = view.rehearsed_days.unwrap_or(0);
            format!("not signed; rehearsed on {days} of {MINIMUM_REHEARSED_DAYS} days")
        },
        |(by, at)| format!("signed by {by} at {}", clock(*at, zone)),
    );
    [
        format!("order {} ({}): {}", view.name, view.id, view.standing),
        format!("drafted by {}; {signed}", view.drafted_by),
        format!("until {}", clock(order.terms.expires_at, zone)),
        format!("banks {}; says {}", terms.banks.join(" "), terms.kinds.join(" ")),
        format!("accounts {}", terms.accounts.join(" ")),
        format!(
            "from {} and {} overdue hours on",
            order.terms.minimum_amount.grouped(),
            terms.minimum_overdue_hours
        ),
        format!(
            "at most {} a day for one bank, {} a day, {} an hour",
            terms.per_bank_day, terms.per_day, terms.per_hour
        ),
        format!("it may use:\n{}", templates.join("\n")),
    ]
    .join("\n")
}

/// Lists the templates with their hashes, which an order binds
///
/// The built-in ones, and the unit's own in their place (the folder `templates` in the data folder).
#[derive(Debug, Args)]
pub(super) struct ListTemplates {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct TemplateView {
    name: String,
    hash: String,
}

async fn templates(command: ListTemplates, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let view =
        |(name, hash): (&str, Hash)| TemplateView { name: name.to_owned(), hash: hash.to_string() };
    let views: Vec<TemplateView> = app.ctx.templates.hashes().map(view).collect();
    command.format.print(&views, |views| {
        let rows: Vec<_> =
            views.iter().map(|view| vec![view.name.clone(), view.hash.clone()]).collect();
        table(&["NAME", "HASH"], &rows)
    })
}

/// Shows what the order would have posted in the last days, and each regret
///
/// A regret is a tag on a bank that had already acted. It is signed on no fewer than 14 observed
/// days; `takaza serve --shadow` gathers them.
#[derive(Debug, Args)]
pub(super) struct Rehearse {
    /// Its name or id
    order: String,
    /// How many days back
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    #[command(flatten)]
    format: Format,
}

async fn rehearse(command: Rehearse, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let ctx = &app.ctx;
    let order = ctx.store.order(&command.order).await?;
    let (by, days) = (ctx.actor("order rehearse"), u32::from(command.days));
    let rehearsal = work::rehearse::rehearse_order(ctx, &by, &order, days).await?;
    let zone = ctx.limits.calendar().zone();
    command.format.print(&rehearsal, |rehearsal| local_lines(&rehearsal.to_string(), zone))
}

/// Signs an order (an approver's act; not of the one who drafted it)
#[derive(Debug, Args)]
pub(super) struct Sign {
    /// Its name or id
    order: String,
    #[command(flatten)]
    signing: Signing,
}

impl Sign {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "order sign").await?;
        let ctx = &session.app.ctx;
        let order = ctx.store.sign_order(&session.by, &self.order, &session.person).await?;
        let until = clock(order.terms.expires_at, ctx.limits.calendar().zone());
        say(&format!("order {} is signed and in force until {until}", order.name))
    }
}

/// Revokes an order: what it cleared and was not sent is held again (an approver's act)
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// Its name or id
    order: String,
    #[command(flatten)]
    signing: Signing,
}

impl Revoke {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "order revoke").await?;
        let store = &session.app.ctx.store;
        let held = store.revoke_order(&session.by, &self.order, &session.person).await?;
        say(&format!("order {} is revoked; {held} escalations are held again", self.order))
    }
}
