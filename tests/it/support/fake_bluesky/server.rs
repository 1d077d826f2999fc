//! The fake's way with requests: what each is about, and the tricks.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

use super::{Ask, Shared, Town, Trick, answers::respond};

pub(super) fn serve(listener: TcpListener, shared: Arc<Shared>) -> JoinHandle<()> {
    let app = Router::new().fallback(answer).with_state(shared);
    tokio::spawn(async move {
        axum::serve(listener, app).await.expect("the listener lives as long as the test");
    })
}

/// A request, taken apart.
pub(super) struct Asked {
    pub ask: Ask,
    pub query: HashMap<String, String>,
    pub token: Option<String>,
    pub body: Value,
    pub kind: Option<String>,
    pub bytes: Vec<u8>,
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some(asked) = take_apart(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let trick = {
        let mut town = shared.town();
        *town.asked.entry(asked.ask).or_default() += 1;
        next_trick(&mut town, asked.ask)
    };
    match trick {
        Some(Trick::LateBefore) => {
            // A task of its own: the work goes on when the asker has hung up.
            let parked = Parked::new(&shared);
            tokio::spawn(async move {
                parked.until_released().await;
                let answer = respond(&mut shared.town(), &asked, None);
                drop(parked);
                answer
            })
            .await
            .unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
        }
        Some(Trick::LateAfter) => {
            let answer = respond(&mut shared.town(), &asked, None);
            Parked::new(&shared).until_released().await;
            answer
        }
        trick => play(&shared, &asked, trick),
    }
}

/// Counts as parked while it lives.
struct Parked(Arc<Shared>, tokio::sync::watch::Receiver<u64>);

impl Parked {
    fn new(shared: &Arc<Shared>) -> Self {
        let releases = shared.releases.subscribe();
        shared.parked.send_modify(|count| *count += 1);
        Self(Arc::clone(shared), releases)
    }

    async fn until_released(&self) {
        let mut releases = self.1.clone();
        let _closed = releases.changed().await;
    }
}

impl Drop for Parked {
    fn drop(&mut self) {
        self.0.parked.send_modify(|count| *count -= 1);
    }
}

/// A refusal as the API writes it.
pub(super) fn error(status: u16, name: &str, message: &str) -> Response {
    (code(status), axum::Json(json!({ "error": name, "message": message }))).into_response()
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

fn play(shared: &Arc<Shared>, asked: &Asked, trick: Option<Trick>) -> Response {
    let mut town = shared.town();
    match trick {
        None | Some(Trick::LateBefore | Trick::LateAfter) => respond(&mut town, asked, None),
        Some(trick @ (Trick::NoUri | Trick::OtherUri | Trick::OtherText(_) | Trick::OtherBlob)) => {
            respond(&mut town, asked, Some(&trick))
        }
        Some(Trick::DropBefore) => {
            drop(town);
            drop_connection()
        }
        Some(Trick::DropAfter) => {
            let _done = respond(&mut town, asked, None);
            drop(town);
            drop_connection()
        }
        Some(Trick::ErrorBefore(status)) => error(status, "InternalServerError", "not done"),
        Some(Trick::ErrorAfter(status)) => {
            let _done = respond(&mut town, asked, None);
            error(status, "InternalServerError", "done, but who knows")
        }
        Some(Trick::RateLimited(headers)) => {
            let mut answer = error(429, "RateLimitExceeded", "Rate Limit Exceeded");
            for (name, value) in headers {
                answer.headers_mut().insert(name, value.parse().expect("a header"));
            }
            answer
        }
        Some(Trick::Html(status)) => {
            let page = "<!doctype html><html><body><h1>Oh no</h1></body></html>";
            (code(status), [("content-type", "text/html")], page).into_response()
        }
        Some(Trick::HugeBody) => {
            let _done = respond(&mut town, asked, None);
            vec![b' '; 8 << 20].into_response()
        }
        Some(Trick::EndlessBody) => {
            let _done = respond(&mut town, asked, None);
            let spaces = Bytes::from_static(&[b' '; 4096]);
            let parked = Parked::new(shared);
            let forever = futures::stream::repeat_with(move || {
                let _until_the_socket_is_dropped = &parked;
                Ok::<_, std::convert::Infallible>(spaces.clone())
            });
            Body::from_stream(forever).into_response()
        }
        Some(Trick::Truncated) => {
            let _done = respond(&mut town, asked, None);
            "{\"uri\":\"at://did:plc:th".into_response()
        }
        Some(Trick::Redirect(status)) => {
            (code(status), [("location", "/trap")], "elsewhere").into_response()
        }
        Some(Trick::Refuse(status, name)) => {
            let token = asked.token.as_deref().unwrap_or(&town.password);
            let words = format!("no, {token}\u{7}\u{202e}<b>\n{}", "!".repeat(2_000));
            error(status, name, &words)
        }
    }
}

/// Unwinds the connection's own task, without the noise of a panic: not one byte is answered.
fn drop_connection() -> Response {
    std::panic::resume_unwind(Box::new("the fake drops the connection"))
}

fn next_trick(town: &mut Town, ask: Ask) -> Option<Trick> {
    let at = town.tricks.iter().position(|(on, ..)| *on == ask)?;
    let (_, left, trick) = &mut town.tricks[at];
    let trick = trick.clone();
    if let Some(left) = left {
        *left -= 1;
        if *left == 0 {
            town.tricks.remove(at);
        }
    }
    Some(trick)
}

/// `None`: its body broke off, so that no server could act on it.
async fn take_apart(request: Request) -> Option<Asked> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let address = reqwest::Url::parse(&format!("http://fake{}", parts.uri)).expect("an address");
    let posts = parts.method == Method::POST;
    let ask = match (posts, address.path().trim_start_matches("/xrpc/")) {
        (true, "com.atproto.repo.putRecord") => Ask::Put,
        (true, "com.atproto.repo.uploadBlob") => Ask::Upload,
        (true, "com.atproto.repo.deleteRecord") => Ask::Delete,
        (false, "com.atproto.repo.getRecord") => Ask::GetRecord,
        (false, "com.atproto.repo.listRecords") => Ask::ListRecords,
        (true, "com.atproto.server.createSession") => Ask::Login,
        (true, "com.atproto.server.refreshSession") => Ask::Refresh,
        (true, "com.atproto.server.deleteSession") => Ask::EndSession,
        (false, "com.atproto.server.getSession") => Ask::Session,
        (false, "com.atproto.identity.resolveHandle") => Ask::ResolveHandle,
        (false, "app.bsky.actor.getProfile") => Ask::Profile,
        (false, "app.bsky.feed.getPostThread") => Ask::Thread,
        (false, "app.bsky.feed.getLikes") => Ask::Likes,
        (false, "app.bsky.feed.getRepostedBy") => Ask::RepostedBy,
        (false, "app.bsky.feed.getQuotes") => Ask::Quotes,
        (false, "app.bsky.notification.listNotifications") => Ask::Notifications,
        (_, "/trap") => Ask::Trap,
        _ => Ask::Other,
    };
    let bytes = axum::body::to_bytes(body, 1 << 20).await.ok()?;
    Some(Asked {
        ask,
        query: address.query_pairs().into_owned().collect(),
        token: header("authorization").and_then(|h| Some(h.strip_prefix("Bearer ")?.to_owned())),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
        kind: header("content-type"),
        bytes: bytes.to_vec(),
    })
}
