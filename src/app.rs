//! Puts the parts together: from a data folder and a configuration to the [`Ctx`] that every
//! reconciler and command works with. Nothing here decides anything.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::Context as _;
use jiff::SignedDuration;
use reqwest::Certificate;

use crate::{
    cases::{
        CaseSource,
        embedded::EmbeddedCases,
        sql::{BankRef, BankResolver, SqlSource},
    },
    clock::{Clock, Dice},
    config::{Banks, Config, ConfigErrors, Loaded, secret},
    destinations::http::HttpConfig,
    domain::{
        bank::{BANKS, Directory, INVENTED_BANKS, SUBLETS},
        calendar::{Calendar, limits::Limits},
        platform::Language,
        wording::Templates,
    },
    serve::Reconciler,
    store::{Store, StoreError},
    work::{self, Ctx, speaking::Speaking, switch::Switch},
};

/// The file of the configuration in a data folder.
const CONFIG: &str = "takaza.toml";

/// Where the configuration and everything beside it are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The configuration's file; without it, `takaza.toml` in the data folder, where there is one.
    pub config: Option<PathBuf>,
    /// The data folder; without it, the folder of the configuration's file.
    pub data: Option<PathBuf>,
}

/// A place that does not say where the data are.
#[derive(Debug, thiserror::Error)]
#[error(
    "where are the data? Give `--data DIR` (a folder for takaza.toml, the databases and the keys) \
     or `--config FILE`"
)]
pub struct Nowhere;

impl Place {
    /// The configuration's file, where there is one, and the data folder.
    ///
    /// # Errors
    /// Neither is given, and the working directory is no data folder.
    pub fn find(&self) -> Result<(Option<PathBuf>, PathBuf), Nowhere> {
        let data = match (&self.data, &self.config) {
            (Some(data), _) => data.clone(),
            (None, Some(config)) => match config.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
                _ => PathBuf::from("."),
            },
            (None, None) if Path::new(CONFIG).exists() => PathBuf::from("."),
            (None, None) => return Err(Nowhere),
        };
        let there = || Some(data.join(CONFIG)).filter(|file| file.exists());
        let config = self.config.clone().or_else(there);
        Ok((config, data))
    }
}

/// Takaza, opened.
pub struct App {
    /// What every reconciler works with.
    pub ctx: Ctx,
    /// The data folder.
    pub data: PathBuf,
    /// The embedded case database, where that is the case source.
    pub embedded: Option<EmbeddedCases>,
}

