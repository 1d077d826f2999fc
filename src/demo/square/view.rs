//! What the square holds, as its API tells it.

use super::{Account, Notice, Post, Role, Square, State};
use crate::{
    destinations::sandbox::api::{AccountBody, HeardBody, Page, PostBody, ThreadBody},
    domain::{engagement::EngagementKind, time::Timestamp},
};

/// Own posts on a page.
const POSTS_A_PAGE: usize = 40;
/// Notifications on a page.
const NOTICES_A_PAGE: usize = 80;

impl Account {
    /// The square vouches for it.
    pub fn verified(&self) -> bool {
        matches!(self.role, Role::Unit | Role::Bank)
    }

    fn body(&self) -> AccountBody {
        AccountBody {
            id: self.id.clone(),
            handle: self.handle.clone(),
            name: self.name.clone(),
            verified: self.verified(),
        }
    }
}

impl Square {
    /// Who the token speaks for.
    pub(super) fn me(&self) -> AccountBody {
        self.read(|state| state.unit().body())
    }

    pub(super) fn account(&self, handle: &str) -> Option<AccountBody> {
        self.read(|state| state.by_handle(handle).map(Account::body))
    }

    pub(super) fn post_body(&self, post: &Post) -> PostBody {
        self.read(|state| self.tell(state, post))
    }

    fn tell(&self, state: &State, post: &Post) -> PostBody {
        let author = state.by_id(&post.author).unwrap_or_else(|| state.unit()).body();
        PostBody {
            id: post.id.to_string(),
            permalink: format!("{}/@{}/{}", self.base_url, author.handle, post.id),
            author,
            at: post.at,
            text: post.text.clone(),
            deleted_at: post.deleted_at,
        }
    }

    pub(super) fn thread(&self, id: u64) -> Option<ThreadBody> {
        self.read(|state| {
            let post = state.posts.get(&id)?;
            Some(ThreadBody { post: self.tell(state, post), heard: state.heard_on(post) })
        })
    }

    /// The unit's posts at or after `since`, newest first, older than `before`. Deleted ones are
    /// not among them.
    pub(super) fn own_posts(&self, since: Timestamp, before: Option<u64>) -> Page<PostBody> {
        self.read(|state| {
            let unit = &state.unit().id;
            let older = state.posts.range(..before.unwrap_or(u64::MAX)).rev();
            let mut own = older
                .map(|(_, post)| post)
                .filter(|post| post.author == *unit && post.deleted_at.is_none())
                .filter(|post| post.at >= since);
            let items: Vec<_> =
                own.by_ref().take(POSTS_A_PAGE).map(|post| self.tell(state, post)).collect();
            let last = items.last().map(|post| post.id.clone());
            let next = own.next().and(last.clone());
            Page { items, next, cursor: last.unwrap_or_default() }
        })
    }

    /// What happened to the unit's posts after the cursor, oldest first.
    pub(super) fn notices(&self, since: usize) -> Page<HeardBody> {
        self.read(|state| {
            let from = since.min(state.notices.len());
            let to = state.notices.len().min(from + NOTICES_A_PAGE);
            let items = state.notices[from..to].iter().filter_map(|notice| state.heard(notice));
            let next = (to < state.notices.len()).then(|| to.to_string());
            Page { items: items.collect(), next, cursor: to.to_string() }
        })
    }
}

impl State {
    fn heard(&self, notice: &Notice) -> Option<HeardBody> {
        let by = self.by_id(&notice.by)?.body();
        Some(HeardBody {
            kind: notice.kind,
            id: match notice.as_post {
                Some(id) => id.to_string(),
                None => format!("{}:{}", notice.kind, notice.by),
            },
            on_post: notice.post.to_string(),
            by,
            at: notice.at,
            text: notice.as_post.and_then(|id| Some(self.posts.get(&id)?.text.clone())),
        })
    }

    fn heard_on(&self, post: &Post) -> Vec<HeardBody> {
        let notice = |kind, by: &String, at, as_post| Notice {
            kind,
            post: post.id,
            by: by.clone(),
            at,
            as_post,
        };
        let mut all: Vec<_> = self
            .posts
            .range(post.id..)
            .filter_map(|(id, other)| {
                let kind = if other.reply_to == Some(post.id) {
                    EngagementKind::Reply
                } else if other.quotes == Some(post.id) {
                    EngagementKind::Quote
                } else {
                    return None;
                };
                Some(notice(kind, &other.author, other.at, Some(*id)))
            })
            .collect();
        let likes = post.likes.iter().map(|(by, at)| notice(EngagementKind::Like, by, *at, None));
        let shares =
            post.reposts.iter().map(|(by, at)| notice(EngagementKind::Repost, by, *at, None));
        all.extend(likes.chain(shares));
        all.sort_by_key(|notice| notice.at);
        all.iter().filter_map(|notice| self.heard(notice)).collect()
    }
}
