//! `takaza report`, by the real binary.

use super::Unit;

#[test]
fn a_report_is_told_written_and_never_overwritten() {
    let unit = Unit::unconfigured();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("a file");
    let told = unit.run(&["report", "engagement"]).done();
    assert!(told.starts_with("What public tags achieve\n"), "{told}");
    let told = unit.run(&["report", "banks", "--lang", "hi", "--public"]).done();
    assert!(told.contains("बैंक: कार्रवाई में लगा समय") && told.contains("जनता के लिए"), "{told}");
    let days = ["--from", "2026-01-01", "--to", "2026-01-31"];
    let json = unit.run(&[&["report", "costs", "--format", "json"], &days[..]].concat()).json();
    assert_eq!((&json["subject"], &json["from"]), (&"costs".into(), &"2026-01-01".into()));
    for (ending, start) in
        [("pdf", "%PDF-1.7"), ("xlsx", "PK"), ("csv", "\u{feff}report,"), ("html", "<!doctype")]
    {
        let file = unit.path().join(format!("report.{ending}"));
        let name = file.to_str().expect("UTF-8");
        unit.run(&["report", "orders", "--output", name]).done();
        let bytes = std::fs::read(&file).expect("it is written");
        assert!(bytes.starts_with(start.as_bytes()), "{ending}");
        let again = unit.run(&["report", "orders", "--output", name]).refused(2);
        assert!(again.contains("is there already"), "{again}");
    }
}

#[test]
fn what_makes_no_report_is_said_with_what_to_do() {
    let unit = Unit::unconfigured();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("a file");
    for (arguments, said) in [
        (vec!["--from", "2026-02-01", "--to", "2026-01-01"], "give the earlier day first"),
        (vec!["--to", "2999-01-01"], "has not come yet"),
        (vec!["--bank", "Neem Bnak"], "did you mean ZNMN"),
        (vec!["--bank", "1234567890"], "takaza banks list"),
        (vec!["--output", "report.docx"], "does not say what it is"),
        (vec!["--from", "last week"], "--from"),
    ] {
        let all = [&["report", "engagement"], &arguments[..]].concat();
        let told = unit.run(&all).refused(2);
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
    let told = unit.run(&["report", "send-weekly"]).refused(2);
    assert!(told.contains("report.weekly_to"), "{told}");
}
