//! A sign-in service: OpenID Connect as strict as it should be, on the clock that the story moves. It
//! can lie in everything that it signs and says.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, jwk::Jwk};
use serde_json::{Value as Json_, json};
use sha2::{Digest as _, Sha256};
use takaza::clock::Clock;

use super::{
    hostile::{self, Asked},
    secrets,
};

/// The service.
pub type FakeOidc = hostile::Hostile<Service>;

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    Metadata,
    /// A browser asks for a code.
    Authorize,
    Token,
    Keys,
    Other,
}

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
struct Question {
    nonce: String,
    challenge: String,
    redirect: String,
}

/// Who is signed in, and what is untrue.
pub struct Service {
    issuer: String,
    clock: Option<Clock>,
    signed_in: String,
    methods: Vec<&'static str>,
    lie: Option<Lie>,
    answers_as: Option<String>,
    key: (String, EncodingKey),
    codes: BTreeMap<String, Question>,
    next: u32,
    secret: String,
}

fn key() -> EncodingKey {
    let pair = rcgen::KeyPair::generate().expect("a key");
    EncodingKey::from_ec_der(&pair.serialize_der())
}

impl FakeOidc {
    pub async fn start() -> Self {
        Self::open(|issuer| Service {
            issuer: issuer.to_owned(),
            clock: None,
            signed_in: "4711".to_owned(),
            methods: vec!["pwd"],
            lie: None,
            answers_as: None,
            key: ("first".to_owned(), key()),
            codes: BTreeMap::new(),
            next: 0,
            secret: secrets::plant("client"),
        })
        .await
    }

    /// It signs by this clock.
    pub fn keep_time_by(&self, clock: &Clock) {
        self.state().clock = Some(clock.clone());
    }

    /// Who is signed in there, and how they proved themselves (`amr`).
    pub fn sign_in(&self, subject: &str, methods: &[&'static str]) {
        let mut server = self.state();
        (server.signed_in, server.methods) = (subject.to_owned(), methods.to_vec());
    }

    /// Everything that it signs from now on is untrue in this; `None`: nothing is.
    pub fn lies(&self, lie: Option<Lie>) {
        self.state().lie = lie;
    }

    /// The browser is sent back in the name of another service.
    pub fn answers_as(&self, issuer: &str) {
        self.state().answers_as = Some(issuer.to_owned());
    }

    /// It signs by a new key from now on.
    pub fn changes_its_key(&self) {
        self.state().key = ("second".to_owned(), key());
    }

    /// How many codes were exchanged, or tried to.
    pub fn exchanged(&self) -> usize {
        self.asked(Ask::Token)
    }

    /// A person says yes: where their browser is sent back to.
    pub async fn lets_in(&self, address: &str) -> String {
        let answer = crate::grants::connecting::browser().get(address).send().await;
        let answer = answer.expect("the service answers");
        answer.headers()["location"].to_str().expect("an address").to_owned()
    }
}

impl hostile::Server for Service {
    type Ask = Ask;
    /// It lies instead.
    type Quirk = std::convert::Infallible;

    const MAIN: Ask = Ask::Token;
    const BROKEN_OFF: (StatusCode, &'static str) = (StatusCode::OK, "{\"id_token\":\"ey");

    fn route<'a>(method: &Method, path: &[&'a str]) -> (Ask, &'a str) {
        let ask = match (method, path) {
            (&Method::GET, [".well-known", "openid-configuration"]) => Ask::Metadata,
            (&Method::GET, ["authorize"]) => Ask::Authorize,
            (&Method::POST, ["token"]) => Ask::Token,
            (&Method::GET, ["keys"]) => Ask::Keys,
            _ => Ask::Other,
        };
        (ask, "")
    }

    fn respond(&mut self, asked: &Asked<Ask>, _quirk: Option<&Self::Quirk>) -> Response {
        match asked.ask {
            Ask::Metadata => Json(self.metadata()).into_response(),
            Ask::Authorize => self.authorize(asked),
            Ask::Token => self.token(asked.header("authorization"), &asked.form()),
            Ask::Keys => Json(json!({"keys": [published(&self.key)]})).into_response(),
            Ask::Other => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn error(status: StatusCode, words: &str) -> Response {
        (status, Json(json!({"error": words}))).into_response()
    }
}

fn published((name, key): &(String, EncodingKey)) -> Jwk {
    let mut key = Jwk::from_encoding_key(key, Algorithm::ES256).expect("a public key");
    key.common.key_id = Some(name.clone());
    key
}

impl Service {
    fn metadata(&self) -> Json_ {
        let issuer = &self.issuer;
        json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
            "authorization_response_iss_parameter_supported": true,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        })
    }

    fn authorize(&mut self, asked: &Asked<Ask>) -> Response {
        let field = |name: &str| asked.param(name).unwrap_or_default().to_owned();
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
        self.next += 1;
        let code = format!("{}-{:04}", secrets::plant("code"), self.next);
        let redirect = field("redirect_uri");
        let question = Question {
            nonce: field("nonce"),
            challenge: field("code_challenge"),
            redirect: redirect.clone(),
        };
        self.codes.insert(code.clone(), question);
        let issuer = self.answers_as.as_ref().unwrap_or(&self.issuer);
        let issuer: String = form_urlencoded::byte_serialize(issuer.as_bytes()).collect();
        let back = format!("{redirect}?state={}&code={code}&iss={issuer}", field("state"));
        (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
    }

    fn token(&mut self, sent: Option<&str>, given: &HashMap<String, String>) -> Response {
        let field = |name: &str| given.get(name).cloned().unwrap_or_default();
        let no = |error: &str| <Self as hostile::Server>::error(StatusCode::BAD_REQUEST, error);
        let expected = BASE64_STANDARD.encode(format!("takaza:{}", self.secret));
        if sent.is_none_or(|sent| sent != format!("Basic {expected}")) {
            return no("invalid_client");
        }
        let Some(asked) = self.codes.remove(&field("code")) else { return no("invalid_grant") };
        let proof = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(field("code_verifier")));
        if proof != asked.challenge || field("redirect_uri") != asked.redirect {
            return no("invalid_grant");
        }
        let mut answer = json!({"access_token": secrets::plant("access"), "token_type": "Bearer"});
        if self.lie != Some(Lie::Nothing) {
            answer["id_token"] = json!(self.signs(&asked.nonce));
        }
        Json(answer).into_response()
    }

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
