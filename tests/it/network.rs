//! The way out: whose certificates are believed, and the proxy of a police network.

use std::path::Path;

use takaza::{
    app,
    config::Config,
    destinations::{
        http::HttpConfig,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::delivery::Outcome,
};

use crate::{
    mastodon::config,
    support::{
        claimed::{Wanted, outcome},
        fake_mastodon::FakeMastodon,
        secrets,
        tls::{Authority, TunnelProxy},
    },
};

/// A unit's `[network]`, read from its files as the service reads it.
fn network(data: &Path, lines: &str) -> anyhow::Result<HttpConfig> {
    let text = format!("[network]\n{lines}\n");
    app::http(&Config::parse(&text, data).expect("a sound configuration"))
}

fn connect(fake: &FakeMastodon, base_url: &str, http: HttpConfig) -> Mastodon {
    let base_url = base_url.to_owned();
    Mastodon::connect(MastodonConfig { base_url, http, ..config(fake) }).unwrap()
}

#[tokio::test]
async fn only_a_server_that_the_roots_vouch_for_gets_a_byte() {
    let fake = FakeMastodon::start().await;
    let (ours, another) = (Authority::new(), Authority::new());
    let address = ours.before(&fake.base_url).await;
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("ours.pem"), ours.pem()).unwrap();
    std::fs::write(data.path().join("another.pem"), another.pem()).unwrap();
    let tag = Wanted::tag(1, fake.now());

    for distrusting in ["", "roots = \"another.pem\""] {
        let http = network(data.path(), distrusting).unwrap();
        let sent = outcome(&connect(&fake, &address, http), &tag).await;
        assert!(matches!(&sent, Outcome::NotSent { .. }), "{distrusting}: {sent:?}");
    }
    assert_eq!(fake.posts().len(), 0);

    let http = network(data.path(), "roots = \"ours.pem\"").unwrap();
    let sent = outcome(&connect(&fake, &address, http), &tag).await;
    assert!(matches!(&sent, Outcome::Accepted(_)), "{sent:?}");
    assert_eq!(fake.posts().len(), 1);
}

#[tokio::test]
async fn a_post_goes_through_the_proxy_and_its_password_is_never_told() {
    let fake = FakeMastodon::start().await;
    let (authority, proxy) = (Authority::new(), TunnelProxy::start().await);
    let address = authority.before(&fake.base_url).await;
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("roots.pem"), authority.pem()).unwrap();
    let lines = "proxy_from = \"file:PROXY\"\nroots = \"roots.pem\"";
    let file = data.path().join("proxy.url");
    let lines = lines.replace("PROXY", &file.to_string_lossy());
    let tag = Wanted::tag(1, fake.now());

    std::fs::write(&file, proxy.url(&format!("unit:{}", secrets::plant("wrong-password"))))
        .unwrap();
    let http = network(data.path(), &lines).unwrap();
    let shown = format!("{http:?}");
    let sent = outcome(&connect(&fake, &address, http), &tag).await;
    assert!(matches!(&sent, Outcome::NotSent { .. }), "{sent:?}");
    secrets::told("the configuration and the outcome", format!("{shown}{sent:?}").as_bytes());
    assert_eq!((proxy.refusals(), fake.posts().len()), (1, 0));

    std::fs::write(&file, format!("{}\n", proxy.good_url())).unwrap();
    let http = network(data.path(), &lines).unwrap();
    let mastodon = connect(&fake, &address, http);
    let sent = outcome(&mastodon, &tag).await;
    assert!(matches!(&sent, Outcome::Accepted(_)), "{sent:?}");
    assert_eq!((proxy.refusals(), fake.posts().len()), (1, 1));

    let direct = network(data.path(), &format!("{lines}\ndirect = [\"localhost\"]")).unwrap();
    std::fs::write(&file, "http://127.0.0.1:1").unwrap();
    let sent = outcome(&connect(&fake, &address, direct), &Wanted::tag(2, fake.now())).await;
    assert!(matches!(&sent, Outcome::Accepted(_)), "past the proxy: {sent:?}");

    // A proxy that is down is known as such: nothing has left.
    let http = network(data.path(), &lines).unwrap();
    let sent = outcome(&connect(&fake, &address, http), &Wanted::tag(3, fake.now())).await;
    assert!(matches!(&sent, Outcome::NotSent { .. }), "{sent:?}");
    assert_eq!(fake.posts().len(), 2);
}

#[test]
fn a_file_that_holds_no_certificate_or_proxy_is_named() {
    let data = tempfile::tempdir().unwrap();
    std::fs::write(data.path().join("empty.pem"), "nothing").unwrap();
    for (lines, named) in [
        ("roots = \"empty.pem\"", "empty.pem holds no certificate"),
        ("roots = \"missing.pem\"", "missing.pem cannot be read"),
        ("proxy_from = \"file:/missing/proxy\"", "/missing/proxy cannot be read"),
        ("proxy_from = \"http://u:p4ss@proxy.example\"", "network.proxy_from"),
    ] {
        let error = format!("{:#}", network(data.path(), lines).unwrap_err());
        assert!(error.contains(named) && !error.contains("p4ss"), "{lines}: {error}");
    }
}
