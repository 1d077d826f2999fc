//! How actions are written: over what is there, but never over something newer.

use jiff::SignedDuration;
use sqlx::{QueryBuilder, Sqlite, SqliteTransaction};

use crate::{
    cases::sql::fixed_width,
    domain::{action::BankAction, money::Paise, time::Timestamp},
};

/// The columns that a write fills; the first [`CONTRACT`] are the contract's.
pub(super) const COLUMNS: [&str; 19] = [
    "external_id",
    "case_ref",
    "bank_code",
    "kind",
    "layer",
    "disputed_amount",
    "requested_at",
    "delivered_at",
    "due_at",
    "complete",
    "status",
    "acted_at",
    "lien_amount",
    "contacts",
    "last_contact_at",
    "updated_at",
    "as_of",
    "import_id",
    "file_row",
];

pub(super) const CONTRACT: usize = 15;

/// The import that a row comes from.
pub(super) struct Origin {
    pub import: i64,
    pub as_of: String,
}

/// Writes rows over what is there, but never over something newer: a live row is newer than any
/// file. Gives the number of rows written.
pub(super) async fn write_batch<'a>(
    transaction: &mut SqliteTransaction<'_>,
    rows: impl Iterator<Item = (Option<u64>, &'a BankAction)>,
    stamp: &str,
    origin: Option<&Origin>,
) -> sqlx::Result<u64> {
    let mut sql = QueryBuilder::<Sqlite>::new("INSERT INTO bank_action (");
    sql.push(COLUMNS.join(", ")).push(") ");
    sql.push_values(rows, |mut row, (number, action)| {
        for cell in cells(action) {
            row.push_bind(cell);
        }
        row.push_bind(stamp.to_owned())
            .push_bind(origin.map(|origin| origin.as_of.clone()))
            .push_bind(origin.map(|origin| origin.import))
            .push_bind(number.and_then(|number| i64::try_from(number).ok()));
    });
    sql.push(" ON CONFLICT (external_id) DO UPDATE SET set_aside = NULL");
    for column in &COLUMNS[1..] {
        sql.push(format!(", {column} = excluded.{column}"));
    }
    sql.push(" WHERE excluded.as_of IS NULL OR bank_action.as_of <= excluded.as_of");
    Ok(sql.build().execute(&mut **transaction).await?.rows_affected())
}

/// The contract's cells of an action, in the order of [`COLUMNS`], without `updated_at`.
fn cells(action: &BankAction) -> [Option<String>; CONTRACT] {
    [
        Some(action.external_id.expose().to_owned()),
        Some(action.case_ref.expose().to_owned()),
        Some(action.bank.to_string()),
        Some(action.kind.to_string()),
        action.layer.map(|layer| layer.to_string()),
        action.disputed.map(rupees),
        Some(fixed_width(action.requested_at)),
        action.delivered_at.map(fixed_width),
        action.due_at.map(fixed_width),
        Some(action.complete.to_string()),
        Some(action.status.to_string()),
        action.acted_at.map(fixed_width),
        action.lien_amount.map(rupees),
        Some(action.contacts.to_string()),
        action.last_contact_at.map(fixed_width),
    ]
}

pub(super) fn rupees(amount: Paise) -> String {
    let sign = if amount.paise() < 0 { "-" } else { "" };
    let paise = amount.paise().unsigned_abs();
    format!("{sign}{}.{:02}", paise / 100, paise % 100)
}

/// The stamp of a write: now, or just after the last one where our clock has gone back.
pub(super) async fn next_stamp(
    transaction: &mut SqliteTransaction<'_>,
    now: Timestamp,
) -> sqlx::Result<String> {
    let latest: Option<String> = sqlx::query_scalar("SELECT max(updated_at) FROM bank_action")
        .fetch_one(&mut **transaction)
        .await?;
    let after = latest
        .and_then(|text| text.parse::<jiff::Timestamp>().ok())
        .map(|latest| Timestamp::from(latest).plus(SignedDuration::from_micros(1)));
    Ok(fixed_width(after.map_or(now, |after| after.max(now))))
}

/// How many actions there are.
pub(super) async fn count(transaction: &mut SqliteTransaction<'_>) -> sqlx::Result<u64> {
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM bank_action")
        .fetch_one(&mut **transaction)
        .await?;
    Ok(rows.unsigned_abs())
}
