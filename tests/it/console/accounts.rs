//! The unit's own accounts on the console: live, off, paused, adopted.

use std::os::unix::fs::MetadataExt as _;

use secrecy::ExposeSecret as _;
use takaza::{
    app,
    clock::Clock,
    config::Config,
    domain::{delivery::StateName, ids::AccountName, platform::Language},
    serve::{Board, Runner},
};

use crate::{
    grants::connecting::browser,
    support::{
        browser::{Browser, Page},
        chrome::{Chrome, OFFICE},
        console::{Desk, passphrase},
        fake_bluesky::FakeBluesky,
        fake_cases::liens,
        fake_oauth::FakeOAuth,
        ledger_sql::{entries, number},
        servers,
        world::World,
    },
};

async fn live(desk: &Desk) -> bool {
    desk.world.ctx.store.accounts().await.unwrap()[0].account.live
}

#[tokio::test]
async fn an_account_is_taken_off_by_a_press_and_turned_live_by_the_approvers_passphrase() {
    let mut world = World::new().await;
    // One that officers post to by hand: it needs no connection.
    world.hand_off("desk").await;
    let desk = Desk::over(world).await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    page.ok().says("desk").says("0 used, 100 left").says("its platform charges nothing");
    page.says_not("/accounts/desk/live");
    asha.submit(&page, "/accounts/desk/off", &[]).await.ok().says("desk is off");
    assert!(!live(&desk).await);
    asha.get("/accounts/desk/live").await.is(403);
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts/desk/live").await;
    page.ok().says("P/1");
    let act = "/accounts/desk/live";
    dcp.submit(&page, act, &[("passphrase", "somebody else's")]).await.is(422);
    assert!(!live(&desk).await, "an open browser is not the approver");
    dcp.submit(&page, act, &[("passphrase", passphrase())]).await.ok().says("desk is live");
    assert!(live(&desk).await);
    dcp.get("/accounts/none/live").await.is(404);
}

#[tokio::test]
async fn no_account_turns_live_without_a_policy() {
    let world = World::configured(|config| config.unit.policy_number = None).await;
    let desk = Desk::over(world).await;
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts").await;
    page.ok().says("only under a policy");
    dcp.submit(&page, "/accounts/unit/off", &[]).await.ok();
    let page = dcp.get("/accounts/unit/live").await;
    page.ok().says("unit.policy_number");
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap()[..64].to_owned();
    let fields = [("token", token.as_str()), ("passphrase", passphrase())];
    dcp.post("/accounts/unit/live", &fields).await.is(422);
    assert!(!live(&desk).await);
}

#[tokio::test]
async fn an_account_is_paused_and_goes_on() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    let passed = [("why", "a look"), ("until", "2026-11-16T10:00")];
    asha.submit(&page, "/accounts/unit/pause", &passed).await.is(422);
    let fields = [("why", "the bank's site is down"), ("until", "2026-11-16T18:00")];
    let page = asha.submit(&page, "/accounts/unit/pause", &fields).await;
    page.ok().says("the bank's site is down").says("until 16 Nov, 18:00");
    let page = asha.submit(&page, "/accounts/unit/go-on", &[]).await;
    page.ok().says("unit goes on").says_not("the bank's site is down");
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/accounts").await;
    page.ok().says("unit").says_not("/accounts/unit/");
}

#[tokio::test]
async fn an_officer_adopts_what_was_written_by_hand() {
    let desk = Desk::new().await;
    let (store, unit) = (&desk.world.ctx.store, AccountName::new("unit"));
    let posts = [("99", "https://town.example/99")];
    store.unknown_posts(&desk.world.ctx.actor("listen"), &unit, &posts, false).await.unwrap();
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    page.ok().says("Posts that takaza did not send").says("https://town.example/99");
    let page = asha.submit(&page, "/accounts/unit/adopt", &[("post", "99")]).await;
    page.ok().says("Post 99 is the unit's own").says_not("https://town.example/99");
    assert!(store.alarms(true, 10).await.unwrap().is_empty(), "its alarm is taken");
}

/// X is this server.
fn x_at(config: &mut Config, server: &str, (authorize, token, revoke): (&str, &str, &str)) {
    let x = &mut config.x;
    x.client_id = Some("takaza-test".to_owned());
    server.clone_into(&mut x.api_url);
    x.authorize_url = format!("{server}/{authorize}");
    x.token_url = format!("{server}/{token}");
    x.revoke_url = format!("{server}/{revoke}");
}

pub(super) async fn add(root: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = root.get("/accounts/add").await;
    let fields = [fields, &[("passphrase", passphrase())]].concat();
    root.submit(&page, "/accounts/add", &fields).await
}

