//! A delivery: one escalation going to one destination, and the states it passes through.
//!
//! ```text
//! Waiting ─claim─▶ Sending ─accepted─▶ Delivered ─▶ Retracted
//!                  Sending ─no longer true─▶ Withdrawn     Sending ─not now│not sent│throttled─▶ Waiting
//!                  Sending ─refused─▶ Refused
//!                  Sending ─unknown│lease ran out─▶ Uncertain ─looked─▶ Delivered│Waiting│asks a person
//! ```
//!
//! The invariant: at most one attempt is ever under way, and an attempt whose end nobody saw is
//! *uncertain*, never *failed*. Every transition is fallible; nothing else changes a state.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    action::spelled,
    canonical::{self, Hash},
    clearance::Clearance,
    escalation::EscalationKind,
    ids::{AccountName, BankCode, DeliveryId, EscalationId, Reference},
    platform::{Language, Platform, Visibility},
    time::Timestamp,
};

/// The exact bytes that authority is bound to: frozen at drafting, nothing renders after that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// The account that posts.
    pub account: AccountName,
    /// Its platform.
    pub platform: Platform,
    /// The text's language.
    pub language: Language,
    /// Who can see it.
    pub visibility: Visibility,
    /// The content warning above it.
    pub spoiler: Option<String>,
    /// The text itself.
    pub text: String,
    /// How long a text may be there, by the platform's own way of counting.
    pub max_length: u32,
    /// How the text writes the bank: its verified handle or its plain name.
    pub bank_in_text: String,
    /// The hash of the template it was rendered from; `None` once a person has edited it.
    pub template: Option<Hash>,
    /// The text as it was drafted, once a person has edited it.
    pub drafted: Option<String>,
    /// For a retraction: the platform's id of the post that it deletes.
    pub retracts: Option<String>,
}

impl Content {
    /// The hash that binds authority to these bytes.
    pub fn hash(&self) -> Hash {
        canonical::hash(self)
    }
}

/// What the platform gave back for a post.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The platform's id of the post.
    pub id: String,
    /// Where a person can see it.
    pub permalink: String,
    /// The platform's time of it, or ours of the answer.
    pub at: Timestamp,
}

/// What came of the one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The platform has it, and gave a receipt.
    Accepted(Receipt),
    /// Proved: no byte of the request reached the platform (name or connection failed).
    NotSent {
        /// What failed.
        reason: String,
    },
    /// The platform asks to wait.
    Throttled {
        /// When it says to come back.
        until: Option<Timestamp>,
        /// What it said.
        reason: String,
    },
    /// The account cannot post (401, suspended); it is paused until a person looks.
    AccountBlocked {
        /// What it said.
        reason: String,
    },
    /// The platform refuses this post.
    Refused {
        /// What it said.
        reason: String,
    },
    /// Everything else, a 5xx and an unreadable 2xx among them.
    Unknown {
        /// What was seen.
        reason: String,
    },
}

spelled! {
    /// An outcome's name, as the record has it.
    OutcomeKind {
        /// See [`Outcome::Accepted`].
        Accepted = "accepted",
        /// See [`Outcome::NotSent`].
        NotSent = "not-sent",
        /// See [`Outcome::Throttled`].
        Throttled = "throttled",
        /// See [`Outcome::AccountBlocked`].
        AccountBlocked = "account-blocked",
        /// See [`Outcome::Refused`].
        Refused = "refused",
        /// See [`Outcome::Unknown`].
        Unknown = "unknown",
    }
}

impl Outcome {
    /// Its name.
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Accepted(_) => OutcomeKind::Accepted,
            Self::NotSent { .. } => OutcomeKind::NotSent,
            Self::Throttled { .. } => OutcomeKind::Throttled,
            Self::AccountBlocked { .. } => OutcomeKind::AccountBlocked,
            Self::Refused { .. } => OutcomeKind::Refused,
            Self::Unknown { .. } => OutcomeKind::Unknown,
        }
    }

    /// What was said or seen, empty for an accepted one.
    pub fn reason(&self) -> &str {
        match self {
            Self::Accepted(_) => "",
            Self::NotSent { reason }
            | Self::Throttled { reason, .. }
            | Self::AccountBlocked { reason }
            | Self::Refused { reason }
            | Self::Unknown { reason } => reason,
        }
    }
}

/// The right to make one attempt, until it runs out. Stamped with the database's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Unique to this claim: whoever records must name it.
    pub token: String,
    /// Who holds it: a worker process, or the officer of a hand-off.
    pub holder: String,
    /// When it runs out.
    pub until: Timestamp,
}

/// Where a delivery stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not before this instant.
    Waiting {
        /// The earliest claim.
        not_before: Timestamp,
        /// Why it waits, where something happened.
        why: Option<String>,
    },
    /// Somebody holds the one attempt.
    Sending(Lease),
    /// The platform has it.
    Delivered(Receipt),
    /// It was delivered, and then deleted by a retraction.
    Retracted(Receipt),
    /// Its facts changed, or its authority ended, before anything was sent.
    Withdrawn {
        /// What changed.
        why: String,
    },
    /// The platform refused it.
    Refused {
        /// What it said.
        why: String,
    },
    /// An attempt was made and nobody saw its end.
    Uncertain(Doubt),
}

