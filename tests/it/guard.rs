//! The leak guard, measured: a seeded generator of disguised identifiers and of honest posts, a
//! corpus written by hand, and properties that hold for any text.

mod disguise;
mod ideas;
mod identifiers;
mod ordinary;
mod told;

use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use takaza::domain::leak_guard::lines::{BadLine, Judgement, judge_line};
use takaza::domain::leak_guard::{LeakKind, findings};

use disguise::DISGUISES;
use identifiers::Kind;

const SEED: u64 = 0x7A6B_617A;
const SHOWN: usize = 60;

fn refused(texts: &[&str]) {
    for text in texts {
        assert!(!findings(text).is_empty(), "passed: {text:?}");
    }
}

fn passed(texts: &[&str]) {
    for text in texts {
        assert!(findings(text).is_empty(), "refused {:?}: {text:?}", findings(text));
    }
}

fn in_range(text: &str) {
    let length = text.chars().count();
    for finding in findings(text) {
        assert!(finding.start < finding.end && finding.end <= length, "{finding:?} in {text:?}");
    }
}

/// Asserts a share of at most `most` bad ones in a thousand, and shows them.
fn at_most(most: usize, what: &str, total: usize, bad: &[String]) {
    for text in bad.iter().take(SHOWN) {
        println!("{what}: {text:?}");
    }
    println!("{what}: {} of {total}", bad.len());
    assert!(bad.len() * 1000 <= most * total, "{what}: {} of {total}", bad.len());
}

#[test]
fn disguised_identifiers_are_refused() {
    let mut rng = StdRng::seed_from_u64(SEED);
    let (mut total, mut missed) = (0, Vec::new());
    for kind in Kind::ALL {
        for disguise in DISGUISES {
            for _ in 0..5 {
                let text = kind.post(&mut rng, disguise);
                total += 1;
                if findings(&text).is_empty() {
                    missed.push(text);
                }
            }
        }
    }
    at_most(3, "missed", total, &missed);
}

#[test]
fn identifiers_in_two_disguises_are_refused() {
    let mut rng = StdRng::seed_from_u64(SEED + 1);
    let (mut total, mut missed) = (0, Vec::new());
    for kind in Kind::ALL {
        for first in DISGUISES {
            for second in disguise::OUTER {
                for _ in 0..1 {
                    let text = kind.post(&mut rng, |rng, plain| {
                        let once = first(rng, plain);
                        second(rng, &once)
                    });
                    total += 1;
                    if findings(&text).is_empty() {
                        missed.push(text);
                    }
                }
            }
        }
    }
    at_most(3, "missed", total, &missed);
}

#[test]
fn honest_posts_pass() {
    let mut rng = StdRng::seed_from_u64(SEED + 2);
    let total = 2_500;
    let refused: Vec<String> = (0..total)
        .map(|_| ordinary::post(&mut rng))
        .filter(|text| !findings(text).is_empty())
        .collect();
    at_most(3, "refused", total, &refused);
}

#[derive(serde::Deserialize)]
struct Sample {
    id: String,
    text: String,
    expect: String,
}

#[test]
fn the_corpus_written_by_hand_is_judged_rightly() {
    let corpus = include_str!("../data/guard_corpus.jsonl");
    let samples: Vec<Sample> =
        corpus.lines().map(|line| serde_json::from_str(line).expect("a sample a line")).collect();
    let wrong = |expect: &str, clean: bool| -> Vec<String> {
        samples
            .iter()
            .filter(|sample| sample.expect == expect && findings(&sample.text).is_empty() == clean)
            .map(|sample| format!("{} {}", sample.id, sample.text))
            .collect()
    };
    let count = |expect: &str| samples.iter().filter(|sample| sample.expect == expect).count();
    assert!(count("refuse") >= 300 && count("pass") >= 500);
    at_most(3, "missed", count("refuse"), &wrong("refuse", true));
    at_most(3, "refused", count("pass"), &wrong("pass", false));
}

#[test]
fn a_finding_points_at_the_identifier_in_the_original_text() {
    let text = "फ़ोन 📞 &#57;8765\u{200B}43210 पर";
    let found = findings(text);
    assert_eq!(found.len(), 1, "{found:?}");
    let covered: String =
        text.chars().skip(found[0].start).take(found[0].end - found[0].start).collect();
    assert_eq!(covered, "&#57;8765\u{200B}43210");
    assert_eq!(found[0].kind, LeakKind::Phone);
}

