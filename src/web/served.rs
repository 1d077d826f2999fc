//! The console's listener: plain for this machine and for a proxy before it, or under its own
//! certificate, which is read again when its files change.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context as _;
use axum_server::{Handle, tls_rustls::RustlsConfig};
use tokio_util::sync::CancellationToken;

use super::Console;
use crate::domain::canonical::Hash;

/// How soon an open page learns of a change: well within a second.
const BEAT: Duration = Duration::from_millis(300);
/// How often the certificate's files are looked at.
const RENEW: Duration = Duration::from_secs(60);
/// What is being answered may take so long when the console stops.
const GRACE: Duration = Duration::from_secs(3);

/// Listens, and serves until it is told to stop. Returns the address, and what ends when the last
/// answer was given.
///
/// # Errors
/// The address is taken, or the certificate cannot be read.
pub async fn serve(
    console: Console,
    address: SocketAddr,
    stopping: CancellationToken,
) -> anyhow::Result<(SocketAddr, tokio::task::JoinHandle<()>)> {
    let config = console.ctx().config.console.clone();
    let listener = std::net::TcpListener::bind(address).with_context(|| {
        format!(
            "cannot listen on {address}; is takaza running already? Write another serve.console"
        )
    })?;
    listener.set_nonblocking(true)?;
    let at = listener.local_addr()?;
    let tls = match (&config.certificate, &config.key) {
        (Some(chain), Some(key)) => {
            let certificate = Certificate::read(chain, key).await?;
            let tls = certificate.tls();
            tokio::spawn(certificate.keep_renewing(stopping.clone()));
            Some(tls)
        }
        _ => None,
    };
    let handle = Handle::new();
    tokio::spawn(keep_telling(console.clone(), stopping.clone()));
    let end = handle.clone();
    tokio::spawn(async move {
        stopping.cancelled().await;
        end.graceful_shutdown(Some(GRACE));
    });
    let app = console.router().into_make_service_with_connect_info::<SocketAddr>();
    let task = tokio::spawn(async move {
        let served = match tls {
            Some(tls) => match axum_server::from_tcp_rustls(listener, tls) {
                Ok(server) => server.handle(handle).serve(app).await,
                Err(error) => Err(error),
            },
            None => match axum_server::from_tcp(listener) {
                Ok(server) => server.handle(handle).serve(app).await,
                Err(error) => Err(error),
            },
        };
        if let Err(error) = served {
            tracing::error!(%error, "the console's listener ended");
        }
    });
    Ok((at, task))
}

async fn keep_telling(console: Console, stopping: CancellationToken) {
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = beats.tick() => {}
        }
        if let Err(error) = console.beat().await {
            tracing::debug!("open pages were not told: {error:#}");
        }
    }
}

/// A certificate in two files, as it was read last.
pub struct Certificate {
    chain: PathBuf,
    key: PathBuf,
    tls: RustlsConfig,
    seen: Option<Hash>,
}

impl Certificate {
    /// Reads it.
    ///
    /// # Errors
    /// A file cannot be read, or they do not belong together.
    pub async fn read(chain: &Path, key: &Path) -> anyhow::Result<Self> {
        let what = || format!("the certificate {} with {}", chain.display(), key.display());
        let tls = RustlsConfig::from_pem_file(chain, key).await.with_context(what)?;
        let seen = print(chain, key).await;
        Ok(Self { chain: chain.to_owned(), key: key.to_owned(), tls, seen })
    }

    /// What new connections are shown.
    pub fn tls(&self) -> RustlsConfig {
        self.tls.clone()
    }

    /// Reads it again if its files changed. What cannot be used leaves the old one in force.
    ///
    /// # Errors
    /// The new one cannot be used.
    pub async fn renew(&mut self) -> anyhow::Result<bool> {
        let now = print(&self.chain, &self.key).await;
        if now.is_none() || now == self.seen {
            return Ok(false);
        }
        let read = self.tls.reload_from_pem_file(&self.chain, &self.key).await;
        read.context("the new certificate cannot be used; the old one stays in force")?;
        self.seen = now;
        Ok(true)
    }

    async fn keep_renewing(mut self, stopping: CancellationToken) {
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(RENEW) => {}
            }
            match self.renew().await {
                Ok(true) => tracing::info!("the console's certificate was read again"),
                Ok(false) => {}
                Err(error) => tracing::error!("{error:#}"),
            }
        }
    }
}

/// What the two files hold, in short; `None` where one cannot be read just now.
async fn print(chain: &Path, key: &Path) -> Option<Hash> {
    let chain = tokio::fs::read(chain).await.ok()?;
    let key = tokio::fs::read(key).await.ok()?;
    Some(Hash::of(&[chain, key].concat()))
}
