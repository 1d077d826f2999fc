//! Signing in by the unit's own sign-in service.
//!
//! The invariants: the browser that comes back is the one that was sent, by a cookie that is good for
//! one answer; whoever has a second factor here is not signed in before it was asked; what the
//! service said is in the log and never on a page.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use jiff::SignedDuration;

use super::{
    Route,
    frame::Frame,
    gate::{AWAY, Allow, cookie, set_cookie},
    problem::Problem,
    sign_in::enter,
    visit::{Visit, actor, within},
};
use crate::{
    domain::{canonical::Hash, ids::PersonId, time::Timestamp},
    work::{
        oidc::{Answer, Crossing, NotProved, Service},
        passphrase::Unproved,
        second_factor,
    },
};

/// Where the service sends the browser back to; it is registered there.
pub(super) const BACK: &str = "/sign-in/back";
const CODE: &str = "/sign-in/code";
/// So long somebody may take at the service, and then for their code.
pub(super) const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// So often somebody may try a code before they begin anew.
const TRIES: u32 = 5;
/// What can go wrong, as the sign-in page is told it.
const TOLD: &[(&str, &str)] = &[
    ("foreign", "oidc-foreign"),
    ("declined", "oidc-declined"),
    ("down", "oidc-down"),
    ("invalid", "oidc-invalid"),
    ("stranger", "oidc-stranger"),
];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/sign-in/with", Allow::Anyone, get(leave)),
        Route::get(BACK, Allow::Anyone, get(back)),
        Route::get(CODE, Allow::Anyone, get(ask_code)),
        Route::post(CODE, Allow::Anyone, post(take_code)),
    ]
}

/// People whom the service proved, and whose second factor is still to come.
#[derive(Default)]
pub(super) struct HalfWay(Mutex<BTreeMap<Hash, Half>>);

#[derive(Clone)]
struct Half {
    person: PersonId,
    until: Timestamp,
    tries: u32,
}

impl HalfWay {
    fn all(&self) -> MutexGuard<'_, BTreeMap<Hash, Half>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the sign-in page tells of what went wrong at the service.
pub(super) fn told(visit: &Visit) -> Option<&'static str> {
    let given = visit.query.get("told");
    TOLD.iter().find(|(word, _)| *word == given).map(|(_, key)| *key)
}

fn service(visit: &Visit) -> Result<&Service, Problem> {
    visit.console.0.oidc.as_ref().ok_or(Problem::NotFound)
}

/// The secret that a browser keeps while it is away, and the page that its person wanted.
pub(super) fn kept(visit: &Visit) -> (&str, String) {
    let (secret, next) = visit.away.split_once('.').unwrap_or_default();
    let next = hex::decode(next).ok().and_then(|next| String::from_utf8(next).ok());
    (secret, next.unwrap_or_default())
}

pub(super) fn keep(response: &mut Response, secret: &str, next: &str) {
    let value = format!("{secret}.{}", hex::encode(next));
    set_cookie(response, &cookie(AWAY, &value, Some(WITHIN.as_secs())));
}

pub(super) fn forget(response: &mut Response) {
    set_cookie(response, &cookie(AWAY, "", Some(0)));
}

pub(super) fn secret(visit: &Visit) -> String {
    let dice = &visit.ctx().dice;
    format!("{}{}", dice.token(), dice.token())
}

async fn leave(visit: Visit) -> Result<Response, Problem> {
    let (service, secret) = (service(&visit)?, secret(&visit));
    let redirect = format!("{}{BACK}", visit.here);
    let next = within(visit.query.get("next"));
    match service.ask(&Crossing::of(&secret), &redirect).await {
        Ok(url) => {
            let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, url)]).into_response();
            keep(&mut response, &secret, next);
            Ok(response)
        }
        Err(why) => Ok(visit.go(&refused(&visit, &why, next)?)),
    }
}

