//! Files that were brought for the embedded case database, until a second person accepts them; and
//! the one act of showing a case row to a person.
//!
//! The invariants: a file is accepted by somebody else than whoever brought it, once, as the preview
//! that they saw; neither a file's name nor a case's identifier stands in an entry.

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    record::{Act, CASE_IMPORT},
};
use crate::domain::{
    action::{BankAction, RejectedRow},
    canonical::Hash,
    ids::{ExternalId, PersonId},
    importing::{self, ImportState},
    person::{Desk, Importer},
    time::Timestamp,
};

/// A file that somebody brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewImport {
    /// SHA-256 of its bytes.
    pub sha256: Hash,
    /// SHA-256 of the mapping that it is read by.
    pub mapping: Hash,
    /// SHA-256 of what is kept of it: the mapping, and what that takes from it. None where an older
    /// version kept the file itself.
    pub kept: Option<Hash>,
    /// Its name, for people.
    pub name: String,
    /// The time as of which it is true.
    pub as_of: Timestamp,
}

/// A file that was brought, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseImport {
    /// Its id.
    pub id: String,
    /// The file.
    pub file: NewImport,
    /// How far it is.
    pub state: ImportState,
    /// Who brought it.
    pub proposed_by: PersonId,
    /// When.
    pub proposed_at: Timestamp,
    /// The hash of what the second person was shown would become of it.
    pub preview: Option<Hash>,
    /// Who accepted or dropped it.
    pub decided_by: Option<PersonId>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// The import's number in the case database.
    pub number: Option<i64>,
}

impl Store {
    /// Somebody brings a file.
    ///
    /// # Errors
    /// The very same bytes wait already, or the ledger failed.
    pub async fn propose_import(
        &self,
        by: &Actor,
        importer: &Importer,
        file: &NewImport,
    ) -> Result<String, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let id = self.dice.uuid(now);
        sql("INSERT INTO case_import (id, sha256, mapping, kept, name, as_of, state, proposed_by,
               proposed_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *")
        .bind(&id)
        .bind(file.sha256)
        .bind(file.mapping)
        .bind(file.kept)
        .bind(&file.name)
        .bind(file.as_of)
        .bind(ImportState::Waiting)
        .bind(importer.id())
        .bind(now)
        .write(&CASE_IMPORT, &mut tx)
        .await?;
        let body = json!({"sha256": file.sha256, "mapping": file.mapping, "kept": file.kept,
                          "as_of": file.as_of, "by": importer.id()});
        self.finish(tx, by, vec![Act::new(&id, "import.proposed", body)]).await?;
        Ok(id)
    }

    /// A second person accepts what they were shown would become of a file. It is not written yet.
    ///
    /// # Errors
    /// It is their own, it does not wait any more, or the ledger failed.
    pub async fn accept_import(
        &self,
        by: &Actor,
        importer: &Importer,
        id: &str,
        preview: Hash,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let row = find(&mut tx, id).await?;
        importing::accepts(&row.proposed_by, importer)?;
        let written = sql("UPDATE case_import SET state = $2, preview = $3, decided_by = $4,
               decided_at = $5 WHERE id = $1 AND state = $6 RETURNING *")
        .bind(id)
        .bind(ImportState::Accepted)
        .bind(preview)
        .bind(importer.id())
        .bind(now)
        .bind(ImportState::Waiting)
        .write(&CASE_IMPORT, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::Conflict("this file does not wait any more"));
        }
        let body = json!({"sha256": row.file.sha256, "preview": preview,
                          "brought_by": row.proposed_by});
        let act = Act::new(id, "import.accepted", body);
        let act = act.on(Some(format!("decision by {}", importer.id())));
        self.finish(tx, by, vec![act]).await
    }

    /// Somebody drops a file that is not written.
    ///
    /// # Errors
    /// It is written or dropped already, or the ledger failed.
    pub async fn drop_import(
        &self,
        by: &Actor,
        importer: &Importer,
        id: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let row = find(&mut tx, id).await?;
        let written = sql("UPDATE case_import SET state = $2, decided_by = $3, decided_at = $4
             WHERE id = $1 AND state IN ('waiting', 'accepted') RETURNING *")
        .bind(id)
        .bind(ImportState::Dropped)
        .bind(importer.id())
        .bind(now)
        .write(&CASE_IMPORT, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::Conflict("this file does not wait any more"));
        }
        let body = json!({"sha256": row.file.sha256, "by": importer.id()});
        self.finish(tx, by, vec![Act::new(id, "import.dropped", body)]).await
    }

