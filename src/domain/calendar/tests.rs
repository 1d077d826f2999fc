use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{
    limits::{Counted, LimitError, LimitRule, LimitRules, Limits},
    *,
};
use crate::domain::action::Kind;

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

fn rules(toml: &str) -> CalendarRules {
    toml::from_str(toml).unwrap()
}

fn limits(calendar: &CalendarRules, hours: u32, counted: Counted) -> Limits {
    let rule = LimitRule {
        hours,
        counted,
        source: "Standing order 4 of 2026".to_owned(),
        reviewed: jiff::civil::date(2026, 10, 1),
        expires: jiff::civil::date(2027, 3, 31),
    };
    let rules = LimitRules(BTreeMap::from([(Kind::Lien, rule)]));
    Limits::new(Calendar::new(calendar).unwrap(), rules).unwrap()
}

fn due(calendar: &CalendarRules, hours: u32, counted: Counted, start: Timestamp) -> Timestamp {
    limits(calendar, hours, counted).due_at(start, Kind::Lien).unwrap()
}

#[test]
fn a_limit_in_working_hours_skips_the_night_sunday_and_second_saturday() {
    let calendar = CalendarRules::default();
    // Friday 13 November 2026, 17:00 IST; the 14th is the second Saturday.
    let due = due(&calendar, 2, Counted::WorkingHours, at("2026-11-13T17:00:00+05:30"));
    assert_eq!(due, at("2026-11-16T11:00:00+05:30"));
}

#[test]
fn a_first_saturday_counts() {
    let calendar = CalendarRules::default();
    let due = due(&calendar, 2, Counted::WorkingHours, at("2026-11-06T17:00:00+05:30"));
    assert_eq!(due, at("2026-11-07T11:00:00+05:30"));
}

#[test]
fn alaveteli_7292_a_holiday_added_late_changes_the_version_and_the_due_time() {
    let before = CalendarRules::default();
    let mut after = before.clone();
    after.holidays.push(Holiday {
        date: jiff::civil::date(2026, 11, 24),
        name: "Guru Nanak Jayanti".to_owned(),
    });
    let start = at("2026-11-23T17:00:00+05:30");
    assert_eq!(due(&before, 2, Counted::WorkingHours, start), at("2026-11-24T11:00:00+05:30"));
    assert_eq!(due(&after, 2, Counted::WorkingHours, start), at("2026-11-25T11:00:00+05:30"));
    let version = |rules: &CalendarRules| limits(rules, 2, Counted::WorkingHours).version();
    assert_ne!(version(&before), version(&after));
    after.holidays[0].name = "another spelling".to_owned();
    after.holidays.push(after.holidays[0].clone());
    let twice = version(&after);
    after.holidays.pop();
    assert_eq!(twice, version(&after), "the version follows the days, not how they are written");
}

#[test]
fn the_clock_starts_only_at_a_complete_and_delivered_request() {
    use crate::domain::{
        action::{BankAction, Status},
        ids::{BankCode, CaseRef, ExternalId},
    };
    let limits = limits(&CalendarRules::default(), 6, Counted::RoundTheClock);
    let requested_at = at("2026-11-20T10:00:00Z");
    let mut action = BankAction {
        external_id: ExternalId::new("1"),
        case_ref: CaseRef::new("1"),
        bank: BankCode::new("ZNMN"),
        kind: Kind::Lien,
        layer: None,
        disputed: None,
        requested_at,
        delivered_at: None,
        due_at: None,
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 0,
        last_contact_at: None,
        updated_at: None,
    };
    assert_eq!(limits.due_of(&action), Err(LimitError::NotStarted));
    action.delivered_at = Some(at("2026-11-20T15:00:00Z"));
    assert_eq!(limits.due_of(&action), Ok(at("2026-11-20T21:00:00Z")));
    action.due_at = Some(at("2026-11-20T12:00:00Z"));
    assert_eq!(limits.due_of(&action), Ok(at("2026-11-20T15:00:00Z")), "not before delivery");
    action.complete = false;
    assert_eq!(limits.due_of(&action), Err(LimitError::NotStarted));
    action.complete = true;
    (action.due_at, action.kind) = (None, Kind::Hold);
    assert_eq!(limits.due_of(&action), Err(LimitError::Missing(Kind::Hold)));
}

