//! The templates: built in, each replaceable by the unit, each checked before anything is said.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::{Environment, UndefinedBehavior, Value};

use super::{Place, Rendered, Subject, WordingError, card, numbers, phrases};
use crate::domain::{
    action::spelled,
    calendar::limits::Counted,
    canonical::Hash,
    escalation::EscalationKind,
    facts::FactPack,
    ids::{BankCode, Reference},
    money::Paise,
    platform::{Language, Platform},
    time::Timestamp,
};

spelled! {
    /// How much a text says. The order is the order in which variants are tried.
    Variant {
        /// Every fact.
        Long = "long",
        /// The facts in one sentence.
        Medium = "medium",
        /// The reference, the counts, the limit and the as-of time.
        Short = "short",
    }
}

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        /// Every template by its name under `config/templates/`.
        const BUILT_IN: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../config/templates/", $name)))),*];
    };
}

built_in!(
    "en/tag.long.txt",
    "en/tag.medium.txt",
    "en/tag.short.txt",
    "en/closure.long.txt",
    "en/closure.medium.txt",
    "en/closure.short.txt",
    "en/correction.long.txt",
    "en/correction.medium.txt",
    "en/correction.short.txt",
    "en/retraction.long.txt",
    "en/retraction.medium.txt",
    "en/retraction.short.txt",
    "hi/tag.long.txt",
    "hi/tag.medium.txt",
    "hi/tag.short.txt",
    "hi/closure.long.txt",
    "hi/closure.medium.txt",
    "hi/closure.short.txt",
    "hi/correction.long.txt",
    "hi/correction.medium.txt",
    "hi/correction.short.txt",
    "hi/retraction.long.txt",
    "hi/retraction.medium.txt",
    "hi/retraction.short.txt",
);

/// The checked templates. See the module's text.
#[derive(Debug)]
pub struct Templates {
    environment: Environment<'static>,
    hashes: BTreeMap<String, Hash>,
}

impl Templates {
    /// The built-in templates, checked.
    ///
    /// # Errors
    /// One of them names an unknown fact or filter (a mistake of ours).
    pub fn built_in() -> Result<Self, WordingError> {
        Self::with_overrides(&BTreeMap::new())
    }

    /// The built-in templates with the unit's own in the place of some, by name
    /// (`hi/tag.short.txt`), checked.
    ///
    /// # Errors
    /// A name is not one of the built-in names, or a template names an unknown fact or filter,
    /// comes out without what it must say, or differs in its numbers from the other language's.
    pub fn with_overrides(own: &BTreeMap<String, String>) -> Result<Self, WordingError> {
        let known: BTreeSet<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        if let Some(name) = own.keys().find(|name| !known.contains(name.as_str())) {
            let nearest =
                known.iter().max_by(|a, b| strsim::jaro(a, name).total_cmp(&strsim::jaro(b, name)));
            let nearest = nearest.copied().unwrap_or_default();
            let reason = format!("there is no such template; did you mean {nearest}?");
            return Err(WordingError::Template { name: name.clone(), reason });
        }
        // Without filters, functions and tests a template can only place facts.
        let mut environment = Environment::empty();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let mut hashes = BTreeMap::new();
        for (name, built_in) in BUILT_IN {
            let text = own.get(*name).map_or(*built_in, String::as_str);
            hashes.insert((*name).to_owned(), Hash::of(text.as_bytes()));
            environment
                .add_template_owned(*name, text.to_owned())
                .map_err(|error| failed(name, &error))?;
        }
        for language in Language::ALL {
            hashes.insert(format!("{language}/tag.card"), card::design(*language));
        }
        let templates = Self { environment, hashes };
        templates.check()?;
        Ok(templates)
    }

    /// Every template's name and the hash of its bytes, and the same of each language's picture, for a
    /// standing order to choose from.
    pub fn hashes(&self) -> impl Iterator<Item = (&str, Hash)> {
        self.hashes.iter().map(|(name, hash)| (name.as_str(), *hash))
    }

    /// One variant's text for one place, whatever its length.
    ///
    /// # Errors
    /// The template fails.
    pub(super) fn render(
        &self,
        subject: &Subject<'_>,
        place: &Place,
        variant: Variant,
    ) -> Result<Rendered, WordingError> {
        let name = format!("{}/{}.{variant}.txt", place.language, subject.kind);
        let text = self.fill(&name, phrases::of(subject, place))?;
        let hash = self.hashes.get(&name).copied();
        let template = hash.ok_or_else(|| missing(&name))?;
        Ok(Rendered { text, template, variant })
    }

