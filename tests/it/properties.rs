//! Properties of the two pure functions' second one (*may this go now?*) and of the transitions of a
//! delivery and an escalation, whatever happens in whatever order.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::Date};
use proptest::prelude::*;
use takaza::domain::{
    cost::{MicroDollars, Purse, Purses},
    delivery::{Delivery, Doubt, Lease, Look, LookRules, Outcome, Receipt, State, StateName},
    escalation::{Escalation, EscalationKind, EscalationState},
    ids::{AccountName, BankCode, DeliveryId, EscalationId, PersonId},
    pacing::{Candidate, Gate, PacingRules, Plan, Send, Why, may_go_now},
    person::{Approver, Person, Role},
    time::Timestamp,
};

use crate::support::{claimed::Wanted, world::start};

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn kind(n: u8) -> EscalationKind {
    EscalationKind::ALL[usize::from(n) % EscalationKind::ALL.len()]
}

prop_compose! {
    fn a_send()(escalation in 0..30_u8, bank in 0..4_u8, account in 0..3_u8, which in 0..4_u8,
                ago in -5..3_000_i64) -> Send {
        Send {
            escalation: EscalationId::new(format!("e{escalation}-{bank}")),
            kind: kind(which),
            bank: BankCode::new(format!("b{bank}")),
            account: AccountName::new(format!("a{account}")),
            at: start().minus(minutes(ago)),
        }
    }
}

prop_compose! {
    fn a_candidate()(delivery in 0..40_u8, escalation in 0..30_u8, bank in 0..4_u8,
                     account in 0..3_u8, which in 0..4_u8, paused in prop::bool::weighted(0.1),
                     past_stop in prop::bool::weighted(0.2)) -> Candidate {
        let obstacle = paused.then(|| Why::Authority { reason: "it ended".to_owned() });
        Candidate {
            delivery: DeliveryId::new(format!("d{delivery}")),
            escalation: EscalationId::new(format!("e{escalation}-{bank}")),
            kind: kind(which),
            bank: BankCode::new(format!("b{bank}")),
            account: AccountName::new(format!("a{account}")),
            past_stop,
            price: None,
            obstacle,
        }
    }
}

prop_compose! {
    fn some_rules()(per_bank_day in 0..4_u32, bank_hours in 0..30_i64, per_account_hour in 0..6_u32,
                    per_account_day in 0..12_u32, account_minutes in 0..90_i64, batch in 0..20_u32)
                    -> PacingRules {
        PacingRules {
            per_bank_day,
            bank_interval: SignedDuration::from_hours(bank_hours),
            per_account_hour,
            per_account_day,
            account_interval: minutes(account_minutes),
            batch,
        }
    }
}

/// Rules that let everything through.
fn no_pacing() -> PacingRules {
    PacingRules {
        per_bank_day: 100,
        bank_interval: SignedDuration::ZERO,
        per_account_hour: 100,
        per_account_day: 100,
        account_interval: SignedDuration::ZERO,
        batch: 100,
    }
}

fn sends() -> impl Strategy<Value = Vec<Send>> {
    prop::collection::vec(a_send(), 0..25)
}

fn candidates() -> impl Strategy<Value = Vec<Candidate>> {
    prop::collection::vec(a_candidate(), 0..25)
}

fn plan(candidates: &[Candidate], sends: &[Send], rules: &PacingRules) -> Plan {
    may_go_now(candidates, sends, rules, &Gate::default(), &Purses::default(), start())
}

/// What goes, as sends; each delivery once.
fn gone(candidates: &[Candidate], plan: &Plan) -> Vec<Send> {
    let first =
        |id: &DeliveryId| candidates.iter().find(|candidate| candidate.delivery == *id).unwrap();
    let sent = plan.go.iter().map(first).map(|one| Send {
        escalation: one.escalation.clone(),
        kind: one.kind,
        bank: one.bank.clone(),
        account: one.account.clone(),
        at: start(),
    });
    sent.collect()
}