/// What is known of an uncertain delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// When the attempt's lease ended or its outcome was seen to be unknown.
    pub since: Timestamp,
    /// The next look, not before the grace has passed.
    pub look_at: Timestamp,
    /// Looks that found nothing so far.
    pub empty_looks: u32,
    /// Looking cannot tell; a person decides.
    pub asks: bool,
    /// What was seen.
    pub why: String,
}

spelled! {
    /// A state's name, as the ledger has it.
    StateName {
        /// See [`State::Waiting`].
        Waiting = "waiting",
        /// See [`State::Sending`].
        Sending = "sending",
        /// See [`State::Delivered`].
        Delivered = "delivered",
        /// See [`State::Retracted`].
        Retracted = "retracted",
        /// See [`State::Withdrawn`].
        Withdrawn = "withdrawn",
        /// See [`State::Refused`].
        Refused = "refused",
        /// See [`State::Uncertain`].
        Uncertain = "uncertain",
    }
}

impl StateName {
    /// States that nothing leaves, but by a late receipt or a retraction.
    pub const fn ended(self) -> bool {
        !matches!(self, Self::Waiting | Self::Sending | Self::Uncertain)
    }

    /// States that hold an escalation to its word: something went out, or may have.
    pub const fn may_be_public(self) -> bool {
        matches!(self, Self::Sending | Self::Uncertain | Self::Delivered | Self::Retracted)
    }
}

/// How long to wait before and between looks, and what makes a resend safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookRules {
    /// From the end of the lease to the first look, and between two looks: the request's timeout
    /// plus the platform's read lag.
    pub grace: SignedDuration,
    /// The platform was seen to make a repeated send harmless for this long after the first
    /// (Mastodon's key on a server that honours it: under 50 minutes). `None`: a person decides.
    pub idempotent_for: Option<SignedDuration>,
}

/// What a look in our own timeline found. For a retraction the thing looked for is the absence of
/// the post that it deletes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// It is there.
    Found(Receipt),
    /// It is not there now.
    NotThere,
    /// The look itself failed; it says nothing.
    Blind {
        /// What failed.
        reason: String,
    },
    /// There is no way to look here (a hand-off without an API): only a person knows.
    NoWay,
}

/// A transition that this state does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a delivery that is {from} cannot {act}")]
pub struct Illegal {
    /// The state it was in.
    pub from: StateName,
    /// What was asked.
    pub act: &'static str,
}

/// What a late or repeated receipt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateReceipt {
    /// It settles the delivery.
    Settles,
    /// It is the receipt we have already.
    Known,
    /// A second post exists for one delivery: trip the breaker.
    Second,
}

