//! What the order would clear, and what would go out of that.

use std::{cmp::Reverse, collections::BTreeSet};

use super::{Open, Replay, Tag};
use crate::domain::{
    cost::Purses,
    escalation::money_at_risk,
    ids::{BankCode, DeliveryId},
    pacing::{self, Candidate, Gate, Send, Why},
    time::Timestamp,
};

impl Replay<'_> {
    /// The open tags by money at risk.
    fn by_money(&self) -> Vec<BankCode> {
        let mut banks: Vec<_> = self.open.iter().collect();
        banks.sort_by_key(|(_, open)| {
            (Reverse(money_at_risk(&open.escalation.facts)), open.escalation.id.clone())
        });
        banks.into_iter().map(|(bank, _)| bank.clone()).collect()
    }

    pub(super) fn clear(&mut self, now: Timestamp) {
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

    pub(super) fn send(&mut self, now: Timestamp) {
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
}
