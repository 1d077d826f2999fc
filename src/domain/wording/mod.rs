//! Wording: from a fact pack to the exact text of every delivery, and the one question that
//! everyone asks before a text goes anywhere: *may this be said?* ([`said::may_be_said`]).
//!
//! The invariants: a text says nothing that the fact pack does not hold; it is never cut, a longer
//! variant gives way to a shorter one; English and Hindi of one escalation carry the same numbers;
//! an unknown fact in a template is an error at start.
//!
//! *Kinds.* A tag and a closure name counts, so both stand under the floor of cases. A correction
//! names no case and no number, and never repeats what it corrects. A retraction is a deletion and
//! publishes nothing: its text is an internal note for the approver and the record.

pub mod ages;
pub mod card;
mod folding;
pub mod lengths;
mod lists;
mod names;
pub mod numbers;
pub mod objection;
mod phrases;
mod remembered;
pub mod rules;
pub mod said;
pub mod templates;
mod words;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    canonical::Hash,
    escalation::EscalationKind,
    facts::FactPack,
    ids::Reference,
    platform::{Language, Platform},
};
pub use ages::band_floor;
pub use objection::Objection;
pub use rules::WordingRules;
pub use said::{Said, against_cases, may_be_said};
pub use templates::{Templates, Variant};

/// What an escalation says, whatever the language and the place.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The frozen facts.
    pub facts: &'a FactPack,
    /// Tag, closure, correction or retraction.
    pub kind: EscalationKind,
    /// The reference of the earlier post that a closure, correction or retraction is about.
    pub about: Option<&'a Reference>,
}

/// Where one text of an escalation goes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// The text's language.
    pub language: Language,
    /// The platform, whose rule of length counts.
    pub platform: Platform,
    /// How long a text may be there, by that rule.
    pub max_length: u32,
    /// The content warning above it, which counts where the platform counts it.
    pub spoiler: Option<String>,
    /// The bank as this text writes it: `@handle`, or its plain name in the language.
    pub bank_in_text: String,
}

/// A text, and the hash of the exact template it came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// The hash of the template's bytes: what a standing order binds.
    pub template: Hash,
    /// Which variant it is.
    pub variant: Variant,
}

/// Why there is no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordingError {
    /// A template cannot be used.
    #[error("the template {name} cannot be used: {reason}")]
    Template {
        /// Its name, such as `hi/tag.short.txt`.
        name: String,
        /// Why, and what to do.
        reason: String,
    },
    /// Not even the short variant fits.
    #[error(
        "the shortest {kind} in {language} is {length} long for {platform}, which allows {max}: shorten the unit's name or the template"
    )]
    TooLong {
        /// The kind of text.
        kind: EscalationKind,
        /// Its language.
        language: Language,
        /// Where it should go.
        platform: Platform,
        /// The short variant's length by the platform's rule.
        length: u32,
        /// The most that is allowed.
        max: u32,
    },
    /// The templates of two languages carry different numbers.
    #[error(
        "the English and the Hindi {kind} ({variant}) do not carry the same numbers: make the templates agree"
    )]
    NumbersDiffer {
        /// The kind of text.
        kind: EscalationKind,
        /// The variant.
        variant: Variant,
    },
}

/// The text for one place: the longest variant that fits.
///
/// # Errors
/// A template fails, or not even the short variant fits.
pub fn render(
    subject: &Subject<'_>,
    place: &Place,
    templates: &Templates,
) -> Result<Rendered, WordingError> {
    let mut texts = render_group(subject, &[place], templates)?;
    texts.pop().ok_or_else(|| unreachable_group(subject.kind))
}

/// The texts of one escalation, in the order of `places`. Where every platform gets every language,
/// the texts of one platform share a variant; otherwise all texts share one. So a reader of either
/// language finds the same numbers.
///
/// # Errors
/// A template fails, no variant fits, or two languages carry different numbers.
pub fn render_all(
    subject: &Subject<'_>,
    places: &[Place],
    templates: &Templates,
) -> Result<Vec<Rendered>, WordingError> {
    let mut texts: Vec<Option<Rendered>> = vec![None; places.len()];
    for group in groups(places) {
        let members: Vec<&Place> = group.iter().map(|index| &places[*index]).collect();
        for (index, text) in group.iter().zip(render_group(subject, &members, templates)?) {
            texts[*index] = Some(text);
        }
    }
    let texts: Vec<Rendered> = texts.into_iter().flatten().collect();
    check_numbers(subject, places, &texts)?;
    Ok(texts)
}

/// The places that must share a variant, as indices.
fn groups(places: &[Place]) -> Vec<Vec<usize>> {
    let mut by_platform: BTreeMap<Platform, Vec<usize>> = BTreeMap::new();
    for (index, place) in places.iter().enumerate() {
        by_platform.entry(place.platform).or_default().push(index);
    }
    let languages = |group: &[usize]| -> BTreeSet<Language> {
        group.iter().map(|index| places[*index].language).collect()
    };
    let all: Vec<usize> = (0..places.len()).collect();
    let every = languages(&all);
    if by_platform.values().all(|group| languages(group) == every) {
        by_platform.into_values().collect()
    } else {
        vec![all]
    }
}

/// The longest variant that fits at every place of the group.
fn render_group(
    subject: &Subject<'_>,
    places: &[&Place],
    templates: &Templates,
) -> Result<Vec<Rendered>, WordingError> {
    let mut too_long = None;
    for variant in Variant::ALL.iter().copied() {
        let mut texts = Vec::with_capacity(places.len());
        for place in places {
            let text = templates.render(subject, place, variant)?;
            let spoiler = place.spoiler.as_deref();
            if !lengths::fits(place.platform, place.max_length, &text.text, spoiler) {
                too_long = Some(WordingError::TooLong {
                    kind: subject.kind,
                    language: place.language,
                    platform: place.platform,
                    length: lengths::length(place.platform, &text.text, spoiler),
                    max: place.max_length,
                });
                break;
            }
            texts.push(text);
        }
        if texts.len() == places.len() {
            return Ok(texts);
        }
    }
    Err(too_long.unwrap_or_else(|| unreachable_group(subject.kind)))
}

/// There is at least one variant and one place, so this is never made; an error is still better
/// than a panic in the program that speaks for the police.
fn unreachable_group(kind: EscalationKind) -> WordingError {
    WordingError::Template { name: kind.to_string(), reason: "it has no variant".to_owned() }
}

fn check_numbers(
    subject: &Subject<'_>,
    places: &[Place],
    texts: &[Rendered],
) -> Result<(), WordingError> {
    let mut first: BTreeMap<Variant, String> = BTreeMap::new();
    for (place, text) in places.iter().zip(texts) {
        // The bank's name or handle may hold digits of its own, and differs from place to place.
        let plain = text.text.replace(&place.bank_in_text, ";");
        let plain = [&subject.facts.unit_en, &subject.facts.unit_hi]
            .into_iter()
            .filter(|name| !name.is_empty())
            .fold(plain, |plain, name| plain.replace(name.as_str(), ";"));
        let known = first.entry(text.variant).or_insert_with(|| plain.clone());
        if numbers::same_numbers(known, &plain).is_err() {
            return Err(WordingError::NumbersDiffer { kind: subject.kind, variant: text.variant });
        }
    }
    Ok(())
}
