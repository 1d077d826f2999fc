//! Hearing what comes back: when a post is listened to again, whose voice an answer is, and what
//! of it may be kept.
//!
//! The invariants: listening to a post ends; only the platform's stable id makes a voice the
//! bank's; of anyone else's words nothing is kept that names a person or a case.

use std::ops::Range;

use jiff::SignedDuration;
use unicode_normalization::UnicodeNormalization as _;

use super::{
    canonical::Hash,
    delivery::{Delivery, Receipt, State},
    engagement::{Author, Voice},
    ids::BankCode,
    leak_guard,
    platform::Platform,
    time::Timestamp,
};

/// When posts are listened to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// How often a fresh post is listened to; less than a second counts as a second.
    pub every: SignedDuration,
    /// The interval grows to this share of the post's age (percent).
    pub decay_percent: u32,
    /// The last time is at this age.
    pub until_age: SignedDuration,
}

impl Schedule {
    /// When a post of this age is next listened to; `None`: never again. What comes back on a post
    /// gets rarer with its age, so the interval grows with it, and the last time is exactly at
    /// `until_age`.
    pub fn next(&self, posted: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let (age, last) = (now.since(posted), posted.plus(self.until_age));
        if now >= last {
            return None;
        }
        let micros = age.as_micros().max(0) * i128::from(self.decay_percent) / 100;
        let grown = SignedDuration::from_micros(i64::try_from(micros).unwrap_or(i64::MAX));
        Some(now.plus(grown.max(self.fresh())).min(last))
    }

    /// When a reading that failed is tried again: as for a fresh post, so that an outage costs
    /// little; a day after the last time it is given up.
    pub fn after_failure(&self, posted: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let end = posted.plus(self.until_age).plus(SignedDuration::from_hours(24));
        (now < end).then(|| now.plus(self.fresh()))
    }

    fn fresh(&self) -> SignedDuration {
        self.every.max(SignedDuration::from_secs(1))
    }
}

/// A handle that a person verified to be a bank's, on the platform in question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The bank.
    pub bank: BankCode,
    /// The handle, without the leading `@`.
    pub handle: String,
    /// The platform's stable id.
    pub stable_id: String,
}

/// Whose voice an author's is, on a post about `bank`. Of a look-alike also the handle that it
/// looks like.
pub fn voice<'a>(
    author: &Author,
    bank: &BankCode,
    platform: Platform,
    verified: &'a [Verified],
) -> (Voice, Option<&'a Verified>) {
    let known = verified.iter().find(|one| one.stable_id == author.stable_id);
    match known {
        Some(one) if one.bank == *bank => return (Voice::Bank, None),
        // Another bank's own account is nobody's imitation.
        Some(_) => return (Voice::Other, None),
        None => {}
    }
    let alike = verified.iter().find(|one| looks_like(&author.handle, &one.handle, platform));
    if alike.is_some() { (Voice::LookAlike, alike) } else { (Voice::Other, None) }
}

/// A handle's distinctive part must be this long before an imitation on another host is flagged:
/// `care` is everybody's.
const DISTINCTIVE: usize = 6;

/// Whether a reader may take one handle for the other: equal, confusable by Unicode's skeletons
/// (UTS 39), or off by a slip of the pen. On Mastodon the host is part of the name.
pub fn looks_like(handle: &str, verified: &str, platform: Platform) -> bool {
    let split = |handle: &str| {
        let handle = handle.trim_start_matches('@').to_owned();
        match handle.split_once('@') {
            Some((local, host)) => (local.to_owned(), Some(host.to_owned())),
            None => (handle, None),
        }
    };
    let ((local, host), (true_local, true_host)) = (split(handle), split(verified));
    if !alike(&local, &true_local) {
        return false;
    }
    match (platform, host, true_host) {
        (Platform::Mastodon, Some(host), Some(true_host)) => {
            alike(&host, &true_host) || true_local.chars().count() >= DISTINCTIVE
        }
        _ => true,
    }
}

