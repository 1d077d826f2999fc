//! What a match must fulfil beside its pattern, to be read as ordinary.

use regex::Captures;

use super::super::pieces::tells_of_a_piece;
use super::super::runs::named;

/// A dash is from one section to another: three numbers in a row of dashes are no list, nor is a
/// row of single figures.
pub(super) fn unchained(found: &Captures<'_>) -> bool {
    const SINGLES: usize = 6;
    let mut singles = 0;
    let spelled = found[0]
        .split(|ch: char| !ch.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .any(|part| {
            singles = if part.len() == 1 { singles + 1 } else { 0 };
            singles >= SINGLES
        });
    !spelled && !dashed(&found[0])
}

fn dashed(text: &str) -> bool {
    let tight: String = text.chars().filter(|ch| *ch != ' ').collect();
    tight
        .split(|ch: char| !ch.is_ascii_digit() && ch != '-')
        .any(|part| part.trim_matches('-').matches('-').count() > 1)
}

/// From one amount to a larger one.
pub(super) fn rising(found: &Captures<'_>) -> bool {
    let amounts = found[0].split(|ch: char| !ch.is_ascii_digit());
    amounts.filter_map(|amount| amount.parse::<u32>().ok()).is_sorted_by(|a, b| a < b)
}

/// `L1 11, L2 19, L3 12`: layers in their order, and in all of them too few figures for an identifier.
pub(super) fn few_by_layer(found: &Captures<'_>) -> bool {
    const MOST: usize = 8;
    let numbers = found[0].split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    let (layers, counts): (Vec<_>, Vec<_>) =
        numbers.enumerate().partition(|(place, _)| place % 2 == 0);
    let layers: Vec<_> = layers.into_iter().map(|(_, layer)| layer).collect();
    let figures: usize = counts.iter().map(|(_, count)| count.len()).sum();
    layers.len() == counts.len() && layers.is_sorted_by(|a, b| a < b) && figures <= MOST
}

/// The parts of an internet address go up to 255.
pub(super) fn octets(found: &Captures<'_>) -> bool {
    let mut parts = found[0].split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    parts.all(|part| part.parse::<u8>().is_ok())
}

/// Postal codes named together are neighbours: the first three digits are the district's.
pub(super) fn one_district(found: &Captures<'_>) -> bool {
    let digits: String = found[0].chars().filter(char::is_ascii_digit).collect();
    let mut districts = digits.as_bytes().chunks(6).map(|code| code.get(..3));
    let first = districts.next();
    districts.all(|district| Some(district) == first)
}

/// `122001: 58, 122002: 85`: every figure stands beside a postal code of the same district.
pub(super) fn counted_by_code(found: &Captures<'_>) -> bool {
    let codes = found[0]
        .split(|ch: char| !ch.is_ascii_digit())
        .filter(|number| number.len() == 6)
        .filter_map(|code| code.get(..3));
    let mut codes = codes.peekable();
    let first = codes.peek().copied();
    codes.all(|district| Some(district) == first)
}

/// The word before a six-digit number makes it no postal code.
pub(super) fn named_place(text: &str) -> bool {
    const NOT_PLACES: [&str; 17] = [
        "number",
        "transaction",
        "otp",
        "dial",
        "नंबर",
        // `7957567 phir 519137`: the rest of a number.
        "then",
        "phir",
        "fir ",
        "contd",
        "continued",
        "and ",
        "aur ",
        "फिर",
        "और",
        "are ",
        "mein ",
        "me ",
    ];
    named(text).is_none()
        && !tells_of_a_piece(text)
        && !NOT_PLACES.iter().any(|word| text.starts_with(word))
}

/// The digits and what stands between, at the end of a match.
pub(super) fn tail<'t>(found: &'t Captures<'_>) -> &'t str {
    let whole = &found[0];
    whole.find(|ch: char| ch.is_ascii_digit()).map_or("", |at| &whole[at..])
}

pub(super) fn has_year(tail: &str) -> bool {
    let mut groups = tail.split(|ch: char| !ch.is_ascii_digit()).filter(|part| !part.is_empty());
    let mut year = false;
    let mut count = 0;
    let short = groups.all(|group| {
        count += 1;
        year |= group.len() == 4 && (group.starts_with("19") || group.starts_with("20"));
        group.len() <= 7
    });
    short && year && count >= 2
}

/// The text names an identifier of a person or a case, so its number is not a circular's.
pub(super) fn names_a_person_or_case(text: &str) -> bool {
    const NAMES: [&str; 12] = [
        "fir",
        "ack",
        "ncrp",
        "account",
        "acc",
        "complaint",
        "card",
        "aadhaar",
        "cr.no",
        "case",
        "acct",
        "ref",
    ];
    NAMES.iter().any(|name| text.starts_with(name))
}

/// Counts before their unit: no leading zeros, and in order where long enough for an identifier.
pub(super) fn counted(found: &Captures<'_>) -> bool {
    const MOST: usize = 8;
    let whole = &found[0];
    let last = whole.rfind(|ch: char| ch.is_ascii_digit()).map_or(0, |at| at + 1);
    let number = |ch: char| ch.is_ascii_digit() || matches!(ch, '.' | ',');
    let numbers: Vec<&str> = whole[..last]
        .split(|ch| !number(ch))
        .map(|number| number.trim_matches(['.', ',']))
        .filter(|number| !number.is_empty())
        .collect();
    // `817,238,323,8 account`: a comma without a space that does not group.
    let long = whole.bytes().filter(u8::is_ascii_digit).count() >= MOST;
    let cut = long
        && numbers.iter().any(|number| {
            number.split(',').skip(1).any(|group| !(2..=3).contains(&group.len()))
                || number.contains(',')
                    && number.rsplit(',').next().is_some_and(|last| last.len() < 3)
        });
    let plain = numbers.iter().filter(|number| !number.contains(','));
    let digits: usize = plain.map(|number| number.len()).sum();
    let leading = numbers
        .iter()
        .any(|number| number.len() > 1 && number.starts_with('0') && !number.starts_with("0."));
    let values: Vec<f64> =
        numbers.iter().filter_map(|number| number.replace(',', "").parse().ok()).collect();
    let ordered = values.is_sorted() || values.iter().rev().is_sorted();
    let singles = numbers.len() > 4 && numbers.iter().all(|number| number.len() == 1);
    let spaced = numbers.len() > 1
        && whole[..last].bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b' ' | b'.'));
    let in_order = ordered && !dashed(whole) && numbers.iter().all(|number| number.len() <= 4);
    // `78326 + 69287 complaints`: nobody adds up the parts of an identifier.
    let added = whole[..last].split(number).all(|sign| sign.is_empty() || sign == " + ");
    !leading
        && !cut
        && !singles
        && (!spaced || values.is_sorted())
        && (digits < MOST || in_order || added && numbers.len() > 1)
}
