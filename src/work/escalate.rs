//! Escalate: overdue actions into held escalations, one per bank and rung and never one per case;
//! thanks for what was acted on; and withdrawal of what is no longer true.
//!
//! What the ladder or a floor silences in public is listed with its reason for the private rungs.

use std::collections::BTreeMap;

use super::{Ctx, Progress, picture, saying::Grounds, watch::source_name};
use crate::{
    domain::{
        action::Status,
        delivery::Content,
        drafting::{self, About},
        escalation::{Escalation, EscalationKind},
        facts::FactPack,
        ids::{AccountName, BankCode, EscalationId, ExternalId},
        ladder::Quiet,
        platform::{Account, Language, MentionMode, Sender},
        tagging::{Group, Names, SilenceOrder, Sorted, TagRules},
        time::Timestamp,
        wording::Place,
    },
    store::{BankHandle, Draft, EscalationRow, Evidence, StoreError},
};

/// One pass over every bank.
///
/// # Errors
/// The ledger failed, or a template does.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let withdrawn = withdraw_changed(ctx).await?;
    let accounts = Accounts::load(ctx).await?;
    let mut drafted = draft_tags(ctx, &accounts).await?;
    let since = ctx.clock.now().minus(jiff::SignedDuration::from_hours(24 * 30));
    drafted += if ctx.config.ladder.closures {
        draft_closures(ctx, &accounts, since).await?
    } else {
        // Nobody is thanked in public; that the bank acted stands in the record all the same.
        ctx.store.note_acted(&ctx.actor("escalate"), since).await?
    };
    Ok(Progress { did: withdrawn + drafted, ..Progress::default() })
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
pub(super) struct Accounts {
    speaking: Vec<Account>,
    handles: Vec<BankHandle>,
}

impl Accounts {
    /// The live accounts; where none is live yet, all connected ones, so that the queue shows what
    /// would be said.
    pub(super) async fn load(ctx: &Ctx) -> anyhow::Result<Self> {
        let rows = ctx.store.accounts().await?;
        let connected: Vec<Account> =
            rows.into_iter().filter(|row| !row.revoked).map(|row| row.account).collect();
        let live: Vec<Account> = connected.iter().filter(|account| account.live).cloned().collect();
        let speaking = if live.is_empty() { connected } else { live };
        Ok(Self { speaking, handles: ctx.store.handles().await? })
    }

    /// Who posts for an account: takaza, or a person by hand.
    pub(super) fn sender(&self, name: &AccountName) -> Option<Sender> {
        self.speaking.iter().find(|account| account.name == *name).map(|account| account.sender)
    }

    /// Each text of an escalation: which account, in which language, naming the bank how.
    pub(super) fn places(
        &self,
        ctx: &Ctx,
        bank: &BankCode,
        now: Timestamp,
    ) -> Vec<(&Account, Place)> {
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
                let names = names(ctx, bank);
                if language == Language::Hi { names.bank_hi } else { names.bank_en }
            }
        }
    }
}

/// The names that a text about a bank uses.
pub(super) fn names(ctx: &Ctx, bank: &BankCode) -> Names {
    let (name, unit) = (|language| ctx.banks.name(bank, language), &ctx.config.unit);
    Names {
        bank_en: name(Language::En),
        bank_hi: name(Language::Hi),
        unit_en: unit.name_en.clone(),
        unit_hi: unit.name_hi.clone(),
    }
}

