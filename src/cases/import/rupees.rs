//! Rupees as a spreadsheet writes them: `₹61,000`, `Rs. 5,317/-`, ` 2,00,000 `, `61,000.00`,
//! `61000`.
//!
//! Invariant: an amount is exact or it is refused. What is rounded ("about"), grouped in a way
//! that is neither Indian nor western, or finer than a paisa is not an amount.

use crate::domain::{money::Paise, spelling::figures};

/// Why a cell holds no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAmount {
    /// It is below zero.
    Negative,
    /// It is text, or a number that no one writes so.
    Text,
}

/// Written before an amount or after it, the longer ones first.
const MARKS: [&str; 12] =
    ["rupees", "रुपये", "रुपए", "रूपये", "inr", "rs.", "rs", "रु.", "रू.", "रु", "रू", "₹"];

/// Written after an amount only.
const ENDINGS: [&str; 4] = ["/-", "/=", "only", "मात्र"];

const WORDS: [(&str, u32); 9] = [
    ("lakhs", 5),
    ("lakh", 5),
    ("lacs", 5),
    ("lac", 5),
    ("लाख", 5),
    ("crores", 7),
    ("crore", 7),
    ("करोड\u{93c}", 7),
    ("cr", 7),
];

/// Reads an amount. With `lakh_crore`, `2.5 lakh` is one too.
pub(super) fn read(text: &str, lakh_crore: bool) -> Result<Paise, NoAmount> {
    let text = figures(text).to_lowercase().replace('\u{2212}', "-");
    let mut rest = text.as_str();
    let mut negative = false;
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        (rest, negative) = (inner, true);
    }
    loop {
        rest = rest.trim();
        if let Some(after) = rest.strip_prefix('-') {
            (rest, negative) = (after, true);
        } else if let Some(after) = MARKS.iter().find_map(|mark| rest.strip_prefix(mark)) {
            rest = after;
        } else if let Some(before) =
            MARKS.iter().chain(&ENDINGS).find_map(|mark| rest.strip_suffix(mark))
        {
            rest = before;
        } else {
            break;
        }
    }
    let mut zeros = 0;
    if lakh_crore
        && let Some((before, n)) =
            WORDS.iter().find_map(|(word, n)| rest.strip_suffix(word).map(|before| (before, *n)))
    {
        (rest, zeros) = (before.trim_end(), n);
    }
    let paise = decimal(rest, zeros + 2).ok_or(NoAmount::Text)?;
    if negative { Err(NoAmount::Negative) } else { Ok(Paise::new(paise)) }
}

/// Reads a spreadsheet's number, which is binary: what is closer to a whole paisa than its own
/// precision counts as that.
pub(super) fn from_number(rupees: f64) -> Result<Paise, NoAmount> {
    if rupees < 0.0 {
        return Err(NoAmount::Negative);
    }
    let paise = (rupees * 100.0).round();
    // A spreadsheet keeps 15 digits, so beyond this the paise are no longer there.
    let exact = paise < 1e14 && (rupees * 100.0 - paise).abs() <= (paise * 4e-16).max(1e-4);
    if exact { Ok(Paise::new(paise as i64)) } else { Err(NoAmount::Text) }
}

/// `12,34,567.50` times ten to the `places`, if it is whole then.
fn decimal(text: &str, places: u32) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = grouped(whole)?;
    let all_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let missing = places.checked_sub(u32::try_from(fraction.len()).ok()?)?;
    let number: i64 = format!("{digits}{fraction}").parse().ok()?;
    number.checked_mul(10i64.checked_pow(missing)?)
}

