//! The picture of a post: drawn from the facts, approved with the text, sent as it was approved, and
//! never without it.

use std::{collections::BTreeSet, sync::Arc};

use jiff::SignedDuration;
use secrecy::SecretString;
use takaza::{
    demo::{
        cast::Unit,
        square::{Square, http},
    },
    destinations::{Destination as _, NotNow, Permit, Sent, sandbox::Sandbox},
    domain::{
        canonical::{self, Hash},
        delivery::{Content, Outcome, State, StateName},
        drafting::Grounds,
        escalation::{EscalationKind, EscalationState},
        ids::AccountName,
        leak_guard::LeakKind,
        platform::Language,
        wording::{Objection, card},
    },
    reports::card as drawing,
    store::EscalationRow,
    work::{self, hand_off, saying},
};

use crate::{
    states::signed_order,
    support::{
        claimed::{self, Wanted},
        console::Desk,
        fake_cases::liens,
        fake_mastodon::{Ask, Trick},
        ledger_sql,
        world::{Db, World},
    },
};

/// A picture as it is drawn, for servers that look into it.
pub fn a_real_one() -> Vec<u8> {
    let facts = claimed::facts("GGM-T0001", crate::support::world::start());
    let words = card::card(&facts, EscalationKind::Tag, Language::Hi).unwrap();
    drawing::png(&drawing::svg(&words).unwrap()).unwrap()
}

/// The account's tags bear a picture from now on.
async fn turn_on(world: &World, account: &str) {
    let root = world.person("root").await.as_administrator(world.now()).unwrap();
    let name = AccountName::new(account);
    world.ctx.store.set_picture(&world.by("root"), &root, &name, true).await.unwrap();
}

async fn pictured() -> World {
    let world = World::new().await;
    turn_on(&world, "unit").await;
    world
}

fn png_of(row: &EscalationRow) -> Hash {
    row.escalation.contents[0].picture.as_ref().expect("it has a picture").png
}

#[tokio::test]
async fn a_tag_goes_out_with_the_very_picture_that_was_approved() {
    for db in [Db::Sqlite, Db::Postgres] {
        let Some(world) = World::with(db, |_| {}).await else { continue };
        turn_on(&world, "unit").await;
        let row = world.cleared("ZPPL").await;
        let picture = row.escalation.contents[0].picture.clone().unwrap();
        let kept = world.ctx.store.picture(&picture.png).await.unwrap();
        assert_eq!(Hash::of(&kept), picture.png);

        work::deliver::run_once(&world.ctx).await.unwrap();
        let (posts, media) = (world.town.posts(), world.town.media());
        assert_eq!((posts.len(), media.len()), (1, 1));
        assert_eq!(posts[0].media, [media[0].id.clone()]);
        assert_eq!(media[0].bytes, kept, "the very bytes");
        assert_eq!(media[0].alt, picture.alt);
        for said in ["Peepal", row.escalation.reference.as_str(), "Cyber Crime Unit", "6 hours"] {
            assert!(picture.alt.contains(said), "{said}: {}", picture.alt);
        }
        assert_eq!(world.states(&row).await, [StateName::Delivered]);
    }
}

#[tokio::test]
async fn an_approval_names_the_picture_and_a_content_without_one_keeps_its_hash() {
    let world = pictured().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let row = world.held().await;
    let seen = row.escalation.hash();
    let mut other = row.escalation.clone();
    other.contents[0].picture.as_mut().unwrap().png = Hash::of(b"another");
    assert_ne!(other.hash(), seen, "other bytes are another thing to approve");
    let mut other = row.escalation.clone();
    other.contents[0].picture.as_mut().unwrap().alt.push('!');
    assert_ne!(other.hash(), seen, "so is another alternative text");

    // As it was written before there were pictures.
    let plain = Content { picture: None, ..row.escalation.contents[0].clone() };
    let json = serde_json::to_string(&plain).unwrap();
    assert!(!json.contains("picture"), "{json}");
    let old: Content = serde_json::from_str(&json).unwrap();
    assert_eq!((old.hash(), &old), (plain.hash(), &plain));
    assert_eq!(
        plain.hash(),
        canonical::hash(&serde_json::from_str::<serde_json::Value>(&json).unwrap())
    );

    // An edit changes words; the picture stays what it was, and is no editor's to change.
    let mut edited = row.escalation.clone();
    let mut contents = edited.contents.clone();
    contents[0].picture = None;
    assert!(edited.edit(&world.person("asha").await.id, contents, false).is_err());
}

