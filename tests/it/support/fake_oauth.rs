//! A stateful OAuth 2.0 server as strict as X's: PKCE, refresh tokens good for one renewal, the
//! whole family revoked when one is used twice. It can be hostile.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;

use super::secrets;

/// What the token endpoint does instead of answering well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trick {
    /// Renews, and breaks the connection off.
    DropAfter,
    /// Renews, and answers 500.
    FailAfter,
    /// Renews, and answers 200 with a page.
    PageAfter,
    /// Renews, and redirects.
    RedirectAfter,
    /// Renews, and answers when the story lets it.
    LateAfter,
    /// Does nothing before the story lets it.
    LateBefore,
    /// Answers 429.
    Throttle,
    /// Something on the way answers 403 with a page.
    Wall,
    /// Says what X says of a used token.
    LikeX,
    /// Says that it does not know the client.
    WrongClient,
}

#[derive(Default)]
struct Family {
    owner: (String, String),
    revoked: bool,
    renewals: u32,
}

#[derive(Default)]
struct Server {
    families: BTreeMap<u32, Family>,
    /// Code → (family, challenge).
    codes: BTreeMap<String, (u32, String)>,
    /// Refresh token → (family, used).
    refresh: BTreeMap<String, (u32, bool)>,
    access: BTreeMap<String, u32>,
    signed_in: (String, String),
    tricks: VecDeque<Trick>,
    asked: u32,
    reused: u32,
    next: u32,
    lives: u32,
    will_not_revoke: bool,
}

struct Shared {
    server: Mutex<Server>,
    /// How many requests wait for the story, and how often it let them go.
    parked: watch::Sender<u32>,
    released: watch::Sender<u32>,
}

#[derive(Clone)]
pub struct FakeOAuth {
    pub base_url: String,
    shared: Arc<Shared>,
}

type Fields = BTreeMap<String, String>;

impl FakeOAuth {
    pub async fn start() -> Self {
        secrets::listen();
        let shared = Arc::new(Shared {
            server: Mutex::new(Server {
                signed_in: ("77".to_owned(), "unit".to_owned()),
                lives: 7200,
                ..Server::default()
            }),
            parked: watch::Sender::new(0),
            released: watch::Sender::new(0),
        });
        let app = Router::new()
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/revoke", post(revoke))
            .route("/2/users/me", get(me))
            .with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("bound"));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { base_url, shared }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.shared.server.lock().expect("no story panics in it")
    }

    /// The next requests to the token endpoint meet these, one each.
    pub fn play(&self, tricks: &[Trick]) {
        self.server().tricks.extend(tricks);
    }

    /// Who the browser is signed in as.
    pub fn sign_in(&self, id: &str, handle: &str) {
        self.server().signed_in = (id.to_owned(), handle.to_owned());
    }

    /// Requests to the token endpoint so far.
    pub fn asked(&self) -> u32 {
        self.server().asked
    }

    /// Renewals of all families.
    pub fn renewals(&self) -> u32 {
        self.server().families.values().map(|family| family.renewals).sum()
    }

    /// How often a refresh token was used twice.
    pub fn reused(&self) -> u32 {
        self.server().reused
    }

    /// Families that still stand.
    pub fn standing(&self) -> usize {
        self.server().families.values().filter(|family| !family.revoked).count()
    }

    /// Somebody takes access away by hand.
    pub fn revoke_all(&self) {
        self.server().families.values_mut().for_each(|family| family.revoked = true);
    }

    /// Whether it answers 503 to whoever ends a grant.
    pub fn will_not_revoke(&self, now: bool) {
        self.server().will_not_revoke = now;
    }

    /// Whether requests with this token are answered.
    pub fn takes(&self, token: &str) -> bool {
        self.server().owner(token).is_some()
    }

    /// A grant as a person would get it: access and refresh token.
    pub fn grant(&self) -> (String, String) {
        let mut server = self.server();
        let family = server.family();
        server.issue(family)
    }

    /// Until so many requests wait.
    pub async fn parked(&self, count: u32) {
        let mut parked = self.shared.parked.subscribe();
        parked.wait_for(|waiting| *waiting >= count).await.expect("the server lives");
    }

    /// Lets those that wait go on.
    pub fn release(&self) {
        self.shared.released.send_modify(|times| *times += 1);
    }
}

impl Server {
    fn name(&mut self, what: &str) -> String {
        self.next += 1;
        format!("{}-{:04}", secrets::plant(what), self.next)
    }

    fn family(&mut self) -> u32 {
        self.next += 1;
        let owner = self.signed_in.clone();
        self.families.insert(self.next, Family { owner, ..Family::default() });
        self.next
    }

    fn issue(&mut self, family: u32) -> (String, String) {
        let (access, refresh) = (self.name("access"), self.name("refresh"));
        self.access.insert(access.clone(), family);
        self.refresh.insert(refresh.clone(), (family, false));
        (access, refresh)
    }

    fn owner(&self, access: &str) -> Option<(String, String)> {
        let family = self.families.get(self.access.get(access)?)?;
        (!family.revoked).then(|| family.owner.clone())
    }

