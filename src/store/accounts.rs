//! The unit's own accounts.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    record::{ACCOUNT, Act},
};
use crate::domain::{
    ids::AccountName,
    person::{Administrator, Person, Role},
    platform::{Account, Sender},
    time::Timestamp,
};

/// An account as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct AccountRow {
    /// The account.
    pub account: Account,
    /// A repeated send is harmless on its server for a while.
    pub idempotent: bool,
    /// Where its token is found: `env:NAME` or `file:PATH`.
    pub token_from: Option<String>,
    /// It does not post before then.
    pub paused_until: Option<Timestamp>,
    /// Why not.
    pub paused_why: Option<String>,
    /// Its grant was revoked.
    pub revoked: bool,
    /// When its platform last answered us.
    pub last_heard_at: Option<Timestamp>,
    /// Where its notifications are read on from.
    pub mention_cursor: Option<String>,
    /// When its timeline was last read for what the ledger does not know.
    pub own_checked_at: Option<Timestamp>,
}

impl AccountRow {
    /// An account as it is first put: without a token written down, and never heard yet.
    pub const fn new(account: Account) -> Self {
        Self {
            account,
            idempotent: false,
            token_from: None,
            paused_until: None,
            paused_why: None,
            revoked: false,
            last_heard_at: None,
            mention_cursor: None,
            own_checked_at: None,
        }
    }

    /// It is spoken to by its platform's API: by a token that a person wrote down, or by a grant.
    pub fn has_api(&self) -> bool {
        self.token_from.is_some() || self.account.sender == Sender::Api
    }
}

