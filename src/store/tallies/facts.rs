//! The facts of one day, read from the ledger's rows as they are now, and booked bank by bank.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use crate::{
    domain::{
        action::BankAction,
        cost::MicroDollars,
        escalation::EscalationState,
        fairness::Reason,
        ids::{BankCode, EscalationId, PersonId},
        measures::{
            Answers, ClearanceFact, DraftFact, Fate, Manner, MemberFact, PostFact, Sum as _,
            TagFact, Tally, Unsent, instants,
        },
        platform::Sender,
        time::Timestamp,
    },
    store::{
        StoreError,
        db::{Row, Sql, Tx, sql},
    },
};

type Tallies = BTreeMap<BankCode, Tally>;

/// One day of some banks.
struct Day<'a> {
    from: Timestamp,
    until: Timestamp,
    banks: &'a [BankCode],
}

/// The sums of a day for these banks; a bank on whose day nothing is booked is not among them.
pub(super) async fn of_day(
    tx: &mut Tx,
    day: i64,
    banks: &[BankCode],
    zone: &TimeZone,
) -> Result<Tallies, StoreError> {
    let (from, until) = instants(day, zone);
    let day = Day { from, until, banks };
    let mut tallies = Tallies::new();
    posts(tx, &day, &mut tallies).await?;
    reach(tx, &day, &mut tallies).await?;
    replies(tx, &day, &mut tallies).await?;
    tags(tx, &day, &mut tallies).await?;
    requests(tx, &day, &mut tallies).await?;
    due(tx, &day, &mut tallies).await?;
    drafts(tx, &day, &mut tallies).await?;
    clearances(tx, &day, &mut tallies).await?;
    tallies.retain(|_, tally| !tally.is_zero());
    Ok(tallies)
}

/// The requests of these banks that fall due in a time, as sums that hold nothing else.
pub(super) async fn of_due(
    tx: &mut Tx,
    from: Timestamp,
    until: Timestamp,
    banks: &[BankCode],
) -> Result<Tallies, StoreError> {
    let mut tallies = Tallies::new();
    due(tx, &Day { from, until, banks }, &mut tallies).await?;
    Ok(tallies)
}

impl Day<'_> {
    /// A statement over the day: `$1` the banks, `$2` its first instant, `$3` the first after it.
    fn sql(&self, text: &'static str) -> Sql {
        let banks = self.banks.iter().map(|bank| json!({"b": bank})).collect();
        sql(text).batch(banks).bind(self.from).bind(self.until)
    }
}

fn of<'a>(tallies: &'a mut Tallies, row: &Row) -> Result<&'a mut Tally, StoreError> {
    Ok(tallies.entry(row.get("bank")?).or_default())
}

fn count(row: &Row, name: &str) -> Result<u64, StoreError> {
    Ok(u64::try_from(row.get::<i64>(name)?).unwrap_or(0))
}

/// What of a post's content says how it names the bank.
#[derive(Deserialize)]
struct Named {
    bank_in_text: String,
}

async fn posts(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    day.sql(
        "SELECT d.bank, d.kind, d.state, d.sender, d.account, d.content, p.micros
         FROM delivery d LEFT JOIN post_price p ON p.delivery = d.id
         WHERE d.sent_at >= $2 AND d.sent_at < $3
           AND d.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)",
    )
    .each(tx, |row| {
        let named: Named = serde_json::from_str(&row.get::<String>("content")?)?;
        let manner = match row.get("sender")? {
            Sender::HandOff => Manner::HandOff,
            Sender::Api if named.bank_in_text.starts_with('@') => Manner::Mention,
            Sender::Api => Manner::PlainName,
        };
        let (kind, state, account) = (row.get("kind")?, row.get("state")?, row.get("account")?);
        let price = row.get::<Option<i64>>("micros")?.map(MicroDollars::new);
        of(tallies, row)?.post(&PostFact { kind, state, manner, account, price });
        Ok(())
    })
    .await
}

async fn reach(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    day.sql(
        "SELECT d.bank, g.kind, COUNT(*) AS n
         FROM delivery d JOIN engagement g ON g.delivery = d.id
         WHERE d.sent_at >= $2 AND d.sent_at < $3 AND g.voice <> 'bank'
           AND d.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY d.bank, g.kind",
    )
    .each(tx, |row| {
        of(tallies, row)?.reached(row.get("kind")?, count(row, "n")?);
        Ok(())
    })
    .await
}

