//! The seeded month: what an invented unit asked of the forty invented banks, and what the banks do
//! about it while the demo runs.
//!
//! The invariant: the same seed and the same calls give the same world; every good row keeps the
//! case source's contract, and the rows that break it are kept apart as raw text.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
};

use jiff::SignedDuration;
use rand::{Rng, RngExt, SeedableRng, rngs::StdRng};

use super::{
    cast::{self, Bank, Pace},
    chance,
};
use crate::domain::{
    action::{BankAction, Kind, Status},
    ids::{BankCode, CaseRef, ExternalId},
    money::Paise,
    time::Timestamp,
};

pub mod figures;
pub mod raw;

/// How many good rows the month has.
pub const ACTIONS: usize = 3000;
/// How far back the month reaches.
const MONTH: SignedDuration = SignedDuration::from_hours(24 * 30);
/// The largest disputed amount: 80 lakh rupees.
const LARGEST: f64 = 8_000_000.0;
/// The smallest disputed amount in rupees.
const SMALLEST: f64 = 2_000.0;
/// A new complaint on average this often, in minutes of the demo's clock.
const ARRIVAL_MINUTES: f64 = 25.0;

/// What fate has in store for one action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    Act,
    Dispute,
    Withdraw,
    Deliver,
    Complete,
    Press,
}

/// One thing that will happen to one action; the earliest comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: Timestamp,
    action: usize,
    turn: Turn,
}

/// The invented world at one instant of the demo's clock.
#[derive(Debug)]
pub struct World {
    /// Every good row, oldest case first. Rows only ever change by [`World::tick`].
    pub actions: Vec<BankAction>,
    /// Rows that break the contract.
    pub broken: Vec<raw::RawRow>,
    /// The month as the case source told it: each row as it stood from an instant on, in order of
    /// time. The last one of each action is the row in [`World::actions`] at the seeding.
    pub month: Vec<(Timestamp, BankAction)>,
    /// The banks.
    pub banks: &'static [Bank],
    now: Timestamp,
    rng: StdRng,
    due: BinaryHeap<Reverse<Due>>,
    next_case: u32,
    next_arrival: Timestamp,
}

impl World {
    /// The month that ends at `now`: [`ACTIONS`] good rows and a dozen broken ones.
    pub fn seeded(seed: u64, now: Timestamp) -> Self {
        let mut world = Self {
            actions: Vec::with_capacity(ACTIONS + 64),
            broken: Vec::new(),
            month: Vec::new(),
            banks: cast::banks(),
            now,
            rng: StdRng::seed_from_u64(seed),
            due: BinaryHeap::new(),
            next_case: 1,
            next_arrival: now,
        };
        let (mut plan, mut room) = (Vec::new(), ACTIONS);
        while room > 0 {
            let hops = hops(&mut world.rng).min(room);
            plan.push((moment(&mut world.rng, now), hops));
            room -= hops;
        }
        plan.sort_unstable();
        for (start, hops) in plan {
            world.case(start, hops);
        }
        world.live_through(now);
        world.next_arrival = now.plus(chance::minutes(&mut world.rng, ARRIVAL_MINUTES, 0.6));
        world.broken = raw::broken(&mut world.rng, now);
        world
    }

    /// Lets the month happen, and keeps how each row stood meanwhile.
    fn live_through(&mut self, now: Timestamp) {
        let mut month = Vec::new();
        for action in &mut self.actions {
            let at = action.requested_at;
            let mut row = BankAction { delivered_at: None, updated_at: Some(at), ..action.clone() };
            month.push((at, row.clone()));
            if let Some(at) = action.delivered_at {
                (row.delivered_at, row.updated_at) = (Some(at), Some(at));
                month.push((at, row.clone()));
            }
            action.updated_at = row.updated_at;
        }
        self.settle(now, |at, action| {
            action.updated_at = Some(at);
            month.push((at, action.clone()));
        });
        month.sort_by_key(|(at, _)| *at);
        self.month = month;
    }

    /// What changed since the last tick, as the case source would now have it: banks act, dispute
    /// or are pressed by mail, requests arrive. A `now` that does not advance changes nothing.
    pub fn tick(&mut self, now: Timestamp) -> Vec<BankAction> {
        if now <= self.now {
            return Vec::new();
        }
        self.now = now;
        let first_new = self.actions.len();
        while self.next_arrival <= now {
            let start = self.next_arrival;
            let hops = hops(&mut self.rng);
            self.case(start, hops);
            self.next_arrival = start.plus(chance::minutes(&mut self.rng, ARRIVAL_MINUTES, 0.6));
        }
        let mut changed = self.settle(now, |_, _| {});
        changed.extend(first_new..self.actions.len());
        changed.sort_unstable();
        changed.dedup();
        for index in &changed {
            self.actions[*index].updated_at = Some(now);
        }
        changed.into_iter().map(|index| self.actions[index].clone()).collect()
    }