/// Why the app did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No place was given.
    #[error(transparent)]
    Nowhere(#[from] Nowhere),
    /// The configuration is wrong.
    #[error(transparent)]
    Config(#[from] ConfigErrors),
    /// Anything else.
    #[error("{0:#}")]
    Other(#[from] anyhow::Error),
}

impl App {
    /// Opens the ledger, the case source, the directory and the accounts of a place, on the
    /// machine's clock.
    ///
    /// # Errors
    /// The configuration is wrong, or something that it names cannot be opened.
    pub async fn open(place: &Place) -> Result<Self, OpenError> {
        let (file, data) = place.find()?;
        let loaded = Loaded::read(file.as_deref(), &data)?;
        Self::with(loaded.config, data, Clock::System, Dice::from_os()).await
    }

    /// The same with a configuration, a clock and dice of the caller's: for stories and the demo.
    ///
    /// # Errors
    /// Something that the configuration names cannot be opened.
    pub async fn with(
        config: Config,
        data: PathBuf,
        clock: Clock,
        dice: Dice,
    ) -> Result<Self, OpenError> {
        std::fs::create_dir_all(&data)
            .with_context(|| format!("the data folder {} cannot be made", data.display()))?;
        let banks = Arc::new(directory(&config.banks)?);
        let calendar = Calendar::new(&config.calendar).context("calendar")?;
        let limits = Limits::new(calendar, config.limits.clone()).context("limits")?;
        let store =
            ledger(&config, &clock, &dice).await.context("the ledger did not open (ledger.url)")?;
        let (source, embedded) = case_source(&config, &banks).await?;
        let http = http(&config)?;
        let templates = templates(&data.join("templates"))?;
        let mut ctx = Ctx {
            config: Arc::new(config),
            clock,
            dice,
            store,
            source,
            banks,
            limits: Arc::new(limits),
            templates: Arc::new(templates),
            http,
            destinations: Arc::default(),
            keepers: Arc::default(),
            speaking: Speaking::default(),
            process: process_name(),
            shadow: false,
            switch: Switch::default(),
        };
        connect_accounts(&mut ctx).await?;
        Ok(Self { ctx, data, embedded })
    }
}

/// This process, as leases and the record name it: machine and process id.
fn process_name() -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    format!("{machine}/{}", std::process::id())
}

/// The bank directory that is configured: the one compiled in, or the unit's own lists.
///
/// # Errors
/// A list cannot be read or is not sound.
pub fn directory(banks: &Banks) -> anyhow::Result<Directory> {
    let read = |path: &PathBuf| {
        std::fs::read_to_string(path)
            .with_context(|| format!("the bank list {} cannot be read", path.display()))
    };
    let own = banks.directory.as_ref().map(read).transpose()?;
    let sublets = banks.sublets.as_ref().map(read).transpose()?;
    let directory =
        Directory::new(own.as_deref().unwrap_or(BANKS), sublets.as_deref().unwrap_or(SUBLETS))
            .context("the bank directory does not load")?;
    if banks.invented {
        return directory.with_invented(INVENTED_BANKS).context("the invented banks do not load");
    }
    Ok(directory)
}

fn resolver(banks: &Arc<Directory>) -> BankResolver {
    let banks = banks.clone();
    Arc::new(move |bank| match bank {
        BankRef::Code(code) => banks.by_code(code),
        BankRef::Ifsc(ifsc) => banks.by_ifsc(ifsc),
    })
}

async fn ledger(config: &Config, clock: &Clock, dice: &Dice) -> Result<Store, StoreError> {
    let (url, connections) = (&config.ledger.url, config.ledger.connections);
    if config.ledger.invented {
        return Store::open_invented(url, connections, clock, dice.clone()).await;
    }
    Store::open(url, connections, clock, dice.clone()).await
}

async fn case_source(
    config: &Config,
    banks: &Arc<Directory>,
) -> anyhow::Result<(Arc<dyn CaseSource>, Option<EmbeddedCases>)> {
    if let Some(file) = config.embedded_cases() {
        let embedded = match config.ledger.invented {
            true => EmbeddedCases::open_invented(&file).await?,
            false => EmbeddedCases::open(&file).await?,
        };
        let source = embedded.source(resolver(banks))?;
        return Ok((Arc::new(source), Some(embedded)));
    }
    let source = SqlSource::new(config.source.clone(), resolver(banks)).context("[source]")?;
    Ok((Arc::new(source), None))
}

/// The built-in templates, with the unit's own in the place of those that lie in this folder
/// (`hi/tag.short.txt`).
///
/// # Errors
/// A template cannot be read or used: an unknown fact is an error here, not at three at night.
fn templates(folder: &Path) -> anyhow::Result<Templates> {
    let mut own = BTreeMap::new();
    for language in Language::ALL {
        let folder = folder.join(language.as_str());
        if !folder.is_dir() {
            continue;
        }
        let what = || format!("the templates in {}", folder.display());
        for file in std::fs::read_dir(&folder).with_context(what)? {
            let path = file.with_context(what)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let text = std::fs::read_to_string(&path).with_context(what)?;
            own.insert(format!("{language}/{name}"), text);
        }
    }
    Ok(Templates::with_overrides(&own)?)
}

/// Connects the accounts of the ledger; see [`work::speaking::run_once`].
///
/// # Errors
/// The ledger failed.
pub async fn connect_accounts(ctx: &mut Ctx) -> anyhow::Result<()> {
    work::speaking::run_once(ctx).await?;
    *ctx = ctx.current();
    Ok(())
}

/// How the platforms are talked to, as configured.
///
/// # Errors
/// The proxy's address or the roots cannot be read.
pub fn http(config: &Config) -> anyhow::Result<HttpConfig> {
    let (network, defaults) = (&config.network, HttpConfig::default());
    let request_timeout = config.deliver.request_timeout.try_into()?;
    let proxy = network.proxy_from.as_deref().map(secret).transpose();
    let roots = network.roots.as_deref().map(|file| {
        let pem =
            std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        let roots = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        anyhow::ensure!(!roots.is_empty(), "{} holds no certificate in PEM", file.display());
        Ok(roots)
    });
    Ok(HttpConfig {
        request_timeout,
        connect_timeout: defaults.connect_timeout.min(request_timeout / 2),
        contact: config.unit.contact.clone().unwrap_or(defaults.contact),
        proxy: proxy.context("network.proxy_from")?,
        direct: network.direct.clone(),
        roots: roots.transpose().context("network.roots")?.unwrap_or_default(),
        max_body: defaults.max_body,
    })
}

/// Every reconciler of the service, in the order of the path, with how often it runs.
pub fn reconcilers(config: &Config) -> Vec<Reconciler> {
    let (watch, deliver) = (config.watch.every, config.deliver.every);
    let second = SignedDuration::from_secs(1);
    macro_rules! reconciler {
        ($name:literal, $every:expr, $module:ident) => {
            Reconciler {
                name: $name,
                every: $every,
                run: |ctx| Box::pin(async move { work::$module::run_once(&ctx).await }),
            }
        };
    }
    vec![
        reconciler!("accounts", second.saturating_mul(5), speaking),
        reconciler!("watch", watch, watch),
        reconciler!("escalate", watch, escalate),
        reconciler!("clear", deliver, clear),
        reconciler!("deliver", deliver, deliver),
        reconciler!("sweep", deliver, sweep),
        reconciler!("listen", deliver, listen),
        reconciler!("own-timeline", deliver, own_timeline),
        reconciler!("grants", watch, grants),
        reconciler!("handles", config.watch.every, handles),
        reconciler!("alarms", deliver, alarms),
        reconciler!("seal", second, seal),
        reconciler!("webhooks", deliver, webhooks),
        reconciler!("tally", watch, tally),
        reconciler!("weekly", watch, weekly),
    ]
}
