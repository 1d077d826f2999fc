//! The house rules that a compiler does not keep: which way the modules' arrows point, where SQL
//! lives, what may stop the program, and what no file may say.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use takaza::{domain::platform::Language, locale::Locale};

/// What each module at the top of `src` may use of the others. `demo` stands outside: nothing uses
/// it but `cli`.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("clock", &["domain"]),
    ("locale", &["domain"]),
    ("store", &["clock", "domain"]),
    ("cases", &["domain"]),
    ("destinations", &["domain"]),
    ("reports", &["domain", "locale"]),
    ("config", &["cases", "domain", "store"]),
    ("work", &["cases", "clock", "config", "destinations", "domain", "locale", "reports", "store"]),
    ("serve", &["clock", "domain", "store", "work"]),
    ("telemetry", &["serve"]),
    ("web", &["cases", "clock", "config", "domain", "locale", "reports", "store", "work"]),
    ("app", &["cases", "clock", "config", "destinations", "domain", "serve", "store", "work"]),
    (
        "demo",
        &[
            "app",
            "cases",
            "clock",
            "config",
            "destinations",
            "domain",
            "reports",
            "serve",
            "store",
            "web",
            "work",
        ],
    ),
    (
        "cli",
        &[
            "app",
            "cases",
            "clock",
            "config",
            "demo",
            "destinations",
            "domain",
            "locale",
            "reports",
            "serve",
            "store",
            "telemetry",
            "web",
            "work",
        ],
    ),
    ("lib", &[]),
    ("main", &[]),
];

/// What may stop the program outside tests, because it cannot fail: the line says why, or the compiler
/// has tried it already (`const { … }`).
const CANNOT_FAIL: &[(&str, usize)] = &[
    ("src/demo/square/page.rs", 1),
    ("src/destinations/bluesky.rs", 1),
    ("src/destinations/bluesky/send.rs", 4),
    ("src/destinations/bluesky/session.rs", 1),
    ("src/destinations/mastodon.rs", 1),
    ("src/domain/canonical.rs", 3),
    ("src/web/sign_in.rs", 3),
];

const LONGEST_FILE: usize = 460;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under some of the repository's folders and files, by its path from the root.
fn files(under: &[&str]) -> Vec<(String, String)> {
    fn walk(path: PathBuf, found: &mut Vec<(String, String)>) {
        if path.is_dir() {
            for entry in fs::read_dir(&path).expect("a readable folder") {
                walk(entry.expect("a readable entry").path(), found);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            // What is no text (a picture, a workbook) says nothing here.
            let name = path.strip_prefix(root()).expect("under the root");
            found.push((name.to_str().expect("UTF-8").to_owned(), text));
        }
    }
    let mut found = Vec::new();
    for name in under {
        walk(root().join(name), &mut found);
    }
    found.sort();
    found
}

/// The code of each source, without comment lines and without its unit tests.
fn sources() -> Vec<(String, String)> {
    let code = |text: &str| {
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        lines.collect::<Vec<_>>().join("\n")
    };
    let sources = files(&["src"]).into_iter();
    let sources = sources.filter(|(name, _)| name.ends_with(".rs") && !name.ends_with("/tests.rs"));
    sources.map(|(name, text)| (name, code(&text))).collect()
}

/// Everything in the repository that people wrote.
fn everything() -> Vec<(String, String)> {
    let top = fs::read_dir(root()).expect("the root");
    let names: Vec<String> = top
        .map(|entry| entry.expect("readable").file_name().into_string().expect("UTF-8"))
        .filter(|name| !["target", ".git", "Cargo.lock"].contains(&name.as_str()))
        .collect();
    files(&names.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The modules at the crate's top that a code names after `crate::`, also in braces.
fn named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| {
        let text = text.trim_start();
        let end = text.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(text.len());
        text[..end].to_owned()
    };
    let mut found = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            found.insert(word(rest));
            continue;
        };
        let (mut depth, mut start) = (0_u32, 0);
        for (n, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    found.insert(word(&list[start..n]));
                    start = n + 1;
                    if c == '}' {
                        break;
                    }
                }
                _ => {}
            }
        }
    }
    found.remove("");
    found
}

