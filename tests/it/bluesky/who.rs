//! Who is who: a handle is only a question.

use takaza::{
    destinations::{Destination as _, Unread},
    domain::platform::MentionMode,
};

use super::connect;
use crate::support::fake_bluesky::{Ask, FakeBluesky, Quirk, Trick};

#[tokio::test]
async fn we_are_whom_our_session_names() {
    let fake = FakeBluesky::start().await;
    let me = connect(&fake).whoami().await.unwrap();
    assert_eq!((me.author.stable_id, me.author.handle.as_str()), (fake.did(), "unit.example"));
    assert_eq!(connect(&fake).limits().await.unwrap().max_length, 300);
}

#[tokio::test]
async fn a_handle_is_bound_to_its_did_both_ways_and_a_domain_is_evidence() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    let did = fake.vouched_account("peepal.example");
    let bank = bluesky.resolve("@Peepal.Example").await.unwrap().unwrap();
    assert_eq!((&bank.author.stable_id, bank.author.handle.as_str()), (&did, "peepal.example"));
    assert!(bank.evidence[0].contains("domain peepal.example"), "{:?}", bank.evidence);
    assert!(bank.evidence[1].contains("did:plc:thevoucher"), "{:?}", bank.evidence);

    let free = fake.account("peepalcare.bsky.social");
    let found = bluesky.resolve("peepalcare.bsky.social").await.unwrap().unwrap();
    assert_eq!((found.author.stable_id, found.evidence), (free, vec![]));
    assert_eq!(bluesky.resolve("nobody.example").await.unwrap(), None);

    // It moves: the handle is another's now.
    let new = fake.takes_over("peepal.example");
    let now = bluesky.resolve("peepal.example").await.unwrap().unwrap();
    assert_eq!(now.author.stable_id, new);
    assert_ne!(new, did);
}

#[tokio::test]
async fn an_account_that_says_another_handle_does_not_hold_this_one() {
    let fake = FakeBluesky::start().await;
    let bluesky = connect(&fake);
    fake.disowns("peepal.example", "somebody.example");
    assert_eq!(bluesky.resolve("peepal.example").await.unwrap(), None);
    // While the AppView cannot confirm it, nothing is known.
    fake.disowns("neem.example", "handle.invalid");
    let unread = bluesky.resolve("neem.example").await.unwrap_err();
    assert!(matches!(unread, Unread::Failed { .. }), "{unread:?}");
}

#[tokio::test]
async fn a_server_that_does_not_answer_says_nothing_of_a_handle() {
    for (ask, trick) in [
        (Ask::ResolveHandle, Trick::ErrorBefore(502)),
        (Ask::ResolveHandle, Trick::Html(400)),
        (Ask::ResolveHandle, Quirk::Refuse(400, "InvalidRequest").into()),
        (Ask::Profile, Trick::Html(404)),
        (Ask::Profile, Trick::Truncated),
    ] {
        let fake = FakeBluesky::start().await;
        fake.account("peepal.example");
        fake.always(ask, trick.clone());
        let answer = connect(&fake).resolve("peepal.example").await;
        assert!(matches!(answer, Err(Unread::Failed { .. })), "{trick:?}: {answer:?}");
    }
}

#[tokio::test]
async fn a_grant_that_only_a_person_can_end_says_how() {
    let fake = FakeBluesky::start().await;
    let told = connect(&fake).revoke().await.unwrap_err();
    assert!(told.to_string().contains("App passwords"), "{told}");
}

#[tokio::test]
async fn a_verified_handle_is_mentioned_where_that_is_allowed() {
    let fake = FakeBluesky::start().await;
    let name = |mode| connect(&fake).name_in_text("peepal.example", "Peepal Bank", mode);
    assert_eq!(name(MentionMode::Mention), "@peepal.example");
    assert_eq!(name(MentionMode::PlainName), "Peepal Bank");
}
