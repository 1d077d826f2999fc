//! A delivery: one escalation going to one account in one language, and the states it passes through.
//! A retraction is one too: what it sends is the deletion of a post.
//!
//! ```text
//! Waiting ─claim─▶ Sending ─accepted─▶ Delivered ─its retraction─▶ Retracted
//!                  Sending ─not now│not sent│throttled─▶ Waiting
//!                  Sending ─refused─▶ Refused        Waiting│Sending ─no longer true─▶ Withdrawn
//!                  Sending ─unknown│lease ran out─▶ Uncertain ─looked│a person decides─▶ Delivered│Waiting
//! Waiting ─its resend came too late─▶ Uncertain      Waiting│Sending ─a restored ledger─▶ Uncertain
//! any but Retracted ─a receipt that comes late─▶ Delivered
//! ```
//!
//! The invariant: at most one attempt is ever under way, and an attempt whose end nobody saw is
//! *uncertain*, never *failed*: we look for the post in our own timeline, twice, and where looking
//! cannot settle it, it stays uncertain and asks a person (`doubt`). Delivered, Retracted, Withdrawn
//! and Refused are ends. Nothing but the transitions here and in `doubt` changes a state, and each is
//! refused ([`Illegal`]) where the diagram has no arrow for it; then nothing has changed.

mod content;
mod doubt;
mod outcome;
mod state;

use jiff::SignedDuration;

pub use self::{
    content::{Content, Picture},
    doubt::{Doubt, LateReceipt, Look, LookRules, RESTORED},
    outcome::{Outcome, OutcomeKind, Receipt},
    state::{Illegal, Lease, State, StateName},
};
use super::{
    canonical::Hash,
    clearance::Clearance,
    escalation::EscalationKind,
    ids::{BankCode, DeliveryId, EscalationId, Reference},
    time::Timestamp,
};

/// One escalation going to one account in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// The escalation it belongs to.
    pub escalation: EscalationId,
    /// The escalation's kind.
    pub kind: EscalationKind,
    /// The bank spoken to.
    pub bank: BankCode,
    /// The code by which we find our own post.
    pub reference: Reference,
    /// The frozen bytes.
    pub content: Content,
    /// Attempts made so far.
    pub attempts: u32,
    /// When the first attempt was claimed.
    pub first_attempt_at: Option<Timestamp>,
    /// An earlier attempt's end was never seen, and only the platform's idempotency makes another
    /// one safe: until then. Nothing is sent later; see [`Delivery::resend_ran_out`].
    pub resend_until: Option<Timestamp>,
    state: State,
}

