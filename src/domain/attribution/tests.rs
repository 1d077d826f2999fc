use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

use super::*;
use crate::domain::{
    action::BankAction,
    calendar::{Calendar, CalendarRules, limits::LimitRules},
    ids::{BankCode, CaseRef},
};

fn hour(n: f64) -> Timestamp {
    Timestamp::from_micros((n * 3.6e9).round() as i64)
}

fn tag(at: f64, post: &str) -> FirstTag {
    let escalation = EscalationId::new(post);
    FirstTag { at: hour(at), escalation, manner: Manner::PlainName }
}

/// A lien of a public bank that was seen from its due time on.
fn life(id: &str, due: f64, end: f64, acted: bool) -> Life {
    Life {
        id: ExternalId::new(id),
        bank: BankCode::new("ZPPL"),
        kind: Kind::Lien,
        class: BankClass::Public,
        amount: Paise::from_rupees(100_000),
        due: hour(due),
        seen: hour(due),
        pressed: None,
        tagged: None,
        end: End { at: hour(end), acted },
    }
}

fn tagged(id: &str, due: f64, end: f64, acted: bool, at: f64) -> Life {
    Life { tagged: Some(tag(at, id)), ..life(id, due, end, acted) }
}

#[test]
fn a_pair_starts_at_the_same_age_and_each_control_serves_once() {
    let one = [tagged("t", 100.0, 130.0, true, 110.0)];
    let pool = [
        life("acted before that age", 101.0, 109.0, true),
        life("far", 150.0, 165.0, true),
        life("near", 104.0, 120.0, true),
        life("further", 90.0, 160.0, false),
    ];
    let matched = match_pairs(&one, &pool, hour(0.0));
    assert_eq!((matched.tagged, matched.pairs.len()), (1, 1));
    assert_eq!(matched.pairs[0].tagged, Outcome { hours: 20.0, acted: true });
    // "near" reached the age of ten hours at 114.
    assert_eq!(matched.pairs[0].untagged, Outcome { hours: 6.0, acted: true });
    let two = [one[0].clone(), tagged("u", 100.0, 140.0, true, 110.0)];
    let matched = match_pairs(&two, &pool, hour(0.0));
    let mut hours: Vec<_> = matched.pairs.iter().map(|pair| pair.untagged.hours).collect();
    hours.sort_by(f64::total_cmp);
    assert_eq!(hours, [6.0, 60.0], "each once: the second takes the next nearest");
}

#[test]
fn only_what_is_alike_and_known_to_pend_is_taken() {
    let one = [tagged("t", 100.0, 130.0, true, 110.0)];
    let good = life("good", 101.0, 140.0, true);
    let seen_late = Life { seen: hour(112.0), ..good.clone() };
    let tagged_before = Life { tagged: Some(tag(110.5, "p")), ..good.clone() };
    let of = |other: Life| match_pairs(&one, &[other], hour(0.0)).pairs.len();
    assert_eq!(of(good.clone()), 1);
    assert_eq!(of(seen_late), 0, "nobody knew then that it was pending");
    assert_eq!(of(tagged_before), 0);
    assert_eq!(of(Life { kind: Kind::Hold, ..good.clone() }), 0);
    assert_eq!(of(Life { class: BankClass::Private, ..good.clone() }), 0);
    assert_eq!(of(Life { amount: Paise::from_rupees(49_999), ..good.clone() }), 0);
    assert_eq!(of(Life { amount: Paise::from_rupees(50_000), ..good.clone() }), 1);
    assert_eq!(of(life("another season", 100.0 + 29.0 * 24.0, 9_999.0, true)), 0);
    assert_eq!(of(one[0].clone()), 0, "nothing is its own control");
    // Tagged later: watched until then, and censored.
    let later = Life { tagged: Some(tag(115.0, "p")), ..good };
    let matched = match_pairs(&one, std::slice::from_ref(&later), hour(0.0));
    assert_eq!(matched.pairs[0].untagged, Outcome { hours: 4.0, acted: false });
    // What had ended before its tag, or was tagged before the days, is no tagged request of theirs.
    let over = [tagged("o", 100.0, 109.0, true, 110.0)];
    assert_eq!(match_pairs(&over, &[], hour(0.0)).tagged, 0);
    assert_eq!(match_pairs(&one, &[], hour(111.0)).tagged, 0);
}

