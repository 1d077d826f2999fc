use std::{collections::BTreeMap, fmt::Write as _};

use super::*;
use crate::domain::listening::mask;

fn about() -> Reference {
    Reference::new("GGM-7F3K2")
}

fn class(text: &str) -> ReplyClass {
    classify(text, &about(), &[]).class
}

fn earlier(reply: &str, post: &str, text: &str) -> Earlier {
    let (reply, text) = (reply.to_owned(), text.to_owned());
    Earlier { reply, post: Reference::new(post), text }
}

/// One line of the labelled set.
struct Line {
    part: String,
    language: String,
    class: ReplyClass,
    text: String,
}

fn labelled() -> Vec<Line> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/replies.csv");
    let mut lines = csv::Reader::from_path(path).unwrap();
    let read = |record: csv::StringRecord| Line {
        part: record[0].to_owned(),
        language: record[1].to_owned(),
        class: ReplyClass::parse(&record[2]).unwrap(),
        text: record[4].to_owned(),
    };
    lines.records().map(|record| read(record.unwrap())).collect()
}

/// How often each class was taken for each.
#[derive(Default)]
struct Matrix(BTreeMap<(ReplyClass, ReplyClass), usize>);

impl Matrix {
    fn of(lines: &[Line], part: &str) -> Self {
        let mut matrix = Self::default();
        for line in lines.iter().filter(|line| line.part == part) {
            // As the ledger would have it: masked.
            let got = class(&mask(&line.text, &[]));
            *matrix.0.entry((line.class, got)).or_default() += 1;
            // Lines that the lists were not made by stay unseen, so that they stay a measure.
            if got != line.class && part == "develop" {
                println!("{} → {got} ({}): {}", line.class, line.language, line.text);
            }
        }
        matrix
    }

    fn count(&self, keep: impl Fn(ReplyClass, ReplyClass) -> bool) -> usize {
        self.0.iter().filter(|((is, got), _)| keep(*is, *got)).map(|(_, n)| n).sum()
    }

    fn accuracy(&self) -> f64 {
        ratio(self.count(|is, got| is == got), self.count(|_, _| true))
    }

    fn precision(&self, of: ReplyClass) -> f64 {
        ratio(self.count(|is, got| is == of && got == of), self.count(|_, got| got == of))
    }

    fn recall(&self, of: ReplyClass) -> f64 {
        ratio(self.count(|is, got| is == of && got == of), self.count(|is, _| is == of))
    }

    /// The table as the documentation has it.
    fn table(&self) -> String {
        let mut table = "| is \\ taken for |".to_owned();
        for class in ReplyClass::ALL {
            write!(table, " {class} |").unwrap();
        }
        table += " found |\n| --- |";
        table += &" ---: |".repeat(ReplyClass::ALL.len() + 1);
        for is in ReplyClass::ALL {
            write!(table, "\n| {is} |").unwrap();
            for got in ReplyClass::ALL {
                write!(table, " {} |", self.count(|i, g| i == *is && g == *got)).unwrap();
            }
            write!(table, " {:.0} % |", self.recall(*is) * 100.0).unwrap();
        }
        table += "\n| right |";
        for got in ReplyClass::ALL {
            write!(table, " {:.0} % |", self.precision(*got) * 100.0).unwrap();
        }
        write!(table, " {:.1} % |", self.accuracy() * 100.0).unwrap();
        table
    }
}

fn ratio(part: usize, of: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(of.max(1)).unwrap())
}

#[test]
fn the_method_is_as_good_as_the_documentation_says_and_no_worse_than_its_floors() {
    let lines = labelled();
    let of = |part| Matrix::of(&lines, part);
    let (develop, held_out, fresh) = (of("develop"), of("held-out"), of("fresh"));
    let (second, third) = (of("second"), of("third"));
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reply-classes.md");
    let page = std::fs::read_to_string(page).unwrap();
    let parts = [
        ("develop", &develop),
        ("held-out", &held_out),
        ("fresh", &fresh),
        ("second", &second),
        ("third", &third),
    ];
    let tables = parts.map(|(name, matrix)| format!("{name}\n\n{}\n", matrix.table()));
    let told = tables.iter().all(|table| page.contains(table));
    assert!(told, "docs/reply-classes.md:\n{}", tables.join("\n"));
    let counted: usize = parts.iter().map(|(_, matrix)| matrix.count(|_, _| true)).sum();
    assert_eq!(counted, lines.len(), "every line is in a part");
    assert!(lines.len() >= 300);
    assert!(held_out.precision(ReplyClass::Claim) >= 0.95, "{}", held_out.table());
    assert!(held_out.accuracy() >= 0.9, "{}", held_out.table());
    assert!(fresh.precision(ReplyClass::Claim) >= 0.9, "{}", fresh.table());
    assert!(fresh.accuracy() >= 0.7, "{}", fresh.table());
    assert!(second.precision(ReplyClass::Claim) >= 0.95, "{}", second.table());
    assert!(third.precision(ReplyClass::Claim) >= 0.95, "{}", third.table());
    assert!(third.accuracy() >= 0.75, "{}", third.table());
}

