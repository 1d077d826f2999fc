//! Hearing what comes back: everything once, by whichever way it comes, and of nobody but the
//! bank more than a count.

use std::sync::Arc;

use futures::FutureExt as _;
use jiff::SignedDuration;
use takaza::{
    clock::{Clock, Dice},
    destinations::{
        Destination as _,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{
        alarm::What,
        delivery::Outcome,
        engagement::{Author, EngagementKind, Voice},
        ids::{AccountName, BankCode},
        time::Timestamp,
    },
    store::{DeliveryRow, Engagement, Store},
    work::{Progress, alarms, handles, listen, own_timeline},
};

use crate::support::{
    fake_mastodon::FakeMastodon,
    ready::{BANK, BANK_HANDLE, Unit, author, bank, hours, minutes, on_both, receipt},
    scripted::{Reading, Scripted, blocked, broken, throttled},
};

fn somebody() -> Author {
    author("elsewhere.example/31", "meera.k@elsewhere.example")
}

async fn hear(unit: &Unit) -> Progress {
    listen::run_once(&unit.ctx).await.expect("the ledger works")
}

async fn history(unit: &Unit, row: &DeliveryRow) -> Vec<Engagement> {
    unit.store.engagement_of(&row.delivery.id).await.unwrap()
}

async fn alarms_about(unit: &Unit, what: What) -> Vec<String> {
    let all = unit.store.alarms(false, 100).await.unwrap();
    all.into_iter().filter(|alarm| alarm.what == what).map(|alarm| alarm.detail).collect()
}

#[tokio::test]
async fn a_reply_that_notifications_miss_is_found_in_the_thread_and_the_other_way_round() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        unit.square.replies_unnoticed(&post.id, &bank(), "We are looking into it.");
        unit.square.replies_outside_the_thread(&post.id, &bank(), "Done.");
        hear(&unit).await;
        let heard = history(&unit, &row).await;
        assert_eq!(heard.len(), 2);
        assert!(heard.iter().all(|one| one.voice == Voice::Bank && one.author == BANK_HANDLE));
        let mut texts: Vec<_> = heard.iter().filter_map(|one| one.text.as_deref()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["Done.", "We are looking into it."]);
    })
    .await;
}

