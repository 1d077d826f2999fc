//! One post's whole history, told entry by entry: which message says what an entry says, and with
//! what. Whoever tells it, in whichever language, tells the same.
//!
//! The invariant: no case reference and no victim's datum is in it; the record has none.

use serde_json::Value as Json;

use super::reply_classes;
use crate::{
    domain::{
        engagement::{EngagementKind, Voice},
        time::Timestamp,
    },
    store::{Entry, PostHistory},
};

/// A message by its key, and what fills it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// The message.
    pub key: &'static str,
    /// Its variables.
    pub given: Vec<(&'static str, Given)>,
}

/// What fills a variable of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// As the record has it.
    Text(String),
    /// A word of our own lists, with its group: `posts-state`, `delivered`.
    Word(&'static str, String),
    /// How much came back, by kind and voice.
    Counts(Vec<(u64, EngagementKind, Voice)>),
}

impl Said {
    const fn plain(key: &'static str) -> Self {
        Self { key, given: Vec::new() }
    }

    fn with(mut self, name: &'static str, text: impl Into<String>) -> Self {
        self.given.push((name, Given::Text(text.into())));
        self
    }

    fn word(mut self, name: &'static str, group: &'static str, word: &str) -> Self {
        self.given.push((name, Given::Word(group, word.to_owned())));
        self
    }

    /// Adds what the next entry of the same kind says about the same post: what comes back comes in
    /// many small entries.
    pub fn absorb(&mut self, next: &Self) -> bool {
        let (Some((_, Given::Counts(counts))), Some((_, Given::Counts(more)))) =
            (self.given.first_mut(), next.given.first())
        else {
            return false;
        };
        for (n, kind, voice) in more {
            match counts.iter_mut().find(|(_, k, v)| k == kind && v == voice) {
                Some((count, ..)) => *count += n,
                None => counts.push((*n, *kind, *voice)),
            }
        }
        true
    }
}

/// When an entry was made.
pub fn at(entry: &Entry) -> Option<Timestamp> {
    entry.at.parse().ok().map(Timestamp::from_micros)
}

/// Who made it: a person, or the part of the program that did.
pub fn who(entry: &Entry) -> String {
    match &entry.by.person {
        Some(person) => person.to_string(),
        None => entry.by.process.split('@').next().unwrap_or_default().to_owned(),
    }
}

/// Which of the post's texts, from 1, a subject of the record is; `None`: the escalation itself.
pub fn place(history: &PostHistory, subject: &str) -> Option<usize> {
    let mut deliveries = history.row.deliveries.iter();
    deliveries.position(|row| row.delivery.id.as_str() == subject).map(|place| place + 1)
}

/// What an entry says.
pub fn told(entry: &Entry) -> Said {
    let body = &entry.body;
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let hash = || text("hash").get(..12).unwrap_or_default();
    let why = |key| Said::plain(key).with("why", text("why"));
    match entry.act.as_str() {
        "escalation.drafted" => {
            let texts = body["contents"].as_array().map_or(0, Vec::len);
            Said::plain("posts-told-drafted").with("texts", texts.to_string()).with("hash", hash())
        }
        "escalation.edited" => Said::plain("posts-told-edited").with("hash", hash()),
        "escalation.approved" => Said::plain("posts-told-approved").with("hash", hash()),
        "escalation.cleared" => Said::plain("posts-told-cleared").with("hash", hash()),
        "escalation.rejected" => why("posts-told-rejected"),
        "escalation.held-again" => why("posts-told-held-again"),
        "escalation.sent-back" => why("posts-told-sent-back"),
        "escalation.held-back" => Said::plain("posts-told-held-back"),
        "escalation.disputed" => Said::plain("posts-told-disputed").with("ground", text("ground")),
        "dispute.decided" if body["stands"].as_bool() == Some(false) => {
            Said::plain("posts-told-dispute-fails")
        }
        "dispute.decided" => Said::plain("posts-told-dispute-stands"),
        "escalation.closed" => Said::plain("posts-told-closed"),
        "escalation.expired" => Said::plain("posts-told-expired"),
        "escalation.withdrawn" => why("posts-told-escalation-withdrawn"),
        "escalation.avoided" => why("posts-told-avoided"),
        "escalation.bank-acted" => Said::plain("posts-told-bank-acted"),
        "escalation.unsent-withdrawn" => Said::plain("posts-told-unsent-withdrawn"),
        "escalation.annex-shown" => {
            Said::plain("posts-told-annex-shown").with("rows", plain(&body["rows"]))
        }
        _ => told_of_delivery(entry),
    }
}

