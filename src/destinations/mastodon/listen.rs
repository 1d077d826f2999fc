//! What comes back on a post, and what the server notified us of. Both are asked: each is known to
//! miss replies on some server.
//!
//! The invariant: one engagement has one `platform_id` by whichever way it was heard, so that it is
//! never counted twice; one bad row hides no other.

use reqwest::{Url, header::HeaderMap};
use serde_json::Value;

use super::{Mastodon, wire};
use crate::{
    destinations::{Mentions, Unread},
    domain::engagement::{Author, EngagementKind, Heard},
};

/// Pages of one list that are read at most: of more likes than this the count is cut.
const PAGES: usize = 25;
/// Pages of notifications read in one go; the cursor goes on from there.
const NOTIFICATION_PAGES: usize = 10;

impl Mastodon {
    pub(super) async fn engagement_of(&self, post: &str) -> Result<Vec<Heard>, Unread> {
        let own = self.own_author().await?;
        let mut heard = self.replies(post).await?;
        for (list, kind) in
            [("favourited_by", EngagementKind::Like), ("reblogged_by", EngagementKind::Repost)]
        {
            let rows = self.list(&["api", "v1", "statuses", post, list]).await?;
            let (accounts, _bad) = self.counted::<wire::Account>(rows, list);
            heard.extend(accounts.iter().map(|by| self.by_account(kind, by, post)));
        }
        heard.extend(self.quotes(post).await?);
        heard.retain(|one| one.author.stable_id != own.stable_id);
        Ok(heard)
    }

    async fn own_author(&self) -> Result<Author, Unread> {
        Ok(self.verify_credentials().await?.author(&self.host))
    }

    /// The replies below the post, at every depth. All of them answer it: the server gives only
    /// what hangs below it.
    async fn replies(&self, post: &str) -> Result<Vec<Heard>, Unread> {
        #[derive(serde::Deserialize)]
        struct Context {
            descendants: Vec<Value>,
        }
        let answer = self.get(&["api", "v1", "statuses", post, "context"], &[]).await?;
        let context: Context = self.json(&answer)?;
        let (statuses, _bad) = self.counted::<wire::Status>(context.descendants, "context");
        Ok(statuses
            .iter()
            .filter_map(|reply| self.by_status(EngagementKind::Reply, reply, post))
            .collect())
    }

    /// Quotes, where the API has them (Mastodon 4.5); any 4xx is a server that does not.
    async fn quotes(&self, post: &str) -> Result<Vec<Heard>, Unread> {
        let answer = self.get(&["api", "v1", "statuses", post, "quotes"], &[]).await?;
        if answer.status >= 400 {
            return Ok(Vec::new());
        }
        let (statuses, _bad) = self.counted::<wire::Status>(self.json(&answer)?, "quotes");
        Ok(statuses
            .iter()
            .filter_map(|quote| self.by_status(EngagementKind::Quote, quote, post))
            .collect())
    }

    pub(super) async fn notifications_since(
        &self,
        cursor: Option<&str>,
    ) -> Result<Mentions, Unread> {
        let mut newest = cursor.map(|cursor| wire::Id(cursor.to_owned()));
        let (mut heard, start) = (Vec::new(), newest.clone());
        for _ in 0..NOTIFICATION_PAGES {
            let page = self.notification_page(newest.as_ref()).await?;
            let is_new = |id: &wire::Id| newest.as_ref().is_none_or(|newest| id > newest);
            // Of every row, the unreadable ones too: a page full of those must not be the end.
            let ids = page.iter().filter_map(|row| serde_json::from_value(row["id"].clone()).ok());
            let Some(last) = ids.filter(is_new).max() else { break };
            let (rows, _bad) = self.counted::<wire::Notification>(page, "notifications");
            let fresh = rows.iter().filter(|one| is_new(&one.id));
            heard.extend(fresh.filter_map(|one| self.by_notification(one)));
            newest = Some(last);
            // Without a cursor the first page is the newest one: nothing lies beyond it.
            if start.is_none() {
                break;
            }
        }
        let cursor = newest.filter(|newest| start.as_ref() != Some(newest)).map(|id| id.0);
        Ok(Mentions { heard, cursor })
    }