#[tokio::test]
async fn what_is_heard_by_both_ways_and_again_is_kept_once_and_a_deleted_reply_stays() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        let reply = unit.square.replies(&post.id, &bank(), "Please DM us.");
        unit.square.likes(&post.id, &bank());
        unit.square.likes(&post.id, &somebody());
        hear(&unit).await;
        unit.square.takes_back(&reply);
        for _ in 0..3 {
            unit.clock.advance(minutes(30));
            hear(&unit).await;
        }
        let (first, last) = (Timestamp::from_micros(0), unit.clock.now().plus(hours(1)));
        let id = &row.delivery.id;
        let counts = unit.store.engagement_counts(Some(id), first, last).await.unwrap();
        let counts: Vec<_> = counts.iter().map(|one| (one.kind, one.voice, one.count)).collect();
        assert_eq!(
            counts,
            [
                (EngagementKind::Like, Voice::Bank, 1),
                (EngagementKind::Like, Voice::Other, 1),
                (EngagementKind::Reply, Voice::Bank, 1),
            ]
        );
        let all = unit.store.engagement_counts(None, first, last).await.unwrap();
        assert_eq!(all.len(), 3);
        assert!(unit.store.engagement_counts(None, last, last).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_cursor_moves_only_after_what_it_brought_is_kept() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        unit.square.replies_outside_the_thread(&post.id, &bank(), "Done.");
        // The process dies at ever later points of the path.
        for polls in (0..14).map(|n| 1_u32 << n) {
            let mut running = Box::pin(listen::run_once(&unit.ctx));
            for _ in 0..polls {
                if (&mut running).now_or_never().is_some() {
                    break;
                }
                tokio::task::yield_now().await;
            }
            drop(running);
            let moved = unit.store.accounts().await.unwrap()[0].mention_cursor.is_some();
            let kept = !history(&unit, &row).await.is_empty();
            assert!(kept || !moved, "after {polls} polls the cursor moved, and nothing was kept");
        }
        hear(&unit).await;
        assert_eq!(history(&unit, &row).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn cursors_survive_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let mut unit = Unit::new(&url, folder).await;
    let (row, post) = unit.posted().await;
    unit.square.replies_outside_the_thread(&post.id, &bank(), "First.");
    hear(&unit).await;
    let again = Store::open(&url, 2, &unit.clock, Dice::seeded(8)).await.unwrap();
    assert_eq!(again.accounts().await.unwrap()[0].mention_cursor.as_deref(), Some("1"));
    unit.ctx.store = again;
    unit.square.replies_outside_the_thread(&post.id, &bank(), "Second.");
    assert_eq!(hear(&unit).await.did, 1);
    assert_eq!(history(&unit, &row).await.len(), 2);
}

#[tokio::test]
async fn an_account_that_cannot_be_read_loses_no_cursor_and_stops_no_other() {
    on_both(async |mut unit| {
        let good = unit.second_account("second").await;
        let (row, post) = unit.posted().await;
        let (other, other_post) = unit.posted_on("second", &good).await;
        for unread in [throttled(), blocked(), broken()] {
            unit.square.fails(Reading::Mentions, unread.clone());
            unit.square.fails(Reading::Thread, unread);
            unit.square.replies(&post.id, &bank(), "Noted.");
            good.replies(&other_post.id, &bank(), "Noted.");
            let progress = hear(&unit).await;
            assert!(progress.notes.iter().any(|note| note.contains("unit")), "{progress:?}");
            assert!(history(&unit, &row).await.is_empty());
            let accounts = unit.store.accounts().await.unwrap();
            let unread = accounts.iter().find(|row| row.account.name.as_str() == "unit").unwrap();
            assert_eq!((&unread.mention_cursor, unread.last_heard_at), (&None, None));
            unit.clock.advance(hours(1));
        }
        assert_eq!(history(&unit, &other).await.len(), 3);
        unit.square.recovers();
        hear(&unit).await;
        assert_eq!(history(&unit, &row).await.len(), 3, "nothing was missed");
    })
    .await;
}

#[tokio::test]
async fn an_account_that_is_throttled_is_not_asked_again_in_the_same_run() {
    on_both(async |unit| {
        for _ in 0..3 {
            unit.posted().await;
        }
        unit.square.fails(Reading::Thread, throttled());
        hear(&unit).await;
        assert_eq!(unit.square.asked(Reading::Thread), 1);
    })
    .await;
}

#[tokio::test]
async fn listening_decays_with_the_posts_age_and_ends() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        let (mut asked, mut by_day) = (0, Vec::new());
        for _ in 0..20 {
            for _ in 0..24 * 2 {
                hear(&unit).await;
                unit.clock.advance(minutes(30));
            }
            let now = unit.square.asked(Reading::Thread);
            by_day.push(now - asked);
            asked = now;
        }
        assert!(by_day[0] > 15, "a fresh post is listened to often: {by_day:?}");
        let (early, late): (u32, u32) = (by_day[1..5].iter().sum(), by_day[10..14].iter().sum());
        assert!(by_day[0] > early && early > late && late > 0, "{by_day:?}");
        assert_eq!(by_day[15..], [0; 5], "after a fortnight nobody listens: {by_day:?}");
        assert_eq!(unit.delivery(&row).await.listen_at, None);
        // What its notifications bring is still heard.
        unit.square.replies(&post.id, &bank(), "At last.");
        hear(&unit).await;
        assert_eq!(history(&unit, &row).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn of_anyone_but_a_verified_bank_handle_only_counts_and_a_keyed_hash_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.db");
    let unit = Unit::new(&format!("sqlite:{}", ledger.display()), folder).await;
    let (row, post) = unit.posted().await;
    unit.square.replies(&post.id, &somebody(), "I am Meera Kumari, help me");
    unit.square.likes(&post.id, &somebody());
    hear(&unit).await;
    let heard = history(&unit, &row).await;
    assert_eq!(heard.len(), 2);
    assert_eq!(heard[0].author, heard[1].author, "one person, one alias");
    assert_eq!(heard[0].author.len(), 64);
    assert!(heard.iter().all(|one| one.text.is_none() && one.post_id.is_none()));
    let mut bytes = std::fs::read(&ledger).unwrap();
    bytes.extend(std::fs::read(ledger.with_extension("db-wal")).unwrap_or_default());
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds(&heard[0].author), "the file is the ledger");
    for private in ["meera", "Meera", "elsewhere.example"] {
        assert!(!holds(private), "{private} is in the ledger");
    }
}

