//! The replay: history, step by step, through the same questions as the real path, in its order:
//! see what changed, withdraw, draft, clear, send, expire.
//!
//! Where it must guess it guesses against the order. It has no last look at the source before a
//! send (nobody can ask the past), so a bank that acted just before counts as a regret. It posts
//! only while the source was being watched.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use jiff::SignedDuration;

use super::{Charge, Regret, Rehearsal, SOON, Tag};
use crate::domain::{
    action::{BankAction, Sighting, Status},
    calendar::limits::Limits,
    canonical::{self, Hash},
    cost::{MicroDollars, Purses},
    delivery::Content,
    drafting::{self, About, Grounds},
    escalation::{Escalation, EscalationKind, money_at_risk},
    facts::FactPack,
    history::{Change, History, days_observed},
    ids::{AccountName, BankCode, CaseRef, DeliveryId, EscalationId, ExternalId, Reference},
    ladder::{LadderRules, Pressed},
    order::Terms,
    pacing::{self, Candidate, Gate, PacingRules, Send, Why},
    platform::{Account, Platform},
    tagging::{Group, Names, Overdue, TagRules},
    time::Timestamp,
    wording::{Place, Templates, WordingRules},
};

/// The accounts that would speak about a bank, each with the place of its text.
pub type Places<'a> = dyn Fn(&BankCode, Timestamp) -> Vec<(&'a Account, Place)> + Sync + 'a;

/// How a replay decides: the unit's rules as they are now, and the draft order's terms.
pub struct Rules<'a> {
    /// Preconditions and intervals.
    pub ladder: &'a LadderRules,
    /// The unit's limits on its calendar.
    pub limits: &'a Limits,
    /// What may be said.
    pub wording: &'a WordingRules,
    /// Posting limits.
    pub pacing: &'a PacingRules,
    /// The templates.
    pub templates: &'a Templates,
    /// The draft order's terms.
    pub terms: &'a Terms,
    /// The names that a text about a bank uses.
    pub names: &'a (dyn Fn(&BankCode) -> Names + Sync),
    /// Where a text about a bank would go.
    pub places: &'a Places<'a>,
    /// How far back earlier texts about a bank are set beside a new one.
    pub memory: SignedDuration,
    /// The first instant of the replay.
    pub from: Timestamp,
    /// Its last.
    pub until: Timestamp,
    /// The whole days between them.
    pub days: u32,
    /// What one text costs there, by the price list as it is now; `None`: nothing.
    pub price: &'a (dyn Fn(&Content) -> Option<MicroDollars> + Sync),
    /// How far apart the replay's looks are; more than nothing.
    pub step: SignedDuration,
}

/// Replays the history under a draft order.
pub fn rehearse<'a>(history: &'a History, rules: &'a Rules<'a>) -> Rehearsal {
    let mut replay = Replay::new(history, rules);
    let mut now = rules.from;
    while now <= rules.until {
        replay.step(now);
        now = now.plus(rules.step.max(SignedDuration::from_secs(1)));
    }
    let zone = rules.limits.calendar().zone();
    Rehearsal {
        zone: zone.iana_name().unwrap_or("UTC").to_owned(),
        from: rules.from,
        until: rules.until,
        days: rules.days,
        days_observed: days_observed(&history.watched, zone, rules.from, rules.until),
        left_to_people: replay.drafted - replay.cleared,
        avoided: replay.avoided,
        charges: replay.charges(),
        tags: replay.tags(),
    }
}