async fn replies(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    day.sql(
        "SELECT d.bank, COALESCE(g.corrected_class, g.class) AS class, COUNT(*) AS n,
           COUNT(CASE WHEN g.corrected_class <> COALESCE(g.class, '') THEN 1 END) AS corrected
         FROM delivery d JOIN engagement g ON g.delivery = d.id
         WHERE d.sent_at >= $2 AND d.sent_at < $3
           AND g.voice = 'bank' AND g.kind IN ('reply', 'quote')
           AND COALESCE(g.corrected_class, g.class) IS NOT NULL
           AND d.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY d.bank, COALESCE(g.corrected_class, g.class)",
    )
    .each(tx, |row| {
        let (n, corrected) = (count(row, "n")?, count(row, "corrected")?);
        of(tallies, row)?.replied(row.get("class")?, n, corrected);
        Ok(())
    })
    .await
}

/// Tags whose first post in public went out on the day, with what followed.
async fn tags(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    let rows = day
        .sql(
            "SELECT e.id, e.bank,
               (SELECT MIN(x.sent_at) FROM delivery x WHERE x.escalation = e.id
                  AND x.state IN ('delivered', 'retracted')) AS since,
               (SELECT MIN(r.at) FROM bank_reply r WHERE r.escalation = e.id) AS answered,
               (SELECT MIN(r.at) FROM bank_reply r WHERE r.escalation = e.id
                  AND r.class IN ('acknowledgement', 'claim', 'dispute')) AS substantive,
               (SELECT COUNT(r.class) FROM bank_reply r WHERE r.escalation = e.id) AS read
             FROM escalation e
             WHERE e.kind = 'tag'
               AND e.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
               AND e.id IN (SELECT d.escalation FROM delivery d
                  WHERE d.sent_at >= $2 AND d.sent_at < $3
                    AND d.state IN ('delivered', 'retracted'))
               AND (SELECT MIN(x.sent_at) FROM delivery x WHERE x.escalation = e.id
                  AND x.state IN ('delivered', 'retracted')) >= $2",
        )
        .all(tx)
        .await?;
    let mut found: BTreeMap<EscalationId, (BankCode, TagFact)> = BTreeMap::new();
    for row in &rows {
        let answers = Answers {
            first: row.get("answered")?,
            substantive: row.get("substantive")?,
            read: row.get::<i64>("read")? > 0,
        };
        let since = row.get::<Option<Timestamp>>("since")?.unwrap_or(day.from);
        let tag = TagFact { since, answers, members: Vec::new() };
        found.insert(row.get("id")?, (row.get("bank")?, tag));
    }
    let ids: Vec<_> = found.keys().map(|id| json!({"s": id})).collect();
    for (escalation, member) in members(tx, ids, day.from).await? {
        if let Some((_, tag)) = found.get_mut(&escalation) {
            tag.members.push(member);
        }
    }
    for (bank, tag) in found.into_values() {
        tallies.entry(bank).or_default().tag(&tag);
    }
    Ok(())
}

