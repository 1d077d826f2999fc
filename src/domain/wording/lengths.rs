//! How long a text is, by each platform's own rule. A rule that is off by one is either a refusal
//! at the send or a text that is shorter than it need be.

use std::borrow::Cow;

use twitter_text::extractor::{Extract, Extractor};
use unicode_normalization::UnicodeNormalization as _;
use unicode_segmentation::UnicodeSegmentation;

use crate::domain::platform::Platform;

/// Bluesky's second limit, in UTF-8 bytes (lexicon `app.bsky.feed.post`, `maxLength`).
const BLUESKY_BYTES: usize = 3_000;

/// What stands for a URL where it is counted: 23 characters, on X (`transformedURLLength`) and on
/// Mastodon (`StatusLengthValidator::URL_PLACEHOLDER_CHARS`) alike.
const URL_PLACEHOLDER: &str = "xxxxxxxxxxxxxxxxxxxxxxx";

/// The length of a text on a platform, in the platform's own measure.
///
/// * X: weighted, by its published `twitter-text` configuration 3; 280 are allowed.
/// * Mastodon: grapheme clusters of the content warning and the text; an http(s) URL counts 23, a
///   mention drops its `@domain`.
/// * Bluesky: grapheme clusters (and see [`fits`]).
/// * Telegram: UTF-16 code units.
/// * Others: Unicode scalar values.
pub fn length(platform: Platform, text: &str, spoiler: Option<&str>) -> u32 {
    let length = match platform {
        Platform::X => weighted(text),
        Platform::Mastodon => {
            graphemes(spoiler.unwrap_or_default()) + graphemes(&as_mastodon_counts(text))
        }
        Platform::Bluesky => graphemes(text),
        Platform::Telegram => text.encode_utf16().count(),
        Platform::Sandbox
        | Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Threads => text.chars().count(),
    };
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Whether a text may be posted there: at most `max` long, not empty, and on Bluesky within 3,000
/// bytes too.
pub fn fits(platform: Platform, max: u32, text: &str, spoiler: Option<&str>) -> bool {
    let bytes_fit = platform != Platform::Bluesky || text.len() <= BLUESKY_BYTES;
    !text.trim().is_empty() && bytes_fit && length(platform, text, spoiler) <= max
}

/// Whether X makes a link of any part of the text: by the finder that the lengths go by, and also
/// of an address without `https://`.
pub fn has_url(text: &str) -> bool {
    let composed: String = text.nfc().collect();
    !Extractor::new().extract_urls(&full_stops_apart(&composed)).is_empty()
}

/// X weighs every URL alike, `unit.example.in` as well as `https://unit.example.in`. The crate's own
/// `parse` weighs those without a protocol by their letters, so they are replaced before.
fn weighted(text: &str) -> usize {
    let text: String = text.nfc().collect();
    let mut counted = String::with_capacity(text.len());
    let (mut rest, mut at) = (text.chars(), 0);
    for url in Extractor::new().extract_urls_with_indices(&full_stops_apart(&text)) {
        // Its indices count UTF-16.
        while at < url.get_end() {
            let Some(c) = rest.next() else { break };
            if at < url.get_start() {
                counted.push(c);
            }
            at += if c > '\u{ffff}' { 2 } else { 1 };
        }
        counted.push_str(URL_PLACEHOLDER);
    }
    counted.extend(rest);
    let parsed = twitter_text::parse(&counted, twitter_text_config::config_v3(), false);
    usize::try_from(parsed.weighted_length).unwrap_or(usize::MAX)
}

/// The text with a comma for every full stop that ends something: the crate misses an address
/// without a protocol before a full stop (`unit.example.in.`), which X finds.
pub(super) fn full_stops_apart(text: &str) -> String {
    let mut rest = text.chars().peekable();
    let mut apart = String::with_capacity(text.len());
    while let Some(c) = rest.next() {
        let ends = c == '.' && !rest.peek().is_some_and(|next| next.is_alphanumeric());
        apart.push(if ends { ',' } else { c });
    }
    apart
}

/// Grapheme clusters as the stricter servers count them. Since Unicode 15.1 a conjunct such as `स्ते`
/// is one cluster (rule GB9c), but Bluesky's servers (bluesky-social/atproto#4321) and every Mastodon
/// on a Ruby before 4.0 (ruby/ruby#12798) still count each of its consonants. Counting too few
/// gets a Hindi post refused, counting too many takes a shorter variant at worst.
fn graphemes(text: &str) -> usize {
    let joined = |cluster: &str| cluster.chars().skip(1).filter(|c| indic_consonant(*c)).count();
    text.graphemes(true).map(|cluster| 1 + joined(cluster)).sum()
}

/// A consonant of one of the Indian scripts, whose blocks from Devanagari to Malayalam share one
/// layout; and Devanagari's additional ones.
fn indic_consonant(c: char) -> bool {
    let code = u32::from(c);
    let in_block = (0x900..0xd80).contains(&code) && (0x15..=0x39).contains(&(code % 0x80));
    in_block || matches!(c, '\u{958}'..='\u{95f}' | '\u{978}'..='\u{97f}')
}

/// The text with each URL and each `@user@domain` replaced by what Mastodon counts for it.
fn as_mastodon_counts(text: &str) -> Cow<'_, str> {
    let mut finder = Extractor::new();
    finder.set_extract_url_without_protocol(false);
    let urls = finder.extract_urls(text);
    if urls.is_empty() && !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut counted = String::with_capacity(text.len());
    let mut rest = text;
    for url in urls {
        let Some(at) = rest.find(&url) else { continue };
        push_mentions(&mut counted, &rest[..at]);
        counted.push_str(URL_PLACEHOLDER);
        rest = &rest[at + url.len()..];
    }
    push_mentions(&mut counted, rest);
    Cow::Owned(counted)
}

