//! *May this be said?* The one question asked at drafting, at every edit and right before the send.
//! Pure: the same text, facts, members, earlier texts and rules always give the same answer, and it
//! names every reason, not the first.

use std::{collections::HashMap, collections::HashSet, hash::Hash};

use twitter_text::extractor::Extractor;
use unicode_normalization::UnicodeNormalization;

use super::{
    Place,
    ages::band_floor,
    folding, lengths, names,
    numbers::{self, Number, Unit},
    objection::{Objection, Part, Span},
    phrases, remembered,
    rules::WordingRules,
    words::Words,
};
use crate::domain::{
    escalation::EscalationKind, facts::FactPack, ids::Reference, leak_guard, money::Paise,
};

/// A text on its way out, with all that decides whether it may go. `K` is any key that tells one
/// case from another (a keyed alias will do); it is compared and never shown.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a, K> {
    /// The text.
    pub text: &'a str,
    /// Where it goes, in which language, under which content warning, naming the bank how.
    pub place: &'a Place,
    /// The frozen facts.
    pub facts: &'a FactPack,
    /// What it is.
    pub kind: EscalationKind,
    /// The reference of the earlier post that it is about.
    pub about: Option<&'a Reference>,
    /// The bank's verified handles on this platform, with or without the leading `@`: the only ones
    /// that may be mentioned.
    pub handles: &'a [String],
    /// The case of each action that the text speaks of, with its disputed amount (zero: unknown).
    /// For a closure: the actions of the post that it closes.
    pub members: &'a [(K, Paise)],
    /// The cases of each earlier public text about this bank.
    pub earlier: &'a [Vec<K>],
    /// For a text that a person has edited: the text as it was drafted.
    pub edited_from: Option<&'a str>,
}

/// Every reason against a text; none: it may be said.
///
/// A tag and a closure stand under the floor of cases and must name their counts. A correction or
/// retraction stands under no floor, and may hold no number of a case and no word that repeats the
/// accusation. A retraction may be empty: it deletes a post and publishes nothing.
pub fn may_be_said<K: Eq + Hash>(said: &Said<'_, K>, rules: &WordingRules) -> Vec<Objection> {
    let mut against = Vec::new();
    if said.text.trim().is_empty() {
        if said.kind != EscalationKind::Retraction {
            against.push(Objection::Empty);
        }
        return against;
    }
    against.extend(against_cases(said.kind, said.facts, said.members, said.earlier, rules));
    about_facts(said, &mut against);
    // All that the reading of the text looks at: not the cases, which are asked about each time.
    let Said { text, place, facts, kind, about, handles, edited_from, .. } = said;
    let question = (text, place, facts, kind, about, handles, edited_from, rules);
    against.extend(remembered::against(&question, || against_text(said, rules)));
    against
}

/// The part of [`may_be_said`] that rests on the text.
fn against_text<K>(said: &Said<'_, K>, rules: &WordingRules) -> Vec<Objection> {
    let mut against = Vec::new();
    let text = Reading::of(said, rules, Part::Text, said.text);
    about_content(said, rules, &text, &mut against);
    about_presence(said, &text, &mut against);
    if let Some(drafted) = said.edited_from {
        about_edit(said, rules, &text, drafted, &mut against);
    }
    if let Some(spoiler) = said.place.spoiler.as_deref() {
        let spoiler = Reading::of(said, rules, Part::Spoiler, spoiler);
        about_content(said, rules, &spoiler, &mut against);
    }
    about_length(said, &mut against);
    // Two patterns may object to one place; a person needs to read it once.
    against.dedup();
    against
}

/// A part of a post, as it is and with everything masked that it may hold word for word.
struct Reading {
    part: Part,
    whole: String,
    masked: String,
    numbers: Vec<Number>,
}

impl Reading {
    fn of<K>(said: &Said<'_, K>, rules: &WordingRules, part: Part, text: &str) -> Self {
        let whole: String = text.nfc().collect();
        let masked = mask(&whole, may_stand(said, rules));
        let numbers = numbers::numbers(&masked);
        Self { part, whole, masked, numbers }
    }

    const fn span(&self, (start, end): (usize, usize)) -> Span {
        Span { part: self.part, start, end }
    }
}

