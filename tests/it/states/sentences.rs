//! The table in `mod.rs` names tests that are there.

use std::{fs, path::Path};

/// The text of every source of the test binary.
fn sources(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).expect("the folder of the tests") {
        let path = entry.expect("a readable entry").path();
        if path.is_dir() {
            all.push_str(&sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            all.push_str(&fs::read_to_string(&path).expect("a readable source"));
        }
    }
    all
}

#[test]
fn every_test_that_the_table_names_is_in_the_sources() {
    let all = sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it"));
    let table = include_str!("mod.rs").lines().filter(|line| line.starts_with("//! | "));
    let tests_of = |line: &str| {
        let cell = line.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default().to_owned();
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut named: Vec<String> = table.flat_map(tests_of).collect();
    named.retain(|name| name != "tests" && name.chars().all(|c| c == '_' || c.is_alphanumeric()));
    named.retain(|name| name.contains('_') && name != "compile_fail");
    assert!(named.len() > 80, "the table is read: {}", named.len());
    let missing: Vec<_> =
        named.iter().filter(|name| !all.contains(&format!("fn {name}("))).collect();
    assert!(missing.is_empty(), "the table names no such test: {missing:?}");
    for (source, error) in [
        (include_str!("../../../src/domain/delivery.rs"), "E0451"),
        (include_str!("../../../src/domain/clearance.rs"), "E0624"),
        (include_str!("../../../src/destinations/mod.rs"), "E0308"),
    ] {
        let example = format!("```compile_fail,{error}");
        assert!(source.contains(&example), "a send without authority does not compile: {error}");
    }
}
