//! The unit of a bench: its configuration, its people, its one account, and the server that it
//! posts to.

use std::{collections::BTreeMap, num::NonZeroU32, path::Path, sync::Arc, time::Duration};

use axum::{Json, Router, extract::State, routing::post};
use jiff::SignedDuration;
use serde_json::{Value, json};
use takaza::{
    clock::{Clock, Dice},
    config::Config,
    destinations::{
        http::HttpConfig,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        bank::Directory,
        calendar::{Calendar, limits::Limits},
        ids::{AccountName, PersonId},
        person::{Person, Role},
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        wording::Templates,
    },
    store::{AccountRow, Actor, Store},
    work::{self, Ctx},
};

use crate::support::{self, source};

const CONFIG: &str = r#"
[unit]
name_en = "Cyber Crime Unit"
name_hi = "साइबर अपराध इकाई"
reference_prefix = "GGM"
policy_number = "P/1"
authorisation_number = "A/1"
[ledger]
connections = 8
[limits]
lien = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2099-01-01" }
[pacing]
account_interval = "0s"
per_account_hour = 1000000000
per_account_day = 1000000000
batch = 100
[breaker]
rate = 100000
[deliver]
every = "5s"
parallel = 100
request_timeout = "20s"
read_lag = "30s"
[listen]
every = "5m"
until_age = "336h"
own_posts_every = "15m"
[record]
origin = "takaza/bench"
key_file = "key"
[alarms]
duty_officer = "nobody"
[console]
second_factor_for = []
"#;

/// A loopback server that speaks just enough of Mastodon's API, and answers after a while: a real
/// platform takes its time.
pub async fn sink(after: Duration) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    let made = move |State(next): State<Arc<AtomicU64>>, Json(body): Json<Value>| async move {
        if !after.is_zero() {
            tokio::time::sleep(after).await;
        }
        let id = next.fetch_add(1, Ordering::Relaxed).to_string();
        let text = body["status"].as_str().unwrap_or_default();
        Json(json!({
            "id": id, "url": format!("http://127.0.0.1/@unit/{id}"),
            "content": format!("<p>{text}</p>"), "created_at": "2026-11-16T05:30:00Z",
            "account": {"id": "1", "acct": "unit"},
        }))
    };
    let next = Arc::new(AtomicU64::new(1));
    let app = Router::new().route("/api/v1/statuses", post(made)).with_state(next);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}")
}

/// A takaza on this ledger that reads this case table, with one account that posts to the sink.
pub async fn ctx(ledger: &str, cases: &str, sink: &str) -> Ctx {
    let here = Path::new(".");
    let mut config = Config::parse(CONFIG, here).expect("the configuration reads");
    config.calendar.quiet_hours = None;
    let (clock, dice) = (Clock::System, Dice::from_os());
    let store = Store::open(ledger, config.ledger.connections, &clock, dice.clone()).await;
    let calendar = Calendar::new(&config.calendar).expect("a calendar");
    let limits = Limits::new(calendar, config.limits.clone()).expect("limits");
    let mut account = MastodonConfig::new(
        AccountName::new("unit"),
        sink,
        "token".to_owned().into(),
        Arc::new(support::now),
    );
    account.requests_per_5_minutes = NonZeroU32::MAX;
    let destination = Arc::new(Mastodon::connect(account).expect("an account")) as Arc<_>;
    Ctx {
        config: Arc::new(config),
        clock,
        dice,
        store: store.expect("the ledger opens"),
        source: Arc::new(source(cases)),
        banks: Arc::new(Directory::compiled_in().expect("a directory")),
        limits: Arc::new(limits),
        templates: Arc::new(Templates::built_in().expect("templates")),
        http: HttpConfig::default(),
        destinations: Arc::new(BTreeMap::from([(AccountName::new("unit"), destination)])),
        keepers: Arc::default(),
        speaking: takaza::work::speaking::Speaking::default(),
        process: "bench-1".to_owned(),
        shadow: false,
        switch: work::switch::Switch::default(),
    }
}

/// An administrator, an auditor, the approver `dcp`, and the account, live.
pub async fn people(ctx: &Ctx, languages: Vec<Language>) {
    let now = ctx.clock.now();
    let person = |id: &str, role| Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        role,
        order_number: None,
        from: now.minus(SignedDuration::from_hours(1)),
        until: None,
        confirmed: false,
    };
    let by = |id: &str| Actor::person(PersonId::new(id), "bench");
    let known = async |id: &str| ctx.store.person(&PersonId::new(id)).await.expect("a person").0;
    let root = person("root", Role::Administrator);
    ctx.store.add_person(&by("root"), None, &root, "none").await.expect("the first person");
    let root = known("root").await;
    for (id, role) in [("auditor", Role::Auditor), ("dcp", Role::Approver)] {
        let person = person(id, role);
        ctx.store.add_person(&by("root"), Some(&root), &person, "none").await.expect("a person");
    }
    let (auditor, dcp) = (known("auditor").await, PersonId::new("dcp"));
    ctx.store.confirm_person(&by("auditor"), &auditor, &dcp).await.expect("confirmed");
    let account = Account {
        name: AccountName::new("unit"),
        platform: Platform::Mastodon,
        base_url: String::new(),
        handle: "unit".to_owned(),
        stable_id: None,
        sender: Sender::Api,
        mention: MentionMode::PlainName,
        languages,
        visibility: Visibility::Public,
        spoiler: None,
        max_length: 500,
        picture: false,
        live: false,
    };
    let row = AccountRow::new(account);
    let root = root.as_administrator(now).expect("an administrator");
    ctx.store.put_account(&by("root"), &root, &row).await.expect("an account");
    let (dcp, name) = (known("dcp").await, AccountName::new("unit"));
    ctx.store.set_live(&by("dcp"), &dcp, &name, true).await.expect("live");
}
