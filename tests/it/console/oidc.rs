//! Signing in by the unit's own sign-in service, which may be away, wrong or hostile.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    config::{Config, Oidc},
    domain::{
        ids::PersonId,
        person::{Person, Role},
    },
};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{
    browser::{Browser, Page},
    chrome::{Chrome, OFFICE},
    console::{Desk, passphrase},
    fake_oidc::{FakeOidc, LIES},
    ledger_sql, secrets, servers,
    world::World,
};

const BEGIN: &str = "/sign-in/with?next=%2Fposts";

/// The sign-in service of this issuer, as a unit configures it.
fn service(config: &mut Config, issuer: &str, secret: &std::path::Path) {
    let people = [("4711", "asha"), ("4712", "dcp"), ("4713", "acp"), ("4714", "nobody")];
    config.console.oidc = Some(Oidc {
        name: "the unit's key".to_owned(),
        issuer: issuer.to_owned(),
        client_id: "takaza".to_owned(),
        client_secret_from: Some(format!("file:{}", secret.display())),
        scopes: vec!["openid".to_owned()],
        claim: "sub".to_owned(),
        people: BTreeMap::from(
            people.map(|(value, person)| (value.to_owned(), PersonId::new(person))),
        ),
        second_factor: vec!["otp".to_owned()],
    });
}

/// A sign-in service that is nowhere: there is a button, and nothing behind it.
pub(super) fn nowhere() -> Oidc {
    Oidc {
        name: "the unit's key".to_owned(),
        issuer: "http://127.0.0.1:9".to_owned(),
        client_id: "takaza".to_owned(),
        client_secret_from: None,
        scopes: vec!["openid".to_owned()],
        claim: "sub".to_owned(),
        people: BTreeMap::new(),
        second_factor: Vec::new(),
    }
}

/// A desk with a sign-in service, and the folder that holds our secret there.
async fn desk(server: &FakeOidc) -> (Desk, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("oidc.secret");
    std::fs::write(&secret, secrets::plant("client")).expect("a file");
    let world = World::configured(|config| service(config, &server.base_url, &secret)).await;
    server.keep_time_by(&world.ctx.clock);
    (Desk::over(world).await, folder)
}

/// Signs in by the service: the page that the browser ends at.
async fn by_service(browser: &mut Browser, server: &FakeOidc) -> Page {
    let away = browser.leaves(BEGIN).await;
    let back = server.lets_in(&away).await;
    browser.comes_back(&back).await
}

async fn is_a_stranger(browser: &mut Browser) -> bool {
    browser.get("/queue").await.text("h1") == "Sign in"
}

#[tokio::test]
async fn somebody_signs_in_by_the_service_and_out_again() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let mut asha = desk.browser();
    let page = asha.get("/posts").await;
    page.says("Sign in with the unit's key");
    assert_eq!(page.links("main a.button"), [BEGIN], "it leads back to the page that was wanted");
    let page = by_service(&mut asha, &server).await;
    assert_eq!((page.path.as_str(), page.text("h1").as_str()), ("/posts", "Posts"));
    assert_eq!(asha.cookie("__Host-takaza-away"), None, "what bound the answer is gone");
    let signed_in = ledger_sql::entries(&desk.world.ledger_url, "person.signed-in").await;
    assert_eq!(signed_in, 1, "as by a passphrase, it is in the record");
    let secret = asha.cookie("__Host-takaza").expect("a session").to_owned();
    asha.submit(&page, "/sign-out", &[]).await;
    asha.put_cookie("__Host-takaza", &secret);
    assert!(is_a_stranger(&mut asha).await, "the old cookie is worth nothing");
}

#[tokio::test]
async fn an_answer_counts_once_and_in_the_browser_that_asked() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let (mut asha, mut thief) = (desk.browser(), desk.browser());
    let back = server.lets_in(&asha.leaves(BEGIN).await).await;
    // Somebody gives their answer to another's browser, and the other way round.
    thief.comes_back(&back).await.says("begun in another browser");
    thief.leaves(BEGIN).await;
    thief.comes_back(&back).await.says("begun in another browser");
    assert_eq!((server.exchanged(), is_a_stranger(&mut thief).await), (0, true));
    assert_eq!(asha.comes_back(&back).await.text("h1"), "Posts");
    asha.comes_back(&back).await.says("begun in another browser");
    assert_eq!(server.exchanged(), 1, "a second time it is not even tried");
    // Their code in one's own answer: the service holds it to the browser that asked.
    let stolen = server.lets_in(&desk.browser().leaves(BEGIN).await).await;
    let own = server.lets_in(&thief.leaves(BEGIN).await).await;
    let code = |address: &str| {
        let url = reqwest::Url::parse(address).expect("an address");
        let code = url.query_pairs().find(|(key, _)| key == "code").expect("a code").1;
        code.into_owned()
    };
    let mixed = own.replace(&code(&own), &code(&stolen));
    thief.comes_back(&mixed).await.says("begun in another browser");
    assert!(is_a_stranger(&mut thief).await);
    // Whoever said no there is told so.
    let declined = own.split("&code=").next().expect("an address").to_owned();
    thief.leaves(BEGIN).await;
    thief.comes_back(&format!("{declined}&error=access_denied")).await.says("begun in another");
}

