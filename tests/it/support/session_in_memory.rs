//! The tokens of one story, kept in memory alone: a session begins anew at every start. What
//! takaza keeps (`work::grants::Keeper`) needs a ledger.

use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use takaza::destinations::{
    http::Clock,
    tokens::{Grant, NoToken, Renew, Tokens, Unrenewed},
};
use tokio::sync::Mutex;

/// A token is renewed this long before its end.
const EARLY: SignedDuration = SignedDuration::from_mins(2);

/// The tokens of one process, kept in memory alone: a session begins anew at every start.
pub struct SessionInMemory<R> {
    renew: R,
    clock: Clock,
    /// Held across a renewal, so that there is one at a time.
    grant: Mutex<Option<Grant>>,
}

impl<R: Renew> SessionInMemory<R> {
    /// No session yet.
    pub fn new(renew: R, clock: Clock) -> Self {
        Self { renew, clock, grant: Mutex::new(None) }
    }

    async fn renewed(&self, held: &mut Option<Grant>) -> Result<SecretString, NoToken> {
        let grant = self.renew.renew(held.as_ref()).await.map_err(|error| {
            let reason = error.to_string();
            match error {
                Unrenewed::NotNow { .. } => NoToken::Later { reason },
                Unrenewed::Refused { .. } | Unrenewed::Lost { .. } => NoToken::Reconnect { reason },
            }
        })?;
        let access = copy(&grant.access);
        *held = Some(grant);
        Ok(access)
    }
}

#[async_trait]
impl<R: Renew> Tokens for SessionInMemory<R> {
    async fn token(&self) -> Result<SecretString, NoToken> {
        let mut held = self.grant.lock().await;
        match &*held {
            Some(grant) if (self.clock)() < grant.expires_at.minus(EARLY) => {
                Ok(copy(&grant.access))
            }
            _ => self.renewed(&mut held).await,
        }
    }

    async fn refused(&self, token: &SecretString) -> bool {
        let mut held = self.grant.lock().await;
        if let Some(grant) = held.as_mut() {
            if grant.access.expose_secret() != token.expose_secret() {
                // Somebody else has renewed it meanwhile.
                return true;
            }
            grant.expires_at = (self.clock)();
        }
        !matches!(self.renewed(&mut held).await, Err(NoToken::Reconnect { .. }))
    }
}

fn copy(secret: &SecretString) -> SecretString {
    SecretString::from(secret.expose_secret())
}
