//! Configuration: annotated defaults (`config/takaza.toml`, compiled in), overlaid by the unit's own
//! file. Each section is the rules of one part of the path; the types live beside the code that
//! obeys them.

mod check;
mod errors;
mod overlay;
mod report;
mod secrets;
mod show;

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use ipnet::IpNet;
use jiff::SignedDuration;
use serde::Deserialize;

pub use self::{
    errors::{ConfigError, ConfigErrors},
    overlay::{DEFAULTS, Loaded},
    report::Report,
    secrets::{KeyPlace, Secrets, credential, secret},
};

use crate::{
    cases::sql::SqlSourceConfig,
    domain::{
        calendar::{CalendarRules, limits::LimitRules},
        cost::Costs,
        ids::PersonId,
        ladder::LadderRules,
        pacing::PacingRules,
        person::Role,
        platform::Language,
        webhook::Event,
        wording::WordingRules,
    },
    store::BreakerRules,
};

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Who speaks.
    pub unit: Unit,
    /// Takaza's own database.
    pub ledger: Ledger,
    /// The police's case database.
    pub source: SqlSourceConfig,
    /// The bank directory.
    pub banks: Banks,
    /// Working hours, holidays, silent periods, quiet hours.
    pub calendar: CalendarRules,
    /// The unit's limit for each kind of action.
    pub limits: LimitRules,
    /// Preconditions and intervals.
    pub ladder: LadderRules,
    /// Posting limits.
    pub pacing: PacingRules,
    /// Standing orders.
    pub orders: Orders,
    /// What platforms charge, and what an account may spend there.
    #[serde(default)]
    pub costs: Costs,
    /// What may be said.
    pub wording: WordingRules,
    /// When sending stops by itself.
    pub breaker: BreakerRules,
    /// Reading the case source.
    pub watch: Watch,
    /// Sending.
    pub deliver: Deliver,
    /// Hearing what comes back.
    pub listen: Listen,
    /// The record.
    pub record: Record,
    /// The way out to the platforms.
    pub network: Network,
    /// The keys that seal what the ledger must not hold openly.
    pub secrets: Secrets,
    /// Our client on X.
    pub x: X,
    /// Who is called when something is wrong.
    pub alarms: Alarms,
    /// The service's own listeners.
    pub serve: Serve,
    /// The web console.
    pub console: Console,
    /// The weekly report by mail.
    pub report: Report,
}

/// Who speaks, and on what authority.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unit {
    /// The unit's name in English, as its texts say it.
    pub name_en: String,
    /// The same in Hindi.
    pub name_hi: String,
    /// The first part of its references (`GGM` in `GGM-7F3K2`).
    pub reference_prefix: String,
    /// The number of the state's social-media policy; without it no account goes live.
    pub policy_number: Option<String>,
    /// The number of the DCP's written authorisation; without it no account goes live.
    pub authorisation_number: Option<String>,
    /// How platforms reach the unit about its client (in the User-Agent).
    pub contact: Option<String>,
}

impl Unit {
    /// Its name in a language.
    pub fn name(&self, language: Language) -> &str {
        match language {
            Language::En => &self.name_en,
            Language::Hi => &self.name_hi,
        }
    }
}

/// Takaza's own database.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// `sqlite:PATH` (relative to the data folder) or `postgres://…`.
    pub url: String,
    /// The environment variable that holds the url, instead of `url`.
    pub url_env: Option<String>,
    /// Connections in the pool.
    pub connections: u32,
    /// It need not outlive a power cut, for nothing in it happened: the demo's. Never in a file.
    #[serde(skip)]
    pub invented: bool,
}

/// The bank directory.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Banks {
    /// A directory of the unit's own instead of the one compiled in.
    pub directory: Option<PathBuf>,
    /// Its own list of branches that belong to another bank than their prefix says.
    pub sublets: Option<PathBuf>,
    /// Knows the invented banks of demo and training too.
    pub invented: bool,
}

/// Standing orders.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Orders {
    /// The longest that one may be in force, from its drafting.
    pub longest: SignedDuration,
}

/// Reading the case source.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// How often.
    pub every: SignedDuration,
    /// A snapshot that lacks more than this share of what was pending (percent) is set aside whole.
    pub shrink_limit_percent: u32,
    /// How many rows are written in one transaction.
    pub page: u32,
}

