//! The length of a text on X, as X's own library has it.

use std::{
    hash::{BuildHasher as _, Hasher as _},
    io::Write as _,
    process::{Command, Stdio},
};

use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::IndexedRandom as _};
use takaza::domain::{platform::Platform, wording::lengths::length};

use crate::support::servers;

const TEXTS: usize = 5_000;

/// What posts are made of, and what breaks counters.
const PIECES: &[&str] = &[
    "pending beyond this unit's limit of 6 hours",
    "as of 24 Nov 11:00.",
    "Rs 12,00,000",
    "₹5 लाख",
    "विवादित राशि पर 4 लियन",
    "लंबित हैं।",
    "संदर्भ",
    "GGM-7F3K2",
    "क़ानून",
    "क\u{93c}ानून",
    "ज़्यादा",
    "र्\u{200d}य",
    "क्\u{200c}ष",
    "श्री",
    "…",
    "•",
    "—",
    "“quoted”",
    "é",
    "e\u{301}",
    "ﬁ",
    "Å",
    "한글",
    "日本語",
    "العربية",
    "\u{200b}",
    "\u{feff}",
    "😀",
    "👍🏽",
    "👨‍👩‍👧‍👦",
    "🏳️‍🌈",
    "🇮🇳",
    "1️⃣",
    "❤️",
    "☎",
    "\u{fe0f}",
    "\u{200d}",
    "\u{1f3fd}",
    "@PeepalCare",
    "@peepal_care/list",
    "name@bank.example",
    "#तक़ाज़ा",
    "#overdue",
    "$ABC",
    "https://unit.example/notice?a=1&b=2",
    "http://t.co/Ab1",
    "unit.gov.in",
    "police.example.com/path_(x)",
    "www.bank.co.in.",
    "HTTPS://EXAMPLE.ORG/",
    "https://भारत.भारत/राशि",
    "example.com,",
    "(https://a.in)",
    "1930",
    "s.106",
    "\n",
    "\t",
    "  ",
    "&amp;",
    "<b>",
    "\\",
];

fn random_text(rng: &mut StdRng) -> String {
    let mut text = String::new();
    for _ in 0..rng.random_range(0..14) {
        let piece: &str = PIECES.choose(rng).expect("there are pieces");
        text.push_str(piece);
        // Grown together (`@name1` and a keycap, two addresses) they are read in more than one way.
        text.push(' ');
    }
    text
}

/// X's own word on each text.
fn by_twitter_text(home: &str, texts: &[String]) -> Vec<u32> {
    const SCRIPT: &str = "
        const { parseTweet } = require('twitter-text');
        const texts = JSON.parse(require('fs').readFileSync(0, 'utf8'));
        console.log(JSON.stringify(texts.map(text => parseTweet(text).weightedLength)));";
    let mut node = Command::new("node")
        .args(["-e", SCRIPT])
        .current_dir(home)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node starts");
    let all = serde_json::to_vec(texts).expect("texts are JSON");
    node.stdin.take().expect("it is piped").write_all(&all).expect("node reads");
    let output = node.wait_with_output().expect("node ends");
    assert!(output.status.success(), "node failed");
    serde_json::from_slice(&output.stdout).expect("a list of lengths")
}

#[test]
fn a_text_is_as_long_as_xs_own_library_says() {
    let Some(home) = servers::twitter_text() else { return };
    let seed = match std::env::var("TAKAZA_TEST_SEED") {
        Ok(seed) => seed.parse().expect("a number"),
        Err(_) => std::collections::hash_map::RandomState::new().build_hasher().finish(),
    };
    println!("TAKAZA_TEST_SEED={seed}");
    let mut rng = StdRng::seed_from_u64(seed);
    let texts: Vec<String> = (0..TEXTS).map(|_| random_text(&mut rng)).collect();
    let theirs = by_twitter_text(&home, &texts);
    assert_eq!(theirs.len(), TEXTS);
    let wrong: Vec<_> = texts
        .iter()
        .zip(theirs)
        .map(|(text, theirs)| (text, length(Platform::X, text, None), theirs))
        .filter(|(_, ours, theirs)| ours != theirs)
        .take(5)
        .collect();
    assert!(wrong.is_empty(), "seed {seed}: (text, ours, theirs) {wrong:#?}");
}
