//! The cost meter of one account: what its readings may still cost, and the count of what was read.
//!
//! The invariants: a resource that was read is counted before anybody uses it; the ledger sees only
//! keyed aliases of it. Two processes that read at once may pass the listening cap by one reading
//! of each; posts then get that much less, so the account's monthly cap holds.

use std::sync::Arc;

use async_trait::async_trait;
use serde::Serialize;

use super::{Ctx, listen};
use crate::{
    clock::Dice,
    config::Config,
    destinations::{
        Unread,
        meter::{Free, Meter},
    },
    domain::{
        cost::{Item, MicroDollars, Reader, Spent, Tariff, Used},
        ids::AccountName,
        listening::AuthorKey,
        platform::{Platform, Sender},
    },
    store::{AccountRow, Store, StoreError},
};

/// The meter of an account: by its platform's price list, or free.
///
/// # Errors
/// The key of the aliases can be neither read nor made.
pub fn of_account(
    row: &AccountRow,
    config: &Config,
    store: &Store,
    dice: &Dice,
) -> anyhow::Result<Arc<dyn Meter>> {
    let Some(tariff) = config.costs.tariff(row.account.platform) else {
        return Ok(Arc::new(Free));
    };
    Ok(Arc::new(Metered {
        account: row.account.name.clone(),
        platform: row.account.platform,
        tariff: tariff.clone(),
        key: listen::author_key(&config.record.key_file, dice)?,
        store: store.clone(),
    }))
}

struct Metered {
    account: AccountName,
    platform: Platform,
    tariff: Tariff,
    key: AuthorKey,
    store: Store,
}

#[async_trait]
impl Meter for Metered {
    async fn left(&self, item: Item, reader: Reader) -> Result<u32, Unread> {
        let spent = self.store.spent_this_month().await.map_err(unread)?;
        let spent = spent.get(&self.account).copied().unwrap_or_default();
        Ok(self.tariff.affordable(item, reader, &spent))
    }

    async fn count(&self, item: Item, resources: &[String]) -> Result<(), Unread> {
        // Another alias than engagement has for the same person: the two must not be joined.
        let alias = |id: &String| self.key.alias(self.platform, &format!("charge/{item}/{id}"));
        let aliases = resources.iter().map(alias).collect();
        let price = self.tariff.prices.of(item);
        self.store.charge(&self.account, item, price, &aliases).await.map_err(unread)?;
        Ok(())
    }
}

fn unread(error: StoreError) -> Unread {
    Unread::Failed { reason: format!("what was read could not be counted: {error}") }
}

/// What an account has spent in this calendar month (UTC), and how its caps stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Month {
    /// The account.
    pub account: AccountName,
    /// Its platform's price list.
    pub tariff: Tariff,
    /// What it has spent.
    pub spent: Spent,
    /// How the cap of its posts stands.
    pub posts: Used,
    /// How the cap of its listening stands.
    pub listening: Used,
}

impl Month {
    /// For posts and listening together.
    pub const fn total(&self) -> MicroDollars {
        self.spent.posts.plus(self.spent.listening)
    }
}

/// This month of every account that can cost something: its platform charges, and takaza posts or
/// reads there.
///
/// # Errors
/// The ledger failed.
pub async fn months(ctx: &Ctx) -> Result<Vec<Month>, StoreError> {
    if ctx.config.costs.0.is_empty() {
        return Ok(Vec::new());
    }
    let spent = ctx.store.spent_this_month().await?;
    let rows = ctx.store.accounts().await?;
    let month = |row: AccountRow| {
        let tariff = ctx.config.costs.tariff(row.account.platform)?.clone();
        let spent = spent.get(&row.account.name).copied().unwrap_or_default();
        let (posts, listening) = (tariff.posts_used(&spent), tariff.listening_used(&spent));
        Some(Month { account: row.account.name, tariff, spent, posts, listening })
    };
    let connected = |row: &AccountRow| {
        !row.revoked && (row.account.sender == Sender::Api || row.token_from.is_some())
    };
    Ok(rows.into_iter().filter(connected).filter_map(month).collect())
}
