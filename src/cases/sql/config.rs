//! How the case source is configured.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use jiff::{SignedDuration, tz::TimeZone};
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

/// Which rows a poll asks for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Changes where the query has `updated_at`, snapshots otherwise.
    #[default]
    Auto,
    /// Changes only; a query without `updated_at` is an error.
    Changes,
    /// Everything that the query gives, at every poll.
    Snapshot,
}

/// A case source over a database. Exactly one of `url`, `url_env` and `url_file` is given.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SqlSourceConfig {
    /// The name by which messages call this source.
    pub name: String,
    /// `postgres://…`, `mysql://…` (MariaDB too) or `sqlite:…`. It may hold a password, so the
    /// other two ways are better.
    #[serde(deserialize_with = "secret")]
    pub url: Option<SecretString>,
    /// The environment variable that holds the url.
    pub url_env: Option<String>,
    /// The file that holds the url.
    pub url_file: Option<PathBuf>,
    /// One SELECT whose columns are the contract, or `embedded` for the embedded case database.
    pub query: String,
    /// One SELECT of the unit's own figures: `day, complaints, amount_defrauded,
    /// amount_recovered, arrests`.
    pub figures_query: Option<String>,
    /// The IANA zone of times that have no offset.
    pub zone: String,
    /// Which rows a poll asks for.
    pub mode: Mode,
    /// How far behind the latest change a poll for changes starts: longer than the longest
    /// transaction that writes to the case database.
    pub overlap: SignedDuration,
    /// How long a connection may take.
    pub connect_timeout: SignedDuration,
    /// How long the source may keep us waiting for an answer, or for the next row.
    pub query_timeout: SignedDuration,
}

impl Default for SqlSourceConfig {
    fn default() -> Self {
        Self {
            name: "cases".to_owned(),
            url: None,
            url_env: None,
            url_file: None,
            query: "embedded".to_owned(),
            figures_query: None,
            zone: "Asia/Kolkata".to_owned(),
            mode: Mode::Auto,
            overlap: SignedDuration::from_mins(10),
            connect_timeout: SignedDuration::from_secs(10),
            query_timeout: SignedDuration::from_secs(30),
        }
    }
}

impl SqlSourceConfig {
    /// The url, from wherever it is kept. No error quotes it.
    ///
    /// # Errors
    /// There is none, there are two, or it cannot be read from there.
    pub fn resolve_url(&self) -> anyhow::Result<SecretString> {
        match (&self.url, &self.url_env, &self.url_file) {
            (Some(url), None, None) => Ok(url.clone()),
            (None, Some(variable), None) => std::env::var(variable)
                .map(SecretString::from)
                .map_err(|_| anyhow::anyhow!("set the environment variable {variable}"))
                .context("the case source's url is not there"),
            (None, None, Some(path)) => std::fs::read_to_string(path)
                .map(|text| SecretString::from(text.trim()))
                .with_context(|| format!("the case source's url file {}", path.display())),
            _ => bail!("a case source needs exactly one of url, url_env and url_file"),
        }
    }

    /// The zone of times that have no offset.
    ///
    /// # Errors
    /// There is no such zone.
    pub fn time_zone(&self) -> anyhow::Result<TimeZone> {
        TimeZone::get(&self.zone)
            .with_context(|| format!("the case source's zone {:?} is not an IANA zone", self.zone))
    }

    pub(super) fn timeouts(&self) -> anyhow::Result<Timeouts> {
        let positive = |name: &str, span: SignedDuration| match std::time::Duration::try_from(span)
        {
            Ok(span) if !span.is_zero() => Ok(span),
            _ => bail!("the case source's {name} must be longer than nothing"),
        };
        if self.overlap.is_negative() {
            bail!("the case source's overlap must not be negative");
        }
        Ok(Timeouts {
            connect: positive("connect_timeout", self.connect_timeout)?,
            query: positive("query_timeout", self.query_timeout)?,
        })
    }
}

/// How long to wait for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timeouts {
    pub connect: std::time::Duration,
    pub query: std::time::Duration,
}

fn secret<'de, D: Deserializer<'de>>(input: D) -> Result<Option<SecretString>, D::Error> {
    Option::<String>::deserialize(input).map(|url| url.map(SecretString::from))
}
