//! The PDF, read back by poppler: what is copied from it is the text.

use takaza::{
    domain::platform::Language,
    reports::render::{Format, file_name, render},
};
use unicode_normalization::UnicodeNormalization as _;

use super::{document, keep, sample::HINDI};
use crate::support::servers;

fn made(language: Language) -> std::path::PathBuf {
    let document = document(language);
    let bytes = render(&document, Format::Pdf).expect("it renders");
    keep(&file_name(&document, Format::Pdf), &bytes)
}

/// What a tool of poppler or qpdf says about a file; `None` where it is not installed.
fn told(name: &str, arguments: &[&str], file: &std::path::Path) -> Option<String> {
    let mut all = arguments.to_vec();
    all.push(file.to_str().expect("a path in UTF-8"));
    if name == "pdftotext" {
        all.push("-");
    }
    // Poppler writes the titles in a tree of tags as the PDF has them, in UTF-16.
    Some(String::from_utf8_lossy(&servers::tool(name, &all)?).into_owned())
}

fn folded(text: &str) -> String {
    let text: String = text.nfc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_copied_is_the_text_in_both_scripts() {
    for language in [Language::En, Language::Hi] {
        let file = made(language);
        let Some(text) = told("pdftotext", &[], &file) else { return };
        let text = folded(&text);
        let mut told = vec![HINDI[0], HINDI[2]];
        if language == Language::Hi {
            told.extend([HINDI[1], HINDI[3], "साइबर अपराध थाना", "ये बैंक और आँकड़े काल्पनिक हैं।"]);
        } else {
            told.push("Neem Bank acts soonest: half of its actions within 7.5 hours.");
        }
        for sentence in told {
            let sentence = folded(sentence);
            assert!(text.contains(&sentence), "{sentence:?} is not in\n{text}");
        }
        for name in ["शीशम सहकारी बैंक", "कचनार लघु वित्त बैंक"]
        {
            let there = text.contains(&folded(name));
            assert_eq!(there, language == Language::Hi, "{name}");
        }
    }
}

#[test]
fn a_long_table_goes_over_pages_with_its_heading_on_each() {
    let file = made(Language::En);
    let Some(info) = told("pdfinfo", &[], &file) else { return };
    let line = |name: &str| {
        let found = info.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap_or_else(|| panic!("{name} is not in {info}")).trim().to_owned()
    };
    let pages: usize = line("Pages:").parse().expect("a number");
    assert!((4..=12).contains(&pages), "{pages} pages");
    assert_eq!(line("Tagged:"), "yes");
    assert_eq!(line("Title:"), "What public tags achieve");
    assert!(line("Page size:").contains("A4"), "{info}");
    let texts = told("pdftotext", &["-layout"], &file).expect("poppler");
    let by_page: Vec<_> = texts.split('\u{c}').collect();
    let with_rows = by_page.iter().filter(|page| page.contains("CCP-7F")).collect::<Vec<_>>();
    assert!(with_rows.len() > 1, "the posts take more than a page");
    assert!(with_rows.iter().all(|page| page.contains("Reference")), "each has the heading");
    for n in 1..=pages {
        assert!(by_page[n - 1].contains(&format!("Page {n} of {pages}")), "page {n}");
    }
    let all = texts.matches("CCP-7F").count();
    assert_eq!(all, 70, "every row is there once");
}

#[test]
fn who_cannot_see_it_is_read_headings_tables_and_pictures() {
    let file = made(Language::Hi);
    let Some(tree) = told("pdfinfo", &["-struct-text"], &file) else { return };
    let count = |tag: &str| tree.lines().filter(|line| line.trim().starts_with(tag)).count();
    assert_eq!(count("H1"), 1, "{tree}");
    assert_eq!(count("H2"), 4);
    assert_eq!(count("Figure"), 2);
    assert_eq!(count("Table"), 3, "an empty one is a sentence");
    assert_eq!(count("TR "), 0);
    assert_eq!(
        tree.lines().filter(|line| line.trim() == "Link (inline)" || line.trim() == "Link").count(),
        70,
        "{tree}"
    );
    let bytes = std::fs::read(&file).expect("the file");
    assert!(
        bytes.windows(9).any(|part| part == b"/Lang(hi)")
            || bytes.windows(10).any(|part| part == b"/Lang (hi)")
    );
}

#[test]
fn another_program_finds_nothing_wrong_with_the_file() {
    for language in [Language::En, Language::Hi] {
        let file = made(language);
        if told("qpdf", &["--check"], &file).is_none() {
            return;
        }
    }
}