/// The digits of a whole number, where its commas (if any) stand as in India (`12,34,567`) or as
/// in the west (`1,234,567`).
fn grouped(text: &str) -> Option<String> {
    let groups: Vec<&str> = text.split(',').collect();
    let (last, before) = groups.split_last()?;
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    if !groups.iter().all(digits) {
        return None;
    }
    let sizes = |size: usize| {
        before
            .iter()
            .enumerate()
            .all(|(at, group)| group.len() == size || (at == 0 && group.len() < size))
    };
    (before.is_empty() || (last.len() == 3 && (sizes(2) || sizes(3)))).then(|| groups.concat())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Commas as in India.
    fn indian(rupees: i64) -> String {
        let digits = rupees.to_string();
        let (head, tail) = digits.split_at(digits.len().saturating_sub(3));
        let mut groups: Vec<String> =
            head.as_bytes().rchunks(2).map(|two| String::from_utf8_lossy(two).into()).collect();
        groups.reverse();
        groups.push(tail.into());
        groups.join(",")
    }

    fn western(rupees: i64) -> String {
        let digits = rupees.to_string();
        let mut groups: Vec<&str> = Vec::new();
        let mut rest = digits.as_str();
        while rest.len() > 3 {
            let (head, tail) = rest.split_at(rest.len() - 3);
            groups.push(tail);
            rest = head;
        }
        groups.push(rest);
        groups.reverse();
        groups.join(",")
    }

    fn dressed(rupees: i64) -> Vec<String> {
        let (indian, western) = (indian(rupees), western(rupees));
        let hindi: String = indian
            .chars()
            .map(|c| c.to_digit(10).and_then(|d| char::from_u32(0x966 + d)).unwrap_or(c))
            .collect();
        vec![
            rupees.to_string(),
            format!("{rupees}.00"),
            format!("{indian}.00"),
            format!("₹{indian}"),
            format!("₹ {indian}"),
            format!("Rs. {indian}/-"),
            format!("Rs {indian}"),
            format!("RS.{indian}/="),
            format!("INR {western}"),
            format!(" {indian} "),
            format!("\u{a0}{indian}\u{200b}"),
            format!("{western}.0"),
            format!("रु. {hindi}"),
            format!("{hindi} रुपये"),
            format!("Rs. {indian}/- only"),
        ]
    }

    #[test]
    fn a_request_below_zero_is_told_from_one_that_is_no_number() {
        for text in ["-5000", "₹-5,000", "-₹5,000", "Rs. -5,000/-", "\u{2212}5000", "(5,000)"] {
            assert_eq!(read(text, false), Err(NoAmount::Negative), "{text}");
        }
        for text in [
            "",
            "5 lakh approx",
            "पता नहीं",
            "5,0",
            "1,23",
            "12,345,67",
            "1,0000",
            "5.001",
            "1e5",
            "5000.",
            ".50",
            "5 000",
            "50-60",
            "₹",
            "=1+1",
            "99999999999999999999",
            "approx 5000",
            "5000 USD",
            "1.2.3",
            ",500",
        ] {
            assert_eq!(read(text, false), Err(NoAmount::Text), "{text}");
        }
    }

    #[test]
    fn lakh_and_crore_count_only_where_the_mapping_says_so() {
        for text in ["2.5 lakh", "2.5 लाख", "Rs. 2.5 lacs", "₹2.50 Lakh", "0.025 crore"] {
            assert_eq!(read(text, true), Ok(Paise::from_rupees(250_000)), "{text}");
            assert_eq!(read(text, false), Err(NoAmount::Text), "{text}");
        }
        assert_eq!(read("1 करोड़", true), Ok(Paise::from_rupees(10_000_000)));
        assert_eq!(read("5 lakh approx", true), Err(NoAmount::Text));
        assert_eq!(read("lakh", true), Err(NoAmount::Text));
    }

    #[test]
    fn a_number_finer_than_a_paisa_is_refused() {
        assert_eq!(from_number(1234.56), Ok(Paise::new(123_456)));
        assert_eq!(from_number(0.1 + 0.2), Ok(Paise::new(30)));
        assert_eq!(from_number(1234.567), Err(NoAmount::Text));
        assert_eq!(from_number(-5000.0), Err(NoAmount::Negative));
        assert_eq!(from_number(f64::NAN), Err(NoAmount::Text));
        assert_eq!(from_number(1e14), Err(NoAmount::Text));
    }

    proptest! {
        #[test]
        fn every_way_of_writing_rupees_reads_back(rupees in 0i64..=999_999_999_999) {
            for text in dressed(rupees) {
                prop_assert_eq!(read(&text, false), Ok(Paise::from_rupees(rupees)), "{}", text);
            }
        }

        #[test]
        fn paise_are_kept(paise in 0i64..=9_999_999_999) {
            let text = format!("₹{}.{:02}", indian(paise / 100), paise % 100);
            prop_assert_eq!(read(&text, false), Ok(Paise::new(paise)));
            let number = paise as f64 / 100.0;
            prop_assert_eq!(from_number(number), Ok(Paise::new(paise)));
        }

        #[test]
        fn no_text_makes_the_reader_stumble(text in any::<String>(), lakh in any::<bool>()) {
            let _ = read(&text, lakh);
        }
    }
}