#[tokio::test]
async fn other_bytes_than_the_approved_ones_or_none_never_go_out() {
    for harm in ["UPDATE picture SET png = 'iVBORw0KGgo='", "DELETE FROM picture"] {
        let world = pictured().await;
        let row = world.cleared("ZPPL").await;
        ledger_sql::run(&world.ledger_url, harm).await;
        assert!(world.ctx.store.picture(&png_of(&row)).await.is_err());
        work::deliver::run_once(&world.ctx).await.unwrap();
        assert_eq!((world.town.posts().len(), world.town.media().len()), (0, 0), "{harm}");
        assert_eq!(world.states(&row).await, [StateName::Waiting]);
    }
}

/// Delivers, while the upload of the picture takes so long and meanwhile this is done.
async fn deliver_slowly(
    world: &World,
    upload: SignedDuration,
    meanwhile: impl Future<Output = ()>,
) {
    world.town.hostile_on(Ask::Media, 1, Trick::LateBefore);
    let slow = async {
        world.town.somebody_is_parked().await;
        meanwhile.await;
        world.pass(upload);
        world.town.release().await;
    };
    let (delivered, ()) = tokio::join!(work::deliver::run_once(&world.ctx), slow);
    delivered.unwrap();
}

#[tokio::test]
async fn an_upload_of_seconds_is_no_reason_to_wait() {
    let world = pictured().await;
    let row = world.cleared("ZPPL").await;
    deliver_slowly(&world, SignedDuration::from_secs(5), async {}).await;
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    assert_eq!(world.town.asked(Ask::Media), 1);
}

#[tokio::test]
async fn a_stop_during_an_upload_keeps_the_post_here() {
    let world = pictured().await;
    let row = world.cleared("ZPPL").await;
    let asha = world.person("asha").await.as_desk(world.now()).unwrap();
    let stop = async {
        world.ctx.store.stop(&world.by("asha"), &asha, "an incident").await.unwrap();
    };
    deliver_slowly(&world, SignedDuration::from_secs(1), stop).await;
    assert_eq!((world.town.media().len(), world.town.asked(Ask::Post)), (1, 0));
    assert_eq!(world.states(&row).await, [StateName::Waiting]);
}

#[tokio::test]
async fn an_upload_that_outlasts_the_recheck_is_tried_again_after_longer_and_longer_waits() {
    let world = pictured().await;
    let row = world.cleared("ZPPL").await;
    let too_long = SignedDuration::from_secs(11);
    for (n, wait) in [30, 60].into_iter().enumerate() {
        deliver_slowly(&world, too_long, async {}).await;
        assert_eq!((world.town.asked(Ask::Media), world.town.asked(Ask::Post)), (n + 1, 0));
        let delivery = world.again(&row).await.deliveries[0].delivery.clone();
        let next = world.now().plus(SignedDuration::from_secs(wait));
        let State::Waiting { not_before, why } = delivery.state() else { panic!("{delivery:?}") };
        assert_eq!(*not_before, next);
        assert!(why.as_ref().unwrap().contains("too long"), "{why:?}");
        work::deliver::run_once(&world.ctx).await.unwrap();
        assert_eq!(world.town.asked(Ask::Media), n + 1, "not at once again");
        world.pass(SignedDuration::from_secs(wait));
    }
    work::deliver::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.states(&row).await, [StateName::Delivered]);
    let ended = "SELECT COUNT(*) FROM attempt WHERE outcome = 'not-sent'";
    assert_eq!(ledger_sql::number(&world.ledger_url, ended).await, 2);
}

