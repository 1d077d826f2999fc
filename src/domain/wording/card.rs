//! The words of a post's picture: a card that says the facts once more, for whoever scrolls past a
//! text. What is drawn is exactly what [`Card::alt`] says, so that one reading of the alternative
//! text judges both, and who cannot see the picture misses nothing.
//!
//! The invariant: every word is this file's or the fact pack's; a fact that is nothing is left out.
//! Only a tag has a picture: a correction must not be louder than it need be, and a deletion says
//! nothing.

use serde::Serialize;

use super::{ages, phrases};
use crate::domain::{
    calendar::limits::Counted,
    canonical::{self, Hash},
    escalation::EscalationKind,
    facts::FactPack,
    platform::Language,
};

/// The longest alternative text, in characters: Mastodon's limit, the strictest of all.
pub const LONGEST_ALT: u32 = 1_500;

/// A picture's width and height in pixels.
pub const SIZE: (u32, u32) = (1200, 675);

/// Counts the designs: a new one says or shows something else than the last one did.
const EDITION: u32 = 1;

/// What a card says, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The bank's plain name.
    pub bank: String,
    /// What is pending, and beyond which limit.
    pub headline: String,
    /// The numbers, the count first.
    pub figures: Vec<Figure>,
    /// What is asked, with the reference.
    pub quote: String,
    /// As of when.
    pub as_of: String,
    /// Who says it.
    pub unit: String,
}

/// One number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// What it is.
    pub label: String,
    /// The number with its unit.
    pub value: String,
    /// How it is to be read.
    pub note: String,
}

