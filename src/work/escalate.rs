//! Escalate: overdue actions into held escalations, one per bank and rung and never one per case;
//! thanks for what was acted on; and withdrawal of what is no longer true.
//!
//! What the ladder or a floor silences in public is listed with its reason for the private rungs.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Ctx, Progress,
    saying::{self, Grounds},
    watch::source_name,
};
use crate::{
    domain::{
        action::{Kind, Status},
        calendar::limits::{Counted, LimitRule},
        delivery::Content,
        escalation::{Escalation, EscalationKind, EscalationState, Rung},
        facts::FactPack,
        ids::{BankCode, CaseRef, EscalationId, ExternalId},
        ladder::{self, Quiet},
        money::Paise,
        platform::{Account, Language, MentionMode, Sender},
        time::Timestamp,
        wording::{self, Place, Rendered, Subject, band_floor},
    },
    store::{
        BankHandle, Draft, EscalationRow, Evidence, Overdue, SilenceOrder, SilenceScope, StoreError,
    },
};

/// One pass over every bank.
///
/// # Errors
/// The ledger failed, or a template does.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let withdrawn = withdraw_changed(ctx).await?;
    let accounts = Accounts::load(ctx).await?;
    let mut drafted = draft_tags(ctx, &accounts).await?;
    if ctx.config.ladder.closures {
        drafted += draft_closures(ctx, &accounts).await?;
    }
    Ok(Progress { did: withdrawn + drafted, notes: Vec::new() })
}

