//! Which of a bank's overdue actions a public tag may speak of now, and which facts it states.
//!
//! Pure, and asked by both who draft: the reconciler `escalate`, and the rehearsal of a standing
//! order. So a rehearsal that says *this would have been tagged* means the same rules.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::{
    action::{BankAction, Kind, Sighting},
    calendar::limits::{LimitRule, Limits},
    canonical::Hash,
    facts::FactPack,
    ids::{BankCode, CaseRef, ExternalId, Reference},
    ladder::{self, LadderRules, Pressed, Quiet},
    money::Paise,
    time::Timestamp,
    wording::{WordingRules, band_floor},
};

/// An overdue action with what is known of it.
#[derive(Debug, Clone)]
pub struct Overdue {
    /// The row, and as of when it is true.
    pub seen: Sighting,
    /// The ledger's commitment to it.
    pub commitment: Hash,
    /// When it was due.
    pub due_at: Timestamp,
    /// The unit's limit for it, in hours.
    pub limit_hours: u32,
    /// How it was pressed.
    pub pressed: Pressed,
    /// It is in an open tag already.
    pub in_open_tag: bool,
}

impl Overdue {
    /// The row's key.
    pub const fn id(&self) -> &ExternalId {
        &self.seen.action.external_id
    }

    /// The disputed amount; nothing where the row has none.
    pub fn amount(&self) -> Paise {
        self.seen.action.disputed.unwrap_or_default()
    }
}

/// An order of silence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilenceOrder {
    /// Its scope: one bank, one case, or everything.
    pub scope: SilenceScope,
    /// The order's number.
    pub label: String,
    /// Its first instant.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

/// What an order of silence covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SilenceScope {
    /// Every bank.
    All,
    /// One bank.
    Bank(BankCode),
    /// One case.
    Case(CaseRef),
}

impl SilenceOrder {
    /// Whether it silences an action of this bank at this instant.
    pub fn covers(&self, bank: &BankCode, case: &CaseRef, now: Timestamp) -> bool {
        let scope = match &self.scope {
            SilenceScope::All => true,
            SilenceScope::Bank(silent) => silent == bank,
            SilenceScope::Case(silent) => silent == case,
        };
        scope && self.from <= now && now < self.until
    }
}

/// What decides who may be tagged.
#[derive(Debug, Clone, Copy)]
pub struct TagRules<'a> {
    /// Preconditions and intervals.
    pub ladder: &'a LadderRules,
    /// The unit's limits on its calendar.
    pub limits: &'a Limits,
    /// The floors of a public text.
    pub wording: &'a WordingRules,
    /// Orders of silence.
    pub silences: &'a [SilenceOrder],
}

/// Actions of one bank that stand under one limit: every public text names the limit it uses. By
/// amount, the largest first.
#[derive(Debug, Clone)]
pub struct Group<'a> {
    /// The limit.
    pub rule: &'a LimitRule,
    /// The actions; never empty.
    pub actions: Vec<&'a Overdue>,
}

/// One bank's overdue actions, told apart.
#[derive(Debug, Clone)]
pub struct Sorted<'a> {
    /// What a tag may speak of now: under the limit with the most money at risk.
    pub group: Option<Group<'a>>,
    /// What is silent in public, each with its reason, for the private rungs.
    pub silenced: Vec<(ExternalId, Quiet)>,
}

