//! Standing orders, and whether each is in force.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Call, Fault,
    fault::{Absent, Faults},
    given::{Asked, Items, Limit, Named, Nothing, after_id},
};
use crate::{domain::order::StandingOrder, work::view::OrderView};

/// Which orders are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrdersAsked {
    /// Where the page begins: `next` of the page before.
    #[param(pattern = "^[A-Za-z0-9-]{1,64}$")]
    after: Option<String>,
    /// How many to show (50).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Lists standing orders, the oldest first.
#[utoipa::path(
    get, path = "/api/v1/orders", tag = "orders", params(OrdersAsked),
    security(("token" = ["read"])),
    responses((status = 200, description = "One page", body = Items<OrderView>), Faults)
)]
pub(super) async fn list(
    call: Call,
    Asked(asked): Asked<OrdersAsked>,
) -> Result<Json<Items<OrderView>>, Fault> {
    let limit = Limit::of(asked.limit)?;
    let after = after_id(asked.after.as_deref())?;
    let (store, now) = (call.store(), call.ctx().clock.now());
    let (people, orders) = (store.people().await?, store.orders().await?);
    let further = orders.iter().filter(|order| after.is_none_or(|after| order.id.as_str() > after));
    let place = |order: &&StandingOrder| order.id.to_string();
    Ok(Json(limit.shown(further, place, |order| OrderView::of(order, &people, now))))
}

/// Shows one standing order.
#[utoipa::path(
    get, path = "/api/v1/orders/{order}", tag = "orders", security(("token" = ["read"])),
    params(("order" = String, Path, description = "Its name or id", max_length = 64)),
    responses((status = 200, description = "The order", body = OrderView), Absent, Faults)
)]
pub(super) async fn one(
    call: Call,
    Named(order): Named,
    Asked(Nothing {}): Asked<Nothing>,
) -> Result<Json<OrderView>, Fault> {
    let (store, now) = (call.store(), call.ctx().clock.now());
    let order = store.order(&order).await?;
    Ok(Json(OrderView::of(&order, &store.people().await?, now)))
}
