//! The console's listener: plain for this machine and for a proxy before it, or under its own
//! certificate, which is read again when its files change.

use std::{net::SocketAddr, path::Path, time::Duration};

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
        (Some(chain), Some(key)) => Some(certificate(chain, key, &stopping).await?),
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

/// The certificate, and a task that reads it again whenever its files change.
async fn certificate(
    chain: &Path,
    key: &Path,
    stopping: &CancellationToken,
) -> anyhow::Result<RustlsConfig> {
    let read = || format!("the certificate {} with {}", chain.display(), key.display());
    let tls = RustlsConfig::from_pem_file(chain, key).await.with_context(read)?;
    let (chain, key) = (chain.to_owned(), key.to_owned());
    let (renewed, stopping) = (tls.clone(), stopping.clone());
    tokio::spawn(async move {
        let mut seen = print(&chain, &key).await;
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = tokio::time::sleep(RENEW) => {}
            }
            let now = print(&chain, &key).await;
            if now == seen {
                continue;
            }
            match renewed.reload_from_pem_file(&chain, &key).await {
                Ok(()) => {
                    seen = now;
                    tracing::info!("the console's certificate was read again");
                }
                Err(error) => tracing::error!(%error, "the new certificate cannot be used"),
            }
        }
    });
    Ok(tls)
}

/// What the two files hold, in short; `None` where one cannot be read just now.
async fn print(chain: &Path, key: &Path) -> Option<Hash> {
    let chain = tokio::fs::read(chain).await.ok()?;
    let key = tokio::fs::read(key).await.ok()?;
    Some(Hash::of(&[chain, key].concat()))
}
