//! Who is who on the server, what it allows, and how our grant there ends.
//!
//! The invariant: a handle is only ever a question; the answer is the stable id.

use reqwest::Method;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Mastodon, wire};
use crate::destinations::{ServerLimits, Unread};
use crate::domain::engagement::Identity;

impl Mastodon {
    pub(super) async fn verify_credentials(&self) -> Result<wire::Account, Unread> {
        self.json(&self.get(&["api", "v1", "accounts", "verify_credentials"], &[]).await?)
    }

    pub(super) async fn lookup(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        let asked = handle.trim_start_matches('@').to_lowercase();
        // A server may not know its own accounts by their full name.
        let local = asked.strip_suffix(&format!("@{}", self.host));
        let acct = local.unwrap_or(&asked);
        let answer = self.get(&["api", "v1", "accounts", "lookup"], &[("acct", acct)]).await?;
        if answer.status == 404 || answer.status == 410 {
            return Ok(None);
        }
        let account: wire::Account = self.json(&answer)?;
        Ok(Some(account.identity(&self.host)))
    }

    /// The longest text: Mastodon's second version of the answer, then its first, then Pleroma's.
    pub(super) async fn instance_limits(&self) -> Result<ServerLimits, Unread> {
        for version in ["v2", "v1"] {
            let answer = self.get(&["api", version, "instance"], &[]).await?;
            if answer.status >= 400 {
                continue;
            }
            let instance: Value = self.json(&answer)?;
            let stated = instance
                .pointer("/configuration/statuses/max_characters")
                .or_else(|| instance.get("max_toot_chars"))
                .and_then(Value::as_u64)
                .and_then(|most| u32::try_from(most).ok())
                .filter(|most| *most > 0);
            if let Some(max_length) = stated {
                return Ok(ServerLimits { max_length });
            }
        }
        Err(Unread::Failed {
            reason: "the server states no limit; configure the account's max_length".to_owned(),
        })
    }

    pub(super) async fn revoke_token(&self) -> Result<(), Unread> {
        let Some(oauth) = &self.config.oauth else {
            return Err(Unread::Failed {
                reason: format!(
                    "the program's client credentials on {0} are not known; sign in at {0} as the \
                     account, open Preferences, Account, Authorized apps, and revoke the grant \
                     there, then change the password",
                    self.host
                ),
            });
        };
        let form = [
            ("client_id", oauth.id.as_str()),
            ("client_secret", oauth.secret.expose_secret()),
            ("token", self.config.token.expose_secret()),
        ];
        let url = self.url(&["oauth", "revoke"]);
        let request = self.client.request(Method::POST, url).form(&form).build();
        let answer = self.read(request).await?;
        self.json::<Value>(&answer).map(|_empty| ())
    }
}
