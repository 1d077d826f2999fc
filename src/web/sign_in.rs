//! Signing in and out, and the very first person.
//!
//! Whoever tries names or passphrases is slowed down by where they come from and whom they try, so
//! that nobody can lock another out; what is wrong is not said.

use std::num::NonZeroU32;

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use secrecy::SecretString;

use super::{
    Route,
    frame::Frame,
    gate::{Allow, DOOR, SESSION, cookie, same, set_cookie},
    oidc,
    problem::Problem,
    visit::{Visit, actor, within},
};
use crate::{
    domain::{
        canonical::Hash,
        ids::PersonId,
        person::{Person, Role},
    },
    store::EndSessions,
    work::{
        oidc::Service,
        passphrase::{self, Unproved},
        second_factor,
    },
};

/// So many tries at once, and so many a minute, for one person from one address.
const TRIES: NonZeroU32 = const { NonZeroU32::new(5).unwrap() };
/// The same for one address, whoever is tried.
const TRIES_OF_ADDRESS: NonZeroU32 = const { NonZeroU32::new(30).unwrap() };
/// So often in an hour somebody who is signed in proves themselves again.
const PROOFS: NonZeroU32 = const { NonZeroU32::new(60).unwrap() };

/// Holds back whoever tries too often.
pub(super) struct Throttle {
    by_person: DefaultKeyedRateLimiter<(String, String)>,
    by_address: DefaultKeyedRateLimiter<String>,
    proofs: DefaultKeyedRateLimiter<String>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            by_person: RateLimiter::keyed(Quota::per_minute(TRIES)),
            by_address: RateLimiter::keyed(Quota::per_minute(TRIES_OF_ADDRESS)),
            proofs: RateLimiter::keyed(Quota::per_hour(PROOFS)),
        }
    }
}

impl Throttle {
    /// One more try at a person's passphrase from an address.
    pub(super) fn admit(&self, person: &str, address: &str) -> Result<(), Problem> {
        self.by_address.retain_recent();
        self.by_person.retain_recent();
        let one = self.by_person.check_key(&(person.to_owned(), address.to_owned()));
        let all = self.by_address.check_key(&address.to_owned());
        one.and(all).map_err(|_| Problem::Throttled)
    }

    /// One more try from an address, at nobody in particular.
    pub(super) fn admit_address(&self, address: &str) -> Result<(), Problem> {
        self.by_address.retain_recent();
        self.by_address.check_key(&address.to_owned()).map_err(|_| Problem::Throttled)
    }

    /// Somebody who is signed in would prove themselves again.
    pub(super) fn admit_proof(&self, person: &str) -> Result<(), Problem> {
        self.proofs.retain_recent();
        self.proofs.check_key(&person.to_owned()).map_err(|_| Problem::Throttled)
    }
}

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/", Allow::Anyone, get(home)),
        Route::get("/sign-in", Allow::Anyone, get(form)),
        Route::post("/sign-in", Allow::Anyone, post(sign_in)),
        Route::post("/sign-out", Allow::Own, post(sign_out)),
        Route::get("/first", Allow::Anyone, get(first)),
        Route::post("/first", Allow::Anyone, post(make_first)),
    ]
}

/// What a person's role needs first.
const fn first_page(role: Role) -> &'static str {
    match role {
        Role::Officer | Role::Approver => "/queue",
        Role::Auditor => "/audit",
        Role::Administrator => "/people",
    }
}

async fn home(visit: Visit) -> Result<Response, Problem> {
    let person = visit.who.as_ref().map(|who| &who.person);
    Ok(visit.go(person.map_or("/sign-in", |person| first_page(person.role))))
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Form<'a> {
    frame: &'a Frame,
    next: &'a str,
    /// The key of what went wrong.
    wrong: Option<&'a str>,
    /// The name of the unit's own sign-in service.
    service: Option<&'a str>,
    id: &'a str,
    people: Vec<Person>,
    nobody: bool,
}

async fn form(visit: Visit) -> Result<Response, Problem> {
    show(&visit, oidc::told(&visit), "").await
}

async fn show(visit: &Visit, wrong: Option<&str>, id: &str) -> Result<Response, Problem> {
    let next = if visit.form.get("next").is_empty() { &visit.query } else { &visit.form };
    let people = visit.store().people().await?;
    let nobody = people.is_empty();
    visit.page(&Form {
        frame: &visit.frame,
        next: within(next.get("next")),
        wrong,
        service: visit.console.0.oidc.as_ref().map(Service::name),
        id,
        people: if visit.frame.demo { people } else { Vec::new() },
        nobody,
    })
}