#[tokio::test]
async fn masked_texts_of_others_expire_and_the_banks_answers_stay_longer() {
    on_both(async |mut unit| {
        unit.configure(|config| config.listen.keep_others_text = Some(hours(72)));
        let (row, post) = unit.posted().await;
        unit.square.replies(&post.id, &somebody(), "@care @meera.k@elsewhere.example me too");
        unit.square.replies(&post.id, &bank(), "Noted, @meera.k@elsewhere.example.");
        hear(&unit).await;
        let texts = async || {
            let heard = history(&unit, &row).await;
            let mut texts: Vec<_> = heard.into_iter().filter_map(|one| one.text).collect();
            texts.sort();
            texts
        };
        let kept = texts().await;
        assert_eq!(kept.len(), 2);
        assert!(kept.iter().all(|text| !text.contains("meera")), "{kept:?}");
        assert!(kept[0].starts_with("@care @█") && kept[0].ends_with(" me too"), "{kept:?}");
        unit.clock.advance(hours(71));
        hear(&unit).await;
        assert_eq!(texts().await.len(), 2);
        unit.clock.advance(hours(2));
        hear(&unit).await;
        assert_eq!(texts().await, kept[1..]);
        // It is not kept anew at the next reading.
        unit.clock.advance(hours(200));
        hear(&unit).await;
        assert_eq!(texts().await.len(), 1);
        unit.clock.advance(hours(8760));
        hear(&unit).await;
        assert!(texts().await.is_empty());
        assert_eq!(history(&unit, &row).await.len(), 2, "the counts stay");
    })
    .await;
}

#[tokio::test]
async fn look_alike_handles_are_flagged_and_ring_once() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        let impostor = author("peepa1.example/5", "care@peepa1.example");
        unit.square.replies(&post.id, &impostor, "Send your OTP to get your money back.");
        unit.square.likes(&post.id, &impostor);
        for _ in 0..3 {
            hear(&unit).await;
            unit.clock.advance(minutes(30));
        }
        let heard = history(&unit, &row).await;
        assert_eq!(heard.len(), 2);
        assert!(heard.iter().all(|one| one.voice == Voice::LookAlike && one.text.is_none()));
        let alarms = alarms_about(&unit, What::LookAlike).await;
        assert_eq!(alarms.len(), 1);
        assert!(alarms[0].contains(BANK_HANDLE) && alarms[0].contains(&post.permalink));
        assert!(!alarms[0].contains("peepa1"), "the imitator is named nowhere: {alarms:?}");
    })
    .await;
}

