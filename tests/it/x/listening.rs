//! What comes back, who said it, and what hearing it may cost.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
};

use jiff::SignedDuration;
use takaza::{
    destinations::{Destination as _, Unread, meter::Meter, tokens::FixedToken, x::X},
    domain::{
        cost::{Item, Reader},
        engagement::{Author, EngagementKind, Heard, Tally, Watched},
    },
};

use super::{config, connect, outcome, tag};
use crate::support::{
    claimed::watched,
    fake_x::{Ask, FakeX, Quirk, Trick},
};

async fn posted(fake: &FakeX) -> String {
    outcome(&connect(fake), &tag(1, fake)).await;
    fake.posts()[0].id.clone()
}

fn of_kind(heard: &[Heard], kind: EngagementKind) -> Vec<&Heard> {
    heard.iter().filter(|one| one.kind == kind).collect()
}

fn by_bank(post: &str, bank: &str) -> Watched {
    let author = Author { stable_id: bank.to_owned(), handle: "PeepalCare".to_owned() };
    Watched { bank: Some(author), ..watched(post) }
}

/// A purse: some resources for the banks, some for the others; what was counted is kept.
#[derive(Default)]
struct Purse {
    banks: Mutex<u32>,
    others: Mutex<u32>,
    counted: Mutex<BTreeSet<(&'static str, String)>>,
}

impl Purse {
    fn with(banks: u32, others: u32) -> Arc<Self> {
        Arc::new(Self { banks: banks.into(), others: others.into(), counted: Mutex::default() })
    }

    fn left(&self, reader: Reader) -> u32 {
        match reader {
            Reader::Own => u32::MAX,
            Reader::Banks => *self.banks.lock().unwrap(),
            Reader::Others => *self.others.lock().unwrap(),
        }
    }
}

#[async_trait::async_trait]
impl Meter for Purse {
    async fn left(&self, _item: Item, reader: Reader) -> Result<u32, Unread> {
        Ok(Self::left(self, reader))
    }

