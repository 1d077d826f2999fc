//! An attempt whose end nobody saw: *uncertain*, never *failed*, and left only by looking, by a
//! receipt that comes late, or by a person's word.

use jiff::SignedDuration;

use super::{Delivery, Illegal, Receipt, State};
use crate::domain::time::Timestamp;

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

/// How long to wait before and between looks, and what makes a resend safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LookRules {
    /// From the end of the lease, or from an unknown outcome, to the first look, and between two
    /// looks: the request's timeout plus the platform's read lag.
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

/// Why everything unfinished is doubted after a restore.
pub const RESTORED: &str = "the ledger was restored from a backup";

/// What a late or repeated receipt means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LateReceipt {
    /// It settles the delivery.
    Settles,
    /// It settles a delivery that nobody had claimed: what stands there went out on nobody's
    /// authority. Trip the breaker.
    Unclaimed,
    /// It is the receipt we have already.
    Known,
    /// A second post exists for one delivery: trip the breaker.
    Second,
}

impl Delivery {
    /// Sending → Uncertain, when its lease ran out: the holder may have died before or after the
    /// bytes left.
    ///
    /// # Errors
    /// It is not being sent, or its lease still runs.
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
    ///
    /// # Errors
    /// It has ended.
    pub fn doubt_after_restore(&mut self, now: Timestamp) -> Result<(), Illegal> {
        if self.name().ended() {
            return self.illegal("be doubted");
        }
        self.state = State::Uncertain(Doubt {
            since: now,
            look_at: now,
            empty_looks: 0,
            asks: false,
            why: RESTORED.to_owned(),
        });
        Ok(())
    }

    /// Uncertain → what looking says. *Not there* needs two looks a grace apart; then a resend
    /// needs idempotency that is still in force, else a person decides.
    ///
    /// # Errors
    /// It is not uncertain, or an empty look comes before its grace has passed.
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
    ///
    /// # Errors
    /// It waits for no resend, or that is still safe.
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

    /// Uncertain → Waiting: a person decides what looking could not, that it was not posted. Asked
    /// for after two empty looks, or where there is no way to look.
    ///
    /// # Errors
    /// Looking has not handed it to a person.
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
            before => {
                let idle = matches!(before, State::Waiting { .. } | State::Withdrawn { .. });
                let unclaimed = idle && self.attempts == 0;
                self.state = State::Delivered(receipt.clone());
                if unclaimed { LateReceipt::Unclaimed } else { LateReceipt::Settles }
            }
        }
    }
}
