//! A real browser: Chromium, driven as a person would. (Without scripts: `browser.rs`.)

use std::path::PathBuf;

use fantoccini::{Client, ClientBuilder, Locator};
use serde_json::{Value as Json, json};

use super::servers;

/// How a browser is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Its width, in pixels of CSS.
    pub width: u32,
    /// The language that it asks for.
    pub language: &'static str,
    /// Whether it runs scripts.
    pub scripts: bool,
}

/// An old office PC.
pub const OFFICE: Screen = Screen { width: 1280, language: "en", scripts: true };
/// A telephone.
pub const TELEPHONE: Screen = Screen { width: 360, language: "en", scripts: true };
/// An office PC on which scripts are switched off.
pub const PLAIN: Screen = Screen { width: 1280, language: "en", scripts: false };

/// One window of a browser of its own.
pub struct Chrome {
    client: Client,
    base: String,
}

impl Chrome {
    /// Opens a browser; `None` where there is no chromedriver (and says so).
    pub async fn open(base: &str, screen: Screen) -> Option<Self> {
        let driver = servers::chromedriver()?;
        let arguments = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--lang={}", screen.language),
            format!("--window-size={},1000", screen.width.max(500)),
        ];
        let mut options = json!({
            "args": arguments,
            "prefs": {"intl.accept_languages": screen.language},
        });
        if !screen.scripts {
            const BLOCK: u32 = 2;
            let key = "profile.managed_default_content_settings.javascript";
            options["prefs"][key] = json!(BLOCK);
        }
        if screen.width < 500 {
            // A window is never so narrow: the browser takes the part of a telephone.
            options["mobileEmulation"] = json!({
                "deviceMetrics": {"width": screen.width, "height": 780, "pixelRatio": 2.0},
            });
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "timeouts": {"pageLoad": 20_000, "script": 20_000},
        });
        let capabilities = capabilities.as_object().cloned().expect("an object");
        let client = ClientBuilder::rustls()
            .expect("TLS")
            .capabilities(capabilities)
            .connect(&driver)
            .await
            .expect("chromedriver opens a browser");
        Some(Self { client, base: base.to_owned() })
    }

    pub async fn goto(&self, path: &str) -> &Self {
        self.client.goto(&format!("{}{path}", self.base)).await.expect("a page");
        self
    }

    /// Opens a page of somebody else's.
    pub async fn visits(&self, url: &str) -> &Self {
        self.client.goto(url).await.expect("a page");
        self
    }

    /// Chooses light or dark.
    pub async fn chooses(&self, theme: &'static str) -> &Self {
        self.goto("/sign-in").await;
        self.asks(&format!("document.cookie = 'takaza-theme={theme}; path=/'")).await;
        self
    }

    /// Types more after what stands in a field.
    pub async fn adds(&self, selector: &str, text: &str) -> &Self {
        let found = self.client.wait().for_element(Locator::Css(selector)).await;
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        found.send_keys(text).await.expect("keys");
        self
    }

    /// Looks out from now on for a text that is not on the page yet, without asking for the page
    /// again.
    pub async fn looks_out_for(&self, text: &str) -> &Self {
        let script = "const [text] = arguments;
            window.saw = 0;
            const look = () => {
                if (!window.saw && document.body.innerText.includes(text)) window.saw = Date.now();
            };
            look();
            const already = window.saw > 0;
            new MutationObserver(look).observe(document.body,
                {childList: true, subtree: true, characterData: true});
            return already;";
        let already = self.client.execute(script, vec![json!(text)]).await.expect("an answer");
        assert_eq!(already, false, "{text:?} is on {} already", self.path().await);
        self
    }

    /// When that text came, in milliseconds since 1970 by the machine's clock.
    pub async fn saw(&self) -> i64 {
        let script = "const done = arguments[0];
            const look = () => window.saw ? done(window.saw) : setTimeout(look, 20);
            look();";
        let at = self.client.execute_async(script, vec![]).await.expect("it came");
        at.as_i64().expect("a time")
    }

    /// The address, without the host.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.expect("an address");
        url.as_str().strip_prefix(&self.base).unwrap_or(url.as_str()).to_owned()
    }

    /// The text that a person sees in what a selector finds, once it is there.
    pub async fn text(&self, selector: &str) -> String {
        let found = self.client.wait().for_element(Locator::Css(selector)).await;
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        found.text().await.expect("its text")
    }

    /// Waits until a person sees this somewhere on the page.
    pub async fn sees(&self, text: &str) -> &Self {
        let path = format!("//body//*[contains(normalize-space(.), {text:?})]");
        let found = self.client.wait().for_element(Locator::XPath(&path)).await;
        if let Err(error) = found {
            panic!(
                "{text:?} is not on {}: {error}\n{}",
                self.path().await,
                self.text("body").await
            );
        }
        self
    }

    /// Clicks it; where its page goes away meanwhile, on the one that comes.
    pub async fn click(&self, selector: &str) -> &Self {
        loop {
            let found = self.client.wait().for_element(Locator::Css(selector)).await;
            let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
            match found.click().await {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => break clicked.expect("a click"),
            }
        }
        self
    }

    pub async fn fill(&self, selector: &str, text: &str) -> &Self {
        let found = self.client.wait().for_element(Locator::Css(selector)).await;
        let found = found.unwrap_or_else(|error| panic!("{selector}: {error}"));
        found.clear().await.expect("an empty field");
        found.send_keys(text).await.expect("keys");
        self
    }

    /// Presses keys where the focus is.
    pub async fn press(&self, keys: &str) -> &Self {
        let at = self.client.active_element().await.expect("something has the focus");
        at.send_keys(keys).await.expect("keys");
        self
    }

    /// Signs in by the form.
    pub async fn sign_in(&self, person: &str, passphrase: &str) -> &Self {
        self.goto("/sign-in").await;
        self.fill("#person", person).await.fill("#passphrase", passphrase).await;
        self.click("main button.primary").await;
        self.client.wait().for_element(Locator::Css("a[href='/me']")).await.expect("signed in");
        self
    }

    /// What axe-core calls serious or critical on this page.
    pub async fn barriers(&self) -> Vec<String> {
        let axe = PathBuf::from(servers::axe().expect("axe-core is installed with chromedriver"));
        let axe = std::fs::read_to_string(axe.join("node_modules/axe-core/axe.min.js"));
        self.client.execute(&axe.expect("axe-core"), vec![]).await.expect("axe-core runs");
        let script = "const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then((found) => done(found.violations));";
        let found = self.client.execute_async(script, vec![]).await.expect("an answer");
        let grave = |rule: &Json| matches!(rule["impact"].as_str(), Some("serious" | "critical"));
        let found = found.as_array().expect("a list").iter().filter(|rule| grave(rule));
        found.map(|rule| format!("{}: {} {}", rule["id"], rule["help"], rule["nodes"])).collect()
    }

    /// How far the page stands out over the right edge of the window, in pixels.
    pub async fn overhang(&self) -> i64 {
        let script = "return document.documentElement.scrollWidth - window.innerWidth";
        let found = self.client.execute(script, vec![]).await.expect("an answer");
        found.as_f64().unwrap_or_default() as i64
    }

    /// A script's answer.
    pub async fn asks(&self, script: &str) -> Json {
        self.client.execute(script, vec![]).await.expect("an answer")
    }

    /// Draws the page, whole, into target/screenshots.
    pub async fn draw(&self, name: &str) {
        let script = "return Math.ceil(document.documentElement.getBoundingClientRect().height)";
        let height = self.asks(script).await.as_u64().unwrap_or(1000).clamp(600, 6000);
        let wide = self.asks("return window.innerWidth").await.as_u64().unwrap_or(1280);
        let narrow = wide < 500;
        if !narrow {
            let size = (wide as u32, height as u32 + 140);
            self.client.set_window_size(size.0, size.1).await.expect("a larger window");
        }
        let picture = self.client.screenshot().await.expect("a picture");
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
    }

    pub async fn close(self) {
        self.client.close().await.expect("it closes");
    }
}
