//! `takaza account connect`: from the address that a person opens to the sealed grant, with the
//! real binary and an HTTP client in a browser's place.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, Command, Stdio},
};

use reqwest::{Client, Url};
use takaza::destinations::http;

use crate::support::{
    fake_oauth::FakeOAuth,
    ledger_sql, secrets,
    unit::{Said, Unit},
};

/// A browser: follows nothing by itself.
pub fn browser() -> Client {
    http::client(&http::HttpConfig::default()).unwrap()
}

/// A port that is free now.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// What a unit configures whose X is this server.
pub fn x_config(authorize: &str, token: &str, revoke: &str) -> String {
    format!(
        "[x]\nclient_id = \"takaza-test\"\nredirect = \"http://127.0.0.1:{}/callback\"\n\
         authorize_url = \"{authorize}\"\ntoken_url = \"{token}\"\nrevoke_url = \"{revoke}\"\n",
        free_port()
    )
}

fn unit(server: &FakeOAuth) -> Unit {
    let at = |path: &str| format!("{}/{path}", server.base_url);
    Unit::staffed(&x_config(&at("authorize"), &at("token"), &at("revoke")))
}

/// A `takaza account connect` that waits for a person.
pub struct Connecting {
    child: Child,
    out: BufReader<std::process::ChildStdout>,
    said: String,
    /// What the person shall open.
    pub address: Url,
}

impl Connecting {
    pub fn begin(unit: &Unit, more: &[&str]) -> Self {
        let pass = unit.file("root.pass");
        let words = ["account", "connect", "speaker", "--as", "root", "--passphrase-file", &pass];
        Self::of(unit.command(&[&words[..], more].concat()))
    }

    fn of(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let address = loop {
            let mut line = String::new();
            if out.read_line(&mut line).unwrap() == 0 {
                let mut why = String::new();
                child.stderr.take().unwrap().read_to_string(&mut why).unwrap();
                panic!("it ended: {why}");
            }
            said.push_str(&line);
            if line.starts_with("http") {
                break Url::parse(line.trim()).unwrap();
            }
        };
        Self { child, out, said, address }
    }

    /// A line is pasted.
    pub fn paste(&mut self, line: &str) {
        let mut input = self.child.stdin.take().unwrap();
        writeln!(input, "{line}").unwrap();
    }

    pub fn end(mut self) -> Said {
        self.out.read_to_string(&mut self.said).unwrap();
        let mut said = Said::from(self.child.wait_with_output().unwrap());
        said.out = self.said;
        said
    }
}

/// The person says yes: where the server sends the browser back to.
async fn grants(address: &Url) -> Url {
    let answer = browser().get(address.clone()).send().await.unwrap();
    let back = answer.headers()["location"].to_str().unwrap();
    Url::parse(back).unwrap()
}

