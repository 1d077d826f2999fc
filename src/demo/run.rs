//! The demo itself: an invented unit works through an invented month, on the real path, at a sped-up
//! clock, and tells what happens and why.
//!
//! The invariant: everything but the banks and the square is the real thing: the same reconcilers,
//! ledger, record and rules as in service.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use jiff::SignedDuration;
use secrecy::{ExposeSecret as _, SecretString};

use super::{
    cast,
    narrate::{Event, Narrator, Summary},
    square::{Square, http},
    stage,
    tempo::{self, Tempo},
    world::{World, figures},
};
use crate::{
    app::{App, connect_accounts},
    clock::{Clock, Dice},
    config::Config,
    domain::{
        delivery::{State, StateName},
        escalation::{EscalationKind, EscalationState},
        ids::{DeliveryId, EscalationId},
        time::Timestamp,
    },
    reports::rehearsal::Rehearsal,
    store::{EscalationRow, QueueFilter},
    web::{Console, Opening},
    work::{self, Ctx},
};

/// How the demo is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The folder that all its files lie in.
    pub folder: PathBuf,
    /// Where the square's page is shown.
    pub listen: SocketAddr,
    /// It ends by itself after this many seconds; `None`: when it is told to.
    pub seconds: Option<u32>,
    /// The argon2id hash of the passphrase of all its people.
    pub passphrase_hash: String,
}

/// How often, on the story's clock, the case source is read.
const POLL: SignedDuration = SignedDuration::from_mins(5);
/// How often, on the story's clock, a quiet case source is told of.
const STILL_WATCHED: SignedDuration = SignedDuration::from_hours(1);
/// How long, on the story's clock, the DCP takes to look at the queue.
const APPROVER_LOOKS_AFTER: SignedDuration = SignedDuration::from_mins(45);

/// A demo that has been set up.
pub struct Demo {
    ctx: Ctx,
    embedded: crate::cases::embedded::EmbeddedCases,
    world: World,
    square: Arc<Square>,
    tempo: Tempo,
    folder: PathBuf,
    polled_at: Option<Timestamp>,
    told: Told,
    /// What the rehearsal before the story showed.
    pub rehearsal: Rehearsal,
    /// Where a person can open the square.
    pub page: String,
}

/// What has been told already.
#[derive(Default)]
struct Told {
    states: BTreeMap<EscalationId, EscalationState>,
    deliveries: BTreeMap<DeliveryId, StateName>,
    heard: BTreeMap<DeliveryId, usize>,
    waits: BTreeSet<(EscalationId, String)>,
    cases_at: Option<Timestamp>,
    /// Rows that changed since the cases were last told of.
    changed: u64,
}

impl Demo {
    /// Makes the folder, the invented unit, its month of cases and its town square. The last days of
    /// the month are watched and the order rehearsed on a clock that is stepped; the story's own
    /// begins to run when all is set. That takes seconds, and `doing` is told what they go into.
    ///
    /// # Errors
    /// The folder holds a demo already, the address is taken, or a file cannot be written.
    pub async fn set_up(options: &Options, doing: &mut stage::Doing<'_>) -> anyhow::Result<Self> {
        let folder = &options.folder;
        if folder.join("takaza.db").exists() {
            bail!("{} holds a ledger already; name another folder with --data", folder.display());
        }
        if std::fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()) {
            let folder = folder.display();
            bail!("{folder} holds other files; name another folder with --data, new or empty");
        }
        // Before anything is made: what cannot be shown leaves nothing behind.
        let listener = tokio::net::TcpListener::bind(options.listen).await.with_context(|| {
            format!("{} is taken; name another address with --listen", options.listen)
        })?;
        std::fs::create_dir_all(folder.join("keys"))
            .with_context(|| format!("the folder {} cannot be made", folder.display()))?;
        let page = format!("http://{}", listener.local_addr()?);
        let dice = Dice::from_os();
        let token = SecretString::from(dice.token());
        let token_file = stage::private_file(folder, "keys/square.token", token.expose_secret())?;
        std::fs::write(folder.join("takaza.toml"), stage::CONFIG)?;
        let config = || -> anyhow::Result<Config> {
            let parsed = Config::parse(stage::CONFIG, folder);
            let mut config =
                parsed.map_err(|errors| anyhow::anyhow!("the demo's configuration: {errors}"))?;
            config.ledger.invented = true;
            Ok(config)
        };
        let tempo = Tempo::of(options.seconds);
        let start = tempo.start;
        let (seed, clock) = (20_261_124, Clock::stepped(start));
        let story = clock.clone();
        let square = Arc::new(Square::new(
            &cast::Unit::default(),
            page.clone(),
            token,
            seed,
            Arc::new(move || story.now()),
        ));
        doing("Making a month of invented cases …");
        let world = World::seeded(seed, start);
        let past = Clock::stepped(start.minus(stage::BEFORE));
        let app = App::with(config()?, folder.clone(), past, dice.clone()).await?;
        let embedded = app.embedded.context("the demo reads the embedded case database")?;
        let days = stage::REHEARSED;
        doing(&format!("Watching their last {days} days hour by hour, as the service would …"));
        stage::watch_the_days(&app.ctx, &embedded, &world, start).await?;
        stage::spoil_some(&embedded, &world, start).await?;
        let unit = stage::Unit { page: &page, token_file: &token_file, square: &square };
        let rehearsal = unit.settle_in(&app.ctx, &options.passphrase_hash, start, doing).await?;
        while work::seal::run_once(&app.ctx).await?.more {}
        embedded
            .put_figures(&figures::of(&world.actions, app.ctx.limits.calendar().zone()))
            .await?;
        while work::tally::run_once(&app.ctx).await?.more {}

