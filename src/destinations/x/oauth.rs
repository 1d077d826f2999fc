//! How X grants us an account: OAuth 2.0 with PKCE (RFC 6749, RFC 7636), and how the grant is
//! renewed and ended.
//!
//! The invariants: each request is made once and never redirected; a refresh token is good for one
//! renewal, so an answer that did not arrive or cannot be read is *lost*, never *refused*; no code,
//! token or secret is in an error.

use std::sync::Arc;

use async_trait::async_trait;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use futures::future::BoxFuture;
use jiff::SignedDuration;
use oauth2::{
    AsyncHttpClient, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RefreshToken, RequestTokenError, Scope, TokenResponse as _, TokenUrl,
    basic::{BasicClient, BasicRequestTokenError, BasicTokenResponse},
    url::ParseError,
};
use reqwest::{StatusCode, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value as Json;

use crate::{
    destinations::{
        http::{self, HttpConfig},
        tokens::{Grant, Renew, Unrenewed},
    },
    domain::{canonical::Hash, time::Timestamp},
};

/// An answer of the token endpoint is short; a longer one is none.
const LONGEST: usize = 64 << 10;
/// How long a token is taken to live whose life the server does not tell.
const UNTOLD: SignedDuration = SignedDuration::from_mins(30);

/// Our client as it is registered, and where its server is.
pub struct OAuthConfig {
    /// The client's id.
    pub client_id: String,
    /// Its secret; `None`: a public client.
    pub client_secret: Option<SecretString>,
    /// Where the browser comes back to.
    pub redirect: String,
    /// Where a person grants.
    pub authorize_url: String,
    /// Where a grant is had and renewed.
    pub token_url: String,
    /// Where a grant is ended.
    pub revoke_url: String,
    /// What is asked for.
    pub scopes: Vec<String>,
    /// How to talk to the server.
    pub http: HttpConfig,
    /// The time.
    pub now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

/// A client that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum BadOAuth {
    /// An address is none.
    #[error("{0} is no address: {1}")]
    Address(&'static str, ParseError),
    /// The HTTP client.
    #[error(transparent)]
    Client(#[from] http::BadClient),
}

type Client = BasicClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// Our client on X.
pub struct OAuth {
    client: Client,
    config: OAuthConfig,
    revoke: Url,
    line: Line,
}

/// The one way to the server.
struct Line(reqwest::Client);

/// A person was asked to grant; what proves that an answer is to this question.
pub struct Asked {
    /// The address that they open.
    pub url: String,
    state: SecretString,
    verifier: SecretString,
}

/// An answer that grants nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotGranted {
    /// It answers another question, or somebody made it up.
    #[error("this is no answer to the address that was just printed")]
    Foreign,
    /// The person or the platform said no.
    #[error("access was not granted: {reason}")]
    Refused {
        /// In the platform's words.
        reason: String,
    },
    /// It holds no code.
    #[error("there is no code in it")]
    NoCode,
}

/// What a code was good for.
pub struct Exchanged {
    /// The grant.
    pub grant: Grant,
    /// What was asked for and not granted.
    pub missing: Vec<String>,
}

impl Asked {
    /// The code in the address that the browser came back to, or in the part after its host.
    ///
    /// # Errors
    /// It grants nothing, and why.
    pub fn code(&self, back: &str) -> Result<SecretString, NotGranted> {
        let here = Url::parse("http://localhost/").map_err(|_never| NotGranted::NoCode)?;
        let url = here.join(back.trim()).map_err(|_bad| NotGranted::NoCode)?;
        let part = |name: &str| {
            url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let state = part("state").ok_or(NotGranted::NoCode)?;
        // Of equal length and unknown to whoever guesses: how long the comparison takes says nothing.
        if Hash::of(state.as_bytes()) != Hash::of(self.state.expose_secret().as_bytes()) {
            return Err(NotGranted::Foreign);
        }
        if let Some(error) = part("error") {
            let more =
                part("error_description").map_or_else(String::new, |more| format!(": {more}"));
            let reason = http::said(&format!("{error}{more}"), &[&self.state]);
            return Err(NotGranted::Refused { reason });
        }
        part("code").filter(|code| !code.is_empty()).map(Into::into).ok_or(NotGranted::NoCode)
    }
}

impl OAuth {
    /// A client.
    ///
    /// # Errors
    /// An address of it is none, or the HTTP client cannot be built.
    pub fn new(config: OAuthConfig) -> Result<Self, BadOAuth> {
        let bad = |key| move |error| BadOAuth::Address(key, error);
        let mut client = BasicClient::new(ClientId::new(config.client_id.clone()))
            .set_auth_uri(AuthUrl::new(config.authorize_url.clone()).map_err(bad("authorize_url"))?)
            .set_token_uri(TokenUrl::new(config.token_url.clone()).map_err(bad("token_url"))?)
            .set_redirect_uri(RedirectUrl::new(config.redirect.clone()).map_err(bad("redirect"))?);
        if let Some(secret) = &config.client_secret {
            client = client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()));
        }
        let revoke = Url::parse(&config.revoke_url).map_err(bad("revoke_url"))?;
        let line = Line(http::client(&config.http)?);
        Ok(Self { client, config, revoke, line })
    }

    /// The address at which a person grants; the randomness makes its state and its verifier.
    pub fn ask(&self, random: [[u8; 32]; 2]) -> Asked {
        let [state, verifier] = random.map(|bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes));
        let verifier = PkceCodeVerifier::new(verifier);
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (url, state) = self
            .client
            .authorize_url(|| CsrfToken::new(state))
            .add_scopes(scopes)
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Asked {
            url: url.into(),
            state: state.into_secret().into(),
            verifier: verifier.into_secret().into(),
        }
    }

    /// Buys the grant with a code, which lives for half a minute on X.
    ///
    /// # Errors
    /// There is none, and why.
    pub async fn exchange(
        &self,
        asked: &Asked,
        code: &SecretString,
    ) -> Result<Exchanged, Unrenewed> {
        let before = (self.config.now)();
        let answer = self
            .client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(PkceCodeVerifier::new(asked.verifier.expose_secret().to_owned()))
            .request_async(&self.line)
            .await
            .map_err(|error| self.unrenewed(error, &[code, &asked.verifier]))?;
        let given: Option<Vec<String>> =
            answer.scopes().map(|given| given.iter().map(|scope| scope.to_string()).collect());
        let missing = |scope: &&String| given.as_ref().is_some_and(|given| !given.contains(scope));
        let missing = self.config.scopes.iter().filter(missing).cloned().collect();
        Ok(Exchanged { grant: granted(&answer, None, before), missing })
    }

    /// Ends a grant: its refresh token, and the token of our requests (RFC 7009).
    ///
    /// # Errors
    /// It was perhaps not ended, and why.
    pub async fn revoke(&self, grant: &Grant) -> Result<(), String> {
        for (kind, token) in
            [("refresh_token", grant.refresh.as_ref()), ("access_token", Some(&grant.access))]
        {
            if let Some(token) = token {
                self.end(kind, token).await?;
            }
        }
        Ok(())
    }

    async fn end(&self, kind: &str, token: &SecretString) -> Result<(), String> {
        let id = self.config.client_id.as_str();
        let mut fields = vec![("token", token.expose_secret()), ("token_type_hint", kind)];
        let mut request = self.line.0.post(self.revoke.clone());
        match &self.config.client_secret {
            Some(secret) => request = request.basic_auth(id, Some(secret.expose_secret())),
            None => fields.push(("client_id", id)),
        }
        let answer = request.form(&fields).send().await;
        let answer = answer.map_err(|error| http::describe(&error))?;
        let status = answer.status();
        if status.is_success() { Ok(()) } else { Err(format!("the server answered with {status}")) }
    }

    /// What a failed request means for the grant.
    fn unrenewed(&self, error: BasicRequestTokenError<Wire>, used: &[&SecretString]) -> Unrenewed {
        let secrets: Vec<_> =
            used.iter().copied().chain(self.config.client_secret.as_ref()).collect();
        match error {
            RequestTokenError::Request(Wire::NotNow(reason)) => Unrenewed::NotNow { reason },
            RequestTokenError::Request(Wire::Lost(reason)) => Unrenewed::Lost { reason },
            RequestTokenError::ServerResponse(said) => {
                let code = said.error().as_ref().to_owned();
                let more = said.error_description().cloned().unwrap_or_default();
                let reason = http::said(&format!("{code} {more}"), &secrets);
                if is_spent(&code, &more) {
                    Unrenewed::Refused { reason }
                } else {
                    Unrenewed::NotNow { reason }
                }
            }
            // A 200 that cannot be read: it was renewed, and we do not know to what.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
                Unrenewed::Lost { reason: "the server's answer cannot be read".to_owned() }
            }
        }
    }
}

