//! The queue: what waits, and what people decide about it.

use jiff::SignedDuration;
use takaza::{
    domain::{escalation::EscalationState, ids::PersonId},
    store::EscalationRow,
};

use crate::support::{
    browser::Page,
    chrome::{Chrome, OFFICE},
    console::{Desk, passphrase},
    fake_cases::liens,
};

/// A desk with one held escalation about each of these banks, the last with the most at risk.
async fn desk_with(banks: &[&str]) -> (Desk, Vec<EscalationRow>) {
    let desk = Desk::new().await;
    for (n, bank) in banks.iter().enumerate() {
        desk.world.cases.put(liens(bank, 5 + n as u32, desk.world.now()));
    }
    desk.world.watch_and_escalate().await;
    let held = desk.world.escalations(&[EscalationState::Held]).await;
    assert_eq!(held.len(), banks.len());
    (desk, held)
}

fn path(row: &EscalationRow) -> String {
    format!("/queue/{}", row.escalation.reference)
}

fn text(row: &EscalationRow) -> &str {
    &row.escalation.contents[0].text
}

/// No message is missing: a page would show its key.
fn whole(page: &Page) -> &Page {
    page.ok().says_not("queue-").says_not("objection-")
}

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

#[tokio::test]
async fn an_officers_better_words_are_judged_saved_and_approved_by_somebody_who_sees_what_changed()
{
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let (row, path) = (&held[0], path(&held[0]));
    let mut dcp = desk.signed_in("dcp").await;
    let stale = dcp.get(&path).await;
    dcp.get(&format!("{path}/edit")).await.is(403);

    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path).await;
    whole(&page).says_not(&format!("{path}/approve"));
    let form = asha.get(&format!("{path}/edit")).await;
    whole(&form).says("This is the present wording");
    let (edit, judge) = (format!("{path}/edit"), format!("{path}/judge"));
    let leak = format!("{} Call 98765 43210", text(row));
    let fields = [("text-0", leak.as_str()), ("do", "check")];
    let page = asha.submit(&form, &edit, &fields).await;
    whole(&page).says("identifier. Remove it.").says("added: Call 98765 43210");
    assert!(page.html.contains("98765 43210</textarea>"), "what was typed is still there");
    let page = asha.submit(&form, &edit, &[("text-0", &leak), ("do", "save")]).await;
    page.is(422).says("it cannot be saved so");
    assert_eq!(desk.world.again(row).await.escalation.version, 1);
    let token = page.html.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap();
    let asked = asha.post(&judge, &[("token", token), ("text-0", &leak)]).await;
    asked.ok().says("identifier. Remove it.");
    assert!(!asked.html.contains("<html"), "a fragment for the page");

    let better = text(row).replace("Please act", "Kindly act\r\nsoon");
    let page = asha.submit(&form, &edit, &[("text-0", &better), ("do", "save")]).await;
    whole(&page).says("has a new wording").says("written by asha");
    let edited = desk.world.again(row).await;
    assert_eq!(edited.escalation.written_by, Some(PersonId::new("asha")));
    assert!(text(&edited).contains("Kindly act\nsoon"), "a line ends as texts have it");

    let page = dcp.submit(&stale, &format!("{path}/approve"), &[]).await;
    page.is(409).says("It changed meanwhile").says("written by asha");
    assert!(page.all("del").join(" ").contains("Please"), "{}", page.html);
    assert!(page.all("ins").join(" ").contains("Kindly"), "{}", page.html);
    assert_eq!(desk.world.again(row).await.escalation.state(), EscalationState::Held);
    // Whoever typed into the old form is told as well, and overwrites nothing.
    let page = asha.submit(&form, &edit, &[("text-0", text(row)), ("do", "save")]).await;
    page.is(409).says("It changed meanwhile");
    let fresh = dcp.get(&path).await;
    dcp.submit(&fresh, &format!("{path}/approve"), &[]).await.ok().says("is approved");
}

