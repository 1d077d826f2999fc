//! Sums add up, bands are exact at their ends, and each fact is booked once.

use jiff::{SignedDuration, civil::date, tz::TimeZone};
use proptest::prelude::*;

use super::{facts::*, *};
use crate::domain::{
    action::{BankAction, Kind, Status},
    ids::{BankCode, CaseRef, ExternalId},
    time::Timestamp,
};

fn minutes(n: i64) -> SignedDuration {
    SignedDuration::from_mins(n)
}

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(minutes * 60_000_000)
}

fn action(status: Status, took: Option<i64>, lien: Option<i64>) -> BankAction {
    BankAction {
        external_id: ExternalId::new("a"),
        case_ref: CaseRef::new("c"),
        bank: BankCode::new("ZPPL"),
        kind: Kind::Lien,
        layer: None,
        disputed: Some(Paise::from_rupees(1_000)),
        requested_at: at(0),
        delivered_at: Some(at(0)),
        due_at: None,
        complete: true,
        status,
        acted_at: took.map(at),
        lien_amount: lien.map(Paise::from_rupees),
        contacts: 0,
        last_contact_at: None,
        updated_at: None,
    }
}

#[test]
fn the_end_of_a_band_belongs_to_it() {
    let mut spans = Spans::default();
    for time in [minutes(-5), minutes(60), minutes(61), minutes(360), minutes(361)] {
        spans.note(time);
    }
    spans.note(SignedDuration::MAX);
    assert_eq!([1, 2, 4, 6, 24].map(|hours| spans.within(hours)), [2, 3, 3, 4, 5]);
    assert_eq!(spans.count(), 6);
}

#[test]
fn a_median_counts_what_has_not_ended_yet() {
    let mut spans = Spans::default();
    (0..3).for_each(|_| spans.note(minutes(90)));
    spans.note(minutes(60 * 400));
    assert_eq!(spans.median(4), Some((1, Some(2))));
    assert_eq!(spans.median(6), Some((1, Some(2))), "three of six are half");
    assert_eq!(
        spans.median(7),
        Some((336, None)),
        "the fourth of seven took longer than all bands"
    );
    assert_eq!(spans.median(9), None, "four of nine are less than half");
    assert_eq!(Spans::default().median(0), None);
}

#[test]
fn a_request_is_booked_by_what_came_of_it() {
    let mut tally = Tally::default();
    tally.request(&action(Status::Acted, Some(300), Some(400)));
    tally.request(&action(Status::Acted, Some(30 * 60), Some(0)));
    tally.request(&action(Status::Pending, None, None));
    tally.request(&action(Status::Disputed, None, None));
    tally.request(&BankAction { complete: false, ..action(Status::Pending, None, None) });
    tally.request(&BankAction { delivered_at: None, ..action(Status::Pending, None, None) });
    tally.request(&BankAction { kind: Kind::Kyc, ..action(Status::Pending, None, None) });
    let money = &tally.money;
    assert_eq!((money.requests, money.counted(), tally.papers.requests), (4, 3, 1));
    assert_eq!((money.acted.within(6), money.acted.within(48), money.nil), (1, 2, 1));
    assert_eq!((money.pending, money.disputed), (1, 1));
    assert_eq!((money.value, money.lien), (Paise::from_rupees(4_000), Paise::from_rupees(400)));
}

