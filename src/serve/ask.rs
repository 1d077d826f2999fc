//! Asks a running service how it is, for health checks where no other program is at hand (a
//! container that holds only this binary).

use std::{net::SocketAddr, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// Whoever does not answer within this is not well.
const PATIENCE: Duration = Duration::from_secs(10);
/// An answer is read this far; ours are far shorter.
const ENOUGH: u64 = 64 * 1024;

/// The answer of `GET path` at the service's health listener: its status and its body.
///
/// # Errors
/// Nobody answers there, or what answers speaks no HTTP.
pub async fn ask(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    let answer = tokio::time::timeout(PATIENCE, get(address, path)).await;
    answer
        .map_err(anyhow::Error::from)
        .flatten()
        .with_context(|| format!("no answer at {address} (serve.health); does takaza serve run?"))
}

async fn get(address: SocketAddr, path: &str) -> anyhow::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.take(ENOUGH).read_to_string(&mut answer).await?;
    let Some((head, body)) = answer.split_once("\r\n\r\n") else { bail!("it speaks no HTTP") };
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Ok((status.context("it speaks no HTTP")?, body.trim_end().to_owned()))
}