#[tokio::test]
async fn an_approver_sends_back_and_whoever_wrote_cannot_approve() {
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let (row, path) = (&held[0], path(&held[0]));
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get(&path).await;
    let back = format!("{path}/send-back");
    let page = dcp.submit(&page, &back, &[("note", "Say the date first")]).await;
    page.ok().says("is sent back");
    let mut asha = desk.signed_in("asha").await;
    asha.get(&path).await.ok().says("sent back: Say the date first");
    asha.get(&format!("{path}/edit")).await.ok().says("sent back: Say the date first");

    // Wording of the approver's own, by another way.
    let contents = row.escalation.contents.iter().cloned().map(|mut content| {
        content.text = content.text.replace("Please act", "Kindly act");
        content
    });
    let (store, by, id) = (&desk.world.ctx.store, desk.world.by("dcp"), PersonId::new("dcp"));
    let reference = row.escalation.reference.as_str();
    let seen = row.escalation.hash();
    store.edit(&by, reference, &id, &seen, contents.collect()).await.unwrap();
    let own = dcp.get(&path).await;
    own.ok().says("You wrote this wording").says_not(&format!("{path}/approve"));
    let token = own.html.split("name=\"token\" value=\"").nth(1).unwrap();
    let token = token.split('"').next().unwrap().to_owned();
    let hash = desk.world.again(row).await.escalation.hash().to_string();
    let forged = [("token", token.as_str()), ("hash", &hash)];
    dcp.post(&format!("{path}/approve"), &forged).await.is(422).says("their own wording");
    let item = format!("{reference}:{hash}");
    let forged = [("token", token.as_str()), ("item", &item)];
    let page = dcp.post("/queue/several/approve", &forged).await;
    page.ok().says("Not all were done").says("their own wording");
    assert_eq!(desk.world.again(row).await.escalation.state(), EscalationState::Held);
}

#[tokio::test]
async fn case_rows_are_shown_at_a_press_to_the_desk_alone_and_the_look_is_recorded() {
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let path = path(&held[0]);
    let rows = format!("{path}/rows");
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path).await;
    whole(&page).says_not("FIR 100").says("about each action");
    let looks = async || {
        let history = desk.world.ctx.store.history_of(held[0].escalation.id.as_str()).await;
        let entries = history.unwrap().entries;
        let looks = entries.iter().filter(|(_, entry)| entry.act == "escalation.annex-shown");
        looks.map(|(_, entry)| entry.by.person.clone()).collect::<Vec<_>>()
    };
    assert!(looks().await.is_empty());
    let page = asha.submit(&page, &rows, &[]).await;
    whole(&page).says("FIR 1001/2026").says("FIR 1005/2026");
    assert_eq!(looks().await, [Some(PersonId::new("asha"))]);
    let mut auditor = desk.signed_in("auditor").await;
    let page = auditor.get(&path).await;
    page.ok().says_not(&rows).says_not("FIR 100");
    assert!(!page.html.contains("/hold\""), "who only reads has no buttons");
}

#[tokio::test]
async fn several_are_decided_at_once_after_one_page_that_lists_them() {
    let (desk, held) = desk_with(&["ZPPL", "ZNMN", "ZBRG"]).await;
    let mut dcp = desk.signed_in("dcp").await;
    let picks: Vec<_> =
        held.iter().map(|row| format!("pick={}", row.escalation.reference)).collect();
    let ask = |what: &str, n: usize| {
        format!("/queue/several?do={what}&from=state%3Dheld&{}", picks[..n].join("&"))
    };
    whole(&dcp.get("/queue").await).says("With the chosen ones");
    let page = dcp.get(&ask("approve", 2)).await;
    whole(&page).says("2 escalations");
    for row in &held[..2] {
        let words: Vec<_> = text(row).split_whitespace().collect();
        page.says(&words.join(" ")).says(row.escalation.reference.as_str());
    }
    page.says_not(held[2].escalation.reference.as_str());

    // One of them is rejected by somebody else before the press.
    let (store, reference) = (&desk.world.ctx.store, held[1].escalation.reference.as_str());
    let other = desk.world.person("dcp").await;
    store.reject(&desk.world.by("dcp"), reference, &other, "not now").await.unwrap();
    let page = dcp.submit(&page, "/queue/several/approve", &[]).await;
    whole(&page).says("Not all were done").says("rejected cannot be approved");
    assert_eq!(desk.world.again(&held[0]).await.escalation.state(), EscalationState::Cleared);

    let page = dcp.get(&ask("hold", 3)).await;
    whole(&page).says("left out, it is no longer held").says("1 escalation");
    let until = [("until", "2026-11-16T18:00")];
    let page = dcp.submit(&page, "/queue/several/hold", &until).await;
    whole(&page).says("Held back: 1.");
    assert!(desk.world.again(&held[2]).await.hold_until.is_some());
    let page = dcp.get(&ask("reject", 3)).await;
    let page = dcp.submit(&page, "/queue/several/reject", &[("reason", "too many")]).await;
    whole(&page).says("Rejected: 1.");
    assert_eq!(page.path, "/queue?state=held");
    let mut asha = desk.signed_in("asha").await;
    asha.get(&ask("approve", 3)).await.ok().says_not("/queue/several/approve");
}

