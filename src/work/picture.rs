//! The pictures of posts: drawn at drafting, frozen with the text, kept by their hash, and looked at
//! once more before they go out.
//!
//! The bytes are kept and not drawn anew: another version of the fonts or of the drawing would make
//! others than an approver saw.

use crate::{
    domain::{
        canonical::Hash, delivery::ClaimedDelivery, drafting, escalation::Escalation,
        ids::AccountName, platform::Account, wording::card::Card,
    },
    reports::card,
    work::Ctx,
};

/// Draws the pictures of a draft for the accounts that show them, and returns their bytes. A picture
/// that cannot be drawn leaves its text to stand alone.
pub(super) fn draw(escalation: &mut Escalation, accounts: &[Account]) -> Vec<Vec<u8>> {
    let mut pictures = Vec::new();
    let shows = |name: &AccountName| {
        accounts.iter().any(|account| account.name == *name && account.shows_pictures())
    };
    let reference = escalation.reference.clone();
    drafting::illustrate(escalation, shows, |words: &Card| {
        match card::svg(words).and_then(|svg| card::png(&svg)) {
            Ok(png) => {
                let hash = Hash::of(&png);
                pictures.push(png);
                Some(hash)
            }
            Err(error) => {
                tracing::warn!(%reference, "{error}; the text goes without a picture");
                None
            }
        }
    });
    pictures
}

/// A claimed delivery with its picture's bytes, which are the approved ones.
///
/// # Errors
/// The ledger failed, or has others or none.
pub(super) async fn brought(ctx: &Ctx, one: &ClaimedDelivery) -> anyhow::Result<ClaimedDelivery> {
    let Some(picture) = &one.content().picture else { return Ok(one.clone()) };
    let png = ctx.store.picture(&picture.png).await?;
    Ok(one.clone().with_picture(png)?)
}
