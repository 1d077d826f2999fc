//! The grant of an account, from the address that a person opens to the sealed row: an OAuth 2.0
//! code with PKCE, by a listener on this machine or pasted.
//!
//! The invariants: only this machine can bring the answer; an answer to another question is turned
//! away and the right one is awaited; one answer is taken; a grant that is not kept is ended.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{OriginalUri, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    net::TcpListener,
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::{
    super::failure::{Failure, Outcome},
    ungranted::Ungranted,
};
pub(in super::super) use crate::work::accounts::granting::{Before, By, Connected};
use crate::{
    destinations::x::oauth::NotGranted,
    store::AccountRow,
    work::accounts::granting::{Question, exchange},
};

/// The browser's page may take this long to be read when all else is done.
const GOODBYE: Duration = Duration::from_secs(2);

/// How the person at the browser is spoken to.
pub(in super::super) trait Voice {
    /// Tells them to open the address; it is waited for so long.
    fn open(&self, address: &str, wait: Duration) -> Outcome;
    /// Tells them to open the address, and takes what their browser ended at.
    fn pasted(&self, address: &str) -> Result<SecretString, Failure>;
}

/// Asks a person for the grant and keeps it. `wait`: listens so long; `None`: the answer is pasted.
pub(in super::super) async fn connect(
    by: By<'_>,
    row: AccountRow,
    voice: &dyn Voice,
    wait: Option<Duration>,
) -> Result<Connected, Ungranted> {
    let ctx = by.ctx;
    let redirect = &ctx.config.x.redirect;
    let asked = Arc::new(Question::new(ctx, redirect)?);
    let Some(wait) = wait else {
        let code = pasted(&asked, &voice.pasted(asked.url())?)?;
        return Ok(exchange(by, row, (&asked, &code)).await?);
    };
    let mut door = Door::open(redirect, asked.clone()).await?;
    voice.open(asked.url(), wait)?;
    let outcome = match door.answer(wait).await {
        Ok(code) => exchange(by, row, (&asked, &code)).await.map_err(Ungranted::from),
        Err(ungranted) => Err(ungranted),
    };
    door.close().await;
    outcome
}

/// The code in the address that the browser of another machine ended at, or the code alone. Without
/// the state the code is still bound to our question, by its PKCE verifier.
fn pasted(asked: &Question, line: &SecretString) -> Result<SecretString, Ungranted> {
    let line = line.expose_secret().trim();
    if line.is_empty() {
        return Err(Ungranted::NothingPasted);
    }
    if !line.contains(['/', '?', '=', ' ']) {
        return Ok(SecretString::from(line));
    }
    Ok(asked.code(line)?)
}

/// The listener that the browser comes back to.
struct Door {
    answers: mpsc::Receiver<Result<SecretString, NotGranted>>,
    shut: oneshot::Sender<()>,
    serving: JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Waiting {
    asked: Arc<Question>,
    path: String,
    answers: mpsc::Sender<Result<SecretString, NotGranted>>,
}

impl Door {
    async fn open(redirect: &str, asked: Arc<Question>) -> Result<Self, Ungranted> {
        let url = Url::parse(redirect).map_err(Failure::failed)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let ip = host.parse::<std::net::IpAddr>().ok().filter(|ip| ip.is_loopback());
        let ip = ip.ok_or_else(|| Failure::usage("x.redirect is no address of this machine"))?;
        let address = SocketAddr::new(ip, url.port_or_known_default().unwrap_or(80));
        let busy = |error: std::io::Error| Ungranted::Busy {
            address: address.to_string(),
            reason: error.to_string(),
        };
        let listener = TcpListener::bind(address).await.map_err(busy)?;
        let (answer, answers) = mpsc::channel(1);
        let waiting = Waiting { asked, path: url.path().to_owned(), answers: answer };
        let (shut, is_shut) = oneshot::channel();
        let app = Router::new().fallback(came_back).with_state(waiting);
        let serving = tokio::spawn(async move {
            axum::serve(listener, app)
                .with_graceful_shutdown(async {
                    let _shut = is_shut.await;
                })
                .await
        });
        Ok(Self { answers, shut, serving })
    }

    async fn answer(&mut self, within: Duration) -> Result<SecretString, Ungranted> {
        match tokio::time::timeout(within, self.answers.recv()).await {
            Ok(Some(answer)) => Ok(answer?),
            Ok(None) => {
                Err(Failure::Failed("the listener broke off; repeat this".to_owned()).into())
            }
            Err(_elapsed) => Err(Ungranted::NobodyCame { seconds: within.as_secs() }),
        }
    }

    /// Lets the browser's page be read, and listens no more.
    async fn close(self) {
        let _gone = self.shut.send(());
        let abort = self.serving.abort_handle();
        if tokio::time::timeout(GOODBYE, self.serving).await.is_err() {
            abort.abort();
        }
    }
}

/// The browser came back. What it brings is shown nowhere.
async fn came_back(State(waiting): State<Waiting>, OriginalUri(uri): OriginalUri) -> Response {
    if uri.path() != waiting.path {
        return page(StatusCode::NOT_FOUND, "There is nothing here.");
    }
    let back = uri.path_and_query().map_or("", |it| it.as_str());
    let answer = match waiting.asked.code(back) {
        // Anybody can call this address: only the answer to our own question ends the waiting.
        Err(error @ (NotGranted::Foreign | NotGranted::NoCode)) => {
            return page(StatusCode::BAD_REQUEST, &format!("{error}."));
        }
        answer => answer,
    };
    let granted = answer.is_ok();
    if waiting.answers.try_send(answer).is_err() {
        return page(StatusCode::GONE, "An answer was taken already.");
    }
    page(
        StatusCode::OK,
        match granted {
            true => {
                "Takaza has the answer. You can close this window; the terminal says what came of it."
            }
            false => "Access was not granted. You can close this window.",
        },
    )
}

fn page(status: StatusCode, says: &str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
        (header::CONNECTION, "close"),
    ];
    let body = format!("<!doctype html><title>takaza</title><p>{says}</p>\n");
    (status, headers, body).into_response()
}