    /// A tag about this bank was posted at `now`: its desk wakes up. Most of what is pending will
    /// be acted on within hours, a little of it disputed.
    pub fn tagged(&mut self, bank: &BankCode, now: Timestamp) {
        self.press(bank, now, 70.0, 0.85);
    }

    /// The bank was told in private that a tag is being prepared (an escalation is held). Only
    /// banks that flinch care: they act before anything is posted.
    pub fn noticed(&mut self, bank: &BankCode, now: Timestamp) {
        if cast::bank_by_code(bank).is_some_and(|bank| bank.pace == Pace::Flinches) {
            self.press(bank, now, 12.0, 1.0);
        }
    }

    fn press(&mut self, bank: &BankCode, now: Timestamp, median: f64, share: f64) {
        for index in 0..self.actions.len() {
            let action = &self.actions[index];
            let waits = action.status == Status::Pending && action.complete;
            if action.bank != *bank || !waits || action.delivered_at.is_none() {
                continue;
            }
            if self.rng.random_bool(share) {
                let turn = if self.rng.random_bool(0.04) { Turn::Dispute } else { Turn::Act };
                let at = now.plus(chance::minutes(&mut self.rng, median, 0.7));
                self.due.push(Reverse(Due { at, turn, action: index }));
            }
        }
    }

    /// One complaint: its money went through one to six accounts, layer after layer, and each
    /// bank is asked to act.
    fn case(&mut self, start: Timestamp, hops: usize) {
        let case_ref = CaseRef::new(format!("DEMO-{:06}", self.next_case));
        self.next_case += 1;
        let mut left = chance::log_normal(&mut self.rng, 48_000.0, 1.25).clamp(SMALLEST, LARGEST);
        let mut at = start;
        for hop in 0..hops {
            let mut action = self.action(&case_ref, hop, left, at);
            // Money often moves on within one bank.
            if hop > 0 && self.rng.random_bool(0.18) {
                action.bank = self.actions[self.actions.len() - 1].bank.clone();
            }
            self.actions.push(action);
            let index = self.actions.len() - 1;
            self.fate(index);
            self.not_yet_delivered(index);
            left = (left * self.rng.random_range(0.35..0.95)).max(SMALLEST);
            at = at.plus(chance::minutes(&mut self.rng, 45.0, 0.8)).min(self.now);
        }
    }

    fn action(
        &mut self,
        case_ref: &CaseRef,
        hop: usize,
        rupees: f64,
        requested_at: Timestamp,
    ) -> BankAction {
        let rng = &mut self.rng;
        let kind = *chance::weighted(rng, &KINDS);
        let depth = match hop {
            0 | 1 => 1,
            2 | 3 => 2,
            _ => 3,
        };
        let layer = rng.random_bool(0.93).then_some(depth);
        let complete = rng.random_bool(0.88);
        let amount = matches!(kind, Kind::Lien | Kind::Hold | Kind::Restore);
        #[expect(clippy::cast_possible_truncation, reason = "at most 80 lakh rupees")]
        let rupees = (rupees / 100.0).round() as i64 * 100;
        let amount = if complete { amount } else { amount && rng.random_bool(0.5) };
        let delivered = rng.random_bool(0.95);
        let due_at =
            rng.random_bool(0.04).then(|| requested_at.plus(SignedDuration::from_hours(24)));
        BankAction {
            external_id: ExternalId::new(format!("DEMO-REQ-{:06}", self.actions.len() + 1)),
            case_ref: case_ref.clone(),
            bank: draw_bank(rng, self.banks).code.clone(),
            kind,
            layer,
            disputed: amount.then(|| Paise::from_rupees(rupees)),
            requested_at,
            delivered_at: delivered.then(|| requested_at.plus(chance::minutes(rng, 4.0, 0.8))),
            due_at,
            complete,
            status: Status::Pending,
            acted_at: None,
            lien_amount: None,
            contacts: 0,
            last_contact_at: None,
            updated_at: None,
        }
    }

    /// Lays down what will come of an action, by its bank's pace.
    fn fate(&mut self, index: usize) {
        let action = &self.actions[index];
        let delivered = action.delivered_at;
        let base = delivered.unwrap_or(action.requested_at);
        let ready = action.complete && delivered.is_some();
        let pace = cast::bank_by_code(&action.bank).map_or(Pace::Steady, |bank| bank.pace);
        let rng = &mut self.rng;
        let (hours, spread, never) = match pace {
            Pace::Quick => (3.0, 0.9, 0.02),
            Pace::Steady => (9.0, 1.0, 0.04),
            Pace::Slow | Pace::Flinches => (26.0, 1.1, 0.10),
            Pace::Stuck => (60.0, 1.1, 0.18),
        };
        let mut plan = |after: SignedDuration, turn| {
            self.due.push(Reverse(Due { at: base.plus(after), turn, action: index }));
        };
        if !ready {
            if rng.random_bool(0.35) {
                let turn = if delivered.is_some() { Turn::Complete } else { Turn::Deliver };
                plan(chance::minutes(rng, 1800.0, 0.6), turn);
            }
            if rng.random_bool(0.3) {
                plan(chance::minutes(rng, 5000.0, 0.6), Turn::Withdraw);
            }
            return;
        }
        let end = chance::minutes(rng, hours * 60.0, spread);
        match rng.random_range(0.0..1.0) {
            share if share < never => {}
            share if share < never + 0.02 => plan(end, Turn::Dispute),
            share if share < never + 0.04 => plan(end, Turn::Withdraw),
            _ => plan(end, Turn::Act),
        }
        if rng.random_bool(0.9) {
            plan(chance::minutes(rng, 7.0 * 60.0, 0.3), Turn::Press);
        }
    }

