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
    local,
    revoke::stored,
    ungranted::Ungranted,
};
use crate::{
    app,
    destinations::{
        Unread,
        tokens::{FixedToken, Grant},
        x::oauth::{Asked, NotGranted, OAuth},
    },
    domain::{engagement::Author, person::Administrator},
    store::{AccountRow, Actor},
    work::{Ctx, grants},
};

/// The browser's page may take this long to be read when all else is done.
const GOODBYE: Duration = Duration::from_secs(2);

/// Who connects, and where.
#[derive(Clone, Copy)]
pub(in super::super) struct By<'a> {
    pub(in super::super) ctx: &'a Ctx,
    pub(in super::super) actor: &'a Actor,
    pub(in super::super) administrator: &'a Administrator,
}

/// How the person at the browser is spoken to.
pub(in super::super) trait Voice {
    /// Tells them to open the address; it is waited for so long.
    fn open(&self, address: &str, wait: Duration) -> Outcome;
    /// Tells them to open the address, and takes what their browser ended at.
    fn pasted(&self, address: &str) -> Result<SecretString, Failure>;
}

/// What became of the grant that the account had before.
pub(in super::super) enum Before {
    /// It had none.
    None,
    /// The platform ended it.
    Ended,
    /// It stands there still, and why.
    Stands(String),
}

/// A grant that is kept.
pub(in super::super) struct Connected {
    /// Who granted it.
    pub(in super::super) who: Author,
    /// The account, bound to them.
    pub(in super::super) row: AccountRow,
    /// Whether anything of the account changed; it is not live then.
    pub(in super::super) changed: bool,
    /// The grant before it.
    pub(in super::super) before: Before,
}

/// Asks a person for the grant and keeps it. `wait`: listens so long; `None`: the answer is pasted.
pub(in super::super) async fn connect(
    by: By<'_>,
    row: AccountRow,
    voice: &dyn Voice,
    wait: Option<Duration>,
) -> Result<Connected, Ungranted> {
    let ctx = by.ctx;
    let oauth = app::oauth(ctx).map_err(Failure::from)?;
    // Before a person is asked: what they grant must be sealed at once.
    app::vault(ctx).keys().map_err(Failure::failed)?;
    let asked = Arc::new(oauth.ask([ctx.dice.bytes(), ctx.dice.bytes()]));
    let Some(wait) = wait else {
        let code = pasted(&asked, &voice.pasted(&asked.url)?)?;
        return exchange(by, row, (&oauth, &asked, &code)).await;
    };
    let mut door = Door::open(&ctx.config.x.redirect, asked.clone()).await?;
    voice.open(&asked.url, wait)?;
    let outcome = match door.answer(wait).await {
        Ok(code) => exchange(by, row, (&oauth, &asked, &code)).await,
        Err(ungranted) => Err(ungranted),
    };
    door.close().await;
    outcome
}

/// Buys the grant with the code at once, for it lives for half a minute on X, and keeps it.
async fn exchange(
    by: By<'_>,
    mut row: AccountRow,
    (oauth, asked, code): (&OAuth, &Asked, &SecretString),
) -> Result<Connected, Ungranted> {
    let exchanged = oauth.exchange(asked, code).await.map_err(Ungranted::Unexchanged)?;
    let (grant, ctx, name) = (exchanged.grant, by.ctx, row.account.name.clone());
    let kept = async {
        if !exchanged.missing.is_empty() || grant.refresh.is_none() {
            return Err(Ungranted::Missing { scopes: exchanged.missing.join(", ") });
        }
        let who = whose(ctx, &row, &grant).await?;
        let changed = bind(&mut row, &who)?;
        let old = stored(ctx, &row).await;
        if changed {
            let put = ctx.store.put_account(by.actor, by.administrator, &row).await;
            put.map_err(Failure::from)?;
        }
        let vault = app::vault(ctx);
        let keep =
            grants::keep(&vault, &ctx.store, by.actor, by.administrator, &name, &grant).await;
        keep.map_err(Failure::from)?;
        Ok((who, changed, old))
    };
    let (who, changed, old) = match kept.await {
        Ok(kept) => kept,
        Err(why) => {
            let ended = oauth.revoke(&grant).await;
            return Err(Ungranted::Unkept { why: Box::new(why), ended });
        }
    };
    // Only now: a grant is not ended before there is another one.
    let before = match old {
        Ok(None) => Before::None,
        Ok(Some(old)) => oauth.revoke(&old).await.map_or_else(Before::Stands, |()| Before::Ended),
        Err(error) => Before::Stands(error),
    };
    Ok(Connected { who, row, changed, before })
}

/// Who granted it: the account that the browser was signed in as.
async fn whose(ctx: &Ctx, row: &AccountRow, grant: &Grant) -> Result<Author, Ungranted> {
    let token = FixedToken::new(SecretString::from(grant.access.expose_secret()));
    let destination = app::destination(row, Arc::new(token), ctx).map_err(Failure::from)?;
    let identity = destination.whoami().await;
    let nameless = |error: Unread| Ungranted::Nameless { reason: error.to_string() };
    Ok(identity.map_err(nameless)?.author)
}

/// The first time binds the account to its stable id; later it must be the same one. Whether
/// anything of the account changed.
fn bind(row: &mut AccountRow, who: &Author) -> Result<bool, Ungranted> {
    let account = &mut row.account;
    let other = match &account.stable_id {
        Some(known) => *known != who.stable_id,
        None => !account.handle.is_empty() && local(&account.handle) != local(&who.handle),
    };
    if other {
        return Err(Ungranted::OtherAccount {
            handle: who.handle.clone(),
            id: who.stable_id.clone(),
            meant: account.handle.clone(),
        });
    }
    let same = account.stable_id.as_ref() == Some(&who.stable_id) && account.handle == who.handle;
    let changed = !same || row.revoked;
    account.stable_id = Some(who.stable_id.clone());
    account.handle.clone_from(&who.handle);
    row.revoked = false;
    Ok(changed)
}

/// The code in the address that the browser of another machine ended at, or the code alone. Without
/// the state the code is still bound to our question, by its PKCE verifier.
fn pasted(asked: &Asked, line: &SecretString) -> Result<SecretString, Ungranted> {
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
    asked: Arc<Asked>,
    path: String,
    answers: mpsc::Sender<Result<SecretString, NotGranted>>,
}

impl Door {
    async fn open(redirect: &str, asked: Arc<Asked>) -> Result<Self, Ungranted> {
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