fn told_of_delivery(entry: &Entry) -> Said {
    let body = &entry.body;
    let text = |field: &str| body[field].as_str().unwrap_or_default();
    let why = |key| Said::plain(key).with("why", text("why"));
    match entry.act.as_str() {
        "engagement.class-corrected" => reply_classes::told(body),
        "delivery.claimed" => {
            Said::plain("posts-told-claimed").with("attempt", plain(&body["attempt"]))
        }
        "delivery.rechecked" => {
            Said::plain("posts-told-rechecked").with("members", plain(&body["recheck"]["members"]))
        }
        "delivery.attempted" => {
            let receipt = body["receipt"]["permalink"].as_str().unwrap_or_default();
            let so = if receipt.is_empty() { text("detail") } else { receipt };
            let said = match &body["recheck"]["members"] {
                Json::Null => Said::plain("posts-told-attempted"),
                members => {
                    Said::plain("posts-told-rechecked-attempted").with("members", plain(members))
                }
            };
            said.word("outcome", "posts-outcome", text("outcome"))
                .word("state", "posts-state", text("state"))
                .with("so", so)
        }
        "delivery.put-off" => why("posts-told-put-off"),
        "delivery.withdrawn" => why("posts-told-withdrawn"),
        "delivery.uncertain" => {
            Said::plain("posts-told-uncertain").word("why", "posts-doubted", text("why"))
        }
        "delivery.looked" => looked(body),
        "delivery.decided-not-posted" => Said::plain("posts-told-decided-not-posted"),
        "delivery.late-receipt" => {
            let link = body["receipt"]["permalink"].as_str().unwrap_or_default();
            let key = if body["unclaimed"] == true {
                "posts-told-unclaimed"
            } else {
                "posts-told-late-receipt"
            };
            Said::plain(key).with("link", link)
        }
        "engagement.heard" => heard(body),
        "engagement.erased" => {
            Said::plain("posts-told-erased").with("texts", plain(&body["texts"]))
        }
        act => {
            let act = act.replace(['.', '-'], " ");
            let why = text("why");
            if why.is_empty() {
                Said::plain("posts-told-other").with("act", act)
            } else {
                Said::plain("posts-told-other-why").with("act", act).with("why", why)
            }
        }
    }
}

fn looked(body: &Json) -> Said {
    let state = body["state"].as_str().unwrap_or_default();
    let said = if let Some(link) = body["found"]["permalink"].as_str() {
        Said::plain("posts-told-looked-found").with("link", link)
    } else if let Some(reason) = body["blind"].as_str() {
        Said::plain("posts-told-looked-blind").with("reason", reason)
    } else if body["no_way"].as_bool() == Some(true) {
        Said::plain("posts-told-looked-no-way")
    } else {
        Said::plain("posts-told-looked-nothing")
    };
    said.word("state", "posts-state", state)
}

/// `{"new": {"reply by bank": "1"}}`, as the store writes it.
fn heard(body: &Json) -> Said {
    let read = |(key, count): (&String, &Json)| {
        let (kind, voice) = key.split_once(" by ")?;
        let count = plain(count).parse().ok()?;
        Some((count, EngagementKind::parse(kind)?, Voice::parse(voice)?))
    };
    let counts = body["new"].as_object().into_iter().flatten().filter_map(read).collect();
    Said { key: "posts-told-heard", given: vec![("counts", Given::Counts(counts))] }
}

/// Numbers stand in the record as texts.
fn plain(number: &Json) -> String {
    number.as_str().map_or_else(|| number.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::store::Actor;

    fn entry(act: &str, body: Json) -> Entry {
        Entry {
            v: "1".to_owned(),
            id: "1".to_owned(),
            at: "0".to_owned(),
            act: act.to_owned(),
            subject: "s".to_owned(),
            seq: "1".to_owned(),
            by: Actor::person(crate::domain::ids::PersonId::new("dcp"), "story"),
            authority: None,
            body,
            rows: Vec::new(),
        }
    }

    #[test]
    fn what_came_back_in_many_entries_is_told_once() {
        let mut first = told(&entry("engagement.heard", json!({"new": {"like by other": "2"}})));
        let next = json!({"new": {"like by other": "3", "reply by bank": "1"}});
        assert!(first.absorb(&told(&entry("engagement.heard", next))));
        let counts =
            vec![(5, EngagementKind::Like, Voice::Other), (1, EngagementKind::Reply, Voice::Bank)];
        assert_eq!(first.given, [("counts", Given::Counts(counts))]);
        let other = told(&entry("escalation.held-back", json!({})));
        assert!(!first.absorb(&other));
    }

    #[test]
    fn an_act_that_nobody_foresaw_is_told_all_the_same() {
        let said = told(&entry("delivery.some-thing", json!({"why": "because"})));
        assert_eq!(said.key, "posts-told-other-why");
        assert_eq!(said.given[0], ("act", Given::Text("delivery some thing".to_owned())));
    }
}