/// Sending.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// How often the reconcilers look for work when nothing woke them.
    pub every: SignedDuration,
    /// How long a claim runs; longer than a request's timeout by far.
    pub lease: SignedDuration,
    /// How long an officer has for a hand-off.
    pub hand_off_lease: SignedDuration,
    /// A bank's handle must have been resolved within this before a post mentions it.
    pub handle_fresh_for: SignedDuration,
    /// Requests under way at once.
    pub parallel: u32,
    /// A whole request: connection, sending, answer.
    pub request_timeout: SignedDuration,
    /// How long a platform may take until a post can be read back.
    pub read_lag: SignedDuration,
}

/// Hearing what comes back.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// How often a fresh post is listened to.
    pub every: SignedDuration,
    /// The interval grows to this share of the post's age (percent).
    pub decay_percent: u32,
    /// A post is no longer listened to after this.
    pub until_age: SignedDuration,
    /// Masked texts of others than the bank are kept this long; `None`: never kept.
    pub keep_others_text: Option<SignedDuration>,
    /// The bank's own answers are kept this long.
    pub keep_bank_text: SignedDuration,
    /// How often our own timeline is read for what the ledger does not know.
    pub own_posts_every: SignedDuration,
}

/// The record.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The log's name in its checkpoints.
    pub origin: String,
    /// The signing key's file, outside the database.
    pub key_file: PathBuf,
    /// Where checkpoints are appended.
    pub checkpoint_file: PathBuf,
    /// Further places, out of reach of whoever can write the ledger.
    pub copies: Vec<PathBuf>,
    /// An alarm rings when an entry stays unsealed for longer.
    pub unsealed_alarm: SignedDuration,
}

/// The way out to the platforms: police networks have a proxy, and some an authority of their own.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Where the proxy's address is found: `env:NAME` or `file:PATH`, for it may hold a password.
    pub proxy_from: Option<String>,
    /// Hosts that are asked without the proxy.
    pub direct: Vec<String>,
    /// A file of certificates (PEM) that are trusted instead of the system's roots.
    pub roots: Option<PathBuf>,
}

/// Who is called when something is wrong: two ways outside the console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarms {
    /// The duty officer's name, in the alarm's text.
    pub duty_officer: String,
    /// A command that is run with the alarm's text as its last argument.
    pub command: Vec<String>,
    /// A webhook that gets the alarm as JSON.
    pub webhook: Option<String>,
    /// Nobody took it within this: the stop switch is engaged.
    pub take_within: SignedDuration,
}

/// Our client on X, as it is registered there: how accounts that have no token of their own are
/// connected (OAuth 2.0 with PKCE).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct X {
    /// The client's id; without it no account is connected that way.
    pub client_id: Option<String>,
    /// Where the client's secret is found (`env:`, `file:` or `credential:`); `None`: it is a public
    /// client.
    pub client_secret_from: Option<String>,
    /// Where the browser comes back to: an address of this machine.
    pub redirect: String,
    /// Where X's API is, for accounts that name no address of their own.
    pub api_url: String,
    /// Where a person grants.
    pub authorize_url: String,
    /// Where a grant is had and renewed.
    pub token_url: String,
    /// Where a grant is ended.
    pub revoke_url: String,
    /// What is asked for.
    pub scopes: Vec<String>,
}

/// The service's own listeners.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Serve {
    /// `/healthz` and `/readyz`.
    pub health: SocketAddr,
    /// Prometheus metrics.
    pub metrics: SocketAddr,
    /// The web console.
    pub console: SocketAddr,
    /// What is in flight may take this long to end when the service stops.
    pub drain: SignedDuration,
}

/// The web console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Console {
    /// How people's browsers reach it; `None`: by this machine's own names alone.
    pub public_url: Option<String>,
    /// The certificate's chain (PEM), where it speaks TLS itself.
    pub certificate: Option<PathBuf>,
    /// The certificate's key (PEM).
    pub key: Option<PathBuf>,
    /// Reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// A session ends after so long without a page.
    pub idle: SignedDuration,
    /// A session ends so long after signing in at the latest.
    pub longest: SignedDuration,
    /// Who proves themselves by a one-time code besides the passphrase.
    pub second_factor_for: Vec<Role>,
    /// Other systems that are told what happens.
    pub webhooks: Vec<Webhook>,
    /// The unit's own sign-in service; `None`: people sign in by their passphrase alone.
    pub oidc: Option<Oidc>,
}

