//! The numbers of a text, in the digits of any script or in words, with lakh and crore resolved and
//! the noun that each one counts.

use std::collections::BTreeMap;

use super::{
    folding::{Piece, Placed, pieces},
    lists,
};

/// A number's scale: millionths, so that `12.4` is exact.
const SCALE: i128 = 1_000_000;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Rupees.
    Money,
    /// Time; with how many minutes one of it has.
    Time(i128),
    /// Cases, complaints.
    Cases,
    /// Requests, actions.
    Requests,
    /// Something of which the facts hold no number: accounts, victims, percent.
    Foreign,
    /// Nothing that we know.
    Other,
}

/// One number of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Number {
    /// Its value in millionths; too large a one is the end of the range.
    value: i128,
    pub(super) unit: Unit,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Number {
    /// Whether it is this whole number.
    pub(super) fn is(&self, whole: i64) -> bool {
        self.value == i128::from(whole) * SCALE
    }

    /// Whether it is this many hours, said in any unit of time.
    pub(super) fn is_hours(&self, hours: u32) -> bool {
        let Unit::Time(minutes) = self.unit else { return false };
        self.value.saturating_mul(minutes) == i128::from(hours) * 60 * SCALE
    }
}

/// Two texts do not carry the same numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the two texts do not carry the same numbers: compare their counts, amounts and times")]
pub struct NumbersDiffer;

/// Whether two texts, of different languages say, carry the same numbers the same number of times:
/// digits of any script and number words, lakh and crore resolved.
///
/// # Errors
/// They do not.
pub fn same_numbers(one: &str, other: &str) -> Result<(), NumbersDiffer> {
    let counts = |text| {
        let mut counts: BTreeMap<i128, u32> = BTreeMap::new();
        for number in numbers(text) {
            *counts.entry(number.value).or_default() += 1;
        }
        counts
    };
    if counts(one) == counts(other) { Ok(()) } else { Err(NumbersDiffer) }
}

/// Every number of a text, in order.
pub(super) fn numbers(text: &str) -> Vec<Number> {
    let pieces = pieces(text);
    let mut found = Vec::new();
    let mut next = 0;
    while let Some(placed) = pieces.get(next) {
        let Some(value) = value(&placed.piece) else {
            next += 1;
            continue;
        };
        let (value, large, used) = multiplied(value, &pieces[next..]);
        let (start, end) = (placed.start, pieces[next + used - 1].end);
        let unit = unit(&pieces[..next], &pieces[next + used..], large);
        found.push(Number { value, unit, start, end });
        next += used;
    }
    found
}

fn value(piece: &Piece) -> Option<i128> {
    match piece {
        Piece::Digits(digits) => Some(parse(digits).unwrap_or(i128::MAX)),
        Piece::Word(word) => {
            let named = lists::NUMBER_WORDS.iter().find(|(name, _)| name == word);
            let scale = || lists::MULTIPLIERS.iter().find(|(name, _)| long(name) && name == word);
            named.or_else(scale).map(|(_, value)| i128::from(*value) * SCALE)
        }
        Piece::Sign(_) => None,
    }
}

/// A multiplier that may stand alone ("crores"); `k` and `cr` may not.
fn long(name: &str) -> bool {
    name.chars().count() > 3 || !name.is_ascii()
}

fn parse(digits: &str) -> Option<i128> {
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let decimals = format!("{decimals:0<6}");
    let whole: i128 = whole.parse().ok()?;
    // Beyond a millionth nothing that we say is exact.
    let decimals: i128 = decimals.get(..6)?.parse().ok()?;
    whole.checked_mul(SCALE)?.checked_add(decimals)
}

/// The value with the words behind it (`12.4 lakh`); whether one of them is money's own; how many
/// pieces it takes.
fn multiplied(value: i128, pieces: &[Placed]) -> (i128, bool, usize) {
    let (mut value, mut large, mut used) = (value, false, 1);
    while let Some(word) = pieces.get(used).and_then(Placed::word) {
        let Some((_, by)) = lists::MULTIPLIERS.iter().find(|(name, _)| *name == word) else {
            break;
        };
        value = value.saturating_mul(i128::from(*by));
        large |= *by >= 100_000;
        used += 1;
    }
    let alone = pieces[0].word().and_then(|word| lists::MULTIPLIERS.iter().find(|m| m.0 == word));
    (value, large || alone.is_some_and(|(_, by)| *by >= 100_000), used)
}

