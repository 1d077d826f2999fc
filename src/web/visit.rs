//! One request of a browser: who is there, what they sent, and the frame that their page stands in.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use jiff::civil::DateTime;
use secrecy::SecretString;

use super::{Console, frame::Frame, problem::Problem};
use crate::{
    domain::{
        canonical::Hash,
        ids::{BankCode, PersonId},
        person::Person,
        time::Timestamp,
    },
    store::{Actor, Seat, Store, Visitor},
    work::{Ctx, passphrase::Unproved, second_factor},
};

/// What a form or an address says, field by field, in its order.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    /// Reads `application/x-www-form-urlencoded`.
    pub(super) fn parse(text: &[u8]) -> Self {
        Self(form_urlencoded::parse(text).into_owned().collect())
    }

    /// The fields of a form that came in parts.
    pub(super) fn of(fields: Vec<(String, String)>) -> Self {
        Self(fields)
    }

    /// A field, without the blanks around it; empty where it is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.trim())
    }

    /// A field that must be filled in. `label` is the key of its name in the page.
    pub(super) fn filled(&self, name: &str, label: &'static str) -> Result<&str, Problem> {
        let value = self.get(name);
        if value.is_empty() { Err(Problem::Missing(label)) } else { Ok(value) }
    }

    /// A field exactly as it was typed: for passphrases and texts.
    pub(super) fn exact(&self, name: &str) -> &str {
        self.0.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Whether the field stands there at all.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key == name)
    }

    /// Every value of a field that may stand several times.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.trim())
    }
}

/// One request, after the gate.
#[derive(Clone)]
pub(super) struct Visit {
    pub(super) console: Console,
    /// What the page says around its own content.
    pub(super) frame: Frame,
    /// Who is signed in.
    pub(super) who: Option<Visitor>,
    /// From where.
    pub(super) seat: Seat,
    /// How their browser reaches the console: `https://takaza.example`.
    pub(super) here: String,
    /// What their browser keeps while they are at another service.
    pub(super) away: String,
    /// What the address says after its `?`.
    pub(super) query: Fields,
    /// What a form sent. Its token was checked by the gate.
    pub(super) form: Fields,
}

impl Visit {
    pub(super) fn ctx(&self) -> &Ctx {
        self.console.ctx()
    }

    /// The same with the accounts that there are now: for acts that speak to a platform.
    pub(super) fn speaking(&self) -> Ctx {
        self.console.ctx().current()
    }

    pub(super) fn store(&self) -> &Store {
        &self.console.ctx().store
    }

    /// Who is signed in, on a page that the gate shows to nobody else.
    pub(super) fn visitor(&self) -> Result<&Visitor, Problem> {
        self.who.as_ref().ok_or(Problem::SignIn)
    }

    pub(super) fn person(&self) -> Result<&Person, Problem> {
        Ok(&self.visitor()?.person)
    }

    /// The person and what they do here (`queue approve`), as the record names them.
    pub(super) fn by(&self, act: &str) -> Result<Actor, Problem> {
        Ok(actor(&self.person()?.id, act))
    }

    /// Whoever is signed in proves themselves once more, for an act that is grave: by the fields
    /// `passphrase` and, where they have a second factor, `code` (`prove.html` has both).
    pub(super) async fn prove(&self) -> Result<(), Problem> {
        let id = &self.person()?.id;
        if self.form.exact("passphrase").is_empty() {
            return Err(Problem::Missing("prove-passphrase"));
        }
        self.console.0.throttle.admit_proof(id.as_str())?;
        let given = SecretString::from(self.form.exact("passphrase"));
        let (by, code) = (self.by("prove")?, self.form.get("code"));
        match second_factor::prove(self.ctx(), &by, id, &given, code).await {
            Ok(_) => Ok(()),
            Err(Unproved::Wrong) => {
                tracing::warn!(person = %id, from = %self.seat.address, "a person was not proved again");
                Err(Problem::Told("prove-wrong"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Their role needs a second factor, and they have none. Nobody in a demo does.
    pub(super) fn lacks_second_factor(&self) -> bool {
        let roles = &self.console.ctx().config.console.second_factor_for;
        let lacks = |who: &Visitor| !who.second_factor && roles.contains(&who.person.role);
        !self.frame.demo && self.who.as_ref().is_some_and(lacks)
    }

    /// A field of the form that names a time on the unit's own clock, as browsers write it
    /// (`2026-12-01T10:00`). `label` is the key of its name in the page.
    pub(super) fn instant(&self, name: &str, label: &'static str) -> Result<Timestamp, Problem> {
        let text = self.form.filled(name, label)?;
        let read = text.parse::<DateTime>().ok();
        let zoned = read.and_then(|at| at.to_zoned_datetime(self.console.zone().clone()).ok());
        let at = zoned.map(|zoned| Timestamp::from(zoned.timestamp()));
        at.ok_or_else(|| Problem::Wrong(self.frame.words.with("problem-no-time", "text", text)))
    }

    /// A bank's name in the reader's language; its code where the directory does not know it.
    pub(super) fn bank_name(&self, code: &BankCode) -> String {
        self.ctx().banks.name(code, self.frame.words.language())
    }

    /// A page of HTML.
    pub(super) fn page(&self, page: &impl askama::Template) -> Result<Response, Problem> {
        let html = page.render().map_err(|error| Problem::Failed(error.into()))?;
        Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response())
    }

    /// To another page, which tells what was done: a message and the thing that it is about.
    pub(super) async fn done(
        &self,
        to: &str,
        message: &'static str,
        what: &str,
    ) -> Result<Response, Problem> {
        if let Some(who) = &self.who {
            let notice = self.frame.words.with(message, "what", what);
            self.store().leave_notice(&who.session.id, &notice).await?;
        }
        Ok(self.go(to))
    }

    /// To another page of the console, by way of one of ours. A browser that another service sent
    /// back brings its session along only where a page of our own sends it on.
    pub(super) fn arrived(&self, to: &str) -> Result<Response, Problem> {
        self.page(&Arrived { frame: &self.frame, to: within(to) })
    }

    /// To another page of the console, which is asked for anew.
    pub(super) fn go(&self, to: &str) -> Response {
        (StatusCode::SEE_OTHER, [(header::LOCATION, within(to).to_owned())]).into_response()
    }
}

#[derive(askama::Template)]
#[template(path = "arrived.html")]
struct Arrived<'a> {
    frame: &'a Frame,
    to: &'a str,
}

/// A person at the console, as the record names them.
pub(super) fn actor(person: &PersonId, act: &str) -> Actor {
    Actor::person(person.clone(), &format!("console {act}"))
}

/// A path of the console, whatever a form says: never another host's.
pub(super) fn within(path: &str) -> &str {
    let plain = |c: char| !c.is_control() && c != '\\';
    let own = path.starts_with('/') && !path.starts_with("//") && path.chars().all(plain);
    if own { path } else { "/" }
}

/// The token of every form in a session: it follows from the cookie, so that nothing is kept.
pub(super) fn form_token(cookie: &str) -> String {
    Hash::of(format!("takaza form {cookie}").as_bytes()).to_string()
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or(Problem::SignIn)
    }
}
