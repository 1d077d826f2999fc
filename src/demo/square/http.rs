//! The square's door: a small JSON API and the pages that a person opens. It is meant for a
//! loopback address: whoever can reach it can read everything that is said there.

use std::{future::Future, sync::Arc};

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, FromRequestParts, Path, Query, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::{delete, get, post},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::ExposeSecret;
use serde::Deserialize;

use super::{Denied, MAX_LENGTH, Square, page};
use crate::{
    destinations::sandbox::api::{
        AccountBody, ErrorBody, HeardBody, KEY_HEADER, LimitsBody, NewPost, Page, PostBody,
    },
    domain::time::Timestamp,
};

type Shared = State<Arc<Square>>;

/// Serves the square until `stop` resolves.
///
/// # Errors
/// The listener failed.
pub async fn serve(
    square: Arc<Square>,
    listener: tokio::net::TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    axum::serve(listener, router(square)).with_graceful_shutdown(stop).await
}

/// Every address of the square.
pub fn router(square: Arc<Square>) -> Router {
    let api = Router::new()
        .route("/posts", post(create))
        .route("/posts/{id}", delete(remove))
        .route("/posts/{id}/thread", get(thread))
        .route("/me", get(me))
        .route("/me/posts", get(own_posts))
        .route("/me/notifications", get(notifications))
        .route("/me/token", delete(end_token))
        .route("/accounts/{handle}", get(account))
        .route("/limits", get(limits))
        .layer(DefaultBodyLimit::max(512 * 1024));
    Router::new()
        .nest("/api", api)
        .route("/", get(front))
        .route("/accounts", get(everyone))
        .route("/pictures/{id}", get(picture))
        .route("/{handle}", get(profile))
        .route("/{handle}/{id}", get(permalink))
        .route("/square.css", get(|| asset("text/css", page::STYLE.as_bytes())))
        .route("/square.js", get(|| asset("text/javascript", page::SCRIPT.as_bytes())))
        .route("/noto-sans-devanagari.woff2", get(|| asset("font/woff2", page::LETTERS)))
        .fallback(|| async { fail(StatusCode::NOT_FOUND, "there is nothing at this address") })
        .with_state(square)
}

async fn asset(kind: &'static str, bytes: &'static [u8]) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "no-cache")], bytes)
}

fn fail(status: StatusCode, error: impl ToString) -> Response {
    (status, Json(ErrorBody { error: error.to_string() })).into_response()
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let status = match self {
            Self::Length(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::KeyTaken => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::NoSuchPost => StatusCode::NOT_FOUND,
        };
        fail(status, self)
    }
}

/// Proof that the caller holds the unit's token.
struct Ours;

impl FromRequestParts<Arc<Square>> for Ours {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        square: &Arc<Square>,
    ) -> Result<Self, Self::Rejection> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = given.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
        let ended = square.read(|state| state.token_ended);
        if ended || token.is_empty() || token != square.token.expose_secret() {
            let error = "this takes the token of the unit's account";
            return Err(fail(StatusCode::UNAUTHORIZED, error));
        }
        Ok(Self)
    }
}

async fn create(
    State(square): Shared,
    _: Ours,
    headers: HeaderMap,
    Json(new): Json<NewPost>,
) -> Response {
    let key = headers.get(KEY_HEADER).and_then(|key| key.to_str().ok()).unwrap_or_default();
    if key.is_empty() || key.len() > 100 {
        let error = "a post needs an Idempotency-Key of 1 to 100 characters";
        return fail(StatusCode::BAD_REQUEST, error);
    }
    match square.post(key, &new.text, new.spoiler) {
        Ok(post) => {
            if let Some(picture) = new.picture {
                square.show_picture(post.id, picture);
            }
            Json(square.post_body(&post)).into_response()
        }
        Err(denied) => denied.into_response(),
    }
}

async fn picture(State(square): Shared, Path(id): Path<u64>) -> Response {
    let png = square.read(|state| {
        let picture = state.posts.get(&id)?.picture.as_ref()?;
        STANDARD.decode(&picture.png).ok()
    });
    match png {
        Some(png) => {
            let headers =
                [(header::CONTENT_TYPE, "image/png"), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
            (headers, png).into_response()
        }
        None => fail(StatusCode::NOT_FOUND, "this post has no picture"),
    }
}

async fn remove(State(square): Shared, _: Ours, Path(id): Path<u64>) -> Response {
    match square.delete(id) {
        Ok(post) => Json(square.post_body(&post)).into_response(),
        Err(denied) => denied.into_response(),
    }
}

async fn thread(State(square): Shared, Path(id): Path<u64>) -> Response {
    match square.thread(id) {
        Some(thread) => Json(thread).into_response(),
        None => Denied::NoSuchPost.into_response(),
    }
}

async fn me(State(square): Shared, _: Ours) -> Json<AccountBody> {
    Json(square.me())
}

#[derive(Debug, Deserialize)]
struct OwnQuery {
    since: i64,
    before: Option<u64>,
}

async fn own_posts(
    State(square): Shared,
    _: Ours,
    Query(query): Query<OwnQuery>,
) -> Json<Page<PostBody>> {
    Json(square.own_posts(Timestamp::from_micros(query.since), query.before))
}

#[derive(Debug, Deserialize)]
struct NoticeQuery {
    since: Option<usize>,
}

async fn notifications(
    State(square): Shared,
    _: Ours,
    Query(query): Query<NoticeQuery>,
) -> Json<Page<HeardBody>> {
    Json(square.notices(query.since.unwrap_or(0)))
}

async fn end_token(State(square): Shared, _: Ours) -> StatusCode {
    square.end_token();
    StatusCode::NO_CONTENT
}

async fn account(State(square): Shared, Path(handle): Path<String>) -> Response {
    match square.account(&handle) {
        Some(account) => Json(account).into_response(),
        None => fail(StatusCode::NOT_FOUND, "nobody has this handle"),
    }
}

async fn limits() -> Json<LimitsBody> {
    Json(LimitsBody { max_length: u32::try_from(MAX_LENGTH).unwrap_or(u32::MAX) })
}

#[derive(Debug, Default, Deserialize)]
struct FrontQuery {
    before: Option<u64>,
}

async fn front(State(square): Shared, Query(query): Query<FrontQuery>) -> Response {
    show(page::front(&square, query.before))
}

async fn everyone(State(square): Shared) -> Response {
    show(page::everyone(&square))
}

async fn profile(
    State(square): Shared,
    Path(handle): Path<String>,
    Query(query): Query<FrontQuery>,
) -> Response {
    let handle = handle.strip_prefix('@').unwrap_or_default();
    show(page::profile(&square, handle, query.before))
}

async fn permalink(State(square): Shared, Path((handle, id)): Path<(String, u64)>) -> Response {
    let handle = handle.strip_prefix('@').unwrap_or_default();
    show(page::permalink(&square, handle, id))
}

/// A page, or *nothing here*. The policy lets in no script, style or image but our own, so that
/// even a mistake in escaping would run nothing.
fn show(page: anyhow::Result<Option<String>>) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                          font-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
                          frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    match page {
        Ok(Some(html)) => (headers, Html(html)).into_response(),
        Ok(None) => fail(StatusCode::NOT_FOUND, "there is nothing at this address"),
        Err(error) => {
            tracing::error!(%error, "the town square could not draw a page");
            fail(StatusCode::INTERNAL_SERVER_ERROR, "the page could not be drawn; see the log")
        }
    }
}