/// What a text may hold word for word: names, handles, references, the as-of time.
fn may_stand<K>(said: &Said<'_, K>, rules: &WordingRules) -> Vec<String> {
    let facts = said.facts;
    let at = |handle: &String| format!("@{}", handle.trim_start_matches('@'));
    let names = [&facts.bank_en, &facts.bank_hi, &facts.unit_en, &facts.unit_hi];
    let mut phrases: Vec<String> = names.into_iter().cloned().collect();
    // A handle stands only where it is a verified one: `bank_in_text` is no proof.
    phrases.extend(plain_name(said.place).cloned());
    phrases.extend(said.handles.iter().map(at));
    phrases.extend(rules.allowed_phrases.iter().cloned());
    phrases.push(facts.reference.as_str().to_owned());
    phrases.extend(said.about.map(|reference| reference.as_str().to_owned()));
    phrases.push(phrases::as_of(facts.as_of, said.place.language));
    phrases
}

/// The bank as the text writes it, where that is no handle.
fn plain_name(place: &Place) -> Option<&String> {
    Some(&place.bank_in_text).filter(|name| !name.contains('@'))
}

/// Replaces every whole occurrence of the phrases by as many `;`, longest first.
fn mask(text: &str, phrases: Vec<String>) -> String {
    let mut phrases: Vec<String> = phrases
        .into_iter()
        .map(|phrase| phrase.nfc().collect())
        .filter(|p: &String| !p.is_empty())
        .collect();
    phrases.sort_by_key(|phrase| std::cmp::Reverse(phrase.len()));
    let mut masked = text.to_owned();
    for phrase in phrases {
        let mut from = 0;
        while let Some(found) = masked[from..].find(&phrase) {
            let (start, end) = (from + found, from + found + phrase.len());
            from = end;
            if whole(&masked[..start], &masked[end..]) {
                let filler = ";".repeat(phrase.chars().count());
                masked.replace_range(start..end, &filler);
                from = start + filler.len();
            }
        }
    }
    masked
}

/// Whether a phrase between these two is whole: no letter or digit touches it, and no `.`, `-` or `@`
/// ties it to one (`@neem` in `@neem.example` is another account).
fn whole(before: &str, after: &str) -> bool {
    let part = |c: char| folding::letter(c) || c.is_alphanumeric() || c == '_';
    let tie = |c: char| matches!(c, '.' | '-' | '@' | ',');
    let touches = |mut chars: Box<dyn Iterator<Item = char> + '_>| match chars.next() {
        Some(c) if part(c) => true,
        Some('@') => true,
        Some(c) if tie(c) => chars.next().is_some_and(part),
        _ => false,
    };
    let before_touches = before.chars().next_back().is_some_and(|c| part(c) || c == '@');
    !before_touches && !touches(Box::new(after.chars()))
}

fn floor_applies(kind: EscalationKind, rules: &WordingRules) -> bool {
    match kind {
        EscalationKind::Tag => true,
        EscalationKind::Closure => rules.floor_for_closures,
        EscalationKind::Correction | EscalationKind::Retraction => false,
    }
}

/// The part of [`may_be_said`] that rests on the cases alone, whatever the text: the floor of cases,
/// the largest share, and what the difference to an earlier text would tell. Cheap beside reading a
/// text, so whoever only asks *whether* may ask this first.
pub fn against_cases<K: Eq + Hash>(
    kind: EscalationKind,
    facts: &FactPack,
    members: &[(K, Paise)],
    earlier: &[Vec<K>],
    rules: &WordingRules,
) -> Vec<Objection> {
    let mut against = Vec::new();
    if !floor_applies(kind, rules) {
        return against;
    }
    let floor = rules.minimum_cases.max(1) as usize;
    let mut amounts: HashMap<&K, i128> = HashMap::new();
    for (case, amount) in members {
        *amounts.entry(case).or_default() += i128::from(amount.paise().max(0));
    }
    if amounts.len() < floor {
        against.push(Objection::TooFewCases { have: amounts.len(), floor });
    }
    let total: i128 = amounts.values().sum();
    let largest = amounts.values().max().copied().unwrap_or(0);
    if largest * 100 > total * i128::from(rules.largest_share_percent) {
        against.push(Objection::OneCaseDominates { percent: rules.largest_share_percent });
    }
    let few = |count: usize| 0 < count && count < floor;
    let isolates = earlier.iter().any(|earlier| {
        let earlier: HashSet<&K> = earlier.iter().collect();
        let new = amounts.keys().filter(|case| !earlier.contains(*case)).count();
        let gone = earlier.iter().filter(|case| !amounts.contains_key(*case)).count();
        let overlaps = new < amounts.len();
        // New cases come to light by what was said before; dropped ones only where none is new.
        overlaps && (few(new) || (new == 0 && few(gone)))
    });
    let acted = facts.acted as usize;
    let left = facts.actions().saturating_sub(facts.acted) as usize;
    let closure_isolates = kind == EscalationKind::Closure && (few(acted) || few(left));
    if isolates || closure_isolates {
        against.push(Objection::Isolates { floor });
    }
    against
}

