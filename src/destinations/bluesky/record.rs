//! The record of a post: the frozen text as it is, and the facets that say which of its bytes are
//! a mention, a link or a tag.
//!
//! The invariant: the text is not touched; the same delivery gives the same record, byte for byte;
//! nobody is mentioned but the bank, by the DID that was looked up for it.

use std::ops::Range;

use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use super::{key::POSTS, picture::Blob};
use crate::domain::{delivery::Content, time::Timestamp};

/// The longest tag (lexicon `app.bsky.richtext.facet#tag`).
const TAG: (usize, usize) = (64, 640);

/// The handle that a text mentions the bank by, where it does. `bank_in_text` is `@handle` or the
/// bank's plain name.
pub(super) fn mentioned(content: &Content) -> Option<&str> {
    let handle = content.bank_in_text.strip_prefix('@').filter(|handle| !handle.is_empty())?;
    mentions(&content.text, &content.bank_in_text).next().map(|_first| handle)
}

/// The record. `did`: whom [`mentioned`] names. `at` is the post's own time, and must be the same
/// at every attempt.
///
/// `blob`: the picture as the server keeps it.
pub(super) fn record(
    content: &Content,
    did: Option<&str>,
    at: Timestamp,
    blob: Option<Blob>,
) -> Value {
    let mut record = json!({
        "$type": POSTS,
        "text": content.text,
        "langs": [content.language.as_str()],
        "createdAt": at.to_string(),
    });
    let facets = facets(content, did);
    if !facets.is_empty() {
        record["facets"] = Value::Array(facets);
    }
    if let (Some(picture), Some(blob)) = (&content.picture, blob) {
        let (width, height) = blob.size;
        record["embed"] = json!({
            "$type": "app.bsky.embed.images",
            "images": [{
                "alt": picture.alt,
                "image": blob.told,
                "aspectRatio": { "width": width, "height": height },
            }],
        });
    }
    record
}

fn facets(content: &Content, did: Option<&str>) -> Vec<Value> {
    let text = content.text.as_str();
    let mut facets: Vec<(Range<usize>, Value)> = Vec::new();
    for link in links(text) {
        let uri = &text[link.clone()];
        let feature = json!({ "$type": "app.bsky.richtext.facet#link", "uri": uri });
        facets.push((link, feature));
    }
    for tag in tags(text) {
        let name = text[tag.clone()].trim_start_matches(['#', '＃']);
        let feature = json!({ "$type": "app.bsky.richtext.facet#tag", "tag": name });
        facets.push((tag, feature));
    }
    for mention in did.into_iter().flat_map(|_did| mentions(text, &content.bank_in_text)) {
        let feature = json!({ "$type": "app.bsky.richtext.facet#mention", "did": did });
        facets.push((mention, feature));
    }
    facets.sort_by_key(|(range, _)| range.start);
    let index = |range: &Range<usize>| json!({ "byteStart": range.start, "byteEnd": range.end });
    let facet = |(range, feature)| json!({ "index": index(&range), "features": [feature] });
    facets.into_iter().map(facet).collect()
}

/// Where the text says `@handle`, and not the beginning of a longer one.
fn mentions<'a>(text: &'a str, at_handle: &'a str) -> impl Iterator<Item = Range<usize>> {
    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@');
    text.match_indices(at_handle).map(|(at, found)| at..at + found.len()).filter(move |range| {
        let before = text[..range.start].chars().next_back();
        let mut after = text[range.end..].chars();
        let (next, then) = (after.next(), after.next());
        let goes_on = next.is_some_and(name) || next == Some('.') && then.is_some_and(name);
        !goes_on && before.is_none_or(|c| !name(c) && !matches!(c, '.' | '/'))
    })
}

/// Words that begin with `http://` or `https://`, without the punctuation behind them.
fn links(text: &str) -> impl Iterator<Item = Range<usize>> {
    words(text).filter_map(|range| {
        let word = &text[range.clone()];
        let start = if word.starts_with('(') { 1 } else { 0 };
        let link = &word[start..];
        let host = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"))?;
        let mut end = link.trim_end_matches(['.', ',', ';', ':', '!', '?', '।', '"', '\'']);
        if !end.contains('(') {
            end = end.trim_end_matches(')');
        }
        let start = range.start + start;
        host.starts_with(char::is_alphanumeric).then_some(start..start + end.len())
    })
}

/// Words that begin with `#`, without the punctuation behind them; a number alone is no tag.
fn tags(text: &str) -> impl Iterator<Item = Range<usize>> {
    words(text).filter_map(|range| {
        let word = &text[range.clone()];
        let name = word.strip_prefix(['#', '＃'])?;
        // A vowel sign or a joiner is no letter to Unicode, and ends many a Hindi word.
        let ends = |c: char| c.is_ascii_punctuation() || matches!(c, '।' | '॥' | '…' | '’' | '”');
        let name = name.trim_end_matches(ends);
        let named = name.chars().any(char::is_alphabetic) && !name.starts_with('\u{fe0f}');
        let hidden = |c| matches!(c, '\u{ad}' | '\u{2060}' | '\u{200a}'..='\u{200d}' | '\u{20e2}');
        let fits = name.len() <= TAG.1 && name.graphemes(true).count() <= TAG.0;
        let end = range.start + (word.len() - word.strip_prefix(['#', '＃'])?.len()) + name.len();
        (named && fits && !name.contains(hidden)).then_some(range.start..end)
    })
}

/// The words of a text, by their bytes.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    text.split_inclusive(char::is_whitespace).map(move |piece| {
        let start = at;
        at += piece.len();
        start..start + piece.trim_end().len()
    })
}
