//! Ten banks are tagged about some of their requests and not about others that are alike; they act on
//! the ones after ten hours and on the others after sixty.

use jiff::SignedDuration;
use takaza::{
    domain::platform::Language,
    reports::document::{Cell, Chart, Edition, Section, Subject},
    work::{self, report::Asked},
};

use crate::support::{
    fake_cases::{lien, liens},
    world::World,
};

const BANKS: [&str; 10] =
    ["ZPPL", "ZNMN", "ZBRG", "ZGLM", "ZMLT", "ZKCH", "ZPLS", "ZSHK", "ZCHN", "ZDDR"];

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn asked(subject: Subject, until: &str) -> Asked {
    Asked {
        subject,
        edition: Edition::Unit,
        language: Language::En,
        from: "2026-11-10".parse().unwrap(),
        until: until.parse().unwrap(),
        bank: None,
    }
}

/// Each bank has five requests that it was reminded of in private, and so may be tagged about, and
/// five that nobody reminded it of.
async fn tagged_world() -> World {
    let world = World::new().await;
    let now = world.now();
    for (n, bank) in BANKS.into_iter().enumerate() {
        world.cases.put(liens(bank, 5, now));
        let quiet = |m: u32| {
            let case = 5_000 + 10 * n as u32 + m;
            let mut row = lien(&format!("{bank}-quiet-{m}"), case, bank, 103_000, 72, now);
            (row.contacts, row.last_contact_at) = (0, None);
            row
        };
        world.cases.put((1..=5).map(quiet));
    }
    world.watch_and_escalate().await;
    for row in world.escalations(&[]).await {
        world.approve(&row).await;
    }
    work::deliver::run_once(&world.ctx).await.unwrap();
    work::sweep::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.town.posts().len(), BANKS.len());
    world.pass(SignedDuration::from_mins(1));
    world.watch_and_escalate().await;
    world
}

const ATTRIBUTION: [&str; 3] = ["attribution", "survival", "survival-money"];
const FAIRNESS: [&str; 3] = ["silence-report", "unsent-tags", "tags-per-bank"];

async fn all_act(world: &World, which: &str) {
    for bank in BANKS {
        for m in 1..=5 {
            world.cases.acts(&format!("{bank}-{which}{m}"), world.now());
        }
    }
    work::watch::run_once(&world.ctx).await.unwrap();
}

fn section<'a>(sections: &'a [Section], id: &str) -> &'a Section {
    let found = sections.iter().find(|section| section.id == id);
    found.unwrap_or_else(|| panic!("there is a section {id}"))
}

fn says(section: &Section, text: &str) -> bool {
    section.findings.iter().any(|finding| finding.text.contains(text))
}

#[tokio::test]
async fn tagged_requests_are_told_beside_their_like_without_boasting() {
    let world = tagged_world().await;
    let after_tag = |so_long: SignedDuration| so_long - SignedDuration::from_mins(1);
    world.pass(after_tag(hours(10)));
    all_act(&world, "").await;
    world.pass(hours(50));
    all_act(&world, "quiet-").await;
    world.pass(hours(140));
    work::watch::run_once(&world.ctx).await.unwrap();

    let sections = async |until: &str| {
        let asked = asked(Subject::Engagement, until);
        world.sections(&asked, &ATTRIBUTION).await
    };
    let told = sections("2026-11-30").await;
    let one = section(&told, "attribution");
    assert!(says(one, "50.0 hours sooner"), "{:?}", one.findings);
    assert!(says(one, "50 of 50 requests"), "{:?}", one.findings);
    assert!(says(one, "not drawn by lot"), "{:?}", one.findings);
    let row: Vec<_> = one.table.rows[0].clone();
    assert_eq!(row[1..3], [Cell::Count(50), Cell::Count(10)]);
    assert_eq!(row[3..6], [Cell::Hours(10.0), Cell::Hours(60.0), Cell::Hours(-50.0)]);
    assert_eq!(one.table.rows[2][1], Cell::Count(50), "all by the plain name");
    assert_eq!(one.table.rows[1][3], Cell::Nothing("too few to tell".to_owned()));
    assert!(matches!(&one.chart, Some(Chart::Curves(curves)) if curves.curves.len() == 2));

    // Of two days nobody knows what the third brought: the tagged had acted, the others pended.
    let early = sections("2026-11-17").await;
    let row = &section(&early, "attribution").table.rows[0];
    assert_eq!(row[3..6], [Cell::Hours(10.0), Cell::Hours(37.0), Cell::Hours(-27.0)]);
    let earlier = sections("2026-11-16").await;
    assert!(says(section(&earlier, "attribution"), "Too early to tell"), "{earlier:?}");
    assert!(sections("2026-11-15").await[0].table.rows[0][1] == Cell::Count(0));

    // When they were due they were 65 hours and 50 minutes old; the quiet ones acted 60 hours on.
    let survival = section(&told, "survival");
    let (week, pressed) = (Cell::Hours(168.0), "not pressed yet");
    let at = |row: &&Vec<Cell>| row[0] == Cell::Text(pressed.to_owned()) && row[3] == week;
    let row = survival.table.rows.iter().find(at).cloned();
    assert_eq!(row.map(|row| row[4].clone()), None, "nobody is watched any more at a week");
    let tagged = Cell::Text("tagged in public".to_owned());
    let row = survival.table.rows.iter().find(|row| row[0] == tagged).cloned().unwrap();
    assert_eq!(row[1], Cell::Count(50));
    assert_eq!(section(&told, "survival-money").table.columns.len(), 7);
}