#[tokio::test]
async fn whoever_is_not_let_in_there_is_told_so() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let mut asha = desk.browser();
    let back = server.lets_in(&asha.leaves(BEGIN).await).await;
    let (before, after) = back.split_once("&code=").expect("a code");
    let issuer = after.split_once("&iss=").expect("an issuer").1;
    let no = format!("{before}&error=access_denied&iss={issuer}");
    asha.comes_back(&no).await.says("did not let you in");
    assert_eq!((server.exchanged(), is_a_stranger(&mut asha).await), (0, true));
}

#[tokio::test]
async fn whoever_brings_answers_all_the_time_is_slowed_down() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let mut somebody = desk.browser();
    let mut answered = 0;
    // Some tries come back while they are made: thirty at once, and one more every two seconds.
    while somebody.get("/sign-in/back?code=made-up&state=made-up").await.status != 429 {
        answered += 1;
        assert!(answered < 300, "nobody is slowed down");
    }
    assert!(answered >= 30, "slowed down after {answered}");
    assert_eq!(server.exchanged(), 0, "none of them reached the service");
}

#[tokio::test]
async fn no_lie_of_the_service_signs_anybody_in() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let mut asha = desk.browser();
    for lie in LIES {
        server.lies(Some(*lie));
        let page = by_service(&mut asha, &server).await;
        let told = page.text("[role=alert]");
        assert!(told.contains("does not hold"), "{lie:?}: {told}");
        assert!(is_a_stranger(&mut asha).await, "{lie:?}");
    }
    server.lies(None);
    // Another service's answer, under whatever name it has.
    server.answers_as("https://sign-in.example");
    by_service(&mut asha, &server).await.says("does not hold");
    assert!(is_a_stranger(&mut asha).await);
    server.answers_as(&server.base_url);
    assert_eq!(by_service(&mut asha, &server).await.text("h1"), "Posts", "the truth does");
    // A new key is asked for; so soon after the last asking, not even then.
    server.changes_its_key();
    let mut again = desk.browser();
    by_service(&mut again, &server).await.says("does not hold");
    desk.world.pass(SignedDuration::from_secs(20));
    assert_eq!(by_service(&mut again, &server).await.text("h1"), "Posts");
}

#[tokio::test]
async fn the_service_makes_nobody_and_gives_no_role() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let world = &desk.world;
    let root = world.person("root").await;
    let acp = Person {
        id: PersonId::new("acp"),
        name: "ACP".to_owned(),
        role: Role::Approver,
        confirmed: false,
        ..root.clone()
    };
    world.ctx.store.add_person(&world.by("root"), Some(&root), &acp, "none").await.unwrap();
    let people = world.ctx.store.people().await.unwrap();
    // Not configured; a role that nobody confirmed; configured, and not in the ledger.
    for subject in ["4799", "4713", "4714"] {
        server.sign_in(subject, &["pwd"]);
        let mut somebody = desk.browser();
        let page = by_service(&mut somebody, &server).await;
        page.says("nobody can sign in here").says_not(subject);
        assert!(is_a_stranger(&mut somebody).await, "{subject}");
    }
    assert_eq!(world.ctx.store.people().await.unwrap(), people, "nobody was made");
}

#[tokio::test]
async fn with_the_service_away_passphrases_still_work() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let mut asha = desk.browser();
    // It goes away while somebody is there; then it cannot even be asked.
    let back = server.lets_in(&asha.leaves(BEGIN).await).await;
    server.goes_away();
    asha.comes_back(&back).await.says("cannot be reached now");
    desk.world.pass(SignedDuration::from_mins(61));
    let page = asha.get(BEGIN).await;
    page.says("cannot be reached now").says("Sign in with the unit's key");
    let fields = [("person", "asha"), ("passphrase", passphrase())];
    let page = asha.submit(&page, "/sign-in", &fields).await;
    assert_eq!(page.text("h1"), "Posts", "and she is where she wanted to be");
}

