//! The reader's choices: language, light or dark.

use axum::{response::Response, routing::post};

use super::{
    Route,
    gate::{Allow, LANGUAGE, THEME, cookie, set_cookie},
    problem::Problem,
    visit::{Visit, within},
};
use crate::domain::platform::Language;

/// A choice is kept for a year.
const YEAR: i64 = 365 * 24 * 3600;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::post("/settings", Allow::Anyone, post(choose))]
}

async fn choose(visit: Visit) -> Result<Response, Problem> {
    let mut response = visit.go(within(visit.form.get("back")));
    if let Some(language) = Language::parse(visit.form.get("language")) {
        set_cookie(&mut response, &cookie(LANGUAGE, language.as_str(), Some(YEAR)));
    }
    let theme = visit.form.get("theme");
    if ["light", "dark", "auto"].contains(&theme) {
        set_cookie(&mut response, &cookie(THEME, theme, Some(YEAR)));
    }
    Ok(response)
}