/// The fixed words of one language. They are hashed: a standing order binds them as it binds a
/// template.
#[derive(Debug, Clone, Copy, Serialize)]
struct Words {
    headline: [&'static str; 2],
    requests: &'static str,
    cases: [&'static str; 3],
    amount: &'static str,
    age: &'static str,
    or_more: &'static str,
    quote: [&'static str; 2],
    as_of: [&'static str; 2],
    stop: &'static str,
}

const EN: Words = Words {
    headline: [
        "Requests for a lien on the disputed amount or a hold, pending beyond this unit's limit of ",
        "",
    ],
    requests: "Pending requests",
    cases: ["in ", " case", " cases"],
    amount: "Disputed in total",
    age: "Oldest past the limit",
    or_more: "or more",
    quote: ["Please act and quote ", ""],
    as_of: ["As of ", ""],
    stop: ".",
};

const HI: Words = Words {
    headline: [
        "विवादित राशि पर लियन या होल्ड के अनुरोध, जो इस इकाई की ",
        " की समय-सीमा के बाद भी लंबित हैं",
    ],
    requests: "लंबित अनुरोध",
    cases: ["", " मामले में", " मामलों में"],
    amount: "कुल विवादित राशि",
    age: "समय-सीमा बीते, सबसे पुराना",
    or_more: "या अधिक",
    quote: ["कृपया कार्रवाई करें; संदर्भ ", ""],
    as_of: ["", " की स्थिति"],
    stop: "।",
};

const fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::Hi => &HI,
    }
}

/// The hash of a language's fixed words and of the design: what a standing order binds.
pub fn design(language: Language) -> Hash {
    canonical::hash(&(EDITION, words(language)))
}

/// The words of the picture beside a text of this kind; `None`: it has none.
pub fn card(facts: &FactPack, kind: EscalationKind, language: Language) -> Option<Card> {
    if kind != EscalationKind::Tag {
        return None;
    }
    let words = words(language);
    let (bank, unit) = match language {
        Language::En => (&facts.bank_en, &facts.unit_en),
        Language::Hi => (&facts.bank_hi, &facts.unit_hi),
    };
    let working = facts.limit_counted == Counted::WorkingHours;
    let limit = ages::hours_in_words(facts.limit_hours, working, language);
    Some(Card {
        bank: bank.clone(),
        headline: around(words.headline, &limit),
        figures: figures(facts, words, language),
        quote: around(words.quote, facts.reference.as_str()),
        as_of: around(words.as_of, &phrases::as_of(facts.as_of, language)),
        unit: unit.clone(),
    })
}

fn figures(facts: &FactPack, words: &Words, language: Language) -> Vec<Figure> {
    let figure =
        |label: &str, value: String, note: String| Figure { label: label.to_owned(), value, note };
    let [before, one, many] = words.cases;
    let cases = format!("{before}{}{}", facts.cases, if facts.cases == 1 { one } else { many });
    let mut figures = vec![figure(words.requests, facts.actions().to_string(), cases)];
    if facts.amount_at_least.rupees() > 0 {
        let amount = facts.amount_at_least.in_words(language);
        figures.push(figure(words.amount, amount, words.or_more.to_owned()));
    }
    if facts.overdue_hours_at_least > 0 {
        let age = ages::age_in_words(facts.overdue_hours_at_least, language);
        figures.push(figure(words.age, age, words.or_more.to_owned()));
    }
    figures
}

fn around([before, after]: [&str; 2], middle: &str) -> String {
    format!("{before}{middle}{after}")
}

impl Card {
    /// Everything that the card says, for who cannot see it, in this language's punctuation.
    pub fn alt(&self, language: Language) -> String {
        let figure = |figure: &Figure| {
            let Figure { label, value, note } = figure;
            format!("{label}: {value} ({note})")
        };
        let mut parts = vec![self.bank.clone(), self.headline.clone()];
        parts.extend(self.figures.iter().map(figure));
        parts.extend([self.quote.clone(), self.as_of.clone(), self.unit.clone()]);
        let stop = words(language).stop;
        parts.iter().map(|part| format!("{part}{stop}")).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{money::Paise, wording::numbers::same_numbers};

    #[test]
    fn a_card_says_the_facts_in_either_language() {
        let facts = FactPack::sample();
        let said = |language| card(&facts, EscalationKind::Tag, language).unwrap().alt(language);
        assert_eq!(
            said(Language::En),
            "Neem Bank. Requests for a lien on the disputed amount or a hold, pending beyond this \
             unit's limit of 24 hours. Pending requests: 12 (in 9 cases). Disputed in \
             total: ₹12 lakh (or more). Oldest past the limit: 48 hours (or more). Please act \
             and quote GGM-7F3K8. As of 18 Nov 2026, 16:36 IST. Cyber Crime Unit."
        );
        assert_eq!(
            said(Language::Hi),
            "नीम बैंक। विवादित राशि पर लियन या होल्ड के अनुरोध, जो इस इकाई की 24 घंटे की समय-सीमा के बाद भी \
             लंबित हैं। लंबित अनुरोध: 12 (9 मामलों में)। कुल विवादित राशि: ₹12 लाख (या अधिक)। समय-सीमा \
             बीते, सबसे पुराना: 48 घंटे (या अधिक)। कृपया कार्रवाई करें; संदर्भ GGM-7F3K8। 18 नवंबर 2026, 16:36 \
             बजे (IST) की स्थिति। साइबर अपराध इकाई।"
        );
        assert_eq!(same_numbers(&said(Language::En), &said(Language::Hi)), Ok(()));
    }

    #[test]
    fn what_is_nothing_is_left_out_and_only_a_tag_has_a_card() {
        let bare = FactPack {
            amount_at_least: Paise::new(0),
            overdue_hours_at_least: 0,
            limit_counted: Counted::WorkingHours,
            ..FactPack::sample()
        };
        let card_of = |kind| card(&bare, kind, Language::En);
        let tag = card_of(EscalationKind::Tag).unwrap();
        assert_eq!(tag.figures.len(), 1);
        assert!(tag.headline.ends_with("limit of 24 working hours"), "{}", tag.headline);
        for kind in EscalationKind::ALL.iter().filter(|kind| **kind != EscalationKind::Tag) {
            assert_eq!(card_of(*kind), None);
        }
    }
}
