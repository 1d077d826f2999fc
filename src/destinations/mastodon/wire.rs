//! What servers that speak Mastodon's API write, read with as little faith as possible.
//!
//! The invariant: only what every such server writes is required; all else may be missing.

use serde::Deserialize;
use serde_json::Value;

pub(super) use crate::destinations::reading::{Id, instant, rows};
use crate::{
    destinations::Identity,
    domain::{engagement::Author, time::Timestamp},
};

/// An account, as far as we need it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Account {
    pub id: Id,
    /// `user` on this server, `user@host` elsewhere.
    pub acct: String,
    #[serde(default)]
    pub fields: Vec<Field>,
    #[serde(default)]
    pub moved: Option<Value>,
    #[serde(default)]
    pub suspended: Option<bool>,
}

/// A line of a profile.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Field {
    #[serde(default)]
    pub value: String,
    /// When the server saw a link back to this profile on the page it names.
    #[serde(default)]
    pub verified_at: Option<String>,
}

/// A status, as far as we need it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Status {
    pub id: Id,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub uri: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub content: Option<String>,
    #[serde(default)]
    pub account: Option<Account>,
    #[serde(default)]
    pub in_reply_to_id: Option<Id>,
    #[serde(default)]
    pub reblog: Option<Box<Status>>,
    #[serde(default)]
    pub quote: Option<Value>,
}

impl Status {
    /// Its text without markup.
    pub fn text(&self) -> String {
        plain(self.content.as_deref().unwrap_or_default())
    }

    /// The server's time of it.
    pub fn at(&self) -> Option<Timestamp> {
        instant(self.created_at.as_deref()?)
    }

    /// Where a person can see it: its page, its name on the network, or the server's own redirect.
    pub fn permalink(&self, base: &reqwest::Url) -> String {
        let web = |text: &&String| text.starts_with("http://") || text.starts_with("https://");
        let (url, uri) = (self.url.as_ref().filter(web), self.uri.as_ref().filter(web));
        url.or(uri).cloned().unwrap_or_else(|| web_page(base, &self.id.0))
    }
}

/// The server's own redirect to a status.
pub(super) fn web_page(base: &reqwest::Url, id: &str) -> String {
    format!("{}/web/statuses/{id}", base.as_str().trim_end_matches('/'))
}

/// A picture that was uploaded.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Media {
    pub id: Id,
}

/// A notification, as far as we need it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Notification {
    pub id: Id,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub created_at: Option<String>,
    pub account: Account,
    #[serde(default)]
    pub status: Option<Status>,
}

/// An error, as the API writes it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct ApiError {
    pub error: String,
}

/// The text of HTML, without markup; 24 KiB of it at most, for deep nesting costs the
/// square of its length.
pub(super) fn plain(html: &str) -> String {
    const MOST: usize = 24 << 10;
    let mut end = html.len().min(MOST);
    while !html.is_char_boundary(end) {
        end -= 1;
    }
    let wide = 20_000;
    html2text::config::with_decorator(html2text::render::TrivialDecorator::new())
        .allow_width_overflow()
        .string_from_read(&html.as_bytes()[..end], wide)
        .map(|text| text.trim().to_owned())
        .unwrap_or_default()
}

impl Account {
    /// The author by their stable id, `HOST/ID`: the account's own host and the id that *our*
    /// server gives it, which it keeps when the account is renamed and never gives to another.
    pub fn author(&self, our_host: &str) -> Author {
        let (user, host) = match self.acct.trim_start_matches('@').split_once('@') {
            Some((user, host)) => (user, host.to_lowercase()),
            None => (self.acct.trim_start_matches('@'), our_host.to_owned()),
        };
        Author {
            stable_id: format!("{host}/{}", self.id.0),
            handle: format!("{user}@{host}").to_lowercase(),
        }
    }

    /// Who it is and what the server vouches for.
    pub fn identity(&self, our_host: &str) -> Identity {
        let mut evidence: Vec<String> = self.fields.iter().filter_map(Field::evidence).collect();
        if self.moved.as_ref().is_some_and(|moved| !moved.is_null()) {
            evidence.push("the account has moved to another address".to_owned());
        }
        if self.suspended == Some(true) {
            evidence.push("the account is suspended".to_owned());
        }
        Identity { author: self.author(our_host), evidence }
    }
}

impl Field {
    /// A link that the server has verified to point back to the profile.
    fn evidence(&self) -> Option<String> {
        let at = instant(self.verified_at.as_deref()?)?;
        let link = href(&self.value).unwrap_or_else(|| plain(&self.value));
        Some(format!("verified link: {link} (by the server, {at})"))
    }
}

/// The address of the first link in HTML.
fn href(html: &str) -> Option<String> {
    let (_, rest) = html.split_once("href=\"")?;
    let (link, _) = rest.split_once('"')?;
    Some(plain(link))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_leaves_the_words_and_the_reference() {
        let html = "<p><span class=\"h-card\"><a href=\"https://b.example/@bank\">@<span>bank</span>\
                    </a></span> 3 liens &amp; holds pend.<br>Ref GGM-7F3K2</p>";
        let text = plain(html);
        assert!(text.contains("@bank 3 liens & holds pend."), "{text}");
        assert!(text.contains("Ref GGM-7F3K2") && !text.contains("https://"), "{text}");
        assert_eq!(plain(&"<b>".repeat(200_000)), "");
    }
}
