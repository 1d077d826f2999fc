//! What the tables themselves tell to be wrong: the alarms that nobody has to notice first.

use jiff::SignedDuration;

use super::{
    StoreError,
    db::{Tx, sql},
};
use crate::domain::{
    alarm::{Alarm, What},
    delivery::RESTORED,
    time::Timestamp,
};

/// How long a trouble may last before it rings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Concerns {
    /// The case source has not answered for this long.
    pub source_down: SignedDuration,
    /// A platform has told us nothing for this long.
    pub feed_silent: SignedDuration,
    /// An entry has stayed unsealed for this long.
    pub unsealed: SignedDuration,
    /// A dispute has waited for this long.
    pub dispute: SignedDuration,
}

/// What the tables themselves tell; all else is raised by whoever sees it.
pub(super) const TOLD_BY_TABLES: [What; 9] = [
    What::Breaker,
    What::Restored,
    What::HandleChanged,
    What::SourceDown,
    What::FeedSilent,
    What::Unsealed,
    What::Uncertain,
    What::Dispute,
    What::GrantBroken,
];

/// Everything that the tables tell to be wrong now.
pub(super) async fn told_by_tables(
    tx: &mut Tx,
    concerns: &Concerns,
    now: Timestamp,
) -> Result<Vec<Alarm>, StoreError> {
    let mut found = Vec::new();
    gate(tx, &mut found).await?;
    source_down(tx, now.minus(concerns.source_down), &mut found).await?;
    feed_silent(tx, now.minus(concerns.feed_silent), &mut found).await?;
    handles_changed(tx, &mut found).await?;
    unsealed(tx, now.minus(concerns.unsealed), &mut found).await?;
    uncertain(tx, &mut found).await?;
    disputes(tx, now.minus(concerns.dispute), &mut found).await?;
    grants_broken(tx, now, &mut found).await?;
    Ok(found)
}

/// What closed the gate by itself; the stop switch was pressed by somebody.
async fn gate(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let row = sql("SELECT tripped, tripped_why, restored, restored_why FROM claim_gate").one(tx);
    let row = row.await?;
    let why = |column| Ok::<_, StoreError>(row.get::<Option<String>>(column)?.unwrap_or_default());
    if row.get("tripped")? {
        let detail = format!(
            "The breaker has stopped sending: {}. Find the cause, then `takaza resume`.",
            why("tripped_why")?
        );
        found.push(Alarm::new(What::Breaker, "gate", detail));
    }
    if row.get("restored")? {
        let detail = format!(
            "The ledger was restored ({}), and nothing is sent before a person accepts that: \
             `takaza restore accept`.",
            why("restored_why")?
        );
        found.push(Alarm::new(What::Restored, "gate", detail));
    }
    Ok(())
}

/// A source that never answered rings at its fifth failure.
async fn source_down(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT name, last_ok_at FROM source
         WHERE failures > 0 AND (last_ok_at <= $1 OR last_ok_at IS NULL AND failures >= 5)")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (name, since): (String, Option<Timestamp>) = (row.get("name")?, row.get("last_ok_at")?);
        let since = since.map_or_else(|| "at all".to_owned(), |at| format!("since {at}"));
        let detail = format!(
            "The case source {name} has not answered {since}; nothing is sent on its old facts. \
             `takaza doctor` tells more."
        );
        found.push(Alarm::new(What::SourceDown, name, detail));
    }
    Ok(())
}

/// An account that has never told anything counts from its first post.
async fn feed_silent(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT name, last_heard_at FROM account
         WHERE live = 1 AND revoked = 0 AND sender = 'api'
           AND COALESCE(last_heard_at, (SELECT MIN(d.sent_at) FROM delivery d
                                        WHERE d.account = account.name)) <= $1")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (name, since): (String, Option<Timestamp>) =
            (row.get("name")?, row.get("last_heard_at")?);
        let since = since.map_or_else(|| "at all".to_owned(), |at| format!("since {at}"));
        let detail = format!(
            "The platform of account {name} has told us nothing {since}: answers and misuse would \
             go unseen. `takaza doctor` tells more."
        );
        found.push(Alarm::new(What::FeedSilent, name, detail));
    }
    Ok(())
}

