//! The skeleton of every hostile server: a loopback port of its own, a count of what it was asked, and
//! the tricks that any server can play. What makes one of them Mastodon and another one X is its
//! [`Server`]: which request is which, and what it answers when nobody plays a trick.
//!
//! ```ignore
//! let fake = FakeMastodon::start().await;
//! fake.hostile(Trick::ErrorAfter(504));          // the next post is made, and answered with 504
//! // … send …
//! assert_eq!(fake.posts().len(), 1);
//! ```

mod answering;
mod social;

use std::{
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};
use tokio_util::sync::CancellationToken;

use super::secrets;

pub use self::{
    answering::{code, drop_connection, html},
    social::{Social, any_server_may, fit_for_a_log},
};

/// Where a redirect points to: nobody must ever ask for it.
const TRAP: &str = "/trap";

/// One way of being hostile. `Q`: the ways that one platform's server alone has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trick<Q> {
    /// Take the request and drop the connection; nothing was done.
    DropBefore,
    /// Do it, and drop the connection.
    DropAfter,
    /// Do nothing and answer with this status.
    ErrorBefore(u16),
    /// Do it and answer with this status.
    ErrorAfter(u16),
    /// Park until [`Hostile::release`], then do it, even when the asker has gone.
    LateBefore,
    /// Do it, then park until [`Hostile::release`].
    LateAfter,
    /// 429 with these headers; nothing was done.
    RateLimited(Vec<(&'static str, String)>),
    /// A page of HTML with this status; nothing was done.
    Html(u16),
    /// Do it, and answer with eight megabytes.
    HugeBody,
    /// Do it, and never stop answering; it counts as parked until the asker drops the socket.
    EndlessBody,
    /// Do it, and break the JSON off in the middle.
    Truncated,
    /// Redirect with this status to [`TRAP`]; nothing was done.
    Redirect(u16),
    /// What [`Server::respond`] does otherwise.
    Quirk(Q),
}

impl<Q> From<Q> for Trick<Q> {
    fn from(quirk: Q) -> Self {
        Self::Quirk(quirk)
    }
}

/// A request, taken apart.
pub struct Asked<A> {
    pub ask: A,
    /// The id or handle in its path, where there is one.
    pub id: String,
    pub path: String,
    pub query: HashMap<String, String>,
    /// Its bearer token.
    pub token: Option<String>,
    /// Its body as JSON; null where it is none.
    pub body: Value,
    pub bytes: Bytes,
    headers: HeaderMap,
}

impl<A> Asked<A> {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A parameter of the query.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The fields of a form.
    pub fn form(&self) -> HashMap<String, String> {
        form_urlencoded::parse(&self.bytes).into_owned().collect()
    }
}

/// What one server remembers, and how it answers.
pub trait Server: Send + 'static {
    /// What a request is about; tricks are set for one of these.
    type Ask: Debug + Copy + Eq + Hash + Send + Sync + 'static;
    /// The ways of being hostile that it alone has.
    type Quirk: Debug + Clone + Send + Sync + 'static;

    /// The requests that [`Hostile::hostile`] plays on.
    const MAIN: Self::Ask;

    /// Its answer to those as [`Trick::Truncated`] leaves it.
    const BROKEN_OFF: (StatusCode, &'static str);

    /// What a request is about, and the id in its path.
    fn route<'a>(method: &Method, path: &[&'a str]) -> (Self::Ask, &'a str);

    /// Its answer to a quirk that does nothing but refuse.
    fn refuse(&mut self, _asked: &Asked<Self::Ask>, _quirk: &Self::Quirk) -> Option<Response> {
        None
    }

    /// Does what it is asked for, but for the quirk.
    fn respond(&mut self, asked: &Asked<Self::Ask>, quirk: Option<&Self::Quirk>) -> Response;

    /// A failure as it writes it.
    fn error(status: StatusCode, words: &str) -> Response;

    /// What it says to who asks too often.
    fn throttled() -> Response {
        Self::error(StatusCode::TOO_MANY_REQUESTS, "Too many requests")
    }

    /// What every answer bears.
    fn stamp(&self, _answer: &mut Response) {}
}

/// What came, and what is to be played.
struct Book<S: Server> {
    asked: HashMap<S::Ask, usize>,
    /// Every request's first line and body, in the order they came.
    requests: Vec<(String, String)>,
    plans: Vec<Plan<S>>,
}

/// A trick that is to be played.
struct Plan<S: Server> {
    on: S::Ask,
    /// How often still; `None`: always.
    left: Option<u32>,
    trick: Trick<S::Quirk>,
}

