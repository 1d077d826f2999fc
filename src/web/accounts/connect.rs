//! Connecting an account by its platform's own page: X's OAuth.
//!
//! The invariants: an answer counts in the session that asked, for the account that was asked about,
//! once; what came back is on no page; an approver turns it live all the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use askama::Template;
use axum::{
    extract::{OriginalUri, Path},
    response::Response,
};
use secrecy::SecretString;

use super::{
    super::{
        frame::Frame,
        oidc::{WITHIN, forget, keep, kept, secret},
        problem::Problem,
        visit::Visit,
    },
    address, find, is_granted,
};
use crate::{
    domain::{canonical::Hash, time::Timestamp},
    store::AccountRow,
    work::accounts::granting::{Before, By, NotConnected, Question, exchange},
};

/// Where the platform sends the browser back to; it is registered there.
pub(in super::super) const BACK: &str = "/accounts/back";

/// What administrators asked a platform, by the secret that their browsers keep.
#[derive(Default)]
pub(in super::super) struct Asking(Mutex<BTreeMap<Hash, Asked>>);

struct Asked {
    account: String,
    session: Hash,
    question: Arc<Question>,
    until: Timestamp,
    answer: Option<Result<SecretString, NotConnected>>,
}

impl Asking {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Hash, Asked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Template)]
#[template(path = "accounts/connect.html")]
struct Ask<'a> {
    frame: &'a Frame,
    row: AccountRow,
    address: String,
    redirect: String,
}

async fn to_be_granted(visit: &Visit, name: &str) -> Result<AccountRow, Problem> {
    let row = find(visit, name).await?;
    if is_granted(&row) { Ok(row) } else { Err(Problem::Told("accounts-not-granted")) }
}

pub(super) async fn form(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let row = to_be_granted(&visit, &name).await?;
    let redirect = format!("{}{BACK}", visit.here);
    visit.page(&Ask { frame: &visit.frame, address: address(&row), row, redirect })
}

#[derive(Template)]
#[template(path = "accounts/leave.html")]
struct Leave<'a> {
    frame: &'a Frame,
    row: AccountRow,
    url: &'a str,
}

/// On to the platform, by a page of ours: a form may lead to no other host.
pub(super) async fn leave(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let row = to_be_granted(&visit, &name).await?;
    visit.prove().await?;
    let redirect = format!("{}{BACK}", visit.here);
    let question = Question::new(visit.ctx(), &redirect).map_err(|why| problem(&visit, why))?;
    let (question, secret) = (Arc::new(question), secret(&visit));
    let now = visit.console.clock().now();
    let asked = Asked {
        account: name,
        session: visit.visitor()?.session.id,
        question: question.clone(),
        until: now.plus(WITHIN),
        answer: None,
    };
    let mut all = visit.console.0.asking.all();
    all.retain(|_, asked| now < asked.until);
    all.insert(Hash::of(secret.as_bytes()), asked);
    drop(all);
    let mut response = visit.page(&Leave { frame: &visit.frame, row, url: question.url() })?;
    keep(&mut response, &secret, "");
    Ok(response)
}

/// The browser came back, without its session. What it brings is kept for the page that ends this.
pub(super) async fn back(visit: Visit, OriginalUri(uri): OriginalUri) -> Result<Response, Problem> {
    let foreign = || Problem::Told("accounts-foreign");
    let brought = uri.path_and_query().map_or("", |path| path.as_str());
    let to = {
        let mut all = visit.console.0.asking.all();
        let asked = all.get_mut(&Hash::of(kept(&visit).0.as_bytes())).ok_or_else(foreign)?;
        // One answer is taken.
        if asked.answer.is_some() || asked.until <= visit.console.clock().now() {
            return Err(foreign());
        }
        asked.answer = Some(asked.question.code(brought).map_err(NotConnected::from));
        let name: String = form_urlencoded::byte_serialize(asked.account.as_bytes()).collect();
        format!("/accounts/{}/connected", name.replace('+', "%20"))
    };
    visit.arrived(&to)
}

/// Takes the answer that this session got about this account.
fn answer(visit: &Visit, name: &str) -> Result<(Arc<Question>, SecretString), Problem> {
    let foreign = || Problem::Told("accounts-foreign");
    let session = visit.visitor()?.session.id;
    let key = Hash::of(kept(visit).0.as_bytes());
    let mut all = visit.console.0.asking.all();
    let ours = |asked: &Asked| asked.session == session && asked.account == name;
    if !all.get(&key).is_some_and(ours) {
        return Err(foreign());
    }
    let asked = all.remove(&key).ok_or_else(foreign)?;
    drop(all);
    let code = asked.answer.ok_or_else(foreign)?.map_err(|why| problem(visit, why))?;
    Ok((asked.question, code))
}

/// The end of it, in the session that began it. A link of somebody else's leads to nothing here, for
/// nothing waits in their session.
pub(super) async fn end(visit: Visit, Path(name): Path<String>) -> Result<Response, Problem> {
    let row = to_be_granted(&visit, &name).await?;
    let administrator = visit.person()?.as_administrator(visit.console.clock().now())?;
    let (question, code) = answer(&visit, &name)?;
    let actor = visit.by("account connect")?;
    let by = By { ctx: visit.ctx(), actor: &actor, administrator: &administrator };
    let connected = exchange(by, row, (&question, &code)).await;
    let connected = connected.map_err(|why| problem(&visit, why))?;
    let told = match (&connected.before, connected.row.account.live) {
        (Before::Stands(why), _) => {
            tracing::error!(account = %name, "the grant before it may stand still: {why}");
            "accounts-before-stands"
        }
        (_, true) => "accounts-connected-live",
        (_, false) => "accounts-connected",
    };
    let mut response = visit.done("/accounts", told, &name).await?;
    forget(&mut response);
    Ok(response)
}

/// What went wrong, in the reader's language where it has words there.
fn problem(visit: &Visit, why: NotConnected) -> Problem {
    tracing::warn!("an account was not connected: {why}");
    let words = &visit.frame.words;
    if let Some((key, given)) = why.message() {
        return Problem::Wrong(words.with_all(key, &given));
    }
    match why {
        NotConnected::Unkept { why, ended } => {
            let ended = match ended {
                Ok(()) => words.t("x-new-ended"),
                Err(reason) => words.with("x-new-stands", "reason", reason),
            };
            match problem(visit, *why) {
                Problem::Wrong(text) => Problem::Wrong(format!("{text} {ended}")),
                other => other,
            }
        }
        NotConnected::Store(error) => error.into(),
        other => Problem::Wrong(other.to_string()),
    }
}
