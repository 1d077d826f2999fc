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
use zeroize::Zeroizing;

use super::{
    super::{
        failure::{Failure, Outcome},
        output::say,
        sign_in::Session,
    },
    local,
};
use crate::{
    app,
    destinations::{
        tokens::{FixedToken, Grant, Unrenewed},
        x::oauth::{Asked, NotGranted, OAuth},
    },
    domain::{engagement::Author, person::Administrator},
    store::AccountRow,
    work::{Ctx, grants},
};

/// The browser's page may take this long to be read when all else is done.
const GOODBYE: Duration = Duration::from_secs(2);

/// Asks a person for the grant and keeps it. `wait`: listens so long; `None`: the answer is pasted.
pub(super) async fn connect(
    session: &Session,
    administrator: &Administrator,
    row: AccountRow,
    wait: Option<Duration>,
) -> Outcome {
    let ctx = &session.app.ctx;
    let oauth = app::oauth(ctx)?;
    // Before a person is asked: what they grant must be sealed at once.
    app::vault(ctx).keys().map_err(Failure::failed)?;
    let asked = Arc::new(oauth.ask([ctx.dice.bytes(), ctx.dice.bytes()]));
    let Some(wait) = wait else {
        let code = pasted(&asked)?;
        return exchange(session, administrator, row, (&oauth, &asked, &code)).await;
    };
    let mut door = Door::open(&ctx.config.x.redirect, asked.clone()).await?;
    tell(&asked, &format!("It is waited for {} seconds.", wait.as_secs()))?;
    let outcome = match door.answer(wait).await {
        Ok(code) => exchange(session, administrator, row, (&oauth, &asked, &code)).await,
        Err(failure) => Err(failure),
    };
    door.close().await;
    outcome
}

/// Buys the grant with the code at once, for it lives for half a minute on X, and keeps it.
async fn exchange(
    session: &Session,
    administrator: &Administrator,
    mut row: AccountRow,
    (oauth, asked, code): (&OAuth, &Asked, &SecretString),
) -> Outcome {
    let exchanged = oauth.exchange(asked, code).await.map_err(|error| unexchanged(&error))?;
    let (grant, ctx, name) = (exchanged.grant, &session.app.ctx, row.account.name.clone());
    let kept = async {
        if !exchanged.missing.is_empty() || grant.refresh.is_none() {
            let missing = exchanged.missing.join(", ");
            return Err(Failure::refused(format!(
                "the platform did not grant all that was asked for (missing: {missing}); look at \
                 x.scopes and at the client's permissions there"
            )));
        }
        let who = whose(ctx, &row, &grant).await?;
        let changed = bind(&mut row, &who)?;
        if changed {
            ctx.store.put_account(&session.by, administrator, &row).await?;
        }
        let vault = app::vault(ctx);
        grants::keep(&vault, &ctx.store, &session.by, administrator, &name, &grant).await?;
        Ok((who, changed))
    };
    let (who, changed) = match kept.await {
        Ok(kept) => kept,
        Err(failure) => return Err(ended(oauth, &grant, failure).await),
    };
    let live = match (changed, row.account.live) {
        (false, true) => "it is live as before".to_owned(),
        _ => format!("next: an approver turns it live with `takaza account live {name}`"),
    };
    say(&format!("{name} is connected: @{}, id {}\n{live}", who.handle, who.stable_id))
}

/// Who granted it: the account that the browser was signed in as.
async fn whose(ctx: &Ctx, row: &AccountRow, grant: &Grant) -> Result<Author, Failure> {
    let token = FixedToken::new(SecretString::from(grant.access.expose_secret()));
    let destination = app::destination(row, Arc::new(token), ctx)?;
    let identity = destination.whoami().await.map_err(|error| {
        Failure::Failed(format!("the platform did not say whose the grant is: {error}"))
    })?;
    Ok(identity.author)
}

/// What is printed first: a script may read the address from its line of its own.
fn tell(asked: &Asked, more: &str) -> Outcome {
    say(&format!(
        "Open this address in a browser, as the account that shall be connected, and say yes:\n\n{}\n\n\
         {more}",
        asked.url
    ))
}

