//! Orders of silence (sub judice, an election): they override every clearance.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    record::{Act, SILENCE},
};
use crate::domain::{
    person::{Approver, Desk},
    tagging::{SilenceOrder, SilenceScope},
    time::Timestamp,
};

impl Store {
    /// An approver or officer enters an order of silence: it overrides every clearance.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn add_silence(
        &self,
        by: &Actor,
        desk: &Desk,
        order: &SilenceOrder,
    ) -> Result<String, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let id = self.dice.uuid(now);
        let (scope, bank, case) = match &order.scope {
            SilenceScope::All => ("all", None, None),
            SilenceScope::Bank(bank) => ("bank", Some(bank), None),
            SilenceScope::Case(case) => ("case", None, Some(case)),
        };
        sql("INSERT INTO silence (id, scope, bank, case_ref, salt, label, from_at, until_at,
               by_person)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *")
        .bind(&id)
        .bind(scope)
        .bind(bank)
        .bind(case)
        .bind(self.dice.token())
        .bind(&order.label)
        .bind(order.from)
        .bind(order.until)
        .bind(desk.id())
        .write(&SILENCE, &mut tx)
        .await?;
        let body = json!({"scope": scope, "bank": bank, "order": order.label,
                          "from": order.from, "until": order.until});
        self.finish(tx, by, vec![Act::new(&id, "silence.ordered", body)]).await?;
        Ok(id)
    }

    /// An approver lifts an order of silence before its end.
    ///
    /// # Errors
    /// There is no such order in force, or the ledger failed.
    pub async fn lift_silence(
        &self,
        by: &Actor,
        approver: &Approver,
        id: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let written = sql("UPDATE silence SET lifted_at = $2
             WHERE id = $1 AND lifted_at IS NULL RETURNING *")
        .bind(id)
        .bind(now)
        .write(&SILENCE, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("order of silence {id} in force")));
        }
        let act = Act::new(id, "silence.lifted", json!({}))
            .on(Some(format!("decision by {}", approver.id())));
        self.finish(tx, by, vec![act]).await
    }

    /// The orders of silence in force at an instant, or yet to come.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn silences(
        &self,
        now: Timestamp,
    ) -> Result<Vec<(String, SilenceOrder)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM silence WHERE until_at > $1 AND lifted_at IS NULL
             ORDER BY from_at")
        .bind(now)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("id")?, read(row)?))).collect()
    }
}

/// An order of silence as it was entered, whether it was lifted since or not.
pub(super) fn read(row: &Row) -> Result<SilenceOrder, StoreError> {
    let scope = match row.get::<String>("scope")?.as_str() {
        "bank" => SilenceScope::Bank(row.get("bank")?),
        "case" => SilenceScope::Case(row.get("case_ref")?),
        _ => SilenceScope::All,
    };
    let (from, until) = (row.get("from_at")?, row.get("until_at")?);
    Ok(SilenceOrder { scope, label: row.get("label")?, from, until })
}
