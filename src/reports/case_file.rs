//! One case's whole story with its evidence: what a court, or the unit's counsel, is handed. JSON and
//! paper are made of this and of nothing else.
//!
//! The invariant: the story is derived from the evidence by [`rungs`] and [`source_said`], here and by
//! whoever checks it, so that it cannot say what the evidence does not.

mod paper;
mod source;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub use self::{
    paper::pdf,
    source::{SourceSaid, source_said},
};

use crate::domain::{
    action::BankAction,
    evidence::{Evidence, OpenedRow, Opening},
    time::Timestamp,
};

/// The format's name.
pub const FORMAT: &str = "takaza-case-file/1";

/// The file. Instants of the story are RFC 3339 in UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseFile {
    /// `takaza-case-file/1`.
    pub format: String,
    /// The unit's name.
    pub unit: String,
    /// The case.
    pub case_ref: String,
    /// When it was made.
    pub made_at: String,
    /// By whom.
    pub made_by: String,
    /// Opens the commitment in the entry `case-file.made` that its making left, a later leaf of the
    /// record.
    pub made: Opening,
    /// The public halves of the record's keys as the unit has them, the oldest first. A reader
    /// compares them with those that they got from elsewhere.
    pub vkeys: Vec<String>,
    /// The story: each rung that was taken towards a bank over this case, in order.
    pub rungs: Vec<RungTaken>,
    /// What the case source said of the case's actions on which they rest, and when that was seen.
    pub source_said: Vec<SourceSaid>,
    /// What shows that it is so.
    pub evidence: Evidence,
}

/// One rung taken towards one bank, with what was said and what came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RungTaken {
    /// Its reference, which its texts carry.
    pub reference: String,
    /// The bank's code.
    pub bank: String,
    /// The bank's name in English, as its texts had it.
    pub bank_en: String,
    /// The same in Hindi.
    pub bank_hi: String,
    /// `mail`, `call`, `tag` or `notice`.
    pub rung: String,
    /// `tag`, `closure`, `correction` or `retraction`.
    pub kind: String,
    /// Where it stands.
    pub state: String,
    /// When it was drafted.
    pub drafted_at: String,
    /// How many actions it rests on, of this case and of others.
    pub actions_in_all: usize,
    /// The actions of this case that it rests on, as the source had them then.
    pub actions: Vec<ActionSeen>,
    /// Who gave it authority, or took it back, in order.
    pub decisions: Vec<Decision>,
    /// Its texts.
    pub posts: Vec<PostMade>,
}

/// An action of the case as it was seen when a rung was drafted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionSeen {
    /// Its id in the case source.
    pub external_id: String,
    /// What was asked for.
    pub kind: String,
    /// The disputed amount, in paise.
    pub disputed_paise: Option<String>,
    /// When it was asked for.
    pub requested_at: String,
    /// When the request reached the bank.
    pub delivered_at: Option<String>,
    /// What the source said came of it.
    pub status: String,
    /// As of when that was true.
    pub as_of: String,
}

/// An act of authority.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// When.
    pub at: String,
    /// What was decided, as the record names it.
    pub act: String,
    /// Who did it; nobody where a standing order was applied.
    pub who: Option<String>,
    /// On what authority.
    pub authority: Option<String>,
    /// Where it stands in the tree.
    pub leaf_index: String,
}

/// One text and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostMade {
    /// Its delivery.
    pub delivery: String,
    /// The unit's account.
    pub account: String,
    /// The platform.
    pub platform: String,
    /// `en` or `hi`.
    pub language: String,
    /// The text, letter by letter.
    pub text: String,
    /// Its hash, which was cleared.
    pub content_hash: String,
    /// Where it stands.
    pub state: String,
    /// When the platform took it.
    pub posted_at: Option<String>,
    /// Where it is.
    pub permalink: Option<String>,
    /// What the bank's own account replied.
    pub replies: Vec<ReplyGot>,
}

/// A reply or quote by the bank's own verified account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReplyGot {
    /// The platform's time of it, or that of our first sight.
    pub at: String,
    /// `reply` or `quote`.
    pub kind: String,
    /// The bank's handle.
    pub author: String,
    /// Its masked text; nothing where it was erased under a rule.
    pub text: Option<String>,
    /// What a person said it amounts to; nothing where nobody did.
    pub class: Option<String>,
}

/// The acts that give authority or take it back.
const DECISIONS: &[&str] = &[
    "escalation.approved",
    "escalation.cleared",
    "escalation.rejected",
    "escalation.held-again",
    "escalation.disputed",
    "dispute.decided",
];

/// The story that the evidence tells, the earliest rung first.
pub fn rungs(evidence: &Evidence) -> Vec<RungTaken> {
    let entries: Vec<(&str, Json)> = evidence
        .entries
        .iter()
        .filter_map(|one| Some((&*one.leaf_index, serde_json::from_str(&one.entry).ok()?)))
        .collect();
    let rungs = of_table(&evidence.rows, "escalation");
    let mut rungs: Vec<_> = rungs.map(|row| rung(row, evidence, &entries)).collect();
    rungs.sort_by(|one, other| {
        (&one.drafted_at, &one.reference).cmp(&(&other.drafted_at, &other.reference))
    });
    rungs
}

fn of_table<'a>(rows: &'a [OpenedRow], table: &'a str) -> impl Iterator<Item = &'a OpenedRow> {
    rows.iter().filter(move |row| row.table == table)
}

