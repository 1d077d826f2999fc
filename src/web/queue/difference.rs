//! What a new wording leaves out of an old one and adds to it, word by word.

use similar::{ChangeTag, TextDiff};

/// Texts that are longer (bytes) are told as wholly other: no post is so long.
const LONGEST: usize = 8 * 1024;

/// A run of words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    Same(String),
    Gone(String),
    New(String),
}

/// The runs of words, in order.
pub(super) fn pieces(old: &str, new: &str) -> Vec<Piece> {
    if old.len().max(new.len()) > LONGEST {
        return vec![Piece::Gone(old.to_owned()), Piece::New(new.to_owned())];
    }
    let mut pieces: Vec<Piece> = Vec::new();
    for change in TextDiff::from_words(old, new).iter_all_changes() {
        let word = change.value();
        match (change.tag(), pieces.last_mut()) {
            (ChangeTag::Equal, Some(Piece::Same(run)))
            | (ChangeTag::Delete, Some(Piece::Gone(run)))
            | (ChangeTag::Insert, Some(Piece::New(run))) => run.push_str(word),
            (ChangeTag::Equal, _) => pieces.push(Piece::Same(word.to_owned())),
            (ChangeTag::Delete, _) => pieces.push(Piece::Gone(word.to_owned())),
            (ChangeTag::Insert, _) => pieces.push(Piece::New(word.to_owned())),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_went_and_came_are_told_in_their_place() {
        let told = pieces("4 requests are pending", "4 requests are still pending");
        let same = |text: &str| Piece::Same(text.to_owned());
        let expected = [same("4 requests are "), Piece::New("still ".to_owned()), same("pending")];
        assert_eq!(told, expected);
        let other = pieces("a ", &"b ".repeat(LONGEST));
        assert!(matches!(&other[..], [Piece::Gone(_), Piece::New(_)]));
    }

    proptest::proptest! {
        #[test]
        fn what_is_not_new_is_the_old_text_and_what_is_not_gone_the_new(
            old in "[ab\u{915} ,.]{0,40}", new in "[ab\u{915} ,.]{0,40}",
        ) {
            let (mut before, mut after) = (String::new(), String::new());
            for piece in pieces(&old, &new) {
                match piece {
                    Piece::Same(text) => {
                        before.push_str(&text);
                        after.push_str(&text);
                    }
                    Piece::Gone(text) => before.push_str(&text),
                    Piece::New(text) => after.push_str(&text),
                }
            }
            proptest::prop_assert_eq!((before, after), (old, new));
        }
    }
}