impl<S: Server> Book<S> {
    /// Counts a request, and takes the trick that is played on it.
    fn came(&mut self, ask: S::Ask, request: (String, String)) -> Option<Trick<S::Quirk>> {
        *self.asked.entry(ask).or_default() += 1;
        self.requests.push(request);
        let at = self.plans.iter().position(|plan| plan.on == ask)?;
        let plan = &mut self.plans[at];
        let trick = plan.trick.clone();
        if let Some(left) = &mut plan.left {
            *left -= 1;
            if *left == 0 {
                self.plans.remove(at);
            }
        }
        Some(trick)
    }
}

struct Shared<S: Server> {
    state: Mutex<S>,
    book: Mutex<Book<S>>,
    /// Counts the releases.
    releases: watch::Sender<u64>,
    /// How many requests are parked.
    parked: watch::Sender<usize>,
}

impl<S: Server> Shared<S> {
    fn state(&self) -> MutexGuard<'_, S> {
        self.state.lock().expect("no handler panics while it holds the state")
    }

    fn book(&self) -> MutexGuard<'_, Book<S>> {
        self.book.lock().expect("nothing panics while it holds the book")
    }
}

/// A port that is served while this lives.
struct Open(CancellationToken);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// The server; it ends when the last of its clones is dropped.
pub struct Hostile<S: Server> {
    /// `http://127.0.0.1:PORT`.
    pub base_url: String,
    shared: Arc<Shared<S>>,
    open: Arc<Open>,
}

impl<S: Server> Clone for Hostile<S> {
    fn clone(&self) -> Self {
        let (shared, open) = (Arc::clone(&self.shared), Arc::clone(&self.open));
        Self { base_url: self.base_url.clone(), shared, open }
    }
}

impl<S: Server> Hostile<S> {
    /// Opens a port for the server that is made for its address.
    pub async fn open(server: impl FnOnce(&str) -> S) -> Self {
        secrets::listen();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let book = Book { asked: HashMap::new(), requests: Vec::new(), plans: Vec::new() };
        let shared = Arc::new(Shared {
            state: Mutex::new(server(&base_url)),
            book: Mutex::new(book),
            releases: watch::Sender::new(0),
            parked: watch::Sender::new(0),
        });
        let app = Router::new().fallback(answering::answer::<S>).with_state(Arc::clone(&shared));
        let open = CancellationToken::new();
        let end = open.clone().cancelled_owned();
        tokio::spawn(async move {
            let serving = axum::serve(listener, app).with_graceful_shutdown(end);
            serving.await.expect("the listener lives as long as the test");
        });
        Self { base_url, shared, open: Arc::new(Open(open)) }
    }

    /// What the server remembers.
    pub fn state(&self) -> MutexGuard<'_, S> {
        self.shared.state()
    }

    /// It answers nobody any more.
    pub fn goes_away(&self) {
        self.open.0.cancel();
    }

    /// Plays the trick on the next request of the main kind.
    pub fn hostile(&self, trick: impl Into<Trick<S::Quirk>>) {
        self.hostile_on(S::MAIN, 1, trick);
    }

    /// Plays the trick on the next `times` requests of a kind.
    pub fn hostile_on(&self, ask: S::Ask, times: u32, trick: impl Into<Trick<S::Quirk>>) {
        let (left, trick) = (Some(times), trick.into());
        self.shared.book().plans.push(Plan { on: ask, left, trick });
    }

    /// Plays the trick until [`Hostile::calm`].
    pub fn always(&self, ask: S::Ask, trick: impl Into<Trick<S::Quirk>>) {
        self.shared.book().plans.push(Plan { on: ask, left: None, trick: trick.into() });
    }

    /// Ends every trick.
    pub fn calm(&self) {
        self.shared.book().plans.clear();
    }

    /// Waits until a request is parked.
    pub async fn somebody_is_parked(&self) {
        let mut parked = self.shared.parked.subscribe();
        parked.wait_for(|count| *count > 0).await.expect("the server lives");
    }

    /// Lets every parked request go on, and waits until each has been done.
    pub async fn release(&self) {
        self.shared.releases.send_modify(|count| *count += 1);
        let mut parked = self.shared.parked.subscribe();
        parked.wait_for(|count| *count == 0).await.expect("the server lives");
    }

    /// How many requests of a kind have come.
    pub fn asked(&self, ask: S::Ask) -> usize {
        self.shared.book().asked.get(&ask).copied().unwrap_or(0)
    }

    /// How many followed a redirect: none ever must.
    pub fn trapped(&self) -> usize {
        self.requests().iter().filter(|line| line.ends_with(TRAP)).count()
    }

    /// Every request so far, as `METHOD /path?query`.
    pub fn requests(&self) -> Vec<String> {
        self.recorded().into_iter().map(|(line, _body)| line).collect()
    }

    /// The same with their bodies.
    pub fn recorded(&self) -> Vec<(String, String)> {
        self.shared.book().requests.clone()
    }
}