    async fn notification_page(&self, after: Option<&wire::Id>) -> Result<Vec<Value>, Unread> {
        let mut query = vec![("limit", "40")];
        query.extend(["mention", "favourite", "reblog", "quote"].map(|kind| ("types[]", kind)));
        query.extend(after.map(|id| ("min_id", id.0.as_str())));
        let answer = self.get(&["api", "v1", "notifications"], &query).await?;
        self.json(&answer)
    }

    fn by_notification(&self, one: &wire::Notification) -> Option<Heard> {
        let status = one.status.as_ref()?;
        let mut heard = match one.kind.as_str() {
            // On a mention that answers nothing `on_post` is empty: it is no reply to a post of
            // ours, but it may quote a reference.
            "mention" => {
                let on = status.in_reply_to_id.as_ref().map_or("", |id| id.0.as_str());
                self.by_status(EngagementKind::Reply, status, on)?
            }
            "quote" => self.by_status(EngagementKind::Quote, status, &quoted(status)?)?,
            "favourite" => self.by_account(EngagementKind::Like, &one.account, &status.id.0),
            "reblog" => {
                // Some servers give the repost, some the post.
                let post = status.reblog.as_ref().map_or(&status.id, |of| &of.id);
                self.by_account(EngagementKind::Repost, &one.account, &post.0)
            }
            _ => return None,
        };
        heard.at = heard.at.or_else(|| wire::instant(one.created_at.as_deref()?));
        Some(heard)
    }

    fn by_status(&self, kind: EngagementKind, status: &wire::Status, on: &str) -> Option<Heard> {
        Some(Heard {
            kind,
            platform_id: status.id.0.clone(),
            on_post: on.to_owned(),
            author: status.account.as_ref()?.author(&self.host),
            at: status.at(),
            text: Some(status.text()),
        })
    }

    fn by_account(&self, kind: EngagementKind, by: &wire::Account, on: &str) -> Heard {
        let author = by.author(&self.host);
        let platform_id = format!("{kind}:{}", author.stable_id);
        Heard { kind, platform_id, on_post: on.to_owned(), author, at: None, text: None }
    }

    /// A list that its `Link` headers page. Of a link only the query is taken, and asked of the
    /// path we know: a server cannot lead our token elsewhere.
    async fn list(&self, segments: &[&str]) -> Result<Vec<Value>, Unread> {
        let mut query = vec![("limit".to_owned(), "80".to_owned())];
        let mut all = Vec::new();
        for _ in 0..PAGES {
            let pairs: Vec<(&str, &str)> =
                query.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = self.get(segments, &pairs).await?;
            let page: Vec<Value> = self.json(&answer)?;
            let empty = page.is_empty();
            all.extend(page);
            match next_page(&answer.headers) {
                Some(next) if !empty && next != query => query = next,
                _ => return Ok(all),
            }
        }
        tracing::warn!(pages = PAGES, "a list of engagements was cut");
        Ok(all)
    }

    fn counted<T: serde::de::DeserializeOwned>(
        &self,
        rows: Vec<Value>,
        list: &str,
    ) -> (Vec<T>, usize) {
        let (good, bad) = wire::rows(rows);
        if bad > 0 {
            tracing::warn!(account = %self.config.account, list, bad, "rows that cannot be read");
        }
        (good, bad)
    }
}

/// The id of the post that a quote quotes.
fn quoted(status: &wire::Status) -> Option<String> {
    let quote = status.quote.as_ref()?;
    let id = quote.pointer("/quoted_status/id").or_else(|| quote.get("id"))?;
    serde_json::from_value::<wire::Id>(id.clone()).ok().map(|id| id.0)
}

/// The query of the `rel="next"` link.
fn next_page(headers: &HeaderMap) -> Option<Vec<(String, String)>> {
    let link = headers.get("link")?.to_str().ok()?;
    let next = link.split(',').find(|part| part.contains("rel=\"next\""))?;
    let (_, rest) = next.split_once('<')?;
    let (url, _) = rest.split_once('>')?;
    let url = Url::parse(url).ok()?;
    Some(url.query_pairs().into_owned().collect())
}