#[tokio::test]
async fn a_unit_without_a_service_has_no_button_and_no_door() {
    let desk = Desk::new().await;
    let mut browser = desk.browser();
    browser.get("/sign-in").await.says_not("/sign-in/with");
    browser.get("/sign-in/with").await.is(404);
    browser.get("/sign-in/back?code=made-up&state=made-up").await.is(404);
}

/// The DCP sets up one-time codes: what their app shows.
async fn set_up(desk: &Desk) -> Totp {
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/me/second-factor").await;
    let page = dcp.submit(&page, "/me/second-factor/make", &[]).await;
    let text = page.text("code.secret").replace(' ', "");
    let secret = Secret::try_from_base32(text).expect("a secret");
    let app = Builder::new().with_secret(secret).build().expect("as RFC 6238 has it");
    let fields = [("code", &*code(desk, &app)), ("passphrase", passphrase())];
    dcp.submit(&page, "/me/second-factor", &fields).await.ok();
    desk.world.pass(SignedDuration::from_secs(31));
    app
}

fn code(desk: &Desk, app: &Totp) -> String {
    let seconds = desk.world.now().micros() / 1_000_000;
    app.generate(u64::try_from(seconds).unwrap()).to_string()
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_asked_for_it_unless_the_service_asked() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let app = set_up(&desk).await;
    server.sign_in("4712", &["pwd"]);
    let mut dcp = desk.browser();
    let page = by_service(&mut dcp, &server).await;
    assert_eq!(page.path, "/sign-in/code");
    assert!(is_a_stranger(&mut dcp).await, "half way is not in");
    assert_eq!(
        desk.browser().get("/sign-in/code").await.path,
        "/sign-in?told=foreign",
        "nor is anybody else's browser half way"
    );
    let right = code(&desk, &app);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    dcp.submit(&page, "/sign-in/code", &[("code", wrong)]).await.says("That code is wrong");
    let page = dcp.submit(&page, "/sign-in/code", &[("code", &right)]).await;
    assert_eq!((page.path.as_str(), page.text("h1").as_str()), ("/posts", "Posts"));
    // The code is used up, and five wrong ones end it.
    let mut again = desk.browser();
    let page = by_service(&mut again, &server).await;
    again.submit(&page, "/sign-in/code", &[("code", &right)]).await.says("used before");
    for _ in 0..2 {
        again.submit(&page, "/sign-in/code", &[("code", wrong)]).await;
    }
    // By then the person's tries from this address are used up as well.
    again.submit(&page, "/sign-in/code", &[("code", wrong)]).await.is(429);
    assert!(is_a_stranger(&mut again).await);
    // The service asked for one itself, and is believed in that.
    server.sign_in("4712", &["pwd", "otp"]);
    let page = by_service(&mut desk.browser(), &server).await;
    assert_eq!(page.text("h1"), "Posts");
}

#[tokio::test]
async fn half_way_ends_after_ten_minutes() {
    let server = FakeOidc::start().await;
    let (desk, _folder) = desk(&server).await;
    let app = set_up(&desk).await;
    server.sign_in("4712", &["pwd"]);
    let mut dcp = desk.browser();
    let page = by_service(&mut dcp, &server).await;
    desk.world.pass(SignedDuration::from_mins(11));
    let fields = [("code", &*code(&desk, &app))];
    dcp.submit(&page, "/sign-in/code", &fields).await.says("That took too long");
    assert!(is_a_stranger(&mut dcp).await);
}

/// The real service, in a real browser: its pages stand on another site than the console, so that
/// cookies are kept from it as on the open network.
#[tokio::test]
async fn a_real_service_signs_somebody_in_in_a_real_browser() {
    let Some(issuer) = servers::oidc() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("oidc.secret");
    std::fs::write(&secret, "only-for-tests").expect("a file");
    let world = World::configured(|config| service(config, &issuer, &secret)).await;
    world.pass(Clock::System.now().since(world.now()));
    let desk = Desk::over(world).await;
    let Some(asha) = Chrome::open(&desk.base.replace("127.0.0.1", "localhost"), OFFICE).await
    else {
        return;
    };
    asha.goto("/posts").await.click("a[href^='/sign-in/with']").await;
    asha.fill("input[name=login]", "4711").await.fill("input[name=password]", "any").await;
    asha.click("button[type=submit]").await.click("button[type=submit]").await;
    asha.sees("asha · officer").await;
    assert_eq!(asha.path().await, "/posts");
    // Every page after it is hers too.
    asha.click("nav a[href='/queue']").await.sees("Nothing waits here").await;
    asha.close().await;
}