#[test]
fn the_reader_of_use_lines_sees_nested_ones() {
    let code = "use crate::{\n    a::{b, c::{d}},\n    e,\n};\nfn f() -> crate::g::H {}";
    assert_eq!(named(code), ["a", "e", "g"].map(str::to_owned).into());
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<_, _> = ARROWS.iter().copied().collect();
    let (mut seen, mut wrong) = (BTreeSet::new(), Vec::new());
    for (name, code) in sources() {
        let top = name.trim_start_matches("src/").trim_end_matches(".rs");
        let top = top.split('/').next().unwrap_or_default().to_owned();
        let Some(may) = allowed.get(top.as_str()) else {
            wrong.push(format!("{name}: the arrows do not know the module {top}"));
            continue;
        };
        for used in named(&code).into_iter().filter(|used| *used != top) {
            if !may.contains(&used.as_str()) {
                wrong.push(format!("{name}: {top} must not use {used}"));
            }
            seen.insert((top.clone(), used));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(seen.len() > 40, "the use lines are read: {seen:?}");
}

#[test]
fn sql_lives_in_the_store_and_the_case_source_alone() {
    let home = |name: &str| {
        ["src/store/", "src/store.rs", "src/cases/"].iter().any(|home| name.starts_with(home))
    };
    let sql = ["sqlx::", "sql(\"", "sql(r"];
    let says = |code: &str| sql.iter().any(|word| code.contains(word));
    let (at_home, away): (Vec<_>, Vec<_>) =
        sources().into_iter().filter(|(_, code)| says(code)).partition(|(name, _)| home(name));
    let away: Vec<_> = away.into_iter().map(|(name, _)| name).collect();
    assert!(away.is_empty(), "SQL outside its home: {away:?}");
    assert!(at_home.len() > 10, "the sources are read");
}

/// The literal text that a code begins with, also in a `format!`, with a word in each of its places.
fn literal(code: &str) -> Option<String> {
    let code = code.trim_start();
    let code = code.strip_prefix("format!(").unwrap_or(code).trim_start();
    let (text, _) = code.strip_prefix('"')?.split_once('"')?;
    let mut lines = text.split("\\\n");
    let mut whole = lines.next().unwrap_or_default().to_owned();
    whole.extend(lines.map(str::trim_start));
    let mut pieces = whole.split('{');
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        filled.push('7');
        filled.push_str(piece.split_once('}').map_or("", |(_, rest)| rest));
    }
    Some(filled)
}

/// A page says them in its reader's language (`src/locale/known.rs`).
#[test]
fn whatever_the_store_refuses_is_said_in_hindi_too() {
    let hindi = Locale::new(Language::Hi).expect("the messages");
    let (mut seen, mut unsaid) = (0, BTreeSet::new());
    let after = |code: &str, word: &str| -> Vec<String> {
        let ends = code.match_indices(word).map(|(at, _)| at + word.len());
        ends.filter_map(|end| literal(&code[end..])).collect()
    };
    for (name, code) in sources() {
        let at = |homes: &[&str]| homes.iter().any(|home| name.starts_with(home));
        if at(&["src/store/", "src/work/deliver"]) {
            for word in ["StoreError::Refused(", "StoreError::Conflict(", "let why = "] {
                let texts = after(&code, word);
                seen += texts.len();
                unsaid.extend(texts.into_iter().filter(|text| hindi.known(text) == *text));
            }
        }
        if at(&["src/domain/escalation.rs", "src/domain/delivery", "src/store/escalations"]) {
            for word in [".illegal(", "act: ", "], "] {
                let acts = after(&code, word);
                let kept = |act: &String| {
                    hindi.known(&format!("a delivery that is held cannot {act}")).contains(act)
                };
                seen += acts.len();
                unsaid.extend(acts.into_iter().filter(kept));
            }
        }
    }
    assert!(seen > 50, "the sources are read: {seen}");
    assert!(unsaid.is_empty(), "give each a line in config/locales/*/known.ftl: {unsaid:#?}");
}

#[test]
fn a_delivery_is_claimed_by_the_store_alone() {
    let mut claims = 0;
    for (name, code) in sources() {
        for (at, _) in code.match_indices("claim(") {
            let before = code[..at].trim_end();
            let of_store = before.ends_with("store.");
            let call = before.ends_with('.') || before.ends_with("::");
            if call && name.starts_with("src/store/") {
                claims += usize::from(!of_store);
            } else {
                assert!(!call || of_store, "{name} claims a delivery by itself");
            }
        }
    }
    assert!(claims > 0, "the store's claim is seen");
}

#[test]
fn nothing_stops_the_program_but_what_cannot_fail() {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for (name, code) in sources() {
        for word in ["#[allow(", "#![allow("] {
            assert!(!code.contains(word), "{name}: expect a lint with a reason, never allow it");
        }
        let code: String = code.split_whitespace().collect();
        for word in
            [".unwrap()", ".expect(\"", "todo!(", "unimplemented!(", "unreachable!(", "panic!("]
        {
            *found.entry(name.clone()).or_default() += code.matches(word).count();
        }
    }
    found.retain(|_, count| *count > 0);
    let known = CANNOT_FAIL.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
    assert_eq!(found, known, "say at the line why it cannot fail, and count it here");
}

/// `println!` and its like stop the program where nobody reads what it says.
#[test]
fn nothing_is_printed_but_by_what_bears_a_reader_that_has_gone() {
    let words = ["println!(", "print!(", "dbg!("];
    let prints = |code: &str| words.iter().any(|word| code.contains(word));
    let found: Vec<_> = sources().into_iter().filter(|(_, code)| prints(code)).collect();
    let found: Vec<_> = found.iter().map(|(name, _)| name).collect();
    assert!(found.is_empty(), "say it by cli::output: {found:?}");
}

#[test]
fn no_source_is_too_long_to_read() {
    let long: Vec<_> = files(&["src"])
        .into_iter()
        .map(|(name, text)| (name, text.lines().count()))
        .filter(|(_, lines)| *lines > LONGEST_FILE)
        .collect();
    assert!(long.is_empty(), "split these by idea: {long:?}");
}

#[test]
fn rules_name_their_own_source() {
    // In two pieces, or this file would be found.
    let brief = ["DES", "IGN"].concat();
    let whole_word = |text: &str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == brief)
    };
    let naming: Vec<_> = everything()
        .into_iter()
        .filter(|(_, text)| whole_word(text))
        .map(|(name, _)| name)
        .collect();
    assert!(naming.is_empty(), "a newcomer cannot read that: {naming:?}");
}

