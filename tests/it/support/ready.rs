//! A unit that is ready to post, built by the store's own acts: people whose roles took two, a
//! live account on a [`Scripted`] platform, a bank's verified handle; and tags that went out.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use async_trait::async_trait;
use futures::stream::BoxStream;
use jiff::SignedDuration;
use takaza::{
    cases::{CaseSource, Row, SourceError},
    clock::{Clock, Dice},
    config::Config,
    destinations::{Destination, OwnPost, http::HttpConfig},
    domain::wording::Templates,
    domain::{
        bank::Directory,
        calendar::{Calendar, limits::Limits},
        cost::Costs,
        delivery::{ClaimedDelivery, Content, LookRules, Outcome, Receipt},
        engagement::{Author, Identity},
        escalation::{Escalation, EscalationKind, EscalationState, Rung},
        ids::{AccountName, BankCode, DeliveryId, EscalationId, ExternalId, PersonId, Reference},
        pacing::PacingRules,
        person::{Approver, Desk, Person, Role},
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        time::Timestamp,
    },
    store::{
        AccountRow, Actor, BreakerRules, ClaimRules, Claimed, DeliveryRow, Draft, Ended, Report,
        Store,
    },
    work::{Ctx, switch::Switch},
};

use super::{
    claimed::{Wanted, facts},
    scripted::Scripted,
    secrets, servers,
};

/// The bank that every tag is about.
pub const BANK: &str = "ZPPL";
/// Its verified handle.
pub const BANK_HANDLE: &str = "care@peepal.example";

/// One unit on one database.
pub struct Unit {
    pub ctx: Ctx,
    pub clock: Clock,
    pub store: Store,
    pub square: Arc<Scripted>,
    pub by: Actor,
    pub dcp: Person,
    pub administrator: Person,
    /// The ledger's and the keys' folder.
    pub folder: tempfile::TempDir,
    ledger_url: String,
    config: Config,
    next: std::cell::Cell<u32>,
}

/// Tells a story on SQLite, and on PostgreSQL where that is there.
pub async fn on_both(story: impl AsyncFn(Unit)) {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    story(Unit::new(&url, folder).await).await;
    if let Some(url) = servers::postgres().await {
        story(Unit::new(&url, tempfile::tempdir().expect("a folder")).await).await;
    }
}

pub fn author(stable_id: &str, handle: &str) -> Author {
    Author { stable_id: stable_id.to_owned(), handle: handle.to_owned() }
}

/// The bank's own verified account.
pub fn bank() -> Author {
    author("peepal.example/7", BANK_HANDLE)
}

pub fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

pub fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn us(account: &str) -> Author {
    author(&format!("square.example/{account}"), &format!("{account}@square.example"))
}

fn config(folder: &Path) -> Config {
    let text = r#"
        [unit]
        name_en = "Cyber Crime Unit"
        name_hi = "साइबर अपराध इकाई"
        reference_prefix = "GGM"
        [banks]
        invented = true
        [deliver]
        read_lag = "10s"
        request_timeout = "20s"
        [listen]
        every = "5m"
        until_age = "336h"
        [record]
        origin = "ggm.example/takaza"
        key_file = "record.key"
        unsealed_alarm = "876000h"
        [alarms]
        duty_officer = "Inspector on duty"
        "#;
    Config::parse(text, folder).expect("a configuration")
}

/// A case source that nobody reads here.
struct NoSource;

impl NoSource {
    fn silent<T>() -> Result<T, SourceError> {
        Err(SourceError::Unreachable { name: "none".to_owned(), reason: "no source".to_owned() })
    }
}