#[test]
fn an_action_is_followed_from_the_first_tag_that_named_it() {
    let fate = |status, acted_at: Option<i64>| {
        let (disputed, lien) = (Some(Paise::from_rupees(500)), Some(Paise::from_rupees(50)));
        Some(Fate { status, disputed, acted_at: acted_at.map(at), lien })
    };
    let member = |again, fate| MemberFact { again, fate };
    let tag = TagFact {
        since: at(1_000),
        answers: Answers { first: Some(at(1_030)), substantive: None, read: false },
        members: vec![
            member(false, fate(Status::Acted, Some(1_090))),
            member(false, fate(Status::Acted, Some(990))),
            member(true, fate(Status::Acted, Some(1_090))),
            member(false, fate(Status::Pending, None)),
            member(false, None),
        ],
    };
    let mut tally = Tally::default();
    tally.tag(&tag);
    let tags = &tally.tags;
    assert_eq!((tags.tags, tags.actions, tags.again, tags.counted()), (1, 4, 1, 2));
    assert_eq!((tags.acted.count(), tags.acted_before, tags.pending, tags.unknown), (1, 1, 1, 1));
    assert_eq!((tags.replied.within(1), tags.substantive.count(), tags.unread), (1, 0, 1));
    assert_eq!((tags.value, tags.lien), (Paise::from_rupees(1_500), Paise::from_rupees(50)));
}

#[test]
fn a_share_counts_only_days_that_are_old_enough() {
    let mut day = Tally::default();
    day.request(&action(Status::Acted, Some(60), Some(1)));
    day.request(&action(Status::Pending, None, None));
    let mut ripe = Ripe::default();
    ripe.add(&day.money, SignedDuration::from_hours(5));
    assert_eq!(ripe.within(0), (0, 0), "nobody has had six hours yet");
    ripe.add(&day.money, SignedDuration::from_hours(24));
    assert_eq!([0, 1, 2].map(|n| ripe.within(n)), [(1, 2), (1, 2), (0, 0)]);
    assert_eq!(ripe.oldest.requests, 0);
}

#[test]
fn days_are_counted_by_the_units_own_midnight() {
    let zone = TimeZone::get("Asia/Kolkata").unwrap();
    let day = day_number(date(2026, 11, 16));
    assert_eq!(day_of(day), date(2026, 11, 16));
    let (from, until) = instants(day, &zone);
    assert_eq!(from.to_string(), "2026-11-15T18:30:00Z");
    assert_eq!(day_at(from, &zone), day);
    assert_eq!(day_at(until.minus(SignedDuration::from_micros(1)), &zone), day);
    assert_eq!(day_at(until, &zone), day + 1);
}

#[test]
fn an_empty_field_is_not_written() {
    assert_eq!(serde_json::to_string(&Tally::default()).unwrap(), "{}");
}

prop_compose! {
    fn some_tally()(requests in prop::collection::vec((0..4_usize, 0..30_000_i64, 0..3_i64), 0..12),
                    clears in prop::collection::vec((any::<bool>(), 0..3_u64, 0..2_u64), 0..5))
                    -> Tally {
        let mut tally = Tally::default();
        for (status, took, lien) in requests {
            let status = Status::ALL[status];
            let acted = (status == Status::Acted).then_some(took);
            tally.request(&action(status, acted, acted.map(|_| lien)));
        }
        for (order, out, refused) in clears {
            let order = order.then(|| OrderId::new("o"));
            let state = EscalationState::Closed;
            tally.clearance(&ClearanceFact { order, state, out, unsure: 0, refused });
        }
        tally
    }
}

proptest! {
    #[test]
    fn sums_add_up_in_any_order_and_are_read_as_they_are_written(
        tallies in prop::collection::vec(some_tally(), 1..6)
    ) {
        let sum = |tallies: &mut dyn Iterator<Item = &Tally>| {
            tallies.fold(Tally::default(), |mut all, one| { all.add(one); all })
        };
        let (there, back) = (sum(&mut tallies.iter()), sum(&mut tallies.iter().rev()));
        prop_assert_eq!(&there, &back);
        let read: Tally = serde_json::from_str(&serde_json::to_string(&there).unwrap()).unwrap();
        prop_assert_eq!(&read, &there);
        let requests: u64 = tallies.iter().map(|one| one.money.requests).sum();
        prop_assert_eq!(there.money.requests, requests);
        let parts = there.money.acted.count() + there.money.pending + there.money.disputed
            + there.money.withdrawn;
        prop_assert_eq!(parts, requests, "each request is in one of its ends");
    }
}
