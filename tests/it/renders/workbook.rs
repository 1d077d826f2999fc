//! The workbook, read back by another library, and by what its parts say.

use std::io::{Cursor, Read as _};

use calamine::{Data, Reader as _, Xlsx};
use takaza::{
    domain::platform::Language,
    reports::render::{Format, file_name, render},
};

use super::{document, keep};

fn book(language: Language) -> Vec<u8> {
    let document = document(language);
    let bytes = render(&document, Format::Xlsx).expect("it renders");
    keep(&file_name(&document, Format::Xlsx), &bytes);
    bytes
}

#[test]
fn it_holds_real_numbers_days_and_times_and_no_formula() {
    for language in [Language::En, Language::Hi] {
        let mut book: Xlsx<_> = Xlsx::new(Cursor::new(book(language))).expect("a workbook");
        let names = book.sheet_names();
        assert_eq!(names[1..], ["response-times", "still-pending", "posts", "corrections"]);
        let first = book.worksheet_range(&names[0]).expect("the first sheet");
        let title = document(language).title;
        assert_eq!(first.get_value((0, 0)), Some(&Data::String(title)));
        let times = book.worksheet_range("response-times").expect("a sheet");
        let row: Vec<_> = times.rows().nth(1).expect("a row").to_vec();
        assert_eq!(
            row[1..],
            [Data::Float(120.0), Data::Float(1_234_567.0), Data::Float(7.5), Data::Float(0.125)]
        );
        let posts = book.worksheet_range("posts").expect("a sheet");
        assert_eq!(posts.height(), 71);
        let row: Vec<_> = posts.rows().nth(1).expect("a row").to_vec();
        assert!(matches!(row[1], Data::DateTime(_)), "{:?}", row[1]);
        let Data::DateTime(at) = &row[2] else { panic!("{:?} is no time", row[2]) };
        let at = at.to_ymd_hms_milli();
        assert_eq!((at.0, at.1, at.2, at.3), (2026, 11, 29, 2), "on the unit's clock: {at:?}");
        assert_eq!(row[4], Data::String("=HYPERLINK(\"http://evil.example\",\"x\")".to_owned()));
        for name in &names {
            let formulas = book.worksheet_formula(name).expect("a sheet");
            assert!(formulas.is_empty(), "{name} has formulas");
        }
    }
}

#[test]
fn headings_stay_filters_are_there_and_rupees_are_grouped_as_in_india() {
    let zip = zip_of(&book(Language::En));
    let sheet = zip("xl/worksheets/sheet2.xml");
    assert!(sheet.contains("<pane xSplit=\"1\" ySplit=\"1\""), "{}", &sheet[..600]);
    assert!(sheet.contains("state=\"frozen\""));
    assert!(sheet.contains("<autoFilter ref=\"A1:E7\"/>"), "the total stands beneath the filter");
    let styles = zip("xl/styles.xml");
    assert!(
        styles.contains(
            "[&gt;=10000000][$₹]##\\,##\\,##\\,##0;[&gt;=100000][$₹]##\\,##\\,##0;[$₹]##,##0"
        ),
        "{styles}"
    );
    assert!(styles.contains("0.0%"));
}

/// Reads a part of a package by unpacking it with what every system has.
fn zip_of(bytes: &[u8]) -> impl Fn(&str) -> String + use<> {
    let file = keep("packed.xlsx", bytes);
    move |part: &str| {
        let script = "import sys, zipfile; sys.stdout.buffer.write(zipfile.ZipFile(sys.argv[1]).read(sys.argv[2]))";
        let mut run = std::process::Command::new("python3")
            .args(["-c", script])
            .arg(&file)
            .arg(part)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("python3 runs");
        let mut text = String::new();
        run.stdout.take().expect("a pipe").read_to_string(&mut text).expect("UTF-8");
        assert!(run.wait().expect("it ends").success(), "{part} is there");
        text
    }
}