/// The sign-in page, which tells what went wrong; the log tells more.
fn refused(visit: &Visit, why: &NotProved, next: &str) -> Result<String, Problem> {
    let word = match why {
        NotProved::Foreign => "foreign",
        NotProved::Declined(_) => "declined",
        NotProved::Down(_) => "down",
        NotProved::Invalid(_) => "invalid",
        NotProved::Stranger { .. } | NotProved::NotInForce { .. } => "stranger",
        NotProved::Store(error) => {
            return Err(Problem::Failed(anyhow::anyhow!("{error}")));
        }
    };
    tracing::warn!(from = %visit.seat.address, "the sign-in service signed nobody in: {why}");
    let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
    Ok(format!("/sign-in?told={word}&next={next}"))
}

async fn back(visit: Visit) -> Result<Response, Problem> {
    let service = service(&visit)?;
    visit.console.0.throttle.admit_address(&visit.seat.address)?;
    let (secret, next) = kept(&visit);
    let said = |name| visit.query.get(name).to_owned();
    let answer = Answer {
        code: said("code").into(),
        state: said("state"),
        error: said("error"),
        issuer: said("iss"),
    };
    let redirect = format!("{}{BACK}", visit.here);
    let proved = if secret.is_empty() {
        Err(NotProved::Foreign)
    } else {
        service.proves(visit.ctx(), (&Crossing::of(secret), &redirect), &answer).await
    };
    let proved = match proved {
        Ok(proved) => proved,
        Err(why) => {
            let mut response = visit.arrived(&refused(&visit, &why, &next)?)?;
            forget(&mut response);
            return Ok(response);
        }
    };
    let id = &proved.person.id;
    let factor = visit.store().second_factor(id).await?;
    if factor.is_some_and(|factor| factor.since.is_some()) && !proved.second_factor {
        return half_way(&visit, id, &next);
    }
    let mut response = visit.arrived(&next)?;
    forget(&mut response);
    enter(&visit, id, response).await
}

/// The service proved them; their second factor is asked for by a page of ours.
fn half_way(visit: &Visit, id: &PersonId, next: &str) -> Result<Response, Problem> {
    let (now, secret) = (visit.console.clock().now(), secret(visit));
    let half = Half { person: id.clone(), until: now.plus(WITHIN), tries: 0 };
    let mut all = visit.console.0.half_way.all();
    all.retain(|_, half| now < half.until);
    all.insert(Hash::of(secret.as_bytes()), half);
    drop(all);
    let mut response = visit.arrived(CODE)?;
    keep(&mut response, &secret, next);
    Ok(response)
}

/// Who is half way in this browser; `None`: nobody, or for too long.
fn half(visit: &Visit) -> Option<(Hash, Half)> {
    let key = Hash::of(kept(visit).0.as_bytes());
    let half = visit.console.0.half_way.all().get(&key).cloned()?;
    let good = visit.console.clock().now() < half.until && half.tries < TRIES;
    good.then_some((key, half))
}

#[derive(Template)]
#[template(path = "sign_in_code.html")]
struct Code<'a> {
    frame: &'a Frame,
    wrong: bool,
}

async fn ask_code(visit: Visit) -> Result<Response, Problem> {
    if half(&visit).is_none() {
        return Ok(visit.go("/sign-in?told=foreign"));
    }
    visit.page(&Code { frame: &visit.frame, wrong: false })
}

async fn take_code(visit: Visit) -> Result<Response, Problem> {
    let Some((key, half)) = half(&visit) else { return Ok(visit.go("/sign-in?told=foreign")) };
    let id = &half.person;
    visit.console.0.throttle.admit(id.as_str(), &visit.seat.address)?;
    if let Some(half) = visit.console.0.half_way.all().get_mut(&key) {
        half.tries += 1;
    }
    let by = actor(id, "sign-in");
    match second_factor::prove_besides(visit.ctx(), &by, id, visit.form.get("code")).await {
        Ok(()) => {}
        Err(Unproved::Wrong) => {
            tracing::warn!(from = %visit.seat.address, "somebody was not signed in");
            return visit.page(&Code { frame: &visit.frame, wrong: true });
        }
        Err(error) => return Err(error.into()),
    }
    // Whoever takes it out signs in: one code, one session.
    if visit.console.0.half_way.all().remove(&key).is_none() {
        return Ok(visit.go("/sign-in?told=foreign"));
    }
    let mut response = visit.go(&kept(&visit).1);
    forget(&mut response);
    enter(&visit, id, response).await
}
