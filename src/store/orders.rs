//! Standing orders: drafted, rehearsed, signed, revoked.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    escalations, gate, people,
    record::{Act, ORDER},
};
use crate::domain::{
    ids::{OrderId, PersonId},
    order::{NotInForce, OrderInForce, StandingOrder, Terms},
    person::{Desk, Person},
    time::Timestamp,
};

impl Store {
    /// Drafts an order.
    ///
    /// # Errors
    /// The name is taken, or the ledger failed.
    pub async fn draft_order(
        &self,
        by: &Actor,
        desk: &Desk,
        name: &str,
        terms: &Terms,
    ) -> Result<OrderId, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let id = OrderId::new(self.dice.uuid(now));
        let known = sql("SELECT id FROM standing_order WHERE name = $1").bind(name);
        if known.opt(&mut tx).await?.is_some() {
            return Err(StoreError::Refused(format!(
                "an order named {name} exists already; choose another name: a revoked order keeps \
                 its own on the record"
            )));
        }
        sql("INSERT INTO standing_order (id, name, terms, drafted_by, drafted_at)
             VALUES ($1, $2, $3, $4, $5) RETURNING *")
        .bind(&id)
        .bind(name)
        .bind(serde_json::to_string(terms)?)
        .bind(desk.id())
        .bind(now)
        .write(&ORDER, &mut tx)
        .await?;
        let act = Act::new(&id, "order.drafted", json!({"name": name, "terms": terms}));
        self.finish(tx, by, vec![act]).await?;
        Ok(id)
    }

    /// Notes on how many days of history an order was rehearsed with exactly its terms.
    ///
    /// # Errors
    /// There is no such order, or the ledger failed.
    pub async fn rehearsed(
        &self,
        by: &Actor,
        id_or_name: &str,
        days: u32,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let order = find(&mut tx, id_or_name).await?;
        sql("UPDATE standing_order SET rehearsed_days = $2 WHERE id = $1 RETURNING *")
            .bind(&order.id)
            .bind(days)
            .write(&ORDER, &mut tx)
            .await?;
        let act = Act::new(&order.id, "order.rehearsed", json!({"days": days}));
        self.finish(tx, by, vec![act]).await
    }

    /// An approver signs it.
    ///
    /// # Errors
    /// The domain refuses it, or the ledger failed.
    pub async fn sign_order(
        &self,
        by: &Actor,
        id_or_name: &str,
        person: &Person,
    ) -> Result<StandingOrder, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let mut order = find(&mut tx, id_or_name).await?;
        let approver = people::as_recorded(&mut tx, &person.id).await?.as_approver(now)?;
        order.sign(&approver, now)?;
        let written = sql("UPDATE standing_order SET signed_by = $2, signed_at = $3
             WHERE id = $1 AND signed_by IS NULL RETURNING *")
        .bind(&order.id)
        .bind(approver.id())
        .bind(now)
        .write(&ORDER, &mut tx)
        .await?;
        if written.is_empty() {
            // Another approver's signature came in since it was read: the record bears one.
            return Err(NotInForce::AlreadySigned.into());
        }
        let act = Act::new(&order.id, "order.signed", json!({"terms": order.terms}))
            .on(Some(format!("signature of {}", approver.id())));
        self.finish(tx, by, vec![act]).await?;
        Ok(order)
    }

    /// Revokes it: what it cleared and was not sent is held again. Returns how many were.
    ///
    /// # Errors
    /// There is no such order, the person may not, or the ledger failed.
    pub async fn revoke_order(
        &self,
        by: &Actor,
        id_or_name: &str,
        person: &Person,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let approver = people::as_recorded(&mut tx, &person.id).await?.as_approver(now)?;
        let order = find(&mut tx, id_or_name).await?;
        let written = sql("UPDATE standing_order SET revoked_at = $2, revoked_by = $3
             WHERE id = $1 AND revoked_at IS NULL RETURNING *")
        .bind(&order.id)
        .bind(now)
        .bind(approver.id())
        .write(&ORDER, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::Refused("that order was revoked before".to_owned()));
        }
        let mut acts = vec![Act::new(&order.id, "order.revoked", json!({}))];
        let why = "its standing order was revoked";
        escalations::void_in(&mut tx, None, Some(&order.id), why, &mut acts).await?;
        let held = acts.len() as u64 - 1;
        self.finish(tx, by, acts).await?;
        Ok(held)
    }