#[tokio::test]
async fn our_own_answers_and_notifications_on_no_post_of_ours_are_kept_nowhere() {
    on_both(async |unit| {
        let (row, post) = unit.posted().await;
        unit.square.replies(&post.id, &author("square.example/unit", "unit"), "Thank you.");
        unit.square.replies("", &somebody(), "Hello police");
        unit.square.replies("p999", &somebody(), "Hello again");
        let progress = hear(&unit).await;
        assert_eq!(progress.did, 0);
        assert_eq!(progress.notes, ["2 notifications of unit on no post of ours"]);
        assert!(history(&unit, &row).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn chatwoot_4415_a_feed_that_stops_is_noticed() {
    on_both(async |unit| {
        unit.posted().await;
        hear(&unit).await;
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        assert!(alarms_about(&unit, What::FeedSilent).await.is_empty());
        // Nothing fails loudly; it is only no longer read.
        unit.clock.advance(minutes(31));
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        let alarms = alarms_about(&unit, What::FeedSilent).await;
        assert_eq!(alarms.len(), 1);
        assert!(alarms[0].contains("account unit"), "{alarms:?}");
    })
    .await;
}

#[tokio::test]
async fn a_feed_that_never_told_anything_is_noticed_too() {
    on_both(async |unit| {
        unit.square.fails(Reading::Mentions, broken());
        unit.clock.advance(hours(2));
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        assert!(alarms_about(&unit, What::FeedSilent).await.is_empty(), "nothing was posted yet");
        unit.posted().await;
        for _ in 0..4 {
            hear(&unit).await;
            unit.clock.advance(minutes(10));
        }
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        assert_eq!(alarms_about(&unit, What::FeedSilent).await.len(), 1);
    })
    .await;
}

async fn mismatch(unit: &Unit) -> Option<String> {
    unit.store.handles().await.unwrap().remove(0).mismatch
}

#[tokio::test]
async fn a_verified_handle_that_is_another_id_or_gone_holds_what_mentions_it_and_rings() {
    on_both(async |unit| {
        handles::run_once(&unit.ctx).await.unwrap();
        assert_eq!(unit.square.asked(Reading::Resolve), 0, "the last answer is fresh");

        unit.clock.advance(hours(19));
        unit.square.fails(Reading::Resolve, broken());
        let progress = handles::run_once(&unit.ctx).await.unwrap();
        assert_eq!((progress.did, progress.notes.len()), (0, 1));
        assert_eq!(mismatch(&unit).await, None, "a reading that failed says nothing");
        unit.square.recovers();
        handles::run_once(&unit.ctx).await.unwrap();
        unit.clock.advance(hours(10));
        handles::run_once(&unit.ctx).await.unwrap();
        assert_eq!(unit.square.asked(Reading::Resolve), 2);

        let waiting = unit.cleared("unit").await;
        unit.clock.advance(hours(10));
        unit.square.owns(BANK_HANDLE, "peepal.example/666");
        handles::run_once(&unit.ctx).await.unwrap();
        let wrong = mismatch(&unit).await.unwrap();
        assert!(wrong.contains("another account"), "{wrong}");
        assert!(unit.claim().await.deliveries.is_empty(), "never posted");
        assert!(unit.delivery(&waiting).await.sent_at.is_none());
        alarms::raise_conditions(&unit.ctx).await.unwrap();
        assert_eq!(alarms_about(&unit, What::HandleChanged).await.len(), 1);

        unit.clock.advance(hours(19));
        unit.square.vanishes(BANK_HANDLE);
        handles::run_once(&unit.ctx).await.unwrap();
        assert!(mismatch(&unit).await.unwrap().contains("is gone"));
    })
    .await;
}

#[tokio::test]
async fn a_mastodon_servers_answers_reach_the_ledger_by_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ledger.db").display());
    let mut unit = Unit::new(&url, folder).await;
    let fake = FakeMastodon::start().await;
    let Clock::Stepped(micros) = &unit.clock else { panic!("a story steps its clock") };
    micros.store(fake.now().micros(), std::sync::atomic::Ordering::SeqCst);
    let name = AccountName::new("town");
    let config = MastodonConfig::new(name.clone(), &fake.base_url, fake.token(), fake.clock());
    let town = Arc::new(Mastodon::connect(config).unwrap());
    unit.connect("town", Arc::clone(&town) as _).await;
    let care = fake.bank_account("care@peepal.example");
    let identity = town.resolve("care@peepal.example").await.unwrap().unwrap();
    unit.verify(&identity.author).await;

    let row = unit.cleared("town").await;
    let id = fake.post_in_our_name(&row.delivery.content.text);
    let posted = town.own_posts(fake.now().minus(hours(1))).await.unwrap().remove(0);
    assert_eq!(posted.id, id);
    unit.ends(|_| Outcome::Accepted(receipt(&posted))).await;
    fake.reply(&id, &care, "Noted; we are looking into it.");
    fake.reply(&id, &fake.account("care@peepa1.example"), "@unit DM us your OTP");
    fake.like(&id, &fake.account("someone@elsewhere.example"));
    for _ in 0..2 {
        listen::run_once(&unit.ctx).await.unwrap();
        unit.clock.advance(SignedDuration::from_secs(600));
        fake.advance(SignedDuration::from_secs(600));
    }
    let heard = history(&unit, &row).await;
    let mut kinds: Vec<_> = heard.iter().map(|one| (one.kind, one.voice)).collect();
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            (EngagementKind::Reply, Voice::Bank),
            (EngagementKind::Reply, Voice::LookAlike),
            (EngagementKind::Like, Voice::Other),
        ]
    );
    own_timeline::run_once(&unit.ctx).await.unwrap();
    let all = unit.store.alarms(false, 10).await.unwrap();
    assert_eq!(all.iter().map(|one| one.what).collect::<Vec<_>>(), [What::LookAlike], "{all:#?}");
    assert_eq!(unit.store.handles().await.unwrap()[0].bank, BankCode::new(BANK));
}

#[tokio::test]
async fn a_post_that_waits_or_was_never_delivered_is_not_listened_to() {
    on_both(async |unit| {
        let square: &Scripted = &unit.square;
        unit.cleared("unit").await;
        hear(&unit).await;
        unit.ends(|_| Outcome::Refused { reason: "too long".to_owned() }).await;
        hear(&unit).await;
        assert_eq!(square.asked(Reading::Thread), 0);
    })
    .await;
}
