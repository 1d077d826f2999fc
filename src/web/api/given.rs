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
use crate::store::{Mark, NoMark};

/// A body holds a hash or a reason; more is not one of ours.
const LARGEST_BODY: usize = 16 * 1024;
/// How many things a call shows where it does not say.
pub(super) const USUAL: u32 = 50;
/// How many things a call shows at most.
const MOST: u32 = 200;
const NO_PLACE: &str = "`after` is the `next` of the page before, as it was.";

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Items<T> {
    /// The things, in the list's order.
    items: Vec<T>,
    /// Where the next page begins: ask with it as `after`. Null: this is the last page.
    next: Option<String>,
}

/// How many things of a list were asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limit(u32);

impl Limit {
    pub(super) fn of(limit: Option<u32>) -> Result<Self, Fault> {
        let limit = limit.unwrap_or(USUAL);
        if limit == 0 || limit > MOST {
            return Err(Fault::Malformed(format!("`limit` is a number from 1 to {MOST}.")));
        }
        Ok(Self(limit))
    }

    /// As the ledger is asked: one more than is shown tells whether there is more.
    pub(super) const fn asked(self) -> (u32, u32) {
        (0, self.0 + 1)
    }

    /// What is shown of a list from its page's beginning on; `place` says where a thing lies.
    pub(super) fn shown<T, V>(
        self,
        from_here: impl IntoIterator<Item = T>,
        place: impl Fn(&T) -> String,
        view: impl FnMut(&T) -> V,
    ) -> Items<V> {
        let limit = self.0 as usize;
        let found: Vec<T> = from_here.into_iter().take(limit + 1).collect();
        let shown = &found[..found.len().min(limit)];
        let next = shown.last().filter(|_| found.len() > limit).map(place);
        Items { items: shown.iter().map(view).collect(), next }
    }
}

/// A place in a list, as it was given.
pub(super) fn mark(text: Option<&str>) -> Result<Option<Mark>, Fault> {
    let malformed = |_: NoMark| Fault::Malformed(NO_PLACE.to_owned());
    text.map(|text| text.parse().map_err(malformed)).transpose()
}

/// The id of the last thing before a page, as it was given.
pub(super) fn after_id(text: Option<&str>) -> Result<Option<&str>, Fault> {
    let id = |text: &str| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
        (1..=64).contains(&text.len()) && text.bytes().all(plain)
    };
    match text {
        Some(text) if !id(text) => Err(Fault::Malformed(NO_PLACE.to_owned())),
        text => Ok(text),
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