#[test]
fn an_expired_limit_still_gives_due_times_but_is_not_in_force() {
    let limits = limits(&CalendarRules::default(), 6, Counted::RoundTheClock);
    assert!(limits.in_force(Kind::Lien, at("2027-03-31T23:59:59+05:30")).is_ok());
    let next_day = at("2027-04-01T00:00:00+05:30");
    let refused = limits.in_force(Kind::Lien, next_day).unwrap_err();
    assert!(matches!(refused, LimitError::Expired { .. }));
    assert!(refused.to_string().contains("Standing order 4 of 2026"));
    assert!(limits.due_at(next_day, Kind::Lien).is_ok());
}

#[test]
fn silent_periods_and_quiet_hours_that_cross_midnight() {
    let calendar = Calendar::new(&rules(
        r#"
        quiet_hours = { from = "21:00", until = "08:00" }
        [[silent_periods]]
        from = "2026-11-25T06:00"
        until = "2026-11-26T22:30"
        label = "polling"
        [[silent_periods]]
        from = "2026-12-01T00:00"
        until = "2026-12-01T01:00"
        zone = "UTC"
        label = "another zone"
    "#,
    ))
    .unwrap();
    let allowed = |text| calendar.next_allowed(at(text));
    let noon = at("2026-11-24T12:00:00+05:30");
    assert_eq!(calendar.next_allowed(noon), noon);
    assert_eq!(allowed("2026-11-23T22:00:00+05:30"), at("2026-11-24T08:00:00+05:30"));
    assert_eq!(allowed("2026-11-24T07:59:59+05:30"), at("2026-11-24T08:00:00+05:30"));
    // The night runs into the silence, which ends in the next night.
    assert_eq!(allowed("2026-11-24T23:00:00+05:30"), at("2026-11-27T08:00:00+05:30"));
    assert!(calendar.is_silent(at("2026-11-25T06:00:00+05:30")));
    assert!(!calendar.is_silent(at("2026-11-26T22:30:00+05:30")));
    assert_eq!(calendar.silence(at("2026-12-01T06:00:00+05:30")).unwrap().label, "another zone");
}

