//! A browser without a script: it keeps cookies, follows what it is sent to, and fills in the forms
//! that a page really has, with the fields that stand in them.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use scraper::{ElementRef, Html, Selector};

use super::secrets;

/// One person's browser, at one console.
pub struct Browser {
    base: String,
    client: reqwest::Client,
    cookies: BTreeMap<String, String>,
    /// What a proxy adds to each request.
    pub forwarded_for: Option<String>,
}

/// A page as it came.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    /// Where the browser ended, after what it was sent to.
    pub path: String,
    pub html: String,
    pub headers: reqwest::header::HeaderMap,
}

impl Page {
    /// The text of what a selector finds, in order.
    pub fn all(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).map(|found| words(&found)).collect()
    }

    /// The text of the first thing that a selector finds; empty where there is none.
    pub fn text(&self, selector: &str) -> String {
        self.all(selector).into_iter().next().unwrap_or_default()
    }

    /// The addresses of the links that a selector finds, in order.
    pub fn links(&self, selector: &str) -> Vec<String> {
        let html = Html::parse_document(&self.html);
        let selector = Selector::parse(selector).expect("a selector");
        html.select(&selector).filter_map(|found| found.attr("href").map(str::to_owned)).collect()
    }

    #[track_caller]
    pub fn says(&self, text: &str) -> &Self {
        let all = self.text("body");
        assert!(all.contains(text), "{} does not say {text:?}: {all}", self.path);
        self
    }

    #[track_caller]
    pub fn says_not(&self, text: &str) -> &Self {
        assert!(!self.html.contains(text), "{} says {text:?}", self.path);
        self
    }

    #[track_caller]
    pub fn ok(&self) -> &Self {
        self.is(200)
    }

    #[track_caller]
    pub fn is(&self, status: u16) -> &Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.path, self.text("body"));
        self
    }
}

fn words(element: &ElementRef<'_>) -> String {
    element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
}

impl Browser {
    /// A new browser, with no cookie.
    pub fn at(base: &str) -> Self {
        Self::trusting(base, &[])
    }

