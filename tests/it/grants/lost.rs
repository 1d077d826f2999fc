//! Answers that were lost, refused or put off; and processes that end at each point of a renewal.

use std::sync::atomic::{AtomicBool, Ordering};

use takaza::{
    destinations::tokens::{Grant, Unrenewed},
    store::Leased,
};

use super::*;

/// A lost answer: the old token is used until it ends, a person is called, and connecting anew ends
/// it all.
async fn is_lost(story: &Story, keeper: &Keeper, old: &str) {
    let row = story.row().await;
    assert!(row.broken.is_some() && row.lease.is_none(), "{row:?}");
    assert!(story.rings().await, "somebody is called");
    let asked = story.server.asked(Ask::Token);
    assert_eq!(token(keeper).await.unwrap(), old, "it is used until it ends");
    let other = story.another("story-9", 9).await;
    assert_eq!(token(&other).await.unwrap(), old);
    let left = ends(&row).since(story.world.now());
    story.world.pass(left);
    reconnect(token(keeper).await);
    reconnect(token(&other).await);
    assert_eq!(keeper.ahead().await, Ok(false));
    assert_eq!(story.server.asked(Ask::Token), asked, "what may be used up is not used again");
    let anew = story.connect().await;
    assert_eq!(token(keeper).await.unwrap(), anew);
    assert_eq!(token(&other).await.unwrap(), anew);
    assert!(!story.rings().await, "the alarm is over");
    assert_eq!(story.server.reused(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_lost_is_not_asked_for_again() {
    for trick in [
        Trick::DropAfter,
        Quirk::BreaksOff.into(),
        Trick::ErrorAfter(500),
        Quirk::PageAfter.into(),
        Quirk::RedirectAfter.into(),
    ] {
        let story = Story::new().await;
        let old = story.connect().await;
        let keeper = story.keeper();
        story.world.pass(mins(110));
        story.server.hostile(trick.clone());
        let ahead = keeper.ahead().await;
        assert!(matches!(ahead, Err(NoToken::Reconnect { .. })), "{trick:?}: {ahead:?}");
        assert_eq!(story.server.renewals(), 1, "{trick:?}");
        is_lost(&story, &keeper, &old).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_in_time_is_lost() {
    let story = Story::new().await;
    let old = story.connect().await;
    let hasty = Arc::new(story.oauth(Duration::from_millis(300)));
    let keeper = story.keeper_with(&story.world.ctx, hasty);
    story.world.pass(mins(110));
    story.server.hostile(Trick::LateAfter);
    let ahead = keeper.ahead().await;
    assert!(matches!(ahead, Err(NoToken::Reconnect { .. })), "{ahead:?}");
    is_lost(&story, &keeper, &old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_was_refused_is_broken_and_says_so() {
    for like_x in [false, true] {
        let story = Story::new().await;
        let old = story.connect().await;
        let keeper = story.keeper();
        story.world.pass(mins(110));
        if like_x {
            story.server.hostile(Quirk::LikeX);
        } else {
            story.server.revoke_all();
        }
        let ahead = keeper.ahead().await;
        assert!(matches!(ahead, Err(NoToken::Reconnect { .. })), "{ahead:?}");
        is_lost(&story, &keeper, &old).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_grant_that_was_replaced_meanwhile_is_read_again() {
    let (story, keeper) = Story::due().await;
    let renewing = story.held_up(&keeper, Trick::LateBefore).await;
    story.server.revoke_all();
    let anew = story.connect().await;
    story.server.release().await;
    assert_eq!(renewing.await.unwrap().unwrap(), anew);
    assert_eq!(story.row().await.broken, None);
    assert!(!story.rings().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_tried_or_not_counted_is_tried_again_after_a_rest() {
    let (story, keeper) = Story::due().await;
    for (trick, asked) in
        [(Trick::RateLimited(Vec::new()), 1), (Trick::Html(403), 2), (Quirk::WrongClient.into(), 3)]
    {
        story.server.hostile(trick.clone());
        let told = later(token(&keeper).await);
        assert!(!told.contains(crate::support::secrets::MARK), "no token is in an error: {told}");
        later(token(&keeper).await);
        assert_eq!(
            story.server.asked(Ask::Token),
            asked,
            "{trick:?}: it rests before it asks again"
        );
        assert_eq!(story.row().await.lease, None, "the lease was given back");
        story.world.pass(mins(1));
    }
    let token = token(&keeper).await.unwrap();
    assert!(story.server.takes(&token));
    assert_eq!((story.server.renewals(), story.server.reused()), (1, 0));
    assert!(!story.rings().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_has_used_nothing_up() {
    let story = Story::new().await;
    story.connect().await;
    let clock = story.world.ctx.clock.clone();
    let nowhere = {
        // A port that nobody listens on any more.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let unreachable = OAuth::new(OAuthConfig {
        client_id: "takaza-test".to_owned(),
        client_secret: None,
        redirect: "http://127.0.0.1:8790/callback".to_owned(),
        authorize_url: format!("http://{nowhere}/authorize"),
        token_url: format!("http://{nowhere}/token"),
        revoke_url: format!("http://{nowhere}/revoke"),
        scopes: Vec::new(),
        http: HttpConfig::default(),
        now: Arc::new(move || clock.now()),
    });
    let keeper = story.keeper_with(&story.world.ctx, Arc::new(unreachable.unwrap()));
    story.world.pass(mins(120));
    later(token(&keeper).await);
    let row = story.row().await;
    assert_eq!((row.broken, row.lease), (None, None));
    token(&story.keeper()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_the_ledger_could_not_take_is_kept_until_it_can() {
    let (story, keeper) = Story::due().await;
    let renewing = story.held_up(&keeper, Trick::LateAfter).await;
    ledger_sql::run(&story.world.ledger_url, "ALTER TABLE account_grant RENAME TO away").await;
    story.server.release().await;
    later(renewing.await.unwrap());
    later(token(&keeper).await);
    ledger_sql::run(&story.world.ledger_url, "ALTER TABLE away RENAME TO account_grant").await;
    // Meanwhile its lease has run out, and another process takes it for dead.
    story.world.pass(mins(5));
    let other = story.another("story-2", 2).await;
    reconnect(token(&other).await);
    let token_now = token(&keeper).await.unwrap();
    assert!(story.server.takes(&token_now), "what the platform granted last is what works");
    assert_eq!(token(&other).await.unwrap(), token_now);
    assert_eq!((story.server.asked(Ask::Token), story.server.reused()), (1, 0));
    assert!(!story.rings().await);
}

/// Where in a renewal the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dies {
    BeforeAsking,
    AfterTheAnswer,
}

/// Renews as the server does, in a process that is never heard of again.
struct Dying {
    oauth: OAuth,
    at: Dies,
    died: Arc<AtomicBool>,
    told: tokio::sync::mpsc::UnboundedSender<()>,
}

#[async_trait]
impl Renew for Dying {
    async fn renew(&self, old: Option<&Grant>) -> Result<Grant, Unrenewed> {
        if self.at == Dies::AfterTheAnswer {
            self.oauth.renew(old).await?;
        }
        self.died.store(true, Ordering::SeqCst);
        self.told.send(()).expect("the story waits for it");
        std::future::pending().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ends_at_any_point_of_a_renewal_leaves_it_to_a_person() {
    for at in [Dies::BeforeAsking, Dies::AfterTheAnswer] {
        let story = Story::new().await;
        let old = story.connect().await;
        let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
        let (oauth, died) =
            (story.oauth(Duration::from_secs(20)), Arc::new(AtomicBool::new(false)));
        let dying = Dying { oauth, at, died: died.clone(), told };
        let ctx = story.world.another_process("story-2", 2).await;
        let doomed = story.keeper_with(&ctx, Arc::new(dying));
        story.world.pass(mins(110));
        let renewing = tokio::spawn(async move { doomed.ahead().await });
        hears.recv().await.expect("it dies");
        renewing.abort();
        let keeper = story.keeper();
        assert_eq!(token(&keeper).await.unwrap(), old);
        let held = keeper.ahead().await;
        assert!(matches!(held, Err(NoToken::Later { .. })), "{at:?}: its lease still runs");
        story.world.pass(mins(2));
        let found = keeper.ahead().await;
        assert!(matches!(found, Err(NoToken::Reconnect { .. })), "{at:?}: {found:?}");
        assert_eq!(story.entries("grant.broken").await, 1);
        is_lost(&story, &keeper, &old).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_ended_between_lease_and_platform_is_found_by_the_ledger_alone() {
    let story = Story::new().await;
    let old = story.connect().await;
    let keeper = story.keeper();
    let store = &story.world.ctx.store;
    let leased = store.lease_grant(&story.account, 1, "dead/1", mins(2), false).await.unwrap();
    assert!(matches!(leased, Leased::Taken(..)));
    // Although the token is good for long: the sooner a person knows, the better.
    story.world.pass(mins(2));
    let found = keeper.ahead().await;
    assert!(matches!(found, Err(NoToken::Reconnect { .. })), "{found:?}");
    assert!(story.row().await.broken.unwrap().contains("dead/1"));
    is_lost(&story, &keeper, &old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_slept_through_its_lease_asks_nobody() {
    let story = Story::new().await;
    story.connect().await;
    let ctx = &story.world.ctx;
    let sleeper = Keeper::new(Parts {
        account: story.account.clone(),
        store: ctx.store.clone(),
        vault: story.vault(),
        renew: Arc::new(story.oauth(Duration::from_secs(20))),
        clock: ctx.clock.clone(),
        dice: ctx.dice.clone(),
        process: ctx.process.clone(),
        // Less than an answer may take: as if the rest of it had been slept away.
        lease: SignedDuration::from_secs(10),
        request_timeout: SignedDuration::from_secs(20),
    });
    story.world.pass(mins(120));
    assert!(later(token(&sleeper).await).contains("slept through"));
    assert_eq!((story.server.asked(Ask::Token), story.row().await.lease), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_was_revoked_while_it_was_renewed_stays_revoked() {
    let (story, keeper) = Story::due().await;
    let renewing = story.held_up(&keeper, Trick::LateAfter).await;
    let (by, store) = (story.world.by("root"), &story.world.ctx.store);
    assert!(store.end_grant(&by, &story.account, None, "revoked").await.unwrap());
    story.server.release().await;
    later(renewing.await.unwrap());
    assert_eq!(story.row().await.sealed, None);
    reconnect(token(&keeper).await);
    assert!(later(token(&keeper).await).contains("asked after"));
    story.world.pass(mins(1));
    reconnect(token(&keeper).await);
}
