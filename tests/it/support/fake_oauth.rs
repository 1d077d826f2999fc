//! A stateful OAuth 2.0 server as strict as X's: PKCE, refresh tokens good for one renewal, the
//! whole family revoked when one is used twice. It can be hostile.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    body::Body,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{hostile, secrets};

/// The server.
pub type FakeOAuth = hostile::Hostile<Grants>;

pub type Trick = hostile::Trick<Quirk>;

type Asked = hostile::Asked<Ask>;
type Fields = HashMap<String, String>;

/// What a request is about; tricks are set for one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ask {
    /// A browser asks for a code.
    Authorize,
    Token,
    Revoke,
    Me,
    Other,
}

/// What the token endpoint does instead of answering well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quirk {
    /// Renews, and breaks off in the middle of the answer.
    BreaksOff,
    /// Renews, and answers 200 with a page.
    PageAfter,
    /// Renews, and redirects.
    RedirectAfter,
    /// Says what X says of a used token.
    LikeX,
    /// Says that it does not know the client.
    WrongClient,
}

#[derive(Default)]
struct Family {
    owner: (String, String),
    revoked: bool,
    renewals: usize,
}

/// Who was granted what.
#[derive(Default)]
pub struct Grants {
    families: BTreeMap<u32, Family>,
    /// Code → (family, challenge).
    codes: BTreeMap<String, (u32, String)>,
    /// Refresh token → (family, used).
    refresh: BTreeMap<String, (u32, bool)>,
    access: BTreeMap<String, u32>,
    signed_in: (String, String),
    reused: usize,
    next: u32,
    will_not_revoke: bool,
}

impl FakeOAuth {
    pub async fn start() -> Self {
        let signed_in = ("77".to_owned(), "unit".to_owned());
        Self::open(|_base_url| Grants { signed_in, ..Grants::default() }).await
    }

    /// Who the browser is signed in as.
    pub fn sign_in(&self, id: &str, handle: &str) {
        self.state().signed_in = (id.to_owned(), handle.to_owned());
    }

    /// Renewals of all families.
    pub fn renewals(&self) -> usize {
        self.state().families.values().map(|family| family.renewals).sum()
    }

    /// How often a refresh token was used twice.
    pub fn reused(&self) -> usize {
        self.state().reused
    }

    /// Families that still stand.
    pub fn standing(&self) -> usize {
        self.state().families.values().filter(|family| !family.revoked).count()
    }

    /// Somebody takes access away by hand.
    pub fn revoke_all(&self) {
        self.state().families.values_mut().for_each(|family| family.revoked = true);
    }

    /// Whether it answers 503 to whoever ends a grant.
    pub fn will_not_revoke(&self, now: bool) {
        self.state().will_not_revoke = now;
    }

    /// Whether requests with this token are answered.
    pub fn takes(&self, token: &str) -> bool {
        self.state().owner(token).is_some()
    }

    /// A grant as a person would get it: access and refresh token.
    pub fn grant(&self) -> (String, String) {
        let mut grants = self.state();
        let family = grants.family();
        grants.issue(family)
    }
}

impl hostile::Server for Grants {
    type Ask = Ask;
    type Quirk = Quirk;