/// What happened next, and when it was seen.
enum Event<'a> {
    Changed(&'a Change),
    Vanished(&'a ExternalId),
    Noted(&'a crate::domain::history::Noted),
}

/// An action whose clock runs. `None`: it is as true as the last good poll.
struct Known {
    overdue: Overdue,
    as_of: Option<Timestamp>,
}

/// A tag that is held, cleared, or partly out.
struct Open {
    escalation: Escalation,
    members: Vec<BankAction>,
    cleared_until: Option<Timestamp>,
    /// Its clearance ran out: no order clears it again.
    held_again: bool,
    sent: BTreeSet<usize>,
}

struct Replay<'a> {
    rules: &'a Rules<'a>,
    tagging: TagRules<'a>,
    history: &'a History,
    events: std::iter::Peekable<std::vec::IntoIter<(Timestamp, Event<'a>)>>,
    banks: BTreeMap<BankCode, BTreeMap<ExternalId, Known>>,
    homes: HashMap<ExternalId, BankCode>,
    pressed: HashMap<ExternalId, Pressed>,
    confirmed: HashMap<ExternalId, Timestamp>,
    open: BTreeMap<BankCode, Open>,
    /// What was last refused about a bank: the same is not asked again.
    refused: BTreeMap<BankCode, Asked>,
    earlier: BTreeMap<BankCode, Vec<(Timestamp, Vec<CaseRef>)>>,
    given: Vec<(BankCode, Timestamp)>,
    sends: Vec<Send>,
    posted: Vec<(Tag, Vec<ExternalId>)>,
    charged: BTreeMap<Platform, (u32, MicroDollars)>,
    drafted: u32,
    cleared: u32,
    avoided: u32,
}

/// What a refusal rests on: all of it but the time.
type Asked = Box<(Vec<ExternalId>, FactPack, usize)>;

impl<'a> Replay<'a> {
    fn new(history: &'a History, rules: &'a Rules<'a>) -> Self {
        let (ladder, limits, wording) = (rules.ladder, rules.limits, rules.wording);
        let tagging = TagRules { ladder, limits, wording, silences: &history.silences };
        let before = history.before.iter().map(|change| (change.seen_at, Event::Changed(change)));
        let changed = history.changes.iter().map(|change| (change.seen_at, Event::Changed(change)));
        let vanished = history.vanished.iter().map(|(id, at)| (*at, Event::Vanished(id)));
        let noted = history.notes.iter().map(|noted| (noted.at, Event::Noted(noted)));
        let mut events: Vec<_> = before.chain(changed).chain(vanished).chain(noted).collect();
        events.sort_by_key(|(at, _)| *at);
        let mut replay = Self {
            rules,
            tagging,
            history,
            events: events.into_iter().peekable(),
            banks: BTreeMap::new(),
            homes: HashMap::new(),
            pressed: HashMap::new(),
            confirmed: HashMap::new(),
            open: BTreeMap::new(),
            refused: BTreeMap::new(),
            earlier: BTreeMap::new(),
            given: Vec::new(),
            sends: Vec::new(),
            posted: Vec::new(),
            charged: BTreeMap::new(),
            drafted: 0,
            cleared: 0,
            avoided: 0,
        };
        replay.remember_sent();
        replay
    }

    /// What really went out before the replay begins counts for its intervals and caps.
    fn remember_sent(&mut self) {
        let mut told = BTreeSet::new();
        for sent in &self.history.sent {
            self.sends.push(Send {
                escalation: sent.escalation.clone(),
                kind: sent.kind,
                bank: sent.bank.clone(),
                account: sent.account.clone(),
                at: sent.at,
            });
            if sent.kind != EscalationKind::Tag {
                continue;
            }
            for (id, _) in &sent.members {
                let pressed = self.pressed.entry(id.clone()).or_default();
                pressed.last_tagged_at = pressed.last_tagged_at.max(Some(sent.at));
            }
            if told.insert(&sent.escalation) {
                let cases = sent.members.iter().map(|(_, case)| case.clone()).collect();
                self.earlier.entry(sent.bank.clone()).or_default().push((sent.at, cases));
            }
        }
    }

    fn step(&mut self, now: Timestamp) {
        self.see(now);
        if self.history.watched.iter().any(|one| one.from <= now && now <= one.until) {
            self.facts_are_as_of(now);
            self.draft(now);
            self.clear(now);
            self.send(now);
        }
        self.expire(now);
    }

    /// Takes in what was seen until now, and withdraws what is no longer true.
    fn see(&mut self, now: Timestamp) {
        while let Some((_, event)) = self.events.next_if(|(at, _)| *at <= now) {
            match event {
                Event::Changed(change) => self.change(change),
                Event::Vanished(id) => {
                    self.forget(id, None);
                }
                Event::Noted(noted) if noted.notice => {
                    let pressed = self.pressed.entry(noted.action.clone()).or_default();
                    pressed.notices += 1;
                    pressed.last_notice_at = pressed.last_notice_at.max(Some(noted.at));
                    self.press(&noted.action);
                }
                Event::Noted(noted) => {
                    self.confirmed.insert(noted.action.clone(), noted.at);
                }
            }
        }
    }

    fn change(&mut self, change: &Change) {
        let action = &change.action;
        let id = &action.external_id;
        self.forget(id, Some(action));
        let due = action.clock_runs().ok().and_then(|_| self.rules.limits.due_of(action).ok());
        let Some(due_at) = due else { return };
        let overdue = Overdue {
            seen: Sighting { action: action.clone(), as_of: change.seen_at },
            commitment: canonical::hash(&()),
            due_at,
            limit_hours: 0,
            pressed: self.pressed.get(id).cloned().unwrap_or_default(),
            in_open_tag: false,
        };
        self.homes.insert(id.clone(), action.bank.clone());
        let known = Known { overdue, as_of: change.as_of };
        self.banks.entry(action.bank.clone()).or_default().insert(id.clone(), known);
    }

    /// An action is as it was no longer: a tag that speaks of it is withdrawn, if it differs.
    fn forget(&mut self, id: &ExternalId, new: Option<&BankAction>) {
        let Some(bank) = self.homes.remove(id) else { return };
        if let Some(actions) = self.banks.get_mut(&bank) {
            actions.remove(id);
        }
        let Some(open) = self.open.get(&bank) else { return };
        let Some(then) = open.members.iter().find(|then| then.external_id == *id) else { return };
        if new.is_some_and(|new| !then.differs(new)) {
            return;
        }
        if open.sent.is_empty() && new.is_some_and(|new| new.status == Status::Acted) {
            self.avoided += 1;
        }
        self.open.remove(&bank);
    }

    fn press(&mut self, id: &ExternalId) {
        let Some(known) = self.homes.get(id).and_then(|bank| self.banks.get_mut(bank)?.get_mut(id))
        else {
            return;
        };
        known.overdue.pressed = self.pressed.get(id).cloned().unwrap_or_default();
    }

    fn facts_are_as_of(&mut self, now: Timestamp) {
        for (id, known) in self.banks.values_mut().flatten() {
            let as_of = known.as_of.unwrap_or(now);
            let confirmed = self.confirmed.get(id).copied().unwrap_or(as_of);
            known.overdue.seen.as_of = as_of.max(confirmed);
        }
    }

    fn draft(&mut self, now: Timestamp) {
        let mut drafts = Vec::new();
        let mut refused = Vec::new();
        for (bank, actions) in &self.banks {
            if self.open.contains_key(bank) {
                continue;
            }
            let overdue = actions.values().map(|known| &known.overdue);
            let overdue = overdue.filter(|overdue| overdue.due_at < now);
            let Some(group) = self.tagging.sort(bank, overdue, now).group else { continue };
            match self.draft_one(bank, &group, now) {
                Ok(Some(open)) => drafts.push((bank.clone(), open)),
                Ok(None) => {}
                Err(asked) => refused.push((bank.clone(), asked)),
            }
        }
        self.drafted += drafts.len() as u32;
        self.open.extend(drafts);
        self.refused.extend(refused);
    }

    /// `None`: the same was refused before.
    fn draft_one(
        &self,
        bank: &BankCode,
        group: &Group<'_>,
        now: Timestamp,
    ) -> Result<Option<Open>, Asked> {
        let reference = Reference::new("GGM-22222");
        let facts = self.tagging.facts(group, bank, (self.rules.names)(bank), reference, now);
        let since = now.minus(self.rules.memory);
        let texts = self.earlier.get(bank).into_iter().flatten();
        let earlier: Vec<_> =
            texts.filter(|(at, _)| *at > since).map(|(_, cases)| cases.clone()).collect();
        let ids = group.actions.iter().map(|overdue| overdue.id().clone()).collect();
        let timeless = FactPack { as_of: Timestamp::from_micros(0), ..facts.clone() };
        let asked: Asked = Box::new((ids, timeless, earlier.len()));
        if self.refused.get(bank) == Some(&asked) {
            return Ok(None);
        }
        let amount = |overdue: &&Overdue| (overdue.seen.action.case_ref.clone(), overdue.amount());
        let members = group.actions.iter().map(amount).collect();
        let grounds = Grounds { about: None, members, earlier };
        let about = About { kind: EscalationKind::Tag, about: None };
        // Most banks fail here: no text need be written and read for that.
        if grounds.cases_stand_against(about.kind, &facts, self.rules.wording) {
            return Err(asked);
        }
        let places = (self.rules.places)(bank, now);
        let pictured = places.iter().filter(|(account, _)| account.shows_pictures());
        let pictured: BTreeSet<_> = pictured.map(|(account, _)| account.name.clone()).collect();
        let Ok(contents) = drafting::contents(&facts, &about, places, self.rules.templates) else {
            return Err(asked);
        };
        // In the order of drafting, as the real ids are.
        let id = EscalationId::new(format!("{:020}-{bank}", now.micros()));
        let mut escalation = drafting::held(id, facts, contents, &about, self.rules.ladder, now);
        // What a picture says is judged; nobody looks at it, so it is not drawn.
        let shows = |account: &AccountName| pictured.contains(account);
        drafting::illustrate(&mut escalation, shows, |_card| Some(Hash::of(b"")));
        if !grounds.against(&escalation, self.rules.wording).is_empty() {
            return Err(asked);
        }
        Ok(Some(Open {
            escalation,
            members: group.actions.iter().map(|overdue| overdue.seen.action.clone()).collect(),
            cleared_until: None,
            held_again: false,
            sent: BTreeSet::new(),
        }))
    }

    /// The open tags by money at risk.
    fn by_money(&self) -> Vec<BankCode> {
        let mut banks: Vec<_> = self.open.iter().collect();
        banks.sort_by_key(|(_, open)| {
            (Reverse(money_at_risk(&open.escalation.facts)), open.escalation.id.clone())
        });
        banks.into_iter().map(|(bank, _)| bank.clone()).collect()
    }

    fn clear(&mut self, now: Timestamp) {
        let terms = self.rules.terms;
        for bank in self.by_money() {
            let fresh = self.open.get(&bank).is_some_and(|open| self.fresh(&bank, open, now));
            let Some(open) = self.open.get_mut(&bank) else { continue };
            let escalation = &open.escalation;
            let waits = open.cleared_until.is_none()
                && !open.held_again
                && now < escalation.expires_at
                && fresh;
            if !waits
                || terms.covers(escalation, now).is_err()
                || !terms.has_room(&self.given, &bank, now)
            {
                continue;
            }
            let valid = now.plus(self.rules.ladder.clearance_valid_for);
            open.cleared_until = Some(valid.min(escalation.expires_at).min(terms.expires_at));
            self.given.push((bank, now));
            self.cleared += 1;
        }
    }

    fn send(&mut self, now: Timestamp) {
        let memory = now.minus(self.rules.pacing.memory());
        self.sends.retain(|send| send.at > memory);
        let allowed = self.rules.limits.calendar().next_allowed(now);
        let gate = Gate { quiet_until: (allowed > now).then_some(allowed), ..Gate::default() };
        let mut candidates = Vec::new();
        for bank in self.by_money() {
            let Some(open) = self.open.get(&bank) else { continue };
            candidates.extend(self.candidates(&bank, open, now));
        }
        // A rehearsal asks what an order would say, not what that would cost.
        let (sends, free) = (&self.sends, Purses::default());
        let plan = pacing::may_go_now(&candidates, sends, self.rules.pacing, &gate, &free, now);
        let go: BTreeSet<_> = plan.go.into_iter().collect();
        for candidate in candidates.into_iter().filter(|one| go.contains(&one.delivery)) {
            self.post(candidate, now);
        }
    }

    /// Whether the source has told every member lately: a fact's age runs on after the drafting.
    fn fresh(&self, bank: &BankCode, open: &Open, now: Timestamp) -> bool {
        open.members.iter().all(|member| {
            let known = self.banks.get(bank).and_then(|known| known.get(&member.external_id));
            known.is_some_and(|known| self.rules.ladder.fresh(known.overdue.seen.as_of, now))
        })
    }

    fn candidates(&self, bank: &BankCode, open: &Open, now: Timestamp) -> Vec<Candidate> {
        let Some(until) = open.cleared_until.filter(|until| now < *until) else {
            return Vec::new();
        };
        if !self.fresh(bank, open, now) {
            return Vec::new();
        }
        let mut cases = open.members.iter().map(|member| &member.case_ref);
        let silence = cases.find_map(|case| self.tagging.silence(bank, case, now));
        let obstacle = silence.map(|quiet| Why::Silence { label: quiet.to_string(), until });
        let waiting = open.escalation.contents.iter().enumerate();
        waiting
            .filter(|(n, _)| !open.sent.contains(n))
            .map(|(n, content)| Candidate {
                delivery: DeliveryId::new(format!("{}/{n}", open.escalation.id)),
                escalation: open.escalation.id.clone(),
                kind: open.escalation.kind,
                bank: bank.clone(),
                account: content.account.clone(),
                past_stop: false,
                price: None,
                obstacle: obstacle.clone(),
            })
            .collect()
    }

    /// One text goes out; the first of a tag is when the bank is tagged.
    fn post(&mut self, candidate: Candidate, now: Timestamp) {
        let bank = candidate.bank.clone();
        let Some(open) = self.open.get_mut(&bank) else { return };
        let first = open.sent.is_empty();
        let place = candidate.delivery.as_str().rsplit_once('/');
        let place = place.and_then(|(_, n)| n.parse::<usize>().ok());
        open.sent.extend(place);
        let content = place.and_then(|n| open.escalation.contents.get(n));
        if let Some(content) = content
            && let Some(price) = (self.rules.price)(content)
        {
            let (texts, cost) = self.charged.entry(content.platform).or_default();
            (*texts, *cost) = (*texts + 1, cost.plus(price));
        }
        let members = open.members.clone();
        let (facts, done) =
            (open.escalation.facts.clone(), open.sent.len() == open.escalation.contents.len());
        let Candidate { escalation, kind, account, .. } = candidate;
        self.sends.push(Send { escalation, kind, bank: bank.clone(), account, at: now });
        if done {
            self.open.remove(&bank);
        }
        for member in &members {
            let pressed = self.pressed.entry(member.external_id.clone()).or_default();
            pressed.last_tagged_at = Some(now);
            self.press(&member.external_id);
        }
        if first {
            let cases = members.iter().map(|member| member.case_ref.clone()).collect();
            self.earlier.entry(bank.clone()).or_default().push((now, cases));
            let tag = Tag {
                at: now,
                bank,
                actions: facts.actions(),
                cases: facts.cases,
                amount_at_least: facts.amount_at_least,
                bank_name: facts.bank_en,
                regret: None,
            };
            self.posted.push((tag, members.into_iter().map(|one| one.external_id).collect()));
        }
    }

    /// What is too old expires; a clearance that ran out is not given again.
    fn expire(&mut self, now: Timestamp) {
        self.open.retain(|_, open| now < open.escalation.expires_at);
        for open in self.open.values_mut() {
            if open.cleared_until.is_some_and(|until| until <= now) {
                (open.cleared_until, open.held_again) = (None, true);
            }
        }
    }

    /// What the platforms would have charged.
    fn charges(&self) -> Vec<Charge> {
        let charge = |(platform, (texts, cost)): (&Platform, &(u32, MicroDollars))| Charge {
            platform: *platform,
            texts: *texts,
            cost: *cost,
        };
        self.charged.iter().map(charge).collect()
    }

    /// The tags, each with what one would have regretted of it.
    fn tags(self) -> Vec<Tag> {
        let mut acted: HashMap<&ExternalId, Vec<(Timestamp, Timestamp)>> = HashMap::new();
        for change in &self.history.changes {
            if let (Status::Acted, Some(at)) = (change.action.status, change.action.acted_at) {
                acted.entry(&change.action.external_id).or_default().push((change.seen_at, at));
            }
        }
        let regret = |tag: &Tag, members: &[ExternalId]| {
            let mut regret = Regret { already_acted: 0, acted_soon: 0 };
            for told in members.iter().filter_map(|id| acted.get(id)) {
                // What was told before the tag was known to it, and had changed back since.
                let first = told.iter().find(|(seen_at, _)| *seen_at > tag.at);
                match first.map(|(_, acted_at)| acted_at.since(tag.at)) {
                    Some(after) if after <= SignedDuration::ZERO => regret.already_acted += 1,
                    Some(after) if after <= SOON => regret.acted_soon += 1,
                    _ => {}
                }
            }
            (regret.already_acted + regret.acted_soon > 0).then_some(regret)
        };
        let posted = self.posted.into_iter();
        posted.map(|(tag, members)| Tag { regret: regret(&tag, &members), ..tag }).collect()
    }
}
