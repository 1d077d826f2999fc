//! Signing in by the unit's own sign-in service: OpenID Connect (Core 1.0), the authorization code
//! with PKCE, and nothing else of it.
//!
//! The invariants: an answer counts only in the browser that asked, once, and from the service that
//! was asked; what it signed is believed as to who somebody is and never as to what they may do: a
//! person must be in the ledger, their role in force; no code, token or secret is in an error.

mod id_token;
mod service;

use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EndpointNotSet, EndpointSet, ExtraTokenFields, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenUrl,
    basic::{
        BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
        BasicTokenType,
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use self::{
    id_token::Expected,
    service::{Line, Wire},
};
use super::Ctx;
use crate::{
    config::{self, Oidc},
    destinations::http,
    domain::{canonical::Hash, ids::PersonId, person::Person},
    store::StoreError,
};

pub use self::service::{Fault, Service};

/// Why nobody is signed in.
#[derive(Debug, thiserror::Error)]
pub enum NotProved {
    /// It answers another question, comes too late or for the second time, or somebody made it up.
    #[error("it is no answer to what this browser asked")]
    Foreign,
    /// The person or the service said no.
    #[error("the service let nobody in: {0}")]
    Declined(String),
    /// The service does not answer, or not as the protocol has it.
    #[error("the service cannot be used now: {0}")]
    Down(String),
    /// What it signed does not hold.
    #[error("what the service answered proves nobody: {0}")]
    Invalid(&'static str),
    /// It names nobody whom the configuration knows.
    #[error("the service says {claim} {value:?}, and console.oidc.people names nobody by that")]
    Stranger {
        /// The claim that names people.
        claim: String,
        /// What it says.
        value: String,
    },
    /// The person is not in the ledger, or their role is not in force.
    #[error("{person} is not to be signed in: {why}")]
    NotInForce {
        /// Whom the configuration names.
        person: PersonId,
        /// Why not.
        why: String,
    },
    /// The ledger failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a browser keeps between asking and the answer: a secret of its own, from which all that binds
/// the answer to it follows. The service sees none of it but by its hashes.
pub struct Crossing<'a>(&'a str);

impl<'a> Crossing<'a> {
    /// The crossing of the browser that keeps this secret.
    pub const fn of(secret: &'a str) -> Self {
        Self(secret)
    }

    fn derived(&self, what: &str) -> String {
        Hash::of(format!("takaza oidc {what} {}", self.0).as_bytes()).to_string()
    }

    fn verifier(&self) -> PkceCodeVerifier {
        PkceCodeVerifier::new(self.derived("verifier"))
    }
}

/// What the browser came back with.
#[derive(Default)]
pub struct Answer {
    /// The code, where it was let in.
    pub code: SecretString,
    /// What names the question.
    pub state: String,
    /// Why it was not let in; empty otherwise.
    pub error: String,
    /// Who answers (RFC 9207); empty where the service does not say.
    pub issuer: String,
}

/// Somebody of the unit, proved.
#[derive(Debug)]
pub struct Proved {
    /// Who.
    pub person: Person,
    /// The service says that it asked for a second factor itself, and is believed in that.
    pub second_factor: bool,
}

type Fields = StandardTokenResponse<IdToken, BasicTokenType>;
type Known = Client<
    BasicErrorResponse,
    Fields,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What comes beside the access token, which nobody needs here.
#[derive(Deserialize, Serialize)]
struct IdToken {
    id_token: Option<String>,
}

impl std::fmt::Debug for IdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdToken")
    }
}

impl ExtraTokenFields for IdToken {}

