//! How a phrase of the lists is found in a sentence.
//!
//! A phrase is words in order: `a|b` is either word, `..` up to four words between, `~` up to six
//! that only link (`has been`, `on all the accounts`), `^` the sentence's beginning, `$` its end,
//! `!a|b` no such word next. Words of seven letters or more may be off by a slip of the pen.

use std::{collections::VecDeque, ops::Range};

use super::reading::{Clause, plain};

/// Up to so many words stand where a phrase leaves a gap.
const GAP: usize = 4;
/// Up to so many linking words.
const LINKS: usize = 6;
/// Words that may stand inside a claim without changing what is claimed. Whatever else stands there
/// may be what was really marked, placed or stopped.
const LINKING: &str = "has have had been was were is are stands stand already now duly also since successfully only \
     all both each every the a an of in on for against our said disputed mentioned respective total \
     full entire above these those such account accounts amount amounts sum funds money cases case \
     rs inr lakh lakhs crore request requests beneficiary lien liens hold holds outgoing pending \
     necessary as requested two three four five six seven eight them पर को भी ही आज कल सुबह शाम अभी \
     अब पहले दो दिन सभी खातों खाते राशि रकम पूरी की का में से कर विवादित गई जा mark मार्क par pe ko \
     bhi hi aaj kal subah abhi ab sabhi sab me mein kar ka ki transfer transfers";
/// From so many letters on a word may be misspelt.
const LONG: usize = 7;

/// A phrase found in a sentence.
pub(super) struct Found {
    /// The words of the list that stand there, `…` for what lies between.
    pub(super) phrase: String,
    /// Which of the sentence's words it covers.
    pub(super) at: Range<usize>,
}

/// Phrases of one meaning.
pub(super) struct List(Vec<Vec<Part>>);

enum Part {
    Start,
    End,
    Gap,
    Link,
    /// None of these words comes next.
    Not(Vec<String>),
    /// One of these words: in its plain spelling, and as the list has it.
    OneOf(Vec<(String, &'static str)>),
}

impl List {
    pub(super) fn new(phrases: &[&'static str]) -> Self {
        let part = |part: &'static str| match part {
            "^" => Part::Start,
            "$" => Part::End,
            ".." => Part::Gap,
            "~" => Part::Link,
            words if words.starts_with('!') => {
                Part::Not(words[1..].split('|').map(plain).collect())
            }
            words => Part::OneOf(words.split('|').map(|word| (plain(word), word)).collect()),
        };
        let phrase = |text: &&'static str| text.split_whitespace().map(part).collect();
        Self(phrases.iter().map(phrase).collect())
    }

    /// Whatever stands where only linking words may.
    pub(super) fn loosened(mut self) -> Self {
        for part in self.0.iter_mut().flatten() {
            if matches!(part, Part::Link) {
                *part = Part::Gap;
            }
        }
        self
    }

    pub(super) fn first_in(&self, clause: &Clause) -> Option<String> {
        self.all_in(clause).into_iter().next().map(|found| found.phrase)
    }

    /// Every phrase of the list that stands in the sentence, each at its every place.
    pub(super) fn all_in(&self, clause: &Clause) -> Vec<Found> {
        let words: Vec<&str> = clause.words.iter().map(|word| word.text.as_str()).collect();
        let mut found = Vec::new();
        for parts in &self.0 {
            for start in 0..words.len() {
                let Some((end, said)) = matched(parts, &words, start) else { continue };
                found.push(Found { phrase: Vec::from(said).join(" "), at: start..end });
            }
        }
        found
    }
}

/// Where the parts end that begin at this word, and what of the list stands there.
fn matched(parts: &[Part], words: &[&str], at: usize) -> Option<(usize, VecDeque<&'static str>)> {
    let Some((part, rest)) = parts.split_first() else { return Some((at, VecDeque::new())) };
    let (said, (end, mut tail)) = match part {
        Part::Start if at == 0 => (None, matched(rest, words, at)?),
        Part::End if at == words.len() => (None, matched(rest, words, at)?),
        Part::Start | Part::End => return None,
        Part::Not(any) if words.get(at).is_some_and(|word| any.iter().any(|one| one == word)) => {
            return None;
        }
        Part::Not(_) => (None, matched(rest, words, at)?),
        Part::Gap | Part::Link => {
            let links = words[at.min(words.len())..].iter().take_while(|word| is_link(word));
            let widest = if matches!(part, Part::Gap) { GAP } else { links.count().min(LINKS) };
            let skip = |gap| Some((gap, matched(rest, words, at + gap)?));
            let (gap, tail) = (0..=widest).find_map(skip)?;
            ((gap > 0).then_some("…"), tail)
        }
        Part::OneOf(any) => {
            let word = words.get(at)?;
            let (_, listed) = any.iter().find(|(listed, _)| same(listed, word))?;
            (Some(*listed), matched(rest, words, at + 1)?)
        }
    };
    if let Some(said) = said {
        tail.push_front(said);
    }
    Some((end, tail))
}

/// Whether a word is one of a list that is written with spaces between.
pub(super) fn has(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

fn is_link(word: &str) -> bool {
    has(LINKING, word) || word.starts_with(|c: char| c.is_numeric())
}

/// Equal, or long and off by a slip of the pen.
fn same(listed: &str, word: &str) -> bool {
    if listed == word {
        return true;
    }
    let long = listed.is_ascii() && listed.len() >= LONG && listed.len().abs_diff(word.len()) <= 1;
    // The last letter tells what was done from what is to be done: `secured`, `secure`.
    let ends = |text: &str| (text.chars().next(), text.chars().last());
    long && ends(listed) == ends(word) && strsim::osa_distance(listed, word) <= 1
}
