//! How the service stands: its workers' heartbeats, what lies in which state, how the case source
//! was last read. Of no consequence to any decision, so it leaves no entry in the record.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Store, StoreError, db::sql};
use crate::domain::time::Timestamp;

/// One reconciler, as its heartbeats tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Worker {
    /// The reconciler and the process that runs it.
    pub name: String,
    /// When its last run began.
    pub last_start_at: Timestamp,
    /// When a run last ended well.
    pub last_ok_at: Option<Timestamp>,
    /// What the last run failed of, where it failed.
    pub last_error: Option<String>,
}

/// How the ledger stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Actions by status, as the case source was last seen.
    pub actions: BTreeMap<String, i64>,
    /// Escalations that were withdrawn because the bank acted before anything was sent.
    pub avoided: i64,
    /// Deliveries by state.
    pub deliveries: BTreeMap<String, i64>,
    /// Escalations by state.
    pub escalations: BTreeMap<String, i64>,
    /// Rows that are set aside.
    pub rejected: i64,
    /// When the case source was last read to its end, as the ledger knows.
    pub source_read_at: Option<Timestamp>,
    /// How often in a row reading it has failed since.
    pub source_failures: i64,
}

impl Store {
    /// A reconciler proves that it lives: a run of it began at `start`, and ended well at `ok` or
    /// failed of `error`.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn heartbeat(
        &self,
        worker: &str,
        start: Timestamp,
        ok: Option<Timestamp>,
        error: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("INSERT INTO worker (name, last_start_at, last_ok_at, last_error)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) DO UPDATE SET last_start_at = excluded.last_start_at,
               last_ok_at = COALESCE(excluded.last_ok_at, worker.last_ok_at),
               last_error = excluded.last_error")
        .bind(worker)
        .bind(start)
        .bind(ok)
        .bind(error)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }

    /// The heartbeats of every worker.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn workers(&self) -> Result<Vec<Worker>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM worker ORDER BY name").all(&mut tx).await?;
        let read = |row: &super::db::Row| {
            Ok(Worker {
                name: row.get("name")?,
                last_start_at: row.get("last_start_at")?,
                last_ok_at: row.get("last_ok_at")?,
                last_error: row.get("last_error")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// What lies in which state, and how the source was last read.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        let mut tx = self.read().await?;
        let mut standing = Standing::default();
        let actions = sql("SELECT status, COUNT(*) AS n FROM action
             WHERE vanished_at IS NULL GROUP BY status");
        for row in actions.all(&mut tx).await? {
            standing.actions.insert(row.get("status")?, row.get("n")?);
        }
        standing.avoided = sql("SELECT COUNT(*) AS n FROM entry WHERE act = 'escalation.avoided'")
            .one(&mut tx)
            .await?
            .get("n")?;
        let deliveries = sql("SELECT state, COUNT(*) AS n FROM delivery GROUP BY state");
        for row in deliveries.all(&mut tx).await? {
            standing.deliveries.insert(row.get("state")?, row.get("n")?);
        }
        let escalations = sql("SELECT state, COUNT(*) AS n FROM escalation GROUP BY state");
        for row in escalations.all(&mut tx).await? {
            standing.escalations.insert(row.get("state")?, row.get("n")?);
        }
        standing.rejected =
            sql("SELECT COUNT(*) AS n FROM rejected_row").one(&mut tx).await?.get("n")?;
        // One source is configured; a name that is no longer in use must not make it look stale.
        let source = sql("SELECT last_ok_at, failures FROM source
             ORDER BY last_try_at DESC LIMIT 1")
        .opt(&mut tx)
        .await?;
        if let Some(row) = source {
            standing.source_read_at = row.get("last_ok_at")?;
            standing.source_failures = row.get("failures")?;
        }
        Ok(standing)
    }
}
