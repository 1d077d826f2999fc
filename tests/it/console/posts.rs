//! Posts on the console: the list, one post's whole history, hand-offs, and setting right.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use takaza::{
    domain::{
        delivery::{Look, LookRules, StateName},
        engagement::{EngagementKind, Voice},
        ids::DeliveryId,
        platform::Sender,
    },
    store::{EscalationRow, Noted},
    work,
};

use crate::{
    states,
    support::{browser::Browser, console::Desk, world::World},
};

fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn path_of(row: &EscalationRow) -> String {
    format!("/posts/{}", row.escalation.reference)
}

async fn bank_replies(world: &World, delivery: &DeliveryId, text: &str) {
    let noted = Noted {
        kind: EngagementKind::Reply,
        alias: "r1".to_owned(),
        voice: Voice::Bank,
        author: "peepal".to_owned(),
        at: Some(world.now()),
        text: Some((text.to_owned(), world.now().plus(SignedDuration::from_hours(24)))),
        post_id: None,
    };
    let heard = BTreeMap::from([(delivery.clone(), vec![noted])]);
    world.ctx.store.heard(&world.ctx.actor("listen"), &heard).await.unwrap();
}

#[tokio::test]
async fn one_post_is_read_from_its_drafting_to_the_banks_reply() {
    let desk = Desk::new().await;
    let row = desk.world.cleared("ZPPL").await;
    states::deliver(&desk.world).await;
    states::sweep(&desk.world).await;
    let row = desk.world.again(&row).await;
    bank_replies(&desk.world, &row.deliveries[0].delivery.id, "We have marked the liens.").await;
    let mut auditor = desk.signed_in("auditor").await;
    let list = auditor.get("/posts").await;
    list.ok().says("1 reply by the bank’s verified account").says("1 attempt").says("posted");
    let page = auditor.get(&path_of(&row)).await;
    page.ok()
        .says(&plain(&row.escalation.contents[0].text))
        .says("drafted, facts and 1 texts")
        .says("approved for hash")
        .says("on approval by dcp")
        .says("dcp, for exactly this text")
        .says("rechecked: 5 actions")
        .says("attempt ended accepted, now posted http")
        .says("We have marked the liens.")
        .says("not sealed yet")
        .says_not("FIR ");
    for act in ["/annex", "/retract", "/correct", "/done"] {
        page.says_not(&format!("{}{act}", path_of(&row)));
    }
    let page = auditor.submit(&page, "/settings", &[("language", "hi")]).await;
    page.ok().says("बैंक का सत्यापित खाता").says("कोशिश का परिणाम: स्वीकार हुई").says_not("posts-");
    auditor.get("/posts?state=delivered&bank=zppl&sender=api").await.ok().says("पीपल");
    auditor.get("/posts?state=uncertain").await.ok().says("ऐसी कोई पोस्ट नहीं है");
    auditor.get("/posts/GGM-22222").await.is(404);
}

