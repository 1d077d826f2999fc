//! How every hostile server takes a request, and how it plays a trick.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use tokio::sync::watch;

use super::{Asked, Server, Shared, TRAP, Trick};

/// Takes a request, plays what is planned for it, and answers.
pub(super) async fn answer<S: Server>(
    State(shared): State<Arc<Shared<S>>>,
    request: Request,
) -> Response {
    let Some((asked, recorded)) = take_apart::<S>(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let trick = shared.book().came(asked.ask, recorded);
    let mut answer = match trick {
        Some(Trick::LateBefore) => {
            // A task of its own: the work goes on when the asker has hung up.
            let parked = Parked::new(&shared);
            tokio::spawn(async move {
                parked.until_released().await;
                let answer = parked.0.state().respond(&asked, None);
                drop(parked);
                answer
            })
            .await
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        Some(Trick::LateAfter) => {
            let answer = shared.state().respond(&asked, None);
            Parked::new(&shared).until_released().await;
            answer
        }
        trick => play(&shared, &asked, trick),
    };
    shared.state().stamp(&mut answer);
    answer
}

/// `None`: its body broke off, so that no server could act on it.
async fn take_apart<S: Server>(request: Request) -> Option<(Asked<S::Ask>, (String, String))> {
    let (parts, body) = request.into_parts();
    let bytes = axum::body::to_bytes(body, 1 << 20).await.ok()?;
    let address = reqwest::Url::parse(&format!("http://fake{}", parts.uri)).expect("an address");
    let path: Vec<&str> = address.path_segments().into_iter().flatten().collect();
    let (ask, id) = S::route(&parts.method, &path);
    let token = parts.headers.get("authorization").and_then(|header| header.to_str().ok());
    let asked = Asked {
        ask,
        id: id.to_owned(),
        path: address.path().to_owned(),
        query: address.query_pairs().into_owned().collect(),
        token: token.and_then(|token| Some(token.strip_prefix("Bearer ")?.to_owned())),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        bytes,
        headers: parts.headers,
    };
    let line = format!("{} {}", parts.method, parts.uri);
    let body = String::from_utf8_lossy(&asked.bytes).into_owned();
    Some((asked, (line, body)))
}

/// Counts as parked while it lives.
struct Parked<S: Server>(Arc<Shared<S>>, watch::Receiver<u64>);

impl<S: Server> Parked<S> {
    fn new(shared: &Arc<Shared<S>>) -> Self {
        let releases = shared.releases.subscribe();
        shared.parked.send_modify(|count| *count += 1);
        Self(Arc::clone(shared), releases)
    }

    async fn until_released(&self) {
        let mut releases = self.1.clone();
        let _closed = releases.changed().await;
    }
}

impl<S: Server> Drop for Parked<S> {
    fn drop(&mut self) {
        self.0.parked.send_modify(|count| *count -= 1);
    }
}

/// Every trick but those that wait.
fn play<S: Server>(
    shared: &Arc<Shared<S>>,
    asked: &Asked<S::Ask>,
    trick: Option<Trick<S::Quirk>>,
) -> Response {
    let respond = |quirk: Option<&S::Quirk>| shared.state().respond(asked, quirk);
    let Some(trick) = trick else { return respond(None) };
    let done_first = matches!(
        trick,
        Trick::DropAfter
            | Trick::ErrorAfter(_)
            | Trick::HugeBody
            | Trick::EndlessBody
            | Trick::Truncated
    );
    if done_first {
        let _done = respond(None);
    }
    match trick {
        Trick::LateBefore | Trick::LateAfter => unreachable!("they wait"),
        Trick::Quirk(quirk) => {
            let refusal = shared.state().refuse(asked, &quirk);
            refusal.unwrap_or_else(|| respond(Some(&quirk)))
        }
        Trick::DropBefore | Trick::DropAfter => drop_connection(),
        Trick::ErrorBefore(status) => S::error(code(status), "not done"),
        Trick::ErrorAfter(status) => S::error(code(status), "done, but who knows"),
        Trick::RateLimited(headers) => {
            let mut answer = S::throttled();
            for (name, value) in headers {
                answer.headers_mut().insert(name, value.parse().expect("a header"));
            }
            answer
        }
        Trick::Html(status) => html(code(status)),
        Trick::HugeBody => vec![b' '; 8 << 20].into_response(),
        Trick::EndlessBody => endless(Parked::new(shared)),
        Trick::Truncated => S::BROKEN_OFF.into_response(),
        Trick::Redirect(status) => {
            (code(status), [("location", TRAP)], "elsewhere").into_response()
        }
    }
}

pub fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

/// A page where JSON was expected.
pub fn html(status: StatusCode) -> Response {
    let page = "<!doctype html><html><body><h1>Oh no</h1></body></html>";
    (status, [("content-type", "text/html")], page).into_response()
}

/// Spaces until the asker drops the socket, and parked with it.
fn endless<S: Server>(parked: Parked<S>) -> Response {
    let spaces = Bytes::from_static(&[b' '; 4096]);
    let forever = futures::stream::repeat_with(move || {
        let _until_the_socket_is_dropped = &parked;
        Ok::<_, Infallible>(spaces.clone())
    });
    Body::from_stream(forever).into_response()
}

/// Unwinds the connection's own task, without the noise of a panic: not one byte is answered.
pub fn drop_connection() -> Response {
    std::panic::resume_unwind(Box::new("the fake drops the connection"))
}
