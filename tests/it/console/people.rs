//! People: added by one, confirmed by another, ended with all that hangs on them.

use takaza::domain::escalation::EscalationState;

use crate::support::{
    browser::{Browser, Page},
    console::{Desk, passphrase},
};

const ACTING: [(&str, &str); 8] = [
    ("person", "acp"),
    ("name", "ACP Meena"),
    ("role", "approver"),
    ("from", "2026-11-16T10:00"),
    ("until", "2026-12-01T10:00"),
    ("first", "chosen by root"),
    ("again", "chosen by root"),
    ("order-number", "O/7/2026"),
];

/// The fields, and the passphrase of whoever sends them.
fn proved<'a>(fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    fields.iter().copied().chain([("passphrase", passphrase())]).collect()
}

fn token(page: &Page) -> String {
    let rest = page.html.split("name=\"token\" value=\"").nth(1).expect("a form");
    rest.split('"').next().unwrap_or_default().to_owned()
}

async fn add(browser: &mut Browser, fields: &[(&str, &str)]) -> Page {
    let page = browser.get("/people/add").await;
    browser.submit(&page, "/people/add", fields).await
}

#[tokio::test]
async fn an_acting_approver_takes_an_order_and_two_people() {
    let desk = Desk::new().await;
    let mut root = desk.signed_in("root").await;
    let mut without = ACTING.to_vec();
    without.pop();
    add(&mut root, &proved(&without)).await.is(422).says("number of the order");
    let mut unproved = ACTING.to_vec();
    unproved.push(("passphrase", "not their passphrase"));
    add(&mut root, &unproved).await.is(422).says("The passphrase or the code is wrong");
    let page = add(&mut root, &proved(&ACTING)).await;
    page.ok().says("waits for a second person").says("to be confirmed").says("O/7/2026");
    assert_eq!(page.path, "/people/of/acp");
    page.says_not("/people/of/acp/confirm");
    let own = [("token", &*token(&page)), ("passphrase", passphrase())];
    root.post("/people/of/acp/confirm", &own).await.is(422).says("second person");
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get("/people/of/acp").await;
    page.ok().says_not("/people/of/acp/end");
    let confirm = "/people/of/acp/confirm";
    auditor.submit(&page, confirm, &[("passphrase", "no passphrase")]).await.is(422);
    let page = auditor.submit(&page, confirm, &proved(&[])).await;
    page.ok().says("confirmed and in force");
    let page = desk.browser().sign_in("acp", "chosen by root").await;
    assert_eq!(page.path, "/me/passphrase", "their own first");
    root.get("/people").await.ok().says("ACP Meena").says("1 Dec, 10:00");
    desk.signed_in("asha").await.get("/people").await.is(403);
}

#[tokio::test]
async fn what_ends_with_a_role_is_listed_before_it_ends() {
    let desk = Desk::new().await;
    let row = desk.world.cleared("ZPPL").await;
    let reference = row.escalation.reference.as_str();
    let mut dcp = desk.signed_in("dcp").await;
    let mut root = desk.signed_in("root").await;
    let page = root.get("/people/of/dcp/end").await;
    page.ok().says(reference).says("Sessions that end");
    let end = "/people/of/dcp/end";
    root.submit(&page, end, &[("passphrase", "no passphrase")]).await.is(422);
    dcp.get("/queue").await.ok();
    let page = root.submit(&page, end, &proved(&[])).await;
    page.ok().says("Held again: 1").says("over");
    assert_eq!(dcp.get("/queue").await.text("h1"), "Sign in", "their session has ended");
    assert_eq!(desk.world.again(&row).await.escalation.state(), EscalationState::Held);
    let page = root.get("/people/of/root").await;
    page.ok().says_not("/people/of/root/end");
    let own = [("token", &*token(&page)), ("passphrase", passphrase())];
    root.post("/people/of/root/end", &own).await.is(422);
    root.get("/people/of/nobody").await.is(404);
}

#[tokio::test]
async fn an_administrator_ends_chosen_sessions_alone() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let mut ravi = desk.signed_in("ravi").await;
    let mut root = desk.signed_in("root").await;
    let sessions = desk.world.ctx.store.sessions(None).await.unwrap();
    let of = sessions.iter().find(|session| session.person.as_str() == "asha").unwrap();
    let chosen = of.id.to_string();
    let page = root.get("/people/sessions").await;
    page.ok().says("asha").says("ravi");
    let end = "/people/sessions/end";
    root.submit(&page, end, &[("session", &chosen), ("passphrase", "wrong")]).await.is(422);
    asha.get("/queue").await.ok();
    let page = root.submit(&page, end, &proved(&[("session", &chosen)])).await;
    page.ok().says("Sessions ended: 1");
    assert_eq!(asha.get("/queue").await.text("h1"), "Sign in");
    ravi.get("/queue").await.ok();
    let page = root.get("/people/sessions?person=ravi").await;
    page.ok().says("ravi").says_not("<code>asha</code>");
}
