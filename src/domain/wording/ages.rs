//! Ages in bands: a text says *at least 24 hours*, never 31, so that it does not tell one case from
//! another by its minute.

use crate::domain::platform::Language;

/// The lower edges of the bands below a week, in hours; from a week on, whole weeks.
const EDGES: [u32; 9] = [6, 12, 24, 48, 72, 96, 120, 144, WEEK];
const WEEK: u32 = 168;

/// The lower edge of the band in which an age lies, both in whole hours: 6, 12, 24, 48, 72 hours,
/// then days, then weeks; 0 below six hours (such a text names no age).
///
/// Monotone, and never above the true age.
pub fn band_floor(hours: u32) -> u32 {
    if hours >= WEEK {
        return hours - hours % WEEK;
    }
    EDGES.into_iter().rfind(|edge| *edge <= hours).unwrap_or(0)
}

/// A band's lower edge as people say it: hours up to 72, then days, then weeks.
pub(super) fn age_in_words(hours: u32, language: Language) -> String {
    let hindi = language == Language::Hi;
    if hours > 72 && hours.is_multiple_of(WEEK) {
        return count(hours / WEEK, if hindi { ["सप्ताह"; 2] } else { ["week", "weeks"] });
    }
    if hours > 72 && hours.is_multiple_of(24) {
        return count(hours / 24, if hindi { ["दिन"; 2] } else { ["day", "days"] });
    }
    hours_in_words(hours, false, language)
}

/// A limit as people say it: `6 hours`, `6 working hours`, `6 घंटे`, `6 कार्य-घंटे`.
pub(super) fn hours_in_words(hours: u32, working: bool, language: Language) -> String {
    let words = match (language, working) {
        (Language::En, false) => ["hour", "hours"],
        (Language::En, true) => ["working hour", "working hours"],
        (Language::Hi, false) => ["घंटे"; 2],
        (Language::Hi, true) => ["कार्य-घंटे"; 2],
    };
    count(hours, words)
}

fn count(number: u32, [one, many]: [&str; 2]) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ages_are_said_in_the_unit_people_use() {
        let said = |hours| age_in_words(band_floor(hours), Language::En);
        assert_eq!(band_floor(5), 0);
        assert_eq!(said(11), "6 hours");
        assert_eq!(said(71), "48 hours");
        assert_eq!(said(95), "72 hours");
        assert_eq!(said(167), "6 days");
        assert_eq!(said(168), "1 week");
        assert_eq!(said(700), "4 weeks");
        assert_eq!(age_in_words(336, Language::Hi), "2 सप्ताह");
        assert_eq!(hours_in_words(1, true, Language::En), "1 working hour");
    }

    proptest! {
        #[test]
        fn bands_are_monotone_and_never_above_the_age(a in any::<u32>(), b in 0..2_000_u32) {
            prop_assert!(band_floor(a) <= a);
            prop_assert!(band_floor(b) <= band_floor(b.saturating_add(a % 500)));
            prop_assert!(band_floor(a) <= band_floor(a.saturating_add(b)));
            prop_assert_eq!(band_floor(band_floor(a)), band_floor(a));
        }
    }
}