    /// What will only be delivered after the present instant is not delivered yet.
    fn not_yet_delivered(&mut self, index: usize) {
        let (now, action) = (self.now, &mut self.actions[index]);
        if let Some(at) = action.delivered_at.take_if(|at| *at > now) {
            self.due.push(Reverse(Due { at, turn: Turn::Deliver, action: index }));
        }
    }

    /// Makes everything happen that is due by `now`, in order of time, and shows each row as it
    /// changes; returns the rows changed.
    fn settle(
        &mut self,
        now: Timestamp,
        mut happened: impl FnMut(Timestamp, &mut BankAction),
    ) -> Vec<usize> {
        let mut changed = Vec::new();
        while let Some(Reverse(due)) = self.due.peek().copied() {
            if due.at > now {
                break;
            }
            self.due.pop();
            if self.happen(due) {
                happened(due.at, &mut self.actions[due.action]);
                changed.push(due.action);
            }
        }
        changed
    }

    fn happen(&mut self, due: Due) -> bool {
        let (rng, action) = (&mut self.rng, &mut self.actions[due.action]);
        if action.status != Status::Pending {
            return false;
        }
        match due.turn {
            Turn::Act => {
                action.status = Status::Acted;
                action.acted_at = Some(due.at);
                action.lien_amount = lien(rng, action);
            }
            Turn::Dispute => action.status = Status::Disputed,
            Turn::Withdraw => action.status = Status::Withdrawn,
            Turn::Deliver => action.delivered_at = Some(due.at),
            Turn::Complete => {
                action.complete = true;
                action.disputed.get_or_insert(Paise::from_rupees(25_000));
            }
            Turn::Press => {
                action.contacts += 1;
                action.last_contact_at = Some(due.at);
                let next = due.at.plus(chance::minutes(rng, 22.0 * 60.0, 0.15));
                self.due.push(Reverse(Due { at: next, turn: Turn::Press, ..due }));
            }
        }
        true
    }

    /// How many pending rows each bank has, for the opening of the story.
    pub fn pending_by_bank(&self) -> HashMap<BankCode, usize> {
        let mut counts = HashMap::new();
        for action in self.actions.iter().filter(|action| action.status == Status::Pending) {
            *counts.entry(action.bank.clone()).or_default() += 1;
        }
        counts
    }
}

/// The kinds in the proportions of a real desk: mostly liens and holds.
const KINDS: [(Kind, u32); 6] = [
    (Kind::Lien, 60),
    (Kind::Hold, 22),
    (Kind::Statement, 7),
    (Kind::Kyc, 7),
    (Kind::Cctv, 2),
    (Kind::Restore, 2),
];

/// What was found in the account: often all of it, often a part, sometimes very little.
fn lien(rng: &mut impl Rng, action: &BankAction) -> Option<Paise> {
    let disputed = action.disputed?;
    if !matches!(action.kind, Kind::Lien | Kind::Hold) {
        return None;
    }
    let percent = *chance::weighted(rng, &[(100, 35), (60, 20), (25, 25), (3, 20)]);
    Some(Paise::new(disputed.paise() / 100 * percent))
}

/// How many accounts a complaint's money went through.
fn hops(rng: &mut impl Rng) -> usize {
    *chance::weighted(rng, &[(1, 20), (2, 28), (3, 24), (4, 16), (6, 12)])
}

fn draw_bank(rng: &mut impl Rng, banks: &'static [Bank]) -> &'static Bank {
    let total: u32 = banks.iter().map(|bank| bank.weight).sum();
    let mut at = rng.random_range(0..total);
    for bank in banks {
        if at < bank.weight {
            return bank;
        }
        at -= bank.weight;
    }
    &banks[0]
}

/// A moment of the month: more by day than by night in India, a little more of late.
fn moment(rng: &mut impl Rng, now: Timestamp) -> Timestamp {
    const IST: i64 = 5 * 3600 + 1800;
    loop {
        let back: f64 = rng.random::<f64>().powf(1.15);
        let at = now.minus(SignedDuration::from_secs_f64(MONTH.as_secs_f64() * back));
        let hour = (at.micros() / 1_000_000 + IST).rem_euclid(86_400) / 3600;
        if (9..21).contains(&hour) || rng.random_bool(0.3) {
            return at;
        }
    }
}