#[tokio::test]
async fn a_bank_alone_is_told_to_the_unit_and_not_to_everybody() {
    let world = tagged_world().await;
    let mut one = asked(Subject::Engagement, "2026-11-30");
    one.bank = Some("ZPPL".to_owned().into());
    let told = world.sections(&one, &ATTRIBUTION).await;
    assert_eq!(section(&told, "attribution").table.rows[0][1], Cell::Count(5));
    one.edition = Edition::Public;
    assert!(world.sections(&one, &ATTRIBUTION).await.is_empty());
    one.subject = Subject::Banks;
    assert!(world.sections(&one, &FAIRNESS).await.is_empty());
}

#[tokio::test]
async fn what_is_not_spoken_of_is_told_with_its_reason_and_who_decided() {
    let world = tagged_world().await;
    let now = world.now();
    world.cases.put(liens("ZSHS", 5, now));
    world.cases.put(liens("ZMHM", 5, now));
    world.cases.put(liens("ZJMN", 5, now));
    world.watch_and_escalate().await;
    let held = world.escalations(&[]).await;
    assert_eq!(held.len(), 3);
    let of = |bank: &str| {
        let own = |row: &&takaza::store::EscalationRow| row.escalation.bank.as_str() == bank;
        held.iter().find(own).unwrap()
    };
    let (store, by) = (&world.ctx.store, world.by("dcp"));
    let dcp = world.person("dcp").await;
    store.reject(&by, of("ZSHS").escalation.id.as_str(), &dcp, "not these").await.unwrap();
    world.approve(of("ZJMN")).await;
    store.stop(&by, &dcp.as_desk(now).unwrap(), "a drill").await.unwrap();
    world.pass(SignedDuration::from_mins(1));
    world.watch_and_escalate().await;

    let asked = asked(Subject::Banks, "2026-11-30");
    let told = world.sections(&asked, &FAIRNESS).await;
    let silence = section(&told, "silence-report");
    let rows: Vec<_> = silence
        .table
        .rows
        .iter()
        .map(|row| match &row[..] {
            [Cell::Text(bank), Cell::Text(why), by, Cell::Count(count), Cell::Money(_)] => {
                let by = match by {
                    Cell::Text(by) | Cell::Nothing(by) => by.as_str(),
                    other => panic!("who decided: {other:?}"),
                };
                (bank.as_str(), why.as_str(), by, *count)
            }
            other => panic!("a row: {other:?}"),
        })
        .collect();
    for expected in [
        ("Sheesham Bank", "rejected by an approver", "dcp", 5),
        ("Mahua Bank", "held, nobody has decided", "nobody decided", 5),
        ("Jamun Bank", "cleared; sending is stopped", "a rule", 5),
        ("Peepal Bank", "no private notice yet", "a rule", 5),
    ] {
        assert!(rows.contains(&expected), "{expected:?} is in {rows:#?}");
    }
    assert_eq!(rows.len(), 13, "what was tagged is not silent: {rows:#?}");
    assert!(says(silence, "5 overdue requests worth"), "{:?}", silence.findings);
    let total = silence.table.total.as_ref().unwrap();
    assert_eq!(total[3], Cell::Count(65));
    let unsent = section(&told, "unsent-tags");
    assert_eq!(unsent.table.rows.len(), 1, "{unsent:?}");

    let tags = section(&told, "tags-per-bank");
    assert!(says(tags, "No bank was named out of proportion"), "{:?}", tags.findings);
    let peepal = tags.table.rows.iter().find(|row| row[0] == Cell::Text("Peepal Bank".to_owned()));
    let peepal = peepal.unwrap();
    assert_eq!(peepal[1..4], [Cell::Count(1), Cell::Count(10), Cell::Number(10.0)]);
    let total = tags.table.total.as_ref().unwrap();
    assert_eq!(total[1..3], [Cell::Count(10), Cell::Count(115)]);
}

#[tokio::test]
async fn everybody_is_told_totals_and_no_name() {
    let world = tagged_world().await;
    let mut asked = asked(Subject::Banks, "2026-11-30");
    (asked.edition, asked.language) = (Edition::Public, Language::Hi);
    let told = world.sections(&asked, &FAIRNESS).await;
    let text = serde_json::to_string(&told).unwrap();
    for name in ["पीपल", "Peepal", "ZPPL", "dcp"] {
        assert!(!text.contains(name), "{name} stands in {text}");
    }
    let rows = &section(&told, "silence-report").table.rows;
    let reason = Cell::Text("निजी नोटिस अभी नहीं गया".to_owned());
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0][..2], [reason, Cell::Count(50)]);
    assert!(section(&told, "tags-per-bank").table.rows.is_empty());
}