/// The actions that these tags name, as they stand now.
async fn members(
    tx: &mut Tx,
    tags: Vec<Json>,
    from: Timestamp,
) -> Result<Vec<(EscalationId, MemberFact)>, StoreError> {
    if tags.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    sql("SELECT m.escalation, a.body,
           (SELECT MIN(x.sent_at) FROM delivery x WHERE x.escalation = m.escalation
              AND x.state IN ('delivered', 'retracted')) AS own,
           (SELECT MIN(x.sent_at) FROM escalation_action o
              JOIN delivery x ON x.escalation = o.escalation
            WHERE o.external_id = m.external_id AND o.kind = 'tag'
              AND x.state IN ('delivered', 'retracted')) AS first
         FROM escalation_action m LEFT JOIN action a ON a.external_id = m.external_id
         WHERE m.escalation IN (SELECT j.value->>'s' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(tags)
    .each(tx, |row| {
        let own = row.get::<Option<Timestamp>>("own")?.unwrap_or(from);
        let again = row.get::<Option<Timestamp>>("first")?.is_some_and(|first| first < own);
        let body: Option<String> = row.get("body")?;
        let fate = body.map(|body| serde_json::from_str(&body).map(fate)).transpose()?;
        found.push((row.get("escalation")?, MemberFact { again, fate }));
        Ok(())
    })
    .await?;
    Ok(found)
}

fn fate(action: BankAction) -> Fate {
    let BankAction { status, disputed, acted_at, lien_amount, .. } = action;
    Fate { status, disputed, acted_at, lien: lien_amount }
}

/// Requests that reached the bank on the day. One that vanished from the source stays what it was
/// last seen to be: a pending one is never taken for acted on.
async fn requests(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    // SQLite, which has no statistics, else reads every request of these banks.
    day.sql(
        "SELECT a.bank, a.body FROM action_delivered a
         WHERE a.delivered_at >= $2 AND a.delivered_at < $3
           AND a.bank || '' IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)",
    )
    .each(tx, |row| {
        let action: BankAction = serde_json::from_str(&row.get::<String>("body")?)?;
        of(tallies, row)?.request(&action);
        Ok(())
    })
    .await
}

async fn due(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    day.sql(
        "SELECT a.bank, COUNT(*) AS n,
           COUNT(CASE WHEN a.acted_at IS NULL OR a.acted_at > a.fell_due_at THEN 1 END) AS overdue
         FROM action a
         WHERE a.kind IN ('lien', 'hold') AND a.fell_due_at >= $2 AND a.fell_due_at < $3
           AND a.bank || '' IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
         GROUP BY a.bank",
    )
    .each(tx, |row| {
        of(tallies, row)?.fell_due(count(row, "n")?, count(row, "overdue")?);
        Ok(())
    })
    .await
}

async fn drafts(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    day.sql(
        "SELECT e.bank, e.state, e.money_at_risk,
           CAST(CASE WHEN e.outcome LIKE 'tag avoided%' THEN 1 ELSE 0 END AS BIGINT) AS avoided,
           (SELECT COUNT(*) FROM dispute t WHERE t.escalation = e.id) AS disputes,
           CAST(CASE WHEN e.state = 'rejected' AND EXISTS (
             SELECT 1 FROM dispute t WHERE t.escalation = e.id AND t.stands = 1)
             THEN 1 ELSE 0 END AS BIGINT) AS dispute,
           CASE WHEN e.state IN ('rejected', 'expired') THEN
             (SELECT b.person FROM entries_by b WHERE b.subject = e.id
                AND (e.state = 'rejected'
                  AND b.act IN ('escalation.rejected', 'dispute.decided')
                  OR e.state = 'expired' AND b.act = 'escalation.held-back')
              ORDER BY b.seq DESC LIMIT 1) END AS by_person,
           CAST(CASE WHEN e.state = 'expired' AND EXISTS (
             SELECT 1 FROM entry n WHERE n.subject = e.id
               AND n.act IN ('escalation.approved', 'escalation.cleared'))
             THEN 1 ELSE 0 END AS BIGINT) AS cleared
         FROM escalation e
         WHERE e.kind = 'tag' AND e.drafted_at >= $2 AND e.drafted_at < $3
           AND e.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)",
    )
    .each(tx, |row| {
        let avoided = row.get::<i64>("avoided")? == 1;
        let (state, amount) = (row.get("state")?, row.get("money_at_risk")?);
        let (disputes, unsent) = (count(row, "disputes")?, unsent(row, state)?);
        of(tallies, row)?.draft(DraftFact { state, avoided, amount, disputes, unsent });
        Ok(())
    })
    .await
}

fn unsent(row: &Row, state: EscalationState) -> Result<Option<Unsent>, StoreError> {
    let rejected = state == EscalationState::Rejected;
    if !rejected && state != EscalationState::Expired {
        return Ok(None);
    }
    let by: Option<PersonId> = row.get("by_person")?;
    let (dispute, cleared) = (row.get("dispute")?, row.get("cleared")?);
    let reason = Reason::of_unsent(rejected, dispute, cleared, by.is_some());
    let by = by.filter(|_| reason != Reason::ExpiredUnsent);
    Ok(Some(Unsent { reason, by }))
}

/// How many of an escalation's posts are in some states.
macro_rules! cleared {
    ($order:literal, $from:literal) => {
        concat!(
            "SELECT e.bank AS bank, e.state AS state, ",
            $order,
            " AS order_id,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id
                  AND d.state IN ('delivered', 'retracted')) AS out_n,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id
                  AND d.state IN ('sending', 'uncertain')) AS unsure_n,
               (SELECT COUNT(*) FROM delivery d WHERE d.escalation = e.id
                  AND d.state = 'refused') AS refused_n ",
            $from,
            " AND e.bank IN (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)"
        )
    };
}

async fn clearances(tx: &mut Tx, day: &Day<'_>, tallies: &mut Tallies) -> Result<(), StoreError> {
    let under_orders = cleared!(
        "c.order_id",
        "FROM order_clearance c JOIN escalation e ON e.id = c.escalation
         WHERE c.at >= $2 AND c.at < $3 AND c.bank = e.bank"
    );
    // An approver's clearance leaves its columns when the escalation closes; the record keeps it.
    let by_hand = cleared!(
        "CAST(NULL AS TEXT)",
        "FROM entry n JOIN escalation e ON e.id = n.subject
         WHERE n.act = 'escalation.approved' AND n.at >= $2 AND n.at < $3"
    );
    for text in [under_orders, by_hand] {
        let book = |row: &Row| {
            let state: EscalationState = row.get("state")?;
            let (order, out) = (row.get("order_id")?, count(row, "out_n")?);
            let (unsure, refused) = (count(row, "unsure_n")?, count(row, "refused_n")?);
            of(tallies, row)?.clearance(&ClearanceFact { order, state, out, unsure, refused });
            Ok(())
        };
        day.sql(text).each(tx, book).await?;
    }
    Ok(())
}