impl Delivery {
    /// A delivery as it was drafted, or as the ledger has it.
    #[expect(clippy::too_many_arguments, reason = "one row of the ledger, read in one place")]
    pub fn new(
        id: DeliveryId,
        escalation: EscalationId,
        kind: EscalationKind,
        bank: BankCode,
        reference: Reference,
        content: Content,
        attempts: u32,
        first_attempt_at: Option<Timestamp>,
        state: State,
    ) -> Self {
        Self {
            id,
            escalation,
            kind,
            bank,
            reference,
            content,
            attempts,
            first_attempt_at,
            resend_until: None,
            state,
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Where it stands, by name.
    pub const fn name(&self) -> StateName {
        match self.state {
            State::Waiting { .. } => StateName::Waiting,
            State::Sending(_) => StateName::Sending,
            State::Delivered(_) => StateName::Delivered,
            State::Retracted(_) => StateName::Retracted,
            State::Withdrawn { .. } => StateName::Withdrawn,
            State::Refused { .. } => StateName::Refused,
            State::Uncertain(_) => StateName::Uncertain,
        }
    }

    fn illegal<T>(&self, act: &'static str) -> Result<T, Illegal> {
        Err(Illegal { from: self.name(), act })
    }

    /// Waiting → Sending. The one way to a [`ClaimedDelivery`], and so to a send: it takes a
    /// clearance over exactly these bytes. Called by the store's claim alone.
    ///
    /// # Errors
    /// It does not wait, or not until now; the clearance is over other bytes or has run out; or a
    /// resend would come after the platform has forgotten the key that made it safe.
    pub fn claim(
        mut self,
        clearance: Clearance,
        lease: Lease,
        now: Timestamp,
    ) -> Result<ClaimedDelivery, Illegal> {
        match &self.state {
            State::Waiting { not_before, .. } if *not_before <= now => {}
            _ => return self.illegal("be claimed"),
        }
        if clearance.escalation() != &self.escalation
            || !clearance.covers(&self.content.hash())
            || clearance.valid_until() <= now
        {
            return self.illegal("be claimed without a clearance over its bytes");
        }
        if self.resend_until.is_some_and(|until| until <= now) {
            return self.illegal("be sent again once the platform has forgotten its key");
        }
        self.attempts += 1;
        self.first_attempt_at.get_or_insert(now);
        self.state = State::Sending(lease.clone());
        Ok(ClaimedDelivery { delivery: self, clearance, lease, verified: None, png: None })
    }

    /// Sending → what the outcome says, named by the claim's own token. Where another worker has
    /// already called the delivery uncertain (the lease ran out), only a receipt still counts:
    /// see [`Delivery::late_receipt`].
    ///
    /// # Errors
    /// It is not in the attempt that this token names.
    pub fn record(
        &mut self,
        token: &str,
        outcome: &Outcome,
        now: Timestamp,
        rules: LookRules,
    ) -> Result<(), Illegal> {
        match &self.state {
            State::Sending(lease) if lease.token == token => {}
            _ => return self.illegal("record an attempt that it is not making"),
        }
        let wait = |until: Timestamp, why: &str| State::Waiting {
            not_before: until,
            why: Some(why.to_owned()),
        };
        self.state = match outcome {
            Outcome::Accepted(receipt) => State::Delivered(receipt.clone()),
            Outcome::NotSent { reason } => {
                wait(now.plus(backoff(self.attempts)), &format!("not sent: {reason}"))
            }
            Outcome::Throttled { until, reason } => wait(
                until.unwrap_or_else(|| now.plus(backoff(self.attempts))).max(now),
                &format!("throttled: {reason}"),
            ),
            Outcome::AccountBlocked { reason } => {
                wait(now.plus(backoff(self.attempts)), &format!("account blocked: {reason}"))
            }
            Outcome::Refused { reason } => State::Refused { why: reason.clone() },
            Outcome::Unknown { reason } => State::Uncertain(Doubt {
                since: now,
                look_at: now.plus(rules.grace),
                empty_looks: 0,
                asks: false,
                why: reason.clone(),
            }),
        };
        Ok(())
    }

    /// Sending → Waiting, by a recheck that says *not now*: no byte has left, so that it was no
    /// attempt.
    ///
    /// # Errors
    /// It is not in the attempt that this token names.
    pub fn not_now(&mut self, token: &str, until: Timestamp, why: &str) -> Result<(), Illegal> {
        match &self.state {
            State::Sending(lease) if lease.token == token => {
                self.attempts = self.attempts.saturating_sub(1);
                if self.attempts == 0 {
                    self.first_attempt_at = None;
                }
                self.state = State::Waiting { not_before: until, why: Some(why.to_owned()) };
                Ok(())
            }
            _ => self.illegal("be put off"),
        }
    }

    /// Waiting → Withdrawn (no `token`), or Sending → Withdrawn by the recheck of whoever holds it: no
    /// byte has left.
    ///
    /// # Errors
    /// It is in neither state, or the token names another attempt.
    pub fn withdraw(&mut self, token: Option<&str>, why: &str) -> Result<(), Illegal> {
        match (&self.state, token) {
            (State::Waiting { .. }, None) => {}
            (State::Sending(lease), Some(token)) if lease.token == token => {}
            _ => return self.illegal("be withdrawn"),
        }
        self.state = State::Withdrawn { why: why.to_owned() };
        Ok(())
    }

    /// Delivered → Retracted, when its retraction has deleted the post.
    ///
    /// # Errors
    /// It is not delivered.
    pub fn retracted(&mut self) -> Result<(), Illegal> {
        match &self.state {
            State::Delivered(receipt) => {
                self.state = State::Retracted(receipt.clone());
                Ok(())
            }
            _ => self.illegal("be retracted"),
        }
    }
}

/// How long to wait after the n-th attempt: doubling from 30 seconds, an hour at most.
fn backoff(attempts: u32) -> SignedDuration {
    SignedDuration::from_secs((30_i64 << attempts.saturating_sub(1).min(7)).min(3600))
}

/// A delivery whose one attempt we hold, with the authority for it. Only [`Delivery::claim`] makes
/// one, only the domain mints a [`Clearance`], and a destination sends nothing else: a send without
/// authority does not compile.
///
/// ```compile_fail,E0451
/// use takaza::domain::{clearance::Clearance, delivery::{ClaimedDelivery, Delivery, Lease}};
///
/// fn forge(delivery: Delivery, clearance: Clearance, lease: Lease) -> ClaimedDelivery {
///     ClaimedDelivery { delivery, clearance, lease, verified: None, png: None }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    delivery: Delivery,
    clearance: Clearance,
    lease: Lease,
    /// See [`ClaimedDelivery::verified`].
    verified: Option<String>,
    /// The bytes of the content's picture, once somebody brought them.
    png: Option<Vec<u8>>,
}

impl ClaimedDelivery {
    /// With the bytes of its picture.
    ///
    /// # Errors
    /// They are not the approved ones.
    pub fn with_picture(self, png: Vec<u8>) -> Result<Self, Illegal> {
        let approved = self.content().picture.as_ref().map(|picture| picture.png);
        if approved != Some(Hash::of(&png)) {
            return self.delivery.illegal("be sent with another picture than the approved one");
        }
        Ok(Self { png: Some(png), ..self })
    }

    /// The picture to send with the text, where it has one: what it says, and its bytes.
    ///
    /// # Errors
    /// It has one, and nobody brought the bytes: the text alone is not what was approved.
    pub fn picture(&self) -> Result<Option<(&Picture, &[u8])>, Illegal> {
        match (&self.content().picture, &self.png) {
            (None, _) => Ok(None),
            (Some(picture), Some(png)) => Ok(Some((picture, png))),
            (Some(_), None) => self.delivery.illegal("be sent without its picture"),
        }
    }

    /// With the platform's stable id that a person verified for the bank there.
    #[must_use]
    pub fn verified_as(self, stable_id: Option<String>) -> Self {
        Self { verified: stable_id, ..self }
    }

    /// The platform's stable id that a person verified for the bank whose handle the text mentions,
    /// as it was at the claim.
    pub fn verified(&self) -> Option<&str> {
        self.verified.as_deref()
    }

    /// The delivery, in state Sending.
    pub const fn delivery(&self) -> &Delivery {
        &self.delivery
    }

    /// The bytes to send.
    pub const fn content(&self) -> &Content {
        &self.delivery.content
    }

    /// On whose authority.
    pub const fn clearance(&self) -> &Clearance {
        &self.clearance
    }

    /// The claim that must be named when the outcome is recorded.
    pub const fn lease(&self) -> &Lease {
        &self.lease
    }
}