#[test]
fn wrong_rules_say_what_to_do() {
    let error = |toml: &str| Calendar::new(&rules(toml)).unwrap_err();
    assert!(matches!(error(r#"zone = "Asia/Gurugram""#), CalendarError::UnknownZone(_)));
    assert!(matches!(
        error(r#"working_hours = [{ days = ["monday"], from = "18:00", until = "10:00" }]"#),
        CalendarError::Backwards { .. }
    ));
    assert_eq!(
        error(r#"working_hours = [{ days = ["sunday"], from = "10:00", until = "18:00" }]"#),
        CalendarError::NeverOpen
    );
    assert!(toml::from_str::<CalendarRules>("timezone = 'UTC'").is_err());
    let zero = LimitRules(
        toml::from_str(
            "[lien]\nhours = 0\ncounted = 'working-hours'\nsource = 's'\nreviewed = '2026-01-01'\nexpires = '2026-12-31'",
        )
        .unwrap(),
    );
    let calendar = Calendar::new(&CalendarRules::default()).unwrap();
    assert!(matches!(Limits::new(calendar, zero), Err(LimitError::OutOfBounds { .. })));
}

#[test]
fn hours_that_overlap_count_once_and_midnight_ends_a_day() {
    let calendar = Calendar::new(&rules(
        r#"working_hours = [
            { days = ["monday"], from = "10:00", until = "14:00" },
            { days = ["monday"], from = "12:00", until = "00:00" },
            { days = ["tuesday"], from = "00:00", until = "02:00" },
        ]"#,
    ))
    .unwrap();
    let start = at("2026-11-23T00:00:00+05:30");
    let worked = calendar.worked_between(start, at("2026-11-24T12:00:00+05:30"));
    assert_eq!(worked, SignedDuration::from_hours(16));
    assert_eq!(
        calendar.after_working(start, SignedDuration::from_hours(15)),
        at("2026-11-24T01:00:00+05:30")
    );
}

/// Zones with and without changes of the clocks, a change of half an hour and one at midnight among
/// them.
fn some_rules() -> impl Strategy<Value = CalendarRules> {
    let zone = prop::sample::select(vec![
        "Asia/Kolkata",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/Santiago",
    ]);
    let shift = prop::sample::select(vec![(0, 4), (1, 3), (9, 17), (10, 18), (22, 23)]);
    let holidays = prop::collection::vec((0..900_i32, "[a-z]{3}"), 0..12);
    (zone, shift, holidays, any::<bool>(), any::<bool>()).prop_map(
        |(zone, (from, until), holidays, saturdays, sundays)| CalendarRules {
            zone: zone.to_owned(),
            working_hours: vec![WorkingHours {
                days: Day::ALL.to_vec(),
                from: jiff::civil::time(from, 0, 0, 0),
                until: jiff::civil::time(until, 30, 0, 0),
            }],
            sundays_off: sundays,
            second_and_fourth_saturdays_off: saturdays,
            holidays: holidays
                .into_iter()
                .map(|(day, name)| Holiday { date: some_date(day), name })
                .collect(),
            ..CalendarRules::default()
        },
    )
}

fn some_date(day: i32) -> Date {
    jiff::civil::date(2025, 1, 1).saturating_add(jiff::Span::new().days(day))
}

/// Two years around the changes of the clocks, to the second.
fn some_start() -> impl Strategy<Value = Timestamp> {
    let first = at("2025-01-01T00:00:00Z").micros();
    (0..2 * 365 * 86_400_i64).prop_map(move |s| Timestamp::from_micros(first + s * 1_000_000))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_due_time_is_after_its_start_and_takes_exactly_the_limit(
        rules in some_rules(), start in some_start(), hours in 1..60_u32,
    ) {
        let end = due(&rules, hours, Counted::WorkingHours, start);
        prop_assert!(end > start);
        let calendar = Calendar::new(&rules).unwrap();
        let limit = SignedDuration::from_hours(i64::from(hours));
        prop_assert_eq!(calendar.worked_between(start, end), limit);
    }

    #[test]
    fn round_the_clock_hours_are_exact_across_changes_of_the_clocks(
        rules in some_rules(), start in some_start(), hours in 1..500_u32,
    ) {
        let end = due(&rules, hours, Counted::RoundTheClock, start);
        prop_assert_eq!(end.since(start), SignedDuration::from_hours(i64::from(hours)));
    }

    #[test]
    fn a_later_start_is_never_due_earlier(
        rules in some_rules(), a in some_start(), later in 0..4 * 86_400_i64, hours in 1..40_u32,
    ) {
        let b = a.plus(SignedDuration::from_secs(later));
        let due = |start| due(&rules, hours, Counted::WorkingHours, start);
        prop_assert!(due(a) <= due(b));
    }

    #[test]
    fn a_holiday_more_never_makes_it_earlier(
        rules in some_rules(), start in some_start(), hours in 1..40_u32, day in 0..900_i32,
    ) {
        let mut more = rules.clone();
        more.holidays.push(Holiday { date: some_date(day), name: "more".to_owned() });
        prop_assert!(
            due(&rules, hours, Counted::WorkingHours, start)
                <= due(&more, hours, Counted::WorkingHours, start)
        );
    }

    #[test]
    fn glpi_22678_no_step_before_the_deadline_slips_to_midnight(
        rules in some_rules(), start in some_start(), minutes in 1..2_400_i64, before in 1..2_400_i64,
    ) {
        let calendar = Calendar::new(&rules).unwrap();
        let limit = SignedDuration::from_mins(minutes.max(before));
        let step = SignedDuration::from_mins(minutes.min(before));
        let (due, step) = (calendar.after_working(start, limit), calendar.after_working(start, step));
        prop_assert!(start < step && step <= due);
        // A step falls where somebody works: a moment before it, work was being done.
        let moment = SignedDuration::from_secs(1);
        prop_assert_eq!(calendar.worked_between(step.minus(moment), step), moment);
    }

    #[test]
    fn the_next_allowed_instant_is_allowed(
        now in some_start(), from in 0..24_i8, until in 0..24_i8, zone in some_rules(),
    ) {
        let (from, until) = (jiff::civil::time(from, 0, 0, 0), jiff::civil::time(until, 30, 0, 0));
        let rules = CalendarRules { quiet_hours: Some(QuietHours { from, until }), ..zone };
        let calendar = Calendar::new(&rules).unwrap();
        let next = calendar.next_allowed(now);
        prop_assert!(next >= now);
        prop_assert_eq!(calendar.next_allowed(next), next);
        prop_assert!(next.since(now) <= SignedDuration::from_hours(26));
    }
}