    async fn count(&self, item: Item, resources: &[String]) -> Result<(), Unread> {
        let mut counted = self.counted.lock().unwrap();
        for id in resources {
            if counted.insert((item.as_str(), id.clone())) {
                let mut others = self.others.lock().unwrap();
                *others = others.saturating_sub(1);
            }
        }
        Ok(())
    }
}

fn metered(fake: &FakeX, purse: &Arc<Purse>) -> X {
    X::new(config(fake), Arc::new(FixedToken::new(fake.token())), Arc::clone(purse) as _).unwrap()
}

#[tokio::test]
async fn replies_at_every_depth_likes_reposts_and_quotes_are_heard_with_their_authors() {
    let fake = FakeX::start().await;
    let post = posted(&fake).await;
    let bank = fake.bank_account("PeepalCare");
    let other = fake.account("someone");
    let reply = fake.reply(&post, &bank, "We are looking into it & will write. Ref GGM-T0001");
    let nested = fake.reply(&reply, &other, "Please hurry");
    let quote = fake.quote(&post, &other, "Look at this");
    fake.like(&post, &bank);
    fake.repost(&post, &other);
    fake.post_in_our_name("not a reply");

    let heard = connect(&fake).engagement(&by_bank(&post, &bank)).await.unwrap();
    let names: BTreeSet<_> =
        heard.iter().map(|one| (one.kind.as_str(), &one.platform_id)).collect();
    assert_eq!(names.len(), 5, "{heard:#?}");
    assert!(heard.iter().all(|one| one.on_post == post));
    let replies = of_kind(&heard, EngagementKind::Reply);
    assert_eq!(replies[0].platform_id, reply, "the bank's goes first");
    assert_eq!(replies[0].author.stable_id, bank);
    assert_eq!(replies[0].author.handle, "PeepalCare");
    assert_eq!(replies[0].at, Some(fake.now()));
    let text = replies[0].text.as_deref().unwrap();
    assert!(text.contains("into it & will write. Ref GGM-T0001"), "{text}");
    assert!(replies.iter().any(|one| one.platform_id == nested));
    assert_eq!(of_kind(&heard, EngagementKind::Quote)[0].platform_id, quote);
    let like = of_kind(&heard, EngagementKind::Like)[0];
    assert_eq!(like.platform_id, format!("like:{bank}"));
    assert_eq!((&like.at, &like.text), (&None, &None));
    assert_eq!(of_kind(&heard, EngagementKind::Repost)[0].author.handle, "someone");
}

#[tokio::test]
async fn only_a_post_on_which_something_is_new_is_stirred() {
    let fake = FakeX::start().await;
    let x = connect(&fake);
    let posts: Vec<String> = (0..230).map(|n| fake.post_in_our_name(&format!("No. {n}"))).collect();
    let other = fake.account("someone");
    fake.like(&posts[7], &other);
    fake.reply(&posts[199], &other, "why?");
    fake.delete_behind_our_back(&posts[3]);
    let mut all: Vec<Watched> = posts.iter().map(watched).collect();
    let expected = [posts[7].clone(), posts[199].clone()].into();
    assert_eq!(x.stirred(&all).await.unwrap(), expected);
    assert_eq!(fake.asked(Ask::Counts), 3, "in batches of 100");

    // What the ledger knows stirs nothing, and neither does what was read whole.
    all[7].known = Tally { likes: 1, ..Tally::default() };
    assert_eq!(x.stirred(&all).await.unwrap(), [posts[199].clone()].into());
    x.engagement(&all[199]).await.unwrap();
    assert_eq!(x.stirred(&all).await.unwrap(), BTreeSet::new());
    fake.reply(&posts[199], &other, "why not?");
    assert_eq!(x.stirred(&all).await.unwrap(), [posts[199].clone()].into());

    let asked = fake.asked(Ask::Counts);
    assert_eq!(x.stirred(&[]).await.unwrap(), BTreeSet::new());
    assert_eq!(x.stirred(&[watched("https://x.com/x")]).await.unwrap(), BTreeSet::new());
    assert_eq!(fake.asked(Ask::Counts), asked, "nothing to ask for");
    fake.always(Ask::Counts, Quirk::OnlyErrors);
    assert!(x.stirred(&all).await.is_err());
}

#[tokio::test]
async fn a_flood_by_others_cannot_silence_the_bank() {
    let fake = FakeX::start().await;
    let post = posted(&fake).await;
    let bank = fake.bank_account("PeepalCare");
    let answer = fake.reply_unnamed(&post, &bank, "Lien marked. GGM-T0001");
    for n in 0..120 {
        let by = fake.account(&format!("flood{n}"));
        fake.reply(&post, &by, "spam");
        fake.like(&post, &by);
    }
    for others in [0, 9, 30] {
        let purse = Purse::with(1_000, others);
        let heard = metered(&fake, &purse).engagement(&by_bank(&post, &bank)).await.unwrap();
        assert_eq!(heard[0].platform_id, answer, "with {others} for the others");
        let strangers = heard.iter().filter(|one| one.author.stable_id != bank).count();
        assert!(strangers <= others as usize, "{strangers} of {others}");
        assert_eq!(strangers > 0, others > 0);
    }
    // Not even that is paid for: nothing is asked, and nothing is wrong.
    let broke = metered(&fake, &Purse::with(0, 0));
    let before = fake.requests().len();
    assert_eq!(broke.engagement(&by_bank(&post, &bank)).await.unwrap(), []);
    assert_eq!(broke.stirred(&[watched(&post)]).await.unwrap(), BTreeSet::new());
    let paid: Vec<_> = fake.requests()[before..].to_vec();
    assert!(paid.iter().all(|line| line.contains("/users/me")), "{paid:?}");
    // A resolve that cannot be paid for says nothing about whose a handle is.
    assert!(broke.resolve("PeepalCare").await.is_err());
}

#[tokio::test]
async fn everything_that_x_charges_for_is_counted_and_nothing_else() {
    let fake = FakeX::start().await;
    let post = posted(&fake).await;
    let bank = fake.bank_account("PeepalCare");
    for n in 0..15 {
        let by = fake.account(&format!("reader{n}"));
        fake.reply(&post, &by, "hm");
        fake.quote(&post, &by, "see");
        fake.like(&post, &by);
        fake.repost(&post, &by);
    }
    fake.reply(&post, &bank, "We act.");
    let purse = Purse::with(10_000, 10_000);
    let x = metered(&fake, &purse);
    x.stirred(&[watched(&post)]).await.unwrap();
    assert_eq!(x.engagement(&by_bank(&post, &bank)).await.unwrap().len(), 62);
    x.mentions(None).await.unwrap();
    x.own_posts(fake.now().minus(SignedDuration::from_hours(1))).await.unwrap();
    x.look(tag(1, &fake).claim().delivery()).await;
    x.resolve("PeepalCare").await.unwrap();
    x.whoami().await.unwrap();
    assert_eq!(*purse.counted.lock().unwrap(), fake.charged());
}

#[tokio::test]
async fn what_did_not_grow_is_not_read_again() {
    let fake = FakeX::start().await;
    let (post, x) = (posted(&fake).await, connect(&fake));
    let other = fake.account("someone");
    for n in 0..50 {
        fake.reply(&post, &other, &format!("answer {n}"));
    }
    fake.like(&post, &other);
    assert_eq!(x.engagement(&watched(&post)).await.unwrap().len(), 51);
    let newest = fake.reply(&post, &other, "one more");
    let before = fake.requests().len();
    let heard = x.engagement(&watched(&post)).await.unwrap();
    assert_eq!(heard[0].platform_id, newest);
    assert_eq!(heard.len(), 11, "the new one and a margin, not all of the thread");
    let asked = fake.requests()[before..].to_vec();
    assert!(!asked.iter().any(|line| line.contains("liking_users")), "{asked:?}");
}

#[tokio::test]
async fn a_list_that_is_not_in_the_apps_tier_is_left_out_and_a_failing_bank_search_is_a_failure() {
    let fake = FakeX::start().await;
    let (post, x) = (posted(&fake).await, connect(&fake));
    let bank = fake.bank_account("PeepalCare");
    fake.reply(&post, &bank, "Noted");
    fake.like(&post, &bank);
    fake.always(Ask::Likes, Quirk::Problem(403, "client-forbidden", "Not in your tier"));
    let heard = x.engagement(&by_bank(&post, &bank)).await.unwrap();
    assert!(heard.iter().all(|one| one.kind == EngagementKind::Reply) && !heard.is_empty());

    fake.calm();
    fake.like(&post, &fake.account("someone"));
    fake.hostile_on(Ask::Likes, 1, Trick::ErrorBefore(503));
    let kept = x.engagement(&by_bank(&post, &bank)).await.unwrap();
    assert!(!kept.is_empty(), "the bank's answer is heard though the likes failed");
    assert_eq!(x.stirred(&[watched(&post)]).await.unwrap().len(), 1, "and the likes are due still");
    for trick in
        [Trick::ErrorBefore(503), Trick::Html(200), Quirk::OnlyErrors.into(), Trick::DropBefore]
    {
        fake.hostile_on(Ask::Search, 1, trick.clone());
        let failed = x.engagement(&by_bank(&post, &bank)).await.unwrap_err();
        assert!(matches!(failed, Unread::Failed { .. }), "{trick:?}: {failed:?}");
    }
    let no_bank = x.engagement(&by_bank(&post, "1 OR from:someone")).await.unwrap();
    assert!(no_bank.iter().all(|one| one.author.stable_id != "1 OR from:someone"));
    assert!(!fake.requests().iter().any(|line| line.contains("OR")), "no id becomes a query");
}

#[tokio::test]
async fn mentions_go_on_from_the_cursor_and_name_things_as_the_thread_does() {
    let fake = FakeX::start().await;
    let (post, x) = (posted(&fake).await, connect(&fake));
    let bank = fake.bank_account("PeepalCare");
    assert_eq!(x.mentions(None).await.unwrap().cursor, None);

    let reply = fake.reply(&post, &bank, "we are on it");
    let nested = fake.reply(&reply, &bank, "and done");
    let first = x.mentions(None).await.unwrap();
    let thread = x.engagement(&by_bank(&post, &bank)).await.unwrap();
    let names = |heard: &[Heard]| -> BTreeSet<_> {
        heard
            .iter()
            .map(|one| (one.kind.as_str(), one.platform_id.clone(), one.on_post.clone()))
            .collect()
    };
    assert_eq!(names(&first.heard), names(&thread));
    assert_eq!(first.cursor.as_deref(), Some(nested.as_str()));

    let cursor = first.cursor.unwrap();
    let none = x.mentions(Some(&cursor)).await.unwrap();
    assert_eq!((none.heard.len(), none.cursor), (0, None));
    for n in 0..230 {
        fake.reply(&post, &bank, &format!("answer {n}"));
    }
    let more = x.mentions(Some(&cursor)).await.unwrap();
    assert_eq!((names(&more.heard).len(), more.heard.len()), (230, 230));
    let last = x.mentions(more.cursor.as_deref()).await.unwrap();
    assert_eq!(last.heard, []);

    let stray = fake.account("someone");
    let elsewhere = fake.quote("1", &stray, &format!("@{} what of GGM-T0001?", FakeX::HANDLE));
    let told = x.mentions(more.cursor.as_deref()).await.unwrap();
    assert_eq!(
        (told.heard[0].platform_id.as_str(), told.heard[0].on_post.as_str()),
        (&*elsewhere, "")
    );
}

#[tokio::test]
async fn the_cursor_passes_only_what_was_read_whatever_the_purse_holds() {
    let fake = FakeX::start().await;
    let post = posted(&fake).await;
    let other = fake.account("someone");
    let start = fake.reply(&post, &other, "the beginning");
    let answers: BTreeSet<String> =
        (0..57).map(|n| fake.reply(&post, &other, &format!("answer {n}"))).collect();
    let (mut cursor, mut heard, mut rounds) = (start, BTreeMap::<String, usize>::new(), 0);
    for purse in [4_u32, 7, 30, 0, 12, 100, 100] {
        let fresh = fake.reply(&post, &other, &format!("while reading, round {rounds}"));
        let x = metered(&fake, &Purse::with(0, purse));
        let told = x.mentions(Some(&cursor)).await.unwrap();
        assert!(told.heard.len() <= purse as usize);
        assert!(purse >= 5 || told.cursor.is_none(), "nothing was read");
        told.heard.iter().for_each(|one| *heard.entry(one.platform_id.clone()).or_default() += 1);
        cursor = told.cursor.unwrap_or(cursor);
        rounds += 1;
        assert!(fresh.parse::<u64>().is_ok());
    }
    assert!(answers.iter().all(|id| heard.contains_key(id)), "every answer was heard");
    assert_eq!(heard.len(), 57 + rounds);
    assert!(heard.values().all(|times| *times == 1), "and none twice");
    assert!(!cursor.contains('~'), "{cursor}");
}
