//! What the banks' own replies amount to: read at hearing, told with reasons, set right by people,
//! and held against what the case source says.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    domain::{
        engagement::{EngagementKind, Voice},
        ids::DeliveryId,
        platform::Language,
        reply_class::{Because, Classed, METHOD, ReplyClass},
        time::Timestamp,
    },
    reports::document::{Cell, Edition, Subject},
    store::{Engagement, Noted, SealRules, create_key},
    work::{self, listen, reply_classes, report::Asked, view::HistoryView},
};

use crate::{
    states,
    support::{
        browser::Page,
        console::Desk,
        ready::{Unit, author, bank, hours, on_both},
        world::World,
    },
};

/// A reply of each class to the tag with this reference.
fn one_of_each(reference: &str) -> [(ReplyClass, String); 5] {
    [
        (ReplyClass::Canned, "Sorry for the inconvenience. Please DM us.".to_owned()),
        (ReplyClass::Acknowledgement, format!("{reference} is with our nodal desk.")),
        (ReplyClass::Claim, "सभी खातों पर लियन लगा दिया गया है।".to_owned()),
        (ReplyClass::Dispute, "Ye account hamare bank ka nahi hai sir.".to_owned()),
        (ReplyClass::Other, "We have NOT marked the lien yet.".to_owned()),
    ]
}

fn class(reply: &Engagement) -> Option<ReplyClass> {
    reply.reading.as_ref().map(|reading| reading.class)
}

async fn replies(unit: &Unit, delivery: &DeliveryId) -> Vec<Engagement> {
    let history = unit.store.history_of(delivery.as_str()).await.unwrap();
    history.replies.into_iter().map(|(_, reply)| reply).collect()
}

#[tokio::test]
async fn each_reply_of_the_bank_is_read_and_nobody_elses() {
    on_both(async |mut unit| {
        unit.configure(|config| config.listen.keep_others_text = Some(hours(72)));
        let (row, post) = unit.posted().await;
        let expected = one_of_each(row.delivery.reference.as_str());
        for (_, text) in &expected {
            unit.square.replies(&post.id, &bank(), text);
        }
        let other = author("elsewhere.example/31", "meera.k@elsewhere.example");
        unit.square.replies(&post.id, &other, "Lien has been marked.");
        unit.square.likes(&post.id, &bank());
        listen::run_once(&unit.ctx).await.unwrap();
        let heard = replies(&unit, &row.delivery.id).await;
        assert_eq!(heard.len(), expected.len());
        for (expected, text) in &expected {
            let reply = heard.iter().find(|one| one.text.as_ref() == Some(text)).expect("heard");
            assert_eq!(class(reply), Some(*expected), "{text}");
            assert!(!reply.reading.as_ref().unwrap().because.is_empty(), "{text}");
        }
        let all = unit.store.engagement_of(&row.delivery.id).await.unwrap();
        assert_eq!(all.iter().filter(|one| class(one).is_some()).count(), expected.len());
        let bill = work::bill::Bill::default();
        let history = unit.store.history_of(row.delivery.id.as_str()).await.unwrap();
        let view = serde_json::to_value(HistoryView::of(&history, &bill)).unwrap();
        let told = view["replies"].as_array().unwrap();
        assert!(told.iter().any(|reply| reply["class"] == "claim"), "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_bank_that_says_the_same_to_every_post_is_canned() {
    on_both(async |unit| {
        let text = "Action has been taken by our nodal team on your request.";
        let mut classes = Vec::new();
        for _ in 0..3 {
            let (row, post) = unit.posted().await;
            unit.square.replies(&post.id, &bank(), text);
            listen::run_once(&unit.ctx).await.unwrap();
            let reply = replies(&unit, &row.delivery.id).await.remove(0);
            classes.push(class(&reply));
            unit.clock.advance(hours(1));
            if classes.len() == 3 {
                let because = &reply.reading.unwrap().because[0];
                let Because::SaidBefore { posts, percent, .. } = because else {
                    panic!("{because:?}")
                };
                assert_eq!((*posts, *percent), (2, 100));
            }
        }
        let claim = Some(ReplyClass::Claim);
        assert_eq!(classes, [claim, claim, Some(ReplyClass::Canned)]);
    })
    .await;
}

#[tokio::test]
async fn a_persons_word_wins_over_every_reading_and_survives_the_text() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        unit.square.replies(&post.id, &bank(), "Lien has been marked.");
        listen::run_once(&unit.ctx).await.unwrap();
        let id = &row.delivery.id;
        let reply = replies(&unit, id).await.remove(0).reply;
        let missing = (row.delivery.reference.as_str(), "00000000");
        let other = ReplyClass::Other;
        unit.store.correct_class(&unit.by, &unit.desk(), missing, other).await.unwrap_err();
        let post = (row.delivery.reference.as_str(), reply.as_str());
        unit.store.correct_class(&unit.by, &unit.desk(), post, other).await.unwrap();

        // A later method reads it anew; the person's word stays.
        let next = METHOD + 1;
        let unread = unit.store.unclassed(next, 10).await.unwrap();
        assert_eq!(unread.len(), 1);
        let because = vec![Because::Nothing];
        let classed = Classed { class: ReplyClass::Dispute, because };
        let read: Vec<_> = unread.into_iter().map(|reply| (reply, classed.clone())).collect();
        unit.store.keep_classes(next, &read).await.unwrap();
        reply_classes::read_new(&unit.ctx).await.unwrap();
        let now = replies(&unit, id).await.remove(0);
        let reading = now.reading.unwrap();
        assert_eq!((reading.class, reading.read_as), (other, Some(ReplyClass::Dispute)));
        assert_eq!(reading.method, next, "an older version does not read it again");
        assert_eq!(reading.corrected.unwrap().0, unit.dcp.id);

        unit.clock.advance(hours(8761));
        listen::run_once(&unit.ctx).await.unwrap();
        let bare = replies(&unit, id).await.remove(0);
        assert_eq!((bare.text.as_deref(), class(&bare)), (None, Some(other)));
        assert!(!serde_json::to_string(&bare.reading).unwrap().contains("marked"), "{bare:?}");
        is_sound(&unit).await;
    })
    .await;
}