/// A world of requests that become due over sixty days. `effect`: by what a tag multiplies the time
/// that is left; 1 is a world in which tags do nothing.
fn world(seed: u64, effect: f64) -> (Vec<Life>, Vec<Life>) {
    let mut dice = StdRng::seed_from_u64(seed);
    let until = 60.0 * 24.0;
    let (mut all, mut some) = (Vec::new(), Vec::new());
    for n in 0..900 {
        let due: f64 = dice.random_range(0.0..until);
        let bank = dice.random_range(0..6_u32);
        let mean = 30.0 + 20.0 * f64::from(bank);
        let lasts = -mean * (1.0 - dice.random::<f64>()).ln();
        let wanted = dice.random_range(0..4) == 0;
        let at = due + dice.random_range(6.0..48.0);
        let hit = wanted && at < due + lasts && at < until;
        let ends = if hit { at + (due + lasts - at) * effect } else { due + lasts };
        let post = format!("bank {bank}, day {}", (at / 24.0) as u32);
        let end = End { at: hour(ends.min(until)), acted: ends < until };
        let tagged = (wanted && at < until).then(|| tag(at, &post));
        let class = if bank < 3 { BankClass::Public } else { BankClass::Private };
        let one = Life { tagged, end, class, ..life(&format!("r{n}"), due, 0.0, false) };
        if hit {
            some.push(one.clone());
        }
        all.push(one);
    }
    (some, all)
}

fn told(verdict: Verdict) -> Comparison {
    match verdict {
        Verdict::Told(comparison) => comparison,
        other => panic!("it can be told: {other:?}"),
    }
}

#[test]
fn where_tags_do_nothing_the_interval_covers_zero_as_often_as_it_says() {
    let worlds = 80;
    let mut covered = 0;
    for seed in 0..worlds {
        let (some, all) = world(seed, 1.0);
        let one = told(compare(&match_pairs(&some, &all, hour(0.0)), None));
        assert!(one.pairs > 60, "{one:?}");
        covered += u32::from(one.interval.0 <= 0.0 && 0.0 <= one.interval.1);
    }
    // 95 % of 80 are 76; four standard errors are eight.
    assert!((68..80).contains(&covered), "{covered} of {worlds}");
}

#[test]
fn a_planted_effect_is_found_and_the_same_each_time() {
    let (some, all) = world(7, 0.3);
    let one = told(compare(&match_pairs(&some, &all, hour(0.0)), None));
    assert!(one.interval.1 < -10.0 && one.tagged < one.untagged, "{one:?}");
    let mut shuffled = all.clone();
    shuffled.reverse();
    let again = told(compare(&match_pairs(&some, &shuffled, hour(0.0)), None));
    assert_eq!(one, again);
    let by_hand = compare(&match_pairs(&some, &all, hour(0.0)), Some(Manner::HandOff));
    assert_eq!(by_hand, Verdict::TooFew { pairs: 0, tags: 0 });
}