#[test]
fn no_real_bank_is_named_outside_the_directory() {
    let banks = include_str!("../../config/banks.csv").lines().skip(1);
    let real: BTreeSet<String> = banks
        .map(|line| line.split(',').collect::<Vec<_>>())
        .filter(|cells| matches!(cells[..], [_, _, _, "public" | "private", ..]))
        .flat_map(|cells| [cells[1].to_lowercase(), cells[2].to_owned()])
        .filter(|name| name.chars().count() > 8)
        .collect();
    assert!(real.len() > 50, "the directory is read: {real:?}");
    let names = |text: &str, name: &str| {
        let ends = |at: usize| text[at + name.len()..].chars().next();
        let starts = |at: usize| text[..at].chars().next_back();
        let inside = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        text.match_indices(name).any(|(at, _)| !inside(ends(at)) && !inside(starts(at)))
    };
    let mut found = Vec::new();
    for (file, text) in everything() {
        if file.starts_with("config/") && file.ends_with(".csv") {
            continue;
        }
        // The regulator is no bank that anyone could be accused of.
        let text = text.to_lowercase().replace("reserve bank of india", "");
        found.extend(
            real.iter().filter(|name| names(&text, name)).map(|name| (file.clone(), name.clone())),
        );
    }
    assert!(found.is_empty(), "use an invented bank: {found:?}");
}
