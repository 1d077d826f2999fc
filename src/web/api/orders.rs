//! Standing orders, and whether each is in force.

use axum::Json;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Call, Fault,
    fault::{Absent, Faults},
    given::{Asked, Items, Named, Nothing, Window},
};
use crate::work::view::OrderView;

/// Which orders are asked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct OrdersAsked {
    /// How many to leave out before them.
    #[param(minimum = 0, maximum = 100_000)]
    skip: Option<u32>,
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
    let window = Window::of(asked.skip, asked.limit)?;
    let (store, now) = (call.store(), call.ctx().clock.now());
    let (people, orders) = (store.people().await?, store.orders().await?);
    let views = orders.iter().map(|order| OrderView::of(order, &people, now));
    Ok(Json(window.cut(views)))
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
