//! Money in paise, exact; and how a public text may say it.

use serde::{Deserialize, Serialize};

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
}

impl std::iter::Sum for Paise {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0), |total, amount| Self(total.0.saturating_add(amount.0)))
    }
}