    const MAIN: Ask = Ask::Token;
    const BROKEN_OFF: (StatusCode, &'static str) = (StatusCode::OK, "{\"token_type\":\"bea");

    fn route<'a>(method: &Method, path: &[&'a str]) -> (Ask, &'a str) {
        let ask = match (method, path) {
            (&Method::GET, ["authorize"]) => Ask::Authorize,
            (&Method::POST, ["token"]) => Ask::Token,
            (&Method::POST, ["revoke"]) => Ask::Revoke,
            (&Method::GET, ["2", "users", "me"]) => Ask::Me,
            _ => Ask::Other,
        };
        (ask, "")
    }

    fn respond(&mut self, asked: &Asked, quirk: Option<&Quirk>) -> Response {
        match asked.ask {
            Ask::Authorize => self.authorize(asked),
            Ask::Token | Ask::Revoke if !is_client(asked) => refuse(401, "invalid_client", ""),
            Ask::Token => self.token(&asked.form(), quirk),
            Ask::Revoke => self.revoke(&asked.form()).into_response(),
            Ask::Me => self.me(asked),
            Ask::Other => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn error(status: StatusCode, words: &str) -> Response {
        refuse(status.as_u16(), "server_error", words)
    }

    fn throttled() -> Response {
        refuse(429, "slow_down", "slow_down")
    }
}

impl Grants {
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

    fn authorize(&mut self, asked: &Asked) -> Response {
        let field = |name: &str| asked.param(name).unwrap_or_default();
        if field("code_challenge_method") != "S256" || field("response_type") != "code" {
            return StatusCode::BAD_REQUEST.into_response();
        }
        let (family, code) = (self.family(), self.name("code"));
        self.codes.insert(code.clone(), (family, field("code_challenge").to_owned()));
        let back = format!("{}?state={}&code={code}", field("redirect_uri"), field("state"));
        (StatusCode::FOUND, [(header::LOCATION, back)]).into_response()
    }

    fn token(&mut self, fields: &Fields, quirk: Option<&Quirk>) -> Response {
        match quirk {
            Some(Quirk::LikeX) => return refuse(400, "invalid_request", "invalid_request"),
            // Some servers tell you what you sent them.
            Some(Quirk::WrongClient) => {
                let sent = fields.get("refresh_token").map_or("", String::as_str);
                return refuse(401, "invalid_client", sent);
            }
            _ => {}
        }
        let (access, refresh) = match self.granted(fields) {
            Ok(granted) => granted,
            Err(error) => return refuse(400, error, ""),
        };
        let body = json!({"token_type": "bearer", "expires_in": 7200, "access_token": access,
                          "refresh_token": refresh, "scope": "tweet.read tweet.write users.read \
                           like.read offline.access"});
        match quirk {
            Some(Quirk::PageAfter) => "<html>welcome</html>".into_response(),
            Some(Quirk::RedirectAfter) => {
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/token")]).into_response()
            }
            Some(Quirk::BreaksOff) => {
                let broken = futures::stream::iter([
                    Ok(body.to_string()[..20].to_owned()),
                    Err(std::io::Error::other("broken off")),
                ]);
                Body::from_stream(broken).into_response()
            }
            _ => Json(body).into_response(),
        }
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

    fn revoke(&mut self, fields: &Fields) -> StatusCode {
        if self.will_not_revoke {
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let token = fields.get("token").cloned().unwrap_or_default();
        let family = self.refresh.get(&token).map(|(family, _)| *family);
        let family = family.or_else(|| self.access.get(&token).copied());
        if let Some(family) = family.and_then(|family| self.families.get_mut(&family)) {
            family.revoked = true;
        }
        StatusCode::OK
    }

    fn me(&self, asked: &Asked) -> Response {
        match asked.token.as_deref().and_then(|token| self.owner(token)) {
            Some((id, username)) => {
                Json(json!({"data": {"id": id, "name": "Unit", "username": username}}))
                    .into_response()
            }
            None => StatusCode::UNAUTHORIZED.into_response(),
        }
    }
}

/// A public client names itself; one with a secret proves it, in the way that X asks for.
fn is_client(asked: &Asked) -> bool {
    let proof = format!("takaza-test:{}", secrets::plant("client"));
    match asked.header("authorization") {
        Some(given) => given == format!("Basic {}", BASE64_STANDARD.encode(proof)),
        None => asked.form().get("client_id").is_some_and(|id| id == "takaza-test"),
    }
}

fn refuse(status: u16, error: &str, words: &str) -> Response {
    let mut body = json!({ "error": error });
    if !words.is_empty() {
        body["error_description"] =
            format!("Value passed for the token was invalid. {words}").into();
    }
    (hostile::code(status), Json(body)).into_response()
}