#[tokio::test]
async fn a_standing_order_covers_a_picture_only_where_it_names_its_design() {
    let world = pictured().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let row = world.held().await;
    signed_order(&world, &row, "words only", |_terms| {}).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Held);

    let design = card::design(Language::En);
    let mut named = world.ctx.templates.hashes();
    assert!(named.any(|(name, hash)| name == "en/tag.card" && hash == design));
    signed_order(&world, &row, "with a picture", |terms| terms.templates.push(design)).await;
    work::clear::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.again(&row).await.escalation.state(), EscalationState::Cleared);
}

#[tokio::test]
async fn what_a_picture_says_is_judged_like_the_text() {
    let world = pictured().await;
    world.cases.put(liens("ZPPL", 5, world.now()));
    world.watch_and_escalate().await;
    let row = world.held().await;
    let members = world.ctx.store.members(&row.escalation.id).await.unwrap();
    let grounds = Grounds { about: None, members: saying::cases(&members), earlier: Vec::new() };
    let against = |more: &str| -> BTreeSet<&'static str> {
        let mut escalation = row.escalation.clone();
        escalation.contents[0].picture.as_mut().unwrap().alt.push_str(more);
        let against = grounds.against(&escalation, &world.ctx.config.wording);
        let within = against.into_iter().map(|(_, objection)| match objection {
            Objection::InPicture(inner) => *inner,
            other => panic!("the text itself stands: {other}"),
        });
        within.map(|objection| objection.code()).collect()
    };
    assert_eq!(against(""), BTreeSet::new());
    assert_eq!(against(" 9876543210"), BTreeSet::from(["leak", "number-not-in-facts"]));
    assert_eq!(against(" 77 cases"), BTreeSet::from(["number-not-in-facts"]));
    assert_eq!(against(" A negligent bank."), BTreeSet::from(["refused-word"]));
    assert_eq!(against(" @peepal"), BTreeSet::from(["mention"]));
    let mut silent = row.escalation.clone();
    silent.contents[0].picture.as_mut().unwrap().alt = "Peepal Bank.".to_owned();
    let against = grounds.against(&silent, &world.ctx.config.wording);
    assert!(against.iter().any(|(_, one)| one.code() == "missing-as-of"), "{against:?}");
    assert_eq!(leaks(&grounds, &world, &row), [LeakKind::Phone]);
}

fn leaks(grounds: &Grounds, world: &World, row: &EscalationRow) -> Vec<LeakKind> {
    let mut escalation = row.escalation.clone();
    escalation.contents[0].picture.as_mut().unwrap().alt.push_str(" +91 98765 43210");
    let against = grounds.against(&escalation, &world.ctx.config.wording).into_iter();
    let leak = |(_, objection)| match objection {
        Objection::InPicture(inner) => match *inner {
            Objection::Leak { kind, .. } => Some(kind),
            _ => None,
        },
        _ => None,
    };
    against.filter_map(leak).collect()
}

#[tokio::test]
async fn only_tags_bear_a_picture_and_only_of_accounts_that_show_them() {
    let plain = World::new().await;
    let row = plain.cleared("ZPPL").await;
    assert_eq!(row.escalation.contents[0].picture, None);
    assert_eq!(ledger_sql::number(&plain.ledger_url, "SELECT COUNT(*) FROM picture").await, 0);

    let world = pictured().await;
    assert_eq!(ledger_sql::entries(&world.ledger_url, "account.picture").await, 1);
    let row = world.cleared("ZPPL").await;
    work::deliver::run_once(&world.ctx).await.unwrap();
    let by = world.by("asha");
    let reference = row.escalation.reference.as_str();
    let correction = work::set_right::draft_correction(&world.ctx, &by, reference).await.unwrap();
    let correction = world.ctx.store.escalation(&correction).await.unwrap();
    assert_eq!(correction.escalation.kind, EscalationKind::Correction);
    assert_eq!(correction.escalation.contents[0].picture, None);

    // An account from before there were pictures: nobody has said that it shows them.
    ledger_sql::run(&world.ledger_url, "UPDATE account SET picture = NULL").await;
    let accounts = world.ctx.store.accounts().await.unwrap();
    assert!(accounts.iter().all(|row| !row.account.shows_pictures()));
}

