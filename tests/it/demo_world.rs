//! The demo's seeded month and its narration.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::SignedDuration;
use proptest::prelude::*;
use takaza::{
    demo::{
        cast::{self, Pace},
        narrate::{Event, Narrator, Summary},
        world::{ACTIONS, World, raw::RawRow},
    },
    domain::{
        action::{BankAction, Kind, Status},
        engagement::{EngagementKind, Voice},
        ids::Reference,
        money::Paise,
        platform::Language,
        time::Timestamp,
    },
};

const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

fn share(world: &World, fits: impl Fn(&BankAction) -> bool) -> f64 {
    let count = world.actions.iter().filter(|action| fits(action)).count();
    f64::from(u32::try_from(count).unwrap()) / f64::from(u32::try_from(ACTIONS).unwrap())
}

/// Pending, complete and delivered a day ago or more, and pressed in private: what a tag may name.
fn taggable(action: &BankAction, now: Timestamp) -> bool {
    action.status == Status::Pending
        && action.complete
        && action.contacts > 0
        && matches!(action.kind, Kind::Lien | Kind::Hold)
        && action.delivered_at.is_some_and(|at| now.since(at) > SignedDuration::from_hours(24))
}

/// What the case source's contract asks of every good row.
fn keeps_contract(action: &BankAction, now: Timestamp) {
    let row = action.external_id.expose();
    assert!(cast::bank_by_code(&action.bank).is_some(), "{row}: a bank that is not invented");
    assert!(action.requested_at <= now, "{row}: requested in the future");
    for later in [action.delivered_at, action.acted_at, action.last_contact_at] {
        let sound = later.is_none_or(|at| action.requested_at <= at && at <= now);
        assert!(sound, "{row}: a time before the request or in the future");
    }
    assert!(action.disputed.is_none_or(|amount| amount.rupees() >= 2_000), "{row}");
    assert!(action.disputed.is_none_or(|amount| amount.rupees() <= 8_000_000), "{row}");
    assert!(action.lien_amount <= action.disputed, "{row}: more held than disputed");
    assert_eq!(action.status == Status::Acted, action.acted_at.is_some(), "{row}");
    assert_eq!(action.contacts > 0, action.last_contact_at.is_some(), "{row}");
    if action.complete && matches!(action.kind, Kind::Lien | Kind::Hold) {
        assert!(action.disputed.is_some(), "{row}: complete without its amount");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(6))]

    #[test]
    fn any_seed_makes_a_month_with_every_rough_edge(seed: u64) {
        let world = World::seeded(seed, NOW);
        prop_assert_eq!(world.actions.len(), ACTIONS);
        world.actions.iter().for_each(|action| keeps_contract(action, NOW));
        let ids: HashSet<_> = world.actions.iter().map(|action| &action.external_id).collect();
        prop_assert_eq!(ids.len(), ACTIONS);
        let cases: HashSet<_> = world.actions.iter().map(|action| &action.case_ref).collect();
        prop_assert!((ACTIONS / 4..ACTIONS / 2).contains(&cases.len()), "{} cases", cases.len());
        let banks: HashSet<_> = world.actions.iter().map(|action| &action.bank).collect();
        prop_assert_eq!(banks.len(), 40);

        for (name, least, most, part) in [
            ("liens and holds", 0.77, 0.87, share(&world, |a| matches!(a.kind, Kind::Lien | Kind::Hold))),
            ("incomplete", 0.05, 0.14, share(&world, |a| !a.complete)),
            ("undelivered", 0.02, 0.07, share(&world, |a| a.delivered_at.is_none())),
            ("acted", 0.55, 0.85, share(&world, |a| a.status == Status::Acted)),
            ("disputed", 0.005, 0.04, share(&world, |a| a.status == Status::Disputed)),
            ("withdrawn", 0.01, 0.07, share(&world, |a| a.status == Status::Withdrawn)),
            ("may be tagged", 0.05, 0.25, share(&world, |a| taggable(a, NOW))),
            ("never pressed", 0.05, 0.6, share(&world, |a| a.contacts == 0)),
        ] {
            prop_assert!((least..most).contains(&part), "{name}: {part}");
        }
        let mut amounts: Vec<_> = world.actions.iter().filter_map(|a| a.disputed).collect();
        amounts.sort();
        let median = amounts[amounts.len() / 2].rupees();
        prop_assert!((15_000..60_000).contains(&median), "median {median}");
    }
}