/// Goes to the platform and says yes there: the address that the browser is sent back to.
async fn asks_x(root: &mut Browser) -> String {
    let page = root.get("/accounts/speaker/connect").await;
    page.ok().says("/accounts/back");
    let fields = [("passphrase", passphrase())];
    let page = root.submit(&page, "/accounts/speaker/connect", &fields).await;
    let away = page.ok().links("main a.button").remove(0);
    let answer = browser().get(away).send().await.unwrap();
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_administrator_connects_an_account_by_the_platforms_own_page() {
    let server = FakeOAuth::start().await;
    let at = ("authorize", "token", "revoke");
    let world = World::configured(|config| x_at(config, &server.base_url, at)).await;
    let desk = Desk::over(world).await;
    let mut root = desk.signed_in("root").await;
    let page = add(&mut root, &[("name", "speaker"), ("platform", "x")]).await;
    page.ok().says("Now connect it").says("not connected");
    let wrong = [("passphrase", "somebody else's")];
    let page = root.get("/accounts/speaker/connect").await;
    root.submit(&page, "/accounts/speaker/connect", &wrong).await.is(422);

    let back = asks_x(&mut root).await;
    let path = back.strip_prefix(&desk.base).expect("this console").to_owned();
    // Another session of the same person, with and without what the first one's browser keeps.
    let mut other = desk.signed_in("root").await;
    other.get(&path).await.is(422).says("begun in another browser");
    other.put_cookie("__Host-takaza-away", root.cookie("__Host-takaza-away").unwrap());
    other.comes_back(&back).await.is(422).says("begun in another browser");
    assert_eq!(server.standing(), 1, "a code was made, and nobody has used it");
    assert_eq!(entries(&desk.world.ledger_url, "grant.stored").await, 0);
    // An answer counts once, even that one: it is asked for anew.
    root.get(&path).await.is(422);
    let back = asks_x(&mut root).await;
    let page = root.comes_back(&back).await;
    page.ok().says("speaker is connected. An approver turns it live").says("not live");
    let path = back.strip_prefix(&desk.base).expect("this console").to_owned();
    root.get(&path).await.is(422);
    let sealed = "SELECT COUNT(*) FROM account_grant WHERE sealed IS NOT NULL";
    assert_eq!(number(&desk.world.ledger_url, sealed).await, 1);

    // Somebody else's account is not kept in its place, and what was granted is ended.
    server.sign_in("78", "somebody");
    let back = asks_x(&mut root).await;
    let page = root.comes_back(&back).await;
    page.is(422).says("signed in as @somebody").says("ended the new grant again");
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts/speaker/live").await;
    let fields = [("passphrase", passphrase())];
    dcp.submit(&page, "/accounts/speaker/live", &fields).await.ok().says("speaker is live");
    dcp.get("/accounts/speaker/connect").await.is(403);
}

#[tokio::test]
async fn a_token_is_typed_once_kept_in_a_file_and_shown_nowhere() {
    let desk = Desk::new().await;
    let (world, mut root) = (&desk.world, desk.signed_in("root").await);
    let token = world.town.token();
    let server = world.town.base_url.as_str();
    let file = world.folder().join("keys/second.token");
    let fields = |name, secret| {
        [("name", name), ("platform", "mastodon"), ("server", server), ("secret", secret)]
    };
    let page = add(&mut root, &fields("second", "made-up")).await;
    page.is(422).says("did not confirm the token").says_not("made-up");
    assert!(!file.exists(), "what is of no use is not kept");
    for name in ["../second", "Second", "add", "two words"] {
        add(&mut root, &fields(name, token.expose_secret())).await.is(422);
    }
    add(&mut root, &fields("unit", token.expose_secret())).await.is(422).says("by that name");
    let page = add(&mut root, &fields("second", token.expose_secret())).await;
    page.ok().says("second is added and off").says("keys/second.token");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept.trim(), token.expose_secret());
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let rows = world.ctx.store.accounts().await.unwrap();
    let row = rows.iter().find(|row| row.account.name.as_str() == "second").expect("added");
    assert!(!row.account.live && row.account.stable_id.is_some(), "{row:?}");
    let mut asha = desk.signed_in("asha").await;
    asha.get("/accounts/add").await.is(403);
}

/// A service that runs already, from here on: these of its reconcilers, each on what it finds.
async fn the_service_runs(desk: &Desk, names: &[&str]) {
    let ctx = &desk.world.ctx;
    for reconciler in app::reconcilers(&ctx.config) {
        if names.contains(&reconciler.name) {
            Runner::new(reconciler, ctx.clone(), Board::default()).step().await;
        }
    }
}