async fn sign_in(visit: Visit) -> Result<Response, Problem> {
    let id = PersonId::new(visit.form.get("person"));
    if visit.frame.demo && visit.form.get("click") == "yes" {
        let (person, _) = visit.store().person(&id).await?;
        return enter(&visit, &person.id, visit.go(visit.form.get("next"))).await;
    }
    visit.console.0.throttle.admit(id.as_str(), &visit.seat.address)?;
    let given = SecretString::from(visit.form.exact("passphrase"));
    let (by, code) = (actor(&id, "sign-in"), visit.form.get("code"));
    match second_factor::prove(visit.ctx(), &by, &id, &given, code).await {
        Ok((person, _)) => enter(&visit, &person.id, visit.go(visit.form.get("next"))).await,
        Err(Unproved::Wrong) => {
            tracing::warn!(from = %visit.seat.address, "somebody was not signed in");
            show(&visit, Some("sign-in-wrong"), id.as_str()).await
        }
        Err(error) => Err(error.into()),
    }
}

/// A new session under a new cookie, which comes with this response; whatever was there before ends.
pub(super) async fn enter(
    visit: &Visit,
    person: &PersonId,
    mut response: Response,
) -> Result<Response, Problem> {
    if let Some(old) = &visit.who {
        let by = actor(&old.person.id, "sign-in");
        let one = EndSessions::One(&old.session.id);
        visit.store().end_sessions(&by, &old.person.id, one).await?;
    }
    let dice = &visit.ctx().dice;
    let secret = format!("{}{}", dice.token(), dice.token());
    let id = Hash::of(secret.as_bytes());
    let by = actor(person, "sign-in");
    let rules = visit.console.session_rules();
    visit.store().begin_session(&by, &id, person, &rules, &visit.seat).await?;
    set_cookie(&mut response, &cookie(SESSION, &secret, Some(rules.longest.as_secs())));
    set_cookie(&mut response, &cookie(DOOR, "", Some(0)));
    Ok(response)
}

async fn sign_out(visit: Visit) -> Result<Response, Problem> {
    let who = visit.visitor()?;
    let (by, one) = (visit.by("sign-out")?, EndSessions::One(&who.session.id));
    visit.store().end_sessions(&by, &who.person.id, one).await?;
    let mut response = visit.go("/sign-in");
    set_cookie(&mut response, &cookie(SESSION, "", Some(0)));
    Ok(response)
}

#[derive(Template)]
#[template(path = "first.html")]
struct First<'a> {
    frame: &'a Frame,
    key: &'a str,
}

/// The link that `takaza serve` printed, while nobody is known.
async fn may_begin(visit: &Visit, key: &str) -> Result<(), Problem> {
    let link = visit.console.0.first.as_deref();
    let right = link.is_some_and(|link| same(link, key));
    let nobody = visit.store().people().await?.is_empty();
    if right && nobody { Ok(()) } else { Err(Problem::NotFound) }
}

async fn first(visit: Visit) -> Result<Response, Problem> {
    let key = visit.query.get("key");
    may_begin(&visit, key).await?;
    visit.page(&First { frame: &visit.frame, key })
}

async fn make_first(visit: Visit) -> Result<Response, Problem> {
    may_begin(&visit, visit.form.get("key")).await?;
    let id = PersonId::signing(visit.form.filled("person", "sign-in-person")?)
        .map_err(|error| Problem::Wrong(error.to_string()))?;
    let name = visit.form.filled("name", "first-name")?.to_owned();
    let chosen = visit.form.exact("passphrase");
    if chosen != visit.form.exact("again") {
        return Err(Problem::Told("passphrases-differ-here"));
    }
    let hash = passphrase::accept(&SecretString::from(chosen), None, &visit.ctx().dice)?;
    let person = Person {
        id: id.clone(),
        name,
        role: Role::Administrator,
        order_number: None,
        from: visit.console.clock().now(),
        until: None,
        confirmed: false,
    };
    visit.store().add_person(&actor(&id, "first"), None, &person, &hash).await?;
    enter(&visit, &id, visit.go("/")).await
}
