//! `takaza account`: the unit's own accounts on platforms.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::{SignedDuration, tz::TimeZone};
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    handoff::language,
    output::{Format, say, table_or},
    sign_in::Signing,
    times::{clock, instant},
};
use crate::{
    app,
    destinations::Destination,
    domain::{
        engagement::Identity,
        ids::AccountName,
        platform::{Account as Terms, Language, MentionMode, Platform, Sender, Visibility},
        time::Timestamp,
    },
    store::AccountRow,
    work::Ctx,
};

/// The unit's own accounts: connected, live, paused, revoked.
///
/// Nothing goes out in public before an account is connected and a named person has turned it live.
#[derive(Debug, Subcommand)]
pub(super) enum Account {
    Add(Box<Add>),
    List(List),
    Connect(Connect),
    Live(Live),
    Unlive(Unlive),
    Pause(Pause),
    Adopt(Adopt),
    Revoke(Revoke),
}

/// Adds an account (an administrator's act)
///
/// Where it has an API, the platform is asked at once who the token is and how long a text may be.
/// A token never stands on the command line: it comes from a file or from the environment.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The name that the unit gives it
    name: String,
    /// The platform: mastodon, sandbox, x, bluesky, facebook, …
    #[arg(long, value_parser = platform)]
    platform: Platform,
    /// The server's base address (platforms that have many servers)
    #[arg(long, value_name = "URL")]
    base_url: Option<String>,
    /// Its own handle, without the leading @ (an API account's is asked for)
    #[arg(long)]
    handle: Option<String>,
    /// An officer posts by hand, from the prepared text
    #[arg(long)]
    hand_off: bool,
    /// Name a bank by a live mention of its verified handle, instead of its plain name
    #[arg(long)]
    mention: bool,
    /// The languages it posts in, divided by commas: one text each
    #[arg(long, value_delimiter = ',', default_value = "en,hi", value_parser = language)]
    languages: Vec<Language>,
    /// Who can see its posts: public, unlisted or private
    #[arg(long, default_value = "public", value_parser = visibility)]
    visibility: Visibility,
    /// The content warning above its posts
    #[arg(long, value_name = "TEXT", alias = "content-warning")]
    spoiler: Option<String>,
    /// How long a text may be, by the platform's own measure (the server's, or the platform's)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(50..=100_000))]
    max_length: Option<u32>,
    /// Its server was seen to honour Idempotency-Key: a repeated send makes no second post
    #[arg(long)]
    honours_idempotency: bool,
    /// The file that holds its token
    #[arg(long, value_name = "FILE", conflicts_with = "token_env")]
    token_file: Option<PathBuf>,
    /// The environment variable that holds its token
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Lists accounts with what each may do
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
}

