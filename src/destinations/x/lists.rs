//! Lists that cost: a page at a time, each no longer than the meter pays for, each counted before
//! anybody uses it.

use serde_json::Value;

use super::{
    Ask, Meaning, Problem, X,
    wire::{Author, Includes, Page},
};
use crate::{
    destinations::Unread,
    domain::cost::{Item, Reader},
};

/// As many as X gives in a page.
const MOST: u32 = 100;
/// What of a post we ask for.
pub(super) const POST_FIELDS: (&str, &str) =
    ("post.fields", "conversation_id,created_at,entities,text");
/// The author of each post beside it, by name.
const AUTHORS: [(&str, &str); 2] = [("expansions", "author_id"), ("user.fields", "username")];

/// A list that X gives in pages.
pub(super) struct List<'a> {
    pub ask: Ask,
    pub path: Vec<&'a str>,
    pub query: Vec<(&'a str, String)>,
    /// The name of the parameter that asks for the next page.
    pub next: &'static str,
    /// The fewest that X gives in a page.
    pub smallest: u32,
    /// What each row is charged as.
    pub row: Item,
    pub reader: Reader,
}

/// What came of asking for a page.
pub(super) enum Got {
    /// Its rows, who stands beside them, and the token of the next page.
    Rows(Vec<Value>, Includes, Option<String>),
    /// The meter does not pay for a page now.
    Unpaid,
    /// The app's tier at X does not have this list.
    NotAllowed,
}

impl List<'_> {
    /// Whether its rows are posts, with their authors beside them.
    fn of_posts(&self) -> bool {
        !matches!(self.ask, Ask::Likes | Ask::Reposts)
    }

    /// How a row is named where it is charged: a like, which has no id, by its post and its user.
    fn resource(&self, row: &Value) -> Option<String> {
        let id = row.get("id")?.as_str()?;
        let like = |post: &str| format!("{post}:{id}");
        Some(if self.row == Item::LikeRead { like(self.path[1]) } else { id.to_owned() })
    }
}

impl X {
    /// One page of `wanted` rows, or as many as the meter pays for.
    pub(super) async fn page(
        &self,
        list: &List<'_>,
        wanted: u32,
        token: Option<&str>,
    ) -> Result<Got, Unread> {
        let Some(most) = self.paid_for(list).await? else { return Ok(Got::Unpaid) };
        let size = wanted.clamp(list.smallest, most).to_string();
        let mut query = vec![("max_results", size.as_str())];
        query.extend(list.query.iter().map(|(name, value)| (*name, value.as_str())));
        query.extend(token.map(|token| (list.next, token)));
        if list.of_posts() {
            query.extend(AUTHORS);
        }
        let answer = self.get(list.ask, &list.path, &query).await?;
        let told = Problem::read(answer.bytes()).map(|problem| problem.meaning());
        if answer.status == 403 && told == Some(Meaning::Tier) {
            return Ok(Got::NotAllowed);
        }
        let page: Page = self.json(&answer)?;
        let (rows, includes, token) = page.rows().map_err(|reason| Unread::Failed { reason })?;
        let read: Vec<String> = rows.iter().filter_map(|row| list.resource(row)).collect();
        self.count(list.row, read.iter().map(String::as_str)).await?;
        self.count(Item::UserRead, includes.authors().keys().copied()).await?;
        Ok(Got::Rows(rows, includes, token))
    }

    /// How long a page may be now; `None` where not even X's smallest is paid for. Every author may
    /// be a new one, and is charged as a user.
    async fn paid_for(&self, list: &List<'_>) -> Result<Option<u32>, Unread> {
        let mut most = MOST.min(self.meter.left(list.row, list.reader).await?);
        if list.of_posts() {
            most = most.min(self.meter.left(Item::UserRead, list.reader).await?);
        }
        Ok(Some(most).filter(|most| *most >= list.smallest))
    }
}

/// The author of a row, by what stands beside the list.
pub(super) fn author(includes: &Includes, id: &str) -> Author {
    let beside = includes.authors().remove(id);
    // X has withheld the user: who it is stays known by the id.
    beside.unwrap_or_else(|| Author { stable_id: id.to_owned(), handle: String::new() })
}
