//! What the service signed: whether it holds (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::NotProved;
use crate::domain::time::Timestamp;

/// How far the service's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;
/// An older one is not an answer to what was just asked, in seconds.
const OLDEST: i64 = 600;

pub(super) const NO_KEY: NotProved =
    NotProved::Invalid("it is signed by a key that the service does not name");

/// What a token must say.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// Which key a token says it is signed by. Nothing of that is believed yet.
pub(super) struct Wanted {
    algorithm: Algorithm,
    id: Option<String>,
}

/// The key that a token names, if it is signed in one of the two ways that are taken.
pub(super) fn signed_by(token: &SecretString) -> Result<Wanted, NotProved> {
    let header = jsonwebtoken::decode_header(token.expose_secret());
    let header = header.map_err(|_bad| NotProved::Invalid("it is not signed as it must be"))?;
    if !matches!(header.alg, Algorithm::RS256 | Algorithm::ES256) {
        return Err(NotProved::Invalid("it is signed neither by RS256 nor by ES256"));
    }
    Ok(Wanted { algorithm: header.alg, id: header.kid })
}

/// Whether a key may have signed something that we take.
pub(super) fn is_taken(key: &Jwk) -> bool {
    let by = |algorithm| Wanted { algorithm, id: None };
    [Algorithm::RS256, Algorithm::ES256].into_iter().any(|algorithm| by(algorithm).fits(key))
}

impl Wanted {
    /// That key; a token that names none is signed by the only key that can be.
    pub(super) fn among<'k>(&self, keys: &'k JwkSet) -> Option<&'k Jwk> {
        let mut fit = keys.keys.iter().filter(|key| self.fits(key));
        let found = fit.next()?;
        (self.id.is_some() || fit.next().is_none()).then_some(found)
    }

    fn fits(&self, key: &Jwk) -> bool {
        let common = &key.common;
        let named = self.id.is_none() || common.key_id == self.id;
        let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
        let kind = match &key.algorithm {
            AlgorithmParameters::RSA(_) => self.algorithm == Algorithm::RS256,
            AlgorithmParameters::EllipticCurve(curve) => {
                self.algorithm == Algorithm::ES256 && curve.curve == EllipticCurve::P256
            }
            _ => false,
        };
        named && signs && kind
    }
}

/// What it says, once it holds.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    iat: i64,
    azp: Option<String>,
    nonce: Option<String>,
    #[serde(flatten)]
    others: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Reads a token, and holds it to what was asked.
pub(super) fn read(token: &str, key: &Jwk, expected: &Expected<'_>) -> Result<Claims, NotProved> {
    let not = NotProved::Invalid;
    let key = DecodingKey::from_jwk(key).map_err(|_bad| not("its key cannot be used"))?;
    let algorithm = match key.family() {
        jsonwebtoken::AlgorithmFamily::Rsa => Algorithm::RS256,
        _ => Algorithm::ES256,
    };
    let mut rules = Validation::new(algorithm);
    // All of it is asked below, by our own clock: the library asks the machine's.
    rules.required_spec_claims.clear();
    (rules.validate_exp, rules.validate_aud) = (false, false);
    let read = jsonwebtoken::decode::<Claims>(token, &key, &rules);
    let claims = read.map_err(|_bad| not("its signature does not hold, or it lacks a claim"))?;
    claims.claims.hold(expected)
}

impl Claims {
    fn hold(self, expected: &Expected<'_>) -> Result<Self, NotProved> {
        let now = expected.now.micros() / 1_000_000;
        let here = |audience: &String| audience == expected.client;
        let for_us = match &self.aud {
            Audience::One(one) => here(one),
            // Of several, we must be the one that it was made for.
            Audience::Several(several) => {
                several.iter().any(here) && (several.len() == 1 || self.azp.is_some())
            }
        };
        let wrong = if self.iss != expected.issuer {
            "another service made it (iss)"
        } else if !for_us || self.azp.as_ref().is_some_and(|party| !here(party)) {
            "it was made for another client (aud)"
        } else if self.nonce.as_deref() != Some(expected.nonce) {
            "it answers another question (nonce)"
        } else if self.exp <= now.saturating_sub(LEEWAY) {
            "it has expired (exp)"
        } else if self.iat > now.saturating_add(LEEWAY) || self.iat < now.saturating_sub(OLDEST) {
            "it was made at another time (iat); compare the clocks"
        } else if self.number("nbf").is_some_and(|from| from > now.saturating_add(LEEWAY)) {
            "it is not good yet (nbf)"
        } else {
            return Ok(self);
        };
        Err(NotProved::Invalid(wrong))
    }

    fn number(&self, claim: &str) -> Option<i64> {
        self.others.get(claim).and_then(Json::as_i64)
    }

    /// The text of a claim that names a person. A mail address counts where the service checked it.
    pub(super) fn named(&self, claim: &str) -> Result<&str, NotProved> {
        if claim == "sub" {
            return Ok(&self.sub);
        }
        let checked = self.others.get("email_verified").and_then(Json::as_bool);
        if claim == "email" && checked != Some(true) {
            return Err(NotProved::Invalid("it does not say that the mail address was checked"));
        }
        let value = self.others.get(claim).and_then(Json::as_str);
        value.ok_or(NotProved::Invalid("it lacks the claim that names people"))
    }

    /// Whether `acr` or `amr` says one of these.
    pub(super) fn has_one_of(&self, values: &[String]) -> bool {
        let ours = |value: &Json| value.as_str().is_some_and(|one| values.iter().any(|v| v == one));
        let acr = self.others.get("acr").is_some_and(ours);
        let amr = self.others.get("amr").and_then(Json::as_array);
        acr || amr.is_some_and(|methods| methods.iter().any(ours))
    }
}
