//! What a report says, held to a story whose numbers were counted by hand.

use std::collections::BTreeMap;

use jiff::{SignedDuration, civil::date};
use takaza::{
    cases::DayFigures,
    domain::{
        engagement::{EngagementKind, Voice},
        escalation::EscalationState,
        ids::BankCode,
        money::Paise,
        platform::Language,
        time::Timestamp,
    },
    reports::document::{Cell, Chart, Document, Edition, Section, Subject},
    store::Noted,
    work::{
        self,
        report::{Asked, NotMade, make},
    },
};

use crate::support::{fake_cases::liens, world::World};

fn hours(n: i64) -> SignedDuration {
    SignedDuration::from_hours(n)
}

fn rupees(n: i64) -> Cell {
    Cell::Money(Paise::from_rupees(n))
}

fn asked(subject: Subject, edition: Edition) -> Asked {
    Asked {
        subject,
        edition,
        language: Language::En,
        from: date(2026, 11, 1),
        until: date(2026, 11, 30),
        bank: None,
    }
}

async fn report(world: &World, subject: Subject, edition: Edition) -> Document {
    make(&world.ctx, &asked(subject, edition)).await.unwrap()
}

fn section<'a>(document: &'a Document, id: &str) -> &'a Section {
    let found = document.sections.iter().find(|section| section.id == id);
    found.unwrap_or_else(|| panic!("there is a section {id}"))
}

/// A row by what stands in its first cell, as its cells by their columns.
fn row<'a>(section: &'a Section, first: &str) -> BTreeMap<&'static str, &'a Cell> {
    let named = |row: &&Vec<Cell>| row[0] == Cell::Text(first.to_owned());
    let found = section.table.rows.iter().find(named);
    let cells = found.unwrap_or_else(|| panic!("{} has a row {first}: {section:?}", section.id));
    section.table.columns.iter().map(|column| column.id).zip(cells).collect()
}

fn counts(section: &Section, first: &str, columns: &[&str]) -> Vec<u64> {
    let row = row(section, first);
    let count = |id: &&str| match row[id] {
        Cell::Count(n) => *n,
        other => panic!("{id} is no count: {other:?}"),
    };
    columns.iter().map(count).collect()
}

async fn hears(world: &World, kind: EngagementKind, voice: Voice, alias: &str, at: Timestamp) {
    let url = &world.ledger_url;
    let query = "SELECT id FROM delivery WHERE state = 'delivered' ORDER BY sent_at LIMIT 1";
    let delivery = crate::support::ledger_sql::text(url, query).await;
    let noted = Noted {
        kind,
        alias: alias.to_owned(),
        voice,
        author: "a keyed alias".to_owned(),
        at: Some(at),
        text: None,
        post_id: None,
    };
    let heard = BTreeMap::from([(delivery.into(), vec![noted])]);
    world.ctx.store.heard(&world.by("asha"), &heard).await.unwrap();
}

/// On Monday at eleven a tag names five liens of Peepal Bank, which reached it three days before.
/// The bank replies twice, and acts on three of them: one has nothing left. Neem Bank acts before
/// its tag goes out.
async fn two_days() -> World {
    let world = World::new().await;
    world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    work::sweep::run_once(&world.ctx).await.unwrap();
    let posted = world.now();
    let reply = EngagementKind::Reply;
    let minutes = SignedDuration::from_mins;
    hears(&world, reply, Voice::Bank, "a", posted.plus(minutes(30))).await;
    hears(&world, reply, Voice::Bank, "b", posted.plus(minutes(90))).await;
    hears(&world, EngagementKind::Like, Voice::Bank, "c", posted.plus(minutes(5))).await;
    for alias in ["d", "e"] {
        hears(&world, EngagementKind::Like, Voice::Other, alias, posted.plus(minutes(9))).await;
    }
    world.tally().await;
    world.pass(hours(3));
    world.cases.acts("ZPPL-1", world.now());
    world.cases.acts("ZPPL-2", world.now());
    world.cases.change("ZPPL-2", world.now(), |row| row.lien_amount = Some(Paise::default()));
    work::watch::run_once(&world.ctx).await.unwrap();
    world.pass(hours(27));
    world.cases.acts("ZPPL-3", world.now());
    let now = world.now();
    let mut rows = liens("ZNMN", 5, now);
    rows.iter_mut().for_each(|row| row.updated_at = Some(now));
    world.cases.put(rows);
    world.watch_and_escalate().await;
    let held = world.escalations(&[EscalationState::Held]).await;
    let neem = held.iter().find(|row| row.escalation.bank == BankCode::new("ZNMN"));
    world.approve(neem.expect("a tag about it is held")).await;
    world.cases.before_the_next_recheck(move |cases| cases.acts("ZNMN-1", now));
    work::deliver::run_once(&world.ctx).await.unwrap();
    world.pass(hours(1));
    world.tally().await;
    world
}

