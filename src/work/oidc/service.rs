//! What the sign-in service says of itself: where it is asked, and the keys that it signs by. Both
//! are remembered for a while; keys are asked for anew when it signs by one that is not known.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use jiff::SignedDuration;
use jsonwebtoken::jwk::{Jwk, JwkSet};
use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{NotProved, id_token};
use crate::{
    clock::Clock,
    config::{self, Oidc},
    destinations::http::{self, BadClient},
    domain::time::Timestamp,
    work::Ctx,
};

/// What the service says of itself is believed for so long.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);
/// So soon nobody asks it again: neither where it did not answer, nor for a key that it did not have.
const REST: SignedDuration = SignedDuration::from_secs(15);
/// Its answers are short; a longer one is none.
const LONGEST: usize = 256 << 10;

/// The unit's sign-in service.
pub struct Service {
    pub(super) config: Oidc,
    pub(super) http: reqwest::Client,
    clock: Clock,
    memory: Mutex<Memory>,
}

#[derive(Default)]
struct Memory {
    known: Option<(Timestamp, Arc<Known>)>,
    keys: Option<(Timestamp, Arc<JwkSet>)>,
    /// It did not answer at this time, and why.
    silent: Option<(Timestamp, String)>,
}

/// Where it is asked, and how.
pub(super) struct Known {
    pub(super) authorize: String,
    pub(super) token: String,
    keys: Url,
    /// It says in each answer who answers (RFC 9207).
    pub(super) says_who: bool,
    /// Our secret goes into a header rather than into the form.
    pub(super) basic: bool,
}

/// OpenID Connect Discovery 1.0, as far as it is needed.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// Why nobody could be signed in by the service.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It does not answer, or not as the protocol has it.
    #[error("it does not answer as a sign-in service: {0}")]
    Unreachable(String),
    /// It is another one than is configured.
    #[error("it calls itself {0}, and console.oidc.issuer says something else")]
    Issuer(String),
    /// Its keys cannot be read.
    #[error("its keys cannot be read: {0}")]
    Keys(String),
    /// None of its keys is one that we take.
    #[error("it shows no key for RS256 or ES256")]
    NoKey,
    /// Our secret there cannot be read.
    #[error("console.oidc.client_secret_from: {0}")]
    Secret(String),
}

impl Fault {
    /// What the log of a sign-in says.
    fn in_short(self) -> String {
        match self {
            Self::Unreachable(why) => why,
            Self::Issuer(is) => format!("it calls itself {is}; write that in console.oidc.issuer"),
            other => other.to_string(),
        }
    }
}

impl Service {
    /// Asks the service what a sign-in would ask it. How many of its keys are ones that we take.
    ///
    /// # Errors
    /// Nobody could be signed in, and why.
    pub async fn check(&self) -> Result<usize, Fault> {
        let known = self.discover().await?;
        let keys: JwkSet = self.read(known.keys).await.map_err(Fault::Keys)?;
        let taken = keys.keys.iter().filter(|key| id_token::is_taken(key)).count();
        if taken == 0 {
            return Err(Fault::NoKey);
        }
        if let Some(from) = &self.config.client_secret_from {
            config::secret(from).map_err(|error| Fault::Secret(format!("{error:#}")))?;
        }
        Ok(taken)
    }

    /// The service that is configured.
    ///
    /// # Errors
    /// The HTTP client cannot be built.
    pub fn configured(ctx: &Ctx) -> Result<Option<Self>, BadClient> {
        let Some(config) = ctx.config.console.oidc.clone() else { return Ok(None) };
        let (http, clock) = (http::client(&ctx.http)?, ctx.clock.clone());
        Ok(Some(Self { config, http, clock, memory: Mutex::default() }))
    }