fn within(at: Timestamp, window: SignedDuration) -> bool {
    start().since(at) < window
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_purse_is_overdrawn_but_by_what_sets_right(
        candidates in candidates(), prices in prop::collection::vec(prop::option::of(0..9_i64), 25),
        left in 0..40_i64, expired in prop::option::weighted(0.1, Just(Date::MIN)),
    ) {
        let mut candidates = candidates;
        for (candidate, price) in candidates.iter_mut().zip(prices) {
            candidate.price = price.map(MicroDollars::new);
        }
        let purse = Purse { left: MicroDollars::new(left), until: start(), expired };
        let purses: Purses = [(AccountName::new("a0"), purse)].into();
        let (rules, gate) = (no_pacing(), Gate::default());
        let plan = may_go_now(&candidates, &[], &rules, &gate, &purses, start());
        let first = |id: &DeliveryId| candidates.iter().find(|one| one.delivery == *id).unwrap();
        let mut paid = 0;
        for one in plan.go.iter().map(first).filter(|one| one.account.as_str() == "a0") {
            let price = one.price.unwrap_or_default().micros();
            paid += price;
            if !one.kind.sets_right() && one.price.is_some() {
                prop_assert!(price == 0 || paid <= left, "{paid} of {left}");
                prop_assert_eq!(expired, None);
            }
        }
        for (id, why) in &plan.wait {
            let one = first(id);
            match why {
                Why::MonthSpent { price, left, .. } => {
                    prop_assert!(price > left && one.price == Some(*price));
                }
                Why::PricesExpired { .. } => prop_assert!(expired.is_some()),
                _ => continue,
            }
            prop_assert!(one.account.as_str() == "a0" && !one.kind.sets_right());
        }
    }

    #[test]
    fn no_cap_is_exceeded_whatever_the_history_and_the_order(
        history in sends(), candidates in candidates(), rules in some_rules()
    ) {
        let plan = plan(&candidates, &history, &rules);
        let new = gone(&candidates, &plan);
        prop_assert!(new.len() <= rules.batch as usize);
        let all: Vec<&Send> = history.iter().chain(&new).collect();
        let (hour, day) = (SignedDuration::from_hours(1), SignedDuration::from_hours(24));
        for send in &new {
            let of_account = |window| {
                all.iter().filter(|one| one.account == send.account && within(one.at, window)).count()
            };
            prop_assert!(of_account(hour) <= rules.per_account_hour as usize);
            prop_assert!(of_account(day) <= rules.per_account_day as usize);
            let other = history.iter().filter(|one| one.account == send.account);
            prop_assert!(other.map(|one| one.at).max()
                .is_none_or(|at| start().since(at) >= rules.account_interval));
            let before = history.iter().any(|one| {
                !one.kind.sets_right() && one.escalation == send.escalation && one.bank == send.bank
            });
            if !send.kind.sets_right() && !before {
                let mut escalations: BTreeMap<_, Timestamp> = BTreeMap::new();
                let about = |one: &&&Send| one.bank == send.bank && !one.kind.sets_right();
                for one in all.iter().filter(about) {
                    let last = escalations.entry(&one.escalation).or_insert(one.at);
                    *last = (*last).max(one.at);
                }
                let lately = escalations.values().filter(|at| within(**at, day)).count();
                prop_assert!(lately <= rules.per_bank_day as usize);
            }
        }
    }

    #[test]
    fn every_delivery_goes_or_waits_with_its_reason(
        history in sends(), candidates in candidates(), rules in some_rules()
    ) {
        let plan = plan(&candidates, &history, &rules);
        let mut told: Vec<_> = plan.go.iter().chain(plan.wait.iter().map(|(id, _)| id)).collect();
        told.sort();
        let mut asked: Vec<_> = candidates.iter().map(|one| &one.delivery).collect();
        asked.sort();
        asked.dedup();
        prop_assert_eq!(told, asked);
        for candidate in candidates.iter().filter(|one| one.obstacle.is_some()) {
            let first = candidates.iter().find(|one| one.delivery == candidate.delivery).unwrap();
            prop_assert!(first.obstacle.is_none() || !plan.go.contains(&candidate.delivery));
        }
    }

    #[test]
    fn more_history_never_lets_a_delivery_through(
        history in sends(), more in sends(), candidate in a_candidate(), rules in some_rules()
    ) {
        // Another delivery of an escalation that is out already is free by the rules of the bank.
        let more: Vec<Send> =
            more.into_iter().filter(|one| one.escalation != candidate.escalation).collect();
        let one = std::slice::from_ref(&candidate);
        let longer: Vec<Send> = history.iter().cloned().chain(more).collect();
        if plan(one, &history, &rules).go.is_empty() {
            prop_assert!(plan(one, &longer, &rules).go.is_empty());
        }
    }

    #[test]
    fn the_order_of_the_recorded_sends_is_irrelevant(
        (history, shuffled) in sends().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        candidates in candidates(), rules in some_rules()
    ) {
        prop_assert_eq!(plan(&candidates, &history, &rules), plan(&candidates, &shuffled, &rules));
    }

    #[test]
    fn behind_a_closed_gate_nothing_goes(
        history in sends(), candidates in candidates(), rules in some_rules(), which in 0..4_u8
    ) {
        let gate = Gate {
            stopped: which == 0,
            tripped: (which == 1).then(|| "a streak".to_owned()),
            restored: which == 2,
            shadow: which == 3,
            quiet_until: None,
        };
        let plan = may_go_now(&candidates, &history, &rules, &gate, &Purses::default(), start());
        let overridden = |id: &DeliveryId| {
            candidates.iter().any(|one| one.delivery == *id && one.past_stop && one.kind.sets_right())
        };
        prop_assert!(plan.go.iter().all(|id| which < 2 && overridden(id)), "{:?}", plan.go);
    }

    #[test]
    fn in_quiet_hours_only_what_sets_right_goes(
        history in sends(), candidates in candidates(), rules in some_rules()
    ) {
        let gate = Gate { quiet_until: Some(start().plus(minutes(5))), ..Gate::default() };
        let plan = may_go_now(&candidates, &history, &rules, &gate, &Purses::default(), start());
        prop_assert!(gone(&candidates, &plan).iter().all(|send| send.kind.sets_right()));
    }

    #[test]
    fn what_waits_for_a_known_time_waits_for_one_to_come(
        history in sends(), candidates in candidates(), rules in some_rules()
    ) {
        for (_, why) in plan(&candidates, &history, &rules).wait {
            if let Why::BankCap { until } | Why::BankInterval { until } | Why::AccountCap { until }
                | Why::AccountInterval { until } = why
            {
                prop_assert!(until > start());
            }
        }
    }
}