/// Alike by either reading of capitals: `peepaI` with a capital i is read as an l, and `PEEPAL` is
/// a shout.
fn alike(one: &str, other: &str) -> bool {
    [skeleton as fn(&str) -> String, |text| skeleton(&text.to_lowercase())].iter().any(|fold| {
        let (one, other) = (fold(one), fold(other));
        let slips = match other.chars().count() {
            0..=4 => 0,
            5..=8 => 1,
            _ => 2,
        };
        strsim::osa_distance(&one, &other) <= slips
    })
}

/// UTS 39's skeleton of the compatibility form, then without case, dots, dashes and underscores.
fn skeleton(text: &str) -> String {
    let compatible: String = text.nfkc().collect();
    let lower = unicode_security::skeleton(&compatible).collect::<String>().to_lowercase();
    unicode_security::skeleton(&lower)
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The key of the aliases that stand for people: of anyone but a verified bank handle only an
/// alias is kept, by which counts stay true and without the key nobody is found.
#[derive(Clone)]
pub struct AuthorKey([u8; 32]);

impl std::fmt::Debug for AuthorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AuthorKey(…)")
    }
}

impl AuthorKey {
    /// The key itself, from wherever it is kept.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The alias of an id on a platform: HMAC-SHA256, 64 hexadecimal digits.
    pub fn alias(&self, platform: Platform, id: &str) -> String {
        Hash::keyed(&self.0, platform.as_str(), id).to_string()
    }
}

/// The longest text that is kept, in characters: longer ones are cut.
const LONGEST: usize = 5_000;

/// Text as it may be kept: what the leak guard finds is masked, and so is every handle but those in
/// `public` (our own and the banks' verified ones). Names of persons cannot be found by a machine,
/// which is why even a masked text expires.
pub fn mask(text: &str, public: &[&str]) -> String {
    let mut text: String = text.chars().take(LONGEST).collect();
    // What one masking uncovers (the rest of an address, a handle) is masked by the next. Each one
    // masks a letter more, so this ends.
    loop {
        let leaks = leak_guard::findings(&text).into_iter().map(|found| found.start..found.end);
        let masked = mask_ranges(&text, leaks, public);
        if masked == text {
            return masked;
        }
        text = masked;
    }
}

fn mask_ranges(text: &str, leaks: impl Iterator<Item = Range<usize>>, public: &[&str]) -> String {
    const MASK: char = '█';
    let mut letters: Vec<char> = text.chars().collect();
    // Handles first: a masked one would no longer be seen to end where it ends.
    for at in 0..letters.len() {
        let Some(range) = handle_at(at, &letters) else { continue };
        let handle: String = letters[range.clone()].iter().collect();
        let handle = handle.trim_end_matches(['.', '-', '@']);
        if !public.iter().any(|known| same_handle(known, handle)) {
            letters[range].fill(MASK);
        }
    }
    for leak in leaks {
        let end = leak.end.min(letters.len());
        letters[leak.start.min(end)..end].fill(MASK);
    }
    letters.into_iter().collect()
}

/// Where the handle lies that an `@` at this place begins.
fn handle_at(at: usize, letters: &[char]) -> Option<Range<usize>> {
    let starts = letters[at] == '@' && (at == 0 || !letters[at - 1].is_alphanumeric());
    let length = letters[at + 1..].iter().take_while(|c| in_handle(**c)).count();
    (starts && length > 0).then_some(at + 1..at + 1 + length)
}

fn in_handle(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '.' | '-' | '@')
}

/// Servers write a local account's handle without its host.
fn same_handle(known: &str, written: &str) -> bool {
    let known = known.to_lowercase();
    let written = written.to_lowercase();
    known == written || known.split('@').next() == Some(written.as_str())
}

