//! Alarms on the console: everyone sees that one waits, the desk takes it.

use takaza::domain::alarm::{Alarm, What};

use crate::support::console::Desk;

#[tokio::test]
async fn an_alarm_is_on_every_page_until_somebody_takes_it() {
    let desk = Desk::new().await;
    let (mut asha, mut auditor) = (desk.signed_in("asha").await, desk.signed_in("auditor").await);
    asha.get("/alarms").await.ok().says("Nothing rings").says_not("band alarm");
    let alarm = Alarm::new(What::UnknownPost, "unit/7", "A post is there that nobody here made.");
    let store = &desk.world.ctx.store;
    store.raise(&desk.world.ctx.actor("story"), &[alarm]).await.unwrap();
    asha.get("/queue").await.ok().says("1 alarm waits");
    let page = auditor.get("/alarms").await;
    page.ok().says("A post that nobody here made").says_not("action=\"/alarms/take\"");
    desk.browser().get("/sign-in").await.ok().says_not("band alarm");

    let page = asha.get("/alarms").await;
    let id = store.alarms(true, 1).await.unwrap().remove(0).id;
    let page = asha.submit(&page, "/alarms/take", &[("alarm", &id)]).await;
    page.ok().says("The alarm is yours").says("taken by asha").says_not("band alarm");
    assert!(store.alarms(true, 10).await.unwrap().is_empty());
    // Whoever had the page open is told that it is taken.
    let old = asha.get("/queue").await;
    let token = token(&old.html);
    asha.post("/alarms/take", &[("token", &token), ("alarm", &id)]).await.is(404);
}

#[tokio::test]
async fn an_alarm_that_only_tells_says_so() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let store = &desk.world.ctx.store;
    let by = desk.world.ctx.actor("story");
    store.raise(&by, &[Alarm::new(What::Unsealed, "record", "It waits.")]).await.unwrap();
    asha.get("/alarms").await.ok().says("The record stays unsealed").says_not("stops nothing");
    store.raise(&by, &[Alarm::new(What::WeeklyReport, "2026-11-16", "?")]).await.unwrap();
    asha.get("/alarms").await.ok().says("It only tells: it stops nothing.");
}

fn token(html: &str) -> String {
    html.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
}