/// The facts against the actions that they are about.
fn about_facts<K: Eq + Hash>(said: &Said<'_, K>, against: &mut Vec<Objection>) {
    let facts = said.facts;
    if said.kind.sets_right() {
        return;
    }
    let cases: HashSet<&K> = said.members.iter().map(|(case, _)| case).collect();
    let total: Paise = said.members.iter().map(|(_, amount)| *amount).sum();
    let counts_agree = facts.cases as usize == cases.len()
        && facts.actions() >= facts.cases
        && facts.acted <= facts.actions();
    if !counts_agree || facts.amount_at_least > total {
        against.push(Objection::FactsDiffer);
    }
    if facts.amount_at_least.rounded_down() != facts.amount_at_least {
        against.push(Objection::AmountNotRounded);
    }
    if band_floor(facts.overdue_hours_at_least) != facts.overdue_hours_at_least {
        against.push(Objection::AgeNotBanded);
    }
}

/// What a part holds, whoever wrote it.
fn about_content<K>(
    said: &Said<'_, K>,
    rules: &WordingRules,
    reading: &Reading,
    against: &mut Vec<Objection>,
) {
    let span = |place| reading.span(place);
    for found in leak_guard::findings(&reading.whole) {
        against.push(Objection::Leak { kind: found.kind, span: span((found.start, found.end)) });
    }
    for number in &reading.numbers {
        if !may_hold(said, rules, number) {
            against.push(Objection::NumberNotInFacts(span((number.start, number.end))));
        }
    }
    let words = Words::of(&reading.masked);
    for pattern in &rules.unnamed_kinds {
        if let Some(place) = words.find(pattern) {
            against.push(Objection::UnnamedKind {
                pattern: pattern.as_str().to_owned(),
                span: span(place),
            });
        }
    }
    for pattern in &rules.refused_words {
        if let Some(place) = words.find(pattern) {
            against.push(Objection::RefusedWord {
                pattern: pattern.as_str().to_owned(),
                span: span(place),
            });
        }
    }
    let remains = words.money_remains();
    let remains =
        remains.into_iter().chain(rules.money_remains.iter().filter_map(|p| words.find(p)));
    against.extend(remains.map(|place| Objection::MoneyRemains(span(place))));
    if said.kind.sets_right() {
        let accuses = rules.accusing_words.iter().filter_map(|pattern| words.find(pattern));
        against.extend(accuses.map(|place| Objection::Accuses(span(place))));
    }
    if !rules.allow_urls && holds_url(&reading.masked) {
        against.push(Objection::Url(reading.part));
    }
    against.extend(mentions(&reading.masked).map(|place| Objection::Mention(span(place))));
}

/// Whether the facts hold a number, as what the text says it counts.
fn may_hold<K>(said: &Said<'_, K>, rules: &WordingRules, number: &Number) -> bool {
    let facts = said.facts;
    let whole = |count: u32| number.is(i64::from(count));
    let requests = || {
        let acted =
            if said.kind == EscalationKind::Closure { facts.acted } else { facts.actions() };
        [facts.actions(), facts.liens, facts.holds, acted].into_iter().any(whole)
    };
    // A helpline such as 1800-11-1234 is read as several numbers.
    let helpline = || {
        let digits = |text: &str| text.parse::<i64>().is_ok_and(|part| number.is(part));
        rules.helplines.iter().any(|line| line.split(|c: char| !c.is_ascii_digit()).any(digits))
    };
    if said.kind.sets_right() {
        return number.unit == Unit::Other && helpline();
    }
    match number.unit {
        Unit::Money => {
            facts.amount_at_least.rupees() > 0 && number.is(facts.amount_at_least.rupees())
        }
        Unit::Time(_) => {
            let age = facts.overdue_hours_at_least;
            number.is_hours(facts.limit_hours) || (age > 0 && number.is_hours(age))
        }
        Unit::Cases => whole(facts.cases),
        Unit::Requests => requests(),
        Unit::Other => whole(facts.cases) || requests() || helpline(),
        Unit::Foreign => false,
    }
}