impl<'a> TagRules<'a> {
    /// Tells a bank's overdue actions apart: which may be tagged now, and which are silent and why.
    pub fn sort(
        &self,
        bank: &BankCode,
        actions: impl IntoIterator<Item = &'a Overdue>,
        now: Timestamp,
    ) -> Sorted<'a> {
        let mut silenced = Vec::new();
        let mut groups: BTreeMap<_, (&LimitRule, Vec<&Overdue>)> = BTreeMap::new();
        for overdue in actions {
            match self.may_tag(bank, overdue, now) {
                Ok(rule) => {
                    let group = groups.entry((rule.hours, rule.counted.as_str()));
                    group.or_insert_with(|| (rule, Vec::new())).1.push(overdue);
                }
                // It is in a tag already: neither silenced nor free.
                Err(_) if overdue.in_open_tag => {}
                Err(quiet) => silenced.push((overdue.id().clone(), quiet)),
            }
        }
        let money = |actions: &[&Overdue]| actions.iter().map(|one| one.amount()).sum::<Paise>();
        let richest = groups.into_values().max_by_key(|(_, actions)| money(actions));
        let group = richest.and_then(|(rule, mut actions)| {
            actions.retain(|overdue| !overdue.in_open_tag);
            actions.sort_by_key(|one| (std::cmp::Reverse(one.amount()), one.id().clone()));
            self.drop_dominating(&mut actions, &mut silenced);
            (!actions.is_empty()).then_some(Group { rule, actions })
        });
        Sorted { group, silenced }
    }

    /// The limit under which an overdue action may be tagged now.
    ///
    /// # Errors
    /// The first reason against.
    pub fn may_tag(
        &self,
        bank: &BankCode,
        overdue: &Overdue,
        now: Timestamp,
    ) -> Result<&'a LimitRule, Quiet> {
        let action = &overdue.seen.action;
        if let Some(quiet) = self.silence(bank, &action.case_ref, now) {
            return Err(quiet);
        }
        ladder::may_tag(&overdue.seen, &overdue.pressed, self.ladder, now)?;
        let rule = self
            .limits
            .in_force(action.kind, now)
            .map_err(|error| Quiet::RuleExpired { rule: error.to_string() })?;
        if !self.ladder.fresh(overdue.seen.as_of, now) {
            return Err(Quiet::Stale);
        }
        // The text names the unit's limit, so the action must be beyond that, whatever its source
        // says.
        match self.beyond_limit(overdue, now) {
            Some(_) => Ok(rule),
            None => {
                Err(Quiet::Floor { detail: "it is not yet beyond the unit's limit".to_owned() })
            }
        }
    }

    /// The silence that an action of this bank and case lies under now.
    pub fn silence(&self, bank: &BankCode, case: &CaseRef, now: Timestamp) -> Option<Quiet> {
        let order = self.silences.iter().find(|order| order.covers(bank, case, now));
        let (label, until) = match order {
            Some(order) => (&order.label, order.until),
            None => self.limits.calendar().silence(now).map(|one| (&one.label, one.until))?,
        };
        Some(Quiet::Silence { label: label.clone(), until })
    }

    /// How long an action has been beyond both its own due time and the unit's limit.
    pub fn beyond_limit(&self, overdue: &Overdue, now: Timestamp) -> Option<SignedDuration> {
        let action = &overdue.seen.action;
        if now <= overdue.due_at {
            return None;
        }
        let start = action.delivered_at?.max(action.requested_at);
        let due = self.limits.due_at(start, action.kind).ok()?.max(overdue.due_at);
        (now > due).then(|| now.since(due))
    }

    /// No case may be more than its share of the total: the largest is left out while that mends
    /// it.
    fn drop_dominating(
        &self,
        actions: &mut Vec<&Overdue>,
        silenced: &mut Vec<(ExternalId, Quiet)>,
    ) {
        loop {
            let mut by_case: BTreeMap<&CaseRef, i128> = BTreeMap::new();
            for overdue in actions.iter() {
                let amount = i128::from(overdue.amount().paise());
                *by_case.entry(&overdue.seen.action.case_ref).or_default() += amount;
            }
            let total: i128 = by_case.values().sum();
            let largest = by_case.iter().max_by_key(|(_, amount)| **amount);
            let Some((case, amount)) = largest else { return };
            let dominates = amount * 100 > total * i128::from(self.wording.largest_share_percent);
            if !dominates || by_case.len() <= self.wording.minimum_cases.max(1) as usize {
                return;
            }
            let case = (*case).clone();
            let detail = "its case outweighs the others in the total".to_owned();
            actions.retain(|overdue| {
                let stays = overdue.seen.action.case_ref != case;
                if !stays {
                    let quiet = Quiet::Floor { detail: detail.clone() };
                    silenced.push((overdue.id().clone(), quiet));
                }
                stays
            });
        }
    }

    /// The facts that a tag about a group states.
    pub fn facts(
        &self,
        group: &Group<'_>,
        bank: &BankCode,
        names: Names,
        reference: Reference,
        now: Timestamp,
    ) -> FactPack {
        let actions = &group.actions;
        let seen = || actions.iter().map(|overdue| &overdue.seen.action);
        let of_kind = |kind: Kind| seen().filter(|action| action.kind == kind).count() as u32;
        let cases: BTreeSet<_> = seen().map(|action: &BankAction| &action.case_ref).collect();
        let oldest = actions.iter().filter_map(|one| self.beyond_limit(one, now)).max();
        let hours = oldest.map_or(0, |age| u32::try_from(age.as_hours()).unwrap_or(0));
        FactPack {
            bank: bank.clone(),
            bank_en: names.bank_en,
            bank_hi: names.bank_hi,
            unit_en: names.unit_en,
            unit_hi: names.unit_hi,
            reference,
            as_of: actions.iter().map(|overdue| overdue.seen.as_of).min().unwrap_or(now),
            cases: cases.len() as u32,
            liens: of_kind(Kind::Lien),
            holds: of_kind(Kind::Hold),
            amount_at_least: actions.iter().map(|one| one.amount()).sum::<Paise>().rounded_down(),
            limit_hours: group.rule.hours,
            limit_counted: group.rule.counted,
            overdue_hours_at_least: band_floor(hours),
            acted: 0,
        }
    }
}

/// The names that a text uses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    /// The bank's English name.
    pub bank_en: String,
    /// The bank's Hindi name; the English one where the directory has none.
    pub bank_hi: String,
    /// The unit's own name in English.
    pub unit_en: String,
    /// The same in Hindi.
    pub unit_hi: String,
}
