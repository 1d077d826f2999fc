//! How the fake takes requests and plays its tricks.

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
    /// The id or handle in its path, where there is one.
    pub id: String,
    pub query: HashMap<String, String>,
    pub token: Option<String>,
    pub body: Value,
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let Some((asked, recorded)) = take_apart(request).await else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let trick = {
        let mut town = shared.town();
        *town.asked.entry(asked.ask).or_default() += 1;
        town.requests.push(recorded);
        next_trick(&mut town, asked.ask)
    };
    let mut answer = match trick {
        Some(Trick::LateBefore) => {
            // A task of its own: the work goes on when the asker has hung up.
            let parked = Parked::new(&shared);
            tokio::spawn(async move {
                parked.until_released().await;
                let answer = respond(&mut parked.0.town(), &asked, None);
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
    };
    let date = {
        let town = shared.town();
        let zone = jiff::tz::TimeZone::UTC;
        town.now.plus(town.skew).in_zone(&zone).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    };
    answer.headers_mut().entry("date").or_insert(date.parse().expect("a header"));
    answer
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

/// A problem as X writes it.
pub(super) fn problem(status: u16, end: &str, detail: &str) -> Response {
    let kind = match end {
        "about:blank" => end.to_owned(),
        end => format!("https://api.twitter.com/2/problems/{end}"),
    };
    let body = json!({ "title": "Problem", "detail": detail, "type": kind, "status": status });
    (code(status), [("content-type", "application/problem+json")], body.to_string()).into_response()
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).expect("a status")
}

fn play(shared: &Arc<Shared>, asked: &Asked, trick: Option<Trick>) -> Response {
    let mut town = shared.town();
    match trick {
        None | Some(Trick::LateBefore | Trick::LateAfter) => respond(&mut town, asked, None),
        Some(trick @ (Trick::NoId | Trick::OtherPost | Trick::WithErrors | Trick::OnlyErrors)) => {
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
        Some(Trick::ErrorBefore(status)) => problem(status, "about:blank", "not done"),
        Some(Trick::ErrorAfter(status)) => {
            let _done = respond(&mut town, asked, None);
            problem(status, "about:blank", "done, but who knows")
        }
        Some(Trick::RateLimited(headers)) => {
            let mut answer = problem(429, "rate-limit-exceeded", "Too Many Requests");
            for (name, value) in headers {
                answer.headers_mut().insert(name, value.parse().expect("a header"));
            }
            answer
        }
        Some(Trick::UsageCapped(period)) => {
            let body = json!({
                "account_id": 1_900_000_000_000_000_000_u64,
                "product_name": "standard-basic",
                "title": "UsageCapExceeded",
                "period": period,
                "scope": "Product",
                "detail": format!("Usage cap exceeded: {period} product cap"),
                "type": "https://api.twitter.com/2/problems/usage-capped",
            });
            // The minute's own limit is not what is used up, and says so.
            let headers =
                [("x-rate-limit-remaining", "39999"), ("x-rate-limit-reset", "1795500300")];
            (StatusCode::TOO_MANY_REQUESTS, headers, axum::Json(body)).into_response()
        }
        Some(Trick::Problem(status, end, detail)) => problem(status, end, detail),
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
            (StatusCode::CREATED, "{\"data\":{\"id\":\"19000000000").into_response()
        }
        Some(Trick::Redirect(status)) => {
            (code(status), [("location", "/trap")], "elsewhere").into_response()
        }
        Some(Trick::Unauthorized) => {
            let detail = format!("The token {} is not good", town.token);
            problem(401, "about:blank", &detail)
        }
        Some(Trick::Echo) => {
            let detail = format!("{} asked for it", town.token);
            problem(400, "invalid-request", &detail)
        }
        Some(Trick::TokenEnds) => {
            town.next_token();
            problem(401, "about:blank", "Unauthorized")
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

/// The request, and its first line and body as they came; `None`: its body broke off, so that no server could act on it.
async fn take_apart(request: Request) -> Option<(Asked, (String, String))> {
    let (parts, body) = request.into_parts();
    let header = |name: &str| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
    let address = reqwest::Url::parse(&format!("http://fake{}", parts.uri)).expect("an address");
    let path: Vec<String> =
        address.path_segments().into_iter().flatten().map(str::to_owned).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let (ask, id) = match (&parts.method, path.as_slice()) {
        (&Method::POST, ["2", "tweets"]) => (Ask::Post, ""),
        (&Method::GET, ["2", "tweets"]) => (Ask::Counts, ""),
        (&Method::GET, ["2", "tweets", "search", "recent"]) => (Ask::Search, ""),
        (&Method::DELETE, ["2", "tweets", id]) => (Ask::Delete, *id),
        (&Method::GET, ["2", "tweets", id]) => (Ask::Status, *id),
        (&Method::GET, ["2", "tweets", id, "quote_tweets"]) => (Ask::Quotes, *id),
        (&Method::GET, ["2", "tweets", id, "liking_users"]) => (Ask::Likes, *id),
        (&Method::GET, ["2", "tweets", id, "retweeted_by"]) => (Ask::Reposts, *id),
        (&Method::GET, ["2", "users", "me"]) => (Ask::Me, ""),
        (&Method::GET, ["2", "users", id, "tweets"]) => (Ask::Timeline, *id),
        (&Method::GET, ["2", "users", id, "mentions"]) => (Ask::Mentions, *id),
        (&Method::GET, ["2", "users", "by", "username", handle]) => (Ask::User, *handle),
        (_, ["trap"]) => (Ask::Trap, ""),
        _ => (Ask::Other, ""),
    };
    let bytes = axum::body::to_bytes(body, 1 << 20).await.ok()?;
    let asked = Asked {
        ask,
        id: id.to_owned(),
        query: address.query_pairs().into_owned().collect(),
        token: header("authorization").and_then(|h| Some(h.strip_prefix("Bearer ")?.to_owned())),
        body: serde_json::from_slice(&bytes).unwrap_or_default(),
    };
    let line = format!("{} {}", parts.method, parts.uri);
    Some((asked, (line, String::from_utf8_lossy(&bytes).into_owned())))
}
