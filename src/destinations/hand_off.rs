//! A hand-off: the officer is the sender. What they need (a link that opens the platform's own
//! composer) and what they bring back (the permalink, which is the receipt).

use reqwest::Url;

use super::bluesky;
use crate::domain::platform::{Account, Platform};

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

/// The platform's id of the post that a permalink leads to, as the platform's API names it, after
/// checking the platform's host and the account in it.
///
/// # Errors
/// It is no link, leads elsewhere, or to another account's post.
pub fn post_id(account: &Account, permalink: &str) -> Result<String, BadPermalink> {
    let (platform, own) = (account.platform, account);
    let link = Url::parse(permalink.trim()).map_err(|_| BadPermalink::NotALink)?;
    if !leads_to(&link, platform, &own.base_url) {
        return Err(BadPermalink::Elsewhere(platform));
    }
    let parts: Vec<&str> =
        link.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).collect();
    let found = |account: &str, id: &str| {
        if is_ours(own, account) {
            Ok(id.to_owned())
        } else {
            Err(BadPermalink::OtherAccount(own.handle.clone()))
        }
    };
    match (platform, parts.as_slice()) {
        (Platform::Bluesky, ["profile", account, "post", key, ..]) => {
            let key = found(account, key)?;
            // Without a known DID nothing reads the account back, and the key alone names the post.
            Ok(own.stable_id.as_ref().map_or(key.clone(), |did| bluesky::post_name(did, &key)))
        }
        (Platform::X, [account, "status", id, ..])
        | (Platform::Telegram, ["s", account, id] | [account, id])
            if id.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            found(account, id)
        }
        (Platform::Threads, [account, "post", id, ..]) => found(account, id),
        (Platform::Mastodon, [account, id]) if account.starts_with('@') => found(account, id),
        (
            Platform::X
            | Platform::Bluesky
            | Platform::Threads
            | Platform::Telegram
            | Platform::Mastodon,
            _,
        )
        | (_, []) => Err(BadPermalink::NotALink),
        // These name no account in a form that could be checked: the whole link is the id.
        _ => Ok(permalink.trim().to_owned()),
    }
}

/// Whether a link is one of the platform's own, or of the account's own server.
fn leads_to(link: &Url, platform: Platform, base_url: &str) -> bool {
    let hosts: &[&str] = match platform {
        Platform::Mastodon | Platform::Sandbox => {
            return Url::parse(base_url).is_ok_and(|own| own.origin() == link.origin());
        }
        Platform::X => &["x.com", "twitter.com"],
        Platform::Bluesky => &["bsky.app"],
        Platform::Threads => &["threads.net", "threads.com"],
        Platform::Telegram => &["t.me"],
        Platform::Facebook => &["facebook.com"],
        Platform::Instagram => &["instagram.com"],
        Platform::Linkedin => &["linkedin.com"],
    };
    let host = link.host_str().unwrap_or_default();
    let is = |own: &&str| host.strip_suffix(own).is_some_and(|h| h.is_empty() || h.ends_with('.'));
    link.scheme() == "https" && link.port().is_none() && hosts.iter().any(is)
}

