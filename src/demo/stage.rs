//! Setting the demo's stage: the invented unit's configuration, people, account, verified handles,
//! standing order and silence, and its case database.

use std::{
    collections::BTreeMap,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use jiff::SignedDuration;

use super::{
    cast,
    narrate::Summary,
    square::Square,
    world::{World, raw},
};
use crate::{
    cases::embedded::EmbeddedCases,
    domain::{
        action::Status,
        engagement::{Author, Identity},
        escalation::EscalationKind,
        history::{LONGEST_BETWEEN_POLLS, start_of_days},
        ids::{AccountName, ExternalId, PersonId},
        money::Paise,
        order::{MINIMUM_REHEARSED_DAYS, Terms},
        person::Person,
        platform::{Account, Language, MentionMode, Platform, Sender, Visibility},
        tagging::{SilenceOrder, SilenceScope},
        time::Timestamp,
    },
    reports::rehearsal::Rehearsal,
    store::{AccountRow, Actor},
    work::{self, Ctx, rehearse::rehearse_every},
};

/// The demo's configuration: what differs from the defaults.
pub const CONFIG: &str = include_str!("takaza.toml");

/// The name of the demo's standing order.
pub const ORDER: &str = "slow banks";

/// The name of the unit's account in the square.
const ACCOUNT: &str = "square";

/// On how many days the order is rehearsed: as many as a signature needs.
pub const REHEARSED: u32 = MINIMUM_REHEARSED_DAYS;

/// Writes a file that nobody else can read.
///
/// # Errors
/// It cannot be written.
pub fn private_file(folder: &Path, name: &str, text: &str) -> anyhow::Result<PathBuf> {
    let path = std::path::absolute(folder.join(name))?;
    let what = || format!("{} cannot be written", path.display());
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&path).with_context(what)?;
    file.write_all(text.as_bytes()).with_context(what)?;
    Ok(path)
}

/// The actor of a demo person's act.
pub fn by(person: &Person) -> Actor {
    Actor::person(person.id.clone(), "demo")
}

/// A demo person as the ledger has them.
///
/// # Errors
/// The ledger failed.
pub async fn person(ctx: &Ctx, id: &str) -> anyhow::Result<Person> {
    Ok(ctx.store.person(&PersonId::new(id)).await?.0)
}

/// A demo person's name.
pub fn name_of(id: &PersonId) -> String {
    let people = cast::people(Timestamp::from_micros(0));
    let found = people.into_iter().find(|person| person.id == *id);
    found.map_or_else(|| id.to_string(), |person| person.name)
}

/// The ledger is made so long before the story: before the first of those days.
pub const BEFORE: SignedDuration = SignedDuration::from_hours(24 * (REHEARSED as i64 + 1));

/// How often the case source was read before the story: as seldom as a day may be watched without
/// a gap ([`crate::domain::history::LONGEST_BETWEEN_POLLS`]).
const READ_EVERY: SignedDuration = LONGEST_BETWEEN_POLLS;

/// The days before the story on which the order is rehearsed, read from the case source as they
/// went: the ledger's history really holds those days, and the last of them is the present of the
/// stepped clock. What was there before them is seen at the first reading.
///
/// # Errors
/// The ledger or the case database failed.
pub async fn watch_the_days(
    ctx: &Ctx,
    cases: &EmbeddedCases,
    world: &World,
    until: Timestamp,
) -> anyhow::Result<()> {
    let zone = ctx.limits.calendar().zone();
    let from = start_of_days(until, REHEARSED, zone);
    ctx.clock.advance(from.since(ctx.clock.now()));
    let mut ahead = world.month.as_slice();
    loop {
        let now = ctx.clock.now();
        let (past, rest) = ahead.split_at(ahead.partition_point(|(at, _)| *at <= now));
        ahead = rest;
        let newest: BTreeMap<_, _> = past.iter().map(|(_, row)| (&row.external_id, row)).collect();
        let rows: Vec<_> = newest.into_values().cloned().collect();
        cases.upsert(&rows, now).await?;
        work::watch::run_once(ctx).await?;
        if now >= until {
            break;
        }
        ctx.clock.advance(READ_EVERY.min(until.since(now)));
    }
    while work::seal::run_once(ctx).await?.more {}
    Ok(())
}