/// One escalation going to one destination.
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
        Ok(ClaimedDelivery { delivery: self, clearance, lease, verified: None })
    }

    /// Sending → what the outcome says, named by the claim's own token. Where another worker has
    /// already called the delivery uncertain (the lease ran out), only a receipt still counts:
    /// see [`Delivery::late_receipt`].
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

    /// Sending → Waiting, by a recheck that says *not now*: no byte has left.
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

    /// Waiting → Withdrawn, or Sending → Withdrawn by the holder's recheck: no byte has left.
    pub fn withdraw(&mut self, token: Option<&str>, why: &str) -> Result<(), Illegal> {
        match (&self.state, token) {
            (State::Waiting { .. }, None) => {}
            (State::Sending(lease), Some(token)) if lease.token == token => {}
            _ => return self.illegal("be withdrawn"),
        }
        self.state = State::Withdrawn { why: why.to_owned() };
        Ok(())
    }

    /// Sending → Uncertain, when its lease ran out: the holder may have died before or after the
    /// bytes left.
    pub fn lease_ran_out(&mut self, now: Timestamp, rules: LookRules) -> Result<(), Illegal> {
        match &self.state {
            State::Sending(lease) if lease.until <= now => {
                let since = lease.until;
                self.state = State::Uncertain(Doubt {
                    since,
                    look_at: since.plus(rules.grace),
                    empty_looks: 0,
                    asks: false,
                    why: format!("{} did not report before its lease ran out", lease.holder),
                });
                Ok(())
            }
            _ => self.illegal("lose its lease"),
        }
    }

    /// Any unfinished state → Uncertain, after a restore: the ledger may be older than the truth,
    /// and even what waits here may have gone out since the backup.
    pub fn doubt_after_restore(&mut self, now: Timestamp) -> Result<(), Illegal> {
        if self.name().ended() {
            return self.illegal("be doubted");
        }
        self.state = State::Uncertain(Doubt {
            since: now,
            look_at: now,
            empty_looks: 0,
            asks: false,
            why: "the ledger was restored from a backup".to_owned(),
        });
        Ok(())
    }

    /// Uncertain → what looking says. *Not there* needs two looks a grace apart; then a resend
    /// needs idempotency that is still in force, else a person decides.
    pub fn looked(&mut self, look: &Look, now: Timestamp, rules: LookRules) -> Result<(), Illegal> {
        let State::Uncertain(doubt) = &self.state else {
            return self.illegal("be looked for");
        };
        let mut doubt = doubt.clone();
        match look {
            Look::Found(receipt) => {
                self.state = State::Delivered(receipt.clone());
                return Ok(());
            }
            Look::Blind { .. } => doubt.look_at = now.plus(rules.grace),
            Look::NoWay => {
                doubt.look_at = now.plus(rules.grace);
                doubt.asks = true;
            }
            Look::NotThere if now < doubt.look_at => {
                return self.illegal("count a look before its grace has passed");
            }
            Look::NotThere => {
                doubt.empty_looks += 1;
                doubt.look_at = now.plus(rules.grace);
                if doubt.empty_looks >= 2 {
                    if let Some(until) = self.may_resend_until(now, rules) {
                        self.resend_until = Some(until);
                        self.state = State::Waiting {
                            not_before: now,
                            why: Some("not there after two looks".to_owned()),
                        };
                        return Ok(());
                    }
                    doubt.asks = true;
                }
            }
        }
        self.state = State::Uncertain(doubt);
        Ok(())
    }

    /// Until when the platform's idempotency makes a resend harmless, if it still does.
    fn may_resend_until(&self, now: Timestamp, rules: LookRules) -> Option<Timestamp> {
        let until = self.first_attempt_at?.plus(rules.idempotent_for?);
        (now < until).then_some(until)
    }

    /// Waiting → Uncertain, when a resend waited (for the switch, a cap, a quiet hour) until the
    /// platform's idempotency was no longer in force: now a person decides.
    pub fn resend_ran_out(&mut self, now: Timestamp) -> Result<(), Illegal> {
        let ran_out = self.resend_until.is_some_and(|until| until <= now);
        if !ran_out || !matches!(self.state, State::Waiting { .. }) {
            return self.illegal("lose its resend");
        }
        self.resend_until = None;
        self.state = State::Uncertain(Doubt {
            since: now,
            look_at: now,
            empty_looks: 2,
            asks: true,
            why: "it was not there after two looks, and waited until the platform could no longer \
                  tell a second post from the first"
                .to_owned(),
        });
        Ok(())
    }

    /// A person decides an uncertain delivery that looking could not: it was not posted. Needs the
    /// two empty looks too.
    pub fn decided_not_posted(&mut self, now: Timestamp) -> Result<(), Illegal> {
        match &self.state {
            State::Uncertain(doubt) if doubt.asks => {
                self.resend_until = None;
                self.state = State::Waiting {
                    not_before: now,
                    why: Some("a person decided that it was not posted".to_owned()),
                };
                Ok(())
            }
            _ => self.illegal("be decided by a person"),
        }
    }

    /// A receipt that comes after the fact is always stored and wins over every unfinished or
    /// unsent state.
    pub fn late_receipt(&mut self, receipt: &Receipt) -> LateReceipt {
        match &self.state {
            State::Delivered(known) | State::Retracted(known) if known.id == receipt.id => {
                LateReceipt::Known
            }
            State::Delivered(_) | State::Retracted(_) => LateReceipt::Second,
            _ => {
                self.state = State::Delivered(receipt.clone());
                LateReceipt::Settles
            }
        }
    }

    /// Delivered → Retracted, when its retraction has deleted the post.
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
/// one, and a destination sends nothing else: a send without authority does not compile.
///
/// ```compile_fail,E0451
/// use takaza::domain::{clearance::Clearance, delivery::{ClaimedDelivery, Delivery, Lease}};
///
/// fn forge(delivery: Delivery, clearance: Clearance, lease: Lease) -> ClaimedDelivery {
///     ClaimedDelivery { delivery, clearance, lease }
/// }
/// ```
///
/// Nor does a clearance come from anywhere but the domain's own transitions:
///
/// ```compile_fail,E0624
/// use takaza::domain::{
///     canonical::Hash, clearance::{Authority, Clearance}, ids::EscalationId, time::Timestamp,
/// };
///
/// fn forge(escalation: EscalationId, hash: Hash, authority: Authority, at: Timestamp) -> Clearance {
///     Clearance::mint(escalation, hash, vec![hash], authority, at, at, false)
/// }
/// ```
///
/// A delivery alone is not what a destination sends:
///
/// ```compile_fail,E0308
/// use takaza::{destinations::{Destination, Permit}, domain::delivery::Delivery};
///
/// async fn send(destination: &dyn Destination, delivery: &Delivery, permit: &dyn Permit) {
///     destination.send(delivery, permit).await;
/// }
/// ```
#[derive(Debug, Clone)]
pub struct ClaimedDelivery {
    delivery: Delivery,
    clearance: Clearance,
    lease: Lease,
    verified: Option<String>,
}

impl ClaimedDelivery {
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
