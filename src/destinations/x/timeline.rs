//! Our own timeline: where the truth about an attempt is, and about everything said in our name.
//!
//! The invariant: *not there* is said only of a timeline that was read whole, back past the time in
//! question, row by row. Anything less is blind. Reading it is never refused by the meter: truth
//! goes before thrift.

use std::collections::HashSet;

use super::{
    Ask, Meaning, Problem, X, unwanted,
    wire::{Id, One, Page, Post},
};
use crate::{
    destinations::{
        OwnPost, Unread,
        http::{said, signed},
        reading::likeness,
    },
    domain::{
        cost::Item,
        delivery::{Delivery, Look, Receipt},
        time::Timestamp,
    },
};

/// As many as X gives in a page.
const PAGE: &str = "100";
/// X gives the 3,200 newest posts of an account, and no older one.
const REACH: usize = 3_200;
/// What of a post we ask for.
pub(super) const FIELDS: (&str, &str) = ("post.fields", "created_at,entities,text");

impl X {
    /// Our own id, asked once.
    pub(super) async fn own_id(&self) -> Result<&Id, Unread> {
        self.own.get_or_try_init(|| async { Ok(self.me().await?.user.id) }).await
    }

    pub(super) async fn look_for_post(&self, delivery: &Delivery) -> Result<Look, Unread> {
        let margin = signed(self.config.look_margin);
        let since = delivery.first_attempt_at.map(|first| first.minus(margin));
        let own = self.own_id().await?;
        let found = self
            .timeline(since)
            .await?
            .into_iter()
            .filter(|post| !post.is_repost() && post.author_id.as_ref().is_none_or(|by| by == own))
            .filter_map(|post| Some((likeness(&post.text(), delivery)?, post)))
            .max_by(|(a, _), (b, _)| a.total_cmp(b));
        Ok(found.map_or(Look::NotThere, |(_, post)| Look::Found(self.seen(&post))))
    }

    /// For a retraction the thing looked for is the post's absence, as X says it, which still
    /// knows us.
    pub(super) async fn look_for_absence(&self, post: &str) -> Result<Look, Unread> {
        let answer = self.get(Ask::Status, &["tweets", post], &[]).await?;
        let told = Problem::read(answer.bytes()).map(|problem| problem.meaning());
        let gone = match answer.status {
            404 => matches!(told, Some(Meaning::NotFound | Meaning::Other)),
            _ => {
                let one: One<Post> = self.json(&answer)?;
                if let Some(shown) = &one.data {
                    self.count(Item::OwnRead, [shown.id.0.as_str()]).await?;
                    if shown.id.0 != post {
                        let reason = "X answered with another post".to_owned();
                        return Ok(Look::Blind { reason });
                    }
                    return Ok(Look::NotThere);
                }
                one.errors.iter().any(|error| error.meaning() == Meaning::NotFound)
            }
        };
        if !gone {
            return Err(unwanted(&answer));
        }
        // Another server behind the same name has no such post either.
        self.me().await?;
        Ok(Look::Found(self.receipt(&Id(post.to_owned()))))
    }

    pub(super) async fn own_posts_since(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        let posts = self.timeline(Some(since)).await?;
        let own = |post: &Post| {
            let Receipt { id, permalink, at } = self.seen(post);
            OwnPost { id, permalink, at, text: post.text() }
        };
        Ok(posts.iter().map(own).collect())
    }

    /// The receipt of a post that was seen.
    fn seen(&self, post: &Post) -> Receipt {
        Receipt { at: post.at().unwrap_or_else(|| self.now()), ..self.receipt(&post.id) }
    }

    /// Our own timeline, newest first, back past `since` (`None`: to its beginning). Replies and
    /// reposts speak in our name too.
    async fn timeline(&self, since: Option<Timestamp>) -> Result<Vec<Post>, Unread> {
        let own = self.own_id().await?.0.as_str();
        let start = since.map(rfc3339);
        let (mut all, mut seen) = (Vec::<Post>::new(), HashSet::new());
        let mut next: Option<String> = None;
        loop {
            let mut query = vec![("max_results", PAGE), FIELDS];
            query.extend(start.iter().map(|start| ("start_time", start.as_str())));
            query.extend(next.iter().map(|token| ("pagination_token", token.as_str())));
            let answer = self.get(Ask::Timeline, &["users", own, "tweets"], &query).await?;
            let (page, token) = self.whole_page(self.json(&answer)?)?;
            self.count(Item::OwnRead, page.iter().map(|post| post.id.0.as_str())).await?;
            let past =
                |post: &Post| matches!((since, post.at()), (Some(since), Some(at)) if at < since);
            let reached = page.last().is_some_and(past);
            let size = page.len();
            let fresh: Vec<_> =
                page.into_iter().filter(|post| seen.insert(post.id.0.clone())).collect();
            let repeats = fresh.is_empty() && size > 0;
            all.extend(fresh);
            let failed = |reason: &str| Err(Unread::Failed { reason: reason.to_owned() });
            match token {
                _ if reached => return Ok(all),
                None if all.len() >= REACH => {
                    return failed(
                        "X shows our 3,200 newest posts, and what is asked for is older",
                    );
                }
                None => return Ok(all),
                Some(_) if repeats => return failed("X does not page through our timeline"),
                Some(_) if all.len() > 2 * REACH => return failed("our timeline has no end"),
                Some(token) => next = Some(token),
            }
        }
    }

    /// A page of which every row was given and can be read, and the token of the next one.
    fn whole_page(&self, page: Page) -> Result<(Vec<Post>, Option<String>), Unread> {
        if let Some(error) = page.errors.first() {
            let words = said(&error.words(), &[]);
            return Err(Unread::Failed { reason: format!("X left something out: {words}") });
        }
        let (rows, _beside, token) = page.rows().map_err(|reason| Unread::Failed { reason })?;
        let posts: Result<Vec<Post>, _> = rows.into_iter().map(serde_json::from_value).collect();
        let posts = posts.map_err(|error| Unread::Failed {
            reason: format!("a row of our timeline cannot be read: {error}"),
        })?;
        Ok((posts, token))
    }
}

/// As X wants its times: RFC 3339 in UTC, to the second.
pub(super) fn rfc3339(at: Timestamp) -> String {
    at.in_zone(&jiff::tz::TimeZone::UTC).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