/// The rows that break the contract, each for its own reason.
///
/// # Errors
/// The case database cannot be written.
pub async fn spoil_some(
    cases: &EmbeddedCases,
    world: &World,
    now: Timestamp,
) -> anyhow::Result<()> {
    let pattern = world.actions.first().context("the month has actions")?;
    for broken in &world.broken {
        let id = ExternalId::new(broken.get("external_id"));
        if id.expose().is_empty() {
            continue;
        }
        let mut row = pattern.clone();
        row.external_id = id.clone();
        cases.upsert(&[row.clone()], now).await?;
        let good = raw::RawRow::from(&row);
        for column in raw::COLUMNS.iter().filter(|column| **column != "external_id") {
            let text = broken.get(column);
            if text != good.get(column) && *column != "updated_at" {
                cases.spoil(&id, column, (!text.is_empty()).then_some(text), now).await?;
            }
        }
    }
    Ok(())
}

/// Told what is being done, in a line, as it begins.
pub type Doing<'a> = dyn FnMut(&str) + Send + 'a;

/// The invented unit, about to settle in.
pub struct Unit<'a> {
    /// Where the square is.
    pub page: &'a str,
    /// The token that lets the unit post there.
    pub token_file: &'a Path,
    /// The square.
    pub square: &'a Square,
}

impl Unit<'_> {
    /// Its people, account, handles, silence and order, each by the act that a real unit would do.
    /// Returns what the order's rehearsal showed.
    ///
    /// # Errors
    /// The ledger failed, or the rehearsal observed too few days for a signature.
    pub async fn settle_in(
        &self,
        ctx: &Ctx,
        hash: &str,
        now: Timestamp,
        doing: &mut Doing<'_>,
    ) -> anyhow::Result<Rehearsal> {
        people(ctx, hash, now).await?;
        self.account(ctx, now).await?;
        self.handles(ctx, now).await?;
        silences(ctx, now).await?;
        doing(
            "Rehearsing on them what the standing order would have posted, before it is signed …",
        );
        order(ctx, now).await
    }

    async fn account(&self, ctx: &Ctx, now: Timestamp) -> anyhow::Result<()> {
        let own = cast::Unit::default().handle;
        let accounts = self.square.accounts();
        let stable_id = accounts.iter().find(|one| one.handle == own);
        let row = AccountRow {
            idempotent: true,
            token_from: Some(format!("file:{}", self.token_file.display())),
            ..AccountRow::new(Account {
                name: AccountName::new(ACCOUNT),
                platform: Platform::Sandbox,
                base_url: self.page.to_owned(),
                handle: own.clone(),
                stable_id: stable_id.map(|one| one.id.clone()),
                sender: Sender::Api,
                mention: MentionMode::Mention,
                languages: vec![Language::En, Language::Hi],
                visibility: Visibility::Public,
                spoiler: None,
                max_length: 500,
                picture: true,
                live: false,
            })
        };
        let admin = person(ctx, "admin").await?;
        ctx.store.put_account(&by(&admin), &admin.as_administrator(now)?, &row).await?;
        let dcp = person(ctx, "dcp").await?;
        ctx.store.set_live(&by(&dcp), &dcp, &row.account.name, true).await?;
        Ok(())
    }

    async fn handles(&self, ctx: &Ctx, now: Timestamp) -> anyhow::Result<()> {
        let officer = person(ctx, "officer").await?;
        let expires = now.plus(SignedDuration::from_hours(24 * 180));
        for bank in cast::banks() {
            let author = Author { stable_id: bank.stable_id.clone(), handle: bank.handle.clone() };
            let identity = Identity { author, evidence: Vec::new() };
            let (actor, platform) = (by(&officer), Platform::Sandbox);
            let evidence = "the square's own list of banks";
            ctx.store
                .verify_handle(
                    &actor,
                    &officer.id,
                    (&bank.code, platform),
                    &identity,
                    evidence,
                    expires,
                )
                .await?;
        }
        Ok(())
    }
}

