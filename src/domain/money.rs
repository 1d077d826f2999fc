//! Money in paise, exact; and how a public text may say it.

use serde::{Deserialize, Serialize};

use super::platform::Language;

/// Rupees in a lakh.
const LAKH: i64 = 100_000;
/// Rupees in a crore.
const CRORE: i64 = 100 * LAKH;

/// An amount in paise (a hundredth of a rupee).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Paise(i64);

impl Paise {
    /// Paise as an integer.
    pub const fn new(paise: i64) -> Self {
        Self(paise)
    }

    /// Whole rupees as paise, held at the end of the range.
    pub const fn from_rupees(rupees: i64) -> Self {
        Self(rupees.saturating_mul(100))
    }

    /// The amount in paise.
    pub const fn paise(self) -> i64 {
        self.0
    }

    /// Whole rupees, rounded towards zero.
    pub const fn rupees(self) -> i64 {
        self.0 / 100
    }

    /// The amount as a public text may state it: rounded down to two significant digits, in steps
    /// of ₹1,000 at the least. ₹12,34,567 becomes ₹12,00,000, ₹99,999 becomes ₹99,000, ₹999
    /// becomes ₹0 (such a text names no amount).
    ///
    /// Never above the true amount, and monotone: of two amounts the larger never rounds to less.
    /// A negative amount, which no case row has, is returned as it is.
    #[must_use]
    pub const fn rounded_down(self) -> Self {
        if self.0 < 0 {
            return self;
        }
        let rupees = self.rupees();
        let mut step = 1_000;
        while rupees / step >= 100 {
            step *= 10;
        }
        Self::from_rupees(rupees - rupees % step)
    }

    /// Whole rupees with Indian grouping, such as `₹1,23,45,678`. Paise are left off.
    pub fn grouped(self) -> String {
        let sign = if self.rupees() < 0 { "-" } else { "" };
        format!("{sign}₹{}", group(self.rupees().unsigned_abs()))
    }

    /// The amount as people say it: `₹99,000`, `₹12.4 lakh`, `₹1.2 करोड़`. At most one decimal, cut
    /// and never rounded up, so that the words never say more than the amount. Below a lakh it is
    /// the grouped number.
    pub fn in_words(self, language: Language) -> String {
        let rupees = self.rupees();
        let (unit, english, hindi) = match rupees {
            CRORE.. => (CRORE, "crore", "करोड़"),
            LAKH.. => (LAKH, "lakh", "लाख"),
            _ => return self.grouped(),
        };
        let word = match language {
            Language::En => english,
            Language::Hi => hindi,
        };
        let whole = group((rupees / unit).unsigned_abs());
        match rupees % unit / (unit / 10) {
            0 => format!("₹{whole} {word}"),
            tenth => format!("₹{whole}.{tenth} {word}"),
        }
    }
}

/// Indian grouping: the last three digits, then pairs.
fn group(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 3 / 2);
    for (index, digit) in digits.chars().enumerate() {
        let left = digits.len() - index;
        if index > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

impl std::iter::Sum for Paise {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), |total, amount| Self(total.0.saturating_add(amount.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a reader would understand, in rupees.
    fn read_back(text: &str) -> i64 {
        let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
        let plain = text.strip_prefix('₹').expect("a rupee sign").replace(',', "");
        let (number, word) = plain.split_once(' ').unwrap_or((&plain, ""));
        let unit = match word {
            "" => 1,
            "lakh" | "लाख" => LAKH,
            "crore" | "करोड़" => CRORE,
            other => panic!("an unknown word: {other}"),
        };
        let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
        let (whole, tenth): (i64, i64) = (whole.parse().unwrap(), tenth.parse().unwrap());
        sign * (whole * unit + tenth * (unit / 10))
    }

    #[test]
    fn money_is_written_as_india_writes_it() {
        let said = |rupees| Paise::from_rupees(rupees).grouped();
        assert_eq!(said(0), "₹0");
        assert_eq!(said(999), "₹999");
        assert_eq!(said(1_000), "₹1,000");
        assert_eq!(said(100_000), "₹1,00,000");
        assert_eq!(said(12_345_678), "₹1,23,45,678");
        assert_eq!(said(-123_456), "-₹1,23,456");
    }

    #[test]
    fn lakh_and_crore_are_cut_never_rounded_up() {
        let said = |rupees, language| Paise::from_rupees(rupees).in_words(language);
        assert_eq!(said(99_999, Language::En), "₹99,999");
        assert_eq!(said(100_000, Language::En), "₹1 lakh");
        assert_eq!(said(1_249_999, Language::En), "₹12.4 lakh");
        assert_eq!(said(1_240_000, Language::Hi), "₹12.4 लाख");
        assert_eq!(said(9_999_999, Language::En), "₹99.9 lakh");
        assert_eq!(said(12_000_000, Language::En), "₹1.2 crore");
        assert_eq!(said(12_999_999, Language::Hi), "₹1.2 करोड़");
        assert_eq!(said(12_345 * CRORE, Language::En), "₹12,345 crore");
    }

    #[test]
    fn a_public_amount_keeps_two_digits() {
        let rounded = |rupees| Paise::from_rupees(rupees).rounded_down().rupees();
        assert_eq!(rounded(999), 0);
        assert_eq!(rounded(99_999), 99_000);
        assert_eq!(rounded(109_999), 100_000);
        assert_eq!(rounded(1_234_567), 1_200_000);
        assert_eq!(rounded(12_999_999), 12_000_000);
    }

    proptest! {
        #[test]
        fn grouping_reads_back(rupees in -(i64::MAX / 100)..i64::MAX / 100) {
            prop_assert_eq!(read_back(&Paise::from_rupees(rupees).grouped()), rupees);
        }

        #[test]
        fn words_never_say_more_than_the_amount(paise in 0..i64::MAX) {
            let amount = Paise::new(paise);
            for language in [Language::En, Language::Hi] {
                let said = read_back(&amount.in_words(language));
                prop_assert!(said <= amount.rupees());
                prop_assert!(said >= amount.rupees() - amount.rupees() / 10, "half of it is lost");
            }
        }

        #[test]
        fn both_languages_say_the_same_amount(paise in 0..i64::MAX) {
            let amount = Paise::new(paise);
            prop_assert_eq!(
                read_back(&amount.in_words(Language::En)),
                read_back(&amount.in_words(Language::Hi))
            );
        }

        #[test]
        fn rounding_down_is_monotone_and_never_above(a in 0..i64::MAX, b in 0..i64::MAX, near in 0..500_000_i64) {
            let (low, high) = (Paise::new(a.min(b)), Paise::new(a.max(b)));
            prop_assert!(low.rounded_down() <= high.rounded_down());
            prop_assert!(low.rounded_down() <= Paise::new(low.paise().saturating_add(near)).rounded_down());
            prop_assert!(low.rounded_down() <= low);
            prop_assert_eq!(low.rounded_down().rounded_down(), low.rounded_down());
        }

        #[test]
        fn a_rounded_amount_loses_nothing_more_in_words(paise in 0..i64::MAX) {
            let rounded = Paise::new(paise).rounded_down();
            prop_assert_eq!(read_back(&rounded.in_words(Language::En)), rounded.rupees());
        }
    }
}