/// A sign-in service that people are sent to (OpenID Connect). It says who somebody is, never what
/// they may do.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// What people call it: it stands on the button.
    pub name: String,
    /// Its address, exactly as it names itself in what it signs.
    pub issuer: String,
    /// Our id there.
    pub client_id: String,
    /// Where our secret there is found (`env:`, `file:` or `credential:`); `None`: it knows us as a
    /// public client.
    pub client_secret_from: Option<String>,
    /// What is asked for.
    #[serde(default = "openid")]
    pub scopes: Vec<String>,
    /// The claim that names the person.
    #[serde(default = "subject")]
    pub claim: String,
    /// Which value of that claim is which person of the ledger.
    pub people: BTreeMap<String, PersonId>,
    /// Values of `acr` or `amr` by which it says that it asked for a second factor itself: then ours
    /// is not asked at the sign-in.
    #[serde(default)]
    pub second_factor: Vec<String>,
}

fn openid() -> Vec<String> {
    vec!["openid".to_owned()]
}

fn subject() -> String {
    "sub".to_owned()
}

/// Another system that is told what happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// What it is called here. Under another name it begins anew with what happens from then on.
    pub name: String,
    /// Where it is called. The address may hold a secret.
    pub url: String,
    /// Where the secret is found that signs the calls (`env:`, `file:` or `credential:`).
    pub secret_from: String,
    /// What it is told of.
    pub events: Vec<Event>,
}

/// The query that means the embedded case database.
const EMBEDDED: &str = "embedded";

impl Config {
    /// The configuration in force: the defaults, overlaid by `file` where there is one. Relative
    /// paths are taken from `data_dir`, urls from the environment where the file says so.
    ///
    /// # Errors
    /// Every error at once, each with its place and what to do.
    pub fn load(file: Option<&Path>, data_dir: &Path) -> Result<Self, ConfigErrors> {
        Loaded::read(file, data_dir).map(|loaded| loaded.config)
    }

    /// The same from the text of a file, for stories and for the demo.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn parse(text: &str, data_dir: &Path) -> Result<Self, ConfigErrors> {
        Loaded::parse(None, text, data_dir).map(|loaded| loaded.config)
    }

    /// The file of the embedded case database, where that is the case source.
    pub fn embedded_cases(&self) -> Option<PathBuf> {
        use secrecy::ExposeSecret as _;
        if self.source.query.trim() != EMBEDDED {
            return None;
        }
        let url = self.source.url.as_ref()?.expose_secret();
        url.strip_prefix("sqlite:").map(PathBuf::from)
    }

    fn place(&mut self, data_dir: &Path) {
        let at = |path: &mut PathBuf| *path = data_dir.join(&*path);
        at(&mut self.record.key_file);
        at(&mut self.record.checkpoint_file);
        self.record.copies.iter_mut().for_each(at);
        let lists = [&mut self.banks.directory, &mut self.banks.sublets, &mut self.network.roots];
        for path in [&mut self.console.certificate, &mut self.console.key].into_iter().flatten() {
            at(path);
        }
        if let KeyPlace::File(path) = &mut self.secrets.key_file {
            at(path);
        }
        lists.into_iter().flatten().for_each(at);
        self.source.url_file.iter_mut().for_each(at);
        self.ledger.url = placed_url(&self.ledger.url, data_dir);
        let source = &mut self.source;
        if source.query.trim() == EMBEDDED
            && source.url.is_none()
            && source.url_env.is_none()
            && source.url_file.is_none()
        {
            source.url = Some("sqlite:cases.db".into());
        }
        source.url = source.url.take().map(|url| {
            use secrecy::ExposeSecret as _;
            placed_url(url.expose_secret(), data_dir).into()
        });
    }
}

/// A `sqlite:` url with its relative path taken from the data folder.
fn placed_url(url: &str, data_dir: &Path) -> String {
    match url.strip_prefix("sqlite:") {
        Some(path) if !path.starts_with("//") => {
            format!("sqlite:{}", data_dir.join(path).display())
        }
        _ => url.to_owned(),
    }
}
