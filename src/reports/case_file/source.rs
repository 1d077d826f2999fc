//! What the case source said of the case's actions, poll by poll: when they pended, and when the bank's
//! action was seen.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::instant;
use crate::domain::{action::BankAction, evidence::Evidence};

/// An action of the case as a poll saw it, where that is another word than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceSaid {
    /// Its id in the case source.
    pub external_id: String,
    /// The bank's code.
    pub bank: String,
    /// What was asked for.
    pub kind: String,
    /// The disputed amount, in paise.
    pub disputed_paise: Option<String>,
    /// When the poll saw it, by the clock of the record.
    pub seen_at: String,
    /// What the source said came of it.
    pub status: String,
    /// When the bank acted, by the source's word.
    pub acted_at: Option<String>,
    /// What the bank put under lien or hold, in paise, by the source's word.
    pub lien_paise: Option<String>,
    /// Where the entry that commits to it stands in the tree.
    pub leaf_index: String,
}

/// What the evidence tells of it: action by action, the earliest sighting first.
pub fn source_said(evidence: &Evidence) -> Vec<SourceSaid> {
    let mut said: Vec<_> = evidence
        .sightings
        .iter()
        .filter_map(|opening| {
            let commitment = opening.commitment();
            let page = evidence.polls.iter().find(|page| page.commitments.contains(&commitment))?;
            let seen_at = entry_at(evidence, &page.leaf_index)?;
            let action: BankAction = serde_json::from_str(&opening.text).ok()?;
            Some(told(action, seen_at, &page.leaf_index))
        })
        .collect();
    let order = |one: &SourceSaid| {
        (one.external_id.clone(), one.leaf_index.parse::<u64>().unwrap_or(u64::MAX))
    };
    said.sort_by_key(order);
    // The source's row changes with every call that somebody notes; this is the same word still.
    said.dedup_by(|next, before| word(next) == word(before));
    said
}

/// What is said of which action; not when, nor where it stands.
fn word(said: &SourceSaid) -> [&str; 7] {
    [
        &said.external_id,
        &said.bank,
        &said.kind,
        said.disputed_paise.as_deref().unwrap_or_default(),
        &said.status,
        said.acted_at.as_deref().unwrap_or_default(),
        said.lien_paise.as_deref().unwrap_or_default(),
    ]
}

fn entry_at(evidence: &Evidence, leaf: &str) -> Option<String> {
    let proved = evidence.entries.iter().find(|one| one.leaf_index == leaf)?;
    let entry: Json = serde_json::from_str(&proved.entry).ok()?;
    instant(entry["at"].as_str()?)
}

fn told(action: BankAction, seen_at: String, leaf: &str) -> SourceSaid {
    SourceSaid {
        external_id: action.external_id.expose().to_owned(),
        bank: action.bank.to_string(),
        kind: action.kind.to_string(),
        disputed_paise: action.disputed.map(|amount| amount.paise().to_string()),
        seen_at,
        status: action.status.to_string(),
        acted_at: action.acted_at.map(|at| at.to_string()),
        lien_paise: action.lien_amount.map(|amount| amount.paise().to_string()),
        leaf_index: leaf.to_owned(),
    }
}
