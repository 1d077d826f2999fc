//! A report in every format: what a person gets to see, and what a program reads back.

mod pdf;
mod sample;
mod workbook;

use scraper::{Html, Selector};
use takaza::{
    domain::platform::Language,
    reports::render::{Format, file_name, render},
};

pub use sample::document;

/// Where the files lie that a person may want to look at: `target/looks`. Whole from the first moment:
/// several tests write one under the same name, and another program may be reading it.
pub fn keep(name: &str, bytes: &[u8]) -> std::path::PathBuf {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/looks/reports");
    std::fs::create_dir_all(&folder).expect("a folder under target");
    let part = tempfile::NamedTempFile::new_in(&folder).expect("a file under target");
    std::fs::write(part.path(), bytes).expect("a file under target");
    let file = folder.join(name);
    part.persist(&file).expect("a name under target");
    file
}

fn text(language: Language, format: Format) -> String {
    let document = document(language);
    let bytes = render(&document, format).expect("it renders");
    keep(&file_name(&document, format), &bytes);
    String::from_utf8(bytes).expect("UTF-8")
}

#[test]
fn the_same_document_is_the_same_bytes_in_every_format() {
    for language in [Language::En, Language::Hi] {
        for format in Format::ALL {
            let make = || render(&document(language), *format).expect("it renders");
            assert!(make() == make(), "{format} differs from one time to the next");
        }
    }
}

#[test]
fn csv_is_flat_and_no_cell_of_it_is_a_formula() {
    let text = text(Language::En, Format::Csv);
    let lines: Vec<_> = text.split("\r\n").collect();
    assert_eq!(lines[0], "\u{feff}report,subject,engagement");
    let of = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
    assert_eq!(of("posts,row,"), 70);
    assert_eq!(of("response-times,total,"), 1);
    assert!(lines.contains(&"response-times,columns,bank,actions,amount,hours,share"));
    assert!(lines.contains(&"response-times,row,Neem Bank,120,1234567.00,7.5,0.125"));
    let few =
        "response-times,row,Gulmohar Payments Bank,2,123.45,(too few to tell),(too few to tell)";
    assert!(lines.contains(&few));
    assert!(text.contains(",\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\","), "{text}");
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).has_headers(false).from_reader(text.as_bytes());
    for record in reader.records() {
        for cell in &record.expect("it reads back") {
            let number = cell.parse::<f64>().is_ok();
            assert!(number || !cell.starts_with(['=', '+', '-', '@']), "{cell:?} is a formula");
        }
    }
    insta::assert_snapshot!("csv", lines[..34].join("\n"));
}

#[test]
fn json_has_typed_cells_under_stable_names() {
    for language in [Language::En, Language::Hi] {
        let json: serde_json::Value =
            serde_json::from_str(&text(language, Format::Json)).expect("JSON");
        assert_eq!(json["format"], "takaza-report/1");
        assert_eq!(json["sections"][0]["id"], "response-times");
        let row = &json["sections"][0]["rows"][0];
        assert_eq!(row["amount"]["type"], "paise");
        assert_eq!(row["amount"]["value"], 123_456_700);
        assert_eq!(row["amount"]["said"], "₹12,34,567");
        assert_eq!(row["share"]["value"], 0.125);
        assert_eq!(json["sections"][2]["rows"][69]["at"]["type"], "at");
        assert_eq!(json["sections"][0]["chart"]["bars"][0]["value"], 7.5);
    }
    let json: serde_json::Value =
        serde_json::from_str(&text(Language::En, Format::Json)).expect("JSON");
    insta::assert_snapshot!(
        "json",
        serde_json::to_string_pretty(&json["sections"][0]).expect("JSON")
    );
}

#[test]
fn the_page_stands_alone_and_runs_nothing() {
    for language in [Language::En, Language::Hi] {
        let text = text(language, Format::Html);
        for word in ["<script", "src=", "@import", "<link", "javascript:"] {
            assert!(!text.contains(word), "{word} is in the page");
        }
        let fetched: Vec<_> = text.split("url(").skip(1).collect();
        let within = fetched.iter().all(|one| one.starts_with("\"data:font/woff2;base64,"));
        // Hindi brings its letters, whatever machine it is read on.
        assert_eq!((fetched.len(), within), (usize::from(language == Language::Hi), true));
        assert!(text.len() < 600_000, "{} bytes", text.len());
        let page = Html::parse_document(&text);
        assert!(page.errors.is_empty(), "{:?}", page.errors);
        let all = |what: &str| {
            let what = Selector::parse(what).expect("a selector");
            page.select(&what).map(|one| one.text().collect::<String>()).collect::<Vec<_>>()
        };
        assert_eq!(all("h1").len(), 1);
        assert_eq!(all("h2").len(), 4);
        assert_eq!(all("svg[role=img] > title").len(), 2, "each chart has a name");
        assert!(
            all("svg[role=img] > desc").iter().all(|desc| desc.len() > 30),
            "and says what it shows"
        );
        assert_eq!(all("#posts tbody tr").len(), 70);
        assert_eq!(all("#posts thead th[scope=col]").len(), 8);
        assert_eq!(all("#response-times tfoot tr").len(), 1);
        assert_eq!(all("li.warning").len(), 1);
        assert_eq!(all("#posts a[href^='https://square.example/']").len(), 70);
        assert!(
            all("#posts td").iter().any(|cell| cell.contains("<script>alert(1)</script>")),
            "as text"
        );
    }
}

#[test]
fn charts_are_drawn_the_same_and_told_apart_without_colour() {
    let text = text(Language::En, Format::Html);
    let charts: Vec<_> = text
        .match_indices("<svg")
        .map(|(at, _)| &text[at..at + text[at..].find("</svg>").expect("an end") + 6])
        .collect();
    let [bars, curves] = charts[..] else { panic!("two charts: {}", charts.len()) };
    assert!(bars.contains(">7.5 h</text>") && bars.contains(">Neem Bank</text>"));
    let dashes = curves.matches("stroke-dasharray=\"8 4\"").count();
    assert_eq!(dashes, 2, "the second curve and its name share their dashes");
    insta::assert_snapshot!("bars", bars.replace('>', ">\n"));
    insta::assert_snapshot!("curves", curves.replace('>', ">\n"));
}