/// Whether the account that a permalink names is ours. On the account's own server a handle stands
/// without the server; Bluesky's links name the handle or the DID.
fn is_ours(account: &Account, named: &str) -> bool {
    if account.platform == Platform::Bluesky && account.stable_id.as_deref() == Some(named) {
        return true;
    }
    let plain = |text: &str| text.trim_start_matches('@').to_lowercase();
    let own = plain(&account.handle);
    let own = match account.platform {
        Platform::Mastodon => own.split('@').next().unwrap_or_default(),
        _ => own.as_str(),
    };
    !own.is_empty() && plain(named) == own
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        ids::AccountName,
        platform::{Language, MentionMode, Sender, Visibility},
    };

    fn account(platform: Platform, handle: &str) -> Account {
        Account {
            name: AccountName::new("by-hand"),
            platform,
            base_url: "https://social.example".to_owned(),
            handle: handle.to_owned(),
            stable_id: None,
            sender: Sender::HandOff,
            mention: MentionMode::PlainName,
            languages: vec![Language::En],
            visibility: Visibility::Public,
            spoiler: None,
            max_length: 300,
            picture: false,
            live: true,
        }
    }

    fn id(platform: Platform, handle: &str, link: &str) -> Result<String, BadPermalink> {
        post_id(&account(platform, handle), link)
    }

    #[test]
    fn a_bluesky_permalink_gives_the_name_that_the_accounts_own_timeline_has() {
        let known = |did: Option<&str>, link: &str| {
            let account = account(Platform::Bluesky, "Unit.example");
            post_id(&Account { stable_id: did.map(str::to_owned), ..account }, link)
        };
        let by_handle = "https://bsky.app/profile/unit.example/post/3lbo5rw4h2k2a";
        let by_did = "https://bsky.app/profile/did:plc:unit/post/3lbo5rw4h2k2a";
        let named = Ok("at://did:plc:unit/app.bsky.feed.post/3lbo5rw4h2k2a".to_owned());
        for link in [by_handle, by_did] {
            assert_eq!(known(Some("did:plc:unit"), link), named, "{link}");
        }
        let other = || Err(BadPermalink::OtherAccount("Unit.example".to_owned()));
        assert_eq!(known(Some("did:plc:other"), by_did), other());
        assert_eq!(known(None, by_did), other(), "nobody knows whose DID that is");
        assert_eq!(known(None, by_handle), Ok("3lbo5rw4h2k2a".to_owned()));
    }

    #[test]
    fn a_permalink_is_checked_for_its_platform_and_account() {
        let x = |link| id(Platform::X, "ggm_cyber", link);
        let other = || Err(BadPermalink::OtherAccount("ggm_cyber".to_owned()));
        let elsewhere = || Err(BadPermalink::Elsewhere(Platform::X));
        assert_eq!(x("https://x.com/GGM_cyber/status/1859?s=20"), Ok("1859".to_owned()));
        assert_eq!(x("https://mobile.twitter.com/ggm_cyber/status/1859"), Ok("1859".to_owned()));
        assert_eq!(x("https://x.com/ggm_cyberr/status/1859"), other());
        assert_eq!(x("https://x.com.example/ggm_cyber/status/1859"), elsewhere());
        assert_eq!(x("https://notx.com/ggm_cyber/status/1859"), elsewhere());
        assert_eq!(x("https://x.com@social.example/ggm_cyber/status/1859"), elsewhere());
        assert_eq!(x("https://x.com/ggm_cyber"), Err(BadPermalink::NotALink));
        assert_eq!(x("1859"), Err(BadPermalink::NotALink));
    }

    #[test]
    fn a_mastodon_permalink_is_on_the_accounts_own_server() {
        let mastodon = |link| id(Platform::Mastodon, "unit@social.example", link);
        assert_eq!(mastodon("https://social.example/@unit/113"), Ok("113".to_owned()));
        for elsewhere in [
            "https://other.example/@unit/113",
            "http://social.example/@unit/113",
            "https://social.example:8443/@unit/113",
            "https://www.social.example/@unit/113",
        ] {
            let refused = Err(BadPermalink::Elsewhere(Platform::Mastodon));
            assert_eq!(mastodon(elsewhere), refused, "{elsewhere}");
        }
        let remote = mastodon("https://social.example/@unit@other.example/113");
        assert_eq!(remote, Err(BadPermalink::OtherAccount("unit@social.example".to_owned())));
        let without = Account { base_url: String::new(), ..account(Platform::Mastodon, "unit") };
        let nowhere = post_id(&without, "https://social.example/@unit/113");
        assert_eq!(nowhere, Err(BadPermalink::Elsewhere(Platform::Mastodon)));
    }

    #[test]
    fn threads_and_telegram_permalinks_are_on_their_own_hosts_and_name_the_account() {
        let threads = |link: &str| id(Platform::Threads, "unit", link);
        for host in ["www.threads.net", "threads.com"] {
            assert_eq!(threads(&format!("https://{host}/@unit/post/C1")), Ok("C1".to_owned()));
        }
        let refused = Err(BadPermalink::Elsewhere(Platform::Threads));
        assert_eq!(threads("https://threads.example/@unit/post/C1"), refused);
        let telegram = |link| id(Platform::Telegram, "@GgmCyber", link);
        assert_eq!(telegram("https://t.me/ggmcyber/77"), Ok("77".to_owned()));
        assert_eq!(telegram("https://t.me/s/ggmcyber/77?single"), Ok("77".to_owned()));
        assert!(matches!(telegram("https://t.me/c/77"), Err(BadPermalink::OtherAccount(_))));
        let refused = Err(BadPermalink::Elsewhere(Platform::Telegram));
        assert_eq!(telegram("https://t.me.example/ggmcyber/7"), refused);
    }

    #[test]
    fn a_platforms_name_at_the_end_of_another_host_is_another_host() {
        let facebook = |link| id(Platform::Facebook, "unit", link);
        let link = "https://m.facebook.com/story.php?id=1";
        assert_eq!(facebook(link), Ok(link.to_owned()));
        let refused = Err(BadPermalink::Elsewhere(Platform::Facebook));
        assert_eq!(facebook("https://notfacebook.com/story"), refused);
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
