//! Whether a reply quotes a reference: our post's, or one that the bank gave the matter.

use super::{super::ids::Reference, matching::has, reading::Clause};

/// What a bank calls its own reference.
const NAMES: &str = "sr srn crn ticket tkt complaint grievance query docket token case reference ref refrence interaction incident \
     request shikayat शिकायत टिकट संदर्भ अनुरोध टोकन केस registration पंजीकरण";
/// What may stand between the name and the number.
const FILLERS: &str = "number no nos num id is hai है संख्या क्रमांक नंबर आईडी";

/// Whether the text quotes this reference, whatever the spelling of its dash and case.
pub(super) fn quotes(text: &str, about: &Reference) -> bool {
    let bare = |text: &str| -> String {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
    };
    let about = bare(about.as_str());
    !about.is_empty() && text.split_whitespace().any(|word| bare(word).contains(&about))
}

/// Whether it gives the matter a reference of the bank's own: a number (or what was masked as one)
/// that is called so, or one that looks like nothing else (`INC0045127`).
pub(super) fn gives_its_own(clause: &Clause, about: &Reference) -> bool {
    let words: Vec<_> = clause.words.iter().map(|word| word.text.as_str()).collect();
    let named = |n: usize| {
        let before = words[..n].iter().rev();
        let mut before = before.take_while(|word| has(NAMES, word) || has(FILLERS, word));
        before.any(|word| has(NAMES, word))
    };
    let its = |(n, word): (usize, &&str)| {
        !is_ours(word, about) && (is_number(word) && named(n) || is_code(word))
    };
    !clause.question && words.iter().enumerate().any(its)
}

/// A reference of one of our posts, this one or another.
fn is_ours(word: &str, about: &Reference) -> bool {
    let prefix = about.as_str().split('-').next().unwrap_or_default().to_lowercase();
    word.strip_prefix(&prefix).is_some_and(|rest| rest.starts_with('-'))
}

/// At least three digits, or a mask.
fn is_number(word: &str) -> bool {
    word.contains('█') || word.chars().filter(|c| c.is_numeric()).count() >= 3
}

fn is_code(word: &str) -> bool {
    let letters = word.chars().take_while(char::is_ascii_alphabetic).count();
    let rest = &word[letters..];
    (2..=5).contains(&letters) && rest.len() >= 5 && rest.chars().all(|c| c.is_ascii_digit())
}
