//! What proves a person besides their passphrase: setting it up, codes that are good once, the day on
//! which the telephone is lost.

use jiff::SignedDuration;
use takaza::{
    domain::{ids::PersonId, person::Role},
    work::grants::{self, Vault},
};
use totp_rs::{Builder, Secret, Totp};

use crate::support::{
    browser::{Browser, Page},
    console::{Desk, passphrase},
    world::World,
};

/// A desk at which approvers need a second factor.
async fn desk() -> Desk {
    let needed = |config: &mut takaza::config::Config| {
        config.console.second_factor_for = vec![Role::Approver];
    };
    Desk::over(World::configured(needed).await).await
}

/// Somebody's authenticator app, set up by the text that their page shows.
struct App(Totp);

impl App {
    fn set_up(page: &Page) -> Self {
        let text = page.text("code.secret").replace(' ', "");
        let secret = Secret::try_from_base32(text).expect("a secret");
        Self(Builder::new().with_secret(secret).build().expect("as RFC 6238 has it"))
    }

    /// The code that it shows now.
    fn code(&self, desk: &Desk) -> String {
        let seconds = desk.world.now().micros() / 1_000_000;
        self.0.generate(u64::try_from(seconds).unwrap()).to_string()
    }
}

const HERE: &str = "/me/second-factor";

/// The DCP signs in and sets it up: their browser, app and recovery codes.
async fn set_up(desk: &Desk) -> (Browser, App, Vec<String>) {
    let mut dcp = desk.browser();
    let page = dcp.sign_in("dcp", passphrase()).await;
    assert_eq!(page.path, HERE, "before anything else");
    let page = dcp.submit(&page, "/me/second-factor/make", &[]).await;
    let app = App::set_up(&page);
    let fields = [("code", &*app.code(desk)), ("passphrase", passphrase())];
    let page = dcp.submit(&page, HERE, &fields).await;
    page.ok().says("Your second factor is in use");
    let codes = page.all(".codes code");
    assert_eq!(codes.len(), 10);
    (dcp, app, codes)
}

async fn sign_in(desk: &Desk, given: &str, code: &str) -> Page {
    let mut browser = desk.browser();
    let page = browser.get("/sign-in").await;
    let fields = [("person", "dcp"), ("passphrase", given), ("code", code)];
    browser.submit(&page, "/sign-in", &fields).await
}

fn step(desk: &Desk) {
    desk.world.pass(SignedDuration::from_secs(30));
}

#[tokio::test]
async fn a_role_that_needs_one_sets_it_up_before_anything_else() {
    let desk = desk().await;
    desk.signed_in("asha").await.get("/queue").await.ok();
    let mut dcp = desk.browser();
    dcp.sign_in("dcp", passphrase()).await;
    assert_eq!(dcp.get("/queue").await.path, HERE);
    let page = dcp.get("/stop").await;
    assert_eq!(page.path, HERE);
    page.says("Your role needs a second factor");
    let page = dcp.submit(&page, "/me/second-factor/make", &[]).await;
    assert!(page.html.contains("<svg") && !page.html.contains("data:"), "drawn in the page");
    let app = App::set_up(&page);
    let right = app.code(&desk);
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for (code, given) in [(wrong, passphrase()), (&*right, "not their passphrase")] {
        let fields = [("code", code), ("passphrase", given)];
        dcp.submit(&page, HERE, &fields).await.is(422).says("wrong");
    }
    assert_eq!(dcp.get("/queue").await.path, HERE, "that proves nothing yet");
    let fields = [("code", &*right), ("passphrase", passphrase())];
    let codes = dcp.submit(&page, HERE, &fields).await;
    codes.ok().says("They are not shown again");
    dcp.get("/queue").await.ok();
    let page = dcp.get(HERE).await;
    page.ok().says("Recovery codes left: 10").says_not(&codes.text(".codes code"));
    assert!(page.all("code.secret").is_empty(), "nor is the secret");
}

