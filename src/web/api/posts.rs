//! Posts: every delivery, one escalation's whole history, and what came back.

use std::collections::BTreeMap;

use axum::{
    Json,
    body::Bytes,
    http::{HeaderName, header},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Call, Fault,
    fault::{Absent, Faults},
    given::{Asked, Items, Limit, Named, Nothing, after_id},
    queue::bank_code,
    words,
};
use crate::{
    domain::{
        canonical::Hash,
        delivery::StateName,
        ids::{AccountName, DeliveryId},
    },
    store::{DeliveryFilter, Listed},
    work::{
        bill,
        view::{DeliveryView, EngagementView, HistoryView},
    },
};

/// Which deliveries are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct PostsAsked {
    /// Only this state.
    #[param(schema_with = words::delivery_states)]
    state: Option<StateName>,
    /// Only this bank, by its code.
    #[param(pattern = "^[A-Za-z]{4}$")]
    bank: Option<String>,
    /// Only from this account, by its name.
    #[param(pattern = "^[ -~]{1,64}$")]
    account: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9-]{1,64}$")]
    after: Option<String>,
    /// How many to show (50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

// Written out, though most of it is the deliveries': serde refuses no unknown key of a struct that is
// flattened into another.
/// Which posts' engagement is asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EngagementAsked {
    /// Only this bank, by its code.
    #[param(pattern = "^[A-Za-z]{4}$")]
    bank: Option<String>,
    /// Only from this account, by its name.
    #[param(pattern = "^[ -~]{1,64}$")]
    account: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9-]{1,64}$")]
    after: Option<String>,
    /// How many to show (50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// What came back on one post.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PostEngagement {
    /// Its escalation's reference.
    reference: String,
    /// The delivery's id.
    delivery: String,
    /// The bank's code.
    bank: String,
    /// The unit's account.
    account: String,
    /// Where the post is, or was.
    permalink: Option<String>,
    /// By kind and voice.
    counts: Vec<EngagementView>,
}

fn account(text: Option<String>) -> Result<Option<AccountName>, Fault> {
    let Some(text) = text else { return Ok(None) };
    let plain = |c: char| c.is_ascii_graphic() || c == ' ';
    if text.is_empty() || text.len() > 64 || !text.chars().all(plain) {
        return Err(Fault::Malformed("`account` is the name of an account.".to_owned()));
    }
    Ok(Some(AccountName::new(text)))
}

/// Where a delivery lies in a list of them.
fn place(listed: &&Listed) -> String {
    listed.row.delivery.id.to_string()
}

/// Lists deliveries, the latest drafted first.
#[utoipa::path(
    get, path = "/api/v1/posts", tag = "posts", params(PostsAsked), security(("token" = ["read"])),
    responses((status = 200, description = "One page", body = Items<DeliveryView>), Faults)
)]
pub(super) async fn list(
    call: Call,
    Asked(asked): Asked<PostsAsked>,
) -> Result<Json<Items<DeliveryView>>, Fault> {
    let limit = Limit::of(asked.limit)?;
    let filter = DeliveryFilter {
        states: asked.state.into_iter().collect(),
        bank: bank_code(asked.bank.as_deref())?,
        account: account(asked.account)?,
        before: after_id(asked.after.as_deref())?.map(DeliveryId::new),
        page: limit.asked(),
        ..DeliveryFilter::default()
    };
    let listed = call.store().deliveries(&filter).await?;
    Ok(Json(limit.shown(&listed, place, |one| DeliveryView::of(one))))
}

/// Shows one post's whole history: drafting, clearance, attempts, receipt, engagement, record.
#[utoipa::path(
    get, path = "/api/v1/posts/{reference}", tag = "posts", security(("token" = ["read"])),
    params(
        ("reference" = String, Path, description = "Its reference or id, or a delivery's id", max_length = 64)
    ),
    responses((status = 200, description = "The history", body = HistoryView), Absent, Faults)
)]
pub(super) async fn one(
    call: Call,
    Named(reference): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<HistoryView>, Fault> {
    let history = call.store().history_of(&reference).await?;
    let bill = bill::bill(call.ctx(), std::slice::from_ref(&history.row)).await?;
    Ok(Json(HistoryView::of(&history, &bill)))
}

/// Lists posts that went out with what came back on each, the latest drafted first.
#[utoipa::path(
    get, path = "/api/v1/engagement", tag = "posts", params(EngagementAsked),
    security(("token" = ["read"])),
    responses((status = 200, description = "One page", body = Items<PostEngagement>), Faults)
)]
pub(super) async fn engagement(
    call: Call,
    Asked(asked): Asked<EngagementAsked>,
) -> Result<Json<Items<PostEngagement>>, Fault> {
    let limit = Limit::of(asked.limit)?;
    let filter = DeliveryFilter {
        states: vec![StateName::Delivered, StateName::Retracted],
        bank: bank_code(asked.bank.as_deref())?,
        account: account(asked.account)?,
        before: after_id(asked.after.as_deref())?.map(DeliveryId::new),
        page: limit.asked(),
        ..DeliveryFilter::default()
    };
    let listed = call.store().deliveries(&filter).await?;
    let ids: Vec<_> = listed.iter().map(|one| &one.row.delivery.id).collect();
    let mut counts: BTreeMap<String, Vec<EngagementView>> = BTreeMap::new();
    for one in call.store().counts_by_voice(&ids).await? {
        counts.entry(one.delivery.to_string()).or_default().push(EngagementView::of(&one));
    }
    let post = |listed: &&Listed| {
        let view = DeliveryView::of(listed);
        let counts = counts.remove(&view.delivery).unwrap_or_default();
        let DeliveryView { reference, delivery, bank, account, permalink, .. } = view;
        PostEngagement { reference, delivery, bank, account, permalink, counts }
    };
    Ok(Json(limit.shown(&listed, place, post)))
}

/// A picture: its type, that it never changes, its bytes.
type Png = ([(HeaderName, &'static str); 2], Bytes);

/// Gives the picture of a post, by the SHA-256 of its bytes.
#[utoipa::path(
    get, path = "/api/v1/pictures/{hash}", tag = "posts", security(("token" = ["read"])),
    params(
        ("hash" = String, Path, description = "What `picture` of a post says", max_length = 64)
    ),
    responses(
        (status = 200, description = "The picture", body = [u8], content_type = "image/png"),
        Absent, Faults
    )
)]
pub(super) async fn picture(
    call: Call,
    Named(hash): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Png, Fault> {
    let hash = Hash::parse(&hash).ok_or(Fault::NotFound)?;
    let png = call.store().picture(&hash).await?;
    let headers = [
        (header::CONTENT_TYPE, "image/png"),
        (header::CACHE_CONTROL, "private, max-age=31536000, immutable"),
    ];
    Ok((headers, png.into()))
}