#[tokio::test]
async fn a_long_list_is_turned_page_by_page_and_shows_each_post_once() {
    let desk = Desk::new().await;
    let row = desk.world.cleared("ZPPL").await;
    let by = desk.world.by("asha");
    for n in 0..60 {
        let draft = states::copy(&row, &format!("C{n:03}"), Some(&format!("Y{n:03}")));
        desk.world.ctx.store.draft(&by, &draft).await.unwrap();
    }
    let mut browser = desk.signed_in("asha").await;
    let held = ["/queue", "/queue?sort=expiry", "/queue?sort=latest"].map(|list| (list, 60, 3));
    for (list, all, pages) in [("/posts", 61, 2)].into_iter().chain(held) {
        let mut path = list.to_owned();
        let mut seen = Vec::new();
        for n in 1..=pages {
            let page = browser.get(&path).await;
            seen.extend(page.ok().all(".card code"));
            let next =
                page.html.split("rel=\"next\"").next().filter(|rest| rest.len() < page.html.len());
            assert_eq!(next.is_some(), n < pages, "{path}");
            let Some(next) = next else { break };
            let link = next.rsplit("href=\"").next().unwrap().split('"').next().unwrap();
            path = link.replace("&#38;", "&").replace("&amp;", "&");
        }
        assert_eq!(seen.len(), all, "{list}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), all, "{list}: none twice");
    }
    let page = browser.get("/posts?approved=yes").await;
    assert_eq!(page.all(".card code"), [row.escalation.reference.to_string()]);
}

/// A hand-off that waits to be taken.
async fn by_hand() -> (Desk, EscalationRow, DeliveryId) {
    let mut world = World::new().await;
    world.hand_off("by-hand").await;
    let row = world.cleared("ZPPL").await;
    let one = row.deliveries.iter().find(|row| row.sender == Sender::HandOff).expect("by hand");
    let id = one.delivery.id.clone();
    (Desk::over(world).await, row, id)
}

async fn state(desk: &Desk, id: &DeliveryId) -> StateName {
    desk.world.ctx.store.delivery(id.as_str()).await.unwrap().delivery.name()
}

async fn take(browser: &mut Browser, row: &EscalationRow, id: &DeliveryId) {
    let path = path_of(row);
    let page = browser.get(&path).await;
    let fields = [("delivery", id.as_str())];
    let page = browser.submit(&page, &format!("{path}/take"), &fields).await;
    page.ok().says("It is yours");
    let text = page.text("textarea[readonly]");
    let content = row.escalation.contents.iter().find(|one| one.account.as_str() == "by-hand");
    assert_eq!(text, plain(&content.unwrap().text), "exactly the approved words");
    assert!(page.html.contains("href=\"https://x.com/intent/post?text="), "{}", page.html);
    page.says_not("target=\"_blank\">");
}

#[tokio::test]
async fn an_officer_posts_by_hand_and_brings_the_posts_address() {
    let (desk, row, id) = by_hand().await;
    let path = path_of(&row);
    let mut asha = desk.signed_in("asha").await;
    let to_do = "/posts?state=open&sender=hand-off&approved=yes";
    asha.get(to_do).await.ok().says(row.escalation.reference.as_str());
    take(&mut asha, &row, &id).await;
    assert_eq!(state(&desk, &id).await, StateName::Sending);

    // Another officer sees who has it, and cannot say for them that it was not posted.
    let mut ravi = desk.signed_in("ravi").await;
    let page = ravi.get(&path).await;
    page.ok().says("asha posts it by hand").says_not(&format!("{path}/not-posted"));
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next();
    let fields = [("token", token.unwrap()), ("delivery", id.as_str()), ("sure", "yes")];
    ravi.post(&format!("{path}/not-posted"), &fields).await.is(422).says("Only who took it");

    let done = format!("{path}/done");
    let page = asha.get(&path).await;
    let bring = async |browser: &mut Browser, link: &str| {
        browser.submit(&page, &done, &[("permalink", link)]).await
    };
    let other = bring(&mut asha, "https://x.com/somebody/status/1").await;
    other.is(422).says("another account than unit");
    bring(&mut asha, "https://elsewhere.example/1").await.is(422).says("does not lead to x");
    bring(&mut asha, "").await.is(422).says("Please fill in");
    let page = bring(&mut asha, "https://x.com/unit/status/1859").await;
    page.ok().says("could not be read back").says("https://x.com/unit/status/1859");
    assert_eq!(state(&desk, &id).await, StateName::Delivered);
    asha.get(to_do).await.ok().says("There is no such post");
}

#[tokio::test]
async fn what_was_taken_and_not_posted_waits_again_for_whoever_is_sure() {
    let (desk, row, id) = by_hand().await;
    let path = path_of(&row);
    let mut asha = desk.signed_in("asha").await;
    take(&mut asha, &row, &id).await;
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get(&path).await;
    let act = format!("{path}/not-posted");
    dcp.submit(&page, &act, &[]).await.is(422);
    assert_eq!(state(&desk, &id).await, StateName::Sending);
    let page = dcp.submit(&page, &act, &[("sure", "yes")]).await;
    page.ok().says("was not posted, and waits again");
    assert_eq!(state(&desk, &id).await, StateName::Waiting);
    desk.world.pass(SignedDuration::from_mins(5));
    take(&mut asha, &row, &id).await;

    // What is not true any more is not given to anybody.
    let (desk, row, id) = by_hand().await;
    let now = desk.world.now();
    desk.world.cases.before_the_next_recheck(move |cases| cases.acts("ZPPL-2", now));
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path_of(&row)).await;
    let act = format!("{}/take", path_of(&row));
    let page = asha.submit(&page, &act, &[("delivery", id.as_str())]).await;
    page.is(422).says("It must not be posted");
    assert_eq!(state(&desk, &id).await, StateName::Withdrawn);
}