#[test]
fn too_few_or_too_early_is_said() {
    let pairs = |count: usize, posts: usize, hours: f64, tags: &[FirstTag]| {
        let side = Outcome { hours, acted: false };
        let pair = |n: usize| Pair { tagged: side, untagged: side, tag: &tags[n % posts] };
        compare(&Matched { pairs: (0..count).map(pair).collect(), tagged: count }, None)
    };
    let tags: Vec<_> = (0..40).map(|n| tag(1.0, &format!("p{n}"))).collect();
    assert_eq!(pairs(29, 29, 200.0, &tags), Verdict::TooFew { pairs: 29, tags: 29 });
    assert_eq!(pairs(40, 9, 200.0, &tags), Verdict::TooFew { pairs: 40, tags: 9 });
    assert_eq!(pairs(30, 10, 23.0, &tags), Verdict::TooEarly { hours: 23.0 });
    let one = told(pairs(30, 10, 100.0, &tags));
    assert_eq!((one.horizon, one.tagged, one.difference), (100.0, 100.0, 0.0));
}

#[test]
fn a_mean_by_hand_counts_censoring() {
    // Of three, one acts after 10 hours, one is lost at 20, one acts at 30: the mean within 40 hours
    // is 10 + 20 × ⅔.
    let outcome = |hours: f64, acted: bool| Outcome { hours, acted };
    let tags: Vec<_> = (0..30).map(|n| tag(1.0, &format!("p{n}"))).collect();
    let of = [outcome(10.0, true), outcome(20.0, false), outcome(30.0, true)];
    let pair = |n: usize| Pair { tagged: of[n % 3], untagged: outcome(40.0, false), tag: &tags[n] };
    let matched = Matched { pairs: (0..30).map(pair).collect(), tagged: 30 };
    let one = told(compare(&matched, None));
    assert!((one.tagged - (10.0 + 20.0 * 2.0 / 3.0)).abs() < 1e-9, "{one:?}");
    assert!((one.untagged - 40.0).abs() < 1e-9 && (one.horizon - 40.0).abs() < 1e-9);
}

fn limits() -> Limits {
    let rules: LimitRules = toml::from_str(
        "lien = { hours = 6, counted = \"round-the-clock\", source = \"order\", \
         reviewed = \"2026-01-01\", expires = \"2027-01-01\" }",
    )
    .unwrap();
    Limits::new(Calendar::new(&CalendarRules::default()).unwrap(), rules).unwrap()
}

fn sighting(at: f64, change: impl FnOnce(&mut BankAction)) -> Change {
    let mut action = BankAction {
        external_id: ExternalId::new("A-1"),
        case_ref: CaseRef::new("FIR 1"),
        bank: BankCode::new("ZPPL"),
        kind: Kind::Lien,
        layer: None,
        disputed: Some(Paise::from_rupees(1_000)),
        requested_at: hour(0.0),
        delivered_at: Some(hour(1.0)),
        due_at: None,
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 0,
        last_contact_at: None,
        updated_at: None,
    };
    change(&mut action);
    Change { seen_at: hour(at), as_of: None, action }
}

fn read(changes: &[Change], known: &Known, until: f64) -> Option<Life> {
    let limits = limits();
    let reading = Reading { limits: &limits, until: hour(until), answered: hour(until) };
    Life::read(changes, known, BankClass::Private, &reading)
}

fn acts_at(at: f64) -> impl FnOnce(&mut BankAction) {
    move |action| {
        action.status = Status::Acted;
        action.acted_at = Some(hour(at));
    }
}

#[test]
fn a_life_is_read_from_what_was_seen() {
    let contacted = |action: &mut BankAction| {
        action.contacts = 2;
        action.last_contact_at = Some(hour(20.0));
    };
    let changes = [sighting(2.0, |_| {}), sighting(21.0, contacted), sighting(41.0, acts_at(40.0))];
    let known = Known { tagged: Some(tag(30.0, "p")), ..Known::default() };
    let one = read(&changes, &known, 100.0).unwrap();
    assert_eq!((one.due, one.seen, one.pressed), (hour(7.0), hour(2.0), Some(hour(20.0))));
    assert_eq!(one.end, End { at: hour(40.0), acted: true });
    let told: Vec<_> = one.stretches(hour(0.0), false);
    let stretch = |from, until, acted| Stretch { from, until, acted, weight: 1 };
    assert_eq!(
        told,
        [
            (Pressing::Untouched, stretch(0.0, 13.0, false)),
            (Pressing::Private, stretch(13.0, 23.0, false)),
            (Pressing::Tagged, stretch(23.0, 33.0, true)),
        ]
    );
    let within: Vec<_> = one.stretches(hour(25.0), true);
    assert_eq!(within[0].1, Stretch { from: 18.0, until: 23.0, acted: false, weight: 100_000 });
}

