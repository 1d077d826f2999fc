//! Grants of platforms: sealed, renewed once, ahead of time, by one process; and told truly where
//! an answer was lost. Against a server whose refresh tokens are good for one renewal.

pub mod connecting;
mod keys;
mod lost;
mod real_peer;

use std::{path::PathBuf, sync::Arc, time::Duration};

use async_trait::async_trait;
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};
use takaza::{
    config::KeyPlace,
    destinations::{
        http::HttpConfig,
        tokens::{Grant, NoToken, Renew, Tokens as _, Unrenewed},
        x::oauth::{OAuth, OAuthConfig},
    },
    domain::{
        alarm::What,
        ids::AccountName,
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        time::Timestamp,
    },
    store::{AccountRow, GrantRow},
    work::{
        self, Ctx,
        grants::{Keeper, Parts, Vault},
    },
};
use tokio::task::JoinHandle;

use crate::support::{
    fake_oauth::{Ask, FakeOAuth, Quirk, Trick},
    ledger_sql,
    world::{Db, World},
};

macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() {
                super::$story(super::Story::on(super::Db::Sqlite).await.expect("SQLite")).await;
            }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() {
                if let Some(story) = super::Story::on(super::Db::Postgres).await {
                    super::$story(story).await;
                }
            }
        )* }
    };
}

on_both! {
    trypost_126_and_open_wearables_1433_processes_that_renew_at_once_renew_once,
    who_finds_it_being_renewed_does_not_wait,
    the_first_grant_is_begun_by_one_process,
    a_grant_is_renewed_ahead_and_a_send_reads_no_ledger,
}

