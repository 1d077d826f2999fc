//! What other systems are told of: which act is which event, how a call is signed, and when it is
//! tried again. In the manner of Standard Webhooks (standardwebhooks.com, version 1).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::SignedDuration;
use serde_json::Value as Json;
use sha2::Sha256;

use super::action::spelled;

spelled! {
    /// What a webhook may be told of.
    Event {
        /// An escalation waits for a person.
        Held = "held",
        /// A post went out.
        Posted = "posted",
        /// The bank's own verified account answered a post.
        BankReplied = "bank-replied",
        /// The bank acted: before a post went out, or after it.
        BankActed = "bank-acted",
    }
}

/// The acts of the record among which events are.
pub const ACTS: &[&str] = &[
    "escalation.drafted",
    "escalation.held-again",
    "escalation.avoided",
    "escalation.bank-acted",
    "delivery.attempted",
    "delivery.looked",
    "delivery.late-receipt",
    "engagement.heard",
];

/// Which events an act is. Whether a receipt is of a post or of a deletion the delivery tells.
pub fn events_of(act: &str, body: &Json) -> Vec<Event> {
    let told = |yes: bool, event| yes.then_some(event);
    let one = match act {
        "escalation.drafted" => {
            let thanks = body["kind"] == "closure";
            return [Some(Event::Held), told(thanks, Event::BankActed)]
                .into_iter()
                .flatten()
                .collect();
        }
        "escalation.held-again" => Some(Event::Held),
        "escalation.avoided" | "escalation.bank-acted" => Some(Event::BankActed),
        "delivery.attempted" => told(body["outcome"] == "accepted", Event::Posted),
        "delivery.looked" => told(body["found"].is_object(), Event::Posted),
        "delivery.late-receipt" => told(body["second"] != true, Event::Posted),
        "engagement.heard" => {
            let heard = |what: &str| body["new"].get(what).is_some();
            told(heard("reply by bank") || heard("quote by bank"), Event::BankReplied)
        }
        _ => None,
    };
    one.into_iter().collect()
}

/// How long after its n-th try (from 1) a call is tried again; `None`: it is given up. The schedule
/// is that of Standard Webhooks, and ends within two days.
pub const fn again_after(tries: u32) -> Option<SignedDuration> {
    Some(match tries {
        0 | 1 => SignedDuration::from_secs(5),
        2 => SignedDuration::from_mins(5),
        3 => SignedDuration::from_mins(30),
        4 => SignedDuration::from_hours(2),
        5 => SignedDuration::from_hours(5),
        6 => SignedDuration::from_hours(10),
        7 => SignedDuration::from_hours(14),
        _ => return None,
    })
}

/// A secret that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a webhook's secret is \"whsec_\" and 24 to 64 random bytes in base64: make one with `echo whsec_$(openssl rand -base64 32)`"
)]
pub struct NoSecret;

/// What signs a webhook's calls.
pub struct Signer(Hmac<Sha256>);

impl Signer {
    /// Reads `whsec_…`.
    ///
    /// # Errors
    /// It is no such secret.
    pub fn parse(text: &str) -> Result<Self, NoSecret> {
        let bytes = text.trim().strip_prefix("whsec_").and_then(|text| STANDARD.decode(text).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len())).ok_or(NoSecret)?;
        Hmac::new_from_slice(&bytes).map(Self).map_err(|_| NoSecret)
    }

    /// The header `webhook-signature` of one try. `seconds`: since 1970 UTC.
    pub fn sign(&self, id: &str, seconds: i64, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{seconds}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_call_is_signed_as_the_specification_has_it() {
        // The example of the Standard Webhooks reference libraries.
        let signer = Signer::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed =
            signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(Signer::parse("whsec_c2hvcnQ=").is_err() && Signer::parse("hunter2").is_err());
    }

    #[test]
    fn a_call_is_given_up_within_two_days() {
        let waits: Vec<_> = (1..).map_while(again_after).collect();
        let all: SignedDuration = waits.iter().copied().sum();
        assert!(waits.is_sorted() && all < SignedDuration::from_hours(48), "{waits:?}");
    }

    #[test]
    fn what_may_have_gone_out_is_told_only_when_it_did() {
        let attempted = |body| events_of("delivery.attempted", &body);
        assert_eq!(attempted(json!({"outcome": "accepted"})), [Event::Posted]);
        assert_eq!(attempted(json!({"outcome": "unknown"})), []);
        assert_eq!(events_of("delivery.looked", &json!({"not_there": true})), []);
        let likes = json!({"new": {"like by bank": "1", "reply by other": "2"}});
        assert_eq!(events_of("engagement.heard", &likes), []);
    }
}
