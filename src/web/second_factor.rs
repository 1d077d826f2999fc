//! A person's own second factor: setting one up, recovery codes, giving it up.
//!
//! The invariant: the secret is shown while it proves nothing, to its person alone, and the recovery
//! codes once, in the answer that made them.

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};
use qrcode::{QrCode, render::svg};
use secrecy::SecretString;

use super::{Route, frame::Frame, gate::Allow, problem::Problem, visit::Visit};
use crate::{
    domain::time::Timestamp,
    store::EndSessions,
    work::{
        passphrase::Unproved,
        second_factor::{self, RecoveryCodes},
    },
};

const HERE: &str = "/me/second-factor";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get(HERE, Allow::Own, get(look)),
        Route::post(HERE, Allow::Own, post(begin)),
        Route::post("/me/second-factor/make", Allow::Own, post(make)),
        Route::post("/me/second-factor/recovery", Allow::SignedIn, post(renew)),
        Route::post("/me/second-factor/end", Allow::SignedIn, post(end)),
    ]
}

#[derive(Template)]
#[template(path = "second_factor/look.html")]
struct Look<'a> {
    frame: &'a Frame,
    /// It proves them since then, and so many recovery codes are left.
    has: Option<(Timestamp, u32)>,
    /// The secret as text, and as a picture.
    shown: Option<(String, String)>,
    required: bool,
}

/// Whoever chose somebody's first passphrase shall not set up their second factor too.
fn own_passphrase_first(visit: &Visit) -> Result<(), Problem> {
    if visit.visitor()?.first_passphrase { Err(Problem::Must("/me/passphrase")) } else { Ok(()) }
}

async fn look(visit: Visit) -> Result<Response, Problem> {
    own_passphrase_first(&visit)?;
    let id = &visit.person()?.id;
    let factor = visit.store().second_factor(id).await?;
    let has = factor.and_then(|factor| Some((factor.since?, factor.recovery_codes)));
    let shown = second_factor::shown(visit.ctx(), id).await?;
    let shown = shown.map(|shown| Ok::<_, Problem>((in_fours(&shown.text), picture(&shown.url)?)));
    visit.page(&Look {
        frame: &visit.frame,
        has,
        shown: shown.transpose()?,
        required: visit.lacks_second_factor(),
    })
}

fn in_fours(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(" ")
}

/// A QR code as SVG, to stand in the page itself.
fn picture(url: &str) -> Result<String, Problem> {
    let code = QrCode::new(url).map_err(|error| Problem::Failed(error.into()))?;
    let whole = code.render::<svg::Color<'_>>().min_dimensions(240, 240).build();
    // Without the prolog of a file of its own.
    Ok(whole.find("<svg").and_then(|at| whole.get(at..)).unwrap_or_default().to_owned())
}

async fn make(visit: Visit) -> Result<Response, Problem> {
    own_passphrase_first(&visit)?;
    second_factor::make(visit.ctx(), &visit.person()?.id).await?;
    Ok(visit.go(HERE))
}

#[derive(Template)]
#[template(path = "second_factor/codes.html")]
struct Codes<'a> {
    frame: &'a Frame,
    codes: RecoveryCodes,
}

async fn begin(visit: Visit) -> Result<Response, Problem> {
    own_passphrase_first(&visit)?;
    let who = visit.visitor()?;
    let id = &who.person.id;
    visit.console.0.throttle.admit_proof(id.as_str())?;
    let given = SecretString::from(visit.form.exact("passphrase"));
    let (by, code) = (visit.by("second factor")?, visit.form.get("code"));
    let codes = match second_factor::begin(visit.ctx(), &by, id, &given, code).await {
        Err(Unproved::Wrong) => return Err(Problem::Told("factor-wrong")),
        begun => begun?,
    };
    visit.store().end_sessions(&by, id, EndSessions::AllBut(&who.session.id)).await?;
    visit.page(&Codes { frame: &visit.frame, codes })
}

async fn renew(visit: Visit) -> Result<Response, Problem> {
    visit.prove().await?;
    let by = visit.by("recovery codes")?;
    let codes = second_factor::renew_recovery(visit.ctx(), &by, &visit.person()?.id).await?;
    visit.page(&Codes { frame: &visit.frame, codes })
}

async fn end(visit: Visit) -> Result<Response, Problem> {
    visit.prove().await?;
    let by = visit.by("end second factor")?;
    visit.store().end_second_factor(&by, None, &visit.person()?.id).await?;
    visit.done(HERE, "factor-ended", "").await
}