#[test]
fn what_is_disputed_withdrawn_or_lost_is_censored() {
    let with = |status: Status| {
        let ends = sighting(50.0, |action| action.status = status);
        read(&[sighting(2.0, |_| {}), ends], &Known::default(), 100.0).unwrap().end
    };
    assert_eq!(with(Status::Disputed), End { at: hour(50.0), acted: false });
    assert_eq!(with(Status::Withdrawn), End { at: hour(50.0), acted: false });
    let lost = Known { vanished: Some(hour(33.0)), ..Known::default() };
    let one = read(&[sighting(2.0, |_| {})], &lost, 100.0).unwrap();
    assert_eq!(one.end, End { at: hour(33.0), acted: false });
    // A file is as true as its own time, whatever the clock says.
    let mut imported = sighting(2.0, |_| {});
    imported.as_of = Some(hour(1.5));
    let one = read(&[imported], &Known::default(), 100.0).unwrap();
    assert_eq!(one.end, End { at: hour(1.5), acted: false });
    assert!(one.stretches(hour(0.0), false).is_empty());
}

#[test]
fn what_never_pended_before_our_eyes_has_no_life() {
    assert_eq!(read(&[sighting(9.0, acts_at(8.0))], &Known::default(), 100.0), None);
    let incomplete = sighting(2.0, |action| action.complete = false);
    assert_eq!(read(std::slice::from_ref(&incomplete), &Known::default(), 100.0), None);
    assert_eq!(read(&[sighting(2.0, |_| {})], &Known::default(), 7.0), None, "not due by then");
}

/// Whatever is seen or happens from the report's end on, nothing that is told changes.
#[test]
fn nobody_peeks_beyond_the_end() {
    let until = 60.0;
    let mut dice = StdRng::seed_from_u64(3);
    let (mut pending, mut acted) = (0, 0);
    for _ in 0..500 {
        let first = dice.random_range(0.0..50.0);
        let second = dice.random_range(first..120.0);
        let acted_at = dice.random_range(first..=second);
        let changes = [sighting(first, |_| {}), sighting(second, acts_at(acted_at))];
        let later = Known {
            vanished: Some(hour(dice.random_range(60.0..90.0))),
            notice: Some(hour(dice.random_range(60.0..90.0))),
            tagged: Some(tag(dice.random_range(60.0..90.0), "p")),
        };
        let one = read(&changes, &later, until);
        let known = if second < until { &changes[..] } else { &changes[..1] };
        let blind = read(known, &Known::default(), until);
        assert_eq!(one, blind);
        if let Some(one) = one {
            assert!(one.end.at <= hour(until));
            *(if one.end.acted { &mut acted } else { &mut pending }) += 1;
        }
    }
    assert!(pending > 50 && acted > 50, "{pending} {acted}");
}

#[test]
fn samples_are_spread_over_days_and_hours() {
    let starts = spread(hour(0.0), hour(64.0 * 24.0), 64);
    assert!(starts.windows(2).all(|two| two[0] < two[1]));
    for (n, start) in starts.iter().enumerate() {
        let days = start.micros() as f64 / 24.0 / 3.6e9;
        assert_eq!(days as usize, n, "one a day");
    }
    let morning = starts.iter().filter(|start| start.micros() / 3_600_000_000 % 24 < 12).count();
    assert!((30..=34).contains(&morning), "{morning} of 64 before noon");
}