async fn draft_tags(ctx: &Ctx, accounts: &Accounts) -> anyhow::Result<u64> {
    let now = ctx.clock.now();
    let overdue = ctx.store.overdue(source_name(ctx), now).await?;
    ctx.store.silence_only(&overdue.keys().collect::<Vec<_>>()).await?;
    let silences: Vec<SilenceOrder> =
        ctx.store.silences(now).await?.into_iter().map(|(_, order)| order).collect();
    let rules = tag_rules(ctx, &silences);
    let mut drafted = 0;
    for (bank, actions) in &overdue {
        let Sorted { group, mut silenced } = rules.sort(bank, actions, now);
        if let Some(group) = group
            && !ctx.store.has_open(bank, EscalationKind::Tag).await?
        {
            match draft_tag(ctx, accounts, &rules, bank, &group, now).await? {
                Ok(()) => drafted += 1,
                Err(quiet) => {
                    let ids = group.actions.iter().map(|overdue| overdue.id().clone());
                    silenced.extend(ids.map(|id| (id, quiet.clone())));
                }
            }
        }
        ctx.store.silence_list(bank, &silenced, now).await?;
    }
    Ok(drafted)
}

/// What decides who may be tagged, as configured.
pub fn tag_rules<'a>(ctx: &'a Ctx, silences: &'a [SilenceOrder]) -> TagRules<'a> {
    TagRules {
        ladder: &ctx.config.ladder,
        limits: &ctx.limits,
        wording: &ctx.config.wording,
        silences,
    }
}

async fn draft_tag(
    ctx: &Ctx,
    accounts: &Accounts,
    rules: &TagRules<'_>,
    bank: &BankCode,
    group: &Group<'_>,
    now: Timestamp,
) -> anyhow::Result<Result<(), Quiet>> {
    let members: Vec<Evidence> = group
        .actions
        .iter()
        .map(|overdue| Evidence {
            seen: overdue.seen.action.clone(),
            as_of: overdue.seen.as_of,
            commitment: overdue.commitment,
        })
        .collect();
    let reference = ctx.dice.reference(&ctx.config.unit.reference_prefix);
    let facts = rules.facts(group, bank, names(ctx, bank), reference, now);
    let about = About { kind: EscalationKind::Tag, about: None };
    let escalation = match write(ctx, accounts, facts, &about, now) {
        Ok(escalation) => escalation,
        Err(quiet) => return Ok(Err(quiet)),
    };
    keep(ctx, accounts, escalation, members).await
}

/// Judges a draft and keeps it, held.
async fn keep(
    ctx: &Ctx,
    accounts: &Accounts,
    mut escalation: Escalation,
    members: Vec<Evidence>,
) -> anyhow::Result<Result<(), Quiet>> {
    let grounds = Grounds::gather(ctx, &escalation, &members).await?;
    if let Some((_, first)) = grounds.against(&escalation, &ctx.config.wording).first() {
        return Ok(Err(Quiet::Wording { detail: first.to_string() }));
    }
    let pictures = picture::draw(&mut escalation, &accounts.speaking);
    // What a picture says is judged like the text, and only a text that stands is worth drawing for.
    if let Some((_, first)) = grounds.against(&escalation, &ctx.config.wording).first() {
        return Ok(Err(Quiet::Wording { detail: first.to_string() }));
    }
    let senders = senders(accounts, &escalation);
    let draft = Draft { escalation, members, senders, pictures };
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

/// Renders an escalation for every account that speaks.
fn write(
    ctx: &Ctx,
    accounts: &Accounts,
    facts: FactPack,
    about: &About<'_>,
    now: Timestamp,
) -> Result<Escalation, Quiet> {
    let places = accounts.places(ctx, &facts.bank, now);
    let contents = drafting::contents(&facts, about, places, &ctx.templates)?;
    let id = EscalationId::new(ctx.dice.uuid(now));
    Ok(drafting::held(id, facts, contents, about, &ctx.config.ladder, now))
}

/// When a bank has acted on what was tagged, a thank-you is drafted.
async fn draft_closures(ctx: &Ctx, accounts: &Accounts, since: Timestamp) -> anyhow::Result<u64> {
    let now = ctx.clock.now();
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
            about: Some((&tag.escalation.id, &tag.escalation.reference)),
        };
        let Ok(escalation) = write(ctx, accounts, facts, &about, now) else { continue };
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
