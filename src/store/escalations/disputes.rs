//! A bank's written reason against an action, and what an approver makes of it.

use super::{
    Act, Actor, Deciding, EscalationId, EscalationState, Officer, Person, Reference, Refused,
    Store, StoreError, Tx, deciding, end, find, gate, json, save, sql, withdraw_waiting,
};

impl Store {
    /// The nodal officer's written reason, entered by an officer. It stops an unsent escalation;
    /// where something was delivered, the escalation goes on to its end and the caller drafts a
    /// held correction. Returns whether something was delivered.
    ///
    /// # Errors
    /// The domain refuses it (the same ground was decided before), or the ledger failed.
    pub async fn dispute(
        &self,
        by: &Actor,
        id_or_reference: &str,
        officer: &Officer,
        ground: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.write().await?;
        gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let mut row = find(&mut tx, id_or_reference).await?;
        let decided = ground_decided(&mut tx, &row.escalation.id, ground).await?;
        let sent = row.sent();
        if sent {
            if decided {
                return Err(Refused::DecidedBefore.into());
            }
            withdraw_waiting(&mut tx, &mut row, "the bank disputes it").await?;
            // What is under way may come back unsent, and then must not go out.
            if row.escalation.state() == EscalationState::Cleared {
                row.escalation.hold_again()?;
            }
        } else {
            row.escalation.dispute(sent, decided)?;
        }
        row.clearance = None;
        row.outcome = Some(format!("disputed: {ground}"));
        save(&mut tx, &mut row).await?;
        let id = self.dice.uuid(now);
        sql("INSERT INTO dispute (id, escalation, ground, reason, salt, entered_by, entered_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *")
        .bind(&id)
        .bind(&row.escalation.id)
        .bind(ground)
        .bind(reason)
        .bind(self.dice.token())
        .bind(officer.id())
        .bind(now)
        .write(&crate::store::record::DISPUTE, &mut tx)
        .await?;
        let body = json!({"dispute": id, "ground": ground, "sent": sent});
        let act = Act::new(&row.escalation.id, "escalation.disputed", body);
        self.finish(tx, by, vec![act]).await?;
        Ok(sent)
    }

    /// An approver decides a dispute: it stands (rejected), or it does not (held again).
    ///
    /// # Errors
    /// There is no open dispute, the domain refuses it, or the ledger failed.
    pub async fn decide_dispute(
        &self,
        by: &Actor,
        id_or_reference: &str,
        person: &Person,
        stands: bool,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let Deciding { mut row, approver, now } =
            deciding(&mut tx, id_or_reference, person).await?;
        let decided = sql("UPDATE dispute SET decided_by = $1, decided_at = $2, stands = $3
             WHERE escalation = $4 AND decided_at IS NULL RETURNING *")
        .bind(approver.id())
        .bind(now)
        .bind(stands)
        .bind(&row.escalation.id)
        .write(&crate::store::record::DISPUTE, &mut tx)
        .await?;
        if decided.is_empty() {
            return Err(StoreError::NotFound("open dispute about it".to_owned()));
        }
        let act = if row.escalation.state() == EscalationState::Disputed {
            row.escalation.decide_dispute(&approver, stands)?;
            if stands {
                end(&mut tx, &mut row, "dispute.decided", "the dispute stands").await?
            } else {
                save(&mut tx, &mut row).await?;
                Act::new(&row.escalation.id, "dispute.decided", json!({"stands": false}))
            }
        } else {
            if stands {
                withdraw_waiting(&mut tx, &mut row, "the dispute stands").await?;
            }
            Act::new(&row.escalation.id, "dispute.decided", json!({"stands": stands}))
        };
        let act = act.on(Some(format!("decision by {}", approver.id())));
        self.finish(tx, by, vec![act]).await
    }

    /// What was delivered and is disputed, and neither a correction nor a retraction speaks of yet.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn to_correct(&self) -> Result<Vec<Reference>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT e.reference FROM escalation e
             WHERE e.kind IN ('tag', 'closure')
               AND EXISTS (SELECT 1 FROM dispute t WHERE t.escalation = e.id
                           AND (t.decided_at IS NULL OR t.stands = 1))
               AND EXISTS (SELECT 1 FROM delivery d WHERE d.escalation = e.id
                           AND d.state = 'delivered')
               AND NOT EXISTS (SELECT 1 FROM escalation c WHERE c.about = e.id
                               AND c.kind IN ('correction', 'retraction'))
             ORDER BY e.id LIMIT 50")
        .all(&mut tx)
        .await?;
        rows.iter().map(|row| row.get("reference")).collect()
    }
}

/// An approver decides a dispute before anyone clears what it is about.
pub(super) async fn no_open_dispute(tx: &mut Tx, id: &EscalationId) -> Result<(), StoreError> {
    let open = sql("SELECT id FROM dispute WHERE escalation = $1 AND decided_at IS NULL LIMIT 1");
    match open.bind(id).opt(tx).await? {
        None => Ok(()),
        Some(_) => {
            Err(Refused::State { from: EscalationState::Disputed, act: "be cleared" }.into())
        }
    }
}

pub(super) async fn ground_decided(
    tx: &mut Tx,
    id: &EscalationId,
    ground: &str,
) -> Result<bool, StoreError> {
    let rows = sql("SELECT d.id FROM dispute d
         JOIN escalation_action theirs ON theirs.escalation = d.escalation
         JOIN escalation_action ours ON ours.external_id = theirs.external_id
         WHERE ours.escalation = $1 AND d.ground = $2 AND d.decided_at IS NOT NULL
           AND d.stands = 0 LIMIT 1")
    .bind(id)
    .bind(ground)
    .all(tx)
    .await?;
    Ok(!rows.is_empty())
}