/// Anything that may happen to a delivery.
#[derive(Debug, Clone)]
enum Event {
    Claim,
    Record(u8, bool),
    NotNow(bool),
    Withdraw(bool),
    LeaseRanOut,
    Looked(u8),
    Decided,
    Late(u8),
    Retracted,
    Restore,
    ResendRanOut,
    Pass(i64),
}

fn an_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        3 => Just(Event::Claim),
        3 => (0..6_u8, prop::bool::weighted(0.8)).prop_map(|(what, ours)| Event::Record(what, ours)),
        1 => any::<bool>().prop_map(Event::NotNow),
        1 => any::<bool>().prop_map(Event::Withdraw),
        2 => Just(Event::LeaseRanOut),
        4 => (0..4_u8).prop_map(Event::Looked),
        1 => Just(Event::Decided),
        1 => (0..3_u8).prop_map(Event::Late),
        1 => Just(Event::Retracted),
        1 => Just(Event::Restore),
        1 => Just(Event::ResendRanOut),
        4 => (1..40_i64).prop_map(Event::Pass),
    ]
}

fn receipt(n: u8) -> Receipt {
    Receipt { id: format!("r{n}"), permalink: String::new(), at: start() }
}

fn outcome(what: u8, now: Timestamp) -> Outcome {
    let reason = "the story wants it".to_owned();
    match what {
        0 => Outcome::Accepted(receipt(0)),
        1 => Outcome::NotSent { reason },
        2 => Outcome::Throttled { until: Some(now.minus(minutes(5))), reason },
        3 => Outcome::AccountBlocked { reason },
        4 => Outcome::Refused { reason },
        _ => Outcome::Unknown { reason },
    }
}

