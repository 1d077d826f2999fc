//! How much a bank says the same to everything: replies compared by their runs of three words, with
//! names, numbers and references left out.

use std::collections::BTreeSet;

use super::{super::ids::Reference, Earlier, reading::clauses};

/// How alike two replies must be to be one template.
const ALIKE: f64 = 0.8;
/// Words in a run.
const RUN: usize = 3;

/// What the bank said before.
pub(super) struct Said {
    /// Under how many other posts.
    pub(super) posts: u32,
    /// The most alike of them.
    pub(super) reply: String,
    pub(super) percent: u32,
}

/// Whether the bank said nearly this under other posts than `about`.
pub(super) fn said_before(text: &str, about: &Reference, earlier: &[Earlier]) -> Option<Said> {
    let runs = runs(text);
    if runs.is_empty() {
        return None;
    }
    let mut posts = BTreeSet::new();
    let mut best: Option<(f64, &Earlier)> = None;
    for one in earlier.iter().filter(|one| one.post != *about) {
        let alike = alike(&runs, &self::runs(&one.text));
        if alike >= ALIKE {
            posts.insert(one.post.as_str());
            if best.is_none_or(|(most, _)| alike > most) {
                best = Some((alike, one));
            }
        }
    }
    let (alike, one) = best?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share between 0 and 1 is 0 to 100 percent"
    )]
    let percent = (alike * 100.0).floor() as u32;
    let posts = u32::try_from(posts.len()).unwrap_or(u32::MAX);
    Some(Said { posts, reply: one.reply.clone(), percent })
}

/// The runs of words; of a text that is shorter, the whole.
fn runs(text: &str) -> BTreeSet<String> {
    let clauses = clauses(text);
    let words = clauses.iter().flat_map(|clause| &clause.words).map(|word| word.text.as_str());
    let telling = |word: &&str| !word.chars().any(|c| c.is_numeric() || c == '█');
    let words: Vec<_> = words.filter(telling).collect();
    if words.is_empty() {
        return BTreeSet::new();
    }
    words.windows(RUN.min(words.len())).map(|run| run.join(" ")).collect()
}

/// The share of runs that both have (Jaccard).
fn alike(one: &BTreeSet<String>, other: &BTreeSet<String>) -> f64 {
    let both = one.intersection(other).count();
    let all = one.len() + other.len() - both;
    if all == 0 {
        return 0.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a post has few words")]
    let share = both as f64 / all as f64;
    share
}
