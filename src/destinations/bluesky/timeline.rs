//! Our own repository, read at its own server: where the truth about an attempt is, and about
//! everything said in our name. The AppView's timelines lag behind it.
//!
//! The invariant: *not there* is said only by the server that keeps our repository, and that knows
//! us at that moment. Anything less is blind.

use jiff::SignedDuration;
use serde::Deserialize;

use super::{
    Bluesky, json,
    key::{POSTS, Place, REPOSTS, record_key, time_of_key},
    wire,
};
use crate::{
    destinations::{
        OwnPost, Unread,
        reading::{likeness, rows},
    },
    domain::{
        delivery::{Delivery, Look, Receipt},
        time::Timestamp,
    },
};

/// More pages of a hundred than any account's fortnight: the end of patience.
const PAGES: usize = 50;
/// A record's key bears the time of drafting, and its post may go out this much later.
const DRAFTED_BEFORE: SignedDuration = SignedDuration::from_hours(24 * 7);

impl Bluesky {
    /// Our own DID, asked once.
    pub(super) async fn own_did(&self) -> Result<String, Unread> {
        let did = self.own.get_or_try_init(|| async { Ok(self.session().await?.did) });
        did.await.cloned()
    }

    pub(super) async fn look_for_post(&self, delivery: &Delivery) -> Result<Look, Unread> {
        let place = Place::post(&self.own_did().await?, record_key(&delivery.id));
        Ok(match self.record_at(&place).await? {
            None => Look::NotThere,
            Some(record) if likeness(record.text(), delivery).is_some() => Look::Found(Receipt {
                id: place.to_string(),
                permalink: place.permalink(),
                at: record.at().unwrap_or_else(|| self.now()),
            }),
            // Nobody else derives this key, so somebody put other words where ours stood.
            Some(_) => Look::NoWay,
        })
    }

    /// For a retraction the thing looked for is the post's absence.
    pub(super) async fn look_for_absence(&self, post: &str) -> Result<Look, Unread> {
        let Some(place) = Place::parse(post) else { return Ok(Look::NoWay) };
        Ok(match self.record_at(&place).await? {
            None => Look::Found(self.deleted(&place)),
            Some(_) => Look::NotThere,
        })
    }

    /// The record at a place; `None`: the server that keeps our repository has none there.
    async fn record_at(&self, place: &Place) -> Result<Option<wire::Record>, Unread> {
        let params = [
            ("repo", place.did.as_str()),
            ("collection", place.collection.as_str()),
            ("rkey", place.key.as_str()),
        ];
        let answer = self.query("com.atproto.repo.getRecord", &params).await?;
        if wire::ApiError::of(&answer).error == "RecordNotFound" {
            // Another server behind the same name has no such record either.
            return match self.session().await?.did == place.did {
                true => Ok(None),
                false => Err(failed("the session is another account's now")),
            };
        }
        let record: wire::Record = json(&answer)?;
        if record.uri != place.to_string() {
            return Err(failed("the server answered with another record"));
        }
        Ok(Some(record))
    }

    /// A repost speaks in our name too: it is told as what it reposts.
    pub(super) async fn own_posts_since(&self, since: Timestamp) -> Result<Vec<OwnPost>, Unread> {
        let own = |record: &wire::Record, text: String, seen: &str| {
            let permalink = Place::parse(seen).map(|place| place.permalink());
            OwnPost {
                id: record.uri.clone(),
                permalink: permalink.unwrap_or_else(|| seen.to_owned()),
                at: record.at().unwrap_or_else(|| self.now()),
                text,
            }
        };
        let posts = self.records(POSTS, since).await?;
        let mut all: Vec<_> =
            posts.iter().map(|post| own(post, post.text().to_owned(), &post.uri)).collect();
        for repost in self.records(REPOSTS, since).await? {
            let of = repost.value["subject"]["uri"].as_str().unwrap_or_default().to_owned();
            all.push(own(&repost, format!("a repost of {of}"), &of));
        }
        all.sort_by_key(|post| std::cmp::Reverse(post.at));
        Ok(all)
    }

    /// The records of a collection, newest key first, back past `since`.
    async fn records(
        &self,
        collection: &str,
        since: Timestamp,
    ) -> Result<Vec<wire::Record>, Unread> {
        #[derive(Deserialize)]
        struct Page {
            records: Vec<serde_json::Value>,
            #[serde(default)]
            cursor: Option<String>,
        }
        let did = self.own_did().await?;
        let oldest = since.minus(DRAFTED_BEFORE).micros();
        let (mut all, mut cursor) = (Vec::new(), None::<String>);
        for _ in 0..PAGES {
            let mut params =
                vec![("repo", did.as_str()), ("collection", collection), ("limit", "100")];
            params.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Page = self.ask("com.atproto.repo.listRecords", &params).await?;
            let (records, bad) = rows::<wire::Record>(page.records);
            if bad > 0 {
                return Err(failed("our own repository holds rows that cannot be read"));
            }
            let key = records.last().and_then(|last| Some(Place::parse(&last.uri)?.key));
            let reached = key.and_then(|key| time_of_key(&key)).is_some_and(|at| at < oldest);
            let (empty, same) = (records.is_empty(), page.cursor == cursor);
            all.extend(records);
            if empty || reached || page.cursor.is_none() {
                return Ok(all);
            }
            if same {
                return Err(failed("the server does not page through our repository"));
            }
            cursor = page.cursor;
        }
        Err(failed(&format!("our repository goes on after {PAGES} pages")))
    }
}

fn failed(reason: &str) -> Unread {
    Unread::Failed { reason: reason.to_owned() }
}
