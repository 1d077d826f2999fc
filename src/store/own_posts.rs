//! Our own timelines beside the ledger: whoever holds an account's token can speak as the police,
//! so what the ledger does not know is kept and rings, once.

use std::collections::BTreeSet;

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, sql},
    deliveries::{self, DeliveryRow},
    record::{ALARM, Act, OWN_POST},
};
use crate::domain::{
    alarm::{Alarm, What},
    ids::AccountName,
    listening::receipt_of,
    person::Desk,
    time::Timestamp,
};

/// A post of our account that takaza did not send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnadoptedPost {
    /// The account.
    pub account: AccountName,
    /// The post's id on its platform.
    pub post: String,
    /// Where it can be seen.
    pub permalink: String,
    /// When it was first seen.
    pub seen_at: Timestamp,
}

/// The key by which an alarm names a post of an account.
fn subject(account: &AccountName, post: &str) -> String {
    format!("{account}/{post}")
}

impl Store {
    /// Which of these posts are known without a delivery: they rang, or were there before us.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn known_posts(
        &self,
        account: &AccountName,
        posts: &[&str],
    ) -> Result<BTreeSet<String>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT platform_id FROM own_post WHERE account = $2
               AND platform_id IN (SELECT j.value->>'p' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(posts.iter().map(|post| json!({"p": post})).collect())
        .bind(account)
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| row.get("platform_id")).collect()
    }

    /// Keeps posts that the ledger does not know, as id and permalink, and rings about each unless
    /// they are the account's past from before it was connected. Returns how many are new.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn unknown_posts(
        &self,
        by: &Actor,
        account: &AccountName,
        posts: &[(&str, &str)],
        past: bool,
    ) -> Result<u64, StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let rows = sql("INSERT INTO own_post (account, platform_id, permalink, seen_at)
             SELECT $2, j.value->>'id', j.value->>'link', $3
             FROM json_each(CAST($1 AS TEXT)) AS j WHERE true
             ON CONFLICT (account, platform_id) DO NOTHING RETURNING *")
        .batch(posts.iter().map(|(id, link)| json!({"id": id, "link": link})).collect())
        .bind(account)
        .bind(now)
        .write(&OWN_POST, &mut tx)
        .await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let mut alarms = Vec::new();
        for row in rows.iter().filter(|_| !past) {
            let (id, link): (String, String) = (row.get("platform_id")?, row.get("permalink")?);
            let detail = format!(
                "Account {account} has a post that takaza did not send: {link}. If an officer \
                 wrote it: `takaza account adopt {account} {id}`. If not, somebody else holds the \
                 account: `takaza account revoke {account}`."
            );
            alarms.push(Alarm::new(What::UnknownPost, subject(account, &id), detail));
        }
        let act = if past { "account.past-noted" } else { "account.unknown-posts" };
        let mut acts = vec![Act::new(account, act, json!({"posts": rows.len()}))];
        acts.extend(self.raise_in(&mut tx, &alarms).await?);
        self.finish(tx, by, acts).await?;
        Ok(rows.len() as u64)
    }

    /// Posts of our accounts that takaza did not send and nobody has adopted, while their alarm waits:
    /// account, post, permalink, and when it was seen.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn unadopted(&self, limit: u32) -> Result<Vec<UnadoptedPost>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT o.account, o.platform_id, o.permalink, o.seen_at
             FROM alarm a JOIN own_post o ON a.subject = o.account || '/' || o.platform_id
             WHERE a.what = $1 AND a.taken_at IS NULL AND o.adopted_by IS NULL
             ORDER BY o.seen_at DESC, o.platform_id LIMIT $2")
        .bind(What::UnknownPost)
        .bind(limit)
        .all(&mut tx)
        .await?;
        let read = |row: &Row| {
            Ok(UnadoptedPost {
                account: row.get("account")?,
                post: row.get("platform_id")?,
                permalink: row.get("permalink")?,
                seen_at: row.get("seen_at")?,
            })
        };
        rows.iter().map(read).collect()
    }

    /// One word adopts an officer's own post, and takes the alarm about it.
    ///
    /// # Errors
    /// There is no such post that waits for it, or the ledger failed.
    pub async fn adopt_own_post(
        &self,
        by: &Actor,
        desk: &Desk,
        account: &AccountName,
        post: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let adopted = sql("UPDATE own_post SET adopted_by = $3
             WHERE account = $1 AND platform_id = $2 AND adopted_by IS NULL RETURNING *")
        .bind(account)
        .bind(post)
        .bind(desk.id())
        .write(&OWN_POST, &mut tx)
        .await?;
        if adopted.is_empty() {
            return Err(StoreError::NotFound(format!(
                "post {post} of {account} that waits to be adopted"
            )));
        }
        let body = json!({"post": post, "by": desk.id()});
        let mut acts = vec![Act::new(account, "account.post-adopted", body)];
        let taken = sql("UPDATE alarm SET taken_by = $3, taken_at = $4
             WHERE what = $1 AND subject = $2 AND taken_at IS NULL RETURNING *")
        .bind(What::UnknownPost)
        .bind(subject(account, post))
        .bind(desk.id())
        .bind(now)
        .write(&ALARM, &mut tx)
        .await?;
        for row in &taken {
            let body = json!({"by": desk.id()});
            acts.push(Act::new(row.get::<String>("id")?, "alarm.taken", body));
        }
        self.finish(tx, by, acts).await
    }

    /// Every delivery on an account that carries one of these references, retractions aside.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn by_references(
        &self,
        account: &AccountName,
        references: &BTreeSet<&str>,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT d.* FROM escalation e JOIN delivery d ON d.escalation = e.id
             WHERE e.reference IN (SELECT j.value->>'r' FROM json_each(CAST($1 AS TEXT)) AS j)
               AND d.account = $2 AND d.kind <> 'retraction'
             ORDER BY d.id")
        .batch(references.iter().map(|reference| json!({"r": reference})).collect())
        .bind(account)
        .all(&mut tx)
        .await?;
        rows.iter().map(deliveries::read).collect()
    }

    /// Posts that an account must show: delivered since an instant by the platform's time, and not
    /// being taken away by a retraction of ours.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn standing_posts(
        &self,
        account: &AccountName,
        since: Timestamp,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM delivery WHERE account = $1
               AND (state = 'delivered' AND kind <> 'retraction' AND receipt_at >= $2
                 OR kind = 'retraction' AND state IN ('sending', 'uncertain', 'delivered'))
             ORDER BY id")
        .bind(account)
        .bind(since)
        .all(&mut tx)
        .await?;
        let rows: Result<Vec<_>, _> = rows.iter().map(deliveries::read).collect();
        let (gone, standing): (Vec<_>, Vec<_>) =
            rows?.into_iter().partition(|row| row.delivery.content.retracts.is_some());
        let gone: BTreeSet<_> =
            gone.into_iter().filter_map(|row| row.delivery.content.retracts).collect();
        let stands = |row: &DeliveryRow| {
            receipt_of(&row.delivery).is_some_and(|receipt| !gone.contains(&receipt.id))
        };
        Ok(standing.into_iter().filter(stands).collect())
    }
}
