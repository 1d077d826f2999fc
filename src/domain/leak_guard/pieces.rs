//! A number told in pieces: the text names an identifier, and its figures stand apart with words
//! between them (`the last four are 4321, before that 987 and 650: his phone number`).

use super::Finding;
use super::LeakKind;
use super::runs::{Run, only_years};
use super::view::View;

/// Digits that a piece has: fewer are a count or a place in a list, more are refused alone.
const PIECE: std::ops::RangeInclusive<usize> = 3..=12;
/// Bytes between two pieces of one number.
const APART: usize = 150;
/// Bytes between the name and the first piece.
const NAME_BEFORE: usize = 150;
/// Bytes behind the last piece within which the name is looked for.
const NAME_BEHIND: usize = 80;
const MOST_PIECES: usize = 4;

/// What a number is called that belongs to a person or a case, and how many digits it has.
const NAMES: [(LeakKind, std::ops::RangeInclusive<usize>, &str); 5] = [
    (
        LeakKind::Phone,
        10..=14,
        "phone|fone|ph|mobile|mob|cell|whatsapp|contact|फोन|मोबाइल|मो0|मो|व्हाट्सएप|संपर्क",
    ),
    (LeakKind::Aadhaar, 12..=12, "aadhaar|aadhar|adhar|adhaar|uid|uidai|आधार"),
    (LeakKind::CardNumber, 13..=19, "card|कार्ड"),
    (
        LeakKind::AcknowledgementNumber,
        13..=15,
        "ack|acknowledgement|acknowledgment|ncrp|पावती|pavti|shikayat|शिकायत|complaint",
    ),
    (LeakKind::AccountNumber, 9..=18, "account|a/c|acc|acct|khata|khaata|खाता|खाते|एकाउंट|अकाउंट"),
];

/// What is said of the pieces of a number, and of no counts that stand in a row.
const OF_A_PIECE: &str = "begin begins start starts starting first second third half part parts last before rest \
ending ends end opening finally remaining completed completes continued then followed \
pehle pehla pahla pahle dusra doosra teesra tisra hissa hisse bhag shuru aakhir aakhri akhri aakhiri ant beech \
baaki baki usse uske aadha aadhaa yahan put front with पहला पहले दूसरा तीसरा भाग हिस्सा शुरू शुरुआत अंत आखिर आखिरी बाकी उससे उसके बीच \
आधा अंतिम";

/// Refuses numbers whose pieces stand near the name of what they make together.
pub(super) fn check(view: &View, runs: &[Run], found: &mut Vec<Finding>) {
    let is_piece = |run: &Run| {
        PIECE.contains(&run.digits.len())
            && !only_years(view, run)
            && !view.text[run.range.clone()].contains(['.', '+', 'x', '=', '→'])
    };
    for first in (0..runs.len()).filter(|&at| is_piece(&runs[at])) {
        let mut digits = runs[first].digits.len();
        for last in first + 1..runs.len().min(first + MOST_PIECES) {
            let apart = runs[last].range.start - runs[last - 1].range.end;
            let between = &view.text[runs[last - 1].range.end..runs[last].range.start];
            if apart > APART || !is_piece(&runs[last]) || !tells_of_a_piece(between) {
                break;
            }
            digits += runs[last].digits.len();
            let whole = runs[first].range.start..runs[last].range.end;
            let around = [
                view.before(whole.start, NAME_BEFORE),
                &view.text[whole.clone()],
                view.after(whole.end, NAME_BEHIND),
            ];
            let kind = NAMES.iter().find(|(_, needed, names)| {
                needed.contains(&digits)
                    && names.split('|').any(|name| around.iter().any(|text| says(text, name)))
            });
            if let Some((kind, ..)) = kind {
                view.report(*kind, &whole, found);
            }
        }
    }
}

pub(super) fn tells_of_a_piece(between: &str) -> bool {
    let letter = |ch: char| ch.is_alphanumeric() || matches!(ch, '\u{900}'..='\u{963}');
    between.split(|ch| !letter(ch)).any(|word| OF_A_PIECE.split(' ').any(|known| known == word))
}

/// The name stands there as a word of its own.
fn says(text: &str, name: &str) -> bool {
    let letter = |ch: char| ch.is_alphanumeric() || matches!(ch, '\u{900}'..='\u{963}');
    text.match_indices(name).any(|(at, _)| {
        !text[..at].ends_with(letter) && !text[at + name.len()..].starts_with(letter)
    })
}