    /// The same, trusting these authorities too (PEM).
    pub fn trusting(base: &str, roots: &[String]) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a browser of a story, not a way out")]
        let mut client =
            reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy();
        for root in roots {
            let root = reqwest::Certificate::from_pem(root.as_bytes()).expect("a certificate");
            client = client.add_root_certificate(root);
        }
        let client = client.build().expect("a client");
        Self {
            base: base.trim_end_matches('/').to_owned(),
            client,
            cookies: BTreeMap::new(),
            forwarded_for: None,
        }
    }

    /// Opens a page, and goes where it sends.
    pub async fn get(&mut self, path: &str) -> Page {
        self.ask(Method::GET, path, None).await
    }

    /// Opens an address of ours that sends the browser to somebody else's: to which.
    pub async fn leaves(&mut self, path: &str) -> String {
        let mut request = self.client.get(format!("{}{path}", self.base));
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        request = request.header("cookie", pairs.collect::<Vec<_>>().join("; "));
        let answer = request.send().await.expect("an answer");
        self.keep_cookies(answer.headers());
        answer.headers()["location"].to_str().expect("an address").to_owned()
    }

    /// Comes back to an address of ours, and goes on by the page that it finds there, as a browser
    /// does by itself.
    pub async fn comes_back(&mut self, address: &str) -> Page {
        let path = address.strip_prefix(&self.base).expect("an address of this console").to_owned();
        let page = self.get(&path).await;
        let on = page.links("main a.button");
        page.says("Back at the console");
        self.get(&on[0]).await
    }

    /// The value of a cookie.
    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie in, as somebody might who has stolen one.
    pub fn put_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    /// Fills in the form of a page that is sent to `action`, and sends it. `fields` fill or change
    /// what stands in it; what is not in the form at all cannot be sent.
    #[track_caller]
    pub fn submit<'a>(
        &'a mut self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
    ) -> impl Future<Output = Page> + use<'a> {
        let filled = fill(page, action, fields);
        let action = action.to_owned();
        async move { self.ask(Method::POST, &action, Some(filled)).await }
    }

    /// Sends a form that no page has, as somebody might who means harm.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.ask(Method::POST, path, Some(fields.iter().map(owned).collect())).await
    }

    /// Fills in the form of a page that takes a file, and sends it in parts, in the form's order.
    #[track_caller]
    pub fn upload<'a>(
        &'a mut self,
        page: &Page,
        action: &str,
        fields: &[(&str, &str)],
        file: (&str, &[u8]),
    ) -> impl Future<Output = Page> + use<'a> {
        let mut parts = fill(page, action, fields);
        parts.retain(|(name, _)| name != "file");
        let (action, file) = (action.to_owned(), (file.0.to_owned(), file.1.to_vec()));
        async move { self.send_parts(&action, &parts, &file).await }
    }

    /// Sends parts that no page has in this order.
    pub async fn send_parts(
        &mut self,
        action: &str,
        parts: &[(String, String)],
        (name, bytes): &(String, Vec<u8>),
    ) -> Page {
        let mut body = Vec::new();
        let head = "--a-part\r\nContent-Disposition: form-data; name=";
        for (name, value) in parts {
            body.extend(format!("{head}\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
        }
        body.extend(format!("{head}\"file\"; filename=\"{name}\"\r\n\r\n").into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n--a-part--\r\n");
        let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
        let cookies = pairs.collect::<Vec<_>>().join("; ");
        let request = self
            .client
            .post(format!("{}{action}", self.base))
            .header("cookie", cookies)
            .header("origin", &self.base)
            .header("content-type", "multipart/form-data; boundary=a-part")
            .body(body);
        let answer = request.send().await.expect("an answer");
        if let Some(to) = answer.headers().get("location") {
            let to = to.to_str().expect("a path").to_owned();
            return self.get(&to).await;
        }
        let (status, headers) = (answer.status(), answer.headers().clone());
        let html = answer.text().await.expect("a body");
        secrets::told("a page", html.as_bytes());
        Page { status, path: action.to_owned(), html, headers }
    }

    /// Signs in by the form.
    pub async fn sign_in(&mut self, person: &str, passphrase: &str) -> Page {
        let page = self.get("/sign-in").await;
        self.submit(&page, "/sign-in", &[("person", person), ("passphrase", passphrase)]).await
    }

    async fn ask(
        &mut self,
        method: Method,
        path: &str,
        form: Option<Vec<(String, String)>>,
    ) -> Page {
        let (mut method, mut path, mut form) = (method, path.to_owned(), form);
        for _ in 0..10 {
            let mut request = self.client.request(method.clone(), format!("{}{path}", self.base));
            if !self.cookies.is_empty() {
                let pairs = self.cookies.iter().map(|(name, value)| format!("{name}={value}"));
                request = request.header("cookie", pairs.collect::<Vec<_>>().join("; "));
            }
            if let Some(hops) = &self.forwarded_for {
                request = request.header("x-forwarded-for", hops);
            }
            if let Some(form) = &form {
                request = request.header("origin", &self.base).form(form);
            }
            let answer = request.send().await.expect("an answer");
            self.keep_cookies(answer.headers());
            let status = answer.status();
            if status.is_redirection() {
                let to = answer.headers()["location"].to_str().expect("a path");
                path = to.strip_prefix(&self.base).unwrap_or(to).to_owned();
                (method, form) = (Method::GET, None);
                continue;
            }
            let headers = answer.headers().clone();
            let html = answer.text().await.expect("a body");
            secrets::told("a page", html.as_bytes());
            return Page { status, path, html, headers };
        }
        panic!("sent around in a circle: {path}");
    }

    fn keep_cookies(&mut self, headers: &reqwest::header::HeaderMap) {
        for line in headers.get_all("set-cookie") {
            let line = line.to_str().expect("a cookie");
            let (pair, rest) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie's name");
            if rest.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

#[track_caller]
fn fill(page: &Page, action: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let html = Html::parse_document(&page.html);
    let forms = Selector::parse("form[method=post]").expect("a selector");
    let found: Vec<_> =
        html.select(&forms).filter(|form| form.attr("action") == Some(action)).collect();
    let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
    let has = |form: &ElementRef<'_>| names.iter().all(|name| named(form, name));
    let form = found.iter().find(|form| has(form)).unwrap_or_else(|| {
        panic!("{} has no form to {action} with {names:?}: {}", page.path, page.text("body"))
    });
    let inputs = Selector::parse("input, textarea, select").expect("a selector");
    let mut sent: Vec<(String, String)> = Vec::new();
    for input in form.select(&inputs) {
        let Some(name) = input.attr("name") else { continue };
        if names.contains(&name) {
            continue;
        }
        let choice = matches!(input.attr("type"), Some("checkbox" | "radio"));
        if choice && input.attr("checked").is_none() {
            continue;
        }
        sent.push((name.to_owned(), value(&input)));
    }
    let given = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    sent.extend(given);
    sent
}

fn named(form: &ElementRef<'_>, name: &str) -> bool {
    let by_name = format!("[name=\"{name}\"]");
    form.select(&Selector::parse(&by_name).expect("a selector")).next().is_some()
}

fn value(input: &ElementRef<'_>) -> String {
    match input.value().name() {
        "textarea" => input.text().collect::<String>(),
        "select" => {
            let chosen = Selector::parse("option[selected]").expect("a selector");
            let first = Selector::parse("option").expect("a selector");
            let option = input.select(&chosen).next().or_else(|| input.select(&first).next());
            option.map_or_else(String::new, |option| {
                option.attr("value").map_or_else(|| words(&option), str::to_owned)
            })
        }
        _ => input.attr("value").unwrap_or_default().to_owned(),
    }
}