/// Open escalations whose members changed are withdrawn; the next draft is over what is left.
async fn withdraw_changed(ctx: &Ctx) -> anyhow::Result<u64> {
    let mut withdrawn = 0;
    for (row, members) in ctx.store.stale_escalations().await? {
        let Some((why, avoided)) = changed(ctx, &row, &members).await? else { continue };
        let id = &row.escalation.id;
        match ctx.store.withdraw(&ctx.actor("escalate"), id, &why, avoided).await {
            Ok(did) => withdrawn += u64::from(did),
            // A delivery is under way: its own recheck decides.
            Err(StoreError::Conflict(_) | StoreError::Delivery(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(withdrawn)
}

/// What changed in substance, and whether the bank acted before anything was sent.
async fn changed(
    ctx: &Ctx,
    row: &EscalationRow,
    members: &[Evidence],
) -> anyhow::Result<Option<(String, bool)>> {
    let ids: Vec<_> = members.iter().map(|member| member.seen.external_id.clone()).collect();
    let now: BTreeMap<ExternalId, _> = ctx
        .store
        .actions(&ids)
        .await?
        .into_iter()
        .map(|(action, _)| (action.external_id.clone(), action))
        .collect();
    let mut why = None;
    for member in members {
        match now.get(&member.seen.external_id) {
            None => {
                why.get_or_insert("a member is no longer in the case source's answer");
            }
            Some(action) if !member.seen.differs(action) => {}
            Some(action)
                if action.status == Status::Acted && row.escalation.kind == EscalationKind::Tag =>
            {
                return Ok(Some(("the bank acted on a member".to_owned(), true)));
            }
            Some(action) if action.status == Status::Disputed => {
                why.get_or_insert("the bank disputes a member");
            }
            Some(_) => {
                why.get_or_insert("a member's facts changed");
            }
        }
    }
    Ok(why.map(|why| (why.to_owned(), false)))
}

/// The accounts that speak, and the banks' verified handles.
struct Accounts {
    speaking: Vec<Account>,
    handles: Vec<BankHandle>,
}

impl Accounts {
    /// The live accounts; where none is live yet, all connected ones, so that the queue shows what
    /// would be said.
    async fn load(ctx: &Ctx) -> anyhow::Result<Self> {
        let rows = ctx.store.accounts().await?;
        let connected: Vec<Account> =
            rows.into_iter().filter(|row| !row.revoked).map(|row| row.account).collect();
        let live: Vec<Account> = connected.iter().filter(|account| account.live).cloned().collect();
        let speaking = if live.is_empty() { connected } else { live };
        Ok(Self { speaking, handles: ctx.store.handles().await? })
    }

    /// Each text of an escalation: which account, in which language, naming the bank how.
    fn places(&self, ctx: &Ctx, bank: &BankCode, now: Timestamp) -> Vec<(&Account, Place)> {
        let texts = self
            .speaking
            .iter()
            .flat_map(|account| account.languages.iter().map(move |language| (account, *language)));
        texts
            .map(|(account, language)| {
                let place = Place {
                    language,
                    platform: account.platform,
                    max_length: account.max_length,
                    spoiler: account.spoiler.clone(),
                    bank_in_text: self.bank_in_text(ctx, account, bank, language, now),
                };
                (account, place)
            })
            .collect()
    }

    fn bank_in_text(
        &self,
        ctx: &Ctx,
        account: &Account,
        bank: &BankCode,
        language: Language,
        now: Timestamp,
    ) -> String {
        let verified = self.handles.iter().find(|handle| {
            handle.bank == *bank
                && handle.platform == account.platform
                && handle.mismatch.is_none()
                && now < handle.expires_at
        });
        match verified {
            Some(handle) if account.mention == MentionMode::Mention => {
                format!("@{}", handle.handle)
            }
            _ => {
                let (en, hi) = names(ctx, bank);
                if language == Language::Hi { hi } else { en }
            }
        }
    }
}

/// A bank's English and Hindi names.
fn names(ctx: &Ctx, bank: &BankCode) -> (String, String) {
    let known = ctx.banks.bank(bank);
    let en = known.map_or_else(|| bank.to_string(), |bank| bank.name_en.clone());
    let hi = known.and_then(|bank| bank.name_hi.clone()).unwrap_or_else(|| en.clone());
    (en, hi)
}

async fn draft_tags(ctx: &Ctx, accounts: &Accounts) -> anyhow::Result<u64> {
    let now = ctx.clock.now();
    let overdue = ctx.store.overdue(source_name(ctx), now).await?;
    ctx.store.silence_only(&overdue.keys().collect::<Vec<_>>()).await?;
    let silences: Vec<SilenceOrder> =
        ctx.store.silences(now).await?.into_iter().map(|(_, order)| order).collect();
    let mut drafted = 0;
    for (bank, actions) in overdue {
        let (mut group, mut silenced) = eligible(ctx, &bank, actions, &silences, now);
        if let Some(dominating) = drop_dominating(ctx, &mut group) {
            silenced.extend(dominating);
        }
        if !group.actions.is_empty() && !ctx.store.has_open(&bank, EscalationKind::Tag).await? {
            match draft_tag(ctx, accounts, &bank, &group, now).await? {
                Ok(()) => drafted += 1,
                Err(quiet) => {
                    let ids = group.actions.iter().map(|overdue| overdue.id().clone());
                    silenced.extend(ids.map(|id| (id, quiet.clone())));
                }
            }
        }
        ctx.store.silence_list(&bank, &silenced, now).await?;
    }
    Ok(drafted)
}

/// Actions of one bank that stand under one limit: every public text names the limit it uses.
struct Group {
    rule: Option<LimitRule>,
    actions: Vec<Overdue>,
}

impl Overdue {
    const fn id(&self) -> &ExternalId {
        &self.seen.action.external_id
    }

    fn amount(&self) -> Paise {
        self.seen.action.disputed.unwrap_or_default()
    }
}

/// Which of a bank's overdue actions may be tagged now: the limit with the most money at risk.
fn eligible(
    ctx: &Ctx,
    bank: &BankCode,
    actions: Vec<Overdue>,
    silences: &[SilenceOrder],
    now: Timestamp,
) -> (Group, Vec<(ExternalId, Quiet)>) {
    let mut silenced = Vec::new();
    let mut groups: BTreeMap<(u32, &str), Vec<Overdue>> = BTreeMap::new();
    for overdue in actions {
        match may_tag(ctx, bank, &overdue, silences, now) {
            Ok(rule) => {
                groups.entry((rule.hours, rule.counted.as_str())).or_default().push(overdue);
            }
            // It is in a tag already: neither silenced nor free.
            Err(_) if overdue.in_open_tag => {}
            Err(quiet) => silenced.push((overdue.id().clone(), quiet)),
        }
    }
    let richest = groups
        .into_values()
        .max_by_key(|group| group.iter().map(Overdue::amount).sum::<Paise>())
        .unwrap_or_default();
    let actions: Vec<_> = richest.into_iter().filter(|overdue| !overdue.in_open_tag).collect();
    let rule = actions.first().and_then(|first| ctx.limits.rule(first.seen.action.kind).ok());
    (Group { rule: rule.cloned(), actions }, silenced)
}

fn may_tag<'a>(
    ctx: &'a Ctx,
    bank: &BankCode,
    overdue: &Overdue,
    silences: &[SilenceOrder],
    now: Timestamp,
) -> Result<&'a LimitRule, Quiet> {
    let action = &overdue.seen.action;
    let silence = silences.iter().find(|order| {
        order.from <= now
            && match &order.scope {
                SilenceScope::All => true,
                SilenceScope::Bank(silent) => silent == bank,
                SilenceScope::Case(case) => *case == action.case_ref,
            }
    });
    if let Some(order) = silence {
        return Err(Quiet::Silence { label: order.label.clone(), until: order.until });
    }
    if let Some(silence) = ctx.limits.calendar().silence(now) {
        return Err(Quiet::Silence { label: silence.label.clone(), until: silence.until });
    }
    ladder::may_tag(&overdue.seen, &overdue.pressed, &ctx.config.ladder, now)?;
    let rule = ctx
        .limits
        .in_force(action.kind, now)
        .map_err(|error| Quiet::RuleExpired { rule: error.to_string() })?;
    if now.since(overdue.seen.as_of) > ctx.config.ladder.maximum_fact_age {
        return Err(Quiet::Stale);
    }
    // The text names the unit's limit, so the action must be beyond that, whatever its source says.
    match beyond_limit(ctx, overdue, now) {
        Some(_) => Ok(rule),
        None => Err(Quiet::Floor { detail: "it is not yet beyond the unit's limit".to_owned() }),
    }
}

/// How long an action has been beyond both its own due time and the unit's limit.
fn beyond_limit(ctx: &Ctx, overdue: &Overdue, now: Timestamp) -> Option<jiff::SignedDuration> {
    let action = &overdue.seen.action;
    let start = action.delivered_at?.max(action.requested_at);
    let due = ctx.limits.due_at(start, action.kind).ok()?.max(overdue.due_at);
    (now > due).then(|| now.since(due))
}

/// No case may be more than its share of the total: the largest is left out while that mends it.
fn drop_dominating(ctx: &Ctx, group: &mut Group) -> Option<Vec<(ExternalId, Quiet)>> {
    let rules = &ctx.config.wording;
    let mut dropped = Vec::new();
    loop {
        let mut by_case: BTreeMap<CaseRef, i128> = BTreeMap::new();
        for overdue in &group.actions {
            let amount = i128::from(overdue.amount().paise());
            *by_case.entry(overdue.seen.action.case_ref.clone()).or_default() += amount;
        }
        let total: i128 = by_case.values().sum();
        let largest = by_case.iter().max_by_key(|(_, amount)| **amount)?;
        let dominates = largest.1 * 100 > total * i128::from(rules.largest_share_percent);
        if !dominates || by_case.len() <= rules.minimum_cases.max(1) as usize {
            break;
        }
        let case = largest.0.clone();
        let detail = "its case outweighs the others in the total".to_owned();
        group.actions.retain(|overdue| {
            let stays = overdue.seen.action.case_ref != case;
            if !stays {
                dropped.push((overdue.id().clone(), Quiet::Floor { detail: detail.clone() }));
            }
            stays
        });
    }
    (!dropped.is_empty()).then_some(dropped)
}

async fn draft_tag(
    ctx: &Ctx,
    accounts: &Accounts,
    bank: &BankCode,
    group: &Group,
    now: Timestamp,
) -> anyhow::Result<Result<(), Quiet>> {
    let Some(rule) = &group.rule else { return Ok(Ok(())) };
    let members: Vec<Evidence> = group
        .actions
        .iter()
        .map(|overdue| Evidence {
            seen: overdue.seen.action.clone(),
            as_of: overdue.seen.as_of,
            commitment: overdue.commitment,
        })
        .collect();
    let facts = tag_facts(ctx, bank, rule, group, now);
    let about = About { kind: EscalationKind::Tag, about: None, counted: rule.counted };
    let escalation = match write(ctx, accounts, facts, &about, now)? {
        Ok(escalation) => escalation,
        Err(quiet) => return Ok(Err(quiet)),
    };
    keep(ctx, accounts, escalation, members).await
}

/// Judges a draft and keeps it, held.
async fn keep(
    ctx: &Ctx,
    accounts: &Accounts,
    escalation: Escalation,
    members: Vec<Evidence>,
) -> anyhow::Result<Result<(), Quiet>> {
    let grounds = Grounds::gather(ctx, &escalation, &members).await?;
    if let Some((_, first)) = grounds.against(ctx, &escalation).first() {
        return Ok(Err(Quiet::Wording { detail: first.to_string() }));
    }
    let senders = senders(accounts, &escalation);
    let draft = Draft { escalation, members, senders };
    match ctx.store.draft(&ctx.actor("escalate"), &draft).await {
        // Another process drafted the same: the database allows one.
        Ok(()) | Err(StoreError::Conflict(_)) => Ok(Ok(())),
        Err(error) => Err(error.into()),
    }
}

fn senders(accounts: &Accounts, escalation: &Escalation) -> Vec<Sender> {
    let sender = |content: &Content| {
        let account = accounts.speaking.iter().find(|account| account.name == content.account);
        account.map_or(Sender::HandOff, |account| account.sender)
    };
    escalation.contents.iter().map(sender).collect()
}

fn tag_facts(
    ctx: &Ctx,
    bank: &BankCode,
    rule: &LimitRule,
    group: &Group,
    now: Timestamp,
) -> FactPack {
    let actions = &group.actions;
    let cases: BTreeSet<_> = actions.iter().map(|overdue| &overdue.seen.action.case_ref).collect();
    let of_kind = |kind: Kind| {
        actions.iter().filter(|overdue| overdue.seen.action.kind == kind).count() as u32
    };
    let oldest = actions.iter().filter_map(|overdue| beyond_limit(ctx, overdue, now)).max();
    let hours = oldest.map_or(0, |age| u32::try_from(age.as_hours()).unwrap_or(0));
    let (bank_en, bank_hi) = names(ctx, bank);
    FactPack {
        bank: bank.clone(),
        bank_en,
        bank_hi,
        unit_en: ctx.config.unit.name_en.clone(),
        unit_hi: ctx.config.unit.name_hi.clone(),
        reference: ctx.dice.reference(&ctx.config.unit.reference_prefix),
        as_of: actions.iter().map(|overdue| overdue.seen.as_of).min().unwrap_or(now),
        cases: cases.len() as u32,
        liens: of_kind(Kind::Lien),
        holds: of_kind(Kind::Hold),
        amount_at_least: actions.iter().map(Overdue::amount).sum::<Paise>().rounded_down(),
        limit_hours: rule.hours,
        overdue_hours_at_least: band_floor(hours),
        acted: 0,
    }
}

/// What a text is about, beside its facts.
pub(super) struct About<'a> {
    pub(super) kind: EscalationKind,
    pub(super) about: Option<&'a EscalationRow>,
    pub(super) counted: Counted,
}

/// Renders an escalation for every account that speaks.
fn write(
    ctx: &Ctx,
    accounts: &Accounts,
    facts: FactPack,
    about: &About<'_>,
    now: Timestamp,
) -> anyhow::Result<Result<Escalation, Quiet>> {
    let places = accounts.places(ctx, &facts.bank, now);
    if places.is_empty() {
        let detail = "no account is connected (`takaza account add`)".to_owned();
        return Ok(Err(Quiet::Wording { detail }));
    }
    let subject = Subject {
        facts: &facts,
        kind: about.kind,
        about: about.about.map(|row| &row.escalation.reference),
        counted: about.counted,
    };
    let only: Vec<Place> = places.iter().map(|(_, place)| place.clone()).collect();
    let texts = match wording::render_all(&subject, &only, &ctx.templates) {
        Ok(texts) => texts,
        Err(error) => return Ok(Err(Quiet::Wording { detail: error.to_string() })),
    };
    let contents = places
        .into_iter()
        .zip(texts)
        .map(|((account, place), text)| content(account, place, text))
        .collect();
    Ok(Ok(held(ctx, facts, contents, about, now)))
}

fn content(account: &Account, place: Place, text: Rendered) -> Content {
    Content {
        account: account.name.clone(),
        platform: account.platform,
        language: place.language,
        visibility: account.visibility,
        spoiler: place.spoiler,
        text: text.text,
        max_length: place.max_length,
        bank_in_text: place.bank_in_text,
        template: Some(text.template),
        drafted: None,
        retracts: None,
    }
}

/// A held escalation over these contents.
pub(super) fn held(
    ctx: &Ctx,
    facts: FactPack,
    contents: Vec<Content>,
    about: &About<'_>,
    now: Timestamp,
) -> Escalation {
    Escalation::new(
        EscalationId::new(ctx.dice.uuid(now)),
        facts.reference.clone(),
        facts.bank.clone(),
        Rung::Tag,
        about.kind,
        1,
        facts,
        contents,
        None,
        now,
        now.plus(ctx.config.ladder.expires_after),
        about.about.map(|row| row.escalation.id.clone()),
        EscalationState::Held,
    )
}

/// When a bank has acted on what was tagged, a thank-you is drafted.
async fn draft_closures(ctx: &Ctx, accounts: &Accounts) -> anyhow::Result<u64> {
    let now = ctx.clock.now();
    let since = now.minus(jiff::SignedDuration::from_hours(24 * 30));
    let mut drafted = 0;
    for tag in ctx.store.to_thank(since).await? {
        if ctx.store.has_open(&tag.escalation.bank, EscalationKind::Closure).await? {
            continue;
        }
        let members = acted_members(ctx, &tag).await?;
        let source = ctx.store.source(source_name(ctx)).await?;
        let facts = FactPack {
            reference: ctx.dice.reference(&ctx.config.unit.reference_prefix),
            as_of: source.last_ok_at.unwrap_or(tag.escalation.facts.as_of).min(now),
            acted: members.len() as u32,
            ..tag.escalation.facts.clone()
        };
        let about = About {
            kind: EscalationKind::Closure,
            about: Some(&tag),
            counted: Counted::RoundTheClock,
        };
        let Ok(escalation) = write(ctx, accounts, facts, &about, now)? else { continue };
        // Too few have been acted on yet to speak of it: the next pass asks again.
        if keep(ctx, accounts, escalation, members).await?.is_ok() {
            drafted += 1;
        }
    }
    Ok(drafted)
}

/// The actions of a tag that the bank has acted on since, as they are now.
async fn acted_members(ctx: &Ctx, tag: &EscalationRow) -> anyhow::Result<Vec<Evidence>> {
    let members = ctx.store.members(&tag.escalation.id).await?;
    let ids: Vec<_> = members.iter().map(|member| member.seen.external_id.clone()).collect();
    let now = ctx.clock.now();
    let acted = ctx.store.actions(&ids).await?.into_iter();
    Ok(acted
        .filter(|(action, _)| action.status == Status::Acted)
        .map(|(seen, commitment)| Evidence { seen, as_of: now, commitment })
        .collect())
}

/// The cases of an escalation, for whoever judges an edit of it.
///
/// # Errors
/// The ledger failed.
pub async fn judge_edit(
    ctx: &Ctx,
    row: &EscalationRow,
    contents: &[Content],
) -> anyhow::Result<Vec<(usize, wording::Objection)>> {
    let members = ctx.store.members(&row.escalation.id).await?;
    let mut edited = row.escalation.clone();
    edited.contents = contents.to_vec();
    let grounds = saying::Grounds::gather(ctx, &edited, &members).await?;
    Ok(grounds.against(ctx, &edited))
}
