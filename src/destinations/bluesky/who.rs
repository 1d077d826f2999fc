//! Who is who.
//!
//! The invariant: a handle is only ever a question; the answer is a DID, and only where that DID's
//! own account says the handle too.

use super::{Bluesky, error_text, json, wire};
use crate::{
    destinations::{
        Unread,
        http::{self, Answer},
    },
    domain::engagement::{Author, Identity},
};

/// Handles below these are given out by Bluesky itself, and prove nothing of their holder.
const HANDED_OUT: [&str; 2] = [".bsky.social", ".bsky.team"];

/// What the AppView shows while it cannot confirm a handle with the account's own document.
const INVALID: &str = "handle.invalid";

impl Bluesky {
    /// Our session as the server knows it now.
    ///
    /// # Errors
    /// The account is not active: nothing can be posted, and what is read may lack its posts.
    pub(super) async fn session(&self) -> Result<wire::Session, Unread> {
        let answer = self.query("com.atproto.server.getSession", &[]).await?;
        // Of an account that was taken down a PDS says only `InvalidRequest` (ran). The request
        // asks for nothing, so its refusal is about who asks.
        if answer.status == 400 && !wire::ApiError::of(&answer).error.is_empty() {
            return Err(Unread::AccountBlocked { reason: error_text(&answer) });
        }
        let session: wire::Session = json(&answer)?;
        if !session.did.starts_with("did:") {
            return Err(Unread::Failed { reason: "the server names no DID of ours".to_owned() });
        }
        if session.active == Some(false) {
            let status = session.status.as_deref().unwrap_or("not active");
            return Err(Unread::AccountBlocked {
                reason: http::said(&format!("the account is {status}"), &[]),
            });
        }
        Ok(session)
    }

    pub(super) async fn own_identity(&self) -> Result<Identity, Unread> {
        let wire::Session { did, handle, .. } = self.session().await?;
        let evidence = domain(&handle).into_iter().collect();
        let author = Author { stable_id: did, handle: handle.to_lowercase() };
        Ok(Identity { author, evidence })
    }

    /// Who holds a handle now; `None`: nobody, or one whose account
    /// says another handle.
    pub(super) async fn holder_of(&self, handle: &str) -> Result<Option<Identity>, Unread> {
        let handle = handle.trim_start_matches('@').to_lowercase();
        let params = [("handle", handle.as_str())];
        let answer = self.query("com.atproto.identity.resolveHandle", &params).await?;
        if is_unresolvable(&answer) {
            return Ok(None);
        }
        let did = json::<wire::Resolved>(&answer)?.did;
        let answer = self.query("app.bsky.actor.getProfile", &[("actor", &did)]).await?;
        if no_profile(&answer) {
            return Ok(None);
        }
        let actor: wire::Actor = json(&answer)?;
        if actor.did != did {
            let reason = "the server answered with another account".to_owned();
            return Err(Unread::Failed { reason });
        }
        if actor.handle == INVALID {
            let reason = format!("@{handle} could not be confirmed with its account just now");
            return Err(Unread::Failed { reason });
        }
        if actor.handle.to_lowercase() != handle {
            return Ok(None);
        }
        let evidence = domain(&handle).into_iter().chain(vouched(&actor)).collect();
        Ok(Some(Identity { author: actor.author(), evidence }))
    }
}

/// What a handle proves by itself: whoever holds a domain chose the account that it names.
fn domain(handle: &str) -> Option<String> {
    let own = !HANDED_OUT.iter().any(|ending| handle.ends_with(ending));
    own.then(|| format!("handle: the holder of the domain {handle} names this account"))
}

/// Who vouches for it, by Bluesky's verification.
fn vouched(actor: &wire::Actor) -> Option<String> {
    let verification = actor.verification.as_ref().filter(|it| it.status == "valid")?;
    let issuers: Vec<&str> = verification
        .verifications
        .iter()
        .filter(|one| one.valid)
        .map(|one| one.issuer.as_str())
        .collect();
    (!issuers.is_empty()).then(|| format!("verified on Bluesky by {}", issuers.join(", ")))
}

/// A PDS says `HandleNotFound` of its own handles, and of others only `InvalidRequest` with these
/// words (ran); any other 400 says nothing.
fn is_unresolvable(answer: &Answer) -> bool {
    let error = wire::ApiError::of(answer);
    let words = error.message.contains("Unable to resolve handle");
    answer.status == 400 && (error.error == "HandleNotFound" || words)
}

fn no_profile(answer: &Answer) -> bool {
    let error = wire::ApiError::of(answer);
    let gone = ["AccountTakedown", "AccountDeactivated"].contains(&error.error.as_str());
    answer.status == 400 && (gone || error.message.contains("Profile not found"))
}