#[test]
fn the_same_seed_and_the_same_steps_make_the_same_world() {
    let (mut one, mut two) = (World::seeded(11, NOW), World::seeded(11, NOW));
    assert_eq!((&one.actions, &one.broken), (&two.actions, &two.broken));
    for step in 1..30 {
        let now = NOW.plus(SignedDuration::from_mins(17 * step));
        if step == 5 {
            one.tagged(&cast::banks()[0].code, now);
            two.tagged(&cast::banks()[0].code, now);
        }
        assert_eq!(one.tick(now), two.tick(now));
    }
    assert_ne!(World::seeded(12, NOW).actions, World::seeded(11, NOW).actions);
}

#[test]
fn the_month_before_the_story_goes_in_order_and_ends_as_the_world_stands() {
    let world = World::seeded(3, NOW);
    assert!(world.month.is_sorted_by_key(|(at, _)| *at));
    let mut stands = HashMap::new();
    for (at, row) in &world.month {
        keeps_contract(row, *at);
        assert_eq!(row.updated_at, Some(*at));
        stands.insert(&row.external_id, row);
    }
    assert!(world.actions.iter().all(|action| stands[&action.external_id] == action));
    let days = NOW.since(world.month[0].0).as_hours() / 24;
    assert!((27..=30).contains(&days), "{days} days");
    assert!(world.month.len() > 3 * ACTIONS, "requests, deliveries, reminders, acts");
}

#[test]
fn enough_banks_can_be_tagged_for_a_story() {
    let world = World::seeded(1, NOW);
    let mut cases: HashMap<_, HashSet<_>> = HashMap::new();
    for action in world.actions.iter().filter(|action| taggable(action, NOW)) {
        cases.entry(&action.bank).or_default().insert(&action.case_ref);
    }
    let three = cases.values().filter(|cases| cases.len() >= 3).count();
    assert!(three >= 12, "only {three} banks have three cases");
    assert!(
        cases.contains_key(&cast::silences(NOW)[0].bank),
        "the silent bank has nothing to wait"
    );
}

#[test]
fn a_dozen_rows_break_the_contract_each_in_its_own_way() {
    let world = World::seeded(1, NOW);
    assert_eq!(world.broken.len(), 12);
    let reasons: HashSet<_> = world.broken.iter().map(|row| row.breaks.unwrap()).collect();
    assert_eq!(reasons.len(), 12);
    let late = world.broken.iter().find(|row| row.breaks.unwrap().starts_with("delivered"));
    let late = late.unwrap();
    assert!(late.get("delivered_at") < late.get("requested_at"));
    let good = RawRow::from(&world.actions[0]);
    assert_eq!(good.get("external_id"), world.actions[0].external_id.expose());
}

#[test]
fn a_tag_wakes_the_bank_and_time_without_one_wakes_it_less() {
    let bank = cast::banks().iter().find(|bank| bank.pace == Pace::Stuck && bank.weight > 20);
    let bank = &bank.unwrap().code;
    let acted_after = |tag: bool| {
        let mut world = World::seeded(4, NOW);
        if tag {
            world.tagged(bank, NOW);
        }
        let changed = world.tick(NOW.plus(SignedDuration::from_hours(6)));
        changed.iter().filter(|a| a.bank == *bank && a.status == Status::Acted).count()
    };
    assert!(acted_after(true) > 3 * acted_after(false).max(1));
}