#[tokio::test]
async fn an_officer_who_posts_by_hand_gets_the_picture_and_its_words() {
    let mut world = World::new().await;
    world.hand_off("on-x").await;
    turn_on(&world, "on-x").await;
    let row = world.cleared("ZPPL").await;
    let content = |name: &str| {
        let mut contents = row.escalation.contents.iter();
        contents.find(|content| content.account.as_str() == name).unwrap().clone()
    };
    assert_eq!(content("unit").picture, None, "each account by itself");
    let delivery = row.deliveries.iter().find(|one| one.delivery.content == content("on-x"));
    let asha = world.person("asha").await.as_desk(world.now()).unwrap();
    let id = &delivery.unwrap().delivery.id;
    let taken = hand_off::take(&world.ctx, &world.by("asha"), &asha, id).await.unwrap();
    let picture = taken.picture.unwrap();
    assert_eq!(Some(&picture), content("on-x").picture.as_ref());
    assert!(world.ctx.store.picture(&picture.png).await.is_ok());
}

#[tokio::test]
async fn the_console_shows_what_is_approved() {
    let desk = Desk::over(pictured().await).await;
    desk.world.cases.put(liens("ZPPL", 5, desk.world.now()));
    desk.world.watch_and_escalate().await;
    let row = desk.world.held().await;
    let picture = row.escalation.contents[0].picture.clone().unwrap();
    let (reference, address) = (&row.escalation.reference, format!("/pictures/{}", picture.png));
    let mut dcp = desk.signed_in("dcp").await;
    for path in [format!("/queue/{reference}"), format!("/posts/{reference}")] {
        let page = dcp.get(&path).await;
        page.ok().says_not("posts-picture");
        assert!(page.html.contains(&format!("<img src=\"{address}\"")), "{path}");
        page.says(&picture.alt);
    }
    let shown = dcp.get(&address).await;
    shown.ok();
    assert_eq!(shown.headers["content-type"], "image/png");
    assert_eq!(shown.headers["cache-control"], "private, max-age=31536000, immutable");
    assert_eq!(shown.headers["x-content-type-options"], "nosniff");
    dcp.get(&format!("/pictures/{}", Hash::of(b"none"))).await.is(404);
    dcp.get("/pictures/none").await.is(404);
    let mut nobody = desk.browser();
    assert!(nobody.get(&address).await.headers["content-type"] != "image/png");
}

struct Yes;

impl Permit for Yes {
    fn check(&self) -> Result<(), NotNow> {
        Ok(())
    }
}

#[tokio::test]
async fn the_town_square_shows_the_picture_and_what_it_says() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let now = crate::support::world::start();
    let token = SecretString::from("right");
    let tell = Arc::new(move || now);
    let square = Arc::new(Square::new(&Unit::default(), &base_url, token.clone(), 1, tell));
    tokio::spawn(http::serve(Arc::clone(&square), listener, std::future::pending()));
    let sandbox = Sandbox::new(&base_url, token).unwrap();
    let wanted = Wanted { picture: Some(vec![7; 60_000]), ..Wanted::tag(1, now) };
    let sent = sandbox.send(&wanted.claim(), &Yes).await;
    let Sent::Attempted(Outcome::Accepted(receipt)) = sent else { panic!("{sent:?}") };

    let mut browser = crate::support::browser::Browser::at(&base_url);
    let page = browser.get(receipt.permalink.strip_prefix(&base_url).unwrap()).await;
    let alt = wanted.content().picture.unwrap().alt;
    assert!(page.html.contains(&format!("src=\"/pictures/{}\"", receipt.id)), "{}", page.html);
    assert!(page.html.contains(&alt), "{}", page.html);
    let shown = browser.get(&format!("/pictures/{}", receipt.id)).await;
    assert_eq!(shown.headers["content-type"], "image/png");
    assert_eq!(shown.html.len(), 60_000);
}