    fn fill(&self, name: &str, facts: Value) -> Result<String, WordingError> {
        let template = self.environment.get_template(name).map_err(|error| failed(name, &error))?;
        let text = template.render(facts).map_err(|error| failed(name, &error))?;
        Ok(text.trim().to_owned())
    }

    /// Names are checked without running (a branch that no sample takes counts too); then every
    /// template is filled from samples that take every branch.
    fn check(&self) -> Result<(), WordingError> {
        for (name, template) in self.environment.templates() {
            let used = template.undeclared_variables(true);
            if let Some(unknown) = used.iter().find(|used| !phrases::KNOWN.contains(&used.as_str()))
            {
                let known = phrases::KNOWN.join(", ");
                let reason = format!("it names the unknown fact {unknown:?}; there are: {known}");
                return Err(WordingError::Template { name: name.to_owned(), reason });
            }
        }
        for kind in EscalationKind::ALL {
            for variant in Variant::ALL {
                self.check_samples(*kind, *variant)?;
            }
        }
        Ok(())
    }

    fn check_samples(&self, kind: EscalationKind, variant: Variant) -> Result<(), WordingError> {
        let about = Reference::new("GGM-2B9QZ");
        for facts in samples() {
            for about in [None, Some(&about)] {
                let subject = Subject { facts: &facts, kind, about };
                let texts = Language::ALL.iter().map(|language| {
                    let place = sample_place(*language);
                    let text = self.render(&subject, &place, variant)?.text;
                    must_say(&subject, &place, variant, &text)?;
                    Ok(text)
                });
                let texts = texts.collect::<Result<Vec<_>, WordingError>>()?;
                if numbers::same_numbers(&texts[0], &texts[1]).is_err() {
                    return Err(WordingError::NumbersDiffer { kind, variant });
                }
            }
        }
        Ok(())
    }
}

/// Whatever its length, a text names the bank, the reference and the as-of time; a tag its counts
/// and its limit too.
fn must_say(
    subject: &Subject<'_>,
    place: &Place,
    variant: Variant,
    text: &str,
) -> Result<(), WordingError> {
    let facts = subject.facts;
    let reference = facts.reference.as_str().to_owned();
    let as_of = phrases::as_of(facts.as_of, place.language);
    let mut needed = vec![("bank", place.bank_in_text.clone()), ("reference", reference)];
    needed.push(("as_of", as_of));
    if subject.kind == EscalationKind::Tag {
        needed.push(("cases", facts.cases.to_string()));
        needed.push(("actions", facts.actions().to_string()));
        needed.push(("limit", facts.limit_hours.to_string()));
    }
    match needed.iter().find(|(_, phrase)| !text.contains(phrase)) {
        None => Ok(()),
        Some((fact, _)) => Err(WordingError::Template {
            name: format!("{}/{}.{variant}.txt", place.language, subject.kind),
            reason: format!("it must always name {fact}: write {{{{ {fact} }}}}"),
        }),
    }
}

/// Invented facts that take every branch of a template, with numbers that differ from each other.
fn samples() -> impl Iterator<Item = FactPack> {
    [(12_000_000, 48, 41), (0, 48, 53), (12_000_000, 0, 41), (0, 0, 53)].into_iter().map(
        |(rupees, age, acted)| FactPack {
            bank: BankCode::new("ZNMN"),
            bank_en: "Neem Bank".to_owned(),
            bank_hi: "नीम बैंक".to_owned(),
            unit_en: "Sample Unit".to_owned(),
            unit_hi: "नमूना इकाई".to_owned(),
            reference: Reference::new("GGM-7F3K8"),
            as_of: Timestamp::from_micros(1_795_000_000_000_000),
            cases: 31,
            liens: 37,
            holds: 16,
            amount_at_least: Paise::from_rupees(rupees),
            limit_hours: 9,
            limit_counted: Counted::RoundTheClock,
            overdue_hours_at_least: age,
            acted,
        },
    )
}

fn sample_place(language: Language) -> Place {
    Place {
        language,
        platform: Platform::Sandbox,
        max_length: u32::MAX,
        spoiler: None,
        bank_in_text: "@neem".to_owned(),
    }
}

fn failed(name: &str, error: &minijinja::Error) -> WordingError {
    let line = error.line().map(|line| format!(" (line {line})")).unwrap_or_default();
    WordingError::Template { name: name.to_owned(), reason: format!("{error}{line}") }
}

fn missing(name: &str) -> WordingError {
    WordingError::Template { name: name.to_owned(), reason: "it is missing".to_owned() }
}
