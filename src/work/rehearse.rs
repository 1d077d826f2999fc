//! Rehearses a draft order over the ledger's own history. Nothing is drafted or sent.

use jiff::SignedDuration;

use super::{Ctx, escalate, saying, watch::source_name};
use crate::{
    domain::{
        delivery::Content,
        history::start_of_days,
        order::{StandingOrder, Terms},
        time::Timestamp,
    },
    reports::rehearsal::{self, Rehearsal, Rules},
    store::Actor,
};

/// How far apart the replay's looks at the past are.
pub const STEP: SignedDuration = SignedDuration::from_mins(15);

/// What an order with these terms would have posted in the last whole days and today, by the rules
/// as they are now.
///
/// # Errors
/// The ledger failed.
pub async fn rehearse(ctx: &Ctx, terms: &Terms, days: u32) -> anyhow::Result<Rehearsal> {
    rehearse_every(ctx, terms, days, STEP).await
}

/// Rehearses an order and notes on how many days, where that still decides anything: whether a
/// draft may be signed.
///
/// # Errors
/// The ledger failed.
pub async fn rehearse_order(
    ctx: &Ctx,
    by: &Actor,
    order: &StandingOrder,
    days: u32,
) -> anyhow::Result<Rehearsal> {
    let rehearsal = rehearse(ctx, &order.terms, days).await?;
    if order.signed.is_none() && order.revoked_at.is_none() {
        ctx.store.rehearsed(by, order.id.as_str(), rehearsal.days_observed).await?;
    }
    Ok(rehearsal)
}

/// What an order with these terms would have posted, with looks at the past so
/// far apart.
///
/// # Errors
/// The ledger failed.
pub async fn rehearse_every(
    ctx: &Ctx,
    terms: &Terms,
    days: u32,
    step: SignedDuration,
) -> anyhow::Result<Rehearsal> {
    let until = ctx.clock.now();
    let from = start_of_days(until, days, ctx.limits.calendar().zone());
    let sent_since = from.minus(saying::MEMORY);
    let history = ctx.store.history(source_name(ctx), from, sent_since).await?;
    let accounts = escalate::Accounts::load(ctx).await?;
    let (ctx, terms) = (ctx.clone(), terms.clone());
    // A month of history is seconds of thinking: not on a thread that others wait for.
    let replay = move || {
        let names = |bank: &_| escalate::names(&ctx, bank);
        let places = |bank: &_, now: Timestamp| accounts.places(&ctx, bank, now);
        let costs = &ctx.config.costs;
        let price = |content: &Content| costs.price(accounts.sender(&content.account)?, content);
        let rules = Rules {
            ladder: &ctx.config.ladder,
            limits: &ctx.limits,
            wording: &ctx.config.wording,
            pacing: &ctx.config.pacing,
            templates: &ctx.templates,
            terms: &terms,
            names: &names,
            places: &places,
            price: &price,
            memory: saying::MEMORY,
            from,
            until,
            days,
            step,
        };
        rehearsal::rehearse(&history, &rules)
    };
    Ok(tokio::task::spawn_blocking(replay).await?)
}
