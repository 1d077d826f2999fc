//! The JSON API: what other programs read and decide with a person's token, and never more.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value as Json, json};
use takaza::{
    domain::{
        canonical::Hash,
        engagement::{EngagementKind, Voice},
        escalation::EscalationState,
        ids::{AccountName, PersonId},
        person::Role,
    },
    store::Noted,
    web::{self, Scope},
};

use crate::{
    states::signed_order,
    support::{
        browser::Browser,
        console::{Desk, passphrase},
        fake_cases::liens,
        servers,
        world::World,
    },
};

const ROLES: [(&str, Role); 4] = [
    ("asha", Role::Officer),
    ("dcp", Role::Approver),
    ("auditor", Role::Auditor),
    ("root", Role::Administrator),
];

/// An answer of the API.
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Json {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {}", self.text))
    }

    #[track_caller]
    fn ok(&self) -> Json {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// A problem with this status and code.
    #[track_caller]
    fn is(&self, status: u16, code: &str) -> &Self {
        assert_eq!(self.status, status, "{}", self.text);
        let (problem, kind) = (self.json(), &self.headers["content-type"]);
        assert_eq!(kind, "application/problem+json");
        let told = (&problem["code"], &problem["status"], &problem["type"]);
        assert_eq!(told, (&json!(code), &json!(status), &json!("about:blank")));
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.len() > 10), "{problem}");
        self
    }
}

/// A program that calls the API, with a token or without one.
struct Program {
    base: String,
    token: Option<String>,
    client: reqwest::Client,
}

impl Program {
    fn at(desk: &Desk, token: Option<&str>) -> Self {
        #[expect(clippy::disallowed_methods, reason = "a program of a story, not a way out")]
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        Self { base: desk.base.clone(), token: token.map(str::to_owned), client }
    }

    async fn call(&self, method: Method, path: &str, body: Option<(&str, String)>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.base));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some((kind, body)) = body {
            request = request.header("content-type", kind).body(body);
        }
        let answer = request.send().await.unwrap();
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        Answer { status, headers, text: answer.text().await.unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Json) -> Answer {
        self.call(Method::POST, path, Some(("application/json", body.to_string()))).await
    }
}

/// A token as its person makes it on the page.
async fn token(desk: &Desk, person: &str, name: &str, scopes: &[&str]) -> String {
    token_of(&mut desk.signed_in(person).await, name, scopes).await
}

async fn token_of(browser: &mut Browser, name: &str, scopes: &[&str]) -> String {
    let page = browser.get("/me/tokens").await;
    let mut fields = vec![("name", name), ("passphrase", passphrase()), ("days", "7")];
    fields.extend(scopes.iter().map(|scope| ("scope", *scope)));
    let page = browser.submit(&page, "/me/tokens", &fields).await;
    page.ok();
    let (_, rest) = page.html.split_once("id=\"made\" value=\"").expect("the token is shown");
    rest.split('"').next().unwrap().to_owned()
}

async fn program(desk: &Desk, person: &str, scopes: &[&str]) -> Program {
    Program::at(desk, Some(&token(desk, person, "story", scopes).await))
}

/// A world in which something is held, something was posted and answered, and an order is in force.
async fn filled() -> World {
    let world = World::new().await;
    let row = world.cleared("ZPPL").await;
    world.run_once().await;
    let row = world.again(&row).await;
    let reply = Noted {
        kind: EngagementKind::Reply,
        alias: "an alias".to_owned(),
        voice: Voice::Bank,
        author: "care@peepal.example".to_owned(),
        at: Some(world.now()),
        text: None,
        post_id: None,
    };
    let heard = [(row.deliveries[0].delivery.id.clone(), vec![reply])].into();
    world.ctx.store.heard(&world.ctx.actor("listen"), &heard).await.unwrap();
    signed_order(&world, &row, "nights", |_| {}).await;
    world.cases.put(liens("ZNMN", 6, world.now()));
    world.watch_and_escalate().await;
    world
}

