//! The replay: history, step by step, through the same questions as the real path, in its order:
//! see what changed, withdraw, draft, clear, send, expire.
//!
//! Where it must guess it guesses against the order. It has no last look at the source before a
//! send (nobody can ask the past), so a bank that acted just before counts as a regret. It posts
//! only while the source was being watched.

mod drafting;
mod seeing;
mod sending;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::SignedDuration;

use super::{Charge, Regret, Rehearsal, SOON, Tag};
use crate::domain::{
    action::{BankAction, Sighting, Status},
    calendar::limits::Limits,
    cost::MicroDollars,
    delivery::Content,
    escalation::{Escalation, EscalationKind},
    facts::FactPack,
    history::{Change, History, days_observed},
    ids::{BankCode, CaseRef, ExternalId},
    ladder::{LadderRules, Pressed},
    order::Terms,
    pacing::{PacingRules, Send},
    platform::{Account, Platform},
    tagging::{Names, Overdue, TagRules},
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
