//! What the source tells: it changes what is overdue, and withdraws a tag that is no longer true.

use super::{Event, Known, Overdue, Replay, Sighting, Status};
use crate::domain::{
    action::BankAction, canonical, history::Change, ids::ExternalId, time::Timestamp,
};

impl Replay<'_> {
    /// Takes in what was seen until now, and withdraws what is no longer true.
    pub(super) fn see(&mut self, now: Timestamp) {
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

    pub(super) fn press(&mut self, id: &ExternalId) {
        let Some(known) = self.homes.get(id).and_then(|bank| self.banks.get_mut(bank)?.get_mut(id))
        else {
            return;
        };
        known.overdue.pressed = self.pressed.get(id).cloned().unwrap_or_default();
    }

    pub(super) fn facts_are_as_of(&mut self, now: Timestamp) {
        for (id, known) in self.banks.values_mut().flatten() {
            let as_of = known.as_of.unwrap_or(now);
            let confirmed = self.confirmed.get(id).copied().unwrap_or(as_of);
            known.overdue.seen.as_of = as_of.max(confirmed);
        }
    }
}
