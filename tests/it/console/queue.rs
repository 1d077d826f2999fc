//! The queue: what waits, and what people decide about it.

use takaza::domain::escalation::EscalationState;

use crate::support::{console::Desk, fake_cases::liens};

#[tokio::test]
async fn the_dcp_approves_what_they_saw_and_it_goes_out() {
    let desk = Desk::new().await;
    desk.world.cases.put(liens("ZPPL", 5, desk.world.now()));
    desk.world.watch_and_escalate().await;
    let row = desk.world.held().await;
    let reference = row.escalation.reference.as_str().to_owned();
    let mut dcp = desk.signed_in("dcp").await;
    let queue = dcp.get("/queue").await;
    queue.ok().says(&reference);
    let path = format!("/queue/{reference}");
    let page = dcp.get(&path).await;
    page.ok()
        .says(&row.escalation.contents[0].text.split_whitespace().collect::<Vec<_>>().join(" "));
    let page = dcp.submit(&page, &format!("{path}/approve"), &[]).await;
    page.ok().says(&format!("{reference} is approved"));
    let row = desk.world.again(&row).await;
    assert_eq!(row.escalation.state(), EscalationState::Cleared);
    let given = row.clearance.expect("a clearance");
    assert_eq!(given.authority.signer().as_str(), "dcp");
    desk.world.run_once().await;
    assert_eq!(desk.world.town.posts().len(), 1, "it went out");
    // What was seen is not there any more: the second approval of the same page is refused.
    dcp.get(&path).await.ok().says_not(&format!("{path}/approve"));
}