#[tokio::test]
async fn a_wrong_post_is_set_right_by_drafts_that_an_approver_clears() {
    let desk = Desk::new().await;
    let row = desk.world.cleared("ZPPL").await;
    let path = path_of(&row);
    let mut asha = desk.signed_in("asha").await;
    asha.get(&path).await.ok().says_not("/retract").says_not("/correct");
    states::deliver(&desk.world).await;
    let page = asha.get(&path).await;
    let (retract, correct) = (format!("{path}/retract"), format!("{path}/correct"));
    asha.submit(&page, &retract, &[("reason", " ")]).await.is(422).says("Why, for the record");
    let reason = [("reason", "the bank had acted")];
    let drafted = asha.submit(&page, &correct, &reason).await;
    drafted.ok().says("it corrects the post");
    assert!(drafted.path.starts_with("/queue/GGM-"), "{}", drafted.path);
    asha.submit(&page, &correct, &reason).await.is(422).says("sets it right already");
    let drafted = asha.submit(&page, &retract, &reason).await;
    drafted.ok().says("it deletes the posts");
    let new = drafted.path.trim_start_matches("/queue/").to_owned();
    asha.get(&path).await.ok().says(&format!("{new} (retraction, held)"));

    let held = desk.world.ctx.store.escalation(&new).await.unwrap();
    assert_eq!(desk.world.town.posts().len(), 1);
    desk.world.approve(&held).await;
    states::deliver(&desk.world).await;
    assert_eq!(desk.world.states(&row).await, [StateName::Retracted]);
    asha.get(&path).await.ok().says("retracted").says_not("/retract");
    let page = asha.get(&format!("/posts/{new}")).await;
    page.ok().says("Deletes the post").says("It speaks of an earlier post");
    let history = desk.world.ctx.store.history_of(&new).await.unwrap();
    let mut by = history.entries.iter().map(|(_, entry)| &entry.by.process);
    assert!(by.any(|by| by.contains("the bank had acted")), "why is on the record");
}

#[tokio::test]
async fn the_annex_is_for_the_desk_alone_and_on_the_record() {
    let desk = Desk::new().await;
    let row = desk.world.cleared("ZPPL").await;
    let path = path_of(&row);
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path).await;
    page.ok().says_not("FIR ");
    let annex = asha.submit(&page, &format!("{path}/annex"), &[]).await;
    annex.ok().says("FIR 1001/2026").says("nodal address only");
    assert_eq!(annex.all("tbody tr").len(), 5);
    asha.get(&path).await.ok().says("annex of 5 rows shown by asha").says_not("FIR ");
    asha.get(&format!("{path}/annex")).await.is(405);
}

#[tokio::test]
async fn an_uncertain_post_says_what_is_done_about_it_and_who_is_asked() {
    let desk = Desk::new().await;
    let world = &desk.world;
    let (store, by) = (&world.ctx.store, world.ctx.actor("story"));
    let rules = LookRules { grace: SignedDuration::from_secs(50), idempotent_for: None };
    let row = world.cleared("ZPPL").await;
    let path = path_of(&row);
    store.claim(&by, &work::deliver::rules(&world.ctx)).await.unwrap();
    world.pass(world.ctx.config.deliver.lease);
    store.sweep_leases(&by, |_| rules).await.unwrap();
    let mut dcp = desk.signed_in("dcp").await;
    let act = format!("{path}/not-posted");
    dcp.get(&path)
        .await
        .ok()
        .says("Nothing is sent again until it is known")
        .says("looks for it in the account’s own timeline")
        .says("uncertain (its time ran out)")
        .says_not(&act);
    for _ in 0..2 {
        world.pass(rules.grace);
        let doubt = store.to_look_for(10).await.unwrap().remove(0);
        store.looked(&by, &doubt, &Look::NotThere, rules).await.unwrap();
    }
    dcp.get("/posts?state=uncertain").await.ok().says("asks a person");
    let mut asha = desk.signed_in("asha").await;
    asha.get(&path).await.ok().says("2 looks have found nothing").says_not(&act);
    let page = dcp.get(&path).await;
    page.says("Looking cannot tell");
    let page = dcp.submit(&page, &act, &[("sure", "yes")]).await;
    page.ok().says("waits again");
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
}
