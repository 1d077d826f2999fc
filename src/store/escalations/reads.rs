//! What others ask about escalations.

use super::{
    BTreeMap, BankCode, EarlierText, EscalationId, EscalationKind, EscalationRow, EscalationState,
    Evidence, Mark, QueueFilter, QueueOrder, Row, Store, StoreError, Timestamp, find, json,
    members_of, sql, with_deliveries,
};

/// Tags that were delivered and on which the bank has acted since, as far as nothing came of it yet.
macro_rules! acted_after {
    ($nothing_yet:literal) => {
        concat!(
            "SELECT e.* FROM escalation e
             WHERE e.kind = 'tag' AND e.state = 'closed' AND e.drafted_at > $1
               AND EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                           AND d.state = 'delivered')
               AND EXISTS (SELECT 1 FROM escalation_action m
                           JOIN action a ON a.external_id = m.external_id
                           WHERE m.escalation = e.id AND a.status = 'acted'
                             AND a.vanished_at IS NULL)
               AND ",
            $nothing_yet,
            " ORDER BY e.drafted_at"
        )
    };
}
pub(super) use acted_after;

/// One page of one state: what lies behind a place, as one range of an index. A `+` keeps SQLite from
/// an index that would serve worse: a bank has few escalations, and its own index finds them.
macro_rules! queue_page {
    ($bank:literal, $sum:literal, $key:literal, $beyond:literal, $way:literal) => {
        concat!(
            "SELECT * FROM escalation WHERE state = $1 AND ",
            $bank,
            " AND ($3 = '' OR kind = $3) AND ",
            $sum,
            "money_at_risk >= $4 AND (",
            $key,
            ", id) ",
            $beyond,
            " ($5, $6) ORDER BY ",
            $key,
            $way,
            ", id",
            $way,
            " LIMIT $7"
        )
    };
    (any $sum:literal, $key:literal, $beyond:literal, $way:literal) => {
        queue_page!("($2 = '' OR bank = $2)", $sum, $key, $beyond, $way)
    };
    (bank $key:literal, $beyond:literal, $way:literal) => {
        queue_page!("bank = $2", "+", $key, $beyond, $way)
    };
}

const fn queue_sql(order: QueueOrder, bank: bool) -> &'static str {
    match (order, bank) {
        (QueueOrder::Money, false) => queue_page!(any "", "money_at_risk", "<", " DESC"),
        (QueueOrder::Money, true) => queue_page!(bank "+money_at_risk", "<", " DESC"),
        (QueueOrder::Expiry, false) => queue_page!(any "+", "expires_at", ">", ""),
        (QueueOrder::Expiry, true) => queue_page!(bank "+expires_at", ">", ""),
        (QueueOrder::Latest, false) => queue_page!(any "+", "drafted_at", "<", " DESC"),
        (QueueOrder::Latest, true) => queue_page!(bank "+drafted_at", "<", " DESC"),
    }
}

impl QueueOrder {
    /// Whether what comes first has the least of what it is sorted by.
    const fn rises(self) -> bool {
        matches!(self, Self::Expiry)
    }

    /// Before every row.
    const fn start(self) -> Mark {
        if self.rises() { Mark::first() } else { Mark::last() }
    }

    const fn column(self) -> &'static str {
        match self {
            Self::Money => "money_at_risk",
            Self::Expiry => "expires_at",
            Self::Latest => "drafted_at",
        }
    }

    /// Where a row stands among those of other states.
    fn mark(self, row: &Row) -> Result<Mark, StoreError> {
        Ok(Mark { key: row.get(self.column())?, id: row.get("id")? })
    }
}