/// The record is whole, and agrees with the tables.
async fn is_sound(unit: &Unit) {
    let folder = tempfile::tempdir().unwrap();
    let dice = &unit.ctx.dice;
    let key = create_key(&folder.path().join("key"), "ggm.example/takaza", dice).unwrap();
    let places = [folder.path().join("checkpoints")];
    let rules = SealRules { key: &key, places: &places, batch: 10_000, window: None };
    unit.store.seal(&rules).await.unwrap();
    let notes = takaza::store::read_checkpoints(&places[0]).await.unwrap();
    let verdict = unit.store.verify(&notes, &[key.vkey()], &|_, _| {}).await.unwrap();
    assert!(verdict.findings.is_empty(), "{:?}", verdict.findings);
    assert!(verdict.entries > 0);
}

/// A tag about five liens that went out, and the bank's reply to it.
async fn replied(world: &World, text: &str) -> takaza::store::EscalationRow {
    let row = world.cleared("ZPPL").await;
    states::deliver(world).await;
    states::sweep(world).await;
    let row = world.again(&row).await;
    let noted = Noted {
        kind: EngagementKind::Reply,
        alias: "5eed".repeat(16),
        voice: Voice::Bank,
        author: "peepal".to_owned(),
        at: Some(world.now()),
        text: Some((text.to_owned(), world.now().plus(SignedDuration::from_hours(8760)))),
        post_id: None,
    };
    let heard = BTreeMap::from([(row.deliveries[0].delivery.id.clone(), vec![noted])]);
    world.ctx.store.heard(&world.ctx.actor("listen"), &heard).await.unwrap();
    reply_classes::read_new(&world.ctx).await.unwrap();
    row
}

const REPLY: &str = "5eed5eed";

fn path_of(row: &takaza::store::EscalationRow) -> String {
    format!("/posts/{}", row.escalation.reference)
}

#[tokio::test]
async fn an_officer_sets_a_reply_right_on_the_posts_page_and_an_auditor_does_not() {
    let desk = Desk::new().await;
    let row = replied(&desk.world, "Lien has been marked, GGM. Sorry for the inconvenience.").await;
    let path = path_of(&row);
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get(&path).await;
    page.ok()
        .says("claim of action")
        .says("“lien … marked” stands for: claim of action")
        .says("“inconvenience” stands for: courtesy only")
        .says_not("/reply-class");
    let act = format!("{path}/reply-class");
    let fields = [("reply", REPLY), ("class", "canned"), ("reason", "no lien in their mail")];
    let token = |page: &Page| page.html.split("name=\"token\" value=\"").nth(1).map(str::to_owned);
    let token = token(&page).expect("a form").split('"').next().unwrap().to_owned();
    let mut with_token = vec![("token", token.as_str())];
    with_token.extend(fields);
    auditor.post(&act, &with_token).await.is(403);

    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path).await;
    asha.submit(&page, &act, &[("reply", REPLY), ("class", "praise"), ("reason", "x")])
        .await
        .says("There is no such class of replies");
    let page = asha.submit(&page, &act, &fields).await;
    page.ok()
        .says("courtesy only")
        .says("set right by asha")
        .says("the lists read: claim of action")
        .says("reply 5eed5eed set right: claim of action becomes courtesy only");
    let page = asha.submit(&page, "/settings", &[("language", "hi")]).await;
    page.ok().says("केवल शिष्टाचार").says_not("replies-");
    let history = desk.world.ctx.store.history_of(row.escalation.id.as_str()).await.unwrap();
    let (_, entry) = history.entries.last().unwrap();
    assert_eq!(entry.act, "engagement.class-corrected");
    assert!(entry.by.process.ends_with("no lien in their mail"), "{:?}", entry.by);
}

