//! Who gets in, and what they may: sessions, forms, roles.

use jiff::SignedDuration;
use takaza::{
    domain::person::Role,
    web::{self, Allow},
};

use crate::support::{
    browser::Browser,
    console::{Desk, passphrase},
};

#[tokio::test]
async fn somebody_signs_in_looks_and_signs_out() {
    let desk = Desk::new().await;
    let mut browser = desk.browser();
    let page = browser.get("/queue").await;
    assert_eq!(page.text("h1"), "Sign in", "a stranger is asked who they are");
    let fields = [("person", "asha"), ("passphrase", passphrase())];
    let page = browser.submit(&page, "/sign-in", &fields).await;
    page.ok();
    assert_eq!((page.path.as_str(), page.text("h1").as_str()), ("/queue", "Queue"));
    let secret = browser.cookie("__Host-takaza").expect("a session").to_owned();
    let page = browser.submit(&page, "/sign-out", &[]).await;
    assert_eq!(page.text("h1"), "Sign in");
    browser.put_cookie("__Host-takaza", &secret);
    assert_eq!(
        browser.get("/queue").await.text("h1"),
        "Sign in",
        "the old cookie is worth nothing"
    );
}

#[tokio::test]
async fn what_was_wrong_is_not_told_and_whoever_tries_is_slowed_down_alone() {
    let desk = Desk::new().await;
    let mut browser = desk.browser();
    let wrong = browser.sign_in("asha", "not her passphrase").await;
    let nobody = browser.sign_in("nobody.at.all", "not her passphrase").await;
    assert_eq!(wrong.text("[role=alert]"), nobody.text("[role=alert]"));
    for _ in 0..3 {
        browser.sign_in("asha", "not her passphrase").await;
    }
    let last = browser.sign_in("asha", "not her passphrase").await;
    last.is(200);
    browser.sign_in("asha", passphrase()).await.is(429);
    // Another person, even from here, is not locked out with her.
    browser.sign_in("ravi", passphrase()).await.ok();
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it_and_at_its_longest() {
    let desk = Desk::new().await;
    let mut browser = desk.signed_in("asha").await;
    let minutes = SignedDuration::from_mins;
    for _ in 0..3 {
        desk.world.pass(minutes(25));
        assert_eq!(browser.get("/queue").await.text("h1"), "Queue");
    }
    desk.world.pass(minutes(31));
    assert_eq!(browser.get("/queue").await.text("h1"), "Sign in");
    let mut browser = desk.signed_in("asha").await;
    for _ in 0..28 {
        desk.world.pass(minutes(25));
        browser.get("/queue").await.ok();
    }
    desk.world.pass(minutes(21));
    assert_eq!(browser.get("/queue").await.text("h1"), "Sign in", "twelve hours are the longest");
}

#[tokio::test]
async fn a_form_of_another_session_or_host_does_nothing() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    asha.post("/stop", &[("why", "no token")]).await.is(400);
    let mut ravi = desk.signed_in("ravi").await;
    let page = ravi.get("/stop").await;
    let token =
        page.html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    asha.post("/stop", &[("why", "another's token"), ("token", token)]).await.is(400);
    ravi.post("/stop", &[("why", "own token"), ("token", token)]).await.ok();
    assert_eq!(desk.world.ctx.store.gate().await.unwrap().stopped.as_deref(), Some("own token"));
    assert_eq!(sent_from(&desk.base, "https://elsewhere.example").await, 421);
}

/// A form that a page of another origin sends.
async fn sent_from(base: &str, origin: &str) -> u16 {
    #[expect(clippy::disallowed_methods, reason = "what a stranger's page makes a browser send")]
    let client = reqwest::Client::new();
    let request = client.post(format!("{base}/settings")).header("origin", origin);
    request.form(&[("language", "hi")]).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn every_route_admits_exactly_the_roles_of_the_table() {
    let desk = Desk::new().await;
    let mut browsers: Vec<(Option<Role>, Browser)> = vec![(None, desk.browser())];
    let people = [
        ("asha", Role::Officer),
        ("dcp", Role::Approver),
        ("auditor", Role::Auditor),
        ("root", Role::Administrator),
    ];
    for (id, role) in people {
        browsers.push((Some(role), desk.signed_in(id).await));
    }
    let table = web::table();
    assert!(table.len() > 10, "the table is read");
    for (method, path, allow) in table.iter().cloned() {
        if ["/sign-out", "/live"].contains(&path) {
            continue;
        }
        let mut path = path.to_owned();
        for (name, value) in [
            ("{reference}", "GGM-22222"),
            ("{bank}", "ZPPL"),
            ("{order}", "none"),
            ("{person}", "ravi"),
            ("{id}", "none"),
            ("{number}", "1"),
            ("{name}", "unit"),
        ] {
            path = path.replace(name, value);
        }
        for (role, browser) in &mut browsers {
            let page = match method.as_str() {
                "GET" => browser.get(&path).await,
                _ => browser.post(&path, &[]).await,
            };
            let who = format!("{method} {path} for {role:?}: {}", page.status);
            let at_the_door = page.path.starts_with("/sign-in") && !path.starts_with("/sign-in");
            match (allow.admits(*role), role) {
                (true, _) => assert!(page.status != 403 && !(at_the_door && path != "/"), "{who}"),
                (false, None) => assert!(at_the_door, "{who}"),
                (false, Some(_)) => assert_eq!(page.status, 403, "{who}"),
            }
        }
    }
    assert!(Allow::Anyone.admits(None) && !Allow::Own.admits(None));
}

#[tokio::test]
async fn a_first_passphrase_is_changed_before_anything_else() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let granter = world.person("root").await;
    let mut new = granter.clone();
    new.id = takaza::domain::ids::PersonId::new("new");
    new.role = Role::Officer;
    let first = "chosen by somebody else";
    let hash = takaza::work::passphrase::hash(&first.to_owned().into(), &world.ctx.dice).unwrap();
    world.ctx.store.add_person(&world.by("root"), Some(&granter), &new, &hash).await.unwrap();
    let mut browser = desk.browser();
    let page = browser.sign_in("new", first).await;
    assert_eq!(page.path, "/me/passphrase", "{}", page.text("body"));
    assert_eq!(browser.get("/stop").await.path, "/me/passphrase");
    let own = "four random words here";
    let fields = |chosen| [("passphrase", first), ("new", chosen), ("again", chosen)];
    browser.submit(&page, "/me/passphrase", &fields(first)).await.is(422);
    browser.submit(&page, "/me/passphrase", &fields("short")).await.is(422);
    let page = browser.submit(&page, "/me/passphrase", &fields(own)).await;
    page.ok().says("Your new passphrase is in force");
    browser.get("/stop").await.ok();
}

#[tokio::test]
async fn pages_carry_the_headers_that_browsers_guard_people_by() {
    let desk = Desk::new().await;
    let page = desk.browser().get("/sign-in").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    assert_eq!(page.headers["x-frame-options"], "DENY");
    assert_eq!(page.headers["cache-control"], "no-store");
    assert!(!page.html.contains("style=") && !page.html.contains("onclick"), "no inline code");
    let cookie = page.headers["set-cookie"].to_str().unwrap();
    for word in ["__Host-", "Secure", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
}

#[tokio::test]
async fn the_language_and_the_theme_are_the_readers_choice() {
    let desk = Desk::new().await;
    let mut browser = desk.browser();
    let page = browser.get("/sign-in").await;
    let page = browser.submit(&page, "/settings", &[("language", "hi")]).await;
    assert_eq!(page.text("h1"), "साइन इन करें");
    assert!(page.html.contains("<html lang=\"hi\""));
}