#[tokio::test]
async fn a_report_says_exactly_what_happened() {
    let world = two_days().await;
    let document = report(&world, Subject::Engagement, Edition::Unit).await;
    assert_eq!((document.as_of, document.notes.len()), (world.now(), 0));

    let tags = section(&document, "tags");
    let followed =
        ["tags", "replied", "substantive", "unread", "actions", "acted", "nil", "pending"];
    assert_eq!(counts(tags, "2026-11", &followed), [1, 1, 0, 1, 5, 3, 1, 2]);
    assert_eq!(*row(tags, "2026-11")["lien"], rupees(101_000 + 103_000));
    assert!(tags.findings[0].text.starts_with("1 tags were answered"), "{:?}", tags.findings);

    let times = section(&document, "times");
    let columns = ["replied", "acted-after", "acted-requests"];
    assert_eq!(counts(times, "up to 1 h", &columns), [1, 0, 0]);
    assert_eq!(counts(times, "2–4 h", &columns), [0, 2, 0]);
    assert_eq!(counts(times, "24–48 h", &columns), [0, 1, 0]);
    assert_eq!(counts(times, "72–168 h", &columns), [0, 0, 3], "they reached the bank on Friday");

    let requests = section(&document, "requests");
    let columns = ["requests", "acted", "nil", "pending"];
    assert_eq!(counts(requests, "Lien or hold", &columns), [10, 3, 1, 7]);
    assert_eq!(*row(requests, "Lien or hold")["value"], rupees(2 * 515_000));

    let avoided = section(&document, "avoided");
    assert_eq!(counts(avoided, "2026-11", &["drafted", "avoided"]), [2, 1]);
    let reach = section(&document, "reach");
    assert_eq!(counts(reach, "2026-11", &["posts", "likes", "replies"]), [1, 2, 0]);
    let posts = section(&document, "posts");
    assert_eq!(counts(posts, "By plain name", &["delivered", "refused", "uncertain"]), [1, 0, 0]);

    let summary = section(&document, "summary");
    let value = |name: &str| row(summary, name)["value"].clone();
    assert_eq!(value("Overdue now"), Cell::Count(2 + 5));
    assert_eq!(value("Tags avoided"), Cell::Count(1));
    assert_eq!(value("Put under lien after a tag"), rupees(204_000));
    assert!(matches!(value("Tags answered"), Cell::Nothing(_)), "one tag tells no share");

    let orders = report(&world, Subject::Orders, Edition::Unit).await;
    let columns = ["cleared", "posted", "withdrawn"];
    let cleared = section(&orders, "orders");
    assert_eq!(counts(cleared, "Approvers, by hand", &columns), [2, 1, 1]);
}

#[tokio::test]
async fn one_bank_alone_is_told_of_one_bank_alone() {
    let world = two_days().await;
    let bank = Some(BankCode::new("ZPPL"));
    let asked = Asked { bank, ..asked(Subject::Banks, Edition::Unit) };
    let document = make(&world.ctx, &asked).await.unwrap();
    let banks = section(&document, "banks");
    assert_eq!(banks.table.rows.len(), 1);
    assert_eq!(counts(banks, "Peepal Bank", &["requests", "overdue"]), [5, 2]);
    assert!(matches!(row(banks, "Peepal Bank")["within-24"], Cell::Nothing(_)), "five are few");
    assert!(banks.chart.is_none() && banks.findings[0].text.starts_with("1 banks have fewer"));
}

#[tokio::test]
async fn banks_are_ranked_by_time_to_action_and_by_nothing_else() {
    let world = World::new().await;
    for (bank, quick) in [("ZPPL", 2), ("ZNMN", 9)] {
        let mut rows = liens(bank, 12, world.now().minus(hours(60)));
        for row in rows.iter_mut().take(quick) {
            row.status = takaza::domain::action::Status::Acted;
            row.acted_at = row.delivered_at.map(|at| at.plus(hours(20)));
            row.lien_amount = row.disputed;
        }
        world.cases.put(rows);
    }
    work::watch::run_once(&world.ctx).await.unwrap();
    world.tally().await;
    let document = report(&world, Subject::Banks, Edition::Unit).await;
    let banks = section(&document, "banks");
    let named: Vec<_> = banks.table.rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(named, ["Neem Bank", "Peepal Bank"].map(|name| Cell::Text(name.to_owned())));
    let neem = row(banks, "Neem Bank");
    assert_eq!((neem["within-24"], neem["within-6"]), (&Cell::Share(0.75), &Cell::Share(0.0)));
    assert_eq!(*neem["median"], Cell::Text("12–24 h".to_owned()));
    let (Cell::Share(low), Cell::Share(high)) = (neem["within-24-low"], neem["within-24-high"])
    else {
        panic!("an interval stands beside the share: {neem:?}");
    };
    assert!(0.4 < *low && *low < 0.75 && 0.75 < *high && *high < 1.0, "{low} to {high}");
    assert!(matches!(row(banks, "Peepal Bank")["median"], Cell::Nothing(_)), "most still pend");
    let Some(Chart::Bars(bars)) = &banks.chart else { panic!("there are bars") };
    let drawn: Vec<_> =
        bars.bars.iter().map(|bar| (bar.label.as_str(), bar.said.as_str())).collect();
    assert_eq!(drawn, [("Neem Bank", "75 %"), ("Peepal Bank", "17 %")]);
    let drawn = bars.bars.iter().map(|bar| bar.interval).collect::<Option<Vec<_>>>();
    assert_eq!(drawn.map(|all| all.len()), Some(2), "each with its interval: {bars:?}");
}