impl Store {
    /// Connects an account, or changes how it is connected. It is never live by that. Where it is
    /// another account on its platform now, its timeline and notifications are read from new.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn put_account(
        &self,
        by: &Actor,
        administrator: &Administrator,
        row: &AccountRow,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let account = &row.account;
        sql("INSERT INTO account (name, platform, base_url, handle, stable_id, sender, mention,
               languages, visibility, spoiler, max_length, idempotent, token_from, picture, live,
               revoked)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, 0)
             ON CONFLICT (name) DO UPDATE SET platform = excluded.platform,
               base_url = excluded.base_url, handle = excluded.handle,
               stable_id = excluded.stable_id, sender = excluded.sender,
               mention = excluded.mention, languages = excluded.languages,
               visibility = excluded.visibility, spoiler = excluded.spoiler,
               max_length = excluded.max_length, idempotent = excluded.idempotent,
               token_from = excluded.token_from, picture = excluded.picture, live = 0, live_by = NULL, revoked = 0,
               paused_until = NULL, paused_why = NULL,
               own_checked_at = CASE WHEN account.stable_id IS NOT DISTINCT FROM excluded.stable_id
                                     THEN account.own_checked_at END,
               mention_cursor = CASE WHEN account.stable_id IS NOT DISTINCT FROM excluded.stable_id
                                     THEN account.mention_cursor END
             RETURNING *")
        .bind(&account.name)
        .bind(account.platform)
        .bind(&account.base_url)
        .bind(&account.handle)
        .bind(account.stable_id.as_ref())
        .bind(account.sender)
        .bind(account.mention)
        .bind(serde_json::to_string(&account.languages)?)
        .bind(account.visibility)
        .bind(account.spoiler.as_ref())
        .bind(account.max_length)
        .bind(row.idempotent)
        .bind(row.token_from.as_ref())
        .bind(account.picture)
        .write(&ACCOUNT, &mut tx)
        .await?;
        let body = json!({"platform": account.platform, "handle": account.handle,
                          "stable_id": account.stable_id, "by": administrator.id()});
        let act = Act::new(&account.name, "account.connected", body);
        self.finish(tx, by, vec![act]).await
    }

    /// A named person turns an account live or takes it off again. Turning live takes an approver.
    ///
    /// # Errors
    /// The person may not, there is no such account, or the ledger failed.
    pub async fn set_live(
        &self,
        by: &Actor,
        person: &Person,
        name: &AccountName,
        live: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        if live {
            person.as_approver(now)?;
        } else if person.role != Role::Administrator {
            person.as_desk(now)?;
        } else {
            person.as_administrator(now)?;
        }
        let written = sql("UPDATE account SET live = $2, live_by = $3
             WHERE name = $1 AND revoked = 0 RETURNING *")
        .bind(name)
        .bind(live)
        .bind(&person.id)
        .write(&ACCOUNT, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("connected account {name}")));
        }
        let act = if live { "account.live" } else { "account.off" };
        let act = Act::new(name, act, json!({})).on(Some(format!("decision by {}", person.id)));
        self.finish(tx, by, vec![act]).await
    }

    /// Pauses an account, or ends its pause (`until` and `why` empty).
    ///
    /// # Errors
    /// There is no such account, or the ledger failed.
    pub async fn pause_account(
        &self,
        by: &Actor,
        name: &AccountName,
        pause: Option<(Timestamp, &str)>,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let written = sql("UPDATE account SET paused_until = $2, paused_why = $3
             WHERE name = $1 RETURNING *")
        .bind(name)
        .bind(pause.map(|(until, _)| until))
        .bind(pause.map(|(_, why)| why))
        .write(&ACCOUNT, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("account {name}")));
        }
        let body =
            json!({"until": pause.map(|(until, _)| until), "why": pause.map(|(_, why)| why)});
        let act = if pause.is_some() { "account.paused" } else { "account.unpaused" };
        self.finish(tx, by, vec![Act::new(name, act, body)]).await
    }

    /// Notes that an account's grant was revoked: it is off and stays off until connected anew.
    ///
    /// # Errors
    /// There is no such account, or the ledger failed.
    pub async fn account_revoked(
        &self,
        by: &Actor,
        name: &AccountName,
        how: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let written = sql("UPDATE account SET live = 0, revoked = 1 WHERE name = $1 RETURNING *")
            .bind(name)
            .write(&ACCOUNT, &mut tx)
            .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("account {name}")));
        }
        let act = Act::new(name, "account.revoked", json!({"how": how}));
        self.finish(tx, by, vec![act]).await
    }

    /// Every account.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn accounts(&self) -> Result<Vec<AccountRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM account ORDER BY name").all(&mut tx).await?;
        rows.iter().map(read_account).collect()
    }

    /// When each account posted since an instant, in order.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn posted_since(
        &self,
        since: Timestamp,
    ) -> Result<BTreeMap<AccountName, Vec<Timestamp>>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT account, sent_at FROM delivery WHERE sent_at > $1 ORDER BY sent_at")
            .bind(since)
            .all(&mut tx)
            .await?;
        let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for row in &rows {
            found.entry(row.get("account")?).or_default().push(row.get("sent_at")?);
        }
        Ok(found)
    }

    /// Notes when a platform last answered, and how far its notifications and timeline were read.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn account_heard(
        &self,
        name: &AccountName,
        at: Timestamp,
        cursor: Option<&str>,
        own_checked: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        sql("UPDATE account SET last_heard_at = $2, mention_cursor = COALESCE($3, mention_cursor),
               own_checked_at = CASE WHEN $4 = 1 THEN $2 ELSE own_checked_at END
             WHERE name = $1")
        .bind(name)
        .bind(at)
        .bind(cursor)
        .bind(own_checked)
        .run(&mut tx)
        .await?;
        tx.commit().await
    }
}

fn read_account(row: &Row) -> Result<AccountRow, StoreError> {
    Ok(AccountRow {
        account: Account {
            name: row.get("name")?,
            platform: row.get("platform")?,
            base_url: row.get("base_url")?,
            handle: row.get("handle")?,
            stable_id: row.get("stable_id")?,
            sender: row.get("sender")?,
            mention: row.get("mention")?,
            languages: serde_json::from_str(&row.get::<String>("languages")?)?,
            visibility: row.get("visibility")?,
            spoiler: row.get("spoiler")?,
            max_length: row.get("max_length")?,
            // Of an account from before there were pictures nobody has said that it shows them.
            picture: row.get::<Option<bool>>("picture")?.unwrap_or(false),
            live: row.get("live")?,
        },
        idempotent: row.get("idempotent")?,
        token_from: row.get("token_from")?,
        paused_until: row.get("paused_until")?,
        paused_why: row.get("paused_why")?,
        revoked: row.get("revoked")?,
        last_heard_at: row.get("last_heard_at")?,
        mention_cursor: row.get("mention_cursor")?,
        own_checked_at: row.get("own_checked_at")?,
    })
}