/// The table's path with the things of a filled world in it.
fn filled_in(path: &str, reference: &str) -> String {
    path.replace("{reference}", reference).replace("{code}", "ZPPL").replace("{order}", "nights")
}

#[tokio::test]
async fn the_document_and_the_table_tell_of_the_same_calls() {
    let desk = Desk::new().await;
    let program = Program::at(&desk, None);
    let document = program.get("/api/v1/openapi.json").await.ok();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["token"][0].as_str().map(str::to_owned);
            told.insert((method.to_uppercase(), path.clone(), scope));
        }
    }
    let tabled = web::calls().into_iter().map(|(method, path, allow, scope)| {
        let scope = (!allow.admits(None)).then(|| scope.to_string());
        (method.to_string(), path.to_owned(), scope)
    });
    assert_eq!(told, tabled.collect());
    assert!(told.len() > 10, "the table is read");
    assert!(web::table().iter().all(|(_, path, _)| !path.starts_with("/api/")));
}

#[tokio::test]
async fn every_call_admits_exactly_the_roles_of_the_table_and_the_scopes_of_the_token() {
    let desk = Desk::over(filled().await).await;
    let reference = desk.world.held().await.escalation.reference.to_string();
    let stranger = Program::at(&desk, None);
    let liar = Program::at(&desk, Some("takaza_0123456789abcdef"));
    let mut cookie = desk.signed_in("dcp").await;
    let mut programs = Vec::new();
    for (person, role) in ROLES {
        for scope in Scope::ALL {
            let token = token(&desk, person, scope.as_str(), &[scope.as_str()]).await;
            programs.push((role, *scope, Program::at(&desk, Some(&token))));
        }
    }
    for (method, path, allow, needs) in web::calls() {
        let path = filled_in(path, &reference);
        let open = allow.admits(None);
        for nobody in [&stranger, &liar] {
            let answer = nobody.call(method.clone(), &path, None).await;
            if open {
                answer.ok();
            } else {
                answer.is(401, "token");
                let challenge = answer.headers["www-authenticate"].to_str().unwrap();
                assert!(challenge.starts_with("Bearer "), "{challenge}");
            }
        }
        if method == Method::GET && !open {
            assert_eq!(cookie.get(&path).await.status.as_u16(), 401, "a cookie opens {path}");
        }
        for (role, has, program) in &programs {
            let answer = program.call(method.clone(), &path, None).await;
            let who = format!("{method} {path} for {role} with {has}: {}", answer.text);
            match (allow.admits(Some(*role)), open || needs == *has) {
                (true, true) => assert!(![401, 403].contains(&answer.status), "{who}"),
                (true, false) => {
                    answer.is(403, "scope");
                    let challenge = answer.headers["www-authenticate"].to_str().unwrap();
                    assert!(challenge.contains("insufficient_scope"), "{challenge}");
                }
                (false, _) => {
                    answer.is(403, "role");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_token_is_shown_once_kept_as_a_hash_and_good_until_it_ends_or_is_revoked() {
    let desk = Desk::new().await;
    let store = &desk.world.ctx.store;
    let mut browser = desk.signed_in("dcp").await;
    let page = browser.get("/me/tokens").await;
    page.ok().says("You have no token.");
    let wrong = [("name", "nightly"), ("scope", "read"), ("passphrase", "not hers at all")];
    browser.submit(&page, "/me/tokens", &wrong).await.is(422);
    let nothing = [("name", "nightly"), ("passphrase", passphrase())];
    browser.submit(&page, "/me/tokens", &nothing).await.is(422);
    let secret = token_of(&mut browser, "nightly", &["read"]).await;
    let page = browser.get("/me/tokens").await;
    page.ok().says("nightly").says_not(&secret);
    let dcp = PersonId::new("dcp");
    let kept = store.tokens(&dcp).await.unwrap();
    assert_eq!((kept.len(), kept[0].id), (1, Hash::of(secret.as_bytes())));
    let again = [("name", "nightly"), ("scope", "read"), ("passphrase", passphrase())];
    browser.submit(&page, "/me/tokens", &again).await.is(422);

    let program = Program::at(&desk, Some(&secret));
    program.get("/api/v1/orders").await.ok();
    browser.get("/me/tokens").await.says_not("–");
    // Nobody revokes another's.
    let id = kept[0].id.to_string();
    let mut asha = desk.signed_in("asha").await;
    let form = asha.get("/me/tokens").await;
    let (_, rest) = form.html.split_once("name=\"token\" value=\"").unwrap();
    let theirs = rest.split('"').next().unwrap().to_owned();
    asha.post("/me/tokens/revoke", &[("id", &id), ("token", &theirs)]).await.is(404);
    program.get("/api/v1/orders").await.ok();
    let page = browser.submit(&page, "/me/tokens/revoke", &[("id", &id)]).await;
    page.ok().says("The token is revoked");
    program.get("/api/v1/orders").await.is(401, "token");

    let second = token_of(&mut browser, "weekly", &["read"]).await;
    let second = Program::at(&desk, Some(&second));
    desk.world.pass(SignedDuration::from_hours(7 * 24 - 1));
    second.get("/api/v1/orders").await.ok();
    desk.world.pass(SignedDuration::from_hours(1));
    second.get("/api/v1/orders").await.is(401, "token");
}

#[tokio::test]
async fn a_token_is_worth_what_its_person_is_now() {
    let desk = Desk::new().await;
    let program = program(&desk, "ravi", &["read", "queue"]).await;
    program.get("/api/v1/queue").await.ok();
    let world = &desk.world;
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let (ravi, now) = (PersonId::new("ravi"), world.now());
    world.ctx.store.end_person(&world.by("root"), &root, &ravi, now).await.unwrap();
    program.get("/api/v1/queue").await.is(403, "forbidden");
}

#[tokio::test]
async fn a_program_of_the_dcp_approves_what_it_saw_and_the_record_says_by_which_token() {
    let desk = Desk::over(filled().await).await;
    let world = &desk.world;
    let dcp = program(&desk, "dcp", &["read", "queue"]).await;
    let asha = program(&desk, "asha", &["read", "queue"]).await;
    let queue = dcp.get("/api/v1/queue?state=held").await.ok();
    let (seen, next) = (&queue["items"][0], &queue["next"]);
    assert_eq!((next, queue["items"].as_array().unwrap().len()), (&Json::Null, 1));
    let path = format!("/api/v1/queue/{}", seen["reference"].as_str().unwrap());
    assert_eq!(&dcp.get(&path).await.ok(), seen);
    let (approve, reject) = (format!("{path}/approve"), format!("{path}/reject"));

    let named = json!({"hash": seen["hash"]});
    asha.post(&approve, &named).await.is(403, "role");
    dcp.post(&approve, &json!({"hash": "0".repeat(64)})).await.is(409, "conflict");
    dcp.post(&approve, &json!({"hash": "what I saw"})).await.is(422, "senseless");
    dcp.post(&reject, &json!({"reason": "  "})).await.is(422, "senseless");
    assert_eq!(world.held().await.escalation.reference.to_string(), seen["reference"]);
    let cleared = dcp.post(&approve, &named).await.ok();
    assert_eq!((&cleared["state"], &cleared["cleared"]["by"]), (&json!("cleared"), &json!("dcp")));
    dcp.post(&approve, &named).await.is(409, "conflict");

    let row = world.ctx.store.history_of(seen["reference"].as_str().unwrap()).await.unwrap();
    let (_, entry) =
        row.entries.iter().find(|(_, entry)| entry.act == "escalation.approved").unwrap();
    assert_eq!(entry.by.person, Some(PersonId::new("dcp")));
    assert_eq!(entry.by.process, "api queue approve (token story)");
    let rejected = dcp.post(&reject, &json!({"reason": "wrong bank"})).await;
    rejected.is(409, "conflict");
    assert_eq!(world.escalations(&[EscalationState::Cleared]).await.len(), 1);
}

#[tokio::test]
async fn everything_that_is_read_is_there_and_no_case_is_in_it() {
    let desk = Desk::over(filled().await).await;
    let program = program(&desk, "auditor", &["read"]).await;
    let world = &desk.world;
    let posts = program.get("/api/v1/posts?state=delivered&bank=zppl").await.ok();
    let post = &posts["items"][0];
    assert!(post["permalink"].as_str().unwrap().starts_with("http"), "{post}");
    let reference = post["reference"].as_str().unwrap().to_owned();
    let history = program.get(&format!("/api/v1/posts/{reference}")).await.ok();
    let acts = history["record"].as_array().unwrap().iter().map(|entry| &entry["act"]);
    assert!(acts.into_iter().any(|act| act == "delivery.attempted"), "{history}");
    assert_eq!(history["attempts"][0]["outcome"], "accepted");
    let engagement = program.get("/api/v1/engagement").await.ok();
    let counted = &engagement["items"][0]["counts"][0];
    assert_eq!((&counted["kind"], &counted["voice"]), (&json!("reply"), &json!("bank")));
    let banks = program.get("/api/v1/banks?overdue=true").await.ok();
    let overdue: Vec<_> = banks["items"].as_array().unwrap().iter().collect();
    assert_eq!(overdue.len(), 2, "{banks}");
    assert!(overdue.iter().any(|one| one["bank"]["code"] == "ZNMN" && one["overdue"] == 6));
    assert_eq!(program.get("/api/v1/banks/zppl").await.ok()["overdue"], 5);
    let orders = program.get("/api/v1/orders").await.ok();
    assert_eq!(orders["items"][0]["standing"], "in force");
    assert_eq!(program.get("/api/v1/orders/nights").await.ok(), orders["items"][0]);
    let report = program.get("/api/v1/report").await.ok();
    assert_eq!((&report["escalations"]["held"], &report["tags_avoided"]), (&json!(1), &json!(0)));

    let mut cases = Vec::new();
    for row in world.escalations(EscalationState::ALL).await {
        for member in world.ctx.store.members(&row.escalation.id).await.unwrap() {
            cases.push(member.seen.case_ref.expose().to_owned());
            cases.push(format!("\"{}\"", member.seen.external_id.expose()));
        }
    }
    assert!(cases.len() > 20, "the cases are read");
    for (method, path, ..) in web::calls() {
        if method == Method::GET && !path.contains("/pictures/") {
            let answer = program.get(&filled_in(path, &reference)).await;
            answer.ok();
            assert!(cases.iter().all(|case| !answer.text.contains(case)), "{path} tells a case");
        }
    }
}

#[tokio::test]
async fn a_program_gets_the_picture_that_a_post_names() {
    let world = World::new().await;
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let unit = AccountName::new("unit");
    world.ctx.store.set_picture(&world.by("root"), &root, &unit, true).await.unwrap();
    let row = world.cleared("ZPPL").await;
    let hash = row.escalation.contents[0].picture.as_ref().unwrap().png;
    let desk = Desk::over(world).await;
    let program = program(&desk, "auditor", &["read"]).await;
    let shown = program.get(&format!("/api/v1/queue/{}", row.escalation.reference)).await.ok();
    assert!(shown.to_string().contains(&hash.to_string()), "the queue names it: {shown}");
    let url = format!("{}/api/v1/pictures/{hash}", program.base);
    let answer = program.client.get(url).bearer_auth(program.token.unwrap()).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(Hash::of(&answer.bytes().await.unwrap()), hash);
}

#[tokio::test]
async fn what_is_malformed_is_refused_and_lists_have_their_limits() {
    let desk = Desk::over(filled().await).await;
    let program = program(&desk, "dcp", &["read", "queue"]).await;
    for query in [
        "queue?stat=held",
        "queue?state=open",
        "queue?state=held&state=cleared",
        "queue?bank=no",
        "queue?limit=0",
        "queue?limit=201",
        "queue?skip=1",
        "queue?after=7",
        "posts?after=a%20place",
        "posts?account=%00",
        "banks?overdue=perhaps",
        "report?since=yesterday",
        "orders/nights?x=1",
    ] {
        program.get(&format!("/api/v1/{query}")).await.is(400, "malformed");
    }
    for path in ["queue/GGM-NONE2", "queue/%00", "queue/%ff", "banks/NONE", "orders/days", "none"] {
        program.get(&format!("/api/v1/{path}")).await.is(404, "not-found");
    }
    for list in ["queue?", "posts?", "engagement?", "banks?class=payments&", "orders?"] {
        let whole = program.get(&format!("/api/v1/{list}limit=200")).await.ok();
        let (mut found, mut next) = (Vec::new(), String::new());
        loop {
            let page = program.get(&format!("/api/v1/{list}limit=1{next}")).await.ok();
            found.extend(page["items"].as_array().unwrap().iter().cloned());
            let Some(after) = page["next"].as_str() else { break };
            next = format!("&after={after}");
        }
        let least = if ["posts?", "banks?class=payments&"].contains(&list) { 2 } else { 1 };
        assert!(found.len() >= least, "{list}: {found:?}");
        assert_eq!(whole["items"], Json::Array(found), "{list}");
        assert_eq!(whole["next"], Json::Null, "{list}");
    }
    for hash in ["0".repeat(64), "0".repeat(65), "what".to_owned()] {
        program.get(&format!("/api/v1/pictures/{hash}")).await.is(404, "not-found");
    }
    let other = program.call(Method::DELETE, "/api/v1/queue", None).await;
    other.is(405, "method");
    assert!(other.headers["allow"].to_str().unwrap().contains("GET"));

    let reference = desk.world.held().await.escalation.reference.to_string();
    let approve = format!("/api/v1/queue/{reference}/approve");
    let sent = async |kind: &str, body: String| {
        program.call(Method::POST, &approve, Some((kind, body))).await
    };
    sent("text/plain", "{}".to_owned()).await.is(415, "not-json");
    sent("application/json", "{".to_owned()).await.is(400, "malformed");
    sent("application/json", "{}".to_owned()).await.is(422, "senseless");
    sent("application/json", "{\"hash\": 1}".to_owned()).await.is(422, "senseless");
    sent("application/json", "{\"past_stop\": true}".to_owned()).await.is(422, "senseless");
    sent("application/json", format!("\"{}\"", "x".repeat(20_000))).await.is(413, "too-large");
}

/// Schemathesis makes calls of the document, good and bad, and holds every answer to it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_who_reads_the_document_gets_no_answer_that_is_not_in_it() {
    let Some(st) = servers::schemathesis() else { return };
    let desk = Desk::over(filled().await).await;
    let token = token(&desk, "dcp", "stranger", &["read", "queue"]).await;
    let held = desk.world.held().await.escalation.reference.to_string();
    let folder = tempfile::tempdir().unwrap();
    // Ids are guessed in vain: a second time the stranger knows some.
    let known =
        format!("[parameters]\nreference = \"{held}\"\ncode = \"ZPPL\"\norder = \"nights\"\n");
    let runs = [("guessing", String::new(), "40"), ("knowing", known, "15")];
    for (name, config, examples) in runs {
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, config).unwrap();
        let mut command = tokio::process::Command::new(&st);
        command
            .current_dir(folder.path())
            .arg("--config-file")
            .arg(&file)
            .args(["run", &format!("{}/api/v1/openapi.json", desk.base)])
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args(["--checks", "all", "--max-examples", examples, "--seed", "1"])
            .args(["--continue-on-failure", "--warnings", "off"])
            .env("NO_COLOR", "1")
            .kill_on_drop(true);
        let output = command.output().await.expect("schemathesis starts");
        let said = String::from_utf8_lossy(&output.stdout);
        let erred = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name}:\n{said}\n{erred}");
        assert!(said.contains("POST /api/v1/queue/{reference}/approve") || said.contains("passed"));
    }
}
