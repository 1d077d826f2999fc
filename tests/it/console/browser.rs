//! The console in a real browser: on a telephone, in Hindi and by keyboard
//! alone; no barrier on any page; a picture of each, to be looked at.

use takaza::domain::escalation::EscalationState;

use crate::support::{
    chrome::{Chrome, OFFICE, Screen, TELEPHONE},
    console::{Desk, passphrase},
    fake_cases::liens,
};

/// The pages that a person can open, with who opens them and a name for its picture. `{held}` is
/// an escalation that waits, `{sent}` one whose post went out.
const PAGES: &[(&str, &str, &str)] = &[
    ("sign-in", "", "/sign-in"),
    ("queue", "dcp", "/queue"),
    ("queue-one", "dcp", "/queue/{held}"),
    ("queue-one-sent", "asha", "/queue/{sent}"),
    ("queue-edit", "asha", "/queue/{held}/edit"),
    ("queue-several", "dcp", "/queue/several?do=approve&pick={held}"),
    ("posts", "asha", "/posts"),
    ("posts-sent", "asha", "/posts/{sent}"),
    ("posts-held", "asha", "/posts/{held}"),
    ("alarms", "dcp", "/alarms"),
    ("source", "asha", "/source"),
    ("accounts", "dcp", "/accounts"),
    ("accounts-live", "dcp", "/accounts/unit/live"),
    ("reports", "asha", "/reports"),
    ("reports-public", "dcp", "/reports?subject=banks&edition=public"),
    ("audit", "dcp", "/audit"),
    ("audit-verify", "dcp", "/audit/verify"),
    ("stop", "dcp", "/stop"),
    ("me", "asha", "/me"),
    ("passphrase", "asha", "/me/passphrase"),
    ("lost", "asha", "/nothing/here"),
];

/// A desk with something in every state that a page shows.
async fn lively() -> (Desk, String, String) {
    let desk = Desk::new().await;
    let world = &desk.world;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let sent = world.held().await;
    world.approve(&sent).await;
    world.run_once().await;
    world.cases.put(liens("NEEM", 6, world.now()));
    world.watch_and_escalate().await;
    let held = world.held().await.escalation.reference.to_string();
    (desk, held, sent.escalation.reference.to_string())
}

#[tokio::test]
async fn no_page_bars_anyone_and_each_is_drawn_in_both_languages() {
    let (desk, held, sent) = lively().await;
    let mut found = Vec::new();
    for (language, width) in [("en", 1280), ("hi", 1280), ("hi", 360), ("en", 360)] {
        for person in ["", "dcp", "asha"] {
            let screen = Screen { width, language };
            let Some(chrome) = Chrome::open(&desk.base, screen).await else { return };
            if !person.is_empty() {
                chrome.sign_in(person, passphrase()).await;
            }
            for (name, _, path) in PAGES.iter().filter(|(_, who, _)| *who == person) {
                let path = path.replace("{held}", &held).replace("{sent}", &sent);
                chrome.goto(&path).await;
                let said = chrome.asks("return document.documentElement.lang").await;
                assert_eq!(said, language, "{path}");
                let barriers = chrome.barriers().await;
                found.extend(
                    barriers.into_iter().map(|one| format!("{language} {width} {path}: {one}")),
                );
                let overhang = chrome.overhang().await;
                if overhang > 0 {
                    found.push(format!("{language} {width} {path}: {overhang} px stand out"));
                }
                chrome.draw(&format!("{language}-{width}-{name}")).await;
            }
            chrome.close().await;
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test]
async fn the_dcp_approves_on_a_telephone() {
    let (desk, held, _) = lively().await;
    let Some(dcp) = Chrome::open(&desk.base, TELEPHONE).await else { return };
    dcp.sign_in("dcp", passphrase()).await;
    dcp.sees(&held).await.click(&format!("a[href='/queue/{held}']")).await;
    dcp.click(&format!("form[action='/queue/{held}/approve'] button")).await;
    dcp.sees(&format!("{held} is approved")).await;
    dcp.close().await;
    assert_eq!(desk.world.escalations(&[EscalationState::Cleared]).await.len(), 1);
}

#[tokio::test]
async fn somebody_without_a_mouse_approves() {
    let (desk, held, _) = lively().await;
    let Some(dcp) = Chrome::open(&desk.base, OFFICE).await else { return };
    dcp.goto("/sign-in").await;
    dcp.press("dcp\u{e004}").await.press(passphrase()).await.press("\u{e007}").await;
    dcp.sees(&held).await;
    dcp.press("j").await.press("\u{e007}").await;
    dcp.sees("Approve").await.press("a").await.press("\u{e007}").await;
    dcp.sees(&format!("{held} is approved")).await;
    dcp.close().await;
    assert_eq!(desk.world.escalations(&[EscalationState::Cleared]).await.len(), 1);
}

#[tokio::test]
async fn an_open_queue_sees_what_comes_within_a_second() {
    let desk = Desk::new().await;
    let Some(dcp) = Chrome::open(&desk.base, OFFICE).await else { return };
    dcp.sign_in("dcp", passphrase()).await;
    dcp.goto("/queue").await.sees("Nothing waits here").await;
    desk.world.cases.put(liens("NEEM", 6, desk.world.now()));
    desk.world.watch_and_escalate().await;
    let held = desk.world.held().await.escalation.reference.to_string();
    dcp.sees(&held).await;
    dcp.close().await;
}