#[tokio::test]
async fn the_queue_is_narrowed_and_sorted_by_its_address_and_reads_in_both_languages() {
    let (desk, held) = desk_with(&["ZPPL", "ZNMN"]).await;
    let (first, second) = (&held[0].escalation, &held[1].escalation);
    assert!(first.facts.amount_at_least > second.facts.amount_at_least);
    let mut asha = desk.signed_in("asha").await;
    let shown = |page: &Page| page.all(".card code");
    let of = |one: &takaza::domain::escalation::Escalation| one.reference.to_string();
    let page = asha.get("/queue").await;
    assert_eq!(shown(&page), [of(first), of(second)]);
    let bank = format!("/queue?bank={}", second.bank.as_str().to_lowercase());
    assert_eq!(shown(&asha.get(&bank).await), [of(second)]);
    let least = first.facts.amount_at_least.rupees();
    let page = asha.get(&format!("/queue?least={least}&sort=expiry&kind=tag")).await;
    assert_eq!(shown(&page), [of(first)]);
    page.says("Show all again");
    assert!(shown(&asha.get("/queue?kind=correction").await).is_empty());
    assert!(shown(&asha.get("/queue?state=cleared").await).is_empty());
    asha.get("/queue?after=9&state=nonsense&least=x&sort=y").await.ok();

    let page = asha.get(&path(&held[0])).await;
    whole(&page).says("As it will be seen").says("names the bank, no mention");
    let content = &first.contents[0];
    page.says(&format!("of {}", content.max_length));
    let page = asha.submit(&page, "/settings", &[("language", "hi")]).await;
    whole(&page).says("यह ऐसा दिखेगा");
    whole(&asha.get(&format!("{}/edit", path(&held[0]))).await).says("नए शब्द सहेजें");
    whole(&asha.get("/queue").await).says("सबसे अधिक राशि");
}

#[tokio::test]
async fn what_the_ledger_says_is_said_in_hindi_and_what_people_wrote_stays() {
    let (desk, held) = desk_with(&["ZPPL", "ZNMN"]).await;
    let (store, world) = (&desk.world.ctx.store, &desk.world);
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get("/queue").await;
    dcp.submit(&page, "/settings", &[("language", "hi")]).await.ok();
    world.approve(&held[0]).await;
    let person = world.person("dcp").await;
    store
        .reject(&world.by("dcp"), held[1].escalation.id.as_str(), &person, "the bank called")
        .await
        .unwrap();
    let (at_desk, approver) =
        (person.as_desk(world.now()).unwrap(), person.as_approver(world.now()).unwrap());
    store.stop(&world.by("dcp"), &at_desk, "a drill").await.unwrap();
    whole(&dcp.get("/queue").await).says("a drill");
    store.resume(&world.by("dcp"), &approver).await.unwrap();
    let said = "फिर रोका गया: भेजना रोका गया और फिर चालू हुआ";
    for path in ["/queue".to_owned(), path(&held[0])] {
        whole(&dcp.get(&path).await).says(said).says_not("held again");
    }
    let post = format!("/posts/{}", held[0].escalation.reference);
    dcp.get(&post).await.ok().says(said).says("dcp की मंज़ूरी").says_not("sending was stopped");
    whole(&dcp.get("/queue?state=rejected").await).says("the bank called");
    // A refusal too, on the page about it.
    let token = [("name", "desk"), ("scope", "read"), ("days", "30"), ("passphrase", passphrase())];
    let page = dcp.get("/me/tokens").await;
    let page = dcp.submit(&page, "/me/tokens", &token).await;
    let again = dcp.submit(page.ok(), "/me/tokens", &token).await;
    again.is(422).says("desk नाम का टोकन पहले से है").says_not("exists already");
}

