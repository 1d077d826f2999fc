//! The record's entries as people look for them: by act, by person, by time, and one subject's story.
//!
//! Pages go on by key, not by number: the record only grows, and its end is far away.

use super::{
    Entry, Store, StoreError,
    db::{Row, sql},
    prove,
};
use crate::domain::{ids::PersonId, time::Timestamp};

/// What is looked for. Everything that is set must fit.
#[derive(Debug, Clone)]
pub struct EntryFilter {
    /// Only this act (`delivery.claimed`).
    pub act: Option<String>,
    /// Only what this person did.
    pub person: Option<PersonId>,
    /// Not before then.
    pub from: Timestamp,
    /// Before then.
    pub until: Timestamp,
    /// Older than this entry, by its time and id: where the page before ended.
    pub before: Option<(Timestamp, String)>,
    /// At most so many.
    pub limit: u32,
}

/// One entry as it stands in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedEntry {
    /// What it says.
    pub entry: Entry,
    /// Its canonical JSON, verbatim.
    pub body: String,
    /// Its leaf in the tree, from 0, once it is sealed.
    pub leaf: Option<i64>,
}

impl RecordedEntry {
    /// When it was made.
    pub fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.entry.at.parse().unwrap_or_default())
    }
}

macro_rules! newest {
    ($narrow:literal) => {
        concat!(
            "SELECT e.body, l.idx FROM entries_by e LEFT JOIN leaf l ON l.entry = e.id
             WHERE ",
            $narrow,
            " AND e.at >= $3 AND e.at < $4 AND (e.at, e.id) < ($5, $6)
               AND ($1 = '' OR e.act = $1) AND ($2 = '' OR e.person = $2)
             ORDER BY e.at DESC, e.id DESC LIMIT $7"
        )
    };
}

impl Store {
    /// Entries that fit, the newest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn entries(&self, filter: &EntryFilter) -> Result<Vec<RecordedEntry>, StoreError> {
        let mut tx = self.read().await?;
        // The narrowest condition stands first and plainly, so that its index serves the page.
        let text = match (&filter.person, &filter.act) {
            (Some(_), _) => newest!("e.person = $2"),
            (None, Some(_)) => newest!("e.act = $1"),
            (None, None) => newest!("1 = 1"),
        };
        let last = (Timestamp::from_micros(i64::MAX), String::new());
        let (at, id) = filter.before.as_ref().unwrap_or(&last);
        let rows = sql(text)
            .bind(filter.act.as_deref().unwrap_or_default())
            .bind(filter.person.as_ref().map_or("", PersonId::as_str))
            .bind(filter.from)
            .bind(filter.until)
            .bind(*at)
            .bind(id)
            .bind(filter.limit)
            .all(&mut tx)
            .await?;
        rows.iter().map(read).collect()
    }

    /// One subject's entries in their order, from the one after `after`.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn entries_of(
        &self,
        subject: &str,
        after: i64,
        limit: u32,
    ) -> Result<Vec<RecordedEntry>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT e.body, l.idx FROM entry e LEFT JOIN leaf l ON l.entry = e.id
             WHERE e.subject = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3")
        .bind(subject)
        .bind(after)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// One entry, named by its id or as `SUBJECT/NUMBER`.
    ///
    /// # Errors
    /// There is no such entry, or the ledger failed.
    pub async fn entry(&self, which: &str) -> Result<RecordedEntry, StoreError> {
        let mut tx = self.read().await?;
        read(&prove::find(&mut tx, which).await?)
    }
}

fn read(row: &Row) -> Result<RecordedEntry, StoreError> {
    let body: String = row.get("body")?;
    Ok(RecordedEntry { entry: serde_json::from_str(&body)?, leaf: row.get("idx")?, body })
}