/// Checks an account's connection, or connects a revoked one anew (an administrator's act)
///
/// Asks the platform who the token is and how long a text may be. Where that is as known, nothing
/// changes; otherwise the account is stored anew and is off until an approver turns it live.
#[derive(Debug, Args)]
pub(super) struct Connect {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Turns a connected account live, and ends a pause (an approver's act)
///
/// Needs unit.policy_number and unit.authorisation_number in the configuration.
#[derive(Debug, Args)]
pub(super) struct Live {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Takes an account out of the public again (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Unlive {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

/// Pauses an account, or lets it go on (an officer's or approver's act)
#[derive(Debug, Args)]
pub(super) struct Pause {
    /// The account's name
    name: String,
    /// Why; without it the pause ends
    #[arg(long, value_name = "REASON")]
    why: Option<String>,
    /// Until when (until somebody ends the pause)
    #[arg(long, value_name = "TIME", requires = "why")]
    until: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

/// Adopts a post that an officer wrote by hand, and takes the alarm about it (an officer's or
/// approver's act)
#[derive(Debug, Args)]
pub(super) struct Adopt {
    /// The account's name
    name: String,
    /// The post's id, as the alarm names it
    post: String,
    #[command(flatten)]
    signing: Signing,
}

/// Revokes the platform's grant and says what to do next (an administrator's act)
#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

impl Account {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => add(*command, globals).await,
            Self::List(command) => list(command, globals).await,
            Self::Connect(command) => connect(command, globals).await,
            Self::Live(command) => live(command, globals).await,
            Self::Unlive(command) => unlive(command, globals).await,
            Self::Pause(command) => pause(command, globals).await,
            Self::Adopt(command) => adopt(command, globals).await,
            Self::Revoke(command) => revoke(command, globals).await,
        }
    }
}

pub(super) fn platform(text: &str) -> Result<Platform, String> {
    Platform::parse(&text.to_lowercase()).ok_or_else(|| {
        let known: Vec<&str> = Platform::ALL.iter().map(|platform| platform.as_str()).collect();
        format!("there is no such platform; write one of {}", known.join(", "))
    })
}

fn visibility(text: &str) -> Result<Visibility, String> {
    Visibility::parse(text).ok_or_else(|| "write public, unlisted or private".to_owned())
}

async fn row(ctx: &Ctx, name: &str) -> Result<AccountRow, Failure> {
    let rows = ctx.store.accounts().await?;
    let known: Vec<String> = rows.iter().map(|row| row.account.name.to_string()).collect();
    rows.into_iter().find(|row| row.account.name.as_str() == name).ok_or_else(|| {
        let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
        Failure::usage(format!("there is no account {name}; there is: {known}"))
    })
}

/// The longest text of each platform that nobody can be asked for, in its own measure.
const fn usual_length(platform: Platform) -> u32 {
    match platform {
        Platform::X => 280,
        Platform::Bluesky => 300,
        Platform::Sandbox | Platform::Mastodon | Platform::Threads => 500,
        Platform::Instagram => 2_200,
        Platform::Linkedin => 3_000,
        Platform::Telegram => 4_096,
        Platform::Facebook => 5_000,
    }
}

impl Add {
    fn token_from(&self) -> Result<Option<String>, Failure> {
        if let Some(variable) = &self.token_env {
            return Ok(Some(format!("env:{variable}")));
        }
        let Some(file) = &self.token_file else { return Ok(None) };
        let path = std::fs::canonicalize(file)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        Ok(Some(format!("file:{}", path.display())))
    }

    /// The account as the command line has it, not yet asked for.
    fn row(&self) -> Result<AccountRow, Failure> {
        let token_from = self.token_from()?;
        let sender = if self.hand_off { Sender::HandOff } else { Sender::Api };
        let has_api =
            matches!(self.platform, Platform::Bluesky | Platform::Mastodon | Platform::Sandbox);
        if sender == Sender::Api && !has_api {
            return Err(Failure::usage(format!(
                "{} is posted to by hand: add --hand-off",
                self.platform
            )));
        }
        if sender == Sender::Api && token_from.is_none() {
            let problem = "an API account needs its token: --token-env VARIABLE or --token-file \
                           FILE (or --hand-off, where an officer posts by hand)";
            return Err(Failure::usage(problem));
        }
        if (token_from.is_some() || self.platform == Platform::Mastodon) && self.base_url.is_none()
        {
            let problem = format!("{} has many servers: --base-url URL", self.platform);
            return Err(Failure::usage(problem));
        }
        if token_from.is_none() && self.handle.is_none() {
            return Err(Failure::usage("whose account is it? --handle HANDLE"));
        }
        let plain = |handle: &String| handle.trim().trim_start_matches('@').to_owned();
        let account = Terms {
            name: AccountName::new(&self.name),
            platform: self.platform,
            base_url: self.base_url.clone().unwrap_or_default().trim_end_matches('/').to_owned(),
            handle: self.handle.as_ref().map(plain).unwrap_or_default(),
            stable_id: None,
            sender,
            mention: if self.mention { MentionMode::Mention } else { MentionMode::PlainName },
            languages: self.languages.clone(),
            visibility: self.visibility,
            spoiler: self.spoiler.clone(),
            max_length: self.max_length.unwrap_or_else(|| usual_length(self.platform)),
            live: false,
        };
        Ok(AccountRow {
            account,
            idempotent: self.honours_idempotency,
            token_from,
            paused_until: None,
            paused_why: None,
            revoked: false,
            last_heard_at: None,
            mention_cursor: None,
            own_checked_at: None,
        })
    }
}

/// What the platform says of an account.
struct Asked {
    identity: Identity,
    max_length: u32,
}

async fn ask(ctx: &Ctx, row: &AccountRow) -> Result<Asked, Failure> {
    let destination = app::connect(row, &ctx.config, &ctx.clock)?;
    let what = |error| {
        let name = &row.account.name;
        Failure::Failed(format!(
            "the server at {} did not confirm the token of {name}: {error}. Check the address and \
             the token (it needs to read and write, and belongs to the unit's own account)",
            row.account.base_url
        ))
    };
    let identity = destination.whoami().await.map_err(what)?;
    let max_length = destination.limits().await.map_err(what)?.max_length;
    Ok(Asked { identity, max_length })
}

/// The part of a handle before its server, as every server spells it.
fn local(handle: &str) -> String {
    handle.trim_start_matches('@').split('@').next().unwrap_or_default().to_lowercase()
}

async fn add(command: Add, globals: &Globals) -> Outcome {
    let mut row = command.row()?;
    let session = command.signing.sign_in(globals, "account add").await?;
    let ctx = &session.app.ctx;
    let now = ctx.clock.now();
    let administrator = session.person.as_administrator(now)?;
    let name = row.account.name.clone();
    let taken = ctx.store.accounts().await?.into_iter().find(|row| row.account.name == name);
    if taken.is_some_and(|row| !row.revoked) {
        return Err(Failure::refused(format!(
            "there is an account {name} already; revoke it first, or choose another name"
        )));
    }
    if row.token_from.is_some() {
        let asked = ask(ctx, &row).await?;
        let theirs = &asked.identity.author;
        if !row.account.handle.is_empty() && local(&row.account.handle) != local(&theirs.handle) {
            return Err(Failure::refused(format!(
                "the token is @{}'s, not @{}'s; nothing was stored",
                theirs.handle, row.account.handle
            )));
        }
        let wanted = command.max_length.unwrap_or(asked.max_length);
        if wanted > asked.max_length {
            return Err(Failure::usage(format!(
                "the server takes texts of at most {}; --max-length {wanted} is more",
                asked.max_length
            )));
        }
        row.account.handle.clone_from(&theirs.handle);
        row.account.stable_id = Some(theirs.stable_id.clone());
        row.account.max_length = wanted;
    }
    ctx.store.put_account(&session.by, &administrator, &row).await?;
    let account = &row.account;
    let id = account.stable_id.as_ref().map_or_else(String::new, |id| format!(", id {id}"));
    say(&format!(
        "{name} is connected: @{} on {}{id}, texts of at most {}, not live\nnext: an approver turns \
         it live with `takaza account live {name}`",
        account.handle, account.platform, account.max_length
    ))
}

/// An account and what it may do.
#[derive(Serialize)]
struct AccountView {
    name: String,
    platform: String,
    base_url: String,
    handle: String,
    stable_id: Option<String>,
    sender: String,
    mention: String,
    languages: Vec<String>,
    visibility: String,
    spoiler: Option<String>,
    max_length: u32,
    honours_idempotency: bool,
    /// Where its token is found, never the token.
    token_from: Option<String>,
    standing: String,
    live: bool,
    revoked: bool,
    paused_until: Option<String>,
    paused_why: Option<String>,
    last_heard_at: Option<String>,
}

fn standing(row: &AccountRow, now: Timestamp) -> String {
    if row.revoked {
        return "revoked".to_owned();
    }
    if let Some(why) = row.paused_until.filter(|until| now < *until).and(row.paused_why.as_ref()) {
        return format!("paused: {why}");
    }
    if row.account.live { "live".to_owned() } else { "not live".to_owned() }
}

impl AccountView {
    fn of(row: &AccountRow, now: Timestamp) -> Self {
        let account = &row.account;
        Self {
            name: account.name.to_string(),
            platform: account.platform.to_string(),
            base_url: account.base_url.clone(),
            handle: account.handle.clone(),
            stable_id: account.stable_id.clone(),
            sender: account.sender.to_string(),
            mention: account.mention.to_string(),
            languages: account.languages.iter().map(ToString::to_string).collect(),
            visibility: account.visibility.to_string(),
            spoiler: account.spoiler.clone(),
            max_length: account.max_length,
            honours_idempotency: row.idempotent,
            token_from: row.token_from.clone(),
            standing: standing(row, now),
            live: account.live,
            revoked: row.revoked,
            paused_until: row.paused_until.map(|until| until.to_string()),
            paused_why: row.paused_why.clone(),
            last_heard_at: row.last_heard_at.map(|at| at.to_string()),
        }
    }

    fn line(&self, row: &AccountRow, zone: &TimeZone) -> Vec<String> {
        vec![
            self.name.clone(),
            self.platform.clone(),
            format!("@{}", self.handle),
            self.sender.clone(),
            self.mention.clone(),
            self.languages.join(" "),
            self.max_length.to_string(),
            row.last_heard_at.map_or_else(|| "never".to_owned(), |at| clock(at, zone)),
            self.standing.clone(),
        ]
    }
}

async fn list(command: List, globals: &Globals) -> Outcome {
    let app = globals.open().await?;
    let now = app.ctx.clock.now();
    let rows = app.ctx.store.accounts().await?;
    let views: Vec<AccountView> = rows.iter().map(|row| AccountView::of(row, now)).collect();
    let zone = app.ctx.limits.calendar().zone();
    command.format.print(&views, |views| {
        let lines: Vec<_> =
            views.iter().zip(&rows).map(|(view, row)| view.line(row, zone)).collect();
        let headings = [
            "NAME",
            "PLATFORM",
            "HANDLE",
            "SENDER",
            "NAMES BANKS BY",
            "LANGUAGES",
            "LONGEST",
            "LAST HEARD",
            "STANDING",
        ];
        table_or(&headings, &lines, "no accounts; `takaza account add` connects one")
    })
}

async fn connect(command: Connect, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account connect").await?;
    let ctx = &session.app.ctx;
    let now = ctx.clock.now();
    let administrator = session.person.as_administrator(now)?;
    let mut row = row(ctx, &command.name).await?;
    let name = row.account.name.clone();
    if row.token_from.is_none() {
        if !row.revoked {
            return say(&format!("{name} is posted to by hand and has no token: nothing to check"));
        }
        row.revoked = false;
        ctx.store.put_account(&session.by, &administrator, &row).await?;
        return say(&format!("{name} is connected again, for posts by hand; it is not live"));
    }
    let asked = ask(ctx, &row).await?;
    let theirs = &asked.identity.author;
    let other = row.account.stable_id.as_ref().is_some_and(|known| *known != theirs.stable_id);
    if other {
        return Err(Failure::refused(format!(
            "the token is another account's now: @{}, id {}. Add it under another name",
            theirs.handle, theirs.stable_id
        )));
    }
    let same = !row.revoked
        && row.account.stable_id.is_some()
        && row.account.handle == theirs.handle
        && row.account.max_length <= asked.max_length;
    if same {
        ctx.store.account_heard(&name, now, None, false).await?;
        return say(&format!("{name} works: @{} answers, nothing changed", theirs.handle));
    }
    row.account.handle.clone_from(&theirs.handle);
    row.account.stable_id = Some(theirs.stable_id.clone());
    row.account.max_length = row.account.max_length.min(asked.max_length);
    ctx.store.put_account(&session.by, &administrator, &row).await?;
    say(&format!(
        "{name} is connected anew: @{}, texts of at most {}; an approver must turn it live",
        theirs.handle, row.account.max_length
    ))
}

async fn live(command: Live, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account live").await?;
    let ctx = &session.app.ctx;
    let unit = &ctx.config.unit;
    let missing: Vec<&str> = [
        ("unit.policy_number", &unit.policy_number),
        ("unit.authorisation_number", &unit.authorisation_number),
    ]
    .into_iter()
    .filter(|(_, number)| number.as_ref().is_none_or(|number| number.trim().is_empty()))
    .map(|(key, _)| key)
    .collect();
    session.person.as_approver(ctx.clock.now())?;
    if !missing.is_empty() {
        return Err(Failure::refused(format!(
            "write {} into takaza.toml first: an account is live only under a policy and a written \
             authorisation",
            missing.join(" and ")
        )));
    }
    let row = row(ctx, &command.name).await?;
    let name = &row.account.name;
    if row.revoked {
        let next = "an administrator connects it anew (`takaza account connect`)";
        return Err(Failure::refused(format!("{name} was revoked; {next}")));
    }
    ctx.store.set_live(&session.by, &session.person, name, true).await?;
    if row.paused_until.is_some() {
        ctx.store.pause_account(&session.by, name, None).await?;
    }
    let closed = ctx.store.gate().await?.closed();
    let rest = closed.map_or_else(String::new, |why| format!(". Still nothing is sent: {why}"));
    say(&format!("{name} is live: what is cleared goes out in public from now on{rest}"))
}

async fn unlive(command: Unlive, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account unlive").await?;
    let store = &session.app.ctx.store;
    let name = AccountName::new(&command.name);
    store.set_live(&session.by, &session.person, &name, false).await?;
    say(&format!("{name} is off: nothing goes out from it until an approver turns it live again"))
}

async fn pause(command: Pause, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account pause").await?;
    let ctx = &session.app.ctx;
    let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
    session.person.as_desk(now)?;
    let name = AccountName::new(&command.name);
    let Some(why) = &command.why else {
        ctx.store.pause_account(&session.by, &name, None).await?;
        return say(&format!("{name} goes on"));
    };
    let until = match &command.until {
        Some(text) => instant(text, now, zone)?,
        // Until a person ends it.
        None => now.plus(SignedDuration::from_hours(24 * 365)),
    };
    if until <= now {
        return Err(Failure::usage(format!("{} has passed", clock(until, zone))));
    }
    ctx.store.pause_account(&session.by, &name, Some((until, why))).await?;
    say(&format!(
        "{name} is paused until {}; `takaza account pause {name}` without --why ends it",
        clock(until, zone)
    ))
}

async fn revoke(command: Revoke, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account revoke").await?;
    let ctx = &session.app.ctx;
    session.person.as_administrator(ctx.clock.now())?;
    let row = row(ctx, &command.name).await?;
    let account = &row.account;
    let (how, told) = match end_grant(ctx, &row).await {
        None => ("no token", "It has no token, so there was no grant to end.".to_owned()),
        Some(Ok(())) => {
            ("the platform ended the grant", "The platform ended the grant.".to_owned())
        }
        Some(Err(error)) => (
            "by hand",
            format!("THE PLATFORM DID NOT END THE GRANT ({error}): do it by hand, now."),
        ),
    };
    ctx.store.account_revoked(&session.by, &account.name, how).await?;
    let token = match row.token_from.as_deref().and_then(|from| from.split_once(':')) {
        Some(("env", variable)) => {
            format!("take the variable {variable} out of the service's environment")
        }
        Some((_, path)) => format!("delete the token's file {path}"),
        None => "nothing is stored here".to_owned(),
    };
    let place = if account.base_url.is_empty() {
        account.platform.to_string()
    } else {
        account.base_url.clone()
    };
    say(&format!(
        "{} is revoked and off. {told}\nNow, by hand:\n\
         1. On {place}, as @{}: look at the authorised applications, and remove takaza's.\n\
         2. End all other sessions there and change the password, if anybody may have the token.\n\
         3. Here: {token}.\n\
         4. Read the account's last posts; `takaza post list --account {}` shows ours.",
        account.name, account.handle, account.name
    ))
}

async fn end_grant(ctx: &Ctx, row: &AccountRow) -> Option<Result<(), String>> {
    row.token_from.as_ref()?;
    let destination: std::sync::Arc<dyn Destination> =
        match app::connect(row, &ctx.config, &ctx.clock) {
            Ok(destination) => destination,
            Err(error) => return Some(Err(format!("{error:#}"))),
        };
    Some(destination.revoke().await.map_err(|error| error.to_string()))
}

async fn adopt(command: Adopt, globals: &Globals) -> Outcome {
    let session = command.signing.sign_in(globals, "account adopt").await?;
    let ctx = &session.app.ctx;
    let desk = session.person.as_desk(ctx.clock.now())?;
    let (name, post) = (AccountName::new(&command.name), command.post.trim());
    ctx.store.adopt_own_post(&session.by, &desk, &name, post).await?;
    say(&format!("post {post} of {name} is the unit's own"))
}