const RULES: LookRules = LookRules {
    grace: SignedDuration::from_secs(50),
    idempotent_for: Some(SignedDuration::from_mins(50)),
};

/// The delivery, and what the test knows of it.
struct Life {
    delivery: Delivery,
    wanted: Wanted,
    now: Timestamp,
    claims: u32,
    token: String,
}

impl Life {
    fn meets(&mut self, event: &Event) {
        let now = self.now;
        let delivery = &mut self.delivery;
        let token = |ours: bool| if ours { self.token.clone() } else { "another's".to_owned() };
        match event {
            Event::Pass(n) => self.now = now.plus(minutes(*n)),
            Event::Claim => {
                let token = format!("claim {}", self.claims + 1);
                let until = now.plus(minutes(2));
                let lease = Lease { token: token.clone(), holder: "w".to_owned(), until };
                let mut wanted = self.wanted.clone();
                wanted.now = now;
                if let Ok(claimed) = delivery.clone().claim(wanted.clearance(), lease, now) {
                    (self.delivery, self.token) = (claimed.delivery().clone(), token);
                    self.claims += 1;
                }
            }
            Event::Record(what, ours) => {
                let _ = delivery.record(&token(*ours), &outcome(*what, now), now, RULES);
            }
            Event::NotNow(ours) => {
                if delivery.not_now(&token(*ours), now.plus(minutes(2)), "later").is_ok() {
                    self.claims -= 1;
                }
            }
            Event::Withdraw(holder) => {
                let token = holder.then(|| self.token.clone());
                let _ = delivery.withdraw(token.as_deref(), "untrue");
            }
            Event::LeaseRanOut => drop(delivery.lease_ran_out(now, RULES)),
            Event::Looked(what) => {
                let look = match what {
                    0 => Look::Found(receipt(0)),
                    1 => Look::Blind { reason: "down".to_owned() },
                    _ => Look::NotThere,
                };
                let _ = delivery.looked(&look, now, RULES);
            }
            Event::Decided => drop(delivery.decided_not_posted(now)),
            Event::Late(n) => drop(delivery.late_receipt(&receipt(*n))),
            Event::Retracted => drop(delivery.retracted()),
            Event::Restore => drop(delivery.doubt_after_restore(now)),
            Event::ResendRanOut => drop(delivery.resend_ran_out(now)),
        }
    }
}