#[tokio::test]
async fn the_service_that_runs_speaks_from_an_account_that_is_added_here() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let path = ["accounts", "watch", "escalate", "clear", "deliver"];
    the_service_runs(&desk, &path).await;
    let mut root = desk.signed_in("root").await;
    let token = world.town.token();
    let (server, secret) = (world.town.base_url.as_str(), token.expose_secret());
    let fields = [("name", "second"), ("platform", "mastodon"), ("server", server)];
    add(&mut root, &[&fields[..], &[("secret", secret)]].concat()).await.ok();
    let page = root.get("/accounts").await;
    root.submit(&page, "/accounts/unit/off", &[]).await.ok();
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts/second/live").await;
    let passphrase = [("passphrase", passphrase())];
    dcp.submit(&page, "/accounts/second/live", &passphrase).await.ok();

    world.cases.put(liens("ZPPL", 5, world.now()));
    the_service_runs(&desk, &path).await;
    let row = world.held().await;
    let place = format!("/queue/{}", row.escalation.reference);
    let page = dcp.get(&place).await;
    dcp.submit(&page, &format!("{place}/approve"), &[]).await.ok();
    the_service_runs(&desk, &path).await;
    let row = world.again(&row).await;
    let sent = row.deliveries.iter().filter(|one| one.delivery.name() == StateName::Delivered);
    let sent: Vec<_> = sent.map(|one| &one.delivery.content).collect();
    assert!(!sent.is_empty() && sent.iter().all(|one| one.account.as_str() == "second"));
    assert!(world.town.posts().iter().any(|post| post.text == sent[0].text));

    // Revoked, it is spoken from no more, by the same process.
    let name = AccountName::new("second");
    world.ctx.store.account_revoked(&world.by("root"), &name, "by hand").await.unwrap();
    the_service_runs(&desk, &["accounts"]).await;
    assert!(world.ctx.current().destinations.is_empty());
}

#[tokio::test]
async fn a_bluesky_account_is_added_by_its_handle_and_app_password() {
    let sky = FakeBluesky::start().await;
    let desk = Desk::new().await;
    let mut root = desk.signed_in("root").await;
    let password = sky.password();
    let fields = |handle, secret| {
        [
            ("name", "sky"),
            ("platform", "bluesky"),
            ("server", sky.base_url.as_str()),
            ("handle", handle),
            ("secret", secret),
        ]
    };
    add(&mut root, &fields("", password.expose_secret())).await.is(422);
    let page = add(&mut root, &fields("unit.example", "made-up")).await;
    page.is(422).says("did not confirm the token").says_not("made-up");
    let file = desk.world.folder().join("keys/sky.token");
    assert!(!file.exists(), "what is of no use is not kept");
    let page = add(&mut root, &fields("@unit.example", password.expose_secret())).await;
    page.ok().says("sky is added and off").says("@unit.example").says_not(password.expose_secret());
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    let rows = desk.world.ctx.store.accounts().await.unwrap();
    let row = rows.iter().find(|row| row.account.name.as_str() == "sky").expect("added");
    let account = &row.account;
    assert_eq!(account.stable_id.as_deref(), Some(sky.did().as_str()));
    assert_eq!((account.live, account.max_length, account.picture), (false, 300, true));
    assert_eq!(account.languages, Language::ALL);
}

#[tokio::test]
async fn an_administrator_gives_an_accounts_tags_a_picture_and_takes_it_away() {
    let mut world = World::new().await;
    world.hand_off("desk").await;
    let desk = Desk::over(world).await;
    let bears = async |name: &str| {
        let rows = desk.world.ctx.store.accounts().await.unwrap();
        rows.iter().find(|row| row.account.name.as_str() == name).unwrap().account.picture
    };
    let mut root = desk.signed_in("root").await;
    for name in ["unit", "desk"] {
        let act = format!("/accounts/{name}/picture");
        let page = root.get("/accounts").await;
        let page = root.submit(&page, &act, &[("on", "yes")]).await;
        page.ok().says(&format!("Tags of {name} bear a picture"));
        assert!(bears(name).await, "{name}");
        root.submit(&page, &act, &[("on", "no")]).await.ok().says("bear no picture");
        assert!(!bears(name).await, "{name}");
    }
    let mut asha = desk.signed_in("asha").await;
    asha.get("/accounts").await.ok().says_not("/accounts/unit/picture");
    assert_eq!(entries(&desk.world.ledger_url, "account.picture").await, 4);
}

/// The platform's pages stand on another site than the console, as X's do.
#[tokio::test]
async fn an_account_is_connected_in_a_real_browser_at_a_real_server() {
    let Some(server) = servers::oidc() else { return };
    let at = ("auth", "token", "token/revocation");
    let world = World::configured(|config| x_at(config, &server, at)).await;
    world.pass(Clock::System.now().since(world.now()));
    let desk = Desk::over(world).await;
    let mut adding = desk.signed_in("root").await;
    add(&mut adding, &[("name", "speaker"), ("platform", "x")]).await.ok();
    let Some(root) = Chrome::open(&desk.base.replace("127.0.0.1", "localhost"), OFFICE).await
    else {
        return;
    };
    root.sign_in("root", passphrase()).await;
    root.goto("/accounts/speaker/connect").await.fill("input[name=passphrase]", passphrase()).await;
    root.click("main button.primary").await;
    root.fill("input[name=login]", "unit").await.fill("input[name=password]", "any").await;
    root.click("button[type=submit]").await.click("button[type=submit]").await;
    root.sees("speaker is connected").await.sees("@unit").await;
    assert_eq!(root.path().await, "/accounts");
    root.close().await;
}
