//! The JSON API (`/api/v1`): what other programs of the unit read and decide, with the token of a
//! person.
//!
//! The invariants: its routes stand in the one table, and a token never allows more than its person's
//! role does now; every act calls the same function as the pages and the command line; whatever is
//! answered stands in the document, which is made of the same types; a case reference is in no answer.

mod banks;
mod fault;
mod given;
mod orders;
mod posts;
mod queue;
mod report;
mod words;

use std::sync::LazyLock;

use axum::{
    extract::FromRequestParts,
    http::{Method, header, request::Parts},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{Http, HttpAuthScheme, SecurityScheme},
};

pub(super) use self::fault::{Fault, shaped};

use self::given::{Asked, Nothing};
use super::{
    Console, Route,
    gate::{APPROVER, Allow},
};
use crate::{
    domain::{action::spelled, person::Person},
    store::{Actor, Store, TokenRow},
    work::Ctx,
};

spelled! {
    /// What a token is for.
    Scope {
        /// Reads everything that the API shows.
        Read = "read",
        /// Answers to what is held: approves, rejects.
        Queue = "queue",
    }
}

pub(super) fn routes() -> Vec<Route> {
    let read =
        |path, handler| Route::call(Method::GET, path, Allow::SignedIn, Scope::Read, handler);
    let act = |path, handler| Route::call(Method::POST, path, APPROVER, Scope::Queue, handler);
    vec![
        Route::call(Method::GET, "/api/v1/openapi.json", Allow::Anyone, Scope::Read, get(document)),
        read("/api/v1/queue", get(queue::list)),
        read("/api/v1/queue/{reference}", get(queue::one)),
        act("/api/v1/queue/{reference}/approve", post(queue::approve)),
        act("/api/v1/queue/{reference}/reject", post(queue::reject)),
        read("/api/v1/posts", get(posts::list)),
        read("/api/v1/posts/{reference}", get(posts::one)),
        read("/api/v1/pictures/{hash}", get(posts::picture)),
        read("/api/v1/engagement", get(posts::engagement)),
        read("/api/v1/banks", get(banks::list)),
        read("/api/v1/banks/{code}", get(banks::one)),
        read("/api/v1/orders", get(orders::list)),
        read("/api/v1/orders/{order}", get(orders::one)),
        read("/api/v1/report", get(report::report)),
    ]
}

/// One call, after the gate.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) console: Console,
    /// Whose token it came with, where it takes one.
    pub(super) by: Option<(Person, TokenRow)>,
}

impl Call {
    fn ctx(&self) -> &Ctx {
        self.console.ctx()
    }

    fn store(&self) -> &Store {
        &self.console.ctx().store
    }

    fn person(&self) -> Result<&Person, Fault> {
        self.by.as_ref().map(|(person, _)| person).ok_or(Fault::Token(false))
    }

    /// The person and what they do here, as the record names them: with the token that they used.
    fn by(&self, act: &str) -> Result<Actor, Fault> {
        let (person, token) = self.by.as_ref().ok_or(Fault::Token(false))?;
        Ok(Actor::person(person.id.clone(), &format!("api {act} (token {})", token.name)))
    }
}

impl<S: Sync> FromRequestParts<S> for Call {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        parts.extensions.get::<Self>().cloned().ok_or(Fault::Token(false))
    }
}

impl From<anyhow::Error> for Fault {
    /// An error that the store refused with keeps its meaning.
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<crate::store::StoreError>() {
            Ok(error) => error.into(),
            Err(error) => Self::Failed(error),
        }
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "takaza",
        description = "What other programs of the unit read and decide. A token is made by its \
                       person at /me/tokens, and never allows more than that person's role does \
                       now. Instants are RFC 3339 in UTC; errors are problem documents (RFC 9457).",
        license(name = "Apache-2.0", identifier = "Apache-2.0")
    ),
    paths(
        described,
        queue::list,
        queue::one,
        queue::approve,
        queue::reject,
        posts::list,
        posts::one,
        posts::picture,
        posts::engagement,
        banks::list,
        banks::one,
        orders::list,
        orders::one,
        report::report
    ),
    modifiers(&Token)
)]
struct Document;

/// How a call says whose it is.
struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("token", bearer);
    }
}

/// The document, made once.
static DOCUMENT: LazyLock<String> =
    LazyLock::new(|| Document::openapi().to_json().unwrap_or_default());

/// This document.
#[utoipa::path(
    get, path = "/api/v1/openapi.json", tag = "document",
    responses((status = 200, description = "The document", body = Object), fault::Faults)
)]
#[expect(dead_code, reason = "the macro reads its signature, and `document` answers")]
fn described() {}

async fn document(_: Call, Asked(Nothing {}): Asked<Nothing>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.as_str()).into_response()
}