    /// What the token endpoint grants.
    fn granted(&mut self, fields: &Fields) -> Result<(String, String), &'static str> {
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        match field("grant_type").as_str() {
            "authorization_code" => {
                let (family, challenge) =
                    self.codes.remove(&field("code")).ok_or("invalid_grant")?;
                let proof = Sha256::digest(field("code_verifier"));
                if BASE64_URL_SAFE_NO_PAD.encode(proof) != challenge {
                    return Err("invalid_grant");
                }
                Ok(self.issue(family))
            }
            "refresh_token" => {
                let token = field("refresh_token");
                let (family, used) = self.refresh.get(&token).copied().ok_or("invalid_grant")?;
                let known = self.families.get_mut(&family).ok_or("invalid_grant")?;
                if used {
                    known.revoked = true;
                    self.reused += 1;
                }
                if known.revoked {
                    return Err("invalid_grant");
                }
                known.renewals += 1;
                self.refresh.insert(token, (family, true));
                Ok(self.issue(family))
            }
            _ => Err("unsupported_grant_type"),
        }
    }
}

async fn authorize(State(shared): State<Arc<Shared>>, Query(asked): Query<Fields>) -> Response {
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    if field("code_challenge_method") != "S256" || field("response_type") != "code" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut server = shared.server.lock().expect("no story panics in it");
    let (family, code) = (server.family(), server.name("code"));
    server.codes.insert(code.clone(), (family, field("code_challenge")));
    let back = format!("{}?state={}&code={code}", field("redirect_uri"), field("state"));
    (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
}

/// A public client names itself; one with a secret proves it, in the way that X asks for.
fn is_client(headers: &HeaderMap, fields: &Fields) -> bool {
    let proof = format!(
        "Basic {}",
        BASE64_STANDARD.encode(format!("takaza-test:{}", secrets::plant("client")))
    );
    match headers.get(header::AUTHORIZATION) {
        Some(given) => given.as_bytes() == proof.as_bytes(),
        None => fields.get("client_id").is_some_and(|id| id == "takaza-test"),
    }
}

async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if !is_client(&headers, &fields) {
        let body = json!({"error": "invalid_client"});
        return (StatusCode::UNAUTHORIZED, Json(body)).into_response();
    }
    let trick = {
        let mut server = shared.server.lock().expect("no story panics in it");
        server.asked += 1;
        server.tricks.pop_front()
    };
    let (status, error) = match trick {
        Some(Trick::Throttle) => (StatusCode::TOO_MANY_REQUESTS, "slow_down"),
        Some(Trick::Wall) => {
            return (StatusCode::FORBIDDEN, "<html>a wall</html>").into_response();
        }
        Some(Trick::WrongClient) => (StatusCode::UNAUTHORIZED, "invalid_client"),
        Some(Trick::LikeX) => (StatusCode::BAD_REQUEST, "invalid_request"),
        _ => (StatusCode::OK, ""),
    };
    if !error.is_empty() {
        // Some servers tell you what you sent them.
        let sent = fields.get("refresh_token").filter(|_| trick == Some(Trick::WrongClient));
        let told =
            format!("Value passed for the token was invalid. {}", sent.unwrap_or(&error.into()));
        let body = json!({"error": error, "error_description": told});
        return (status, Json(body)).into_response();
    }
    if trick == Some(Trick::LateBefore) {
        wait(&shared).await;
    }
    let granted = shared.server.lock().expect("no story panics in it").granted(&fields);
    if trick == Some(Trick::LateAfter) {
        wait(&shared).await;
    }
    let (access, refresh) = match granted {
        Ok(granted) => granted,
        Err(error) => {
            return (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
        }
    };
    let lives = shared.server.lock().expect("no story panics in it").lives;
    let body = json!({"token_type": "bearer", "expires_in": lives, "access_token": access,
                      "refresh_token": refresh, "scope": "tweet.read tweet.write users.read \
                       like.read offline.access"});
    match trick {
        Some(Trick::FailAfter) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(Trick::PageAfter) => "<html>welcome</html>".into_response(),
        Some(Trick::RedirectAfter) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/token")]).into_response()
        }
        Some(Trick::DropAfter) => {
            let broken = futures::stream::iter([
                Ok(body.to_string()[..20].to_owned()),
                Err(std::io::Error::other("broken off")),
            ]);
            Body::from_stream(broken).into_response()
        }
        _ => Json(body).into_response(),
    }
}

async fn wait(shared: &Arc<Shared>) {
    let mut released = shared.released.subscribe();
    shared.parked.send_modify(|waiting| *waiting += 1);
    let _gone = released.changed().await;
    shared.parked.send_modify(|waiting| *waiting -= 1);
}

async fn revoke(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> StatusCode {
    if !is_client(&headers, &fields) {
        return StatusCode::UNAUTHORIZED;
    }
    let mut server = shared.server.lock().expect("no story panics in it");
    if server.will_not_revoke {
        return StatusCode::SERVICE_UNAVAILABLE;
    }
    let token = fields.get("token").cloned().unwrap_or_default();
    let family = server.refresh.get(&token).map(|(family, _)| *family);
    let family = family.or_else(|| server.access.get(&token).copied());
    if let Some(family) = family.and_then(|family| server.families.get_mut(&family)) {
        family.revoked = true;
    }
    StatusCode::OK
}

async fn me(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = bearer.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    match shared.server.lock().expect("no story panics in it").owner(token) {
        Some((id, username)) => {
            Json(json!({"data": {"id": id, "name": "Unit", "username": username}})).into_response()
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