async fn handles_changed(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT bank, platform, mismatch FROM bank_handle WHERE mismatch IS NOT NULL")
        .all(tx)
        .await?;
    for row in &rows {
        let (bank, platform): (String, String) = (row.get("bank")?, row.get("platform")?);
        let mismatch: String = row.get("mismatch")?;
        let detail = format!(
            "The verified handle of bank {bank} on {platform} is no longer certain: {mismatch}. \
             Posts that mention it are held; verify it anew with `takaza banks`."
        );
        found.push(Alarm::new(What::HandleChanged, format!("{bank}/{platform}"), detail));
    }
    Ok(())
}

/// Looks a week back: what is older has rung while it was younger, and a ledger of years is not
/// read through at every pass.
async fn unsealed(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let row = sql("SELECT COUNT(*) AS n FROM entry e WHERE e.at <= $1 AND e.at > $2
           AND NOT EXISTS (SELECT 1 FROM leaf l WHERE l.entry = e.id)")
    .bind(before)
    .bind(before.minus(SignedDuration::from_hours(24 * 7)))
    .one(tx)
    .await?;
    let count: i64 = row.get("n")?;
    if count > 0 {
        let detail = format!(
            "{count} entries of the record have stayed unsealed since before {before}: whoever can \
             write the database could still change them. Look whether `takaza serve` runs and can \
             read its signing key."
        );
        found.push(Alarm::new(What::Unsealed, "record", detail));
    }
    Ok(())
}

async fn uncertain(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT id, reference, account FROM delivery
         WHERE state = 'uncertain' AND asks = 1 AND why <> $1")
    .bind(RESTORED)
    .all(tx)
    .await?;
    for row in &rows {
        let (id, reference, account): (String, String, String) =
            (row.get("id")?, row.get("reference")?, row.get("account")?);
        let detail = format!(
            "Nobody can tell whether {reference} went out through account {account}: `takaza post \
             show {reference}`. Look at the account. If it is there: `takaza handoff done {id} \
             --permalink URL`. If not: `takaza handoff not-posted {id}`."
        );
        found.push(Alarm::new(What::Uncertain, id, detail));
    }
    uncertain_by_a_restore(tx, found).await
}

/// A restore doubts everything unfinished at once: that rings once for each account.
async fn uncertain_by_a_restore(tx: &mut Tx, found: &mut Vec<Alarm>) -> Result<(), StoreError> {
    let rows = sql("SELECT account, COUNT(*) AS n FROM delivery
         WHERE state = 'uncertain' AND asks = 1 AND why = $1 GROUP BY account")
    .bind(RESTORED)
    .all(tx)
    .await?;
    for row in &rows {
        let (account, count): (String, i64) = (row.get("account")?, row.get("n")?);
        let detail = format!(
            "Since the restore nobody can tell whether {count} texts went out through account \
             {account}: `takaza post list --state uncertain --account {account}`. Look at the \
             account. Each that is there: `takaza handoff done`; each that is not: `takaza handoff \
             not-posted`."
        );
        found.push(Alarm::new(What::Uncertain, format!("restored {account}"), detail));
    }
    Ok(())
}

async fn disputes(
    tx: &mut Tx,
    before: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT d.id AS id, e.reference AS reference, d.entered_at AS entered_at
         FROM dispute d JOIN escalation e ON e.id = d.escalation
         WHERE d.decided_at IS NULL AND d.entered_at <= $1")
    .bind(before)
    .all(tx)
    .await?;
    for row in &rows {
        let (id, reference): (String, String) = (row.get("id")?, row.get("reference")?);
        let entered: Timestamp = row.get("entered_at")?;
        let detail = format!(
            "The dispute of {reference} has waited for an approver's decision since {entered}."
        );
        found.push(Alarm::new(What::Dispute, id, detail));
    }
    Ok(())
}

async fn grants_broken(
    tx: &mut Tx,
    now: Timestamp,
    found: &mut Vec<Alarm>,
) -> Result<(), StoreError> {
    let rows = sql("SELECT g.account AS account, g.expires_at AS expires_at
         FROM account_grant g JOIN account a ON a.name = g.account
         WHERE g.broken IS NOT NULL AND a.revoked = 0")
    .all(tx)
    .await?;
    for row in &rows {
        let (name, ends): (String, Option<Timestamp>) =
            (row.get("account")?, row.get("expires_at")?);
        let works = match ends {
            Some(at) if now < at => format!("it still works until {at}"),
            _ => "nothing is sent or read through it any more".to_owned(),
        };
        let detail = format!(
            "The grant of account {name} can no longer be renewed; {works}. Connect it anew: \
             `takaza account connect {name}`."
        );
        found.push(Alarm::new(What::GrantBroken, name, detail));
    }
    Ok(())
}