    /// Notes that an accepted file is written: under which number, and how many rows were new,
    /// replaced, outdated and refused.
    ///
    /// # Errors
    /// It is not accepted, or the ledger failed.
    pub async fn import_stored(
        &self,
        by: &Actor,
        id: &str,
        number: i64,
        rows: [u64; 4],
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let written = sql("UPDATE case_import SET state = $2, number = $3
             WHERE id = $1 AND state = $4 RETURNING *")
        .bind(id)
        .bind(ImportState::Stored)
        .bind(number)
        .bind(ImportState::Accepted)
        .write(&CASE_IMPORT, &mut tx)
        .await?;
        let Some(row) = written.first() else {
            return Err(StoreError::Conflict("this file is not accepted, or written already"));
        };
        let row = read(row)?;
        let [new, replaced, outdated, refused] = rows;
        let body = json!({"sha256": row.file.sha256, "import": number, "new": new,
                          "replaced": replaced, "outdated": outdated, "refused": refused,
                          "brought_by": row.proposed_by, "accepted_by": row.decided_by});
        self.finish(tx, by, vec![Act::new(id, "import.stored", body)]).await
    }

    /// One file that was brought.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn case_import(&self, id: &str) -> Result<CaseImport, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id).await
    }

    /// Files that were brought, the latest first, older than the one where the page before ended.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn case_imports(
        &self,
        before: Option<(Timestamp, &str)>,
        limit: u32,
    ) -> Result<Vec<CaseImport>, StoreError> {
        let mut tx = self.read().await?;
        let (at, id) = before.unwrap_or((Timestamp::from_micros(i64::MAX), ""));
        let rows = sql("SELECT * FROM case_import WHERE (proposed_at, id) < ($1, $2)
             ORDER BY proposed_at DESC, id DESC LIMIT $3")
        .bind(at)
        .bind(id)
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(read).collect()
    }

    /// Why rows of the case source are set aside, the most frequent reason first, and how many.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn rejected_reasons(&self, limit: u32) -> Result<Vec<(String, i64)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT reason, COUNT(*) AS n FROM rejected_row
             GROUP BY reason ORDER BY n DESC, reason LIMIT $1")
        .bind(limit)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| Ok((row.get("reason")?, row.get("n")?))).collect()
    }

    /// Shows a person rows that are set aside, by their place in the source. That they were shown is
    /// an act, and it is recorded before this returns.
    ///
    /// # Errors
    /// The ledger failed: then nothing is shown.
    pub async fn rejected_shown(
        &self,
        by: &Actor,
        to: &PersonId,
        skip: u32,
        limit: u32,
    ) -> Result<Vec<(RejectedRow, Timestamp)>, StoreError> {
        let rows = self.rejected(skip, limit).await?;
        let body = json!({"rows": rows.len(), "to": to});
        let tx = self.write().await?;
        self.finish(tx, by, vec![Act::new("source", "source.set-aside-shown", body)]).await?;
        Ok(rows)
    }

    /// Shows a person one action as it was last seen in the case source. That it was shown is an act,
    /// and it is recorded before this returns; the entry names the row by its commitment.
    ///
    /// # Errors
    /// There is no such action, or the ledger failed: then nothing is shown.
    pub async fn action_shown(
        &self,
        by: &Actor,
        desk: &Desk,
        id: &ExternalId,
    ) -> Result<(BankAction, Option<Timestamp>), StoreError> {
        let mut tx = self.write().await?;
        let row = sql("SELECT body, as_of, commitment FROM action WHERE external_id = $1")
            .bind(id)
            .opt(&mut tx)
            .await?
            .ok_or_else(|| StoreError::NotFound("such action in the case source".to_owned()))?;
        let commitment: Hash = row.get("commitment")?;
        let body = json!({"row": commitment, "to": desk.id()});
        self.finish(tx, by, vec![Act::new("source", "action.shown", body)]).await?;
        Ok((serde_json::from_str(&row.get::<String>("body")?)?, row.get("as_of")?))
    }
}

async fn find(tx: &mut Tx, id: &str) -> Result<CaseImport, StoreError> {
    let row = sql("SELECT * FROM case_import WHERE id = $1").bind(id).opt(tx).await?;
    read(&row.ok_or_else(|| StoreError::NotFound("such import".to_owned()))?)
}

fn read(row: &Row) -> Result<CaseImport, StoreError> {
    Ok(CaseImport {
        id: row.get("id")?,
        file: NewImport {
            sha256: row.get("sha256")?,
            mapping: row.get("mapping")?,
            kept: row.get("kept")?,
            name: row.get("name")?,
            as_of: row.get("as_of")?,
        },
        state: row.get("state")?,
        proposed_by: row.get("proposed_by")?,
        proposed_at: row.get("proposed_at")?,
        preview: row.get("preview")?,
        decided_by: row.get("decided_by")?,
        decided_at: row.get("decided_at")?,
        number: row.get("number")?,
    })
}
