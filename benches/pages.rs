//! Pages: what the console's queue and posts answer, in milliseconds, over a full ledger (100,000
//! held escalations, 1,000,000 deliveries) and over one of a tenth of it, on SQLite and on
//! PostgreSQL. The ratio is about 1 where a page costs what it shows and not what it leaves out.
//! Prints also what a browser loads for each page. `--tenth` takes a tenth of both sizes; `--sqlite`
//! and `--postgres` ask one database alone.
//!
//! The ledgers take some gigabytes of the temporary folder (`TMPDIR`).

#[path = "support/filled.rs"]
mod filled;
mod support;
#[path = "support/unit.rs"]
mod unit;

use std::{collections::BTreeMap, path::Path};

use filled::Size;
use secrecy::SecretString;
use support::{database, median, on_server, server, timed};
use takaza::{
    clock::Dice,
    destinations::http::{self, HttpConfig},
    domain::ids::PersonId,
    store::Actor,
    web::{self, Opening},
    work::passphrase,
};
use tokio_util::sync::{CancellationToken, DropGuard};

const ROUNDS: usize = 30;
/// The last page of the queue of a tenth: as many as that are asked of every list.
const DEEP: usize = 400;
const FULL: Size = Size { held: 100_000, deliveries: 1_000_000, days: 700 };
const PASSPHRASE: &str = "four words of the bench";

#[tokio::main]
async fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let large = if asked("--tenth") { a_tenth(FULL) } else { FULL };
    let sizes = [a_tenth(large), large];
    if !asked("--postgres") {
        on_sqlite(sizes).await;
    }
    if asked("--sqlite") {
        return;
    }
    if server().is_none() {
        println!("pages on PostgreSQL: left out; `benches/run pages` starts one");
        return;
    }
    on_postgres(sizes).await;
}

/// The reference of the how-manieth escalation: the held ones come first.
fn reference(n: u32) -> String {
    format!("GGM-{n:06X}")
}

fn file(dir: &Path, name: &str, size: Size) -> String {
    format!("sqlite:{}", dir.join(format!("{name}-{}.db", size.held)).display())
}

async fn on_sqlite(sizes: [Size; 2]) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut desks = Vec::new();
    for size in sizes {
        let (ledger, cases) = (file(dir.path(), "ledger", size), file(dir.path(), "cases", size));
        desks.push(Desk::over(&ledger, &cases, dir.path(), size).await);
    }
    report("SQLite", &mut desks).await;
}

async fn on_postgres(sizes: [Size; 2]) {
    let dir = tempfile::tempdir().expect("a folder");
    let mut desks = Vec::new();
    for size in sizes {
        let name = format!("pages_{}", size.held);
        on_server(format!("DROP DATABASE IF EXISTS {name}")).await;
        on_server(format!("CREATE DATABASE {name}")).await;
        let cases = file(dir.path(), "cases", size);
        desks.push(Desk::over(&database(&name), &cases, dir.path(), size).await);
    }
    report("PostgreSQL", &mut desks).await;
}

const fn a_tenth(size: Size) -> Size {
    Size { held: size.held / 10, deliveries: size.deliveries / 10, ..size }
}

/// A console over a filled ledger, and somebody who is signed in.
struct Desk {
    size: Size,
    base: String,
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
    language: &'static str,
    _open: DropGuard,
}

impl Desk {
    async fn over(ledger: &str, cases: &str, data: &Path, size: Size) -> Self {
        let (ctx, took) = timed(filled::fill(ledger, cases, size, "")).await;
        println!(
            "a ledger of {} held escalations and {} deliveries: filled in {} s",
            size.held,
            size.deliveries,
            took.as_secs()
        );
        let hash = passphrase::hash(&SecretString::from(PASSPHRASE), &Dice::from_os());
        let (dcp, hash) = (PersonId::new("dcp"), hash.expect("a hash"));
        let by = Actor::person(dcp.clone(), "bench");
        ctx.store.set_passphrase(&by, &dcp, &hash).await.expect("it is set");
        let console = web::Console::open(Opening {
            ctx,
            data: data.to_owned(),
            embedded: None,
            first: None,
            demo: false,
        });
        let stopping = CancellationToken::new();
        let here = ([127, 0, 0, 1], 0).into();
        let listening = web::serve(console.expect("it opens"), here, stopping.clone()).await;
        let mut desk = Self {
            size,
            base: format!("http://{}", listening.expect("it listens").0),
            client: http::client(&HttpConfig::default()).expect("a client"),
            cookies: BTreeMap::new(),
            language: "en",
            _open: stopping.drop_guard(),
        };
        desk.sign_in().await;
        desk
    }

    async fn sign_in(&mut self) {
        let (_, page) = self.get("/sign-in").await;
        let token = between(&page, "name=\"token\" value=\"", "\"").expect("the form's token");
        let form = [("token", token), ("person", "dcp"), ("passphrase", PASSPHRASE)];
        let request = self.client.post(format!("{}/sign-in", self.base)).form(&form);
        let (status, page) = self.ask(request).await;
        assert_eq!(status, 303, "signed in: {page}");
    }

