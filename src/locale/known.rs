//! What the program says and records in English, said in a reader's language.
//!
//! Refusals of the ledger and the reasons in its record are English sentences of ours, and stay so:
//! the record is one, whoever reads it. `known.ftl` has each of them once more by a key; here a
//! sentence is known again by its English words, and what stands in its places is carried over.
//!
//! The invariant: what is no sentence of ours, such as a person's reason or a platform's answer,
//! comes back as it was written.

use std::sync::LazyLock;

use super::Locale;
use crate::domain::platform::Language;

const ENGLISH: &str = include_str!("../../config/locales/en/known.ftl");
/// A place that holds another of these sentences.
const SENTENCE: &str = "sentence";
/// Places that hold one word of our lists.
const WORDS: &[&str] = &["from", "act", "is", "needs", "kind", "leak"];
/// Places that hold an id or an instant.
const ONE_WORD: &[&str] = &["person", "at"];
/// How the keys of single words begin.
const WORD: &str = "known-word-";

/// One sentence with its places.
struct Known {
    key: &'static str,
    pieces: Vec<Piece>,
    /// How much of it is fixed, in bytes: of two that fit, the one with more says it better.
    fixed: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Piece {
    Fixed(&'static str),
    Place(&'static str),
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| ENGLISH.lines().filter_map(read).collect());

/// A line of the file: `key = text with { $places }`.
fn read(line: &'static str) -> Option<Known> {
    let (key, mut rest) = line.split_once(" = ").filter(|(key, _)| !key.starts_with('#'))?;
    let (mut pieces, mut fixed) = (Vec::new(), 0);
    while let Some((before, (name, after))) =
        rest.split_once("{ $").and_then(|(before, after)| Some((before, after.split_once(" }")?)))
    {
        pieces.extend((!before.is_empty()).then_some(Piece::Fixed(before)));
        pieces.push(Piece::Place(name));
        fixed += before.len();
        rest = after;
    }
    pieces.extend((!rest.is_empty()).then_some(Piece::Fixed(rest)));
    Some(Known { key, pieces, fixed: fixed + rest.len() })
}

/// What stands in each place, where the text is this sentence.
type Filled<'a> = Vec<(&'static str, &'a str)>;

fn fit<'a>(pieces: &[Piece], text: &'a str, filled: &Filled<'a>) -> Option<Filled<'a>> {
    match pieces {
        [] => text.is_empty().then(|| filled.clone()),
        [Piece::Fixed(fixed), rest @ ..] => fit(rest, text.strip_prefix(fixed)?, filled),
        [Piece::Place(name)] => fit(&[], "", &with(filled, name, text)?),
        [Piece::Place(name), rest @ ..] => {
            let Some(Piece::Fixed(next)) = rest.first() else { return None };
            let mut ends = text.match_indices(next);
            ends.find_map(|(end, _)| fit(rest, &text[end..], &with(filled, name, &text[..end])?))
        }
    }
}

/// One more place; what stands in the same place twice is the same, and who or when is one word.
fn with<'a>(filled: &Filled<'a>, name: &'static str, text: &'a str) -> Option<Filled<'a>> {
    let before = filled.iter().find(|(known, _)| *known == name);
    let one_word = !ONE_WORD.contains(&name) || !text.contains(char::is_whitespace);
    if text.is_empty() || !one_word || before.is_some_and(|(_, known)| *known != text) {
        return None;
    }
    let mut filled = filled.clone();
    if before.is_none() {
        filled.push((name, text));
    }
    Some(filled)
}

fn find(text: &str, word: bool) -> Option<(&'static Known, Filled<'_>)> {
    let kind = KNOWN.iter().filter(|known| known.key.starts_with(WORD) == word);
    let fitting = kind.filter_map(|known| Some((known, fit(&known.pieces, text, &Vec::new())?)));
    fitting.max_by_key(|(known, _)| known.fixed)
}

impl Locale {
    /// A sentence that the program says or has recorded in English, in this language; anything else
    /// as it is.
    pub fn known(&self, english: &str) -> String {
        self.translated(english, false)
    }

