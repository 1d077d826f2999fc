//! A sign-in service: OpenID Connect as strict as it should be, on the clock that the story moves. It
//! can lie in everything that it signs and says.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Form, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value as Json_, json};
use sha2::{Digest as _, Sha256};
use takaza::clock::Clock;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::secrets;

/// What is untrue in its next answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// The token answers another question.
    Nonce,
    /// The token names no question.
    NoNonce,
    /// Another service made the token.
    Issuer,
    /// The token is another client's.
    Audience,
    /// The token is for us and for another client, which it was made for.
    Party,
    /// The token has expired.
    Expired,
    /// The token was made tomorrow.
    Tomorrow,
    /// The token is not signed (`alg: none`).
    Unsigned,
    /// The token is signed by a key that the service does not publish, under the name of one that it
    /// does.
    Key,
    /// The token is signed by HMAC over what everybody can read: the public key.
    Symmetric,
    /// A word of the token was changed after it was signed.
    Changed,
    /// There is no token.
    Nothing,
}

/// Every lie that there is.
pub const LIES: &[Lie] = &[
    Lie::Nonce,
    Lie::NoNonce,
    Lie::Issuer,
    Lie::Audience,
    Lie::Party,
    Lie::Expired,
    Lie::Tomorrow,
    Lie::Unsigned,
    Lie::Key,
    Lie::Symmetric,
    Lie::Changed,
    Lie::Nothing,
];

/// A question that it was asked, by its code.
struct Asked {
    nonce: String,
    challenge: String,
    redirect: String,
}

struct Server {
    issuer: String,
    clock: Option<Clock>,
    signed_in: String,
    methods: Vec<&'static str>,
    lie: Option<Lie>,
    answers_as: Option<String>,
    key: (String, EncodingKey),
    codes: BTreeMap<String, Asked>,
    exchanged: u32,
    next: u32,
    secret: String,
}

/// The service; it ends with this value.
pub struct FakeOidc {
    pub issuer: String,
    server: Arc<Mutex<Server>>,
    open: Option<DropGuard>,
}

type Fields = BTreeMap<String, String>;
type Shared = State<Arc<Mutex<Server>>>;

fn key() -> EncodingKey {
    let pair = rcgen::KeyPair::generate().expect("a key");
    EncodingKey::from_ec_der(&pair.serialize_der())
}

impl FakeOidc {
    pub async fn start() -> Self {
        secrets::listen();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("bound"));
        let server = Arc::new(Mutex::new(Server {
            issuer: issuer.clone(),
            clock: None,
            signed_in: "4711".to_owned(),
            methods: vec!["pwd"],
            lie: None,
            answers_as: None,
            key: ("first".to_owned(), key()),
            codes: BTreeMap::new(),
            exchanged: 0,
            next: 0,
            secret: secrets::plant("client"),
        }));
        let app = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/authorize", get(authorize))
            .route("/token", post(token))
            .route("/keys", get(keys))
            .with_state(server.clone());
        let stopping = CancellationToken::new();
        let ends = stopping.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, app).with_graceful_shutdown(ends).await });
        Self { issuer, server, open: Some(stopping.drop_guard()) }
    }

    fn server(&self) -> MutexGuard<'_, Server> {
        self.server.lock().expect("no story panics in it")
    }

    /// It signs by this clock.
    pub fn keep_time_by(&self, clock: &Clock) {
        self.server().clock = Some(clock.clone());
    }

    /// Who is signed in there, and how they proved themselves (`amr`).
    pub fn sign_in(&self, subject: &str, methods: &[&'static str]) {
        let mut server = self.server();
        (server.signed_in, server.methods) = (subject.to_owned(), methods.to_vec());
    }

    /// Everything that it signs from now on is untrue in this; `None`: nothing is.
    pub fn lies(&self, lie: Option<Lie>) {
        self.server().lie = lie;
    }

    /// The browser is sent back in the name of another service.
    pub fn answers_as(&self, issuer: &str) {
        self.server().answers_as = Some(issuer.to_owned());
    }

    /// It signs by a new key from now on.
    pub fn changes_its_key(&self) {
        self.server().key = ("second".to_owned(), key());
    }

    /// How many codes were exchanged, or tried to.
    pub fn exchanged(&self) -> u32 {
        self.server().exchanged
    }

    /// It answers nobody any more.
    pub fn goes_away(&mut self) {
        self.open = None;
    }

    /// A person says yes: where their browser is sent back to.
    pub async fn lets_in(&self, address: &str) -> String {
        let answer = crate::grants::connecting::browser().get(address).send().await;
        let answer = answer.expect("the service answers");
        answer.headers()["location"].to_str().expect("an address").to_owned()
    }
}