    async fn get(&mut self, path: &str) -> (u16, String) {
        let request = self.client.get(format!("{}{path}", self.base));
        self.ask(request).await
    }

    async fn ask(&mut self, request: reqwest::RequestBuilder) -> (u16, String) {
        let cookies: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request =
            request.header("cookie", cookies.join("; ")).header("accept-language", self.language);
        let answer = request.send().await.expect("an answer");
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().expect("a cookie");
            let (name, rest) = line.split_once('=').expect("a cookie's name");
            let value = rest.split(';').next().unwrap_or_default();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let status = answer.status().as_u16();
        // A font is no text, and only its length is asked: one character a byte.
        let body = answer.bytes().await.expect("a body");
        (status, body.iter().map(|byte| char::from(*byte)).collect())
    }

    /// The first, second and a deep page of a list, by the link that each page has to the next;
    /// `None` where there is no such list.
    async fn list(&mut self, first: &str) -> Option<Vec<(String, String)>> {
        let mut found = vec![(first.to_owned(), first.to_owned())];
        let mut path = first.to_owned();
        for number in 2..=DEEP {
            let (status, html) = self.get(&path).await;
            if status == 404 {
                return None;
            }
            let Some(next) = html.split("<a ").find(|link| {
                link.split('>').next().is_some_and(|tag| tag.contains("rel=\"next\""))
            }) else {
                assert!(status == 200 && number > 2, "{path} answers {status} and has no next");
                return Some(found);
            };
            path = between(next, "href=\"", "\"").expect("an address").replace("&amp;", "&");
            path = path.replace("&#38;", "&");
            if number == 2 || number == DEEP {
                found.push((format!("{first}, page {number}"), path.clone()));
            }
        }
        Some(found)
    }

    async fn pages(&mut self) -> Vec<(String, Option<String>)> {
        let mut pages = Vec::new();
        for first in
            ["/queue", "/queue?state=closed", "/posts", "/posts?state=uncertain", "/posts?bank=B7"]
        {
            match self.list(first).await {
                Some(list) => {
                    pages.extend(list.into_iter().map(|(name, path)| (name, Some(path))));
                }
                None => pages.push((first.to_owned(), None)),
            }
        }
        // The held ones come first; of the others every hundredth and the three after it differ.
        let (held, sent) = (self.size.held / 2, self.size.held + 1050);
        for (name, list, number) in [
            ("/queue/{held}", "/queue", held),
            ("/queue/{sent}", "/queue", sent),
            ("/posts/{sent}", "/posts", sent),
        ] {
            let path = format!("{list}/{}", reference(number));
            let there = self.get(&path).await.0 == 200;
            pages.push((name.to_owned(), there.then_some(path)));
        }
        pages
    }

    /// Milliseconds until the whole page is here, over loopback.
    async fn time(&mut self, path: &str) -> f64 {
        let ((status, html), took) = timed(self.get(path)).await;
        assert_eq!(status, 200, "{path}: {html}");
        took.as_secs_f64() * 1000.0
    }

    /// What a browser loads that has not been here before: the page, and what it needs in this
    /// language.
    async fn weight(&mut self, path: &str) -> (usize, usize) {
        let page = self.get(path).await.1;
        let bytes = |text: &str| text.chars().count();
        let mut all = bytes(&page);
        let assets: Vec<_> = page.split('"').filter(|text| text.starts_with("/assets/")).collect();
        for asset in assets {
            let text = self.get(asset).await.1;
            all += bytes(&text);
            let font = between(&text, "url(\"", "\"").filter(|_| self.language == "hi");
            if let (Some(font), Some((place, _))) = (font, asset.rsplit_once('/')) {
                all += bytes(&self.get(&format!("{place}/{font}")).await.1);
            }
        }
        (bytes(&page), all)
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

/// Asks both ledgers in turn for each page, and prints the medians and their ratio.
async fn report(kind: &str, desks: &mut [Desk]) {
    let [small, large] = desks else { panic!("two ledgers") };
    let in_small: BTreeMap<_, _> = small.pages().await.into_iter().collect();
    for (name, of_large) in large.pages().await {
        let Some(of_large) = of_large else {
            println!("pages on {kind}: {name}: no such page yet");
            continue;
        };
        let of_small = in_small.get(&name).cloned().flatten();
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            if let Some(of_small) = &of_small {
                times[0].push(small.time(of_small).await);
            }
            times[1].push(large.time(&of_large).await);
        }
        let [in_small, in_large] = times;
        let in_large = median(in_large);
        let beside = if in_small.is_empty() {
            "over a tenth there is none".to_owned()
        } else {
            let in_small = median(in_small);
            format!("over a tenth {in_small:.1} ms, ratio {:.2}", in_large / in_small)
        };
        let (page, all) = large.weight(&of_large).await;
        large.language = "hi";
        let hindi = large.weight(&of_large).await.1;
        large.language = "en";
        println!(
            "pages on {kind}: {name}: {in_large:.1} ms, {beside}; {:.0} kB, with style and script \
             {:.0} kB, in Hindi with the font {:.0} kB",
            page as f64 / 1000.0,
            all as f64 / 1000.0,
            hindi as f64 / 1000.0
        );
    }
}