fn mins(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

/// An account on X, a server that grants it, and processes that keep the grant.
struct Story {
    world: World,
    server: FakeOAuth,
    account: AccountName,
    folder: tempfile::TempDir,
}

impl Story {
    async fn new() -> Self {
        Self::on(Db::Sqlite).await.expect("SQLite is always there")
    }

    async fn on(db: Db) -> Option<Self> {
        let world = World::with(db, |_| {}).await?;
        let server = FakeOAuth::start().await;
        let folder = tempfile::tempdir().unwrap();
        let story = Self { world, server, account: AccountName::new("speaker"), folder };
        story.add(&story.account).await;
        Some(story)
    }

    /// One whose token has ended, and the keeper who is to renew it.
    async fn due() -> (Self, Keeper) {
        let story = Self::new().await;
        story.connect().await;
        let keeper = story.keeper();
        story.world.pass(mins(120));
        (story, keeper)
    }

    /// The token as the keeper answers it when the server lets the renewal go on.
    async fn held_up(&self, keeper: &Keeper, trick: Trick) -> JoinHandle<Result<String, NoToken>> {
        self.server.hostile(trick);
        let keeper = keeper.clone();
        let renewing = tokio::spawn(async move { token(&keeper).await });
        self.server.somebody_is_parked().await;
        renewing
    }

    async fn add(&self, name: &AccountName) {
        let row = AccountRow::new(Account {
            name: name.clone(),
            platform: Platform::X,
            base_url: self.server.base_url.clone(),
            handle: "unit".to_owned(),
            stable_id: Some("77".to_owned()),
            sender: Sender::Api,
            mention: MentionMode::PlainName,
            languages: vec![Language::En],
            visibility: Visibility::Public,
            spoiler: None,
            max_length: 280,
            picture: false,
            live: false,
        });
        let root = self.world.person("root").await.as_administrator(self.world.now()).unwrap();
        self.world.ctx.store.put_account(&self.world.by("root"), &root, &row).await.unwrap();
    }

    fn key_file(&self) -> PathBuf {
        self.folder.path().join("keys/grants.key")
    }

    fn vault(&self) -> Vault {
        Vault::new(KeyPlace::File(self.key_file()), self.world.ctx.dice.clone())
    }

    fn oauth(&self, within: Duration) -> OAuth {
        let clock = self.world.ctx.clock.clone();
        OAuth::new(OAuthConfig {
            client_id: "takaza-test".to_owned(),
            client_secret: None,
            redirect: "http://127.0.0.1:8790/callback".to_owned(),
            authorize_url: format!("{}/authorize", self.server.base_url),
            token_url: format!("{}/token", self.server.base_url),
            revoke_url: format!("{}/revoke", self.server.base_url),
            scopes: vec!["tweet.write".to_owned(), "offline.access".to_owned()],
            http: HttpConfig {
                connect_timeout: within / 2,
                request_timeout: within,
                ..HttpConfig::default()
            },
            now: Arc::new(move || clock.now()),
        })
        .unwrap()
    }

    fn keeper_with(&self, ctx: &Ctx, renew: Arc<dyn Renew>) -> Keeper {
        Keeper::new(Parts {
            account: self.account.clone(),
            store: ctx.store.clone(),
            vault: self.vault(),
            renew,
            clock: ctx.clock.clone(),
            dice: ctx.dice.clone(),
            process: ctx.process.clone(),
            lease: mins(2),
            request_timeout: SignedDuration::from_secs(20),
        })
    }

    /// The keeper of this process.
    fn keeper(&self) -> Keeper {
        self.keeper_with(&self.world.ctx, Arc::new(self.oauth(Duration::from_secs(20))))
    }

    /// The keeper of another process, with a pool of its own.
    async fn another(&self, name: &str, seed: u64) -> Keeper {
        let ctx = self.world.another_process(name, seed).await;
        self.keeper_with(&ctx, Arc::new(self.oauth(Duration::from_secs(20))))
    }

    /// A person connects the account; its access token.
    async fn connect(&self) -> String {
        let (access, refresh) = self.server.grant();
        self.put(&access, &refresh).await;
        access
    }

    async fn put(&self, access: &str, refresh: &str) {
        let grant = Grant {
            access: access.into(),
            refresh: Some(refresh.into()),
            expires_at: self.world.now().plus(mins(120)),
        };
        let root = self.world.person("root").await.as_administrator(self.world.now()).unwrap();
        let (by, store) = (self.world.by("root"), &self.world.ctx.store);
        work::grants::keep(&self.vault(), store, &by, &root, &self.account, &grant).await.unwrap();
    }

    async fn row(&self) -> GrantRow {
        self.world.ctx.store.grant(&self.account).await.unwrap().expect("a row")
    }

    /// What rings about the account.
    async fn rings(&self) -> bool {
        work::alarms::raise_conditions(&self.world.ctx).await.unwrap();
        let alarms = self.world.ctx.store.alarms(true, 10).await.unwrap();
        alarms.iter().any(|alarm| alarm.what == What::GrantBroken && alarm.over_at.is_none())
    }

    async fn entries(&self, act: &str) -> i64 {
        ledger_sql::entries(&self.world.ledger_url, act).await
    }
}

async fn token(keeper: &Keeper) -> Result<String, NoToken> {
    keeper.token().await.map(|token| token.expose_secret().to_owned())
}

#[track_caller]
fn later(answer: Result<String, NoToken>) -> String {
    match answer {
        Err(NoToken::Later { reason }) => reason,
        other => panic!("it should be later: {other:?}"),
    }
}

#[track_caller]
fn reconnect(answer: Result<String, NoToken>) -> String {
    match answer {
        Err(NoToken::Reconnect { reason }) => reason,
        other => panic!("it should be connected anew: {other:?}"),
    }
}

async fn trypost_126_and_open_wearables_1433_processes_that_renew_at_once_renew_once(story: Story) {
    story.connect().await;
    let keepers = [
        story.keeper(),
        story.another("story-2", 2).await,
        story.another("story-3", 3).await,
        story.another("story-4", 4).await,
    ];
    for round in 1..=12 {
        story.world.pass(mins(119).saturating_add(SignedDuration::from_secs(30)));
        let asking = keepers.iter().cloned().map(|keeper| {
            tokio::spawn(async move { (token(&keeper).await, keeper.ahead().await) })
        });
        for one in asking.collect::<Vec<_>>() {
            let (token, _) = one.await.unwrap();
            match token {
                Ok(token) => assert!(story.server.takes(&token), "a token that works"),
                Err(none) => assert!(matches!(none, NoToken::Later { .. }), "{none}"),
            }
        }
        assert_eq!(story.server.renewals(), round, "one renewal a round");
        let mut tokens = Vec::new();
        for keeper in &keepers {
            tokens.push(token(keeper).await.unwrap());
        }
        tokens.dedup();
        assert_eq!(tokens.len(), 1, "all have the same one");
        assert_eq!(story.server.asked(Ask::Token), round, "and nobody asked for more");
    }
    assert_eq!((story.server.reused(), story.server.standing()), (0, 1));
    assert_eq!(story.entries("grant.renewed").await, 12);
}

async fn who_finds_it_being_renewed_does_not_wait(story: Story) {
    story.connect().await;
    let (one, two) = (story.keeper(), story.another("story-2", 2).await);
    story.world.pass(mins(120));
    let renewing = story.held_up(&one, Trick::LateBefore).await;
    assert!(later(token(&two).await).contains("another process"));
    assert!(later(token(&one).await).contains("another process"), "nor does the same process");
    assert_eq!(two.ahead().await, Err(NoToken::Later { reason: later(token(&two).await) }));
    story.server.release().await;
    let renewed = renewing.await.unwrap().unwrap();
    assert_eq!(token(&two).await.unwrap(), renewed);
    assert_eq!((story.server.asked(Ask::Token), story.server.renewals()), (1, 1));
}

/// Sessions that begin with a password.
#[derive(Default)]
struct Sessions {
    begun: std::sync::atomic::AtomicU32,
    next: std::sync::Mutex<Vec<Unrenewed>>,
    now: Option<takaza::clock::Clock>,
}

#[async_trait]
impl Renew for Sessions {
    async fn renew(&self, old: Option<&Grant>) -> Result<Grant, Unrenewed> {
        if let Some(error) = self.next.lock().unwrap().pop() {
            return Err(error);
        }
        tokio::task::yield_now().await;
        let begun = match old {
            None => self.begun.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1,
            Some(_) => self.begun.load(std::sync::atomic::Ordering::SeqCst),
        };
        let now = self.now.as_ref().unwrap().now();
        Ok(Grant {
            access: format!("session {begun} at {}", now.micros()).into(),
            refresh: Some("again".into()),
            expires_at: now.plus(mins(120)),
        })
    }

    fn begins_anew(&self) -> bool {
        true
    }
}

async fn the_first_grant_is_begun_by_one_process(story: Story) {
    let clock = story.world.ctx.clock.clone();
    let sessions = Arc::new(Sessions { now: Some(clock), ..Sessions::default() });
    let begun = || sessions.begun.load(std::sync::atomic::Ordering::SeqCst);
    let mut keepers = Vec::new();
    for n in 1..=4 {
        let ctx = story.world.another_process(&format!("story-{n}"), n).await;
        keepers.push(story.keeper_with(&ctx, sessions.clone()));
    }
    let asking =
        keepers.iter().cloned().map(|keeper| tokio::spawn(async move { token(&keeper).await }));
    for one in asking.collect::<Vec<_>>() {
        match one.await.unwrap() {
            Ok(token) => assert!(token.starts_with("session 1"), "{token}"),
            Err(none) => assert!(matches!(none, NoToken::Later { .. }), "{none}"),
        }
    }
    let first = token(&keepers[0]).await.unwrap();
    assert_eq!((begun(), story.row().await.rev), (1, 1));
    // A session whose renewal was lost is begun anew, after a rest, without a person.
    story.world.pass(mins(120));
    sessions.next.lock().unwrap().push(Unrenewed::Lost { reason: "no answer".to_owned() });
    later(token(&keepers[0]).await);
    assert_eq!((story.row().await.sealed, story.row().await.broken), (None, None));
    later(token(&keepers[0]).await);
    story.world.pass(mins(1));
    let second = token(&keepers[0]).await.unwrap();
    assert!(second.starts_with("session 2") && first != second, "{second}");
    assert_eq!(token(&keepers[1]).await.unwrap(), second);
    // A process that began one and ended leaves a lease that is taken over.
    story.world.pass(mins(120));
    let rev = story.row().await.rev;
    let store = &story.world.ctx.store;
    let leased = store.lease_grant(&story.account, rev, "a dead process", mins(2), true).await;
    assert!(matches!(leased.unwrap(), takaza::store::Leased::Taken(..)));
    later(token(&keepers[2]).await);
    story.world.pass(mins(2));
    assert!(token(&keepers[2]).await.unwrap().starts_with("session 2"));
    assert!(!story.rings().await);
}

async fn a_grant_is_renewed_ahead_and_a_send_reads_no_ledger(story: Story) {
    let access = story.connect().await;
    let keeper = story.keeper();
    assert_eq!(token(&keeper).await.unwrap(), access);
    story.world.pass(mins(104));
    assert_eq!(keeper.ahead().await, Ok(false), "it is early");
    story.world.pass(mins(1));
    assert_eq!(keeper.ahead().await, Ok(true), "a quarter of an hour before its end");
    assert_eq!(keeper.ahead().await, Ok(false));
    let renewed = token(&keeper).await.unwrap();
    assert_ne!(renewed, access);
    // Nothing is asked while the token is good, not even the ledger.
    ledger_sql::run(&story.world.ledger_url, "ALTER TABLE account_grant RENAME TO away").await;
    assert_eq!(token(&keeper).await.unwrap(), renewed);
    story.world.pass(mins(120));
    later(token(&keeper).await);
    ledger_sql::run(&story.world.ledger_url, "ALTER TABLE away RENAME TO account_grant").await;
    token(&keeper).await.unwrap();
    assert_eq!((story.server.renewals(), story.server.reused()), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_reconciler_renews_the_grants_of_every_account_and_says_what_it_could_not() {
    let story = Story::new().await;
    story.connect().await;
    let mut ctx = story.world.ctx.clone();
    let keepers = [(story.account.clone(), Arc::new(story.keeper()))];
    ctx.keepers = Arc::new(keepers.into_iter().collect());
    assert_eq!(work::grants::run_once(&ctx).await.unwrap(), work::Progress::default());
    story.world.pass(mins(110));
    story.server.hostile(Trick::RateLimited(Vec::new()));
    let run = work::grants::run_once(&ctx).await.unwrap();
    assert!(run.did == 0 && run.notes[0].contains("429"), "{run:?}");
    story.world.pass(mins(1));
    assert_eq!(work::grants::run_once(&ctx).await.unwrap().did, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_a_server_refused_is_renewed_once() {
    let story = Story::new().await;
    let first = story.connect().await;
    let (one, two) = (story.keeper(), story.another("story-2", 2).await);
    let refused =
        async |keeper: &Keeper, token: &str| keeper.refused(&SecretString::from(token)).await;
    assert_eq!(token(&one).await.unwrap(), first);
    assert_eq!(token(&two).await.unwrap(), first);
    assert!(!refused(&one, &first).await, "it was granted a moment ago: another would not help");
    story.world.pass(mins(30));
    assert!(refused(&one, &first).await);
    assert_eq!(story.server.asked(Ask::Token), 0, "it is renewed when it is asked for");
    let second = token(&one).await.unwrap();
    assert_ne!(second, first);
    assert!(refused(&two, &first).await, "another process has replaced it");
    assert_eq!(token(&two).await.unwrap(), second, "its token is taken over");
    assert!(!refused(&one, &second).await, "renewed a moment ago");
    assert!(!refused(&two, &second).await);
    assert!(refused(&one, &first).await, "a late word about the old one");
    assert_eq!(token(&one).await.unwrap(), second);
    assert_eq!((story.server.asked(Ask::Token), story.server.reused()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewal_goes_on_when_whoever_asked_has_given_up() {
    let (story, keeper) = Story::due().await;
    let asking = story.held_up(&keeper, Trick::LateAfter).await;
    asking.abort();
    let _aborted = asking.await;
    story.server.release().await;
    let token = loop {
        // The renewal ends by itself: the lease is held until then.
        match token(&keeper).await {
            Ok(token) => break token,
            Err(NoToken::Later { .. }) => tokio::task::yield_now().await,
            Err(none) => panic!("{none}"),
        }
    };
    assert!(story.server.takes(&token));
    assert_eq!((story.server.asked(Ask::Token), story.server.reused()), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_that_was_put_back_renews_nothing_before_that_is_accepted() {
    let (story, keeper) = Story::due().await;
    let by = story.world.by("dcp");
    story.world.ctx.store.mark_restored(&by, "a backup").await.unwrap();
    assert!(later(token(&keeper).await).contains("takaza restore accept"));
    assert_eq!(story.server.asked(Ask::Token), 0);
    let dcp = takaza::domain::ids::PersonId::new("dcp");
    story.world.ctx.store.accept_restore(&by, &dcp).await.unwrap();
    token(&keeper).await.unwrap();
}

/// When a story's token ends.
fn ends(row: &GrantRow) -> Timestamp {
    row.expires_at.expect("a grant")
}