#[tokio::test]
async fn a_dispute_is_entered_by_an_officer_and_decided_by_an_approver() {
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let (row, path) = (&held[0], path(&held[0]));
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path).await;
    let fields = [("ground", "acted already"), ("words", "By our letter 4 of today.")];
    let page = asha.submit(&page, &format!("{path}/dispute"), &fields).await;
    whole(&page).says("is disputed").says("acted already").says_not("By our letter 4");
    let page = asha.submit(&page, &format!("{path}/rows"), &[]).await;
    page.ok().says("By our letter 4");
    let mut dcp = desk.signed_in("dcp").await;
    let page = dcp.get(&path).await;
    page.ok().says_not(&format!("{path}/approve"));
    let page = dcp.submit(&page, &format!("{path}/decide"), &[("stands", "no")]).await;
    whole(&page).says("the bank is not right");
    let page = dcp.get(&path).await;
    assert_eq!(desk.world.again(row).await.escalation.state(), EscalationState::Held);
    let later = desk.world.now().plus(SignedDuration::from_hours(3));
    let page = dcp.submit(&page, &format!("{path}/hold"), &[("until", "2020-01-01T10:00")]).await;
    page.is(422).says("That time has passed");
    let page = dcp.get(&path).await;
    let page = dcp.submit(&page, &format!("{path}/hold"), &[("until", "2026-11-16T14:00")]).await;
    page.ok().says("is held back");
    assert_eq!(desk.world.again(row).await.hold_until, Some(later));
    let page = dcp.get(&path).await;
    dcp.submit(&page, &format!("{path}/reject"), &[("reason", "the bank replied")]).await.ok();
    assert_eq!(desk.world.again(row).await.outcome.as_deref(), Some("the bank replied"));
}

#[tokio::test]
async fn a_delivery_that_waits_says_why_and_the_last_posts_say_what_came_of_them() {
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let row = &held[0];
    desk.world.approve(row).await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path(row)).await;
    whole(&page).says("Approved by dcp").says("Waits for: the next pass");
    desk.world.run_once().await;
    desk.world.cases.acts("ZPPL-1", desk.world.now());
    desk.world.pass(SignedDuration::from_hours(80));
    desk.world.cases.put(liens("ZPPL", 9, desk.world.now()).split_off(5));
    desk.world.watch_and_escalate().await;
    let mut asha = desk.signed_in("asha").await;
    let page = asha.get(&path(row)).await;
    whole(&page).says("delivered");
    let later = desk.world.escalations(&[EscalationState::Held]).await;
    let later = later.iter().find(|one| one.escalation.id != row.escalation.id);
    let page = asha.get(&path(later.expect("another is drafted"))).await;
    whole(&page).says(row.escalation.reference.as_str()).says("acted on 1 of 5");
}

#[tokio::test]
async fn the_guard_answers_as_one_types_and_a_live_page_waits_for_whoever_chooses() {
    let (desk, held) = desk_with(&["ZPPL"]).await;
    let Some(asha) = Chrome::open(&desk.base, OFFICE).await else { return };
    asha.sign_in("asha", passphrase()).await;
    asha.goto(&format!("{}/edit", path(&held[0]))).await.sees("This is the present wording").await;
    asha.click("textarea").await.press(" Call 98765 43210").await;
    asha.sees("identifier. Remove it.").await;
    asha.goto("/queue").await.sees(held[0].escalation.reference.as_str()).await;
    asha.press("j").await.press("x").await;
    assert_eq!(asha.asks("return document.querySelectorAll('input:checked').length").await, 1);
    desk.world.cases.put(liens("ZNMN", 6, desk.world.now()));
    desk.world.watch_and_escalate().await;
    let both = desk.world.escalations(&[EscalationState::Held]).await;
    let other = both.iter().find(|one| one.escalation.id != held[0].escalation.id);
    asha.press("x").await.sees(other.expect("it is drafted").escalation.reference.as_str()).await;
    asha.close().await;
}