impl Line {
    /// Makes one request of the library's, once.
    async fn once(&self, request: HttpRequest) -> Result<HttpResponse, Wire> {
        let request = reqwest::Request::try_from(request)
            .map_err(|_bad| Wire::NotNow("the request could not be built".to_owned()))?;
        let answer = self.0.execute(request).await.map_err(|error| {
            let (early, reason) =
                (error.is_connect() || error.is_builder(), http::describe(&error));
            if early { Wire::NotNow(reason) } else { Wire::Lost(reason) }
        })?;
        let status = answer.status();
        let told = format!("the server answered with {status}");
        if status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Wire::NotNow(told));
        }
        if status != StatusCode::OK && !status.is_client_error() {
            return Err(Wire::Lost(told));
        }
        let body = http::read_body(answer, LONGEST).await;
        let body = body.map_err(|error| Wire::Lost(error.to_string()))?;
        if status.is_client_error() && !says_why(&body) {
            return Err(Wire::NotNow(told));
        }
        let mut answer = HttpResponse::new(body);
        *answer.status_mut() = status;
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Line {
    type Error = Wire;
    type Future = BoxFuture<'c, Result<HttpResponse, Wire>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.once(request))
    }
}

#[async_trait]
impl Renew for OAuth {
    async fn renew(&self, old: Option<&Grant>) -> Result<Grant, Unrenewed> {
        let none = |reason: &str| Unrenewed::Refused { reason: reason.to_owned() };
        let old = old.ok_or_else(|| none("no grant is stored"))?;
        let refresh = old.refresh.as_ref().ok_or_else(|| none("the grant cannot be renewed"))?;
        let token = RefreshToken::new(refresh.expose_secret().to_owned());
        let before = (self.config.now)();
        let answer = self.client.exchange_refresh_token(&token).request_async(&self.line).await;
        let answer = answer.map_err(|error| self.unrenewed(error, &[refresh]))?;
        Ok(granted(&answer, Some(refresh), before))
    }
}