async fn people(ctx: &Ctx, hash: &str, now: Timestamp) -> anyhow::Result<()> {
    let people = cast::people(now);
    let admin = people.iter().find(|person| person.id.as_str() == "admin");
    let admin = admin.context("the demo has an administrator")?;
    ctx.store.add_person(&by(admin), None, admin, hash).await?;
    for other in people.iter().filter(|person| person.id != admin.id) {
        ctx.store.add_person(&by(admin), Some(admin), other, hash).await?;
        ctx.store.set_passphrase(&by(other), &other.id, hash).await?;
    }
    let auditor = person(ctx, "auditor").await?;
    ctx.store.confirm_person(&by(&auditor), &auditor, &PersonId::new("dcp")).await?;
    Ok(())
}

/// The standing order: half of the slow banks, tags and thanks, within tight bounds.
async fn order(ctx: &Ctx, now: Timestamp) -> anyhow::Result<Rehearsal> {
    let officer = person(ctx, "officer").await?;
    let dcp = person(ctx, "dcp").await?;
    let terms = Terms {
        banks: cast::standing_order_banks(),
        kinds: vec![EscalationKind::Tag, EscalationKind::Closure],
        accounts: vec![AccountName::new(ACCOUNT)],
        minimum_amount: Paise::from_rupees(100_000),
        minimum_overdue_hours: 0,
        templates: ctx.templates.hashes().map(|(_, hash)| hash).collect(),
        per_bank_day: 2,
        per_day: 40,
        per_hour: 10,
        expires_at: now.plus(SignedDuration::from_hours(24 * 30)),
    };
    let desk = officer.as_desk(now)?;
    ctx.store.draft_order(&by(&officer), &desk, ORDER, &terms).await?;
    // Nothing is known between two readings: looking oftener would show the same.
    let rehearsal = rehearse_every(ctx, &terms, REHEARSED, READ_EVERY).await?;
    ctx.store.rehearsed(&by(&officer), ORDER, rehearsal.days_observed).await?;
    ctx.store.sign_order(&by(&dcp), ORDER, &dcp).await?;
    Ok(rehearsal)
}

async fn silences(ctx: &Ctx, now: Timestamp) -> anyhow::Result<()> {
    let dcp = person(ctx, "dcp").await?;
    for quiet in cast::silences(now) {
        let order = SilenceOrder {
            scope: SilenceScope::Bank(quiet.bank),
            label: quiet.order_number,
            from: quiet.from,
            until: quiet.until,
        };
        ctx.store.add_silence(&by(&dcp), &dcp.as_desk(now)?, &order).await?;
    }
    Ok(())
}

/// The counts of everything, for people and for scripts.
///
/// # Errors
/// The ledger failed.
pub async fn summary(ctx: &Ctx, folder: &Path) -> anyhow::Result<Summary> {
    let standing = ctx.store.standing().await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    let counted = |map: BTreeMap<String, i64>| {
        map.into_iter().map(|(name, n)| (name, count(n))).collect::<BTreeMap<_, _>>()
    };
    let (from, until) = (Timestamp::from_micros(0), Timestamp::from_micros(i64::MAX));
    let (mut engagements, mut voices) = (BTreeMap::new(), BTreeMap::new());
    for heard in ctx.store.engagement_counts(None, from, until).await? {
        let n = u64::from(heard.count);
        *engagements.entry(heard.kind.to_string()).or_default() += n;
        *voices.entry(heard.voice.to_string()).or_default() += n;
    }
    let folder = std::path::absolute(folder)?.display().to_string();
    Ok(Summary {
        actions: Status::ALL
            .iter()
            .map(|status| {
                let name = status.as_str();
                (name.to_owned(), count(standing.actions.get(name).copied().unwrap_or(0)))
            })
            .collect(),
        rejected_rows: count(standing.rejected),
        escalations: counted(standing.escalations),
        deliveries: counted(standing.deliveries),
        engagements,
        voices,
        tags_avoided: count(standing.avoided),
        folder,
    })
}
