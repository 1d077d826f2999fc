//! What comes back on a post, and what the AppView notified us of. Both are asked: a reply that was
//! indexed while its parent was being indexed is in the thread and never in the notifications.
//!
//! The invariant: one engagement has one `platform_id` by whichever way it was heard, so that it is
//! never counted twice; one bad row hides no other.

use jiff::SignedDuration;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Bluesky, json, key::Place, wire};
use crate::{
    destinations::{
        Mentions, Unread,
        reading::{instant, rows},
    },
    domain::{
        engagement::{Author, EngagementKind, Heard},
        time::Timestamp,
    },
};

/// Pages of one list that are read at most: of more likes than this the count is cut.
const PAGES: usize = 25;
/// Pages of notifications read in one go.
const NOTIFICATION_PAGES: usize = 50;
/// Notifications are sorted by a time that their authors may set back, and indexed by many at
/// once: read this much behind the cursor again.
const OVERLAP: SignedDuration = SignedDuration::from_mins(10);
/// The deepest thread that the AppView gives.
const DEPTH: &str = "1000";
/// Notifications that say something of a post.
const REASONS: [&str; 5] = ["like", "repost", "reply", "quote", "mention"];

impl Bluesky {
    pub(super) async fn engagement_of(&self, post: &str) -> Result<Vec<Heard>, Unread> {
        let own = self.own_did().await?;
        let mut heard = self.replies(post).await?;
        let likes = self.list("app.bsky.feed.getLikes", "likes", post).await?;
        heard.extend(self.readable::<wire::Liked>(likes, "likes").into_iter().map(|like| {
            let at = like.indexed_at.as_deref().and_then(instant);
            by_account(EngagementKind::Like, &like.actor, post, at)
        }));
        let reposts = self.list("app.bsky.feed.getRepostedBy", "repostedBy", post).await?;
        let by = self.readable::<wire::Actor>(reposts, "reposts");
        heard.extend(by.iter().map(|by| by_account(EngagementKind::Repost, by, post, None)));
        let quotes = self.list("app.bsky.feed.getQuotes", "posts", post).await?;
        let quotes = self.readable::<wire::PostView>(quotes, "quotes");
        heard.extend(quotes.iter().map(|quote| by_post(EngagementKind::Quote, quote, post)));
        heard.retain(|one| one.author.stable_id != own);
        Ok(heard)
    }

    /// The replies below the post, at every depth. All of them answer it: the AppView gives only
    /// what hangs below it.
    async fn replies(&self, post: &str) -> Result<Vec<Heard>, Unread> {
        let params = [("uri", post), ("depth", DEPTH), ("parentHeight", "0")];
        let answer = self.query("app.bsky.feed.getPostThread", &params).await?;
        let mut thread: Value = json(&answer)?;
        let mut open = match thread["thread"]["replies"].take() {
            Value::Array(replies) => replies,
            _ => return Ok(Vec::new()),
        };
        let mut posts = Vec::new();
        while let Some(mut one) = open.pop() {
            if let Value::Array(replies) = one["replies"].take() {
                open.extend(replies);
            }
            // One that is blocked or deleted has no post to read.
            if one.get("post").is_some() {
                posts.push(one["post"].take());
            }
        }
        let posts = self.readable::<wire::PostView>(posts, "thread");
        Ok(posts.iter().map(|reply| by_post(EngagementKind::Reply, reply, post)).collect())
    }