/// A request that brought no answer.
#[derive(Debug, thiserror::Error)]
enum Wire {
    /// The server did not act on it.
    #[error("{0}")]
    NotNow(String),
    /// It may have acted on it.
    #[error("{0}")]
    Lost(String),
}

/// A refusal of the token endpoint, and not of something on the way to it (RFC 6749, 5.2).
fn says_why(body: &[u8]) -> bool {
    serde_json::from_slice::<Json>(body).is_ok_and(|body| body["error"].is_string())
}

/// The token itself was refused. X calls a used or unknown one an invalid request: "Value passed for
/// the token was invalid."
fn is_spent(code: &str, more: &str) -> bool {
    code == "invalid_grant" || code == "invalid_request" && more.contains("token was invalid")
}

/// A server that sends no new refresh token leaves the old one in force (RFC 6749, 6). A token's
/// life is counted from before it was asked for.
fn granted(answer: &BasicTokenResponse, old: Option<&SecretString>, before: Timestamp) -> Grant {
    let secret = |text: &str| SecretString::from(text);
    let lives = answer.expires_in().and_then(|life| SignedDuration::try_from(life).ok());
    let refresh = answer.refresh_token().map(|token| secret(token.secret()));
    Grant {
        access: secret(answer.access_token().secret()),
        refresh: refresh.or_else(|| old.map(|old| secret(old.expose_secret()))),
        expires_at: before.plus(lives.unwrap_or(UNTOLD)),
    }
}