    /// Every order, the oldest first.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn orders(&self) -> Result<Vec<StandingOrder>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM standing_order ORDER BY id").all(&mut tx).await?;
        rows.iter().map(read).collect()
    }

    /// Orders, the latest drafted first, each with who signed it as they are now.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn orders_and_signers(
        &self,
        (skip, limit): (u32, u32),
    ) -> Result<Vec<(StandingOrder, Option<Person>)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM standing_order ORDER BY drafted_at DESC, id
             LIMIT $1 OFFSET $2")
        .bind(limit)
        .bind(skip)
        .all(&mut tx)
        .await?;
        let orders: Vec<StandingOrder> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let people = people::by_ids(&mut tx, signers(&orders)).await?;
        let signer = |order: &StandingOrder| people.get(&order.signed.as_ref()?.0).cloned();
        Ok(orders.into_iter().map(|order| (order.clone(), signer(&order))).collect())
    }

    /// One order, by id or name.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn order(&self, id_or_name: &str) -> Result<StandingOrder, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id_or_name).await
    }

    /// The orders that are in force now.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn orders_in_force(&self) -> Result<Vec<OrderInForce>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let rows = sql("SELECT * FROM standing_order
             WHERE signed_by IS NOT NULL AND revoked_at IS NULL ORDER BY signed_at")
        .all(&mut tx)
        .await?;
        let orders: Vec<StandingOrder> = rows.iter().map(read).collect::<Result<_, _>>()?;
        let people = people::by_ids(&mut tx, signers(&orders)).await?;
        Ok(orders
            .iter()
            .filter_map(|order| {
                let (signer, _) = order.signed.as_ref()?;
                order.in_force(people.get(signer)?, now).ok()
            })
            .collect())
    }
}

fn signers(orders: &[StandingOrder]) -> Vec<PersonId> {
    let signer = |order: &StandingOrder| order.signed.as_ref().map(|(by, _)| by.clone());
    orders.iter().filter_map(signer).collect()
}

async fn find(tx: &mut Tx, id_or_name: &str) -> Result<StandingOrder, StoreError> {
    let row = sql("SELECT * FROM standing_order WHERE id = $1 OR name = $1")
        .bind(id_or_name)
        .opt(tx)
        .await?;
    let missing = || Err(StoreError::NotFound(format!("standing order {id_or_name}")));
    row.as_ref().map_or_else(missing, read)
}

/// The order, in force at this instant, as the ledger has it and its signer now.
pub(super) async fn still_in_force(
    tx: &mut Tx,
    id: &OrderId,
    now: Timestamp,
) -> Result<OrderInForce, StoreError> {
    let order = find(tx, id.as_str()).await?;
    let signer = order.signed.as_ref().map(|(signer, _)| signer.clone());
    let signer = signer.ok_or(NotInForce::Unsigned)?;
    Ok(order.in_force(&people::as_recorded(tx, &signer).await?, now)?)
}

pub(super) async fn by_ids(
    tx: &mut Tx,
    ids: Vec<OrderId>,
) -> Result<BTreeMap<String, StandingOrder>, StoreError> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sql("SELECT * FROM standing_order
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let orders: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(orders?.into_iter().map(|order| (order.id.to_string(), order)).collect())
}

pub(super) fn read(row: &Row) -> Result<StandingOrder, StoreError> {
    let signed_by: Option<PersonId> = row.get("signed_by")?;
    let signed_at: Option<Timestamp> = row.get("signed_at")?;
    Ok(StandingOrder {
        id: row.get("id")?,
        name: row.get("name")?,
        terms: serde_json::from_str(&row.get::<String>("terms")?)?,
        drafted_by: row.get("drafted_by")?,
        rehearsed_days: row.get("rehearsed_days")?,
        signed: signed_by.zip(signed_at),
        revoked_at: row.get("revoked_at")?,
    })
}
