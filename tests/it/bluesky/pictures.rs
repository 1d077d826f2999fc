//! The picture of a post: a blob that goes before the record, and that the record names.

use serde_json::json;
use takaza::{
    destinations::{Destination as _, NotNow, Permit, Sent},
    domain::delivery::OutcomeKind,
};

use super::{connect, impatient, outcome};
use crate::support::{
    claimed::Wanted,
    fake_bluesky::{Ask, FakeBluesky, Quirk, Trick},
};

/// The beginning of a PNG of 1200 × 675, and some bytes.
fn pictured(fake: &FakeBluesky) -> Wanted {
    let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\xb0\0\0\x02\xa3".to_vec();
    png.extend((0..50_000_u32).map(|n| n.to_le_bytes()[0]));
    Wanted { picture: Some(png), ..Wanted::tag(1, fake.now()) }
}

#[tokio::test]
async fn the_record_names_the_picture_its_words_and_its_shape() {
    let fake = FakeBluesky::start().await;
    let wanted = pictured(&fake);
    let sent = outcome(&connect(&fake), &wanted).await;
    assert_eq!(sent.kind(), OutcomeKind::Accepted, "{sent:?}");
    let [post] = &fake.posts()[..] else { panic!("one post") };
    let image = &post.value["embed"]["images"][0];
    assert_eq!(post.value["embed"]["$type"], json!("app.bsky.embed.images"));
    assert_eq!(image["alt"], json!(wanted.content().picture.unwrap().alt));
    assert_eq!(image["aspectRatio"], json!({ "width": 1200, "height": 675 }));
    let cid = image["image"]["ref"]["$link"].as_str().unwrap();
    assert_eq!(fake.blobs().get(cid), wanted.picture.as_ref());

    // Again, whatever became of it: the same record at the same key.
    let again = outcome(&connect(&fake), &wanted).await;
    assert_eq!(again.kind(), OutcomeKind::Accepted, "{again:?}");
    assert_eq!((fake.made(), fake.overwritten(), fake.blobs().len()), (1, 0, 1));
}

#[tokio::test]
async fn whatever_a_server_does_to_a_picture_no_post_is_in_doubt() {
    for (trick, kind) in [
        (Trick::DropBefore, OutcomeKind::NotSent),
        (Trick::DropAfter, OutcomeKind::NotSent),
        (Trick::ErrorAfter(504), OutcomeKind::NotSent),
        (Trick::Html(502), OutcomeKind::NotSent),
        (Trick::Redirect(307), OutcomeKind::NotSent),
        (Trick::Truncated, OutcomeKind::NotSent),
        (Trick::HugeBody, OutcomeKind::NotSent),
        (Quirk::OtherBlob.into(), OutcomeKind::NotSent),
        (Quirk::Refuse(413, "PayloadTooLarge").into(), OutcomeKind::Refused),
        (Trick::RateLimited(vec![("retry-after", "60".to_owned())]), OutcomeKind::Throttled),
        (Quirk::Refuse(401, "AccountTakedown").into(), OutcomeKind::AccountBlocked),
    ] {
        let fake = FakeBluesky::start().await;
        fake.hostile_on(Ask::Upload, 1, trick.clone());
        let sent = outcome(&connect(&fake), &pictured(&fake)).await;
        assert_eq!(sent.kind(), kind, "{trick:?}: {sent:?}");
        assert!(sent.reason().contains("picture"), "{trick:?}: {}", sent.reason());
        assert_eq!((fake.asked(Ask::Put), fake.made(), fake.trapped()), (0, 0, 0));
    }
    let fake = FakeBluesky::start().await;
    let hasty = impatient(&fake);
    fake.hostile_on(Ask::Upload, 1, Trick::LateBefore);
    let sent = outcome(&hasty, &pictured(&fake)).await;
    assert_eq!(sent.kind(), OutcomeKind::NotSent, "{sent:?}");
    fake.release().await;
    assert_eq!(fake.made(), 0);
}

/// Says yes to the picture's request, which asks twice, and then no.
struct ToThePicture(std::sync::atomic::AtomicUsize);

impl Permit for ToThePicture {
    fn check(&self) -> Result<(), NotNow> {
        if self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst) < 2 {
            return Ok(());
        }
        Err(NotNow { reason: "the stop switch is on".to_owned() })
    }
}

#[tokio::test]
async fn a_stop_between_picture_and_post_keeps_the_post_here() {
    let fake = FakeBluesky::start().await;
    let permit = ToThePicture(std::sync::atomic::AtomicUsize::new(0));
    let sent = connect(&fake).send(&pictured(&fake).claim(), &permit).await;
    assert!(matches!(sent, Sent::NotNow(_)), "{sent:?}");
    assert_eq!((fake.blobs().len(), fake.made()), (1, 0));
}
