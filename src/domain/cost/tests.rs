use proptest::prelude::*;

use super::*;
use crate::domain::platform::{Language, Visibility};

fn usd(text: &str) -> MicroDollars {
    text.parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse::<jiff::Timestamp>().unwrap().into()
}

/// Posts may use 20 dollars of 30; others may be heard for 5 of the 10 that listening has.
fn tariff() -> Tariff {
    Tariff {
        as_of: "2026-08-15".parse().unwrap(),
        expires: "2026-11-30".parse().unwrap(),
        source: "a page".to_owned(),
        prices: Prices {
            post: usd("0.015"),
            post_with_url: usd("0.2"),
            post_delete: usd("0.01"),
            post_read: usd("0.005"),
            user_read: usd("0.01"),
            like_read: usd("0.001"),
            own_read: usd("0.001"),
        },
        monthly_cap: usd("30"),
        listening_cap: usd("10"),
        banks_share_percent: 50,
        warn_percent: 80,
    }
}

fn spent(posts: &str, listening: &str) -> Spent {
    Spent { posts: usd(posts), listening: usd(listening) }
}

fn content(text: &str) -> Content {
    Content {
        account: AccountName::new("unit"),
        platform: Platform::X,
        language: Language::En,
        visibility: Visibility::Public,
        spoiler: None,
        text: text.to_owned(),
        max_length: 280,
        bank_in_text: "Peepal Bank".to_owned(),
        template: None,
        drafted: None,
        retracts: None,
        picture: None,
    }
}

#[test]
fn amounts_are_written_with_as_many_decimals_as_they_have() {
    for (micros, text) in [
        (0, "$0.00"),
        (1, "$0.000001"),
        (15_000, "$0.015"),
        (200_000, "$0.20"),
        (5_000_000, "$5.00"),
    ] {
        assert_eq!(MicroDollars::new(micros).to_string(), text);
        assert_eq!(usd(text), MicroDollars::new(micros));
    }
    assert_eq!(MicroDollars::new(-15_000).to_string(), "-$0.015");
    assert_eq!(usd("30"), MicroDollars::new(30_000_000));
}

#[test]
fn what_is_no_exact_amount_is_refused() {
    for text in [
        "",
        ".",
        "5.",
        ".5",
        "-1",
        "+1",
        "1e3",
        "1,000",
        " 1",
        "0.0000001",
        "$",
        "1.2.3",
        "NaN",
        "१",
        "9223372036855",
    ] {
        assert_eq!(text.parse::<MicroDollars>(), Err(NoAmount), "{text:?}");
    }
}

#[test]
fn a_number_that_is_no_text_is_refused() {
    assert_eq!(serde_json::from_str::<MicroDollars>("\"0.015\"").unwrap(), usd("0.015"));
    for float in ["0.015", "1", "null"] {
        assert!(serde_json::from_str::<MicroDollars>(float).is_err(), "{float}");
    }
}

#[test]
fn a_post_is_priced_by_what_it_holds_and_by_who_sends_it() {
    let costs = Costs([(Platform::X, tariff())].into());
    let (plain, url) = (content("4 liens pend"), content("4 liens pend: unit.example.org/4"));
    let gone = Content { retracts: Some("17".to_owned()), ..content("https://unit.example.org") };
    let api = |content| costs.price(Sender::Api, content);
    assert_eq!(api(&plain), Some(usd("0.015")));
    assert_eq!(api(&url), Some(usd("0.2")));
    assert_eq!(api(&gone), Some(usd("0.01")), "a deletion is no post");
    assert_eq!(costs.price(Sender::HandOff, &url), None, "a person's post is free");
    let elsewhere = Content { platform: Platform::Sandbox, ..url.clone() };
    assert_eq!(api(&elsewhere), None, "a platform without a list is free");
}

#[test]
fn posts_stop_before_listening_does() {
    let tariff = tariff();
    let now = at("2026-11-16T05:30:00Z");
    let left = |spent: &Spent| tariff.purse(spent, now).left;
    assert_eq!(left(&Spent::default()), usd("20"), "10 are kept for listening");
    assert_eq!(left(&spent("0", "9")), usd("20"), "what listening spends of its own is its own");
    assert_eq!(left(&spent("19.99", "9")), usd("0.01"));
    assert_eq!(left(&spent("0", "12")), usd("18"), "our own readings went beyond it");
    assert_eq!(left(&spent("25", "9")), MicroDollars::ZERO, "what sets right went beyond it");
    let room = tariff.affordable(Item::PostRead, Reader::Banks, &spent("30", "0"));
    assert_eq!(room, 2_000, "no post takes from listening");
}

