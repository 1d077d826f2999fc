//! What would be drafted: one tag for a bank, asked as the real path asks.

use std::collections::BTreeSet;

use super::{Asked, Open, Overdue, Replay};
use crate::domain::{
    canonical::Hash,
    drafting::{self, About, Grounds},
    escalation::EscalationKind,
    facts::FactPack,
    ids::{AccountName, BankCode, EscalationId, Reference},
    tagging::Group,
    time::Timestamp,
};

impl Replay<'_> {
    pub(super) fn draft(&mut self, now: Timestamp) {
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
}
