//! Webhooks: other systems are told what happened, each thing once, by signed calls.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
};
use jiff::SignedDuration;
use serde_json::{Value as Json, json};
use takaza::{
    config::Webhook,
    domain::{
        engagement::{EngagementKind, Voice},
        webhook::{Event, Signer},
    },
    store::{Noted, WebhookRow},
    work::{self, Ctx, Progress},
};

use crate::support::{
    console::Desk,
    fake_cases::liens,
    world::{Db, World},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// How a receiver answers.
#[derive(Clone, Copy)]
enum Answer {
    Status(u16),
    /// It takes the call and never says so.
    Never,
}

/// A receiver that does what a story wants, then takes everything.
#[derive(Clone)]
struct Receiver {
    url: String,
    answers: Arc<Mutex<VecDeque<Answer>>>,
    got: Arc<Mutex<Vec<Got>>>,
}

#[derive(Clone, PartialEq, Debug)]
struct Got {
    id: String,
    seconds: i64,
    signature: String,
    body: String,
}

impl Got {
    fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Receiver {
    async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?key=hush", listener.local_addr().unwrap());
        let receiver = Self { url, answers: Arc::default(), got: Arc::default() };
        let app = axum::Router::new()
            .route("/hook", axum::routing::post(take))
            .with_state(receiver.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        receiver
    }

    fn will(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    fn hook(&self, secret: &Path, events: &[Event]) -> Webhook {
        std::fs::write(secret, SECRET).unwrap();
        Webhook {
            name: "desk".to_owned(),
            url: self.url.clone(),
            secret_from: format!("file:{}", secret.display()),
            events: events.to_vec(),
        }
    }
}

async fn take(State(receiver): State<Receiver>, headers: HeaderMap, body: String) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    receiver.got.lock().unwrap().push(Got {
        id: header("webhook-id"),
        seconds: header("webhook-timestamp").parse().unwrap(),
        signature: header("webhook-signature"),
        body,
    });
    let answer = receiver.answers.lock().unwrap().pop_front();
    match answer.unwrap_or(Answer::Status(204)) {
        Answer::Status(status) => StatusCode::from_u16(status).unwrap(),
        Answer::Never => std::future::pending().await,
    }
}

/// What happened is sealed, then told.
async fn tell(ctx: &Ctx) -> Progress {
    work::seal::run_once(ctx).await.unwrap();
    work::webhooks::run_once(ctx).await.unwrap()
}

async fn world(db: Db, receiver: &Receiver, folder: &Path, events: &[Event]) -> Option<World> {
    let hook = receiver.hook(&folder.join("secret"), events);
    let mut world = World::with(db, |config| config.console.webhooks.push(hook)).await?;
    world.ctx.http.connect_timeout = Duration::from_millis(400);
    world.ctx.http.request_timeout = Duration::from_millis(500);
    tell(&world.ctx).await;
    assert_eq!(receiver.got(), [], "what was before a webhook is not told");
    Some(world)
}

async fn calls(world: &World) -> Vec<WebhookRow> {
    world.ctx.store.webhook_deliveries(0, 100).await.unwrap()
}

fn secs(n: i64) -> SignedDuration {
    SignedDuration::from_secs(n)
}

async fn it_is_told_once(db: Db) {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
    let all = Event::ALL;
    let Some(world) = world(db, &receiver, folder.path(), all).await else { return };
    let other = world.another_process("story-2", 8).await;
    receiver.will(&[Answer::Status(503), Answer::Never, Answer::Status(301)]);
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let row = world.held().await;

    let told = tell(&world.ctx).await;
    assert!(told.notes[0].contains("503") && !told.notes[0].contains("hush"), "{:?}", told.notes);
    tell(&world.ctx).await;
    tell(&other).await;
    assert_eq!(receiver.got().len(), 1, "it is tried again when its time has come");
    for wait in [secs(5), secs(300), secs(1800)] {
        world.pass(wait);
        tell(&other).await;
        tell(&world.ctx).await;
    }
    let got = receiver.got();
    assert_eq!(got.len(), 4, "refused, hung, sent elsewhere, taken");
    let signer = Signer::parse(SECRET).unwrap();
    for one in &got {
        assert_eq!((&one.id, &one.body), (&got[0].id, &got[0].body), "the same every time");
        assert_eq!(one.signature, signer.sign(&one.id, one.seconds, &one.body));
    }
    assert_ne!(got[0].signature, got[3].signature, "each try has its own time");
    let reference = row.escalation.reference.as_str();
    let data = json!({"reference": reference, "bank": "ZPPL", "state": "held", "permalink": null});
    assert_eq!((&got[0].json()["type"], &got[0].json()["data"]), (&json!("held"), &data));
    let listed = calls(&world).await;
    assert_eq!((listed.len(), listed[0].state(), listed[0].attempts), (1, "arrived", 4));

    world.approve(&row).await;
    world.run_once().await;
    tell(&other).await;
    tell(&world.ctx).await;
    let posted = receiver.got()[4..].to_vec();
    assert_eq!(posted.len(), 1, "{posted:?}");
    let told = posted[0].json();
    assert_eq!((&told["type"], &told["data"]["state"]), (&json!("posted"), &json!("delivered")));
    assert!(told["data"]["permalink"].as_str().unwrap().starts_with("http"), "{told}");

    let delivery = world.again(&row).await.deliveries[0].delivery.id.clone();
    let noted = |alias: &str, voice| Noted {
        kind: EngagementKind::Reply,
        alias: alias.to_owned(),
        voice,
        author: "care@peepal.example".to_owned(),
        at: Some(world.now()),
        text: None,
        post_id: None,
    };
    let by = world.ctx.actor("listen");
    for (alias, voice) in [("one", Voice::Other), ("two", Voice::Bank), ("two", Voice::Bank)] {
        let heard = [(delivery.clone(), vec![noted(alias, voice)])].into();
        world.ctx.store.heard(&by, &heard).await.unwrap();
        tell(&world.ctx).await;
    }
    let replied = receiver.got()[5..].to_vec();
    assert_eq!(replied.len(), 1, "a bank's answer is told once, and nobody else's: {replied:?}");
    assert_eq!(replied[0].json()["type"], "bank-replied");
}

#[tokio::test]
async fn what_happened_is_told_until_it_arrives_and_counts_once() {
    for db in [Db::Sqlite, Db::Postgres] {
        it_is_told_once(db).await;
    }
}

#[tokio::test]
async fn a_bank_that_acts_before_or_after_the_post_is_told_and_what_is_not_asked_for_is_not() {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
    let events = [Event::BankActed];
    let world = world(Db::Sqlite, &receiver, folder.path(), &events).await.unwrap();
    world.cases.put(liens("ZNMN", 5, world.now()));
    world.watch_and_escalate().await;
    let row = world.held().await;
    world.pass(secs(60));
    world.cases.acts("ZNMN-2", world.now());
    world.watch_and_escalate().await;
    tell(&world.ctx).await;
    let [told] = &receiver.got()[..] else { panic!("{:?}", receiver.got()) };
    assert_eq!(told.json()["type"], "bank-acted");
    assert_eq!(told.json()["data"]["reference"], row.escalation.reference.as_str());
    assert_eq!(told.json()["data"]["state"], "withdrawn");
    let cases = world.ctx.store.members(&row.escalation.id).await.unwrap();
    assert!(cases.iter().all(|case| !told.body.contains(case.seen.case_ref.expose())));
}

/// Where nobody is thanked in public, nothing is drafted that would tell it.
#[tokio::test]
async fn a_bank_that_acts_after_the_post_is_told_where_closures_are_off() {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
    let mut world = world(Db::Sqlite, &receiver, folder.path(), &[Event::BankActed]).await.unwrap();
    let mut config = (*world.ctx.config).clone();
    config.ladder.closures = false;
    world.ctx.config = Arc::new(config);
    let row = world.cleared("ZPPL").await;
    world.run_once().await;
    tell(&world.ctx).await;
    assert_eq!(receiver.got(), [], "it has not acted");
    world.pass(secs(60));
    world.cases.acts("ZPPL-2", world.now());
    for _ in 0..3 {
        world.run_once().await;
        tell(&world.ctx).await;
    }
    let [told] = &receiver.got()[..] else { panic!("{:?}", receiver.got()) };
    assert_eq!(told.json()["type"], "bank-acted");
    assert_eq!(told.json()["data"]["reference"], row.escalation.reference.as_str());
    assert_eq!(told.json()["data"]["state"], "closed");
    assert!(told.json()["data"]["permalink"].is_string());
    let drafted = world.ctx.store.sequels(&row.escalation.id).await.unwrap();
    assert_eq!(drafted, [], "nobody is thanked");
}

#[tokio::test]
async fn what_never_arrives_is_given_up_and_listed() {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
    let world = world(Db::Sqlite, &receiver, folder.path(), &[Event::Held]).await.unwrap();
    receiver.will(&[Answer::Status(500); 20]);
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let mut last = Progress::default();
    for _ in 0..8 {
        last = tell(&world.ctx).await;
        world.pass(SignedDuration::from_hours(14));
    }
    assert!(last.notes[0].contains("given up"), "{:?}", last.notes);
    tell(&world.ctx).await;
    assert_eq!(receiver.got().len(), 8);
    let listed = calls(&world).await;
    assert_eq!((listed[0].state(), listed[0].attempts), ("given up", 8));
    assert!(listed[0].last_said.as_deref().unwrap().contains("500"), "{listed:?}");
    world.pass(SignedDuration::from_hours(30 * 24));
    tell(&world.ctx).await;
    assert_eq!(calls(&world).await, [], "and forgotten a month later");
}

#[tokio::test]
async fn an_administrator_sees_what_waits_and_an_auditor_what_was_given_up() {
    let (receiver, folder) = (Receiver::start().await, tempfile::tempdir().unwrap());
    let world = world(Db::Sqlite, &receiver, folder.path(), &[Event::Held]).await.unwrap();
    let desk = Desk::over(world).await;
    let world = &desk.world;
    let mut root = desk.signed_in("root").await;
    root.get("/webhooks").await.ok().says("Nothing was told yet").says("127.0.0.1");
    receiver.will(&[Answer::Status(500); 20]);
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    tell(&world.ctx).await;
    let page = root.get("/webhooks").await;
    page.ok().says("held").says("waiting").says("500").says_not("hush");
    for _ in 0..8 {
        world.pass(SignedDuration::from_hours(14));
        tell(&world.ctx).await;
    }
    let mut auditor = desk.signed_in("auditor").await;
    auditor.get("/accounts").await.says("Webhooks");
    auditor.get("/webhooks").await.ok().says("given up").says_not("waiting");
    let mut asha = desk.signed_in("asha").await;
    asha.get("/accounts").await.says_not("/webhooks");
    asha.get("/webhooks").await.is(403);
}