#[test]
fn kinds_are_told_apart() {
    let kind = |text: &str| findings(text).first().map(|finding| finding.kind);
    assert_eq!(kind("paid to shop@okaxis"), Some(LeakKind::UpiId));
    assert_eq!(kind("write to ravi@example.com"), Some(LeakKind::Email));
    assert_eq!(kind("holder ABCPE1234F"), Some(LeakKind::Pan));
    assert_eq!(kind("4111 1111 1111 1111"), Some(LeakKind::CardNumber));
    assert_eq!(kind("2341 2341 2346"), Some(LeakKind::Aadhaar));
    assert_eq!(kind("FIR 856/2026"), Some(LeakKind::FirNumber));
    assert_eq!(kind("ack no 31311240012345"), Some(LeakKind::AcknowledgementNumber));
    assert_eq!(kind("a/c 912010045678"), Some(LeakKind::AccountNumber));
    let branch = findings("IFSC ZPPL0001234, account 912010045678");
    assert!(branch.iter().any(|finding| finding.kind == LeakKind::IfscWithAccount), "{branch:?}");
}

#[test]
fn a_line_is_judged_or_named_as_bad_and_never_called_pass() {
    let good = judge_line(1, r#"{"id":7,"text":"call 9876543210"}"#).expect("a good line");
    assert_eq!(good.verdict, Judgement::Refuse);
    let written = serde_json::to_string(&good).expect("serialisable");
    assert_eq!(
        written,
        r#"{"id":7,"verdict":"refuse","findings":[{"kind":"phone","start":5,"end":15}]}"#
    );
    let honest = judge_line(2, r#"{"text":"Dial 1930","id":"a"}"#).expect("a good line");
    assert_eq!((honest.verdict, honest.findings.len()), (Judgement::Pass, 0));
    let bad = judge_line(3, "{\"id\":1,\"text\":").expect_err("cut short");
    assert!(
        matches!(bad, BadLine::Unreadable { line: 3, .. }) && bad.to_string().contains("line 3")
    );
    assert!(!bad.to_string().contains("pass"));
    assert_eq!(judge_line(4, r#"{"id":[],"text":""}"#), Err(BadLine::Id { line: 4 }));
}

#[test]
fn a_very_long_text_of_any_one_stuff_is_judged() {
    let stuffs = [
        "9",
        "9 ",
        "a@",
        "@",
        "a.b@",
        "FIR ",
        "fir no ",
        "%39",
        "&#57;",
        "&",
        "x",
        "*9",
        "A B ",
        "nine ",
        "एफआईआर ",
        "1,",
        "12/",
        "Section 1, ",
        "ab12 ",
        "\u{301}",
        "12:30 ",
        "dot ",
        "do baar 9 ",
        "Gurugram 122001, 754; ",
        "f0ur ",
        "a📧b ",
    ];
    for stuff in stuffs {
        let text = stuff.repeat(100_000 / stuff.len());
        in_range(&text);
    }
}

const SEPARATORS: [&str; 14] = [
    " ", "-", ".", "\u{200B}", "\u{200D}", "\u{AD}", "\u{301}", "\n", "_", "–", "🙂", "\u{202E}",
    "/", "  ",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn any_text_is_judged_and_offsets_are_in_range(text in "\\PC{0,200}") {
        in_range(&text);
    }

    #[test]
    fn any_mixture_of_telling_pieces_is_judged(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just("&#"), Just("%"), Just("%E0%A5"), Just("@"), Just(" at "), Just("FIR no"), Just("9"),
                Just("nine"), Just("double "), Just("नौ"), Just("\u{94D}"), Just("₹"), Just("."),
                Just("\\u{"), Just("x"), Just("PAN"), Just("A"), Just("E"), Just("🅰"), Just("\u{E0039}"),
                Just(" "), Just("\n"), Just("/2026"), Just("dot"), Just("1,"), Just("l"), Just("O"),
            ],
            0..60,
        )
    ) {
        in_range(&pieces.concat());
    }

    #[test]
    fn separators_between_digits_save_no_identifier(
        seed in any::<u64>(), separator in 0..SEPARATORS.len(), invisible in 3..7usize
    ) {
        let mut rng = StdRng::seed_from_u64(seed);
        let plain = Kind::ALL[rng.random_range(0..5)].plain(&mut rng);
        // A number that begins like a toll-free one and is as long may be that.
        let toll_free = ["1800", "1860"].iter().any(|start| plain.starts_with(start));
        prop_assume!(!(toll_free && plain.chars().count() <= 11));
        prop_assert!(!findings(&plain).is_empty(), "{plain}");
        for sign in [SEPARATORS[separator], SEPARATORS[invisible]] {
            let apart: Vec<String> = plain.chars().map(String::from).collect();
            let text = format!("see {} today", apart.join(sign));
            prop_assert!(!findings(&text).is_empty(), "{text:?}");
        }
    }
}
