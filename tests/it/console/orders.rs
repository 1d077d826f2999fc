//! Standing orders: drafted by a form, rehearsed, signed by somebody else who proves themselves,
//! watched, revoked.

use jiff::SignedDuration;
use takaza::{domain::escalation::EscalationState, work};

use crate::support::{
    browser::{Browser, Page},
    console::{Desk, passphrase},
    fake_cases::liens,
};

/// An order that allows everything, as a form is filled in.
const GENEROUS: [(&str, &str); 11] = [
    ("name", "Winter tags"),
    ("every_bank", "yes"),
    ("kinds", "tag"),
    ("accounts", "unit"),
    ("minimum_rupees", "1,000"),
    ("minimum_overdue_hours", "0"),
    ("per_bank_day", "2"),
    ("per_day", "20"),
    ("per_hour", "10"),
    ("every_template", "yes"),
    ("expires_at", "2027-01-31T18:00"),
];

pub(super) async fn drafted(browser: &mut Browser) -> Page {
    let page = browser.get("/orders/new").await;
    let page = browser.submit(&page, "/orders", &GENEROUS).await;
    page.ok().says("Winter tags is drafted");
    page
}

/// The source is polled every hour for so many days.
async fn watched(desk: &Desk, days: i64) {
    for _ in 0..days * 24 {
        work::watch::run_once(&desk.world.ctx).await.unwrap();
        desk.world.pass(SignedDuration::from_hours(1));
    }
}

#[tokio::test]
async fn an_order_is_drafted_rehearsed_signed_by_another_watched_and_revoked() {
    let desk = Desk::new().await;
    desk.world.cases.put(liens("ZPPL", 5, desk.world.now()));
    watched(&desk, 15).await;
    let mut asha = desk.signed_in("asha").await;
    let order = drafted(&mut asha).await;
    let path = order.path.clone();
    order.says("draft").says("Every bank").says("₹1,000").says("not rehearsed");
    let rehearsal = format!("{path}/rehearsal");
    let page = asha.get(&rehearsal).await;
    page.ok().says("There is no result here yet");
    let page = asha.submit(&page, &rehearsal, &[("days", "14")]).await;
    page.ok().says("Days observed: 14").says("14 of 14").says("Peepal");
    assert!(page.html.contains("<svg") && !page.all("svg .bar").is_empty(), "there is a chart");
    page.says("Days on which something would have gone out");

    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get(&path).await;
    let sign = format!("{path}/sign");
    let wrong = dcp.submit(&page, &sign, &[("passphrase", "somebody else's words")]).await;
    wrong.is(422);
    dcp.get(&path).await.says("Nobody has signed it yet");
    let page = dcp.submit(&page, &sign, &[("passphrase", passphrase())]).await;
    page.ok().says("Winter tags is signed and in force").says("dcp");

    desk.world.run_once().await;
    assert_eq!(desk.world.town.posts().len(), 1, "the order cleared it");
    let page = dcp.get(&path).await;
    page.ok().says("1 of 1 posted").says("0 of 5 actions");
    let page = dcp.submit(&page, &format!("{path}/revoke"), &[]).await;
    page.ok().says("The order is revoked").says_not("Sign this order");
    assert!(desk.world.ctx.store.orders_in_force().await.unwrap().is_empty());
    dcp.get("/orders").await.ok().says("revoked");
}

#[tokio::test]
async fn nobody_signs_their_own_draft_nor_one_observed_on_too_few_days() {
    let desk = Desk::new().await;
    let mut dcp = desk.signed_in("dcp").await;
    let page = drafted(&mut dcp).await;
    let path = page.path.clone();
    page.says("it takes 14");
    desk.world.ctx.store.rehearsed(&desk.world.by("asha"), "Winter tags", 14).await.unwrap();
    let page = dcp.get(&path).await;
    page.ok().says("Nobody signs an order that they drafted").says_not("name=\"passphrase\"");
    // The page that has no such form is not what stops them.
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let fields = [("token", token), ("passphrase", passphrase())];
    let refused = dcp.post(&format!("{path}/sign"), &fields).await;
    refused.is(422).says("Nobody signs an order that they drafted");
    let order = desk.world.ctx.store.order("Winter tags").await.unwrap();
    assert_eq!(order.signed, None);
    // Whoever audits sees it and cannot draft one.
    let mut auditor = desk.signed_in("auditor").await;
    auditor.get(&path).await.ok().says("Winter tags").says_not("Sign this order");
    auditor.get("/orders/new").await.is(403);
}

#[tokio::test]
async fn what_is_wrong_in_a_draft_stands_beside_its_field() {
    let desk = Desk::new().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get("/orders/new").await;
    let fields = [
        ("name", "Half"),
        ("every_bank", "no"),
        ("banks", "ZPPL QQQQ"),
        ("per_day", "many"),
        ("expires_at", "2020-01-01T10:00"),
    ];
    let page = asha.submit(&page, "/orders", &fields).await;
    page.is(422);
    assert_eq!(page.text("#wrong-banks"), "There is no bank QQQQ.");
    assert_eq!(page.text("#wrong-per_day"), "Write a whole number.");
    assert!(page.text("#wrong-kinds").starts_with("Choose something"));
    assert!(page.text("#wrong-expires_at").starts_with("That time has passed"));
    let late = [("accounts", "nobody"), ("expires_at", "2030-01-01T10:00")];
    let page = asha.submit(&page, "/orders", &late).await;
    assert_eq!(page.text("#wrong-accounts"), "There is no account nobody.");
    assert!(page.text("#wrong-expires_at").contains("within 92 days"));
    assert_eq!(page.text("#wrong-name"), "");
    assert!(page.html.contains("value=\"Half\"") && page.html.contains("value=\"ZPPL QQQQ\""));
    assert!(desk.world.ctx.store.orders().await.unwrap().is_empty());
    drafted(&mut asha).await;
    let page = asha.get("/orders/new").await;
    let again = asha.submit(&page, "/orders", &GENEROUS).await;
    assert!(again.text("#wrong-name").starts_with("An order of this name"));
    assert!(desk.world.escalations(&[EscalationState::Cleared]).await.is_empty());
}