fn rung(row: &OpenedRow, evidence: &Evidence, entries: &[(&str, Json)]) -> RungTaken {
    let id = row.field("id");
    let own = || entries.iter().filter(|(_, entry)| entry["subject"] == id);
    let drafted = own().find(|(_, entry)| entry["act"] == "escalation.drafted");
    let members = drafted.and_then(|(_, entry)| entry["body"]["members"].as_array());
    let decided =
        own().filter(|(_, entry)| DECISIONS.contains(&entry["act"].as_str().unwrap_or_default()));
    let actions = of_table(&evidence.rows, "escalation_action");
    let actions = actions.filter(|member| member.field("escalation") == id);
    let posts = of_table(&evidence.rows, "delivery");
    let posts = posts.filter(|delivery| delivery.field("escalation") == id);
    let facts: Json = serde_json::from_str(row.field("facts")).unwrap_or(Json::Null);
    let named = |language: &str| facts[language].as_str().unwrap_or_default().to_owned();
    RungTaken {
        reference: row.field("reference").to_owned(),
        bank: row.field("bank").to_owned(),
        bank_en: named("bank_en"),
        bank_hi: named("bank_hi"),
        rung: row.field("rung").to_owned(),
        kind: row.field("kind").to_owned(),
        state: row.field("state").to_owned(),
        drafted_at: instant(row.field("drafted_at")).unwrap_or_default(),
        actions_in_all: members.map_or(0, Vec::len),
        actions: actions.filter_map(action).collect(),
        decisions: decided.map(|(leaf, entry)| decision(leaf, entry)).collect(),
        posts: posts.map(|delivery| post(delivery, evidence)).collect(),
    }
}

fn action(member: &OpenedRow) -> Option<ActionSeen> {
    let seen: BankAction = serde_json::from_str(member.field("seen")).ok()?;
    Some(ActionSeen {
        external_id: seen.external_id.expose().to_owned(),
        kind: seen.kind.to_string(),
        disputed_paise: seen.disputed.map(|amount| amount.paise().to_string()),
        requested_at: seen.requested_at.to_string(),
        delivered_at: seen.delivered_at.map(|at| at.to_string()),
        status: seen.status.to_string(),
        as_of: instant(member.field("as_of")).unwrap_or_default(),
    })
}

fn decision(leaf: &str, entry: &Json) -> Decision {
    let text = |value: &Json| value.as_str().map(str::to_owned);
    Decision {
        at: entry["at"].as_str().and_then(instant).unwrap_or_default(),
        act: text(&entry["act"]).unwrap_or_default(),
        who: text(&entry["by"]["person"]),
        authority: text(&entry["authority"]),
        leaf_index: leaf.to_owned(),
    }
}

fn post(delivery: &OpenedRow, evidence: &Evidence) -> PostMade {
    let content: Json = serde_json::from_str(delivery.field("content")).unwrap_or(Json::Null);
    let said = |field: &str| content[field].as_str().unwrap_or_default().to_owned();
    let given = |field: &str| {
        Some(delivery.field(field)).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let replies = of_table(&evidence.rows, "engagement").filter(|heard| {
        heard.field("delivery") == delivery.field("id")
            && ["reply", "quote"].contains(&heard.field("kind"))
    });
    let mut replies: Vec<_> = replies.map(reply).collect();
    replies.sort_by(|one, other| (&one.at, &one.text).cmp(&(&other.at, &other.text)));
    PostMade {
        delivery: delivery.field("id").to_owned(),
        account: said("account"),
        platform: said("platform"),
        language: said("language"),
        text: said("text"),
        content_hash: delivery.field("content_hash").to_owned(),
        state: delivery.field("state").to_owned(),
        posted_at: instant(delivery.field("receipt_at")),
        permalink: given("permalink"),
        replies,
    }
}

fn reply(heard: &OpenedRow) -> ReplyGot {
    let given =
        |field: &str| Some(heard.field(field)).filter(|text| !text.is_empty()).map(str::to_owned);
    let at = instant(heard.field("at")).or_else(|| instant(heard.field("first_seen_at")));
    ReplyGot {
        at: at.unwrap_or_default(),
        kind: heard.field("kind").to_owned(),
        author: heard.field("author").to_owned(),
        text: given("text"),
        class: given("corrected_class"),
    }
}

/// Microseconds as an instant.
fn instant(micros: &str) -> Option<String> {
    Some(Timestamp::from_micros(micros.parse().ok()?).to_string())
}

/// The certificate for electronic records that goes with the file, filled in as far as the file tells
/// and left open where a person must say. `hash` is the SHA-256 of the file's bytes.
pub fn certificate(file: &CaseFile, name: &str, hash: &str) -> String {
    let newest = file.vkeys.last().map_or("", String::as_str);
    let posts: usize = file.rungs.iter().map(|rung| rung.posts.len()).sum();
    let mut text = include_str!("../../docs/certificate-63.md").to_owned();
    for (blank, value) in [
        ("{case}", file.case_ref.as_str()),
        ("{unit}", &file.unit),
        ("{made_at}", &file.made_at),
        ("{made_by}", &file.made_by),
        ("{file}", name),
        ("{hash}", hash),
        ("{vkey}", newest),
        ("{tree_size}", &file.evidence.tree_size),
        ("{root}", &file.evidence.root),
        ("{entries}", &file.evidence.entries.len().to_string()),
        ("{rungs}", &file.rungs.len().to_string()),
        ("{posts}", &posts.to_string()),
    ] {
        text = text.replace(blank, value);
    }
    text
}
