//! Banks: who keeps us waiting, how they are called, when they may be tagged, and silences.

use jiff::SignedDuration;

use crate::support::{
    console::Desk,
    fake_cases::{lien, liens},
};

#[tokio::test]
async fn those_that_keep_us_waiting_stand_first_and_a_bank_is_found_by_its_name() {
    let desk = Desk::new().await;
    desk.world.cases.put(liens("ZPPL", 5, desk.world.now()));
    desk.world.cases.put(liens("ZNMN", 3, desk.world.now()));
    desk.world.watch_and_escalate().await;
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/banks").await;
    page.ok();
    let first = page.all("tbody th");
    assert!(first[0].contains("ZPPL") && first[1].contains("ZNMN"), "{:?}", &first[..3]);
    let found = auditor.get("/banks?search=znmn").await;
    assert_eq!(found.all("tbody th").len(), 1);
    auditor.get("/banks?search=nothing+of+this+name").await.ok().says("No bank is found");
    auditor.get("/banks/QQQQ").await.is(404);
}

#[tokio::test]
async fn a_banks_page_tells_what_is_due_when_it_may_be_tagged_and_what_came_of_it() {
    let desk = Desk::new().await;
    let now = desk.world.now();
    desk.world.cases.put(liens("ZPPL", 5, now));
    let mut pressed_lately = lien("ZPPL-late", 77, "ZPPL", 50_000, 30, now);
    pressed_lately.last_contact_at = Some(now);
    let mut private = lien("ZPPL-none", 78, "ZPPL", 60_000, 30, now);
    private.contacts = 0;
    desk.world.cases.put(vec![pressed_lately, private]);
    desk.world.watch_and_escalate().await;
    desk.world.approve(&desk.world.held().await).await;
    desk.world.run_once().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/banks/zppl").await;
    page.ok().says("7 actions").says("tagged lately").says("not pressed in private");
    page.says("the bank’s right of reply runs").says("no action that it acted on is on record");
    page.says("1 of 1 posted").says_not("FIR ").says_not("ZPPL-late");
    for one in 1..=3 {
        desk.world.cases.acts(&format!("ZPPL-{one}"), desk.world.now());
    }
    desk.world.pass(SignedDuration::from_mins(5));
    desk.world.watch_and_escalate().await;
    let page = asha.get("/banks/ZPPL").await;
    page.ok().says("4 actions").says("after it was due").says("latest 3 actions");
    page.says("3 cases").says("In time: 0 of 3");
}

#[tokio::test]
async fn an_administrator_verifies_a_handle_by_the_platform_or_by_its_id() {
    let desk = Desk::new().await;
    let mut root = desk.signed_in("root").await;
    let page = root.get("/banks/ZPPL").await;
    page.ok().says("No handle is verified");
    let by_hand = [
        ("platform", "x"),
        ("handle", "@peepal"),
        ("evidence", "the bank's own page"),
        ("stable_id", ""),
    ];
    let refused = root.submit(&page, "/banks/ZPPL/handle", &by_hand).await;
    refused.is(422).says("No account of ours can ask x");
    let with_id = [by_hand[0], by_hand[1], by_hand[2], ("stable_id", "4711")];
    let page = root.submit(&page, "/banks/ZPPL/handle", &with_id).await;
    page.ok().says("@peepal is verified").says("4711").says("the bank's own page").says("root");
    let nobody = [("platform", "mastodon"), ("handle", "nobody.there"), ("evidence", "a letter")];
    let refused = root.submit(&page, "/banks/ZPPL/handle", &nobody).await;
    refused.is(422).says("Nobody on mastodon");
    let renew = [("platform", "x"), ("days", "900")];
    root.submit(&page, "/banks/ZPPL/renew", &renew).await.is(422).says("1 to 366");
    desk.world.pass(SignedDuration::from_hours(24 * 181));
    let mut auditor = desk.signed_in("auditor").await;
    auditor.get("/banks/ZPPL").await.ok().says("expired").says_not("/banks/ZPPL/handle");
}

#[tokio::test]
async fn a_silence_is_ordered_by_the_desk_and_lifted_by_an_approver() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/banks/ZPPL").await;
    let past = [("order", "EC/7"), ("until", "2020-01-01T10:00")];
    let refused = asha.submit(&page, "/banks/ZPPL/silence", &past).await;
    refused.is(422).says("in the future");
    let until = [("order", "EC/7"), ("until", "2026-12-01T10:00")];
    let page = asha.submit(&page, "/banks/ZPPL/silence", &until).await;
    page.ok().says("Silence under EC/7").says_not("/banks/ZPPL/lift");
    asha.get("/banks?search=ZPPL").await.ok().says("silence");
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/banks/ZPPL").await;
    let page = dcp.submit(&page, "/banks/ZPPL/lift", &[("reason", "the election is over")]).await;
    page.ok().says("The silence is lifted").says("No silence about this bank");
    assert!(desk.world.ctx.store.silences(desk.world.now()).await.unwrap().is_empty());
}