const REPLIES: [&str; 2] = ["claimed-not-recorded", "reply-classes"];

fn asked(world: &World, edition: Edition) -> Asked {
    let today = world.now().in_zone(world.ctx.limits.calendar().zone()).date();
    Asked {
        subject: Subject::Engagement,
        edition,
        language: Language::En,
        from: today.yesterday().unwrap().yesterday().unwrap(),
        until: today,
        bank: None,
    }
}

#[tokio::test]
async fn a_claim_that_the_case_source_does_not_bear_out_is_found_after_a_day() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let row = replied(world, "Lien has been marked on all accounts.").await;
    let ever = || (Timestamp::from_micros(0), world.now().plus(SignedDuration::from_hours(1)));
    let store = &world.ctx.store;
    let found = async || store.claimed_not_recorded(ever(), None, None).await.unwrap();
    world.pass(SignedDuration::from_hours(23));
    work::watch::run_once(&world.ctx).await.unwrap();
    assert!(found().await.is_empty(), "the bank's word may be quicker than the unit's record");
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path_of(&row)).await;
    page.ok().says("claim of action").says_not("One of the two is wrong");

    // Nobody has asked the source since: it has not contradicted the bank.
    world.pass(SignedDuration::from_hours(2));
    assert!(found().await.is_empty());
    world.cases.acts("ZPPL-1", world.now());
    work::watch::run_once(&world.ctx).await.unwrap();
    let tags = found().await;
    assert_eq!(tags.len(), 1);
    assert_eq!((tags[0].pending, tags[0].actions), (4, 5));
    let mut asha = desk.signed_in("asha").await;
    asha.get(&path_of(&row)).await.ok().says("4 of 5 actions as pending");

    let sections = world.sections(&asked(world, Edition::Unit), &REPLIES).await;
    let ids: Vec<_> = sections.iter().map(|section| section.id).collect();
    assert_eq!(ids, ["claimed-not-recorded", "reply-classes"]);
    let table = &sections[0].table.rows;
    assert_eq!(table[0][0], Cell::Text("Peepal Bank".to_owned()));
    assert_eq!(table[0][3..], [Cell::Count(4), Cell::Count(5)]);
    assert!(sections[0].findings[0].warning);
    let public = world.sections(&asked(world, Edition::Public), &REPLIES).await;
    assert!(public.is_empty(), "what banks say to us singly is for the unit");

    // Who says that it was no claim takes the finding away.
    let officer = states::desk(world, "asha").await;
    let which = (row.escalation.reference.as_str(), REPLY);
    store.correct_class(&world.by("asha"), &officer, which, ReplyClass::Other).await.unwrap();
    assert!(found().await.is_empty());
    let sections = world.sections(&asked(world, Edition::Unit), &REPLIES).await;
    assert!(!sections[0].findings[0].warning);
    assert_eq!(sections[1].findings.len(), 1, "corrections are counted");
    let row = &sections[1].table.rows[0];
    assert_eq!(row[1..], [0, 0, 0, 0, 1, 1, 1].map(Cell::Count), "one, of another class now");
}

#[tokio::test]
async fn a_claim_that_came_true_is_no_finding() {
    let world = World::new().await;
    replied(&world, "Lien has been marked on all accounts.").await;
    for n in 1..=5 {
        world.cases.acts(&format!("ZPPL-{n}"), world.now());
    }
    world.pass(SignedDuration::from_hours(25));
    work::watch::run_once(&world.ctx).await.unwrap();
    let ever = (Timestamp::from_micros(0), world.now());
    assert!(world.ctx.store.claimed_not_recorded(ever, None, None).await.unwrap().is_empty());
}
