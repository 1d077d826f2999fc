//! The unit's own accounts on the console: live, off, paused, adopted.

use takaza::domain::ids::AccountName;

use crate::support::{
    console::{Desk, passphrase},
    world::World,
};

async fn live(desk: &Desk) -> bool {
    desk.world.ctx.store.accounts().await.unwrap()[0].account.live
}

#[tokio::test]
async fn an_account_is_taken_off_by_a_press_and_turned_live_by_the_approvers_passphrase() {
    let mut world = World::new().await;
    // One that officers post to by hand: it needs no connection.
    world.hand_off("desk").await;
    let desk = Desk::over(world).await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    page.ok().says("desk").says("0 used, 100 left").says("its platform charges nothing");
    page.says_not("/accounts/desk/live");
    asha.submit(&page, "/accounts/desk/off", &[]).await.ok().says("desk is off");
    assert!(!live(&desk).await);
    asha.get("/accounts/desk/live").await.is(403);
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts/desk/live").await;
    page.ok().says("P/1");
    let act = "/accounts/desk/live";
    dcp.submit(&page, act, &[("passphrase", "somebody else's")]).await.is(422);
    assert!(!live(&desk).await, "an open browser is not the approver");
    dcp.submit(&page, act, &[("passphrase", passphrase())]).await.ok().says("desk is live");
    assert!(live(&desk).await);
    dcp.get("/accounts/none/live").await.is(404);
}

#[tokio::test]
async fn no_account_turns_live_without_a_policy() {
    let world = World::configured(|config| config.unit.policy_number = None).await;
    let desk = Desk::over(world).await;
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/accounts").await;
    page.ok().says("only under a policy");
    dcp.submit(&page, "/accounts/unit/off", &[]).await.ok();
    let page = dcp.get("/accounts/unit/live").await;
    page.ok().says("unit.policy_number");
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap()[..64].to_owned();
    let fields = [("token", token.as_str()), ("passphrase", passphrase())];
    dcp.post("/accounts/unit/live", &fields).await.is(422);
    assert!(!live(&desk).await);
}

#[tokio::test]
async fn an_account_is_paused_and_goes_on() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    let passed = [("why", "a look"), ("until", "2026-11-16T10:00")];
    asha.submit(&page, "/accounts/unit/pause", &passed).await.is(422);
    let fields = [("why", "the bank's site is down"), ("until", "2026-11-16T18:00")];
    let page = asha.submit(&page, "/accounts/unit/pause", &fields).await;
    page.ok().says("the bank's site is down").says("until 16 Nov, 18:00");
    let page = asha.submit(&page, "/accounts/unit/go-on", &[]).await;
    page.ok().says("unit goes on").says_not("the bank's site is down");
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/accounts").await;
    page.ok().says("unit").says_not("/accounts/unit/");
}

#[tokio::test]
async fn an_officer_adopts_what_was_written_by_hand() {
    let desk = Desk::new().await;
    let (store, unit) = (&desk.world.ctx.store, AccountName::new("unit"));
    let posts = [("99", "https://town.example/99")];
    store.unknown_posts(&desk.world.ctx.actor("listen"), &unit, &posts, false).await.unwrap();
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/accounts").await;
    page.ok().says("Posts that takaza did not send").says("https://town.example/99");
    let page = asha.submit(&page, "/accounts/unit/adopt", &[("post", "99")]).await;
    page.ok().says("Post 99 is the unit's own").says_not("https://town.example/99");
    assert!(store.alarms(true, 10).await.unwrap().is_empty(), "its alarm is taken");
}