#[test]
fn others_leave_the_banks_their_share_and_our_own_is_never_refused() {
    let tariff = tariff();
    let room = |reader, listened| tariff.affordable(Item::PostRead, reader, &spent("0", listened));
    assert_eq!(room(Reader::Others, "0"), 1_000);
    assert_eq!(room(Reader::Others, "4.996"), 0, "less than one is left");
    assert_eq!(room(Reader::Banks, "5"), 1_000);
    assert_eq!(room(Reader::Banks, "10"), 0);
    assert_eq!(room(Reader::Own, "10"), u32::MAX);
    let mut free = tariff.clone();
    free.prices.post_read = MicroDollars::ZERO;
    assert_eq!(free.affordable(Item::PostRead, Reader::Others, &spent("0", "10")), u32::MAX);
}

#[test]
fn a_list_is_relied_on_until_the_end_of_its_last_day() {
    let tariff = tariff();
    assert_eq!(tariff.expired(at("2026-11-30T23:59:59.999999Z")), None);
    assert_eq!(tariff.expired(at("2026-12-01T00:00:00Z")), Some(tariff.expires));
}

#[test]
fn a_cap_warns_from_its_share_on_and_is_full_when_one_more_is_too_much() {
    let tariff = tariff();
    let posts = |posts| tariff.posts_used(&spent(posts, "0"));
    assert_eq!(posts("15.999999").level, Level::Fine);
    assert_eq!((posts("16").level, posts("16").percent), (Level::Near, 80));
    assert_eq!(posts("19.985").level, Level::Near);
    assert_eq!(posts("19.985001").level, Level::Full);
    let listening = |listened| tariff.listening_used(&spent("0", listened)).level;
    assert_eq!(
        [listening("7.99"), listening("8"), listening("9.996"), listening("12")],
        [Level::Fine, Level::Near, Level::Full, Level::Full]
    );
}

#[test]
fn months_and_days_are_those_of_utc() {
    // 1 December, half past three in India.
    let month = month(at("2026-11-30T22:00:00Z"));
    assert_eq!((month.from, month.until), (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z")));
    assert_eq!(day(at("2026-11-30T23:59:59.999999Z")), at("2026-11-30T00:00:00Z"));
    assert_eq!(day(at("2026-12-01T00:00:00Z")), at("2026-12-01T00:00:00Z"));
    assert_eq!(day(at("1969-12-31T12:00:00Z")), at("1969-12-31T00:00:00Z"));
}

proptest! {
    #[test]
    fn what_is_written_reads_back(micros in 0..i64::MAX) {
        let amount = MicroDollars::new(micros);
        prop_assert_eq!(amount.to_string().parse::<MicroDollars>(), Ok(amount));
        let json = serde_json::to_string(&amount).unwrap();
        prop_assert_eq!(serde_json::from_str::<MicroDollars>(&json).unwrap(), amount);
    }

    #[test]
    fn what_is_read_is_the_number_that_was_written(whole in 0..1_000_000_i64, part in "[0-9]{1,6}") {
        let micros = part.bytes().chain(std::iter::repeat(b'0')).take(6);
        let micros = micros.fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
        prop_assert_eq!(usd(&format!("{whole}.{part}")).micros(), whole * 1_000_000 + micros);
    }

    #[test]
    fn no_text_is_read_as_less_than_nothing(text in "[$0-9.+e-]{0,12}") {
        if let Ok(amount) = text.parse::<MicroDollars>() {
            prop_assert!(amount >= MicroDollars::ZERO);
        }
    }

    #[test]
    fn a_share_is_never_more_than_its_whole_and_counts_back(micros in 0..i64::MAX, percent in 0..=100_u32) {
        let whole = MicroDollars::new(micros);
        let share = whole.percent(percent);
        prop_assert!(share <= whole);
        prop_assert!(share.percent_of(whole) <= u64::from(percent.max(u32::from(micros == 0) * 100)));
    }

    #[test]
    fn posts_and_listening_within_their_caps_stay_within_the_months(
        posts in 0..40_000_000_i64, listening in 0..10_000_000_i64,
    ) {
        let tariff = tariff();
        let spent = Spent { posts: MicroDollars::new(posts), listening: MicroDollars::new(listening) };
        let left = tariff.purse(&spent, at("2026-11-16T05:30:00Z")).left;
        let banks = tariff.listening_left(&spent, Reader::Banks).unwrap();
        let others = tariff.listening_left(&spent, Reader::Others).unwrap();
        prop_assert!(others <= banks);
        let all = spent.posts.plus(left).plus(spent.listening).plus(banks);
        prop_assert!(all <= tariff.monthly_cap || left == MicroDollars::ZERO);
    }
}