fn unit(before: &[Placed], after: &[Placed], large: bool) -> Unit {
    if money_before(before) {
        return Unit::Money;
    }
    let noun = after
        .iter()
        .take_while(|placed| matches!(placed.piece, Piece::Word(_) | Piece::Sign('/' | '-' | '%')))
        .filter_map(|placed| match &placed.piece {
            Piece::Word(word) => Some(word.as_str()),
            Piece::Sign('%') => Some("%"),
            _ => None,
        })
        .take(4)
        .find_map(lists::noun);
    match noun {
        Some(unit) => unit,
        None if large => Unit::Money,
        None => named_before(before).unwrap_or(Unit::Other),
    }
}

/// `case 12`, `accounts: 5`: a noun right before a number names what it is or counts.
fn named_before(before: &[Placed]) -> Option<Unit> {
    let named = before
        .iter()
        .rev()
        .take(3)
        .take_while(|placed| matches!(placed.piece, Piece::Word(_) | Piece::Sign(':' | '#' | '.')))
        .filter_map(Placed::word)
        .find(|word| !matches!(*word, "no" | "nos" | "number" | "are" | "is" | "संख्या" | "क्रमांक"));
    named.and_then(lists::noun).filter(|unit| matches!(unit, Unit::Cases | Unit::Foreign))
}

/// Whether `₹`, `Rs`, `Rs.` or a rupee word stands before.
fn money_before(before: &[Placed]) -> bool {
    let rest = match before {
        [rest @ .., last] if last.piece == Piece::Sign('.') => rest,
        all => all,
    };
    match rest.last().map(|placed| &placed.piece) {
        Some(Piece::Sign('₹')) => true,
        Some(Piece::Word(word)) => lists::RUPEES.contains(&word.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{money::Paise, platform::Language};

    #[test]
    fn numbers_are_read_in_digits_words_and_any_script() {
        let read = |text| numbers(text).iter().map(|n| n.value / SCALE).collect::<Vec<_>>();
        assert_eq!(read("₹12.4 lakh, ₹1,23,456 and १२ मामले"), [1_240_000, 123_456, 12]);
        assert_eq!(read("twelve cases, ３ holds, 2 lakh crore"), [12, 3, 200_000 * 10_000_000]);
        assert_eq!(read("10:15 on 24-11-2026"), [10, 15, 24, 11, 2026]);
        assert_eq!(read("crores lost, बारह करोड़"), [10_000_000, 12 * 10_000_000]);
        assert_eq!(read("1\u{200b}2"), [12], "an invisible character parts no number");
    }

    #[test]
    fn a_number_knows_its_noun() {
        let unit = |text| numbers(text)[0].unit;
        assert_eq!(unit("₹ 12"), Unit::Money);
        assert_eq!(unit("Rs. 12"), Unit::Money);
        assert_eq!(unit("12 lakh"), Unit::Money);
        assert_eq!(unit("12 cyber fraud cases"), Unit::Cases);
        assert_eq!(unit("12 मामलों में"), Unit::Cases);
        assert_eq!(unit("12 lien or hold requests in 4 cases"), Unit::Requests);
        assert_eq!(unit("12% of"), Unit::Foreign);
        assert_eq!(unit("12, cases"), Unit::Other);
        assert!(numbers("2 days")[0].is_hours(48));
        assert!(numbers("48 घंटे")[0].is_hours(48));
    }

    proptest! {
        #[test]
        fn both_languages_of_an_amount_carry_the_same_number(paise in 0..i64::MAX) {
            let amount = Paise::new(paise);
            let (en, hi) = (amount.in_words(Language::En), amount.in_words(Language::Hi));
            prop_assert_eq!(same_numbers(&en, &hi), Ok(()));
        }

        #[test]
        fn devanagari_digits_are_the_same_number(number in any::<u32>(), other in any::<u32>()) {
            let latin = number.to_string();
            let hindi: String = latin.chars()
                .map(|c| char::from_u32(0x966 + u32::from(c) - u32::from('0')).unwrap())
                .collect();
            prop_assert_eq!(same_numbers(&latin, &hindi), Ok(()));
            let twice = format!("{hindi}; {other}");
            prop_assert_eq!(same_numbers(&latin, &twice), Err(NumbersDiffer));
        }
    }
}
