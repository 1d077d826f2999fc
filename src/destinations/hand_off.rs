//! A hand-off: the officer is the sender. What they need (a link that opens the platform's own
//! composer) and what they bring back (the permalink, which is the receipt).

use reqwest::Url;

use crate::domain::platform::Platform;

/// A link that opens the platform's composer with the text in it, where the platform has one.
/// `base_url` is the account's own server, for platforms that have many.
pub fn intent_link(platform: Platform, base_url: &str, text: &str) -> Option<String> {
    let composer = match platform {
        Platform::X => "https://x.com/intent/post".to_owned(),
        Platform::Bluesky => "https://bsky.app/intent/compose".to_owned(),
        Platform::Threads => "https://www.threads.net/intent/post".to_owned(),
        Platform::Mastodon => format!("{}/share", base_url.trim_end_matches('/')),
        Platform::Sandbox
        | Platform::Facebook
        | Platform::Instagram
        | Platform::Linkedin
        | Platform::Telegram => return None,
    };
    let mut link = Url::parse(&composer).ok()?;
    link.query_pairs_mut().append_pair("text", text);
    Some(link.into())
}

/// Why a permalink is not the receipt of a post of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPermalink {
    /// Not an address.
    #[error("that is not a link to a post; copy it from the post itself")]
    NotALink,
    /// Another platform's.
    #[error("that link does not lead to {0}")]
    Elsewhere(Platform),
    /// Another account's.
    #[error("that link leads to a post of another account than {0}")]
    OtherAccount(String),
}

/// The platform's id of the post that a permalink leads to, after checking the account in it.
///
/// # Errors
/// It is no link, leads elsewhere, or to another account's post.
pub fn post_id(platform: Platform, handle: &str, permalink: &str) -> Result<String, BadPermalink> {
    let link = Url::parse(permalink.trim()).map_err(|_| BadPermalink::NotALink)?;
    let host = link.host_str().unwrap_or_default().trim_start_matches("www.").to_lowercase();
    let parts: Vec<&str> =
        link.path_segments().into_iter().flatten().filter(|p| !p.is_empty()).collect();
    let ours = |named: &str| {
        let plain = |text: &str| text.trim_start_matches('@').to_lowercase();
        let (named, own) = (plain(named), plain(handle));
        let own = if platform == Platform::Mastodon {
            own.split('@').next().unwrap_or_default().to_owned()
        } else {
            own
        };
        named == own
    };
    let found = |account: &str, id: &str| {
        if ours(account) && !id.is_empty() {
            Ok(id.to_owned())
        } else {
            Err(BadPermalink::OtherAccount(handle.to_owned()))
        }
    };
    match (platform, parts.as_slice()) {
        (Platform::X, [account, "status", id, ..])
            if ["x.com", "twitter.com"].contains(&&*host) =>
        {
            found(account, id)
        }
        (Platform::Bluesky, ["profile", account, "post", id, ..]) if host == "bsky.app" => {
            found(account, id)
        }
        (Platform::Mastodon, [account, id]) if account.starts_with('@') => found(account, id),
        (Platform::Threads, [account, "post", id, ..]) => found(account, id),
        (Platform::X | Platform::Bluesky | Platform::Mastodon | Platform::Threads, _) => {
            Err(BadPermalink::Elsewhere(platform))
        }
        (Platform::Facebook, _) if !host.ends_with("facebook.com") => {
            Err(BadPermalink::Elsewhere(platform))
        }
        (Platform::Instagram, _) if !host.ends_with("instagram.com") => {
            Err(BadPermalink::Elsewhere(platform))
        }
        (Platform::Linkedin, _) if !host.ends_with("linkedin.com") => {
            Err(BadPermalink::Elsewhere(platform))
        }
        // These name no account in a form that could be checked: the whole link is the id.
        _ if link.scheme() == "https" && !parts.is_empty() => Ok(permalink.trim().to_owned()),
        _ => Err(BadPermalink::NotALink),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permalink_is_checked_for_its_platform_and_account() {
        let x = |link| post_id(Platform::X, "ggm_cyber", link);
        assert_eq!(x("https://x.com/GGM_cyber/status/1859?s=20"), Ok("1859".to_owned()));
        assert_eq!(x("https://twitter.com/ggm_cyber/status/1859"), Ok("1859".to_owned()));
        assert_eq!(
            x("https://x.com/ggm_cyberr/status/1859"),
            Err(BadPermalink::OtherAccount("ggm_cyber".to_owned()))
        );
        assert_eq!(
            x("https://x.com.example/ggm_cyber/status/1859"),
            Err(BadPermalink::Elsewhere(Platform::X))
        );
        assert_eq!(x("1859"), Err(BadPermalink::NotALink));
        let mastodon = |link| post_id(Platform::Mastodon, "unit@social.example", link);
        assert_eq!(mastodon("https://social.example/@unit/113"), Ok("113".to_owned()));
    }

    #[test]
    fn an_intent_link_carries_the_whole_text() {
        let link = intent_link(Platform::X, "", "₹5 lakh & more").unwrap();
        let link = Url::parse(&link).unwrap();
        let (_, text) = link.query_pairs().next().unwrap();
        assert_eq!(text, "₹5 lakh & more");
        assert_eq!(intent_link(Platform::Instagram, "", "text"), None);
    }
}