#[async_trait]
impl CaseSource for NoSource {
    async fn poll(
        &self,
        _now: Timestamp,
        _since: Option<Timestamp>,
    ) -> Result<BoxStream<'_, Result<Row, SourceError>>, SourceError> {
        Self::silent()
    }

    async fn recheck(&self, _now: Timestamp, _ids: &[ExternalId]) -> Result<Vec<Row>, SourceError> {
        Self::silent()
    }

    async fn tells_changes(&self) -> Result<bool, SourceError> {
        Self::silent()
    }

    fn overlap(&self) -> SignedDuration {
        SignedDuration::ZERO
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        secrets::told_by_databases_in(self.folder.path());
        secrets::told_by_postgres(&self.ledger_url);
    }
}

impl Unit {
    pub async fn new(url: &str, folder: tempfile::TempDir) -> Self {
        let start: Timestamp =
            "2026-11-24T06:00:00Z".parse::<jiff::Timestamp>().expect("a time").into();
        let (clock, dice) = (Clock::stepped(start), Dice::seeded(7));
        let store = Store::open(url, 4, &clock, dice.clone()).await.expect("a ledger");
        let config = config(folder.path());
        let square = Arc::new(Scripted::new(&clock, us("unit")));
        let by = Actor::worker("a story");
        let administrator = person("admin", Role::Administrator, start);
        let (dcp, auditor) =
            (person("dcp", Role::Approver, start), person("auditor", Role::Auditor, start));
        store.add_person(&by, None, &administrator, "").await.expect("the first person");
        for other in [&dcp, &auditor] {
            store.add_person(&by, Some(&administrator), other, "").await.expect("a person");
        }
        store.confirm_person(&by, &auditor, &dcp.id).await.expect("a second person");
        let dcp = store.person(&dcp.id).await.expect("the DCP").0;
        let ctx = ctx(&config, &clock, dice, &store);
        let (next, ledger_url) = (std::cell::Cell::new(0), url.to_owned());
        let mut unit = Self {
            ctx,
            clock,
            store,
            square,
            by,
            dcp,
            administrator,
            folder,
            ledger_url,
            config,
            next,
        };
        unit.connect("unit", Arc::clone(&unit.square) as Arc<dyn Destination>).await;
        unit.verify(&bank()).await;
        unit
    }

    /// Changes the configuration.
    pub fn configure(&mut self, change: impl FnOnce(&mut Config)) {
        change(&mut self.config);
        self.ctx.config = Arc::new(self.config.clone());
    }

    /// Connects an account of the unit and turns it live.
    pub async fn connect(&mut self, name: &str, destination: Arc<dyn Destination>) {
        let identity = destination.whoami().await.expect("the account answers").author;
        let row = account_row(name, identity, Sender::Api);
        let administrator = self.administrator.as_administrator(self.clock.now()).expect("a role");
        self.store.put_account(&self.by, &administrator, &row).await.expect("connected");
        let account = AccountName::new(name);
        self.store.set_live(&self.by, &self.dcp, &account, true).await.expect("live");
        let mut all = (*self.ctx.destinations).clone();
        all.insert(account, destination);
        self.ctx.destinations = Arc::new(all);
    }

    /// Connects a second account, on a square of its own.
    pub async fn second_account(&mut self, name: &str) -> Arc<Scripted> {
        let square = Arc::new(Scripted::new(&self.clock, us(name)));
        self.connect(name, Arc::clone(&square) as Arc<dyn Destination>).await;
        square
    }

    /// A hand-off account without any way to read it.
    pub async fn hand_off_account(&self, name: &str) {
        let row = account_row(name, us(name), Sender::HandOff);
        let administrator = self.administrator.as_administrator(self.clock.now()).expect("a role");
        self.store.put_account(&self.by, &administrator, &row).await.expect("connected");
    }

    /// The DCP verifies the bank's handle.
    pub async fn verify(&self, author: &Author) {
        self.square.owns(&author.handle, &author.stable_id);
        let identity = Identity { author: author.clone(), evidence: Vec::new() };
        let (bank, until) = (BankCode::new(BANK), self.clock.now().plus(hours(24 * 90)));
        self.store
            .verify_handle(
                &self.by,
                &self.dcp.id,
                (&bank, Platform::Mastodon),
                &identity,
                "a verified link to the bank's own domain",
                until,
            )
            .await
            .expect("verified");
    }

