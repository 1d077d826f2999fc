//! What comes back on a post, and what mentions us.
//!
//! The invariants: the counts of many posts are asked first, for they cost least; the bank's own
//! answers are read before anybody else's; what cannot be paid for is left out and never an error;
//! one engagement has one `platform_id` by whichever way it was heard.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Ask, X,
    lists::{Got, List, POST_FIELDS, author},
    wire::{Author, Id, Includes, Page, Post, User, rows},
};
use crate::{
    destinations::Unread,
    domain::{
        cost::{Item, Reader},
        engagement::{EngagementKind, Heard, Tally, Watched},
    },
};

/// As many posts as X counts in one request.
const BATCH: usize = 100;
/// Of a list that grew, this many rows are read beyond the new ones, for some may have gone.
const MARGIN: u32 = 10;
/// Rows of one list that are read in one go at most.
const MOST: u32 = 1_000;

impl X {
    /// Posts whose counts are above those at the last whole reading, or above what the ledger knows
    /// where there was none. X counts what it does not show (answers that were hidden, likes of
    /// protected accounts), so the ledger's counts alone would stir such a post for ever.
    pub(super) async fn stirred_of(&self, posts: &[Watched]) -> Result<BTreeSet<String>, Unread> {
        let posts: Vec<_> = posts.iter().filter(|post| is_id(&post.post)).collect();
        let counts = self.counts(&posts).await?;
        let rose = |post: &&&Watched| {
            counts.get(&post.post).is_some_and(|now| now.above(&self.last_counts(post)))
        };
        Ok(posts.iter().filter(rose).map(|post| post.post.clone()).collect())
    }

    /// What X counts on these posts; those that are gone, or that the meter does not pay for, are
    /// left out.
    async fn counts(&self, posts: &[&Watched]) -> Result<BTreeMap<String, Tally>, Unread> {
        let paid = self.meter.left(Item::OwnRead, Reader::Banks).await? as usize;
        if paid < posts.len() {
            let left_out = posts.len() - paid;
            tracing::debug!(account = %self.config.account, left_out, "counts that no cap pays for");
        }
        let mut counts = BTreeMap::new();
        for batch in posts[..posts.len().min(paid)].chunks(BATCH) {
            let ids: Vec<&str> = batch.iter().map(|post| post.post.as_str()).collect();
            let ids = ids.join(",");
            let query = [("ids", ids.as_str()), ("post.fields", "public_metrics")];
            let page: Page = self.json(&self.get(Ask::Counts, &["tweets"], &query).await?)?;
            let (shown, _bad) = self.readable::<Post>(page.found()?, "counts");
            self.count(Item::OwnRead, shown.iter().map(|post| post.id.0.as_str())).await?;
            let counted = |post: Post| Some((post.id.0, Tally::from(post.public_metrics?)));
            counts.extend(shown.into_iter().filter_map(counted));
        }
        Ok(counts)
    }

    fn last_counts(&self, post: &Watched) -> Tally {
        let heard = self.heard_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        heard.get(&post.post).copied().unwrap_or(post.known)
    }

    /// The bank's answers, then what grew. What was heard is kept though a later list fails.
    pub(super) async fn engagement_of(&self, post: &Watched) -> Result<Vec<Heard>, Unread> {
        if !is_id(&post.post) {
            return Ok(Vec::new());
        }
        let own = self.own_id().await?;
        let (mut heard, mut whole) = self.of_bank(post).await?;
        let counts = self.counts(&[post]).await?.remove(&post.post);
        let mut grew = growth(counts.unwrap_or_default(), self.last_counts(post));
        for &kind in EngagementKind::ALL {
            let new = *grew.of(kind);
            if new == 0 {
                continue;
            }
            match self.of_others(post, kind, new).await {
                Ok((more, all)) => {
                    heard.extend(more);
                    whole &= all;
                }
                Err(Unread::Failed { reason }) if !heard.is_empty() => {
                    tracing::warn!(account = %self.config.account, %kind, reason, "was not read");
                    whole = false;
                }
                Err(Unread::Throttled { .. }) if !heard.is_empty() => whole = false,
                Err(unread) => return Err(unread),
            }
        }
        if let Some(counts) = counts.filter(|_| whole) {
            let mut heard = self.heard_at.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            heard.insert(post.post.clone(), counts);
        }
        heard.retain(|one| one.author.stable_id != own.0);
        Ok(heard)
    }

    /// What the bank's verified account answered, by its stable id: its handle may be another's.
    async fn of_bank(&self, post: &Watched) -> Result<(Vec<Heard>, bool), Unread> {
        let Some(bank) = post.bank.as_ref().filter(|bank| is_id(&bank.stable_id)) else {
            return Ok((Vec::new(), true));
        };
        let query = format!("conversation_id:{} from:{}", post.post, bank.stable_id);
        self.heard(post, EngagementKind::Reply, &search(query, Reader::Banks), MOST).await
    }