fn doubt(delivery: &Delivery) -> Option<&Doubt> {
    match delivery.state() {
        State::Uncertain(doubt) => Some(doubt),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_deliverys_life_keeps_its_invariants(events in prop::collection::vec(an_event(), 1..60)) {
        let wanted = Wanted::tag(1, start());
        let (delivery, token) = (wanted.delivery(), String::new());
        let mut life = Life { delivery, wanted, now: start(), claims: 0, token };
        let bytes = life.delivery.content.hash();
        for event in &events {
            let before = life.delivery.clone();
            let now = life.now;
            life.meets(event);
            let (from, to) = (before.name(), life.delivery.name());
            let at = format!("{event:?}: {from} to {to}");
            prop_assert_eq!(life.delivery.attempts, life.claims, "{}", &at);
            prop_assert_eq!(life.delivery.content.hash(), bytes, "{}", &at);
            if from.ended() && from != to {
                let receipt = matches!(event, Event::Late(_)) && to == StateName::Delivered;
                let retracted = from == StateName::Delivered && to == StateName::Retracted;
                prop_assert!(receipt || retracted, "an end is left: {}", &at);
            }
            if from == StateName::Uncertain && to == StateName::Waiting {
                match event {
                    Event::Decided => prop_assert!(doubt(&before).unwrap().asks, "{}", &at),
                    Event::Looked(_) => {
                        let doubt = doubt(&before).unwrap();
                        prop_assert!(doubt.empty_looks >= 1 && now >= doubt.look_at, "{}", &at);
                        prop_assert!(life.delivery.resend_until > Some(now), "{}", &at);
                    }
                    _ => prop_assert!(false, "left without looking: {}", &at),
                }
            }
            if to == StateName::Sending && from != to {
                prop_assert_eq!(from, StateName::Waiting, "one lease at a time: {}", &at);
                prop_assert!(before.resend_until.is_none_or(|until| until > now), "{}", &at);
            }
            if let (State::Delivered(old), State::Delivered(new)) =
                (before.state(), life.delivery.state())
            {
                prop_assert_eq!(old, new, "a receipt is never overwritten");
            }
        }
    }
}

fn approver(id: &str) -> Approver {
    let person = Person {
        id: PersonId::new(id),
        name: id.to_owned(),
        role: Role::Approver,
        order_number: None,
        from: Timestamp::from_micros(0),
        until: None,
        confirmed: true,
    };
    person.as_approver(start()).unwrap()
}

/// The escalation of a story's delivery, held.
fn escalation() -> Escalation {
    let wanted = Wanted::tag(1, start());
    let (contents, reference) = (vec![wanted.content()], wanted.reference.as_str());
    Escalation::new(
        EscalationId::new("e"),
        takaza::domain::ids::Reference::new(reference),
        BankCode::new("ZPPL"),
        takaza::domain::escalation::Rung::Tag,
        EscalationKind::Tag,
        1,
        crate::support::claimed::facts(reference, start()),
        contents,
        None,
        start(),
        start().plus(minutes(24 * 60)),
        None,
        EscalationState::Held,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn an_escalations_life_keeps_its_invariants(
        acts in prop::collection::vec((0..10_u8, any::<bool>(), 0..300_i64), 1..40)
    ) {
        let mut it = escalation();
        let (dcp, mut now, mut sent) = (approver("dcp"), start(), false);
        let hour = SignedDuration::from_hours(1);
        let mut cleared = None;
        for (act, flag, pass) in acts {
            let before = it.clone();
            now = now.plus(minutes(pass));
            match act {
                0 => if let Ok(clearance) = it.approve(&dcp, &before.hash(), now, hour) {
                    prop_assert_eq!(clearance.content(), &before.hash());
                    prop_assert!(clearance.valid_until() <= it.expires_at);
                    cleared = Some(before.hash());
                },
                1 => {
                    let mut contents = it.contents.clone();
                    contents[0].text.push('!');
                    let _ = it.edit(&PersonId::new(if flag { "dcp" } else { "asha" }), contents, sent);
                }
                2 => drop(it.reject(&dcp)),
                3 => drop(it.expire(now, sent)),
                4 => drop(it.withdraw(sent)),
                5 => drop(it.dispute(sent, flag)),
                6 => drop(it.decide_dispute(&dcp, flag)),
                7 => drop(it.hold_again()),
                8 => drop(it.close(flag)),
                _ => sent = sent || it.state() == EscalationState::Cleared,
            }
            let (from, to) = (before.state(), it.state());
            if !from.open() {
                prop_assert_eq!(from, to, "an ended escalation stays ended");
                prop_assert_eq!(before.hash(), it.hash());
            }
            if to != from && matches!(
                to, EscalationState::Withdrawn | EscalationState::Expired | EscalationState::Disputed)
            {
                prop_assert!(!sent, "something was sent, so it closes by its deliveries");
            }
            if to == EscalationState::Cleared {
                prop_assert_eq!(Some(it.hash()), cleared, "cleared for exactly these bytes");
                prop_assert!(it.written_by != Some(PersonId::new("dcp")), "their own wording");
            }
            prop_assert!(it.version >= before.version);
            prop_assert_eq!(it.hash() == before.hash(), it.version == before.version);
        }
    }
}