async fn metadata(State(server): Shared) -> Json<Json_> {
    let issuer = &server.lock().expect("no story panics in it").issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "authorization_response_iss_parameter_supported": true,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
    }))
}

fn published((name, key): &(String, EncodingKey)) -> Jwk {
    let mut key = Jwk::from_encoding_key(key, Algorithm::ES256).expect("a public key");
    key.common.key_id = Some(name.clone());
    key
}

async fn keys(State(server): Shared) -> Json<Json_> {
    let server = server.lock().expect("no story panics in it");
    Json(json!({"keys": [published(&server.key)]}))
}

async fn authorize(State(server): Shared, Query(asked): Query<Fields>) -> Response {
    let field = |name: &str| asked.get(name).cloned().unwrap_or_default();
    let scopes = field("scope");
    let proper = field("code_challenge_method") == "S256"
        && field("response_type") == "code"
        && scopes.split(' ').any(|scope| scope == "openid")
        && field("nonce").len() >= 43
        && field("state").len() >= 43
        && field("state") != field("nonce");
    if !proper {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let mut server = server.lock().expect("no story panics in it");
    server.next += 1;
    let code = format!("{}-{:04}", secrets::plant("code"), server.next);
    let redirect = field("redirect_uri");
    let asked = Asked {
        nonce: field("nonce"),
        challenge: field("code_challenge"),
        redirect: redirect.clone(),
    };
    server.codes.insert(code.clone(), asked);
    let issuer = server.answers_as.as_ref().unwrap_or(&server.issuer);
    let issuer: String = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
    let back = format!("{redirect}?state={}&code={code}&iss={issuer}", field("state"));
    (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
}

async fn token(State(server): Shared, headers: HeaderMap, Form(given): Form<Fields>) -> Response {
    let field = |name: &str| given.get(name).cloned().unwrap_or_default();
    let mut server = server.lock().expect("no story panics in it");
    server.exchanged += 1;
    let no = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response();
    let expected = BASE64_STANDARD.encode(format!("takaza:{}", server.secret));
    if headers.get("authorization").is_none_or(|sent| *sent != format!("Basic {expected}")) {
        return no("invalid_client");
    }
    let Some(asked) = server.codes.remove(&field("code")) else { return no("invalid_grant") };
    let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
    if proof != asked.challenge || field("redirect_uri") != asked.redirect {
        return no("invalid_grant");
    }
    let mut answer = json!({"access_token": secrets::plant("access"), "token_type": "Bearer"});
    if server.lie != Some(Lie::Nothing) {
        answer["id_token"] = json!(server.signs(&asked.nonce));
    }
    Json(answer).into_response()
}

impl Server {
    /// The token for a question.
    fn signs(&self, nonce: &str) -> String {
        let now = self.clock.as_ref().expect("keep_time_by was called").now().micros() / 1_000_000;
        let mut claims = json!({
            "iss": self.issuer, "sub": self.signed_in, "aud": "takaza", "nonce": nonce,
            "iat": now, "exp": now + 300, "amr": self.methods,
        });
        match self.lie {
            Some(Lie::Nonce) => claims["nonce"] = json!("0".repeat(64)),
            Some(Lie::NoNonce) => claims["nonce"] = Json_::Null,
            Some(Lie::Issuer) => claims["iss"] = json!("https://sign-in.example"),
            Some(Lie::Audience) => claims["aud"] = json!("another-client"),
            Some(Lie::Party) => {
                (claims["aud"], claims["azp"]) = (json!(["takaza", "other"]), json!("other"));
            }
            Some(Lie::Expired) => {
                (claims["iat"], claims["exp"]) = (json!(now - 400), json!(now - 100));
            }
            Some(Lie::Tomorrow) => {
                (claims["iat"], claims["exp"]) = (json!(now + 86_400), json!(now + 90_000));
            }
            _ => {}
        }
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(self.key.0.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.key.1).expect("a token");
        match self.lie {
            Some(Lie::Key) => jsonwebtoken::encode(&header, &claims, &key()).expect("a token"),
            Some(Lie::Unsigned) => {
                let part = |value: &Json_| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
                format!("{}.{}.", part(&json!({"alg": "none", "typ": "JWT"})), part(&claims))
            }
            Some(Lie::Symmetric) => {
                let public = json!(published(&self.key)).to_string();
                header.alg = Algorithm::HS256;
                let key = EncodingKey::from_secret(public.as_bytes()).expect("a key");
                jsonwebtoken::encode(&header, &claims, &key).expect("a token")
            }
            Some(Lie::Changed) => {
                let parts: Vec<&str> = token.split('.').collect();
                let mut other = claims.clone();
                other["sub"] = json!("4712");
                let other = BASE64_URL_SAFE_NO_PAD.encode(other.to_string());
                format!("{}.{other}.{}", parts[0], parts[2])
            }
            _ => token,
        }
    }
}
