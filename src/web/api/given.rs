//! What a call gives: its query, its body, the id in its address. Whatever is not in the document is
//! refused, so that a misspelt filter never means *everything*.

use axum::{
    body::to_bytes,
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{header, request::Parts},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::error::Category;
use utoipa::ToSchema;

use super::Fault;

/// A body holds a hash or a reason; more is not one of ours.
const LARGEST_BODY: usize = 16 * 1024;
/// How many things a call shows where it does not say.
pub(super) const USUAL: u32 = 50;
/// How many things a call shows at most.
const MOST: u32 = 200;
/// How far a list is read at most; whoever needs more narrows it by a filter.
const FURTHEST: u32 = 100_000;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Items<T> {
    /// The things, in the list's order.
    items: Vec<T>,
    /// There is more: ask with a larger `skip`.
    more: bool,
}

/// Which page of a list was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    skip: u32,
    limit: u32,
}

impl Window {
    /// The page that `skip` and `limit` name.
    pub(super) fn of(skip: Option<u32>, limit: Option<u32>) -> Result<Self, Fault> {
        let (skip, limit) = (skip.unwrap_or(0), limit.unwrap_or(USUAL));
        if limit == 0 || limit > MOST {
            return Err(Fault::Malformed(format!("`limit` is a number from 1 to {MOST}.")));
        }
        if skip > FURTHEST {
            return Err(Fault::Malformed(format!("`skip` is a number from 0 to {FURTHEST}.")));
        }
        Ok(Self { skip, limit })
    }

    /// As the ledger is asked: one more than is shown tells whether there is more.
    pub(super) const fn asked(self) -> (u32, u32) {
        (self.skip, self.limit + 1)
    }

    /// What is shown of the answer to [`Window::asked`].
    pub(super) fn shown<T>(self, mut items: Vec<T>) -> Items<T> {
        let more = items.len() > self.limit as usize;
        items.truncate(self.limit as usize);
        Items { items, more }
    }

    /// What is shown of a whole list.
    pub(super) fn cut<T>(self, all: impl Iterator<Item = T>) -> Items<T> {
        self.shown(all.skip(self.skip as usize).take(self.limit as usize + 1).collect())
    }
}

/// A call that asks for nothing in particular.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// The query of a call; an unknown key or a malformed value is refused.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Fault> {
        let read = Query::<T>::try_from_uri(&parts.uri);
        let Query(asked) = read.map_err(|error| Fault::Malformed(sentence(&error)))?;
        Ok(Self(asked))
    }
}

/// What names one thing in the address of a call. What no id of ours could be is not there.
pub(super) struct Named(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Named {
    type Rejection = Fault;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Fault> {
        let read = Path::<String>::from_request_parts(parts, state).await;
        let Path(name) = read.map_err(|_unreadable| Fault::NotFound)?;
        let plain = |c: char| c.is_ascii_graphic() || c == ' ';
        if name.len() > 64 || !name.chars().all(plain) {
            return Err(Fault::NotFound);
        }
        Ok(Self(name))
    }
}

/// The JSON body of a call; an unknown field is refused.
pub(super) struct Body<T>(pub(super) T);

impl<S: Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Fault;

    async fn from_request(request: Request, _: &S) -> Result<Self, Fault> {
        let (parts, body) = request.into_parts();
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(Fault::NotJson);
        }
        let bytes = to_bytes(body, LARGEST_BODY).await.map_err(|_too_large| Fault::TooLarge)?;
        serde_json::from_slice(&bytes).map(Self).map_err(|error| match error.classify() {
            Category::Data => Fault::Senseless(sentence(&error)),
            Category::Syntax | Category::Eof | Category::Io => Fault::Malformed(sentence(&error)),
        })
    }
}

/// An error of a reader, as a sentence of bounded length.
fn sentence(error: &impl ToString) -> String {
    error.to_string().chars().filter(|c| !c.is_control()).take(300).collect()
}
