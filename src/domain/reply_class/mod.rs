//! What a bank's own reply or quote amounts to: a stock phrase, an acknowledgement, a claim that it
//! acted, a dispute, or something else. By lists of phrases that anybody can read (`phrases`), by
//! whether a reference is quoted, and by how much the same bank says the same to everything.
//!
//! The invariant: a claim is only what is said to be *done*. A sentence that denies, asks, promises
//! or supposes is none, whatever words stand in it; where in doubt, a reply is `other`.

mod likeness;
mod matching;
mod phrases;
mod reading;
mod references;

#[cfg(test)]
mod tests;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use self::reading::{Clause, clauses};
use super::{
    action::spelled,
    ids::{BankCode, Reference},
    time::Timestamp,
};

/// The number of this method, kept beside each class: a higher one reads kept texts anew.
pub const METHOD: u32 = 2;

spelled! {
    /// What a reply amounts to.
    ReplyClass {
        /// Courtesy that would fit any post: "please DM us", "sorry for the inconvenience".
        Canned = "canned",
        /// The matter is in hand, with a reference (ours or the bank's own), or it is answered by
        /// mail or letter.
        Acknowledgement = "acknowledgement",
        /// The bank says that it did what it was asked to do. It may be untrue.
        Claim = "claim",
        /// The post is wrong, or the act is not the bank's to do, or cannot be done.
        Dispute = "dispute",
        /// Anything else: a promise, a question, a greeting.
        Other = "other",
    }
}

impl ReplyClass {
    /// Whether it answers the matter itself: an acknowledgement, a claim or a dispute. The *first
    /// substantive reply* of a bank to a post is the earliest one of these by the platform's time;
    /// courtesy and all else do not count as an answer.
    pub const fn is_substantive(self) -> bool {
        matches!(self, Self::Acknowledgement | Self::Claim | Self::Dispute)
    }
}

/// Why a reply got its class. None of it holds a word of the reply itself, but phrases of our own
/// lists: it outlives the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Because {
    /// It holds a phrase that stands for a class.
    Phrase {
        /// The class.
        class: ReplyClass,
        /// The phrase, as the list has it.
        phrase: String,
    },
    /// It holds a phrase of a claim, in a sentence that denies, asks, promises or supposes it.
    NotClaimed {
        /// The phrase.
        phrase: String,
        /// The word that takes it back; `?` for a question.
        against: String,
    },
    /// It quotes our post's reference.
    OurReference,
    /// It gives a reference of the bank's own.
    ItsReference,
    /// The bank said nearly the same under other posts.
    SaidBefore {
        /// Under how many.
        posts: u32,
        /// One of those replies, by the short form of its alias.
        reply: String,
        /// How alike the two are, in percent.
        percent: u32,
    },
    /// Nothing in it is in any list.
    Nothing,
}

/// From a claim on, the case source has so long to say that it is so, before a tag whose actions it
/// still has as pending is *claimed, not recorded*. Which of the two is wrong, a person finds out.
pub const GRACE: SignedDuration = SignedDuration::from_hours(24);

/// A tag on which the bank claimed to have acted, and the case source does not say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unrecorded {
    /// The bank.
    pub bank: BankCode,
    /// The tag.
    pub reference: Reference,
    /// When the bank first claimed it.
    pub claimed_at: Timestamp,
    /// How many of the tag's actions pend, by the source's word from after the grace.
    pub pending: u32,
    /// How many actions the tag rests on.
    pub actions: u32,
}

/// An earlier reply of the same bank.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Earlier {
    /// The short form of its alias.
    pub reply: String,
    /// The post that it answered.
    pub post: Reference,
    /// Its kept text.
    pub text: String,
}

/// A class and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Classed {
    /// What it amounts to.
    pub class: ReplyClass,
    /// Why, the weightiest first.
    pub because: Vec<Because>,
}

