//! One spelling for words that people type: spreadsheets and directories write the same word with
//! other capitals, other spaces, other digits, or letters that look alike and differ in bytes.
//!
//! Invariant: each function is idempotent, and none turns a word into another word's spelling by
//! dropping a letter or a digit.

use unicode_normalization::UnicodeNormalization as _;

/// Text as a person reads it: NFC, without zero-width and direction marks, runs of any white
/// space as one space, none at the ends. For identifiers, whose letters must stay as they are.
pub fn clean(text: &str) -> String {
    squeeze(visible(text).nfc())
}

/// A name, a label or a heading for comparison: NFKC, lower case, digits of Indian scripts as
/// ASCII, dashes and stops as spaces, then as [`clean`].
pub fn label(text: &str) -> String {
    let lower: String =
        visible(text).nfkc().flat_map(char::to_lowercase).map(ascii_digit).collect();
    squeeze(lower.nfkc().map(|c| if is_joint(c) { ' ' } else { c }))
}

/// Text that holds a number or a time: NFKC, digits of Indian scripts as ASCII, then as [`clean`].
/// Stops and dashes stay, for they mean something there.
pub fn figures(text: &str) -> String {
    squeeze(visible(text).nfkc().map(ascii_digit))
}

/// Invisible characters go first: one may stand between a letter and its mark.
fn visible(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| !is_invisible(*c))
}

/// Characters that nobody sees, joiners among them: the same Hindi word is typed with and without.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{061C}' | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// Punctuation that joins or ends the words of a label without changing its meaning.
fn is_joint(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | ':' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '।')
}

/// The digits of the scripts of India, from the zeros of their Unicode blocks.
fn ascii_digit(c: char) -> char {
    const ZEROS: [u32; 9] =
        [0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66];
    ZEROS
        .iter()
        .find_map(|zero| (c as u32).checked_sub(*zero).filter(|digit| *digit < 10))
        .and_then(|digit| char::from_digit(digit, 10))
        .unwrap_or(c)
}

fn squeeze(chars: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut gap = false;
    for c in chars {
        if c.is_whitespace() {
            gap = !out.is_empty();
        } else {
            if std::mem::take(&mut gap) {
                out.push(' ');
            }
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_word_typed_in_many_ways_is_one_label() {
        for typed in ["PENDING ", "pending", "\u{feff}Pending\u{a0}", "pen\u{200b}ding", "Pending."]
        {
            assert_eq!(label(typed), "pending");
        }
        // A letter with a dot below, precomposed and as two characters.
        assert_eq!(label("खेज\u{93c}डी"), label("खेज\u{93c}डी"));
        assert_eq!(label("\u{95c}"), label("\u{921}\u{93c}"));
        assert_eq!(label("खेज\u{200b}\u{93c}डी"), label("खेज\u{93c}डी"));
        assert_eq!(label("Account  No."), "account no");
        assert_eq!(figures("₹ ६१,०००"), "₹ 61,000");
    }

    proptest! {
        #[test]
        fn a_second_pass_changes_nothing(text in any::<String>()) {
            for pass in [clean, label, figures] {
                let text: String = text.chars().flat_map(|c| [c, '\u{200d}']).collect();
                let once = pass(&text);
                prop_assert_eq!(pass(&once), once);
            }
        }
    }
}
