//! `takaza account add`.

use std::path::PathBuf;

use clap::Args;

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        handoff::language,
        output::say,
        sign_in::Signing,
    },
    has_grant,
    picture::{OnOff, can_show},
    platform, usual_length,
};
use crate::{
    domain::{
        ids::AccountName,
        platform::{Account as Terms, Language, MentionMode, Platform, Sender, Visibility},
    },
    store::AccountRow,
    work::accounts::adding,
};

/// Adds an account (an administrator's act)
///
/// Where it has an API, the platform is asked at once who the token is and how long a text may be.
/// A token never stands on the command line: it comes from a file, from the environment or from a
/// systemd credential. An account on X needs none: `takaza account connect` asks for the grant.
#[derive(Debug, Args)]
pub(in super::super) struct Add {
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
    /// Whether its tags bear a picture of their facts (on for Mastodon, Bluesky and the sandbox)
    #[arg(long, value_name = "on|off")]
    picture: Option<OnOff>,
    /// Its server was seen to honour Idempotency-Key: a repeated send makes no second post
    #[arg(long)]
    honours_idempotency: bool,
    /// The file that holds its token
    #[arg(long, value_name = "FILE", conflicts_with = "token_env")]
    token_file: Option<PathBuf>,
    /// The environment variable that holds its token
    #[arg(long, value_name = "VARIABLE")]
    token_env: Option<String>,
    /// The systemd credential of the service that holds its token
    #[arg(long, value_name = "NAME", conflicts_with_all = ["token_file", "token_env"])]
    token_credential: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

fn visibility(text: &str) -> Result<Visibility, String> {
    Visibility::parse(text).ok_or_else(|| "write public, unlisted or private".to_owned())
}

impl Add {
    fn token_from(&self) -> Result<Option<String>, Failure> {
        if let Some(variable) = &self.token_env {
            return Ok(Some(format!("env:{variable}")));
        }
        if let Some(name) = &self.token_credential {
            return Ok(Some(format!("credential:{name}")));
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
        let spoken_to = [Platform::Bluesky, Platform::Mastodon, Platform::Sandbox, Platform::X];
        if sender == Sender::Api && !spoken_to.contains(&self.platform) {
            return Err(Failure::usage(format!(
                "{} is posted to by hand: add --hand-off",
                self.platform
            )));
        }
        // X grants an account to us when it is connected.
        let granted = sender == Sender::Api && self.platform == Platform::X;
        if sender == Sender::Api && token_from.is_none() && !granted {
            let problem = "an API account needs its token: --token-env VARIABLE or --token-file \
                           FILE (or --hand-off, where an officer posts by hand)";
            return Err(Failure::usage(problem));
        }
        let many = (token_from.is_some() || self.platform == Platform::Mastodon) && !granted;
        if many && self.base_url.is_none() {
            let problem = format!("{} has many servers: --base-url URL", self.platform);
            return Err(Failure::usage(problem));
        }
        if token_from.is_none() && self.handle.is_none() && !granted {
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
            picture: self.picture.map_or(self.platform.shows_pictures(), OnOff::is_on),
            live: false,
        };
        if self.picture.is_some_and(OnOff::is_on) {
            can_show(&account)?;
        }
        let idempotent = self.honours_idempotency;
        Ok(AccountRow { idempotent, token_from, ..AccountRow::new(account) })
    }
}

impl Add {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let row = self.row()?;
        let session = self.signing.sign_in(globals, "account add").await?;
        let ctx = &session.app.ctx;
        let now = ctx.clock.now();
        let administrator = session.person.as_administrator(now)?;
        let name = row.account.name.clone();
        let row = adding::add(ctx, (&session.by, &administrator), row, self.max_length).await?;
        let account = &row.account;
        if has_grant(&row) {
            return say(&format!(
                "{name} is added, and speaks to nobody yet\nnext: an administrator connects it with \
                 `takaza account connect {name}`"
            ));
        }
        let id = account.stable_id.as_ref().map_or_else(String::new, |id| format!(", id {id}"));
        say(&format!(
            "{name} is connected: @{} on {}{id}, texts of at most {}, not live\nnext: an approver turns \
             it live with `takaza account live {name}`",
            account.handle, account.platform, account.max_length
        ))
    }
}