/// What a bank's reply to one post amounts to. `text` is as it is kept, masked; `earlier` are
/// replies of the same bank from before it, to this post or others.
pub fn classify(text: &str, about: &Reference, earlier: &[Earlier]) -> Classed {
    let clauses = clauses(text);
    let mut because = Vec::new();
    let class = by_words(&clauses, text, about, &mut because);
    let quoted = because.contains(&Because::OurReference);
    match likeness::said_before(text, about, earlier) {
        Some(said) if !quoted && (said.posts > 1 || !stands(class)) => {
            let (posts, reply, percent) = (said.posts, said.reply, said.percent);
            because.insert(0, Because::SaidBefore { posts, reply, percent });
            Classed { class: ReplyClass::Canned, because }
        }
        _ => Classed { class, because },
    }
}

/// Said word for word under one other post, a claim or a dispute may still be meant; the rest is a
/// template.
const fn stands(class: ReplyClass) -> bool {
    matches!(class, ReplyClass::Claim | ReplyClass::Dispute)
}

fn by_words(
    clauses: &[Clause],
    text: &str,
    about: &Reference,
    because: &mut Vec<Because>,
) -> ReplyClass {
    let found = |class, phrase| Because::Phrase { class, phrase };
    if let Some(phrase) = clauses.iter().find_map(phrases::dispute) {
        because.push(found(ReplyClass::Dispute, phrase));
    }
    let claim = claimed(clauses, because);
    let claims = claim.is_some();
    if let Some(phrase) = claim {
        because.push(found(ReplyClass::Claim, phrase));
    }
    if let Some(phrase) = clauses.iter().find_map(phrases::answered_elsewhere) {
        because.push(found(ReplyClass::Acknowledgement, phrase));
    }
    let asks = clauses.iter().all(|clause| clause.question);
    let ours = references::quotes(text, about);
    if ours {
        because.push(Because::OurReference);
    }
    let its = clauses.iter().any(|clause| references::gives_its_own(clause, about));
    if its {
        because.push(Because::ItsReference);
    }
    if let Some(phrase) = clauses.iter().find_map(phrases::canned) {
        because.push(found(ReplyClass::Canned, phrase));
    }
    let said = |class| {
        let of_class =
            |one: &Because| matches!(one, Because::Phrase { class: c, .. } if *c == class);
        because.iter().any(of_class)
    };
    let class = if said(ReplyClass::Dispute) {
        ReplyClass::Dispute
    } else if claims {
        ReplyClass::Claim
    } else if said(ReplyClass::Acknowledgement) || (its || ours) && !asks {
        ReplyClass::Acknowledgement
    } else if said(ReplyClass::Canned) {
        ReplyClass::Canned
    } else {
        ReplyClass::Other
    };
    if because.is_empty() {
        because.push(Because::Nothing);
    }
    class
}

/// The phrase of the claim that counts. A general word (`action taken`) does not outweigh that a
/// particular one (`lien marked`) is taken back elsewhere in the same reply.
fn claimed(clauses: &[Clause], because: &mut Vec<Because>) -> Option<String> {
    let (mut particular, mut general, mut taken_back) = (None, None, false);
    for clause in clauses {
        let done = phrases::PARTICULAR.all_in(clause).into_iter();
        let mut done = done.filter(|found| phrases::taken_back(clause, &found.at).is_none());
        if let Some(found) = done.next() {
            particular = particular.or(Some(found.phrase));
            continue;
        }
        let spoken_of = phrases::SPOKEN_OF.all_in(clause).into_iter();
        let back = |found: matching::Found| Some((phrases::taken_back(clause, &found.at)?, found));
        if let Some((against, found)) = spoken_of.filter_map(back).next() {
            taken_back = true;
            because.push(Because::NotClaimed { phrase: found.phrase, against });
        }
        for found in phrases::GENERAL.all_in(clause) {
            if phrases::taken_back(clause, &found.at).is_none() {
                general = general.or(Some(found.phrase));
            }
        }
    }
    particular.or_else(|| general.filter(|_| !taken_back))
}
