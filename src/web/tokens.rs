//! The tokens by which other programs use the JSON API in a person's name: made and revoked by that
//! person alone, shown once, kept as a hash.

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};
use jiff::SignedDuration;

use super::{
    Route,
    api::Scope,
    frame::Frame,
    gate::{Allow, same},
    problem::Problem,
    visit::Visit,
};
use crate::{domain::canonical::Hash, store::TokenRow};

/// For how many days a token may be good. None is for ever: what nobody renews nobody needs.
const DAYS: &[i64] = &[1, 7, 30, 90];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/me/tokens", Allow::SignedIn, get(list)),
        Route::post("/me/tokens", Allow::SignedIn, post(make)),
        Route::post("/me/tokens/revoke", Allow::SignedIn, post(revoke)),
    ]
}

#[derive(Template)]
#[template(path = "tokens.html")]
struct List<'a> {
    frame: &'a Frame,
    tokens: Vec<TokenRow>,
    /// The token that was made just now.
    made: Option<String>,
}

impl List<'_> {
    fn scopes(&self) -> &'static [Scope] {
        Scope::ALL
    }

    fn days(&self) -> &'static [i64] {
        DAYS
    }
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    show(&visit, None).await
}

async fn show(visit: &Visit, made: Option<String>) -> Result<Response, Problem> {
    let tokens = visit.store().tokens(&visit.person()?.id).await?;
    visit.page(&List { frame: &visit.frame, tokens, made })
}

/// What a form asks for: the name, the scopes, the days.
fn wanted(visit: &Visit) -> Result<(&str, Vec<&'static str>, i64), Problem> {
    let name = visit.form.filled("name", "tokens-name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-".contains(c);
    if name.len() > 40 || !name.chars().all(plain) {
        return Err(Problem::Told("tokens-name-wrong"));
    }
    let asked: Vec<&str> = visit.form.all("scope").collect();
    let scopes = Scope::ALL.iter().map(|scope| scope.as_str());
    let scopes: Vec<_> = scopes.filter(|scope| asked.iter().any(|one| same(one, scope))).collect();
    if scopes.is_empty() {
        return Err(Problem::Missing("tokens-scopes"));
    }
    let days = visit.form.get("days").parse().ok().filter(|days| DAYS.contains(days));
    Ok((name, scopes, days.ok_or(Problem::Missing("tokens-days"))?))
}

async fn make(visit: Visit) -> Result<Response, Problem> {
    let person = &visit.person()?.id;
    let (name, scopes, days) = wanted(&visit)?;
    // A page that somebody left open is not enough to act in their name for weeks.
    visit.prove().await?;
    let dice = &visit.ctx().dice;
    let secret = format!("takaza_{}{}", dice.token(), dice.token());
    let until = visit.console.clock().now().plus(SignedDuration::from_hours(24 * days));
    let (by, id) = (visit.by("token make")?, Hash::of(secret.as_bytes()));
    visit.store().make_token(&by, &id, person, (name, &scopes), until).await?;
    show(&visit, Some(secret)).await
}

async fn revoke(visit: Visit) -> Result<Response, Problem> {
    let id = Hash::parse(visit.form.get("id")).ok_or(Problem::NotFound)?;
    let by = visit.by("token revoke")?;
    if !visit.store().revoke_token(&by, &visit.person()?.id, &id).await? {
        return Err(Problem::NotFound);
    }
    visit.done("/me/tokens", "tokens-revoked", "").await
}