/// Whether a post in our timeline says what was approved. Servers write white space, handles
/// (`@care` for `@care@peepal.example`) and links in their own ways; everything else is compared
/// letter by letter, and so is the number of links.
pub fn says_the_same(approved: &str, seen: &str) -> bool {
    words(approved) == words(seen)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace()
        .map(|word| {
            if word.starts_with("http://") || word.starts_with("https://") {
                return "a link".to_owned();
            }
            match word.strip_prefix('@') {
                Some(handle) => {
                    let local = handle.split('@').next().unwrap_or_default();
                    let local = local.trim_end_matches(|c: char| !c.is_alphanumeric());
                    format!("@{}", local.to_lowercase())
                }
                None => word.nfc().collect(),
            }
        })
        .collect()
}

/// How alike two texts are, 0 to 1, by pairs of their letters and digits: two languages of one
/// escalation share its reference, so the reference alone does not tell them apart.
pub fn likeness(one: &str, other: &str) -> f64 {
    let letters = |text: &str| {
        let words = text.split_whitespace();
        let words = words.filter(|word| !word.starts_with('@') && !word.starts_with("http"));
        let letters = words.flat_map(str::chars).filter(|c| c.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    strsim::sorensen_dice(&letters(one), &letters(other))
}

/// What the platform gave back for a post of ours, where it has.
pub const fn receipt_of(delivery: &Delivery) -> Option<&Receipt> {
    match delivery.state() {
        State::Delivered(receipt) | State::Retracted(receipt) => Some(receipt),
        _ => None,
    }
}

/// Every word of `text` that could be a reference with this prefix (`GGM` of `GGM-7F3K2`).
pub fn references<'a>(text: &'a str, prefix: &str) -> Vec<&'a str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '-'))
        .filter(|word| word.strip_prefix(prefix).is_some_and(|rest| rest.starts_with('-')))
        .map(|word| word.trim_end_matches('-'))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verified() -> Vec<Verified> {
        let one = |bank: &str, handle: &str, id: &str| Verified {
            bank: BankCode::new(bank),
            handle: handle.to_owned(),
            stable_id: id.to_owned(),
        };
        vec![one("ZPPL", "PeepalBank_Care", "17"), one("ZBNY", "banyanbank", "18")]
    }

    fn on_x(handle: &str, id: &str) -> Voice {
        let author = Author { stable_id: id.to_owned(), handle: handle.to_owned() };
        voice(&author, &BankCode::new("ZPPL"), Platform::X, &verified()).0
    }

    #[test]
    fn a_handle_is_not_an_identity_only_the_stable_id_is() {
        assert_eq!(on_x("PeepalBank_Care", "17"), Voice::Bank);
        assert_eq!(on_x("renamed_since", "17"), Voice::Bank);
        assert_eq!(on_x("PeepalBank_Care", "99"), Voice::LookAlike, "the handle was taken over");
        assert_eq!(on_x("banyanbank", "18"), Voice::Other, "another bank's own account");
    }

    #[test]
    fn handles_that_a_reader_may_confuse_are_look_alikes_and_others_are_not() {
        for alike in [
            "peepalbank_care",
            "PeepaIBank_Care",
            "Peepa1Bank_Care",
            "Рeepаlbаnk_саre",
            "PeepalBankCare",
            "PeepalBank_Cares",
            "PepalBank_Care",
            "PeepalBank_Caer",
            "ｐeepalbank.care",
            "peepal_b\u{200b}ank_care",
        ] {
            assert_eq!(on_x(alike, "99"), Voice::LookAlike, "{alike}");
        }
        for other in ["someone", "peepal_tree_lover", "care", "bankcare", "gulmoharbank"] {
            assert_eq!(on_x(other, "99"), Voice::Other, "{other}");
        }
    }

    #[test]
    fn on_mastodon_the_host_is_part_of_the_name() {
        let like = |handle: &str, verified: &str| looks_like(handle, verified, Platform::Mastodon);
        assert!(like("care@peepa1.example", "care@peepal.example"));
        assert!(like("сare@peepal.example", "care@peepal.example"));
        assert!(!like("care@banyan-bank.example", "care@peepal.example"), "care is everybody's");
        assert!(like("peepalbank@social.example", "peepalbank@peepal.example"));
        assert!(!like("meera@social.example", "peepalbank@peepal.example"));
    }

    #[test]
    fn others_texts_name_nobody() {
        let public = ["care@peepal.example", "unit@ggm.example"];
        let masked = mask("@care please help @meera.k@x.example, @unit", &public);
        assert_eq!(masked, "@care please help @█████████████████, @unit");
        assert_eq!(mask("mail me: 2@", &public), "mail me: 2@");
        // What the leak guard finds, by its offsets in characters.
        let found = [6..11, 9..40];
        assert_eq!(mask_ranges("फ़ोन: 99999 @a", found.into_iter(), &[]), "फ़ोन: ████████");
        let key = AuthorKey::new([7; 32]);
        let alias = key.alias(Platform::X, "17");
        assert_ne!(alias, key.alias(Platform::Mastodon, "17"));
        assert_ne!(alias, AuthorKey::new([8; 32]).alias(Platform::X, "17"));
        assert_eq!(alias.len(), 64);
    }

    #[test]
    fn a_post_says_the_same_however_the_server_writes_it_and_not_when_a_number_changed() {
        let approved = "@care@peepal.example 4 liens pend.\nRef GGM-7F3K2";
        assert!(says_the_same(approved, "@care 4 liens pend. Ref GGM-7F3K2"));
        for seen in [
            "@care 5 liens pend. Ref GGM-7F3K2",
            "@help 4 liens pend. Ref GGM-7F3K2",
            "@care 4 liens pend. Ref GGM-7F3K2 https://bad.example",
            "@care 4 liens pend. Ref GGM-7F3K3",
        ] {
            assert!(!says_the_same(approved, seen), "{seen}");
        }
        assert_eq!(
            references("(GGM-7F3K2), GGMX-1, Ref GGM-22222.", "GGM"),
            ["GGM-7F3K2", "GGM-22222"]
        );
    }

    proptest! {
        #[test]
        fn listening_decays_with_age_and_ends(
            every in 1_i64..86_400, decay in 0_u32..400, until in 1_i64..2_000_000,
        ) {
            let schedule = Schedule {
                every: SignedDuration::from_secs(every),
                decay_percent: decay,
                until_age: SignedDuration::from_secs(until),
            };
            let posted = Timestamp::from_micros(1_700_000_000_000_000);
            let (last, mut now) = (posted.plus(schedule.until_age), posted);
            let (mut polls, mut before) = (0_i64, SignedDuration::ZERO);
            while let Some(next) = schedule.next(posted, now) {
                prop_assert!(next > now && next <= last);
                if next < last {
                    prop_assert!(next.since(now) >= before, "the interval never shrinks");
                    before = next.since(now);
                }
                (polls, now) = (polls + 1, next);
            }
            prop_assert_eq!(now, last, "the last time is at until_age");
            // With decay the number grows as a logarithm of the age, without it as age / every.
            let linear = until / every + 1;
            prop_assert!(polls <= linear);
            if decay >= 10 {
                let flat = 100 / i64::from(decay) + 2;
                let ratio = (until as f64 / every as f64).max(1.0);
                let grown = ratio.ln() / (1.0 + f64::from(decay) / 100.0).ln();
                prop_assert!(polls <= flat + grown as i64 + 2, "{polls} polls");
            }
            prop_assert_eq!(schedule.after_failure(posted, last.plus(SignedDuration::from_hours(24))), None);
        }

        #[test]
        fn masking_keeps_the_length_and_is_idempotent(text in "[ @a-z.0-9é\\n]{0,60}") {
            let once = mask(&text, &["care"]);
            prop_assert_eq!(once.chars().count(), text.chars().count());
            prop_assert_eq!(mask(&once, &["care"]), once);
        }

        #[test]
        fn every_handle_looks_like_itself(handle in "[a-zA-Z0-9_]{1,15}") {
            prop_assert!(looks_like(&handle, &handle, Platform::X));
        }
    }
}