async fn page(url: Url) -> (u16, String) {
    let answer = browser().get(url).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn add(unit: &Unit, server: &FakeOAuth, more: &[&str]) -> Said {
    let words = ["account", "add", "speaker", "--platform", "x", "--base-url", &server.base_url];
    unit.act("root", &[&words[..], more].concat())
}

async fn connect(unit: &Unit, more: &[&str]) -> Said {
    let connecting = Connecting::begin(unit, more);
    let back = grants(&connecting.address).await;
    assert_eq!(page(back).await.0, 200);
    connecting.end()
}

fn standing(unit: &Unit) -> String {
    let list = unit.run(&["account", "list", "--json"]).json();
    list[0]["standing"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_connected_by_a_browser_on_this_machine() {
    let server = FakeOAuth::start().await;
    let unit = unit(&server);
    assert!(add(&unit, &server, &[]).done().contains("takaza account connect speaker"));
    assert_eq!(standing(&unit), "not connected");
    let early = unit.act("dcp", &["account", "live", "speaker"]).refused(3);
    assert!(early.contains("not connected"), "{early}");

    let connecting = Connecting::begin(&unit, &[]);
    let asked: std::collections::BTreeMap<_, _> =
        connecting.address.query_pairs().into_owned().collect();
    assert_eq!(asked["code_challenge_method"], "S256");
    assert!(asked["scope"].contains("offline.access") && asked["state"].len() >= 43);
    let back = grants(&connecting.address).await;
    let mut foreign = back.clone();
    foreign.set_query(Some("state=somebody-elses&code=made-up"));
    assert_eq!(page(foreign).await.0, 400, "an answer to another question is turned away");
    let mut icon = back.clone();
    icon.set_path("/favicon.ico");
    assert_eq!(page(icon).await.0, 404);
    let (status, shown) = page(back.clone()).await;
    assert!(status == 200 && shown.contains("You can close this window"), "{shown}");
    assert!(!shown.contains(secrets::MARK), "the code is not shown");
    let said = connecting.end().done();
    assert!(said.contains("speaker is connected: @unit, id 77"), "{said}");
    assert!(!said.contains(secrets::MARK), "no token is shown: {said}");
    assert!(browser().get(back).send().await.is_err(), "nobody listens any more");

    assert_eq!(standing(&unit), "not live");
    unit.act("dcp", &["account", "live", "speaker"]).done();
    let sealed = format!("sqlite:{}", unit.file("takaza.db"));
    let plain = format!(
        "SELECT COUNT(*) FROM account_grant WHERE sealed IS NULL OR sealed LIKE '%{}%'",
        secrets::MARK
    );
    assert_eq!(ledger_sql::number(&sealed, &plain).await, 0);

    // Connected anew as the same account, it stays live, and the grant before is ended.
    let said = connect(&unit, &["--anew"]).await.done();
    assert!(said.contains("live as before"), "{said}");
    assert!(said.contains("ended the grant before it"), "{said}");
    assert_eq!((standing(&unit).as_str(), server.standing()), ("live", 1));
    server.will_not_revoke(true);
    let said = connect(&unit, &["--anew"]).await.done();
    assert!(said.contains("THE GRANT BEFORE IT MAY STAND STILL"), "{said}");
    assert!(!said.contains(secrets::MARK), "no token is shown: {said}");
    assert_eq!((standing(&unit).as_str(), server.standing()), ("live", 2));
    server.will_not_revoke(false);

    unit.act("root", &["account", "rotate-key"]).done();
    let told = unit.act("root", &["account", "revoke", "speaker"]).done();
    assert!(told.contains("The platform ended the grant"), "{told}");
    assert!(told.contains("the stored grant is deleted"), "{told}");
    assert_eq!(server.standing(), 1, "that grant was ended there");
    assert_eq!(standing(&unit), "revoked");
    let left = "SELECT COUNT(*) FROM account_grant WHERE sealed IS NOT NULL";
    assert_eq!(ledger_sql::number(&sealed, left).await, 0);
    unit.run(&["run-once"]).done();
    unit.run(&["audit", "verify"]).done();
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server_without_a_browser_the_address_is_pasted() {
    let server = FakeOAuth::start().await;
    let unit = unit(&server);
    add(&unit, &server, &["--handle", "@Unit"]).done();
    for whole in [true, false] {
        let mut connecting = Connecting::begin(&unit, &["--paste", "--anew"]);
        let back = grants(&connecting.address).await;
        let code = back.query_pairs().find(|(key, _)| key == "code").unwrap().1.into_owned();
        connecting.paste(if whole { back.as_str() } else { &code });
        connecting.end().done();
    }
    let mut connecting = Connecting::begin(&unit, &["--paste", "--anew"]);
    let mut back = grants(&connecting.address).await;
    back.set_query(Some("state=somebody-elses&code=made-up"));
    connecting.paste(back.as_str());
    let no = connecting.end().refused(2);
    assert!(no.contains("no answer to the address") && no.contains("nothing was stored"), "{no}");
    let mut connecting = Connecting::begin(&unit, &["--paste", "--anew"]);
    connecting.paste("made-up");
    let no = connecting.end().refused(1);
    assert!(no.contains("did not take the code"), "{no}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_of_another_account_is_ended_and_not_kept() {
    let server = FakeOAuth::start().await;
    let unit = unit(&server);
    add(&unit, &server, &["--handle", "unit"]).done();
    server.sign_in("78", "somebody");
    let no = connect(&unit, &[]).await.refused(3);
    assert!(no.contains("signed in as @somebody") && no.contains("ended again"), "{no}");
    assert_eq!((server.standing(), standing(&unit)), (0, "not connected".to_owned()));
    server.sign_in("77", "unit");
    connect(&unit, &[]).await.done();
    // The same handle, and another account behind it.
    server.sign_in("79", "unit");
    let no = connect(&unit, &["--anew"]).await.refused(3);
    assert!(no.contains("id 79"), "{no}");
    assert_eq!(server.standing(), 1, "the first one stands");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_or_nothing_is_told_what_to_do() {
    let server = FakeOAuth::start().await;
    let unit = unit(&server);
    add(&unit, &server, &[]).done();
    let connecting = Connecting::begin(&unit, &[]);
    let mut back = grants(&connecting.address).await;
    let state = back.query_pairs().find(|(key, _)| key == "state").unwrap().1.into_owned();
    back.set_query(Some(&format!("state={state}&error=access_denied")));
    assert!(page(back).await.1.contains("not granted"));
    let no = connecting.end().refused(3);
    assert!(no.contains("access_denied") && no.contains("nothing was stored"), "{no}");
    let connecting = Connecting::begin(&unit, &["--timeout", "1"]);
    let no = connecting.end().refused(1);
    assert!(no.contains("nobody came back") && no.contains("--paste"), "{no}");
    unit.act("auditor", &["account", "connect", "speaker"]).refused(3);
}

#[test]
fn without_a_client_the_command_says_where_to_register_one() {
    let unit = Unit::staffed("");
    unit.act("root", &["account", "add", "speaker", "--platform", "x"]).done();
    let no = unit.act("root", &["account", "connect", "speaker"]).refused(1);
    assert!(no.contains("x.client_id") && no.contains("developer console"), "{no}");
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_secrets_come_from_systemd_credentials() {
    let server = FakeOAuth::start().await;
    let at = |path: &str| format!("{}/{path}", server.base_url);
    let x = x_config(&at("authorize"), &at("token"), &at("revoke"));
    let unit = Unit::staffed(&format!(
        "{x}client_secret_from = \"credential:x-secret\"\n\
         [secrets]\nkey_file = \"credential:grants-key\"\n"
    ));
    add(&unit, &server, &[]).done();
    std::fs::create_dir(unit.path().join("credentials")).unwrap();
    unit.write("credentials/x-secret", &format!("{}\n", secrets::plant("client")));
    let no = unit.act("root", &["account", "connect", "speaker"]).refused(1);
    assert!(no.contains("LoadCredential=x-secret"), "{no}");
    let command = |words: &[&str]| {
        let pass = unit.file("root.pass");
        let words = [words, &["--as", "root", "--passphrase-file", &pass]].concat();
        let mut command = unit.command(&words);
        command.env("CREDENTIALS_DIRECTORY", unit.file("credentials"));
        command
    };
    let with = |words: &[&str]| Said::from(command(words).output().unwrap());
    let no = with(&["account", "connect", "speaker"]).refused(1);
    assert!(no.contains("credential:grants-key") && !no.contains(secrets::MARK), "{no}");
    let (old, new) = ("ab".repeat(32), "cd".repeat(32));
    unit.write("credentials/grants-key", &old);
    let connecting = Connecting::of(command(&["account", "connect", "speaker"]));
    assert_eq!(page(grants(&connecting.address).await).await.0, 200);
    connecting.end().done();

    let no = with(&["account", "rotate-key"]).refused(1);
    assert!(no.contains("on the first line of its source"), "{no}");
    unit.write("credentials/grants-key", &format!("{new}\n{old}\n"));
    let said = with(&["account", "rotate-key"]).done();
    assert!(said.contains("1 grants") && said.contains("take the old key's line out"), "{said}");
    unit.write("credentials/grants-key", &new);
    let told = with(&["account", "revoke", "speaker"]).done();
    assert!(told.contains("The platform ended the grant"), "{told}");
}