    fn translated(&self, english: &str, word: bool) -> String {
        if self.language() == Language::En {
            return english.to_owned();
        }
        let Some((known, filled)) = find(english, word) else { return english.to_owned() };
        let place = |(name, text): (&'static str, &str)| {
            let text = match name {
                SENTENCE => self.translated(text, false),
                name if WORDS.contains(&name) => self.translated(text, true),
                _ => text.to_owned(),
            };
            (name, text)
        };
        let filled: Vec<_> = filled.into_iter().map(place).collect();
        self.say(known.key, &filled).unwrap_or_else(|_| english.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        canonical::Hash,
        delivery::{Illegal, StateName},
        escalation::{EscalationKind, EscalationState, Refused},
        ids::PersonId,
        order::NotInForce,
        person::{NotAllowed, Role},
    };

    fn hindi() -> Locale {
        Locale::new(Language::Hi).unwrap()
    }

    #[test]
    fn a_sentence_of_ours_is_said_anew_with_what_stands_in_its_places() {
        let hindi = hindi();
        let said = hindi.known("held again: its standing order was revoked");
        assert_eq!(said, "फिर रोका गया: इसका स्थायी आदेश रद्द हुआ");
        let said = hindi.known(
            "held again: asha's role is not in force at this time; an administrator can set its \
             dates",
        );
        assert!(said.contains("asha") && !said.contains("held"), "{said}");
        let illegal = Illegal { from: StateName::Waiting, act: "be retracted" };
        let said = hindi.known(&illegal.to_string());
        assert!(said.contains("प्रतीक्षा में") && said.contains("हटाना"), "{said}");
        let said = hindi.known("the escalation changed meanwhile; look again and repeat");
        assert_eq!(said, "इस बीच प्रकरण बदल गया; फिर देखें और दुबारा करें");
    }

    #[test]
    fn what_people_and_platforms_wrote_comes_back_as_it_was() {
        let hindi = hindi();
        for text in [
            "the bank called and asked for a day",
            "their day has passed",
            "रुकिए",
            "",
            "held",
            "not sent: ",
            ": ",
        ] {
            assert_eq!(hindi.known(text), text);
        }
        assert_eq!(hindi.known("not sent: no route to host"), "नहीं भेजी गई: no route to host");
        let english = Locale::new(Language::En).unwrap();
        assert_eq!(english.known("too old"), "too old");
    }

    #[test]
    fn every_sentence_of_the_file_is_known_by_its_own_words() {
        assert!(KNOWN.len() > 150, "the file is read: {}", KNOWN.len());
        for known in KNOWN.iter() {
            let text: String = known
                .pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Fixed(fixed) => fixed,
                    Piece::Place(_) => "7",
                })
                .collect();
            let (found, _) = find(&text, known.key.starts_with(WORD)).unwrap();
            assert_eq!(found.key, known.key, "{text}");
            assert!(known.fixed >= 3, "{} would know anything", known.key);
        }
    }

    #[test]
    fn all_that_the_domain_refuses_is_known() {
        let person = PersonId::new("asha");
        let own = |act| NotAllowed::Own { person: person.clone(), act };
        let mut said = vec![
            Refused::Sent.to_string(),
            Refused::MoreThanWords.to_string(),
            Refused::DecidedBefore.to_string(),
            Refused::Changed { now_is: Hash::of(b"now") }.to_string(),
            Refused::NotCovered("it has expired".to_owned()).to_string(),
            NotInForce::Unsigned.to_string(),
            NotInForce::Revoked.to_string(),
            NotInForce::Expired.to_string(),
            NotInForce::AlreadySigned.to_string(),
            NotInForce::TooFewDays { days: 3 }.to_string(),
            NotInForce::SignerGone(own("confirm this role")).to_string(),
            NotAllowed::NotInForce { person: person.clone() }.to_string(),
            NotAllowed::Unconfirmed { person: person.clone() }.to_string(),
        ];
        for is in Role::ALL {
            let (person, is) = (person.clone(), *is);
            said.push(NotAllowed::Role { person, is, needs: "an approver" }.to_string());
        }
        for kind in EscalationKind::ALL {
            said.push(Refused::NeverPastStop(*kind).to_string());
        }
        for from in EscalationState::ALL {
            said.push(Refused::State { from: *from, act: "be approved" }.to_string());
        }
        for from in StateName::ALL {
            said.push(Illegal { from: *from, act: "be claimed" }.to_string());
        }
        let hindi = hindi();
        for text in said {
            let told = hindi.known(&text);
            let left = told.replace("asha", "").replace("takaza", "");
            let left = left.split('`').step_by(2).collect::<String>();
            let foreign = left
                .split(|c: char| !c.is_ascii_alphabetic())
                .find(|word| word.len() > 3 && !word.chars().all(|c| c.is_ascii_hexdigit()));
            assert_eq!(foreign, None, "{text}: {told}");
        }
    }
}