    pub fn approver(&self) -> Approver {
        self.dcp.as_approver(self.clock.now()).expect("the role is in force")
    }

    pub fn desk(&self) -> Desk {
        self.dcp.as_desk(self.clock.now()).expect("the role is in force")
    }

    /// Drafts and approves a tag through an account; its delivery waits.
    pub async fn cleared(&self, account: &str) -> DeliveryRow {
        let wanted = self.wanted();
        let mut content = wanted.content();
        content.account = AccountName::new(account);
        self.draft(&wanted, EscalationKind::Tag, vec![content]).await.remove(0)
    }

    /// A tag in two languages, one delivery each, with one reference.
    pub async fn cleared_in_two_languages(&self) -> Vec<DeliveryRow> {
        let wanted = self.wanted();
        let english = wanted.content();
        let mut hindi = english.clone();
        hindi.language = Language::Hi;
        hindi.text = format!(
            "@{BANK_HANDLE} इस इकाई की 6 घंटे की सीमा के बाद भी 4 लियन लंबित हैं। Ref {}",
            wanted.reference
        );
        self.draft(&wanted, EscalationKind::Tag, vec![english, hindi]).await
    }

    /// Drafts and approves the deletion of one of our posts; it waits.
    pub async fn cleared_retraction(&self, of: &OwnPost) -> DeliveryRow {
        let wanted = Wanted { retracts: Some(of.id.clone()), ..self.wanted() };
        self.draft(&wanted, EscalationKind::Retraction, vec![wanted.content()]).await.remove(0)
    }

    fn wanted(&self) -> Wanted {
        self.next.set(self.next.get() + 1);
        Wanted::tag(self.next.get(), self.clock.now())
    }

    async fn draft(
        &self,
        wanted: &Wanted,
        kind: EscalationKind,
        contents: Vec<Content>,
    ) -> Vec<DeliveryRow> {
        let now = self.clock.now();
        let senders = contents.iter().map(|_| Sender::Api).collect();
        let escalation = Escalation::new(
            EscalationId::new(format!("escalation-{}", wanted.reference)),
            Reference::new(&wanted.reference),
            BankCode::new(BANK),
            Rung::Tag,
            kind,
            1,
            facts(&wanted.reference, now),
            contents,
            None,
            now,
            now.plus(hours(24)),
            None,
            EscalationState::Held,
        );
        let (id, hash) = (escalation.id.clone(), escalation.hash());
        let draft = Draft { escalation, members: Vec::new(), senders, pictures: Vec::new() };
        self.store.draft(&self.by, &draft).await.expect("drafted");
        let row = self.store.approve(&self.by, id.as_str(), &self.dcp, &hash, hours(12)).await;
        row.expect("approved").deliveries
    }

    /// Claims what waits.
    pub async fn claim(&self) -> Claimed {
        let pacing = PacingRules {
            per_bank_day: 100,
            bank_interval: SignedDuration::ZERO,
            per_account_hour: 100,
            per_account_day: 100,
            account_interval: SignedDuration::ZERO,
            batch: 100,
        };
        let rules = ClaimRules {
            holder: "a story",
            lease: minutes(2),
            pacing: &pacing,
            shadow: false,
            quiet_until: None,
            handle_fresh_for: hours(24),
            costs: &Costs::default(),
        };
        self.store.claim(&self.by, &rules).await.expect("claimed")
    }

    /// Claims what waits and records what came of it.
    pub async fn ends(&self, outcome: impl Fn(&DeliveryId) -> Outcome) {
        let claimed = self.claim().await.deliveries;
        assert!(!claimed.is_empty(), "nothing could be claimed");
        self.report(&claimed, |id| Ended::Attempted(outcome(id))).await;
        // One tag is open for a bank at a time.
        self.store.sweep_escalations(&self.by).await.expect("swept");
    }

