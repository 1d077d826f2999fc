//! The same truths against an OAuth 2.0 server that others wrote: `oidc-provider` from npm, running
//! at the address in `TAKAZA_TEST_OIDC`, with `tests/peers/oidc.mjs` around it.

use std::collections::BTreeMap;

use reqwest::{Client, Response, Url};
use takaza::{clock::Dice, store::Store};

use super::{
    connecting::{Connecting, browser, x_config},
    *,
};
use crate::support::{servers, unit::Unit};

/// A browser with a jar of cookies, in front of the server's own pages.
struct Browser {
    client: Client,
    cookies: BTreeMap<String, String>,
}

impl Browser {
    fn new() -> Self {
        Self { client: browser(), cookies: BTreeMap::new() }
    }

    async fn go(&mut self, url: &Url, form: Option<&[(&str, &str)]>) -> Response {
        let request = match form {
            Some(fields) => self.client.post(url.clone()).form(fields),
            None => self.client.get(url.clone()),
        };
        let jar: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let answer = request.header("cookie", jar.join("; ")).send().await.unwrap();
        for cookie in answer.headers().get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = cookie.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        answer
    }

    /// Signs in and says yes on the server's pages; where it sends the browser back to.
    async fn grants(&mut self, address: &Url, who: &str) -> Url {
        let (mut url, mut page) = (address.clone(), None);
        for _step in 0..20 {
            let login = [("prompt", "login"), ("login", who), ("password", "any")];
            let form: Option<&[(&str, &str)]> = match page {
                Some("login") => Some(&login),
                Some("consent") => Some(&[("prompt", "consent")]),
                _ => None,
            };
            let answer = self.go(&url, form).await;
            page = None;
            if let Some(next) = answer.headers().get("location") {
                url = url.join(next.to_str().unwrap()).unwrap();
                if url.path() == "/callback" {
                    return url;
                }
                continue;
            }
            let text = answer.text().await.unwrap();
            let asks = |prompt: &str| text.contains(&format!("name=\"prompt\" value=\"{prompt}\""));
            page = ["login", "consent"].into_iter().find(|prompt| asks(prompt));
            assert!(page.is_some(), "the server shows something else: {text}");
        }
        panic!("the server never sends the browser back");
    }
}

/// A unit's client on that server.
fn client(server: &str, clock: &takaza::clock::Clock) -> OAuth {
    let clock = clock.clone();
    let scopes = ["tweet.read", "tweet.write", "users.read", "like.read", "offline.access"];
    OAuth::new(OAuthConfig {
        client_id: "takaza-test".to_owned(),
        client_secret: None,
        redirect: "http://127.0.0.1:8790/callback".to_owned(),
        authorize_url: format!("{server}/auth"),
        token_url: format!("{server}/token"),
        revoke_url: format!("{server}/token/revocation"),
        scopes: scopes.map(str::to_owned).to_vec(),
        http: HttpConfig::default(),
        now: Arc::new(move || clock.now()),
    })
    .unwrap()
}

/// A grant as a person gets it.
async fn granted(oauth: &OAuth, dice: &Dice, who: &str) -> Grant {
    let asked = oauth.ask([dice.bytes(), dice.bytes()]);
    let back = Browser::new().grants(&Url::parse(&asked.url).unwrap(), who).await;
    let code = asked.code(back.as_str()).unwrap();
    let exchanged = oauth.exchange(&asked, &code).await.unwrap();
    assert!(exchanged.missing.is_empty(), "{:?}", exchanged.missing);
    exchanged.grant
}

async fn works(server: &str, token: &str) -> bool {
    let asked = browser().get(format!("{server}/2/users/me")).bearer_auth(token).send().await;
    asked.unwrap().status().is_success()
}

/// The command line's unit on that server, its account added.
fn unit(server: &str, more: &str) -> Unit {
    let x = x_config(
        &format!("{server}/auth"),
        &format!("{server}/token"),
        &format!("{server}/token/revocation"),
    );
    let unit = Unit::staffed(&format!("{x}{more}"));
    let add = ["account", "add", "speaker", "--platform", "x", "--base-url", server];
    unit.act("root", &add).done();
    unit
}