    async fn of_others(
        &self,
        post: &Watched,
        kind: EngagementKind,
        new: u32,
    ) -> Result<(Vec<Heard>, bool), Unread> {
        let below = |ask, last: &'static str, row, smallest| List {
            ask,
            path: vec!["tweets", &post.post, last],
            query: Vec::new(),
            next: "pagination_token",
            smallest,
            row,
            reader: Reader::Others,
        };
        let wanted = new.saturating_add(MARGIN);
        let (list, wanted) = match kind {
            EngagementKind::Reply => {
                let own = &self.own_id().await?.0;
                let query = format!("conversation_id:{} -from:{own}", post.post);
                (search(query, Reader::Others), wanted)
            }
            EngagementKind::Quote => {
                let mut list = below(Ask::Quotes, "quote_tweets", Item::PostRead, 10);
                list.query.push(owned(POST_FIELDS));
                (list, wanted)
            }
            // In what order these come is not said, so the new ones may stand anywhere.
            EngagementKind::Like => (below(Ask::Likes, "liking_users", Item::LikeRead, 1), MOST),
            EngagementKind::Repost => {
                (below(Ask::Reposts, "retweeted_by", Item::UserRead, 1), MOST)
            }
        };
        self.heard(post, kind, &list, wanted).await
    }

    /// The newest `wanted` rows of a list as engagements, and whether all of them could be read.
    async fn heard(
        &self,
        post: &Watched,
        kind: EngagementKind,
        list: &List<'_>,
        wanted: u32,
    ) -> Result<(Vec<Heard>, bool), Unread> {
        let (mut heard, mut read, mut token) = (Vec::new(), 0, None::<String>);
        while read < wanted.min(MOST) {
            match self.page(list, wanted - read, token.as_deref()).await? {
                Got::Rows(rows, includes, next) => {
                    read += u32::try_from(rows.len()).unwrap_or(MOST);
                    let nothing = rows.is_empty();
                    heard.extend(self.engagements(post, kind, rows, &includes));
                    match next {
                        Some(next) if !nothing && token.as_ref() != Some(&next) => {
                            token = Some(next);
                        }
                        _ => break,
                    }
                }
                Got::Unpaid => {
                    tracing::debug!(account = %self.config.account, %kind, "no cap pays for it");
                    return Ok((heard, false));
                }
                Got::NotAllowed => {
                    tracing::debug!(account = %self.config.account, %kind, "not in the app's tier");
                    break;
                }
            }
        }
        Ok((heard, true))
    }

    fn engagements(
        &self,
        post: &Watched,
        kind: EngagementKind,
        rows: Vec<Value>,
        includes: &Includes,
    ) -> Vec<Heard> {
        let on = post.post.as_str();
        if matches!(kind, EngagementKind::Reply | EngagementKind::Quote) {
            let (posts, _bad) = self.readable::<Post>(rows, "answers");
            let others = posts.iter().filter(|one| one.id.0 != on);
            return others.filter_map(|one| by_post(kind, one, on, includes)).collect();
        }
        let (users, _bad) = self.readable::<User>(rows, "users");
        users.iter().map(|user| by_user(kind, user, on)).collect()
    }

    /// The rows that can be read; how many cannot is said.
    pub(super) fn readable<T: serde::de::DeserializeOwned>(
        &self,
        list: Vec<Value>,
        what: &str,
    ) -> (Vec<T>, usize) {
        let (good, bad) = rows(list);
        if bad > 0 {
            tracing::warn!(account = %self.config.account, what, bad, "rows that cannot be read");
        }
        (good, bad)
    }
}

/// An id as X has them; what a person pasted may be anything.
pub(super) fn is_id(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn owned((name, value): (&'static str, &str)) -> (&'static str, String) {
    (name, value.to_owned())
}

/// A search of the last seven days, which is as far as X's recent search goes.
fn search(query: String, reader: Reader) -> List<'static> {
    List {
        ask: Ask::Search,
        path: vec!["tweets", "search", "recent"],
        query: vec![("query", query), owned(POST_FIELDS)],
        next: "next_token",
        smallest: 10,
        row: Item::PostRead,
        reader,
    }
}

/// By how much each count rose.
fn growth(mut now: Tally, mut last: Tally) -> Tally {
    for &kind in EngagementKind::ALL {
        *now.of(kind) = now.of(kind).saturating_sub(*last.of(kind));
    }
    now
}

pub(super) fn by_post(
    kind: EngagementKind,
    post: &Post,
    on: &str,
    includes: &Includes,
) -> Option<Heard> {
    let Id(author_id) = post.author_id.as_ref()?;
    Some(Heard {
        kind,
        platform_id: post.id.0.clone(),
        on_post: on.to_owned(),
        author: author(includes, author_id),
        at: post.at(),
        text: Some(post.text()),
    })
}

fn by_user(kind: EngagementKind, user: &User, on: &str) -> Heard {
    let author: Author = user.author();
    let platform_id = format!("{kind}:{}", author.stable_id);
    Heard { kind, platform_id, on_post: on.to_owned(), author, at: None, text: None }
}