/// The first time binds the account to its stable id; later it must be the same one. Whether
/// anything of the account changed.
fn bind(row: &mut AccountRow, who: &Author) -> Result<bool, Failure> {
    let account = &mut row.account;
    let other = match &account.stable_id {
        Some(known) => *known != who.stable_id,
        None => !account.handle.is_empty() && local(&account.handle) != local(&who.handle),
    };
    if other {
        let handle = &account.handle;
        return Err(Failure::refused(format!(
            "the browser was signed in as @{}, id {}, and the account is @{handle}: sign in there as \
             @{handle} and repeat this, or add @{0} under another name",
            who.handle, who.stable_id
        )));
    }
    let same = account.stable_id.as_ref() == Some(&who.stable_id) && account.handle == who.handle;
    let changed = !same || row.revoked;
    account.stable_id = Some(who.stable_id.clone());
    account.handle.clone_from(&who.handle);
    row.revoked = false;
    Ok(changed)
}

/// A grant that is not kept must not stand at the platform either.
async fn ended(oauth: &OAuth, grant: &Grant, failure: Failure) -> Failure {
    let told = match oauth.revoke(grant).await {
        Ok(()) => "the new grant was ended again".to_owned(),
        Err(error) => format!(
            "THE NEW GRANT COULD NOT BE ENDED ({error}): as that account, take takaza out of the \
             authorised applications"
        ),
    };
    match failure {
        Failure::Refused(text) => Failure::Refused(format!("{text}\n{told}")),
        Failure::Usage(text) | Failure::Failed(text) => Failure::Failed(format!("{text}\n{told}")),
        Failure::Closed => Failure::Closed,
    }
}

fn unexchanged(error: &Unrenewed) -> Failure {
    Failure::Failed(match error {
        Unrenewed::Refused { reason } => format!(
            "the platform did not take the code ({reason}): it lives for half a minute; repeat this, \
             and be quicker"
        ),
        Unrenewed::NotNow { reason } => format!(
            "the code could not be exchanged ({reason}): look at [x] and at the network, and repeat \
             this"
        ),
        Unrenewed::Lost { reason } => format!(
            "the platform's answer was lost ({reason}), and nothing is stored: repeat this; the \
             account's authorised applications then show takaza once"
        ),
    })
}

fn not_granted(error: &NotGranted) -> Failure {
    match error {
        NotGranted::Refused { .. } => Failure::refused(format!("{error}; nothing was stored")),
        NotGranted::Foreign | NotGranted::NoCode => Failure::usage(format!(
            "{error}: copy the whole address that the browser ended at, and repeat this from the \
             beginning; nothing was stored"
        )),
    }
}

/// The address that the browser of another machine ended at, or the code alone. Without the state
/// the code is still bound to our question, by its PKCE verifier.
fn pasted(asked: &Asked) -> Result<SecretString, Failure> {
    tell(
        asked,
        "The browser ends at an address that it cannot open. Paste that address here, and press \
         enter:",
    )?;
    let mut line = Zeroizing::new(String::new());
    std::io::stdin().read_line(&mut line).map_err(Failure::failed)?;
    let line = line.trim();
    if line.is_empty() {
        return Err(Failure::usage("nothing was pasted; nothing was stored"));
    }
    if !line.contains(['/', '?', '=', ' ']) {
        return Ok(SecretString::from(line));
    }
    asked.code(line).map_err(|error| not_granted(&error))
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
    async fn open(redirect: &str, asked: Arc<Asked>) -> Result<Self, Failure> {
        let url = Url::parse(redirect).map_err(Failure::failed)?;
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let ip = host.parse::<std::net::IpAddr>().ok().filter(|ip| ip.is_loopback());
        let ip = ip.ok_or_else(|| Failure::usage("x.redirect is no address of this machine"))?;
        let address = SocketAddr::new(ip, url.port_or_known_default().unwrap_or(80));
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::Failed(format!(
                "{address} cannot be listened on ({error}): end what uses it, or use --paste"
            ))
        })?;
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

    async fn answer(&mut self, within: Duration) -> Result<SecretString, Failure> {
        match tokio::time::timeout(within, self.answers.recv()).await {
            Ok(Some(answer)) => answer.map_err(|error| not_granted(&error)),
            Ok(None) => Err(Failure::Failed("the listener broke off; repeat this".to_owned())),
            Err(_elapsed) => Err(Failure::Failed(format!(
                "nobody came back within {} seconds; repeat this, with --timeout for longer, or with \
                 --paste where the browser is on another machine",
                within.as_secs()
            ))),
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