        tokio::spawn(http::serve(square.clone(), listener, std::future::pending()));
        let mut ctx = App::with(config()?, folder.clone(), clock, dice).await?.ctx;
        connect_accounts(&mut ctx).await?;
        let (folder, told) = (folder.clone(), Told::default());
        let polled_at = None;
        Ok(Self { ctx, embedded, world, square, tempo, folder, polled_at, told, rehearsal, page })
    }

    /// The console over the demo's own ledger, on the story's clock.
    ///
    /// # Errors
    /// Its messages cannot be read (a mistake of ours).
    pub fn console(&self) -> anyhow::Result<Console> {
        Console::open(Opening {
            ctx: self.ctx.clone(),
            data: self.folder.clone(),
            embedded: Some(self.embedded.clone()),
            first: None,
            demo: true,
        })
    }

    /// Plays until `until` (or for ever), telling each event.
    ///
    /// # Errors
    /// The ledger or the case database failed.
    pub async fn play(
        &mut self,
        narrator: &Narrator,
        seconds: Option<u32>,
        tell: &mut dyn FnMut(&str),
    ) -> anyhow::Result<()> {
        let mut steps = tokio::time::interval(tempo::STEP);
        steps.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let end = async {
            match seconds {
                Some(seconds) => {
                    tokio::time::sleep(std::time::Duration::from_secs(seconds.into())).await
                }
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        let stop = crate::serve::stop_signal();
        tokio::pin!(stop);
        let began = Clock::System.steady();
        loop {
            tokio::select! {
                biased;
                () = &mut end => return Ok(()),
                _ = &mut stop => return Ok(()),
                _ = steps.tick() => {
                    self.tempo.go_on(&self.ctx.clock, Clock::System.steady() - began);
                    self.step(&mut |at, event| tell(&narrator.line(at, &event))).await?;
                }
            }
        }
    }

    /// The world moves, and every reconciler runs once.
    async fn step(&mut self, tell: &mut dyn FnMut(Timestamp, Event)) -> anyhow::Result<()> {
        let now = self.ctx.clock.now();
        self.square.tick(now);
        let changed = self.world.tick(now);
        if !changed.is_empty() {
            self.embedded.upsert(&changed, now).await?;
        }
        if self.polled_at.is_none_or(|last| now.since(last) >= POLL) {
            self.polled_at = Some(now);
            self.told.changed += work::watch::run_once(&self.ctx).await?.did;
            work::escalate::run_once(&self.ctx).await?;
            work::tally::run_once(&self.ctx).await?;
            let zone = self.ctx.limits.calendar().zone();
            self.embedded.put_figures(&figures::of(&self.world.actions, zone)).await?;
        }
        work::clear::run_once(&self.ctx).await?;
        work::deliver::run_once(&self.ctx).await?;
        work::sweep::run_once(&self.ctx).await?;
        work::listen::run_once(&self.ctx).await?;
        work::alarms::run_once(&self.ctx).await?;
        work::seal::run_once(&self.ctx).await?;
        self.people_act(now).await?;
        let mut events = Vec::new();
        self.tell(now, &mut events).await?;
        let still = self.told.cases_at.is_none_or(|at| now.since(at) >= STILL_WATCHED);
        if self.told.changed > 0 && (still || !events.is_empty()) {
            let changed = std::mem::take(&mut self.told.changed);
            self.told.cases_at = Some(now);
            tell(now, self.polled(changed, now).await?);
        }
        events.into_iter().for_each(|(at, event)| tell(at, event));
        Ok(())
    }

    async fn polled(&self, changed: u64, now: Timestamp) -> anyhow::Result<Event> {
        let overdue = self.ctx.store.overdue(work::watch::source_name(&self.ctx), now).await?;
        let set_aside = self.ctx.store.standing().await?.rejected;
        Ok(Event::Polled {
            changed: usize::try_from(changed).unwrap_or(usize::MAX),
            overdue: overdue.values().map(Vec::len).sum(),
            set_aside: usize::try_from(set_aside).unwrap_or(0),
        })
    }

    /// The DCP approves every second escalation that waits for them; the officer takes alarms.
    async fn people_act(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let officer = stage::person(&self.ctx, "officer").await?;
        for alarm in self.ctx.store.alarms(true, 20).await? {
            let by = stage::by(&officer);
            self.ctx.store.take_alarm(&by, &officer, &alarm.id).await?;
        }
        let dcp = stage::person(&self.ctx, "dcp").await?;
        let held = self.rows(&[EscalationState::Held]).await?;
        for row in held {
            let escalation = &row.escalation;
            let waited = now.since(escalation.drafted_at) >= APPROVER_LOOKS_AFTER;
            let fresh = now.since(escalation.facts.as_of) < self.ctx.config.ladder.maximum_fact_age;
            let chosen = escalation.reference.as_str().bytes().last().is_some_and(|b| b % 2 == 0);
            if row.outcome.is_none() && waited && fresh && chosen {
                let valid = self.ctx.config.ladder.clearance_valid_for;
                let (id, hash) = (escalation.id.as_str(), escalation.hash());
                self.ctx.store.approve(&stage::by(&dcp), id, &dcp, &hash, valid).await?;
            }
        }
        Ok(())
    }

    async fn rows(&self, states: &[EscalationState]) -> anyhow::Result<Vec<EscalationRow>> {
        let filter =
            QueueFilter { states: states.to_vec(), page: (0, 10_000), ..QueueFilter::default() };
        Ok(self.ctx.store.queue(&filter).await?)
    }

    /// What changed in the ledger since the last step, and what the world makes of it.
    async fn tell(
        &mut self,
        now: Timestamp,
        events: &mut Vec<(Timestamp, Event)>,
    ) -> anyhow::Result<()> {
        for row in self.rows(EscalationState::ALL).await? {
            let state = row.escalation.state();
            let before = self.told.states.insert(row.escalation.id.clone(), state);
            if before.is_none() {
                self.world.noticed(&row.escalation.bank, now);
                events.push((now, held(&row)));
            }
            if before != Some(state) {
                events.extend(self.became(&row).map(|event| (now, event)));
            }
            self.tell_deliveries(&row, now, events).await?;
        }
        Ok(())
    }

    fn became(&self, row: &EscalationRow) -> Option<Event> {
        let (bank, reference) = (bank(row), row.escalation.reference.clone());
        match row.escalation.state() {
            EscalationState::Cleared => {
                let authority = &row.clearance.as_ref()?.authority;
                let by = match authority.order() {
                    Some(_) => format!("standing order \u{201c}{}\u{201d}", stage::ORDER),
                    None => stage::name_of(authority.signer()),
                };
                Some(Event::Cleared { bank, reference, by })
            }
            EscalationState::Withdrawn if row.outcome.as_ref()?.starts_with("tag avoided") => {
                Some(Event::Avoided { bank, reference })
            }
            EscalationState::Withdrawn | EscalationState::Expired => {
                let why = row.outcome.clone().unwrap_or_default();
                Some(Event::Waiting { bank, why: format!("{reference}  withdrawn: {why}") })
            }
            EscalationState::Closed if row.escalation.kind == EscalationKind::Closure => {
                Some(Event::Closed { bank, reference, acted: row.escalation.facts.acted })
            }
            _ => None,
        }
    }

    async fn tell_deliveries(
        &mut self,
        row: &EscalationRow,
        now: Timestamp,
        events: &mut Vec<(Timestamp, Event)>,
    ) -> anyhow::Result<()> {
        for delivery in &row.deliveries {
            let delivery = &delivery.delivery;
            let (bank, reference) = (bank(row), row.escalation.reference.clone());
            let before = self.told.deliveries.insert(delivery.id.clone(), delivery.name());
            match delivery.state() {
                State::Delivered(_) if before != Some(StateName::Delivered) => {
                    if row.escalation.kind == EscalationKind::Tag {
                        self.world.tagged(&row.escalation.bank, now);
                    }
                    events.push((now, Event::Posted { bank, reference }));
                }
                State::Uncertain(doubt) if before != Some(StateName::Uncertain) => {
                    let why = doubt.why.clone();
                    events.push((now, Event::Uncertain { bank, reference, why }));
                }
                State::Waiting { why: Some(why), .. }
                    if self
                        .told
                        .waits
                        .insert((row.escalation.id.clone(), reason(why).to_owned())) =>
                {
                    events.push((now, Event::Waiting { bank, why: reason(why).to_owned() }));
                }
                _ => {}
            }
            if delivery.name() == StateName::Delivered {
                self.tell_heard(row, &delivery.id, now, events).await?;
            }
        }
        Ok(())
    }

    async fn tell_heard(
        &mut self,
        row: &EscalationRow,
        delivery: &DeliveryId,
        now: Timestamp,
        events: &mut Vec<(Timestamp, Event)>,
    ) -> anyhow::Result<()> {
        let heard = self.ctx.store.engagement_of(delivery).await?;
        let told = self.told.heard.insert(delivery.clone(), heard.len()).unwrap_or(0);
        for one in heard.iter().skip(told) {
            let event = Event::Heard { bank: bank(row), by: one.voice, kind: one.kind };
            events.push((now, event));
        }
        Ok(())
    }

    /// What it came to; saves the square beside the ledger.
    ///
    /// # Errors
    /// The ledger failed, or the folder cannot be written.
    pub async fn end(&self) -> anyhow::Result<Summary> {
        self.square.save(&self.folder.join("square.json"))?;
        work::seal::run_once(&self.ctx).await?;
        stage::summary(&self.ctx, &self.folder).await
    }

    /// The escalations that wait for a person, the most money at risk first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn held(&self) -> anyhow::Result<Vec<EscalationRow>> {
        self.rows(&[EscalationState::Held]).await
    }
}

fn bank(row: &EscalationRow) -> String {
    row.escalation.facts.bank_en.clone()
}

fn held(row: &EscalationRow) -> Event {
    if row.escalation.kind == EscalationKind::Closure {
        return Event::Thanks {
            bank: bank(row),
            reference: row.escalation.reference.clone(),
            acted: row.escalation.facts.acted,
        };
    }
    Event::Held {
        bank: bank(row),
        reference: row.escalation.reference.clone(),
        actions: row.escalation.facts.actions(),
        amount: row.escalation.facts.amount_at_least,
    }
}

/// A reason without its time: the same reason is told once.
fn reason(why: &str) -> &str {
    why.split(" until ").next().unwrap_or(why).trim_end_matches(';')
}

/// A folder of its own for a demo that names none: `takaza-demo/2026-11-24-153000`.
pub fn folder_for(now: Timestamp) -> PathBuf {
    let zone = jiff::tz::TimeZone::get("Asia/Kolkata").unwrap_or(jiff::tz::TimeZone::UTC);
    let stamp = now.in_zone(&zone).strftime("%Y-%m-%d-%H%M%S").to_string();
    Path::new("takaza-demo").join(stamp)
}