    /// Not one byte of what was claimed has left.
    pub async fn puts_off(&self, claimed: &[ClaimedDelivery]) {
        let until = self.clock.now();
        self.report(claimed, |_| Ended::NotNow { until, why: "a drill".to_owned() }).await;
    }

    async fn report(&self, claimed: &[ClaimedDelivery], ended: impl Fn(&DeliveryId) -> Ended) {
        let report = |claimed: &ClaimedDelivery| Report {
            delivery: claimed.delivery().id.clone(),
            escalation: claimed.delivery().escalation.clone(),
            token: claimed.lease().token.clone(),
            ended: ended(&claimed.delivery().id),
            look: LookRules { grace: minutes(1), idempotent_for: None },
            recheck: None,
        };
        let reports: Vec<_> = claimed.iter().map(report).collect();
        let breaker = BreakerRules::default();
        self.store.record(&self.by, &reports, &breaker).await.expect("recorded");
    }

    /// A tag that went out through the first account: its delivery and its post.
    pub async fn posted(&self) -> (DeliveryRow, OwnPost) {
        self.posted_on("unit", &self.square).await
    }

    /// The same through another account.
    pub async fn posted_on(&self, account: &str, square: &Scripted) -> (DeliveryRow, OwnPost) {
        let row = self.cleared(account).await;
        let post = square.posts_as_us(&row.delivery.content.text);
        self.ends(|_| Outcome::Accepted(receipt(&post))).await;
        (self.delivery(&row).await, post)
    }

    /// A tag whose sending ended unseen.
    pub async fn uncertain(&self) -> DeliveryRow {
        let row = self.cleared("unit").await;
        self.ends(|_| Outcome::Unknown { reason: "the connection broke".to_owned() }).await;
        row
    }

    pub async fn delivery(&self, row: &DeliveryRow) -> DeliveryRow {
        self.store.delivery(row.delivery.id.as_str()).await.expect("it is there")
    }
}

pub fn receipt(post: &OwnPost) -> Receipt {
    Receipt { id: post.id.clone(), permalink: post.permalink.clone(), at: post.at }
}

fn person(id: &str, role: Role, from: Timestamp) -> Person {
    let (id, name) = (PersonId::new(id), format!("the {id}"));
    Person { id, name, role, order_number: None, from, until: None, confirmed: true }
}

fn account_row(name: &str, identity: Author, sender: Sender) -> AccountRow {
    AccountRow::new(Account {
        name: AccountName::new(name),
        platform: Platform::Mastodon,
        base_url: "https://square.example".to_owned(),
        handle: identity.handle,
        stable_id: Some(identity.stable_id),
        sender,
        mention: MentionMode::Mention,
        languages: vec![Language::En],
        visibility: Visibility::Public,
        spoiler: None,
        max_length: 500,
        picture: false,
        live: false,
    })
}

/// The one place that names every field of the context.
fn ctx(config: &Config, clock: &Clock, dice: Dice, store: &Store) -> Ctx {
    let calendar = Calendar::new(&config.calendar).expect("a calendar");
    let limits = Limits::new(calendar, config.limits.clone()).expect("no limits");
    Ctx {
        config: Arc::new(config.clone()),
        clock: clock.clone(),
        dice,
        store: store.clone(),
        source: Arc::new(NoSource),
        banks: Arc::new(Directory::compiled_in().expect("the directory")),
        limits: Arc::new(limits),
        templates: Arc::new(Templates::built_in().expect("the templates")),
        http: HttpConfig::default(),
        destinations: Arc::new(BTreeMap::new()),
        keepers: Arc::default(),
        speaking: takaza::work::speaking::Speaking::default(),
        process: "story".to_owned(),
        shadow: false,
        switch: Switch::default(),
    }
}