/// Copies text, leaving out the `@domain` of each `@user@domain`.
fn push_mentions(counted: &mut String, text: &str) {
    let name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    while let Some(at) = rest.find('@') {
        let user = &rest[at + 1..];
        let user_end = user.find(|c| !name(c)).unwrap_or(user.len());
        let before = rest[..at].chars().next_back().or_else(|| counted.chars().next_back());
        let starts = before.is_none_or(|c| !c.is_alphanumeric() && c != '/' && c != '_');
        counted.push_str(&rest[..at + 1 + user_end]);
        rest = &rest[at + 1 + user_end..];
        if starts && user_end > 0 && rest.starts_with('@') {
            rest = &rest[domain_end(rest)..];
        }
    }
    counted.push_str(rest);
}

/// The end of `@domain` at the start of `text`; 0 where no domain follows.
fn domain_end(text: &str) -> usize {
    let inner = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
    let domain = &text[1..];
    let end = domain.find(|c| !inner(c)).unwrap_or(domain.len());
    let domain = domain[..end].trim_end_matches(['.', '-']);
    if domain.is_empty() { 0 } else { 1 + domain.len() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn x_weighs_an_address_alike_with_a_protocol_or_without_also_at_a_sentences_end() {
        for address in ["https://unit.example.in", "unit.gov.in", "www.unit.co.in"] {
            let weight = |text: String| length(Platform::X, &text, None);
            assert_eq!(weight(format!("🇮🇳 {address}")), 3 + 23, "{address}");
            assert_eq!(weight(format!("See {address}. It")), 4 + 23 + 4, "{address}");
        }
    }

    #[test]
    fn x_weighs_as_its_own_rules_say() {
        let x = |text| length(Platform::X, text, Some("not counted"));
        assert_eq!(x("abc"), 3);
        assert_eq!(x("₹"), 2);
        assert_eq!(x("नीम"), 3, "Devanagari weighs one for each code point");
        assert_eq!(x("see https://example.com/a/very/long/path/indeed"), 4 + 23);
        assert_eq!(x("e\u{301}"), 1, "composed first");
    }

    #[test]
    fn an_address_is_one_with_and_without_its_scheme() {
        let texts = ["see https://unit.example.org/a", "देखें unit.example.org/a", "at example.in: 4"];
        for text in texts {
            assert!(has_url(text), "{text}");
        }
        for text in ["see the order", "@peepal 4 liens", "3.5 lakh", "Ref GGM-7F3K2", "a@b.in"] {
            assert!(!has_url(text), "{text}");
        }
    }

    #[test]
    fn mastodon_counts_graphemes_urls_and_mentions_by_its_own_rule() {
        let mastodon = |text, spoiler| length(Platform::Mastodon, text, spoiler);
        assert_eq!(mastodon("abc", Some("नीम")), 3 + 2);
        assert_eq!(mastodon("see https://example.com/a/very/long/path/indeed.", None), 4 + 23 + 1);
        assert_eq!(mastodon("a http://a.in", None), 2 + 23);
        assert_eq!(mastodon("see example.com", None), 15, "no scheme, no allowance");
        assert_eq!(mastodon("@neem@mastodon.example: act", None), 10);
        assert_eq!(mastodon("to @neem@mastodon.example.", None), 9);
        assert_eq!(mastodon("mail a@b.in", None), 11, "not a mention");
        assert_eq!(mastodon("@neem@", None), 6);
    }

    #[test]
    fn bluesky_has_two_limits_and_telegram_counts_utf_16() {
        let family = "👨‍👩‍👧‍👦";
        assert_eq!(length(Platform::Bluesky, family, None), 1);
        assert!(fits(Platform::Bluesky, 300, &family.repeat(120), None), "120 of 25 bytes");
        assert!(!fits(Platform::Bluesky, 300, &family.repeat(121), None));
        assert_eq!(length(Platform::Telegram, "a😀", None), 3);
        assert_eq!(length(Platform::Threads, "a😀", None), 2);
        assert!(!fits(Platform::Threads, 500, " \n", None), "empty is no post");
    }

    #[test]
    fn atproto_4321_a_conjunct_counts_each_of_its_consonants() {
        for platform in [Platform::Bluesky, Platform::Mastodon] {
            assert_eq!(length(platform, "नमस्ते", None), 4);
            assert_eq!(length(platform, "क्ष", None), 2);
            assert_eq!(length(platform, "हिन्दी में", None), 3 + 1 + 1);
        }
    }

    proptest! {
        #[test]
        fn without_urls_and_mentions_mastodon_counts_graphemes(
            text in "[a-zA-Z0-9 ,.₹—é\u{301}😀अ-औ\u{902}\u{93e}-\u{94c}]{0,80}", spoiler in "[ -~]{0,20}",
        ) {
            let expected = text.graphemes(true).count() + spoiler.graphemes(true).count();
            let counted = length(Platform::Mastodon, &text, Some(&spoiler));
            prop_assert_eq!(counted as usize, expected);
        }

        #[test]
        fn a_mention_costs_mastodon_its_user_alone(
            user in "[a-z0-9_]{1,20}", domain in "[a-z]{1,20}\\.(in|org)", before in "[a-z ]{0,10}",
        ) {
            let text = format!("{before} @{user}@{domain} ok");
            let expected = before.len() + 1 + 1 + user.len() + 3;
            prop_assert_eq!(length(Platform::Mastodon, &text, None) as usize, expected);
        }

        #[test]
        fn a_url_costs_mastodon_and_x_23(path in "[a-z0-9]{1,60}", words in "[a-z]{0,20}") {
            let text = format!("{words} https://example.org/{path} {words}");
            let expected = words.len() * 2 + 2 + 23;
            prop_assert_eq!(length(Platform::Mastodon, &text, None) as usize, expected);
            prop_assert_eq!(length(Platform::X, &text, None) as usize, expected);
        }

        #[test]
        fn x_weighs_devanagari_by_code_point_and_a_rupee_sign_double(
            text in "[क-ह]{0,40}", rupees in 0..9_usize,
        ) {
            let text = format!("{text}{}", "₹".repeat(rupees));
            let expected = text.chars().count() + rupees;
            prop_assert_eq!(length(Platform::X, &text, None) as usize, expected);
        }
    }
}