impl Store {
    /// One escalation with its deliveries, by id or by reference.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn escalation(&self, id_or_reference: &str) -> Result<EscalationRow, StoreError> {
        let mut tx = self.read().await?;
        find(&mut tx, id_or_reference).await
    }

    /// The queue, in the order that the filter says. Asked state by state, so that the database
    /// reads each page from an index and sorts nothing.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn queue(&self, filter: &QueueFilter) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let mut states = filter.states.clone();
        if states.is_empty() {
            states.extend(EscalationState::ALL.iter().filter(|state| state.open()));
        }
        let order = filter.order.unwrap_or(QueueOrder::Money);
        let after = filter.after.clone().unwrap_or_else(|| order.start());
        let (skip, take) = (filter.page.0 as usize, filter.page.1 as usize);
        let mut rows = Vec::new();
        for state in states {
            let page = sql(queue_sql(order, filter.bank.is_some()))
                .bind(state)
                .bind(filter.bank.as_ref().map_or("", BankCode::as_str))
                .bind(filter.kind.map_or("", EscalationKind::as_str))
                .bind(filter.at_least.paise())
                .bind(after.key)
                .bind(&after.id)
                .bind(i64::from(filter.page.0) + i64::from(filter.page.1))
                .all(&mut tx)
                .await?;
            for row in page {
                rows.push((order.mark(&row)?, row));
            }
        }
        rows.sort_by(
            |(one, _), (other, _)| if order.rises() { one.cmp(other) } else { other.cmp(one) },
        );
        let rows = rows.into_iter().skip(skip).take(take);
        with_deliveries(&mut tx, rows.map(|(_, row)| row).collect()).await
    }

    /// These escalations, by their references, by money at risk; what is not there is left out.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn escalations_named(
        &self,
        references: &[&str],
    ) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation
             WHERE reference IN (SELECT j.value->>'r' FROM json_each(CAST($1 AS TEXT)) AS j)
             ORDER BY money_at_risk DESC, id DESC")
        .batch(references.iter().map(|reference| json!({"r": reference})).collect())
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }

    /// The actions that an escalation rests on.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn members(&self, id: &EscalationId) -> Result<Vec<Evidence>, StoreError> {
        let mut tx = self.read().await?;
        let found = members_of(&mut tx, std::slice::from_ref(id)).await?;
        Ok(found.into_iter().map(|(_, evidence)| evidence).collect())
    }

    /// Open escalations whose members are no longer as they were seen: the bank acted, disputed, or
    /// the row changed. Only the changed ids come back with each.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn stale_escalations(
        &self,
    ) -> Result<Vec<(EscalationRow, Vec<Evidence>)>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation WHERE id IN (
               SELECT m.escalation FROM escalation_action m
               JOIN action a ON a.external_id = m.external_id
               WHERE m.open = 1
                 AND (a.commitment <> m.commitment OR a.vanished_at IS NOT NULL))
             AND state IN ('held', 'cleared', 'disputed') AND kind IN ('tag', 'closure')
             ORDER BY id")
        .all(&mut tx)
        .await?;
        let rows = with_deliveries(&mut tx, rows).await?;
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let members = members_of(&mut tx, std::slice::from_ref(&row.escalation.id)).await?;
            found.push((row, members.into_iter().map(|(_, evidence)| evidence).collect()));
        }
        Ok(found)
    }

    /// The tags about these banks that went out, or may have, since an instant: what the
    /// differencing rule sets a new text beside.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn earlier_texts(
        &self,
        banks: &[&BankCode],
        since: Timestamp,
    ) -> Result<BTreeMap<BankCode, Vec<EarlierText>>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT d.bank AS bank, d.at AS at, m.escalation AS escalation,
               m.case_ref AS case_ref
             FROM (SELECT bank, escalation, MAX(sent_at) AS at FROM delivery
                   WHERE kind = 'tag' AND sent_at > $2 AND bank IN
                     (SELECT j.value->>'b' FROM json_each(CAST($1 AS TEXT)) AS j)
                   GROUP BY bank, escalation) d
             JOIN escalation_action m ON m.escalation = d.escalation
             WHERE m.case_ref IS NOT NULL
             ORDER BY m.escalation, m.n")
        .batch(banks.iter().map(|bank| json!({"b": bank})).collect())
        .bind(since)
        .all(&mut tx)
        .await?;
        let mut found: BTreeMap<BankCode, Vec<EarlierText>> = BTreeMap::new();
        for row in &rows {
            let texts = found.entry(row.get("bank")?).or_default();
            let escalation: EscalationId = row.get("escalation")?;
            let case = row.get("case_ref")?;
            match texts.last_mut() {
                Some(text) if text.escalation == escalation => text.cases.push(case),
                _ => texts.push(EarlierText { escalation, at: row.get("at")?, cases: vec![case] }),
            }
        }
        Ok(found)
    }

    /// Whether an escalation of this kind is open about a bank: then none is drafted.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn has_open(
        &self,
        bank: &BankCode,
        kind: EscalationKind,
    ) -> Result<bool, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT id FROM escalation WHERE bank = $1 AND kind = $2
             AND state IN ('held', 'cleared', 'disputed') LIMIT 1")
        .bind(bank)
        .bind(kind)
        .all(&mut tx)
        .await?;
        Ok(!rows.is_empty())
    }

    /// Tags that were delivered, of whose actions some have been acted on since, and which no
    /// closure thanks for yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn to_thank(&self, since: Timestamp) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql(acted_after!(
            "NOT EXISTS (SELECT 1 FROM escalation c WHERE c.about = e.id AND c.kind = 'closure')"
        ))
        .bind(since)
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }

    /// As of when the facts of each of these escalations are true now, by its oldest member: what the
    /// source last said, or an officer confirmed on the record. One that rests on an action that is
    /// not in the source's answer is not among them.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn facts_as_of(
        &self,
        source: &str,
        ids: &[EscalationId],
    ) -> Result<BTreeMap<EscalationId, Timestamp>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT m.escalation AS escalation,
               COALESCE(a.as_of, (SELECT s.last_ok_at FROM source s WHERE s.name = $2)) AS as_of,
               CASE WHEN a.vanished_at IS NULL THEN a.external_id END AS there,
               (SELECT MAX(n.at) FROM action_note n WHERE n.external_id = m.external_id
                  AND n.what = 'confirmed') AS confirmed
             FROM escalation_action m LEFT JOIN action a ON a.external_id = m.external_id
             WHERE m.escalation IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
        .batch(ids.iter().map(|id| json!({"id": id})).collect())
        .bind(source)
        .all(&mut tx)
        .await?;
        let mut oldest: BTreeMap<EscalationId, Option<Timestamp>> = BTreeMap::new();
        for row in &rows {
            let there = row.get::<Option<String>>("there")?.is_some();
            let seen: Option<Timestamp> = row.get("as_of")?;
            let as_of = seen.max(row.get("confirmed")?).filter(|_| there);
            let known = oldest.entry(row.get("escalation")?).or_insert(as_of);
            *known = (*known).min(as_of);
        }
        Ok(oldest.into_iter().filter_map(|(id, as_of)| Some((id, as_of?))).collect())
    }

    /// Held escalations that a standing order may clear: nobody holds them back.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn clearable(&self, now: Timestamp) -> Result<Vec<EscalationRow>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM escalation WHERE state = 'held' AND written_by IS NULL
               AND outcome IS NULL AND expires_at > $1
               AND (hold_until IS NULL OR hold_until <= $1)
             ORDER BY money_at_risk DESC, id")
        .bind(now)
        .all(&mut tx)
        .await?;
        with_deliveries(&mut tx, rows).await
    }
}
