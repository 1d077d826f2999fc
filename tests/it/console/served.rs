//! How the console is reached: under its own certificate, behind a proxy, and for the first time.

use std::{
    io::{BufRead as _, BufReader},
    process::Stdio,
};

use takaza::{
    clock::{Clock, Dice},
    domain::ids::PersonId,
    store::Store,
    web::Certificate,
};

use crate::support::{
    browser::Browser,
    console::{Desk, passphrase},
    tls::Authority,
    unit::Unit,
    world::World,
};

#[tokio::test]
async fn it_speaks_tls_under_its_own_certificate_and_a_renewed_one_is_read() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let write = |(certificate, secret): &(String, String)| {
        std::fs::write(&chain, certificate).unwrap();
        std::fs::write(&key, secret).unwrap();
    };
    write(&authority.certificate());
    let world = World::configured(|config| {
        config.console.certificate = Some(chain.clone());
        config.console.key = Some(key.clone());
    })
    .await;
    let desk = Desk::over(world).await;
    let base = desk.base.replace("http://127.0.0.1", "https://localhost");
    let mut browser = Browser::trusting(&base, &[authority.pem()]);
    assert_eq!(browser.get("/sign-in").await.text("h1"), "Sign in");

    let mut certificate = Certificate::read(&chain, &key).await.unwrap();
    assert!(!certificate.renew().await.unwrap(), "nothing changed");
    let (other, theirs) = (authority.certificate(), authority.certificate());
    write(&(other.0.clone(), theirs.1));
    certificate.renew().await.expect_err("the two do not belong together");
    write(&other);
    assert!(certificate.renew().await.unwrap(), "the new one is in force");
}

#[tokio::test]
async fn a_forwarded_address_is_believed_from_a_trusted_proxy_alone() {
    for (trusted, seen) in [("127.0.0.0/8", "203.0.113.7"), ("10.0.0.0/8", "127.0.0.1")] {
        let world = World::configured(|config| {
            config.console.trusted_proxies = vec![trusted.parse().unwrap()];
        })
        .await;
        let desk = Desk::over(world).await;
        let mut browser = desk.browser();
        // What the visitor claims stands left of what the proxy saw.
        browser.forwarded_for = Some("198.51.100.1, 203.0.113.7".to_owned());
        browser.sign_in("asha", passphrase()).await.ok();
        let sessions = desk.world.ctx.store.sessions(Some(&PersonId::new("asha"))).await.unwrap();
        assert_eq!(sessions[0].seat.address, seen);
    }
}

#[tokio::test]
async fn the_first_administrator_is_made_by_the_link_that_serve_prints_once() {
    let unit = Unit::bare();
    let mut serving = unit.command(&["serve"]).stderr(Stdio::piped()).spawn().expect("it starts");
    let lines = BufReader::new(serving.stderr.take().expect("its voice")).lines();
    let link = lines.map_while(Result::ok).find(|line| line.contains("/first?key="));
    let link = link.expect("the link");
    let (base, key) = link.split_once("/first").expect("an address");
    let mut browser = Browser::at(base);
    browser.get("/first?key=0123").await.is(404);
    let page = browser.get(&format!("/first{key}")).await;
    let own = crate::support::secrets::plant("passphrase");
    let fields = [("person", "root"), ("name", "S. Rao"), ("passphrase", &*own), ("again", &*own)];
    browser.submit(&page, "/first", &fields).await.ok().says("S. Rao");
    browser.get(&format!("/first{key}")).await.is(404);
    serving.kill().expect("it ends");
    serving.wait().expect("it ended");
    let url = format!("sqlite:{}", unit.path().join("takaza.db").display());
    let store = Store::open(&url, 1, &Clock::System, Dice::seeded(1)).await.unwrap();
    let people = store.people().await.unwrap();
    assert_eq!(people.iter().map(|one| one.role.as_str()).collect::<Vec<_>>(), ["administrator"]);
}
