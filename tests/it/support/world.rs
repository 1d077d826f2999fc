//! A running takaza for a story: a ledger, people, a case source, a hostile Mastodon, and a clock
//! that only the story moves.

use std::{collections::BTreeMap, sync::Arc};

use jiff::SignedDuration;
use takaza::{
    clock::{Clock, Dice},
    config::Config,
    destinations::{
        Destination,
        http::HttpConfig,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        bank::{Directory, INVENTED_BANKS},
        calendar::{Calendar, limits::Limits},
        delivery::StateName,
        escalation::EscalationState,
        ids::{AccountName, BankCode, PersonId},
        person::{Person, Role},
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        time::Timestamp,
        wording::Templates,
    },
    reports::document::Section,
    store::{AccountRow, Actor, EscalationRow, QueueFilter, Store},
    work::{self, Ctx, report::Asked},
};

use super::{
    fake_cases::FakeCases,
    fake_mastodon::FakeMastodon,
    peers::{Peer, Residence},
    secrets, servers,
};

/// Everything that a story configures by default: no pacing in its way but what it asks for.
const CONFIG: &str = r#"
[unit]
name_en = "Cyber Crime Unit"
name_hi = "साइबर अपराध इकाई"
reference_prefix = "GGM"
policy_number = "P/1"
authorisation_number = "A/1"
[ledger]
connections = 5
[banks]
invented = true
[limits]
lien = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2027-01-01" }
hold = { hours = 6, counted = "round-the-clock", source = "Unit order 1/2026", reviewed = "2026-01-01", expires = "2027-01-01" }
[pacing]
account_interval = "0s"
per_account_hour = 100
per_account_day = 1000
[breaker]
rate = 1000
[deliver]
every = "5s"
parallel = 4
request_timeout = "20s"
read_lag = "30s"
[listen]
every = "5m"
until_age = "336h"
own_posts_every = "15m"
[record]
origin = "takaza/test"
key_file = "key"
[alarms]
duty_officer = "the duty officer"
[console]
second_factor_for = []
"#;

/// Makes tests of stories that are told on a ledger of either kind.
macro_rules! on_both {
    ($($story:ident),* $(,)?) => {
        mod sqlite { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() { super::$story($crate::support::world::Db::Sqlite).await; }
        )* }
        mod postgres { $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $story() { super::$story($crate::support::world::Db::Postgres).await; }
        )* }
    };
}
pub(crate) use on_both;

/// Where a story's ledger lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Db {
    Sqlite,
    Postgres,
}

pub struct World {
    pub ctx: Ctx,
    pub cases: Arc<FakeCases>,
    pub town: FakeMastodon,
    pub ledger_url: String,
    /// Where the account lives instead of in the town.
    peer: Option<Arc<dyn Peer>>,
    dir: tempfile::TempDir,
}

/// Monday 16 November 2026, 11:00 in India: working hours, no holiday.
pub fn start() -> Timestamp {
    "2026-11-16T05:30:00Z".parse::<jiff::Timestamp>().unwrap().into()
}

impl Drop for World {
    fn drop(&mut self) {
        secrets::told_by_databases_in(self.dir.path());
        secrets::told_by_postgres(&self.ledger_url);
    }
}

impl World {
    /// A world on SQLite.
    pub async fn new() -> Self {
        Self::with(Db::Sqlite, |_| {}).await.expect("SQLite is always there")
    }

