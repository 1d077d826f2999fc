//! What a page weighs on the wire, the first time that somebody opens it: officers read on telephones
//! and over slow lines.

use reqwest::header::ACCEPT_ENCODING;
use scraper::{Html, Selector};

use super::browser::{PAGES, lively};
use crate::{grants::connecting::browser, support::console::Desk};

/// The most that a page may weigh with its style, script, icon and font, in bytes.
const MOST: usize = 150_000;

async fn weighs(desk: &Desk, path: &str) -> (usize, String) {
    let url = format!("{}{path}", desk.base);
    let answer = browser().get(url).header(ACCEPT_ENCODING, "gzip").send().await.expect("a file");
    assert!(answer.status().is_success(), "{path}");
    // Not unpacked: as it came.
    let bytes = answer.bytes().await.expect("a body");
    (bytes.len(), String::from_utf8_lossy(&bytes).into_owned())
}

/// The addresses of the files that every page brings along.
fn files_of(html: &str) -> Vec<String> {
    let page = Html::parse_document(html);
    let selector = Selector::parse("link[href], script[src]").expect("a selector");
    let files = page.select(&selector).filter_map(|one| one.attr("href").or(one.attr("src")));
    files.map(str::to_owned).collect()
}

#[tokio::test]
async fn no_page_weighs_more_than_a_slow_line_carries() {
    let lively = lively().await;
    let desk = &lively.desk;
    let files = files_of(&desk.browser().get("/sign-in").await.html);
    assert_eq!(files.len(), 3, "icon, style and script: {files:?}");
    let place = files[0].rsplit_once('/').expect("a folder").0;
    let font = format!("{place}/noto-sans-devanagari.woff2");
    let style = desk.browser().get(&files[1]).await.html;
    let (face, _) = style.split_once('}').expect("the letters come first");
    assert!(
        face.contains("noto-sans-devanagari.woff2") && face.contains("unicode-range"),
        "{face}"
    );
    assert!(!face.contains("optional"), "a first page would keep its boxes: {face}");
    let mut carried = 0;
    for file in files.iter().chain([&font]) {
        let (bytes, _) = weighs(desk, file).await;
        println!("{bytes:>8} {}", file.trim_start_matches(place));
        carried += bytes;
    }
    let mut heaviest = 0;
    for person in ["", "dcp", "asha", "root"] {
        let mut visitor = match person {
            "" => desk.browser(),
            person => desk.signed_in(person).await,
        };
        for language in ["en", "hi"] {
            let page = visitor.get("/sign-in").await;
            visitor.submit(&page, "/settings", &[("language", language)]).await;
            for (name, _, path) in PAGES.iter().filter(|(_, who, _)| *who == person) {
                let bytes = visitor.get(&lively.path(path)).await.html.len();
                println!("{bytes:>8} {language} {name}");
                heaviest = heaviest.max(bytes);
                assert!(bytes + carried <= MOST, "{name}: {bytes} and its files {carried}");
            }
        }
    }
    println!("{heaviest:>8} the heaviest page; {carried} its files, which are kept for ever");
}