#[test]
fn a_bank_that_flinches_acts_on_a_warning_before_any_tag() {
    let mut world = World::seeded(4, NOW);
    let bank = cast::banks().iter().find(|bank| bank.pace == Pace::Flinches).unwrap();
    let open = |world: &World| {
        world.actions.iter().filter(|a| a.bank == bank.code && taggable(a, NOW)).count()
    };
    assert!(open(&world) >= 3);
    world.noticed(&bank.code, NOW);
    world.tick(NOW.plus(SignedDuration::from_hours(2)));
    assert_eq!(open(&world), 0);
}

#[test]
fn ten_hours_bring_complaints_acts_and_reminders_and_keep_the_contract() {
    let mut world = World::seeded(9, NOW);
    let (mut acted, mut pressed) = (0, 0);
    let before: BTreeMap<_, _> =
        world.actions.iter().map(|a| (a.external_id.clone(), a.contacts)).collect();
    for minute in 1..=600 {
        let now = NOW.plus(SignedDuration::from_mins(minute));
        for action in world.tick(now) {
            keeps_contract(&action, now);
            assert_eq!(action.updated_at, Some(now));
            acted += usize::from(action.status == Status::Acted);
            let was = before.get(&action.external_id).copied().unwrap_or(0);
            pressed += usize::from(action.contacts > was);
        }
        assert!(world.tick(now).is_empty(), "time stood still and something changed");
    }
    let new = world.actions.len() - ACTIONS;
    assert!((20..160).contains(&new), "{new} new");
    assert!(acted > 20 && pressed > 50, "{acted} acted, {pressed} pressed");
}

fn plain() -> Narrator {
    Narrator::for_output(true, Some("1".as_ref()), Language::En)
}

#[test]
fn lines_align_and_no_color_is_respected() {
    let bank = "Mogra Small Finance Bank".to_owned();
    let reference = Reference::new("GGM-7F3K2");
    let amount = Paise::from_rupees(3_849_999);
    let held = Event::Held { bank, reference: reference.clone(), actions: 14, amount };
    let line = plain().line(NOW, &held);
    assert!(line.ends_with("GGM-7F3K2  14 actions, at least ₹38.4 lakh"), "{line}");
    let posted = Event::Posted { bank: "Peepal Bank".to_owned(), reference };
    let other = plain().line(NOW, &posted);
    assert_eq!(line.find("GGM-"), other.find("GGM-"));
    assert!(!line.contains('\u{1b}'));
    let colourful = Narrator::for_output(true, None, Language::En).line(NOW, &posted);
    assert!(colourful.contains('\u{1b}'));
    assert_eq!(Narrator::for_output(false, None, Language::En).line(NOW, &posted), other);
}

#[test]
fn a_look_alike_is_never_told_as_the_bank() {
    let heard = |by| {
        let (bank, kind) = ("Peepal Bank".to_owned(), EngagementKind::Reply);
        plain().line(NOW, &Event::Heard { bank, by, kind })
    };
    assert!(heard(Voice::Bank).ends_with("the bank replied"));
    assert!(heard(Voice::LookAlike).ends_with("not the bank: a look-alike replied"));
}

#[test]
fn the_summary_is_one_json_shape_and_a_few_lines() {
    let mut summary = Summary { tags_avoided: 3, ..Summary::default() };
    summary.actions.insert("pending".to_owned(), 420);
    summary.actions.insert("acted".to_owned(), 2_400);
    let json = serde_json::to_value(&summary).unwrap();
    assert_eq!(json["actions"]["pending"], 420);
    assert_eq!(json["tags_avoided"], 3);
    assert!(json["engagements"].is_object());
    let text = summary.text();
    assert!(text.contains("2400 acted, 420 pending"), "{text}");
    assert!(text.contains("tags avoided  3"), "{text}");
}