    /// A world whose configuration the story changes.
    pub async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        Self::with(Db::Sqlite, change).await.expect("SQLite is always there")
    }

    /// A world on either database; `None` where PostgreSQL is not there (and says so).
    pub async fn with(db: Db, change: impl FnOnce(&mut Config)) -> Option<Self> {
        secrets::listen();
        let dir = tempfile::tempdir().unwrap();
        let ledger_url = match db {
            Db::Sqlite => format!("sqlite:{}", dir.path().join("ledger.db").display()),
            Db::Postgres => servers::postgres().await?,
        };
        let mut config = Config::parse(CONFIG, dir.path()).unwrap();
        config.calendar.quiet_hours = None;
        change(&mut config);
        let clock = Clock::stepped(start());
        let dice = Dice::seeded(7);
        let store = Store::open(&ledger_url, 5, &clock, dice.clone()).await.unwrap();
        let town = FakeMastodon::start().await;
        let cases = Arc::new(FakeCases::default());
        let calendar = Calendar::new(&config.calendar).unwrap();
        let limits = Limits::new(calendar, config.limits.clone()).unwrap();
        let banks = Directory::compiled_in().unwrap().with_invented(INVENTED_BANKS).unwrap();
        let ctx = Ctx {
            config: Arc::new(config),
            clock: clock.clone(),
            dice,
            store,
            source: cases.clone(),
            banks: Arc::new(banks),
            limits: Arc::new(limits),
            templates: Arc::new(Templates::built_in().unwrap()),
            http: HttpConfig::default(),
            destinations: Arc::new(BTreeMap::new()),
            keepers: Arc::default(),
            speaking: takaza::work::speaking::Speaking::default(),
            process: "story-1".to_owned(),
            shadow: false,
            switch: work::switch::Switch::default(),
        };
        let mut world = Self { ctx, cases, town, ledger_url, peer: None, dir };
        world.people().await;
        world.connect("unit", false).await;
        Some(world)
    }

    /// The actor of a person's act.
    pub fn by(&self, person: &str) -> Actor {
        Actor::person(PersonId::new(person), "story")
    }

    /// A person as the ledger has them.
    pub async fn person(&self, id: &str) -> Person {
        self.ctx.store.person(&PersonId::new(id)).await.unwrap().0
    }

    async fn people(&self) {
        let root = self.add("root", Role::Administrator, None).await;
        for (id, role) in [
            ("asha", Role::Officer),
            ("ravi", Role::Officer),
            ("auditor", Role::Auditor),
            ("dcp", Role::Approver),
        ] {
            self.add(id, role, Some(&root)).await;
        }
        let auditor = self.person("auditor").await;
        self.ctx
            .store
            .confirm_person(&self.by("auditor"), &auditor, &PersonId::new("dcp"))
            .await
            .unwrap();
    }

    async fn add(&self, id: &str, role: Role, granter: Option<&Person>) -> Person {
        let person = Person {
            id: PersonId::new(id),
            name: id.to_owned(),
            role,
            order_number: None,
            from: start(),
            until: None,
            confirmed: false,
        };
        let by = self.by(granter.map_or(id, |granter| granter.id.as_str()));
        self.ctx.store.add_person(&by, granter, &person, "no passphrase").await.unwrap();
        self.person(id).await
    }

    /// Connects an account on the town's server and turns it live.
    pub async fn connect(&mut self, name: &str, idempotent: bool) {
        let home = self.in_town(Platform::Mastodon, idempotent);
        self.put_account(name, home, Sender::Api).await;
        let mut destinations = (*self.ctx.destinations).clone();
        destinations.insert(AccountName::new(name), self.destination(name, idempotent));
        self.ctx.destinations = Arc::new(destinations);
    }

    /// Adds an account whose posts an officer makes by hand.
    pub async fn hand_off(&mut self, name: &str) {
        let home = self.in_town(Platform::X, false);
        self.put_account(name, home, Sender::HandOff).await;
    }

    /// The account `unit` moves to a peer, live; other processes connect by
    /// [`World::another_process`], each for itself.
    pub async fn move_to(&mut self, peer: Arc<dyn Peer>) {
        self.put_account("unit", peer.account(), Sender::Api).await;
        self.ctx.destinations = self.connected_to(&peer);
        self.peer = Some(peer);
    }

    /// Where the account moved to.
    pub fn peer(&self) -> &dyn Peer {
        self.peer.as_deref().expect("the account moved to a peer")
    }

    fn connected_to(
        &self,
        peer: &Arc<dyn Peer>,
    ) -> Arc<BTreeMap<AccountName, Arc<dyn Destination>>> {
        let name = AccountName::new("unit");
        let destination = peer.connect(&name, &self.ctx.clock);
        Arc::new(BTreeMap::from([(name, destination)]))
    }

    fn in_town(&self, platform: Platform, idempotent: bool) -> Residence {
        Residence {
            platform,
            base_url: self.town.base_url.clone(),
            handle: "unit".to_owned(),
            max_length: if platform == Platform::X { 280 } else { 500 },
            idempotent,
        }
    }

    async fn put_account(&self, name: &str, home: Residence, sender: Sender) {
        let idempotent = home.idempotent;
        let account = Account {
            name: AccountName::new(name),
            platform: home.platform,
            base_url: home.base_url,
            handle: home.handle,
            stable_id: None,
            sender,
            mention: MentionMode::PlainName,
            languages: vec![Language::En],
            visibility: Visibility::Public,
            spoiler: None,
            max_length: home.max_length,
            picture: false,
            live: false,
        };
        let row = AccountRow { idempotent, ..AccountRow::new(account) };
        let root = self.person("root").await.as_administrator(self.now()).unwrap();
        self.ctx.store.put_account(&self.by("root"), &root, &row).await.unwrap();
        let dcp = self.person("dcp").await;
        let account = AccountName::new(name);
        self.ctx.store.set_live(&self.by("dcp"), &dcp, &account, true).await.unwrap();
    }

    fn destination(&self, name: &str, idempotent: bool) -> Arc<dyn Destination> {
        let clock = self.ctx.clock.clone();
        let mut config = MastodonConfig::new(
            AccountName::new(name),
            &self.town.base_url,
            self.town.token(),
            Arc::new(move || clock.now()),
        );
        config.honours_idempotency = idempotent;
        config.http.connect_timeout = std::time::Duration::from_millis(400);
        config.http.request_timeout = std::time::Duration::from_millis(500);
        config.requests_per_5_minutes = std::num::NonZeroU32::MAX;
        Arc::new(Mastodon::connect(config).unwrap())
    }

    /// The bank's account in the town, whose handle an officer has verified; its id.
    pub async fn verified(&self, bank: &str, handle: &str) -> String {
        let id = self.town.bank_account(handle);
        let unit = &self.ctx.destinations[&AccountName::new("unit")];
        let identity = unit.resolve(handle).await.unwrap().unwrap();
        let (bank, asha) = (BankCode::new(bank), PersonId::new("asha"));
        let until = self.now().plus(SignedDuration::from_hours(24));
        let (by, on) = (self.by("asha"), (&bank, Platform::Mastodon));
        self.ctx.store.verify_handle(&by, &asha, on, &identity, "a link", until).await.unwrap();
        id
    }

    /// The world's own folder.
    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn now(&self) -> Timestamp {
        self.ctx.clock.now()
    }

    /// Time passes, here and in the town.
    pub fn pass(&self, time: SignedDuration) {
        self.ctx.clock.advance(time);
        self.town.advance(time);
        self.peer.iter().for_each(|peer| peer.advance(time));
    }

    /// Another process on the same ledger: its own pool, name and connection to a peer, the same
    /// clock.
    pub async fn another_process(&self, name: &str, seed: u64) -> Ctx {
        let dice = Dice::seeded(seed);
        let store = Store::open(&self.ledger_url, 5, &self.ctx.clock, dice.clone()).await.unwrap();
        let shared = || Arc::clone(&self.ctx.destinations);
        Ctx {
            store,
            dice,
            destinations: self.peer.as_ref().map_or_else(shared, |peer| self.connected_to(peer)),
            process: name.to_owned(),
            switch: work::switch::Switch::default(),
            ..self.ctx.clone()
        }
    }

    /// Brings the sums that reports are made of up to now.
    pub async fn tally(&self) {
        while work::seal::run_once(&self.ctx).await.unwrap().more {}
        while work::tally::run_once(&self.ctx).await.unwrap().more {}
    }

    /// Those sections of a report that bear one of these ids, the sums being up to now.
    pub async fn sections(&self, asked: &Asked, ids: &[&str]) -> Vec<Section> {
        self.tally().await;
        let document = work::report::make(&self.ctx, asked).await.unwrap();
        document.sections.into_iter().filter(|section| ids.contains(&section.id)).collect()
    }

    /// The case source into held escalations.
    pub async fn watch_and_escalate(&self) {
        work::watch::run_once(&self.ctx).await.unwrap();
        work::escalate::run_once(&self.ctx).await.unwrap();
    }

    /// Watch, escalate, clear, deliver, sweep: once each.
    pub async fn run_once(&self) {
        self.watch_and_escalate().await;
        work::clear::run_once(&self.ctx).await.unwrap();
        work::deliver::run_once(&self.ctx).await.unwrap();
        work::sweep::run_once(&self.ctx).await.unwrap();
    }

    /// The escalations in these states.
    pub async fn escalations(&self, states: &[EscalationState]) -> Vec<EscalationRow> {
        let filter =
            QueueFilter { states: states.to_vec(), page: (0, 1000), ..QueueFilter::default() };
        self.ctx.store.queue(&filter).await.unwrap()
    }

    /// The one held escalation.
    pub async fn held(&self) -> EscalationRow {
        let mut held = self.escalations(&[EscalationState::Held]).await;
        assert_eq!(held.len(), 1, "one escalation is held");
        held.remove(0)
    }

    /// The DCP approves what they see.
    pub async fn approve(&self, row: &EscalationRow) {
        let dcp = self.person("dcp").await;
        let hash = row.escalation.hash();
        let id = row.escalation.id.as_str();
        let valid = self.ctx.config.ladder.clearance_valid_for;
        self.ctx.store.approve(&self.by("dcp"), id, &dcp, &hash, valid).await.unwrap();
    }

    /// Five overdue liens of one bank, drafted and approved: ready to go.
    pub async fn cleared(&self, bank: &str) -> EscalationRow {
        self.cases.put(super::fake_cases::liens(bank, 5, self.now()));
        self.watch_and_escalate().await;
        let held = self.escalations(&[EscalationState::Held]).await;
        let row = held
            .into_iter()
            .find(|row| row.escalation.bank == BankCode::new(bank))
            .expect("an escalation about the bank is held");
        self.approve(&row).await;
        self.again(&row).await
    }

    /// The escalation as it is now.
    pub async fn again(&self, row: &EscalationRow) -> EscalationRow {
        self.ctx.store.escalation(row.escalation.id.as_str()).await.unwrap()
    }

    /// The states of an escalation's deliveries now.
    pub async fn states(&self, row: &EscalationRow) -> Vec<StateName> {
        self.again(row).await.deliveries.iter().map(|row| row.delivery.name()).collect()
    }
}
