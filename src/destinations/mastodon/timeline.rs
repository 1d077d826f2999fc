//! Our own timeline: where the truth about an attempt is, and about everything said in our name.
//!
//! The invariant: *not there* is said only of a timeline that was read whole, back past the time in
//! question, row by row, as our own. Anything less is blind.

use std::collections::HashSet;

use super::{Mastodon, wire};
use crate::{
    destinations::{OwnPost, Unread, http::signed, reading::likeness},
    domain::{
        delivery::{Delivery, Look},
        time::Timestamp,
    },
};

/// As many as Mastodon gives in a page.
const PAGE: usize = 40;
/// The fewest that a server caps a page at: a shorter page is the last one.
const SMALLEST_CAP: usize = 20;
/// More pages than any account's hour: the end of patience.
const PAGES: usize = 50;

impl Mastodon {
    /// Our own id, asked once.
    async fn own_id(&self) -> Result<&wire::Id, Unread> {
        self.own.get_or_try_init(|| async { Ok(self.verify_credentials().await?.id) }).await
    }

    pub(super) async fn look_for_post(&self, delivery: &Delivery) -> Result<Look, Unread> {
        let margin = signed(self.config.look_margin);
        let since = delivery.first_attempt_at.map(|first| first.minus(margin));
        let own = self.own_id().await?.clone();
        let found = self
            .timeline(since)
            .await?
            .into_iter()
            .filter(|status| status.reblog.is_none())
            .filter(|status| status.account.as_ref().is_some_and(|by| by.id == own))
            .filter_map(|status| Some((likeness(&status.text(), delivery)?, status)))
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(found.map_or(Look::NotThere, |(_, status)| Look::Found(self.receipt(&status))))
    }

    /// For a retraction the thing looked for is the post's absence: 404 or 410, or 400 on Mitra,
    /// from a server that still knows us.
    pub(super) async fn look_for_absence(&self, post: &str) -> Result<Look, Unread> {
        let answer = self.get(&["api", "v1", "statuses", post], &[]).await?;
        match answer.status {
            400 | 404 | 410 => {
                // Another server behind the same name has no such post either.
                self.verify_credentials().await?;
                Ok(Look::Found(self.deleted(post, None)))
            }
            _ => {
                let status: wire::Status = self.json(&answer)?;
                if status.id.0 == post {
                    return Ok(Look::NotThere);
                }
                let reason = "the server answered with another post".to_owned();
                Ok(Look::Blind { reason })
            }
        }
    }

    pub(super) async fn own_posts_since(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        let statuses = self.timeline(Some(since)).await?;
        Ok(statuses
            .iter()
            .map(|status| OwnPost {
                id: status.id.0.clone(),
                permalink: status.permalink(&self.base),
                at: status.at().unwrap_or_else(|| self.now()),
                // A repost speaks in our name too.
                text: status.reblog.as_ref().map_or_else(|| status.text(), |of| of.text()),
            })
            .collect())
    }

    /// Our own timeline, newest first, back past `since` (`None`: to its beginning).
    async fn timeline(&self, since: Option<Timestamp>) -> Result<Vec<wire::Status>, Unread> {
        let own = self.own_id().await?.0.clone();
        let path = ["api", "v1", "accounts", own.as_str(), "statuses"];
        let limit = PAGE.to_string();
        let (mut all, mut seen) = (Vec::<wire::Status>::new(), HashSet::new());
        let mut before: Option<wire::Id> = None;
        for _ in 0..PAGES {
            let mut query = vec![("limit", limit.as_str())];
            query.extend(before.as_ref().map(|id| ("max_id", id.0.as_str())));
            let page: Vec<wire::Status> = self.json(&self.get(&path, &query).await?)?;
            let size = page.len();
            let past = |status: &wire::Status| match (since, status.at()) {
                (Some(since), Some(at)) => at < since,
                _ => false,
            };
            let reached = page.last().is_some_and(past);
            before = page.last().map(|status| status.id.clone());
            let fresh: Vec<_> =
                page.into_iter().filter(|status| seen.insert(status.id.0.clone())).collect();
            let repeats = fresh.is_empty();
            all.extend(fresh);
            // snac gives its newest posts whatever the page: a short list of them is all of them.
            if reached || size == 0 || repeats && size < SMALLEST_CAP {
                return Ok(all);
            }
            if repeats {
                return Err(Unread::Failed {
                    reason: "the server does not page through our timeline far enough".to_owned(),
                });
            }
        }
        Err(Unread::Failed { reason: format!("our timeline is longer than {PAGES} pages") })
    }
}