#[tokio::test]
async fn passphrase_and_code_count_together_and_a_code_once() {
    let desk = desk().await;
    let (_, app, _) = set_up(&desk).await;
    let told = sign_in(&desk, passphrase(), "").await.text("[role=alert]");
    assert_eq!(told, "The person, the passphrase or the code is wrong.");
    let used = app.code(&desk);
    assert_eq!(sign_in(&desk, passphrase(), &used).await.text("[role=alert]"), told);
    step(&desk);
    let code = app.code(&desk);
    let wrong = sign_in(&desk, "not their passphrase", &code).await;
    assert_eq!(wrong.text("[role=alert]"), told, "the same answer, and the code is not used up");
    let page = sign_in(&desk, passphrase(), &code).await;
    assert_eq!(page.text("h1"), "Queue");
}

#[tokio::test]
async fn a_recovery_code_stands_in_once_also_after_the_key_was_changed() {
    let desk = desk().await;
    let (mut dcp, app, codes) = set_up(&desk).await;
    let ctx = &desk.world.ctx;
    let vault = Vault::new(ctx.config.secrets.key_file.clone(), ctx.dice.clone());
    let root = desk.world.person("root").await.as_administrator(desk.world.now()).unwrap();
    let by = desk.world.by("root");
    assert_eq!(grants::rotate(&vault, &ctx.store, &by, &root).await.unwrap(), 1);
    let shouted = codes[3].to_uppercase().replace('-', " ");
    assert_eq!(sign_in(&desk, passphrase(), &shouted).await.text("h1"), "Queue");
    assert_eq!(sign_in(&desk, passphrase(), &codes[3]).await.text("h1"), "Sign in", "once");
    // The app's secret opens with the new key; new recovery codes end the old ones.
    step(&desk);
    let page = dcp.get(HERE).await;
    page.says("Recovery codes left: 9");
    let fields = [("code", &*app.code(&desk)), ("passphrase", passphrase())];
    let page = dcp.submit(&page, "/me/second-factor/recovery", &fields).await;
    let new = page.all(".codes code");
    assert_eq!(sign_in(&desk, passphrase(), &codes[4]).await.text("h1"), "Sign in");
    assert_eq!(sign_in(&desk, passphrase(), &new[0]).await.text("h1"), "Queue");
}

#[tokio::test]
async fn whoever_lost_everything_is_reset_by_an_administrator() {
    let desk = desk().await;
    let (mut dcp, app, _) = set_up(&desk).await;
    let mut root = desk.signed_in("root").await;
    let page = root.get("/people/of/dcp").await;
    let reset = "/people/of/dcp/second-factor";
    root.submit(&page, reset, &[("passphrase", "not their passphrase")]).await.is(422);
    dcp.get("/queue").await.ok();
    let page = root.submit(&page, reset, &[("passphrase", passphrase())]).await;
    page.ok().says("The second factor of dcp is gone");
    assert_eq!(dcp.get("/queue").await.text("h1"), "Sign in", "their sessions have ended");
    step(&desk);
    let page = sign_in(&desk, passphrase(), &app.code(&desk)).await;
    assert_eq!(page.path, HERE, "they set up a new one");
    let factor = desk.world.ctx.store.second_factor(&PersonId::new("dcp")).await.unwrap();
    assert_eq!(factor, None);
}

#[tokio::test]
async fn whoever_set_a_first_passphrase_cannot_set_up_the_second_factor_too() {
    let desk = desk().await;
    let mut root = desk.signed_in("root").await;
    let page = root.get("/people/add").await;
    let fields = [
        ("person", "acp"),
        ("name", "ACP"),
        ("role", "approver"),
        ("first", "chosen by root"),
        ("again", "chosen by root"),
        ("passphrase", passphrase()),
    ];
    root.submit(&page, "/people/add", &fields).await.ok();
    let mut acp = desk.browser();
    acp.sign_in("acp", "chosen by root").await;
    assert_eq!(acp.get(HERE).await.path, "/me/passphrase");
}
