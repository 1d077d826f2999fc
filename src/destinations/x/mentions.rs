//! What mentions us: how most answers are heard, for X puts our handle before each.
//!
//! The invariant: the cursor passes only what was read. X gives the newest first; where reading
//! stops half way down, the cursor keeps the gap, and the next reading goes on in it.

use super::{
    Ask, X,
    listen::{by_post, is_id},
    lists::{Got, List, POST_FIELDS},
    wire::{Id, Includes, Post},
};
use crate::{
    destinations::{Mentions, Unread},
    domain::{
        cost::{Item, Reader},
        engagement::{EngagementKind, Heard},
    },
};

/// X gives the 800 newest mentions, and no older one.
const PAGES: usize = 8;

/// Where reading goes on. As text, which the ledger keeps: `SINCE`, or `SINCE~BELOW~NEWEST` with a
/// gap.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    /// Everything up to this has been read.
    since: Id,
    /// What lies between `since` and `below` has not; `newest` is the newest that has been read.
    gap: Option<(Id, Id)>,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let ids: Vec<Id> = text.split('~').map(|id| Id(id.to_owned())).collect();
        let good = ids.iter().all(|id| is_id(&id.0));
        match <[Id; 3]>::try_from(ids) {
            Ok([since, below, newest]) if good => Some(Self { since, gap: Some((below, newest)) }),
            Err(ids) if good && ids.len() == 1 => {
                Some(Self { since: ids.into_iter().next()?, gap: None })
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.since.0)?;
        match &self.gap {
            Some((below, newest)) => write!(f, "~{}~{}", below.0, newest.0),
            None => Ok(()),
        }
    }
}

/// What a reading has brought so far.
#[derive(Default)]
struct Read {
    heard: Vec<Heard>,
    newest: Option<Id>,
    oldest: Option<Id>,
}

impl X {
    pub(super) async fn mentions_since(&self, cursor: Option<&str>) -> Result<Mentions, Unread> {
        let start = cursor.and_then(Cursor::read);
        let own = &self.own_id().await?.0;
        let mut list = List {
            ask: Ask::Mentions,
            path: vec!["users", own, "mentions"],
            query: vec![(POST_FIELDS.0, POST_FIELDS.1.to_owned())],
            next: "pagination_token",
            smallest: 5,
            row: Item::OwnRead,
            reader: Reader::Others,
        };
        if let Some(start) = &start {
            list.query.push(("since_id", start.since.0.clone()));
            let below = start.gap.iter().map(|(below, _)| ("until_id", below.0.clone()));
            list.query.extend(below);
        }
        // Without a cursor the newest page is where we begin.
        let pages = if start.is_some() { PAGES } else { 1 };
        let (read, whole) = self.read_mentions(&list, start.as_ref(), pages).await?;
        let cursor = moved(start.as_ref(), &read, whole || start.is_none());
        Ok(Mentions { heard: read.heard, cursor: cursor.map(|cursor| cursor.to_string()) })
    }

    /// Downwards from the newest; whether the whole way was read.
    async fn read_mentions(
        &self,
        list: &List<'_>,
        start: Option<&Cursor>,
        pages: usize,
    ) -> Result<(Read, bool), Unread> {
        let (mut read, mut token) = (Read::default(), None::<String>);
        for _ in 0..pages {
            let (rows, includes, next) = match self.page(list, u32::MAX, token.as_deref()).await? {
                Got::Rows(rows, includes, next) => (rows, includes, next),
                Got::NotAllowed => return Ok((read, true)),
                Got::Unpaid => {
                    tracing::debug!(account = %self.config.account, "no cap pays for mentions");
                    return Ok((read, false));
                }
            };
            // Of every row, the unreadable ones too: a page full of those must not be the end.
            let ids = rows.iter().filter_map(|row| serde_json::from_value(row["id"].clone()).ok());
            let is_new = |id: &Id| start.is_none_or(|start| *id > start.since);
            let (new, old): (Vec<Id>, Vec<Id>) = ids.partition(is_new);
            let before = read.oldest.clone();
            read.newest = read.newest.into_iter().chain(new.iter().max().cloned()).max();
            read.oldest = read.oldest.into_iter().chain(new.iter().min().cloned()).min();
            let (posts, _bad) = self.readable::<Post>(rows, "mentions");
            let fresh = posts.iter().filter(|post| is_new(&post.id));
            read.heard.extend(fresh.filter_map(|post| mention(post, &includes)));
            match next {
                Some(next) if old.is_empty() && read.oldest != before => token = Some(next),
                _ => return Ok((read, true)),
            }
        }
        Ok((read, false))
    }
}

/// Where the next reading goes on; `None`: from where this one did.
fn moved(start: Option<&Cursor>, read: &Read, whole: bool) -> Option<Cursor> {
    let gap = start.and_then(|start| start.gap.clone());
    let newest = gap.map(|(_, newest)| newest).or_else(|| read.newest.clone())?;
    match (start, &read.oldest) {
        _ if whole => Some(Cursor { since: newest, gap: None }),
        (Some(start), Some(oldest)) => {
            let gap = Some((oldest.clone(), newest));
            Some(Cursor { since: start.since.clone(), gap })
        }
        _ => None,
    }
}

/// All of a conversation answers the post at its beginning, as in its thread. On a mention that
/// begins one `on_post` is empty: it is no reply to a post of ours, but it may quote a reference.
fn mention(post: &Post, includes: &Includes) -> Option<Heard> {
    let root = post.conversation_id.as_ref().filter(|root| **root != post.id);
    let on = root.map_or("", |root| root.0.as_str());
    by_post(EngagementKind::Reply, post, on, includes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in
            ["17", "17~25~99", "1900000000000000100~1900000000000000101~1900000000000000102"]
        {
            assert_eq!(Cursor::read(text).unwrap().to_string(), text);
        }
        for bad in ["", "x", "17~25", "17~25~99~1", "17~~99", "-1", "00000000000000000000"] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
    }
}