    pub(super) async fn notifications_since(
        &self,
        cursor: Option<&str>,
    ) -> Result<Mentions, Unread> {
        #[derive(Deserialize)]
        struct Page {
            notifications: Vec<Value>,
            #[serde(default)]
            cursor: Option<String>,
        }
        let own = self.own_did().await?;
        let start = cursor.and_then(instant);
        let (mut heard, mut newest, mut next) = (Vec::new(), start, None::<String>);
        for _ in 0..NOTIFICATION_PAGES {
            let mut params = vec![("limit", "100"), ("priority", "false")];
            params.extend(REASONS.map(|reason| ("reasons", reason)));
            params.extend(next.as_deref().map(|next| ("cursor", next)));
            let method = "app.bsky.notification.listNotifications";
            let page: Page = self.ask(method, &params).await?;
            let empty = page.notifications.is_empty();
            let notes = self.readable::<wire::Notification>(page.notifications, "notifications");
            let times = notes.iter().filter_map(|note| instant(&note.indexed_at));
            newest = newest.max(times.clone().max());
            let behind = |start: Timestamp| times.clone().any(|at| at < start.minus(OVERLAP));
            // Without a cursor the first page is enough: what came before us is no news.
            let reached = start.is_none_or(behind);
            heard.extend(notes.iter().filter_map(|note| by_notification(note, &own)));
            if reached || empty || page.cursor.is_none() || page.cursor == next {
                break;
            }
            next = page.cursor;
        }
        let cursor = newest.filter(|_| newest != start).map(|newest| newest.to_string());
        Ok(Mentions { heard, cursor })
    }

    /// A list of one post's, over all its pages.
    async fn list(&self, method: &str, name: &str, post: &str) -> Result<Vec<Value>, Unread> {
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut params = vec![("uri", post), ("limit", "100")];
            params.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let mut page: Value = self.ask(method, &params).await?;
            let Value::Array(rows) = page[name].take() else {
                return Err(Unread::Failed { reason: format!("{method} gives no list") });
            };
            let next = page["cursor"].as_str().map(str::to_owned);
            let ended = rows.is_empty() || next.is_none() || next == cursor;
            all.extend(rows);
            if ended {
                return Ok(all);
            }
            cursor = next;
        }
        tracing::warn!(pages = PAGES, "a list of engagements was cut");
        Ok(all)
    }

    fn readable<T: DeserializeOwned>(&self, list: Vec<Value>, what: &str) -> Vec<T> {
        let (good, bad) = rows(list);
        if bad > 0 {
            tracing::warn!(account = %self.config.account, what, bad, "rows that cannot be read");
        }
        good
    }
}

fn by_notification(note: &wire::Notification, own: &str) -> Option<Heard> {
    let subject = note.subject.as_deref();
    let at = instant(&note.indexed_at);
    let said = |kind, on: &str| Heard {
        kind,
        platform_id: note.uri.clone(),
        on_post: on.to_owned(),
        author: note.author.author(),
        at,
        text: Some(note.record["text"].as_str().unwrap_or_default().to_owned()),
    };
    Some(match note.reason.as_str() {
        "reply" => said(EngagementKind::Reply, subject?),
        "quote" => said(EngagementKind::Quote, subject?),
        // On a mention that answers nothing of ours `on_post` is empty: it is no reply to a post of
        // ours, but it may quote a reference.
        "mention" => said(EngagementKind::Reply, ours_above(&note.record, own).unwrap_or_default()),
        "like" => by_account(EngagementKind::Like, &note.author, subject?, at),
        "repost" => by_account(EngagementKind::Repost, &note.author, subject?, at),
        _ => return None,
    })
}

/// The post of ours that a reply answers, or that its thread began with.
fn ours_above<'a>(record: &'a Value, own: &str) -> Option<&'a str> {
    let is_ours = |uri: &&str| Place::parse(uri).is_some_and(|place| place.did == own);
    ["parent", "root"].iter().find_map(|of| record["reply"][of]["uri"].as_str().filter(is_ours))
}

fn by_post(kind: EngagementKind, post: &wire::PostView, on: &str) -> Heard {
    Heard {
        kind,
        platform_id: post.uri.clone(),
        on_post: on.to_owned(),
        author: post.author.author(),
        at: post.indexed_at.as_deref().and_then(instant),
        text: Some(post.record["text"].as_str().unwrap_or_default().to_owned()),
    }
}

/// Likes and reposts are named by their authors: the lists do not tell their own records' names.
fn by_account(kind: EngagementKind, by: &wire::Actor, on: &str, at: Option<Timestamp>) -> Heard {
    let author: Author = by.author();
    let platform_id = format!("{kind}:{}", author.stable_id);
    Heard { kind, platform_id, on_post: on.to_owned(), author, at, text: None }
}