    /// What people call it.
    pub fn name(&self) -> &str {
        &self.config.name
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) async fn known(&self) -> Result<Arc<Known>, NotProved> {
        let now = self.clock.now();
        {
            let memory = self.memory();
            if let Some((at, known)) = &memory.known
                && now.since(*at) < REMEMBERED
            {
                return Ok(known.clone());
            }
            if let Some((at, why)) = &memory.silent
                && now.since(*at) < REST
            {
                return Err(NotProved::Down(why.clone()));
            }
        }
        let found = self.discover().await.map(Arc::new);
        let found = found.map_err(Fault::in_short);
        let mut memory = self.memory();
        match &found {
            Ok(known) => memory.known = Some((now, known.clone())),
            Err(why) => memory.silent = Some((now, why.clone())),
        }
        found.map_err(NotProved::Down)
    }

    async fn discover(&self) -> Result<Known, Fault> {
        let issuer = self.config.issuer.trim_end_matches('/');
        let at = Url::parse(&format!("{issuer}/.well-known/openid-configuration"))
            .map_err(|_bad| Fault::Unreachable("console.oidc.issuer is no address".to_owned()))?;
        let said: Metadata = self.read(at).await.map_err(Fault::Unreachable)?;
        if said.issuer != self.config.issuer {
            return Err(Fault::Issuer(http::said(&said.issuer, &[])));
        }
        let safe = |url: &str| {
            let named = |_bad| Fault::Unreachable(format!("it names {}", http::said(url, &[])));
            http::base_url(url).map_err(named)
        };
        let ways = &said.token_endpoint_auth_methods_supported;
        let way = |name: &str| ways.iter().any(|way| way == name);
        Ok(Known {
            authorize: safe(&said.authorization_endpoint)?.into(),
            token: safe(&said.token_endpoint)?.into(),
            keys: safe(&said.jwks_uri)?,
            says_who: said.authorization_response_iss_parameter_supported,
            basic: ways.is_empty() || way("client_secret_basic") || !way("client_secret_post"),
        })
    }

    /// The key that a token says it is signed by.
    pub(super) async fn key_of(&self, token: &SecretString) -> Result<Jwk, NotProved> {
        let wanted = id_token::signed_by(token)?;
        let remembered = self.memory().keys.clone();
        let now = self.clock.now();
        if let Some((at, keys)) = remembered {
            let key = wanted.among(&keys).filter(|_| now.since(at) < REMEMBERED);
            match key {
                Some(key) => return Ok(key.clone()),
                None if now.since(at) < REST => return Err(id_token::NO_KEY),
                None => {}
            }
        }
        let at = self.known().await?.keys.clone();
        let keys: JwkSet = self.read(at).await.map_err(NotProved::Down)?;
        let keys = Arc::new(keys);
        self.memory().keys = Some((now, keys.clone()));
        wanted.among(&keys).cloned().ok_or(id_token::NO_KEY)
    }

    async fn read<T: DeserializeOwned>(&self, at: Url) -> Result<T, String> {
        let answer = self.http.get(at).send().await.map_err(|error| http::describe(&error))?;
        let status = answer.status();
        if !status.is_success() {
            return Err(format!("it answered with {status}"));
        }
        let body = http::read_body(answer, LONGEST).await.map_err(|error| error.to_string())?;
        serde_json::from_slice(&body).map_err(|_bad| "its answer cannot be read".to_owned())
    }
}

/// The one way to the service, for the library's requests.
pub(super) struct Line<'a>(pub(super) &'a reqwest::Client);

/// A request that brought no answer.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Wire(pub(super) String);

impl<'c> AsyncHttpClient<'c> for Line<'_> {
    type Error = Wire;
    type Future = BoxFuture<'c, Result<HttpResponse, Wire>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = reqwest::Request::try_from(request)
                .map_err(|_bad| Wire("the request could not be built".to_owned()))?;
            let answer = self.0.execute(request).await;
            let answer = answer.map_err(|error| Wire(http::describe(&error)))?;
            let status = answer.status();
            if !status.is_success() && !status.is_client_error() {
                return Err(Wire(format!("it answered with {status}")));
            }
            let body = http::read_body(answer, LONGEST).await;
            let mut answer = HttpResponse::new(body.map_err(|error| Wire(error.to_string()))?);
            *answer.status_mut() = status;
            Ok(answer)
        })
    }
}
