//! What posts cost, before somebody approves them and after; and what accounts may still spend.

use std::{collections::BTreeMap, fmt};

use serde::Serialize;

use crate::{
    domain::{
        cost::{MicroDollars, Used},
        ids::{AccountName, DeliveryId},
    },
    store::{DeliveryRow, EscalationRow, StoreError},
    work::{Ctx, meter},
};

/// The price of one text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Cost {
    /// In dollars, exact.
    pub usd: MicroDollars,
    /// It went out, or may have, at this price; otherwise this is what it would cost now.
    pub spent: bool,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verb = if self.spent { "cost" } else { "costs" };
        write!(f, "{verb} {}", self.usd)
    }
}

/// The prices of some escalations' texts.
#[derive(Debug, Default)]
pub struct Bill {
    costs: BTreeMap<DeliveryId, Cost>,
    months: BTreeMap<AccountName, meter::Month>,
}

/// What the texts of these escalations cost: by the price that was frozen when they were claimed,
/// as far as they may have gone out, and by the price list for what has not.
///
/// # Errors
/// The ledger failed.
pub async fn bill(ctx: &Ctx, rows: &[EscalationRow]) -> Result<Bill, StoreError> {
    let deliveries: Vec<_> = rows.iter().flat_map(|row| &row.deliveries).collect();
    let months = meter::months(ctx).await?.into_iter();
    Ok(Bill {
        costs: costs(ctx, &deliveries).await?,
        months: months.map(|month| (month.account.clone(), month)).collect(),
    })
}

/// What each of these deliveries costs or has cost; what costs nothing is not among them.
///
/// # Errors
/// The ledger failed.
pub async fn costs(
    ctx: &Ctx,
    deliveries: &[&DeliveryRow],
) -> Result<BTreeMap<DeliveryId, Cost>, StoreError> {
    let sent = deliveries.iter().filter(|row| row.delivery.name().may_be_public());
    let sent: Vec<_> = sent.map(|row| &row.delivery.id).collect();
    let frozen = ctx.store.frozen_prices(&sent).await?;
    let mut costs = BTreeMap::new();
    for row in deliveries {
        let delivery = &row.delivery;
        let cost = match delivery.name() {
            state if state.may_be_public() => {
                frozen.get(&delivery.id).map(|usd| Cost { usd: *usd, spent: true })
            }
            state if state.ended() => None,
            _ => {
                let price = ctx.config.costs.price(row.sender, &delivery.content);
                price.map(|usd| Cost { usd, spent: false })
            }
        };
        costs.extend(cost.map(|cost| (delivery.id.clone(), cost)));
    }
    Ok(costs)
}

impl Bill {
    /// What one text costs or has cost; `None`: nothing.
    pub fn of(&self, delivery: &DeliveryId) -> Option<Cost> {
        self.costs.get(delivery).copied()
    }

    /// What is left for posts in each account that would pay for a text of this escalation.
    pub fn left(&self, row: &EscalationRow) -> Vec<String> {
        let mut accounts = BTreeMap::<&AccountName, MicroDollars>::new();
        for delivery in row.deliveries.iter().map(|row| &row.delivery) {
            if let Some(cost) = self.of(&delivery.id).filter(|cost| !cost.spent) {
                let sum = accounts.entry(&delivery.content.account).or_default();
                *sum = sum.plus(cost.usd);
            }
        }
        let line = |(account, sum): (&AccountName, MicroDollars)| {
            let month = self.months.get(account)?;
            let (left, as_of) = (month.posts.cap.less(month.posts.spent), month.tariff.as_of);
            Some(format!(
                "\n{account} pays {sum} in all (prices of {as_of}) and has {left} left for posts \
                 this month"
            ))
        };
        accounts.into_iter().filter_map(line).collect()
    }
}

/// This month in a table's cell.
pub fn in_short(month: &meter::Month) -> String {
    let cap = month.tariff.monthly_cap;
    format!("{} of {cap} (listening {})", month.total(), month.spent.listening)
}

/// How a cap stands, in words.
pub fn in_words(used: &Used) -> String {
    format!("{} of {} ({} %)", used.spent, used.cap, used.percent)
}