#[test]
fn what_is_denied_asked_promised_or_supposed_is_no_claim() {
    assert_eq!(class("Lien has been marked on all accounts."), ReplyClass::Claim);
    for text in [
        "We have NOT marked the lien.",
        "We haven’t marked the lien.",
        "Has the lien been marked?",
        "Lien will be marked.",
        "We shall revert once the lien is marked.",
        "If we get the letter, the lien is marked at once.",
        "No lien has been marked.",
        "The lien has been marked and later removed.",
        "Your post says “lien marked”.",
        "लियन नहीं लगाया गया है।",
        "लियन लगा दिया जाएगा।",
        "क्या लियन लगा दिया गया है",
        "lien laga diya jayega",
        "lien mark nahi kiya gaya hai",
        "Lien has been marked in no. 4 of 5 accounts.",
        "यह तथ्यों के विपरीत है, कार्रवाई हो चुकी थी।",
    ] {
        assert_ne!(class(text), ReplyClass::Claim, "{text}");
    }
    // A number is no denial.
    assert_eq!(class("Lien has been marked vide letter no. 77."), ReplyClass::Claim);
    // What takes one sentence back says nothing about the next.
    assert_eq!(class("It was not easy. Lien has been marked."), ReplyClass::Claim);
    // A general word does not outweigh a particular one that is taken back.
    assert_ne!(class("Action has been taken. The lien is not marked yet."), ReplyClass::Claim);
}

#[test]
fn a_bank_that_says_the_same_to_everything_is_canned_whatever_it_says() {
    let text = "Action has been taken on all your requests by our nodal team.";
    let once = [earlier("aa", "GGM-22222", text)];
    assert_eq!(classify(text, &about(), &once).class, ReplyClass::Claim);
    let twice = [once[0].clone(), earlier("bb", "GGM-33333", &format!("@unit {text}"))];
    let classed = classify(text, &about(), &twice);
    assert_eq!(classed.class, ReplyClass::Canned);
    assert!(matches!(&classed.because[0], Because::SaidBefore { posts: 2, percent: 100, .. }));
    // The same under the same post, in its other language, is one answer.
    let same = [earlier("aa", "GGM-7F3K2", text), earlier("bb", "GGM-7F3K2", text)];
    assert_eq!(classify(text, &about(), &same).class, ReplyClass::Claim);
    // Who quotes this post's reference speaks of this post, by whatever template.
    let with = |reference: &str| format!("Lien marked for reference {reference}, as you asked us.");
    let template = [
        earlier("aa", "GGM-22222", &with("GGM-22222")),
        earlier("bb", "GGM-33333", &with("GGM-33333")),
    ];
    assert_eq!(classify(&with("GGM-7F3K2"), &about(), &template).class, ReplyClass::Claim);
}

#[test]
fn reasons_name_the_phrase_and_hold_nothing_of_the_reply() {
    let text = "Mr Sharma says: lien could not be marked, GGM-7f3k2. Sorry for the inconvenience!";
    let because = classify(text, &about(), &[]).because;
    assert!(because.contains(&Because::OurReference), "{because:?}");
    let kept = serde_json::to_string(&because).unwrap();
    assert!(kept.contains("lien … marked") && kept.contains("could"), "{kept}");
    assert!(!kept.contains("harma"), "{kept}");
    assert_eq!(classify("🙏", &about(), &[]).because, [Because::Nothing]);
    assert_eq!(serde_json::from_str::<Vec<Because>>(&kept).unwrap(), because);
}