fn holds_url(text: &str) -> bool {
    let folded = folding::fold_text(text);
    let finds = |text: &str| {
        let apart = lengths::full_stops_apart(text);
        tied_dot(text) && !Extractor::new().extract_urls(&apart).is_empty()
    };
    folded.contains("://") || folded.contains("www.") || finds(text) || finds(&folded)
}

/// Whether a letter follows a dot at once. Where none does there is no domain's name, and none
/// needs to be looked for.
fn tied_dot(text: &str) -> bool {
    text.split('.').skip(1).any(|rest| rest.starts_with(folding::letter))
}

/// The places of everything that a platform may take for a mention.
fn mentions(masked: &str) -> impl Iterator<Item = (usize, usize)> {
    let chars: Vec<char> = masked.chars().collect();
    let at_sign = |c: &char| matches!(c, '@' | '＠' | '﹫');
    let name = |c: &char| c.is_alphanumeric() || *c == '_';
    let spans: Vec<(usize, usize)> = (0..chars.len())
        .filter(|at| at_sign(&chars[*at]) && chars.get(at + 1).is_some_and(name))
        .map(|at| (at, at + 1 + chars[at + 1..].iter().take_while(|c| name(c)).count()))
        .collect();
    spans.into_iter()
}

/// What a text must hold.
fn about_presence<K>(said: &Said<'_, K>, reading: &Reading, against: &mut Vec<Objection>) {
    let facts = said.facts;
    let holds = |phrase: &str| {
        let phrase: String = phrase.nfc().collect();
        reading.whole.contains(&phrase)
    };
    if !holds(facts.reference.as_str()) {
        against.push(Objection::MissingReference);
    }
    if !holds(&phrases::as_of(facts.as_of, said.place.language)) {
        against.push(Objection::MissingAsOf);
    }
    if !holds(&said.place.bank_in_text) {
        against.push(Objection::MissingBank);
    }
    if said.kind.sets_right() {
        return;
    }
    let counts = |number: &Number| match number.unit {
        Unit::Cases => number.is(i64::from(facts.cases)),
        Unit::Requests | Unit::Other => number.is(i64::from(facts.actions())),
        _ => false,
    };
    if !reading.numbers.iter().any(counts) {
        against.push(Objection::MissingCounts);
    }
    let limit = |number: &Number| number.is_hours(facts.limit_hours);
    if said.kind == EscalationKind::Tag && !reading.numbers.iter().any(limit) {
        against.push(Objection::MissingLimit);
    }
}

/// What an edit brought in.
fn about_edit<K>(
    said: &Said<'_, K>,
    rules: &WordingRules,
    reading: &Reading,
    drafted: &str,
    against: &mut Vec<Objection>,
) {
    let facts = said.facts;
    let drafted: String = drafted.nfc().collect();
    let texts = [&drafted, &facts.bank_en, &facts.bank_hi, &facts.unit_en, &facts.unit_hi];
    let mut known = names::words_of(texts.into_iter().map(String::as_str));
    known.extend(names::words_of(rules.allowed_words.iter().map(String::as_str)));
    known.extend(names::always_allowed());
    let unknown = names::unknown(&reading.masked, &known);
    against.extend(unknown.into_iter().map(|place| Objection::NewName(reading.span(place))));
}

fn about_length<K>(said: &Said<'_, K>, against: &mut Vec<Objection>) {
    let Place { platform, max_length, spoiler, .. } = said.place;
    // The note of a retraction is not posted.
    let posted = said.kind != EscalationKind::Retraction;
    if posted && !lengths::fits(*platform, *max_length, said.text, spoiler.as_deref()) {
        let length = lengths::length(*platform, said.text, spoiler.as_deref());
        against.push(Objection::TooLong { length, max: *max_length });
    }
}
