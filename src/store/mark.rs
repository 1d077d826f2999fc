//! Where a page of a list begins: behind the last row of the page before it, named by what the list
//! is sorted by. So a page costs what it shows, however deep it lies, and what comes in meanwhile
//! shifts no row from one page to the next.

use std::{fmt, str::FromStr};

/// A row's place in a list that is sorted by a number, and among equal ones by the id. As a text,
/// `NUMBER-ID`, it stands in addresses, whose readers give it back as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// What the list is sorted by: paise or microseconds.
    pub key: i64,
    /// The row's id.
    pub id: String,
}

impl Mark {
    /// Before every row of a list that rises.
    pub(super) const fn first() -> Self {
        Self { key: i64::MIN, id: String::new() }
    }

    /// Before every row of a list that falls.
    pub(super) const fn last() -> Self {
        Self { key: i64::MAX, id: String::new() }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.key, self.id)
    }
}

/// The text is no place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is no place in a list")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let (key, id) = text.split_once('-').ok_or(NoMark)?;
        let digits = !key.is_empty() && key.len() <= 18 && key.bytes().all(|b| b.is_ascii_digit());
        let plain = id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !digits || id.is_empty() || id.len() > 64 || !plain {
            return Err(NoMark);
        }
        Ok(Self { key: key.parse().map_err(|_| NoMark)?, id: id.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_as_it_was_written_and_nothing_else_is() {
        let mark = Mark { key: 1_500_000, id: "0199-ab".to_owned() };
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for text in ["", "-", "7", "7-", "-a", "x-a", "7-a'b", "1234567890123456789-a"] {
            assert_eq!(text.parse::<Mark>(), Err(NoMark), "{text}");
        }
    }
}