async fn connect(unit: &Unit) -> String {
    let connecting = Connecting::begin(unit, &[]);
    let back = Browser::new().grants(&connecting.address, "unit").await;
    assert_eq!(browser().get(back).send().await.unwrap().status(), 200);
    connecting.end().done()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_renewed_and_revoked() {
    let Some(server) = servers::oidc() else { return };
    let unit = unit(&server, "");
    let said = connect(&unit).await;
    assert!(said.contains("@unit, id id-unit"), "{said}");
    let told = unit.act("root", &["account", "revoke", "speaker"]).done();
    assert!(told.contains("The platform ended the grant"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_good_once_and_for_its_own_question_only() {
    let Some(server) = servers::oidc() else { return };
    let (clock, dice) = (takaza::clock::Clock::System, Dice::seeded(5));
    let oauth = client(&server, &clock);
    let asked = oauth.ask([dice.bytes(), dice.bytes()]);
    let other = oauth.ask([dice.bytes(), dice.bytes()]);
    let back = Browser::new().grants(&Url::parse(&asked.url).unwrap(), "unit").await;
    let code = asked.code(back.as_str()).unwrap();
    let stolen = oauth.exchange(&other, &code).await.err();
    assert!(matches!(stolen, Some(Unrenewed::Refused { .. })), "{stolen:?}");
    let back = Browser::new().grants(&Url::parse(&asked.url).unwrap(), "unit").await;
    let code = asked.code(back.as_str()).unwrap();
    oauth.exchange(&asked, &code).await.unwrap();
    let twice = oauth.exchange(&asked, &code).await.err();
    assert!(matches!(twice, Some(Unrenewed::Refused { .. })), "{twice:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_on_one_ledger_renew_once_a_round_and_never_lose_the_family() {
    let Some(server) = servers::oidc() else { return };
    let Some(story) = Story::on(Db::Postgres).await else { return };
    let ctx = &story.world.ctx;
    let oauth = Arc::new(client(&server, &ctx.clock));
    let first = granted(&oauth, &ctx.dice, "unit").await;
    story.put(first.access.expose_secret(), first.refresh.as_ref().unwrap().expose_secret()).await;
    let other = story.world.another_process("story-2", 2).await;
    let keepers = [story.keeper_with(ctx, oauth.clone()), story.keeper_with(&other, oauth.clone())];
    for round in 1..=30 {
        story.world.pass(mins(120));
        let asking = keepers.iter().cloned().map(|keeper| {
            tokio::spawn(async move { (token(&keeper).await, keeper.ahead().await) })
        });
        for one in asking.collect::<Vec<_>>() {
            let (token, ahead) = one.await.unwrap();
            for none in token.err().into_iter().chain(ahead.err()) {
                assert!(matches!(none, NoToken::Later { .. }), "{none}");
            }
        }
        let row = story.row().await;
        assert_eq!((row.rev, row.broken), (1 + round, None), "exactly one renewal a round");
        let tokens = [token(&keepers[0]).await.unwrap(), token(&keepers[1]).await.unwrap()];
        assert_eq!(tokens[0], tokens[1]);
        assert!(works(&server, &tokens[0]).await, "the family stands");
    }
    assert_eq!(story.entries("grant.renewed").await, 30);
    // The server is as strict as it should be: the first token once more, and the family is gone.
    let last = token(&keepers[0]).await.unwrap();
    let again = oauth.renew(Some(&first)).await.unwrap_err();
    assert!(matches!(again, Unrenewed::Refused { .. }), "{again}");
    assert!(!works(&server, &last).await);
    story.world.pass(mins(120));
    reconnect(token(&keepers[0]).await);
    assert!(story.rings().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_of_the_binary_renew_once_a_round_and_never_lose_the_family() {
    let Some(server) = servers::oidc() else { return };
    let Some(url) = servers::postgres().await else { return };
    let unit = unit(&server, &format!("[ledger]\nurl = \"{url}\"\n"));
    connect(&unit).await;
    let rounds = 8;
    for round in 1..=rounds {
        // As if its time had come; the token itself is still good.
        ledger_sql::run(&url, "UPDATE account_grant SET expires_at = issued_at").await;
        let start = || {
            let mut command = unit.command(&["run-once"]);
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        };
        for process in [start(), start()] {
            let said = crate::support::unit::Said::from(process.wait_with_output().unwrap());
            said.done();
        }
        let rev = ledger_sql::number(&url, "SELECT rev FROM account_grant").await;
        assert_eq!(rev, 1 + round, "exactly one renewal a round");
    }
    let (clock, dice) = (takaza::clock::Clock::System, Dice::seeded(5));
    let store = Store::open(&url, 2, &clock, dice.clone()).await.unwrap();
    let row = store.grant(&AccountName::new("speaker")).await.unwrap().unwrap();
    assert_eq!((row.broken, row.lease), (None, None));
    let keys = KeyPlace::File(unit.path().join("keys/grants.key"));
    let grant = Vault::new(keys, dice).open(&row.account, &row.sealed.unwrap()).unwrap();
    assert!(works(&server, grant.access.expose_secret()).await, "the family stands");
    assert_eq!(ledger_sql::entries(&url, "grant.renewed").await, rounds);
}
