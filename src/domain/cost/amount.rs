//! An amount of money that a platform charges: written, read and counted without a fraction of it
//! ever being rounded.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Micro-dollars in a dollar.
const DOLLAR: i64 = 1_000_000;

/// An amount in micro-dollars (a millionth of a US dollar). In texts it is the exact decimal, such
/// as `0.015`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroDollars(i64);

/// A text that is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no amount in dollars; write one such as \"0.015\", with at most six decimals")]
pub struct NoAmount;

impl MicroDollars {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Micro-dollars as an integer.
    pub const fn new(micros: i64) -> Self {
        Self(micros)
    }

    /// The amount in micro-dollars.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Both, held at the end of the range.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// What is left of it; never less than nothing.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0).max(0))
    }

    /// So many of it, held at the end of the range.
    #[must_use]
    pub fn times(self, count: u32) -> Self {
        Self(self.0.saturating_mul(i64::from(count)))
    }

    /// A share of it, rounded down.
    #[must_use]
    pub fn percent(self, percent: u32) -> Self {
        let share = i128::from(self.0) * i128::from(percent) / 100;
        Self(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// Which share of a whole it is, in whole percent, rounded down; 100 where the whole is
    /// nothing.
    pub fn percent_of(self, whole: Self) -> u64 {
        if whole.0 <= 0 {
            return 100;
        }
        u64::try_from(i128::from(self.0.max(0)) * 100 / i128::from(whole.0)).unwrap_or(u64::MAX)
    }

    /// The exact decimal: at least two decimals, and as many as the amount has.
    fn decimal(self) -> String {
        let micros = self.0.unsigned_abs();
        let (whole, rest) = (micros / DOLLAR.unsigned_abs(), micros % DOLLAR.unsigned_abs());
        let decimals = format!("{rest:06}");
        let shown = decimals.trim_end_matches('0').len().max(2);
        format!("{whole}.{}", &decimals[..shown])
    }
}

impl fmt::Display for MicroDollars {
    /// As `$0.015`: at least two decimals, and as many as the amount has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}${}", self.decimal())
    }
}

impl FromStr for MicroDollars {
    type Err = NoAmount;

    /// Reads `0.015`, `$0.015` or `5`: digits, and at most six decimals. No sign, no exponent, no
    /// grouping.
    fn from_str(text: &str) -> Result<Self, NoAmount> {
        let plain = text.strip_prefix('$').unwrap_or(text);
        let (whole, decimals) = plain.split_once('.').unwrap_or((plain, "0"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
        if !digits(whole) || !digits(decimals) || decimals.len() > 6 {
            return Err(NoAmount);
        }
        let number = |text: &str| text.parse::<i64>().map_err(|_| NoAmount);
        let whole = number(whole)?.checked_mul(DOLLAR).ok_or(NoAmount)?;
        let micros = whole.checked_add(number(&format!("{decimals:0<6}"))?);
        micros.map(Self).ok_or(NoAmount)
    }
}

impl Serialize for MicroDollars {
    /// As the exact decimal in a text: a number would be read as a float.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sign = if self.0 < 0 { "-" } else { "" };
        serializer.serialize_str(&format!("{sign}{}", self.decimal()))
    }
}

impl<'de> Deserialize<'de> for MicroDollars {
    /// From a text alone: a number has been a float on its way here.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl de::Visitor<'_> for Text {
            type Value = MicroDollars;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount in dollars as a text in quotes, such as \"0.015\"")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<MicroDollars, E> {
                text.parse().map_err(|error| E::custom(format!("{text:?} {error}")))
            }
        }
        deserializer.deserialize_str(Text)
    }
}