#[tokio::test]
async fn the_public_is_told_what_was_public_and_single_banks_a_month_late() {
    let world = two_days().await;
    let document = report(&world, Subject::Engagement, Edition::Public).await;
    assert_eq!(
        counts(section(&document, "public-posts"), "2026-11", &["tags", "answered"]),
        [1, 1]
    );
    assert!(section(&document, "public-banks").table.rows.is_empty(), "not a month has passed");
    assert!(document.sections.iter().all(|one| one.id != "requests"), "two banks are too few");
    let mut rows = liens("ZBRG", 5, world.now());
    rows.iter_mut().for_each(|row| row.updated_at = Some(world.now()));
    world.cases.put(rows);
    work::watch::run_once(&world.ctx).await.unwrap();
    world.tally().await;
    let document = report(&world, Subject::Engagement, Edition::Public).await;
    let requests = section(&document, "requests");
    assert_eq!(requests.table.rows.len(), 1, "requests for papers are never told in public");
    assert_eq!(*row(requests, "Lien or hold")["value"], rupees(1_500_000), "rounded down");
    let one =
        Asked { bank: Some(BankCode::new("ZPPL")), ..asked(Subject::Engagement, Edition::Public) };
    let early = make(&world.ctx, &one).await.unwrap();
    assert!(early.sections.iter().all(|section| section.table.rows.is_empty()), "{early:?}");
    world.pass(hours(24 * 30));
    let late = report(&world, Subject::Banks, Edition::Public).await;
    let columns = ["tags", "answered", "corrections"];
    assert_eq!(counts(section(&late, "public-banks"), "Peepal Bank", &columns), [1, 1, 0]);
    let orders = make(&world.ctx, &asked(Subject::Orders, Edition::Public)).await.unwrap_err();
    assert!(orders.downcast_ref().is_some_and(|why| matches!(why, NotMade::ForTheUnit(_))));
}

#[tokio::test]
async fn what_must_not_be_public_stops_the_public_edition() {
    let world = World::configured(|config| config.unit.name_en.push_str(" (98765 43210)")).await;
    let refused = make(&world.ctx, &asked(Subject::Engagement, Edition::Public)).await.unwrap_err();
    assert!(refused.to_string().contains("Phone"), "{refused}");
    report(&world, Subject::Engagement, Edition::Unit).await;
}

#[tokio::test]
async fn no_report_names_a_case_or_a_person_and_every_row_fits_its_columns() {
    let world = two_days().await;
    for language in Language::ALL {
        for subject in Subject::ALL {
            for edition in Edition::ALL {
                let asked = Asked { language: *language, ..asked(*subject, *edition) };
                let Ok(document) = make(&world.ctx, &asked).await else {
                    assert!(*edition == Edition::Public, "{asked:?}");
                    continue;
                };
                let text = serde_json::to_string(&document).unwrap();
                for private in ["FIR", "ZPPL-", "keyed alias", "asha", "dcp"] {
                    assert!(!text.contains(private), "{private} in {asked:?}");
                }
                for section in &document.sections {
                    let columns = section.table.columns.len();
                    let mut rows = section.table.rows.iter().chain(&section.table.total);
                    assert!(rows.all(|row| row.len() == columns), "{section:?}");
                    assert!(section.id.len() <= 31, "{}", section.id);
                }
            }
        }
    }
}

#[tokio::test]
async fn the_units_own_line_comes_from_the_case_source_and_its_silence_stops_no_report() {
    let world = World::new().await;
    let day = |day, complaints| DayFigures {
        day,
        complaints,
        amount_defrauded: Paise::from_rupees(1_000),
        amount_recovered: Paise::from_rupees(250),
        arrests: 1,
    };
    world.cases.counts([
        day(date(2026, 10, 31), 9),
        day(date(2026, 11, 2), 4),
        day(date(2026, 11, 3), 5),
    ]);
    let document = report(&world, Subject::Engagement, Edition::Unit).await;
    let line = section(&document, "unit-line");
    assert_eq!(counts(line, "2026-11", &["complaints", "arrests"]), [9, 2]);
    assert_eq!(*row(line, "2026-11")["recovered"], rupees(500));
    assert_eq!(document.notes.len(), 1, "nothing is counted yet, and it says so");
    world.cases.goes_down("it is being mended");
    let document = report(&world, Subject::Engagement, Edition::Unit).await;
    let line = section(&document, "unit-line");
    assert!(line.findings[0].warning && line.findings[0].text.contains("mended"), "{line:?}");
    let backwards = Asked { until: date(2026, 10, 1), ..asked(Subject::Costs, Edition::Unit) };
    assert!(make(&world.ctx, &backwards).await.is_err());
}
