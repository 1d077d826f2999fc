//! What accounts spend on platforms that charge: the price of each delivery, frozen at its claim,
//! and what was read, a resource once in a UTC day.
//!
//! The invariants: what posts have cost is derived from the deliveries' states, so it can never
//! disagree with them; of the people and posts that were read only keyed aliases are here, and
//! only until the day is over.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::{
    Store, StoreError,
    db::{Tx, sql},
};
use crate::domain::{
    cost::{Costs, Item, MicroDollars, Purses, Spent, Tariff, day, month},
    delivery::{Content, Delivery},
    ids::{AccountName, DeliveryId},
    time::Timestamp,
};

impl Store {
    /// Counts resources that were read, each once in a UTC day for an account, whoever read it.
    /// `aliases` stand for the platform's ids. Returns how many were new today.
    ///
    /// # Errors
    /// The ledger failed; nothing was counted.
    pub async fn charge(
        &self,
        account: &AccountName,
        item: Item,
        price: MicroDollars,
        aliases: &BTreeSet<String>,
    ) -> Result<u32, StoreError> {
        if aliases.is_empty() {
            return Ok(0);
        }
        let mut tx = self.write().await?;
        let today = day(tx.now().await?);
        sql("DELETE FROM charge WHERE day_at < $1").bind(today).run(&mut tx).await?;
        // In the aliases' order, so that two processes never wait for each other in a ring.
        let new = sql("INSERT INTO charge (day_at, account, item, resource)
             SELECT $2, $3, $4, j.value->>'r' FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
             ON CONFLICT (day_at, account, item, resource) DO NOTHING")
        .batch(aliases.iter().map(|alias| json!({"r": alias})).collect())
        .bind(today)
        .bind(account)
        .bind(item.as_str())
        .run(&mut tx)
        .await?;
        let new = u32::try_from(new).unwrap_or(u32::MAX);
        if new > 0 {
            add_to_day(&mut tx, today, account, item, (new, price.times(new))).await?;
        }
        tx.commit().await?;
        Ok(new)
    }

    /// What each account has spent in this calendar month (UTC).
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn spent_this_month(&self) -> Result<BTreeMap<AccountName, Spent>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        spent(&mut tx, now).await
    }

    /// The prices at which these deliveries were last claimed; one that never was, or that was
    /// free, has none.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn frozen_prices(
        &self,
        deliveries: &[&DeliveryId],
    ) -> Result<BTreeMap<DeliveryId, MicroDollars>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT delivery, micros FROM post_price
             WHERE delivery IN (SELECT j.value->>'d' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(deliveries.iter().map(|id| json!({"d": id})).collect())
        .all(&mut tx)
        .await?;
        rows.iter()
            .map(|row| Ok((row.get("delivery")?, MicroDollars::new(row.get("micros")?))))
            .collect()
    }
}

async fn add_to_day(
    tx: &mut Tx,
    today: Timestamp,
    account: &AccountName,
    item: Item,
    (resources, cost): (u32, MicroDollars),
) -> Result<(), StoreError> {
    sql("INSERT INTO charged_day (day_at, account, item, resources, micros)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (day_at, account, item) DO UPDATE SET
           resources = charged_day.resources + excluded.resources,
           micros = charged_day.micros + excluded.micros")
    .bind(today)
    .bind(account)
    .bind(item.as_str())
    .bind(resources)
    .bind(cost.micros())
    .run(tx)
    .await?;
    Ok(())
}

/// What is left for posts in the accounts of these texts, as far as their platforms charge. Read
/// under the claim's lock, so that no two claims spend the same money.
pub(super) async fn purses<'a>(
    tx: &mut Tx,
    costs: &Costs,
    contents: impl Iterator<Item = &'a Content>,
    now: Timestamp,
) -> Result<Purses, StoreError> {
    let tariffs: BTreeMap<_, _> = contents
        .filter_map(|content| Some((&content.account, costs.tariff(content.platform)?)))
        .collect();
    if tariffs.is_empty() {
        return Ok(Purses::default());
    }
    let spent = spent(tx, now).await?;
    let purse = |(account, tariff): (&AccountName, &Tariff)| {
        let spent = spent.get(account).copied().unwrap_or_default();
        (account.clone(), tariff.purse(&spent, now))
    };
    Ok(tariffs.into_iter().map(purse).collect())
}

/// A delivery's price as [`freeze`] takes it.
pub(super) fn frozen(delivery: &Delivery, price: MicroDollars) -> Json {
    json!({"delivery": delivery.id, "account": delivery.content.account, "micros": price.micros()})
}

/// Keeps the prices of deliveries that are being claimed, in the claim's own transaction.
pub(super) async fn freeze(
    tx: &mut Tx,
    prices: Vec<Json>,
    now: Timestamp,
) -> Result<(), StoreError> {
    if prices.is_empty() {
        return Ok(());
    }
    // An earlier claim of the same delivery came to nothing, or it would not wait.
    sql("INSERT INTO post_price (delivery, account, at, micros)
         SELECT j.value->>'delivery', j.value->>'account', $2,
           CAST(j.value->>'micros' AS BIGINT)
         FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
         ON CONFLICT (delivery) DO UPDATE SET at = excluded.at, micros = excluded.micros")
    .batch(prices)
    .bind(now)
    .run(tx)
    .await?;
    Ok(())
}

async fn spent(tx: &mut Tx, now: Timestamp) -> Result<BTreeMap<AccountName, Spent>, StoreError> {
    let month = month(now);
    let mut found = BTreeMap::<AccountName, Spent>::new();
    // The states of `StateName::may_be_public`: a refused post is not charged, and what is proved
    // not sent waits or was withdrawn.
    let posts = sql("SELECT p.account AS account, CAST(SUM(p.micros) AS BIGINT) AS micros
         FROM post_price p JOIN delivery d ON d.id = p.delivery
         WHERE p.at >= $1 AND p.at < $2
           AND d.state IN ('sending', 'uncertain', 'delivered', 'retracted')
         GROUP BY p.account")
    .bind(month.from)
    .bind(month.until)
    .all(tx)
    .await?;
    for row in &posts {
        let of = found.entry(row.get("account")?).or_default();
        of.posts = MicroDollars::new(row.get("micros")?);
    }
    let readings = sql("SELECT account, CAST(SUM(micros) AS BIGINT) AS micros FROM charged_day
         WHERE day_at >= $1 AND day_at < $2 GROUP BY account")
    .bind(month.from)
    .bind(month.until)
    .all(tx)
    .await?;
    for row in &readings {
        let of = found.entry(row.get("account")?).or_default();
        of.listening = MicroDollars::new(row.get("micros")?);
    }
    Ok(found)
}
