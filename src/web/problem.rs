//! What a page says when it cannot do what it was asked for: what happened and what to do, in the
//! reader's language; nothing that helps whoever should not be here.

use std::sync::Arc;

use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{
    frame::Frame,
    visit::{Visit, within},
};
use crate::{
    domain::person::{NotAllowed, Role},
    store::StoreError,
    work::passphrase::Unproved,
};

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Problem {
    /// Nobody is signed in.
    SignIn,
    /// Something comes first: the page where it is done.
    Must(&'static str),
    /// The role may not.
    Role(Role),
    /// There is no such thing or page.
    NotFound,
    /// Somebody else changed it meanwhile.
    Changed(String),
    /// The rules say no, in a sentence.
    Refused(String),
    /// The input is wrong, in a sentence.
    Wrong(String),
    /// The input is wrong: the key of the message that says how.
    Told(&'static str),
    /// A field was left empty: the key of its name.
    Missing(&'static str),
    /// The form was open for too long, or is another session's.
    StaleForm,
    /// The form is too large.
    TooLarge,
    /// Too many tries.
    Throttled,
    /// It came by the name of another host.
    OtherHost,
    /// The program failed; the log says how.
    Failed(anyhow::Error),
}

impl Problem {
    const fn status(&self) -> StatusCode {
        match self {
            Self::SignIn => StatusCode::UNAUTHORIZED,
            Self::Must(_) | Self::Role(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Changed(_) => StatusCode::CONFLICT,
            Self::Refused(_) | Self::Wrong(_) | Self::Told(_) | Self::Missing(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            Self::StaleForm => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Throttled => StatusCode::TOO_MANY_REQUESTS,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The word that its messages begin with: `problem-changed`.
    const fn word(&self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Must(_) => "must",
            Self::Role(_) => "role",
            Self::NotFound => "not-found",
            Self::Changed(_) => "changed",
            Self::Refused(_) => "refused",
            Self::Wrong(_) | Self::Told(_) | Self::Missing(_) => "wrong",
            Self::StaleForm => "stale-form",
            Self::TooLarge => "too-large",
            Self::Throttled => "throttled",
            Self::OtherHost => "other-host",
            Self::Failed(_) => "failed",
        }
    }

    /// The particulars that its reader may know.
    fn detail(&self, frame: &Frame) -> Option<String> {
        match self {
            Self::Changed(text) | Self::Refused(text) | Self::Wrong(text) => {
                Some(frame.words.known(text))
            }
            Self::Told(message) => Some(frame.t(message)),
            Self::Missing(label) => {
                Some(frame.words.with("problem-missing", "field", frame.t(label)))
            }
            Self::Role(role) => {
                Some(frame.words.with("problem-your-role", "role", frame.words.of("role", role)))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Problem {
    /// The gate, which knows the reader's language, makes the page of it.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::NotFound,
            StoreError::Conflict(_) => Self::Changed(error.to_string()),
            StoreError::NotAllowed(error) => error.into(),
            StoreError::Escalation(_)
            | StoreError::Delivery(_)
            | StoreError::Order(_)
            | StoreError::Refused(_) => Self::Refused(error.to_string()),
            StoreError::Database(_)
            | StoreError::Unreachable(_)
            | StoreError::Migration(_)
            | StoreError::Corrupt(_) => Self::Failed(error.into()),
        }
    }
}

impl From<NotAllowed> for Problem {
    fn from(error: NotAllowed) -> Self {
        match error {
            NotAllowed::Role { is, .. } => Self::Role(is),
            _ => Self::Refused(error.to_string()),
        }
    }
}

impl From<Unproved> for Problem {
    fn from(error: Unproved) -> Self {
        match error {
            Unproved::Wrong => Self::Told("sign-in-wrong"),
            Unproved::TooShort => Self::Told("passphrase-too-short"),
            Unproved::Same => Self::Told("passphrase-not-new"),
            Unproved::Store(error) => error.into(),
            Unproved::Hash(error) => Self::Failed(error),
        }
    }
}

impl From<anyhow::Error> for Problem {
    /// An error that the store refused with keeps its meaning.
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Self::Failed(error),
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: &'a Frame,
    title: String,
    what_to_do: String,
    detail: Option<String>,
    back: &'a str,
}

/// The page about a problem, or the way to where it is mended.
pub(super) fn page(visit: &Visit, problem: &Problem) -> Response {
    let frame = &visit.frame;
    match problem {
        Problem::SignIn => {
            let next: String = form_urlencoded::byte_serialize(frame.path.as_bytes()).collect();
            return visit.go(&format!("/sign-in?next={next}"));
        }
        Problem::Must(first) => return visit.go(first),
        Problem::Failed(error) => tracing::error!("a page failed: {error:#}"),
        _ => {}
    }
    let word = problem.word();
    let page = ProblemPage {
        frame,
        title: frame.t(&format!("problem-{word}")),
        what_to_do: frame.t(&format!("problem-{word}-do")),
        detail: problem.detail(frame),
        back: within(visit.form.get("back")),
    };
    let html = page.render().unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
    (problem.status(), kind, html).into_response()
}

/// The answer where not even the frame of a page could be read.
pub(super) fn bare(problem: &Problem) -> Response {
    if let Problem::Failed(error) = problem {
        tracing::error!("a page failed: {error:#}");
    }
    let text = match problem {
        Problem::OtherHost => "This console has another address (console.public_url).\n",
        _ => "The console cannot answer now. Its log says why.\n",
    };
    (problem.status(), text).into_response()
}

/// There is no page at this address.
pub(super) async fn nothing_here() -> Problem {
    Problem::NotFound
}
