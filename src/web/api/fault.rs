//! Why a call was not done: a problem document (RFC 9457) that tells its reader what happened and
//! what to do, and nothing of how the program is made.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::{IntoResponses, ToSchema};

use super::Scope;
use crate::{
    domain::person::{NotAllowed, Role},
    store::StoreError,
};

/// Why a call was not done.
#[derive(Debug)]
pub(in crate::web) enum Fault {
    /// No token came, or one that is good for nothing (`true`).
    Token(bool),
    /// The token is not for this.
    Scope(Scope),
    /// Its person's role may not.
    Role(Role),
    /// Its person may not, in a sentence.
    Forbidden(String),
    /// There is no such thing or address.
    NotFound,
    /// This address takes other methods: which.
    Method(Option<HeaderValue>),
    /// It does not stand so that this could be done, in a sentence.
    Conflict(String),
    /// The address or the body is malformed, in a sentence.
    Malformed(String),
    /// The body is no JSON by its own account.
    NotJson,
    /// The body is too large.
    TooLarge,
    /// The body's values make no sense, in a sentence.
    Senseless(String),
    /// It came by the name of another host.
    OtherHost,
    /// The program failed; the log says how.
    Failed(anyhow::Error),
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::web) struct Problem {
    /// Always `about:blank`: `code` tells problems apart.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The status.
    status: u16,
    /// Which problem it is, for programs.
    code: &'static str,
    /// What happened and what to do, for people.
    detail: String,
}

impl Fault {
    const fn status(&self) -> StatusCode {
        match self {
            Self::Token(_) => StatusCode::UNAUTHORIZED,
            Self::Scope(_) | Self::Role(_) | Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NotJson => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Senseless(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OtherHost => StatusCode::MISDIRECTED_REQUEST,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    const fn code(&self) -> &'static str {
        match self {
            Self::Token(_) => "token",
            Self::Scope(_) => "scope",
            Self::Role(_) => "role",
            Self::Forbidden(_) => "forbidden",
            Self::NotFound => "not-found",
            Self::Method(_) => "method",
            Self::Conflict(_) => "conflict",
            Self::Malformed(_) => "malformed",
            Self::NotJson => "not-json",
            Self::TooLarge => "too-large",
            Self::Senseless(_) => "senseless",
            Self::OtherHost => "other-host",
            Self::Failed(_) => "failed",
        }
    }

    fn detail(&self) -> String {
        let fixed = match self {
            Self::Token(false) => {
                "This takes a token: send it as `Authorization: Bearer …`. A person makes one at \
                 /me/tokens."
            }
            Self::Token(true) => {
                "The token is not known, was revoked, or has ended. Its person makes a new one at \
                 /me/tokens."
            }
            Self::Scope(scope) => {
                return format!(
                    "The token is not for this: it lacks the scope {scope}. Its person can make one \
                     that has it at /me/tokens."
                );
            }
            Self::Role(role) => {
                return format!("The token's person is {role}, and that role may not do this.");
            }
            Self::NotFound => "There is nothing at this address.",
            Self::Method(_) => "This address takes other methods: the Allow header names them.",
            Self::NotJson => "Send a JSON document, and say so: `Content-Type: application/json`.",
            Self::TooLarge => "The body is larger than any that makes sense here.",
            Self::OtherHost => "The console has another address (console.public_url).",
            Self::Failed(_) => {
                "The call could not be answered. Nothing of it was done; the service's log says why."
            }
            Self::Forbidden(text)
            | Self::Conflict(text)
            | Self::Malformed(text)
            | Self::Senseless(text) => return text.clone(),
        };
        fixed.to_owned()
    }

    /// Who must say what to get in (RFC 6750).
    fn challenge(&self) -> Option<String> {
        let realm = "Bearer realm=\"takaza\"";
        match self {
            Self::Token(false) => Some(realm.to_owned()),
            Self::Token(true) => Some(format!("{realm}, error=\"invalid_token\"")),
            Self::Scope(scope) => {
                Some(format!("{realm}, error=\"insufficient_scope\", scope=\"{scope}\""))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        if let Self::Failed(error) = &self {
            tracing::error!("a call of the API failed: {error:#}");
        }
        let status = self.status();
        let problem = Problem {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or_default(),
            status: status.as_u16(),
            code: self.code(),
            detail: self.detail(),
        };
        let body = serde_json::to_string(&problem).unwrap_or_default();
        let kind = [(header::CONTENT_TYPE, "application/problem+json")];
        let mut response = (status, kind, body).into_response();
        let mut set = |name: HeaderName, value: Option<HeaderValue>| {
            value.map(|value| response.headers_mut().insert(name, value))
        };
        let challenge = self.challenge().and_then(|text| HeaderValue::from_str(&text).ok());
        set(header::WWW_AUTHENTICATE, challenge);
        if let Self::Method(allowed) = self {
            set(header::ALLOW, allowed);
        }
        response
    }
}

/// The router's own answer to a method that an address does not take, as a problem.
pub(in crate::web) fn shaped(response: Response<Body>) -> Response {
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    Fault::Method(response.headers().get(header::ALLOW).cloned()).into_response()
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(_) => Self::NotFound,
            StoreError::NotAllowed(error) => error.into(),
            StoreError::Conflict(_)
            | StoreError::Escalation(_)
            | StoreError::Delivery(_)
            | StoreError::Order(_)
            | StoreError::Refused(_) => Self::Conflict(error.to_string()),
            StoreError::Database(_)
            | StoreError::Unreachable(_)
            | StoreError::Migration(_)
            | StoreError::Corrupt(_) => Self::Failed(error.into()),
        }
    }
}

impl From<NotAllowed> for Fault {
    fn from(error: NotAllowed) -> Self {
        match error {
            NotAllowed::Role { is, .. } => Self::Role(is),
            _ => Self::Forbidden(error.to_string()),
        }
    }
}

/// What every call may be answered with instead.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its type is read: the OpenAPI document is derived from it")]
pub(in crate::web) enum Faults {
    /// The address holds a key that is not known, or a malformed value.
    #[response(status = 400, content_type = "application/problem+json")]
    Malformed(Problem),
    /// No token came, or one that is good for nothing.
    #[response(status = 401, content_type = "application/problem+json")]
    Token(Problem),
    /// The token is not for this, or its person may not.
    #[response(status = 403, content_type = "application/problem+json")]
    Forbidden(Problem),
    /// The call came by the name of another host.
    #[response(status = 421, content_type = "application/problem+json")]
    OtherHost(Problem),
    /// The program failed.
    #[response(status = 500, content_type = "application/problem+json")]
    Failed(Problem),
}

/// What a call about one thing may be answered with besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its type is read: the OpenAPI document is derived from it")]
pub(in crate::web) enum Absent {
    /// There is no such thing.
    #[response(status = 404, content_type = "application/problem+json")]
    NotFound(Problem),
}

/// What a call with a body may be answered with besides.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "only its type is read: the OpenAPI document is derived from it")]
pub(in crate::web) enum ActFaults {
    /// It changed meanwhile, or does not stand so that this could be done.
    #[response(status = 409, content_type = "application/problem+json")]
    Conflict(Problem),
    /// The body is too large.
    #[response(status = 413, content_type = "application/problem+json")]
    TooLarge(Problem),
    /// The body is not said to be JSON.
    #[response(status = 415, content_type = "application/problem+json")]
    NotJson(Problem),
    /// The body's values make no sense.
    #[response(status = 422, content_type = "application/problem+json")]
    Senseless(Problem),
}