impl Service {
    /// The address at which a person proves themselves to the service; the browser comes back to
    /// `redirect`.
    ///
    /// # Errors
    /// The service does not say where that is.
    pub async fn ask(&self, crossing: &Crossing<'_>, redirect: &str) -> Result<String, NotProved> {
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&crossing.verifier());
        let client = self.client(redirect).await?;
        let scopes = self.config.scopes.iter().cloned().map(Scope::new);
        let (url, _) = client
            .authorize_url(|| CsrfToken::new(crossing.derived("state")))
            .add_scopes(scopes)
            .add_extra_param("nonce", crossing.derived("nonce"))
            .set_pkce_challenge(challenge)
            .url();
        Ok(url.into())
    }

    /// Whom an answer proves.
    ///
    /// # Errors
    /// Nobody, and why.
    pub async fn proves(
        &self,
        ctx: &Ctx,
        (crossing, redirect): (&Crossing<'_>, &str),
        answer: &Answer,
    ) -> Result<Proved, NotProved> {
        let known = self.known().await?;
        let state = crossing.derived("state");
        if Hash::of(answer.state.as_bytes()) != Hash::of(state.as_bytes()) {
            return Err(NotProved::Foreign);
        }
        let says_who = known.says_who || !answer.issuer.is_empty();
        if says_who && answer.issuer != self.config.issuer {
            return Err(NotProved::Invalid("another service answered (iss)"));
        }
        if !answer.error.is_empty() {
            return Err(NotProved::Declined(http::said(&answer.error, &[])));
        }
        if answer.code.expose_secret().is_empty() {
            return Err(NotProved::Foreign);
        }
        let token = self.exchange(crossing, redirect, &answer.code).await?;
        let nonce = crossing.derived("nonce");
        let expected = Expected {
            issuer: &self.config.issuer,
            client: &self.config.client_id,
            nonce: &nonce,
            now: ctx.clock.now(),
        };
        let key = self.key_of(&token).await?;
        let claims = id_token::read(token.expose_secret(), &key, &expected)?;
        let value = claims.named(&self.config.claim)?;
        let Some(id) = self.config.people.get(value) else {
            let claim = self.config.claim.clone();
            return Err(NotProved::Stranger { claim, value: http::said(value, &[&token]) });
        };
        let person = in_force(ctx, id).await?;
        Ok(Proved { person, second_factor: claims.has_one_of(&self.config.second_factor) })
    }

    /// Our client there, by what the service says of itself.
    async fn client(&self, redirect: &str) -> Result<Known, NotProved> {
        let known = self.known().await?;
        let config: &Oidc = &self.config;
        let bad = |_| NotProved::Down("it names an address that is none".to_owned());
        let client = Client::new(ClientId::new(config.client_id.clone()))
            .set_auth_uri(AuthUrl::new(known.authorize.clone()).map_err(bad)?)
            .set_token_uri(TokenUrl::new(known.token.clone()).map_err(bad)?)
            .set_redirect_uri(RedirectUrl::new(redirect.to_owned()).map_err(bad)?)
            .set_auth_type(if known.basic { AuthType::BasicAuth } else { AuthType::RequestBody });
        let Some(from) = &config.client_secret_from else { return Ok(client) };
        let secret = config::secret(from);
        let secret = secret.map_err(|error| {
            NotProved::Down(format!("console.oidc.client_secret_from: {error:#}"))
        })?;
        Ok(client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())))
    }

    /// Buys what the service signed with a code, in the one attempt that there is.
    async fn exchange(
        &self,
        crossing: &Crossing<'_>,
        redirect: &str,
        code: &SecretString,
    ) -> Result<SecretString, NotProved> {
        let client = self.client(redirect).await?;
        let answer = client
            .exchange_code(AuthorizationCode::new(code.expose_secret().to_owned()))
            .set_pkce_verifier(crossing.verifier())
            .request_async(&Line(&self.http))
            .await
            .map_err(not_exchanged)?;
        let token = answer.extra_fields().id_token.as_deref();
        token.map(SecretString::from).ok_or(NotProved::Invalid("it sent no id_token"))
    }
}

/// A refused code is no answer to our question; nothing that the service wrote is repeated but its
/// error's name.
fn not_exchanged(error: RequestTokenError<Wire, BasicErrorResponse>) -> NotProved {
    match error {
        RequestTokenError::Request(Wire(reason)) => NotProved::Down(reason),
        RequestTokenError::ServerResponse(said) if said.error().as_ref() == "invalid_grant" => {
            NotProved::Foreign
        }
        RequestTokenError::ServerResponse(said) => {
            NotProved::Down(format!("it answered {}", http::said(said.error().as_ref(), &[])))
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            NotProved::Down("its answer cannot be read".to_owned())
        }
    }
}

async fn in_force(ctx: &Ctx, id: &PersonId) -> Result<Person, NotProved> {
    let not = |why: String| NotProved::NotInForce { person: id.clone(), why };
    let person = match ctx.store.person(id).await {
        Ok((person, _)) => person,
        Err(StoreError::NotFound(_)) => {
            return Err(not("the ledger has no such person".to_owned()));
        }
        Err(error) => return Err(error.into()),
    };
    person.in_force(ctx.clock.now()).map_err(|error| not(error.to_string()))?;
    Ok(person)
}
