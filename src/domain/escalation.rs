//! An escalation: one rung taken towards one bank about a set of overdue actions, with its fact
//! pack, its wording and its clearance.
//!
//! ```text
//! Held ─clear─▶ Cleared ─all deliveries ended─▶ Closed      Held ─reject─▶ Rejected
//! Held│Cleared ─too old─▶ Expired      Held│Cleared ─facts changed, nothing sent─▶ Withdrawn
//! Held│Cleared ─bank disputes, nothing sent─▶ Disputed ─approver decides─▶ Held│Rejected
//! Cleared ─authority ended, or resume after a stop─▶ Held
//! ```
//!
//! The invariants: authority is bound to bytes (a clearance names the hash its giver saw), nobody
//! clears their own wording, and once something was sent an escalation is never withdrawn.

mod words;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    canonical::{self, Hash},
    clearance::{Authority, Clearance},
    delivery::Content,
    facts::FactPack,
    ids::{BankCode, EscalationId, PersonId, Reference},
    order::OrderInForce,
    person::{Approver, NotAllowed},
    time::Timestamp,
};

pub use self::words::{EscalationKind, EscalationState, Refused, Rung};

/// One escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Escalation {
    /// Its id.
    pub id: EscalationId,
    /// The public code in its posts.
    pub reference: Reference,
    /// The bank spoken to.
    pub bank: BankCode,
    /// The rung.
    pub rung: Rung,
    /// What it says.
    pub kind: EscalationKind,
    /// Counts the wordings: an edit makes a new one and voids what was approved.
    pub version: u32,
    /// The frozen facts.
    pub facts: FactPack,
    /// What goes out, delivery by delivery, in a fixed order.
    pub contents: Vec<Content>,
    /// Who wrote the present wording; `None`: the templates did.
    pub written_by: Option<PersonId>,
    /// When it was drafted.
    pub drafted_at: Timestamp,
    /// Steps expire: after this nobody clears or sends it.
    pub expires_at: Timestamp,
    /// For a closure, correction or retraction: what it is about.
    pub about: Option<EscalationId>,
    state: EscalationState,
}

impl Escalation {
    /// An escalation as it was drafted (`Held`), or as the ledger has it.
    #[expect(clippy::too_many_arguments, reason = "one row of the ledger, read in one place")]
    pub fn new(
        id: EscalationId,
        reference: Reference,
        bank: BankCode,
        rung: Rung,
        kind: EscalationKind,
        version: u32,
        facts: FactPack,
        contents: Vec<Content>,
        written_by: Option<PersonId>,
        drafted_at: Timestamp,
        expires_at: Timestamp,
        about: Option<EscalationId>,
        state: EscalationState,
    ) -> Self {
        Self {
            id,
            reference,
            bank,
            rung,
            kind,
            version,
            facts,
            contents,
            written_by,
            drafted_at,
            expires_at,
            about,
            state,
        }
    }

    /// Where it stands.
    pub const fn state(&self) -> EscalationState {
        self.state
    }

    /// The hash that authority is bound to: the facts and every delivery's exact content.
    pub fn hash(&self) -> Hash {
        self.hash_over(&self.content_hashes())
    }

    fn hash_over(&self, contents: &[Hash]) -> Hash {
        canonical::hash(&(&self.id, self.version, self.facts.hash(), contents))
    }

    fn content_hashes(&self) -> Vec<Hash> {
        self.contents.iter().map(Content::hash).collect()
    }

    fn expect(&self, states: &[EscalationState], act: &'static str) -> Result<(), Refused> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refused::State { from: self.state, act })
        }
    }

    fn clear(&mut self, authority: Authority, now: Timestamp, valid: SignedDuration) -> Clearance {
        self.state = EscalationState::Cleared;
        self.mint(authority, now, now.plus(valid).min(self.expires_at), false)
    }

    fn mint(
        &self,
        authority: Authority,
        at: Timestamp,
        valid_until: Timestamp,
        past_stop: bool,
    ) -> Clearance {
        let contents = self.content_hashes();
        let hash = self.hash_over(&contents);
        let id = self.id.clone();
        Clearance::mint(id, hash, contents, authority, at, valid_until, past_stop)
    }

    /// Held → Cleared by an approver, who names the hash that they saw.
    ///
    /// # Errors
    /// It is not held, is too old, has changed since it was shown, or is the approver's own
    /// wording.
    pub fn approve(
        &mut self,
        approver: &Approver,
        seen: &Hash,
        now: Timestamp,
        valid: SignedDuration,
    ) -> Result<Clearance, Refused> {
        self.expect(&[EscalationState::Held], "be approved")?;
        if self.expires_at <= now {
            return Err(Refused::State { from: EscalationState::Expired, act: "be approved" });
        }
        if *seen != self.hash() {
            return Err(Refused::Changed { now_is: self.hash() });
        }
        if self.written_by.as_ref() == Some(approver.id()) {
            let person = approver.id().clone();
            return Err(NotAllowed::Own { person, act: "approve their own wording" }.into());
        }
        Ok(self.clear(Authority::Approval { by: approver.id().clone() }, now, valid))
    }

    /// Held → Cleared by an approver while sending is stopped, to go all the same: the override for
    /// a correction or a retraction.
    ///
    /// # Errors
    /// Those of [`Escalation::approve`], or it is a tag or a closure.
    pub fn approve_past_stop(
        &mut self,
        approver: &Approver,
        seen: &Hash,
        now: Timestamp,
        valid: SignedDuration,
    ) -> Result<Clearance, Refused> {
        if !self.kind.sets_right() {
            return Err(Refused::NeverPastStop(self.kind));
        }
        let plain = self.approve(approver, seen, now, valid)?;
        Ok(self.mint(plain.authority().clone(), now, plain.valid_until(), true))
    }

    /// Held → Cleared by a standing order that is in force and covers it.
    ///
    /// # Errors
    /// It is not held, or the order does not cover it, and why.
    pub fn clear_under(
        &mut self,
        order: &OrderInForce,
        now: Timestamp,
        valid: SignedDuration,
    ) -> Result<Clearance, Refused> {
        self.expect(&[EscalationState::Held], "be cleared by an order")?;
        order.covers(self, now).map_err(Refused::NotCovered)?;
        let until = order.expires_at();
        let mut clearance = self.clear(order.authority(), now, valid);
        if clearance.valid_until() > until {
            clearance = self.mint(order.authority(), now, until, false);
        }
        Ok(clearance)
    }

    /// The stored clearance, minted anew for a claim: only while the escalation is cleared, its
    /// bytes are the ones cleared, and the clearance has not run out.
    ///
    /// # Errors
    /// Any of these is not so.
    pub fn remint(
        &self,
        authority: Authority,
        cleared: &Hash,
        minted_at: Timestamp,
        valid_until: Timestamp,
        past_stop: bool,
        now: Timestamp,
    ) -> Result<Clearance, Refused> {
        self.expect(&[EscalationState::Cleared], "be sent")?;
        let past_stop = past_stop && self.kind.sets_right();
        let clearance = self.mint(authority, minted_at, valid_until, past_stop);
        if cleared != clearance.content() {
            return Err(Refused::Changed { now_is: *clearance.content() });
        }
        if valid_until <= now || self.expires_at <= now {
            return Err(Refused::State { from: EscalationState::Expired, act: "be sent" });
        }
        Ok(clearance)
    }

    /// Held or Cleared → a new held wording by this person. An earlier approval is void. `sent` is
    /// whether any delivery was sent or may have been. A text that was edited is no template's any
    /// more, and keeps the drafted one beside it, whatever the editor says of that.
    ///
    /// # Errors
    /// It is neither held nor cleared, something was sent, or more than words would change.
    pub fn edit(
        &mut self,
        by: &PersonId,
        contents: Vec<Content>,
        sent: bool,
    ) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held, EscalationState::Cleared], "be edited")?;
        if sent {
            return Err(Refused::Sent);
        }
        if contents.len() != self.contents.len() {
            return Err(Refused::MoreThanWords);
        }
        let pairs = self.contents.iter().zip(contents);
        self.contents = pairs.map(|(old, new)| reworded(old, new)).collect::<Result<_, _>>()?;
        self.version += 1;
        self.written_by = Some(by.clone());
        self.state = EscalationState::Held;
        Ok(())
    }

    /// Held → Rejected.
    ///
    /// # Errors
    /// It is not held.
    pub fn reject(&mut self, _by: &Approver) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held], "be rejected")?;
        self.state = EscalationState::Rejected;
        Ok(())
    }

    /// Held → Held: an approver gives the wording back to whoever writes.
    ///
    /// # Errors
    /// It is not held.
    pub fn send_back(&self, _by: &Approver) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held], "be sent back")
    }

    /// Held or Cleared → Expired, when it is too old and nothing was sent.
    ///
    /// # Errors
    /// It is not open, not yet old, or something was sent.
    pub fn expire(&mut self, now: Timestamp, sent: bool) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held, EscalationState::Cleared], "expire")?;
        if now < self.expires_at {
            return Err(Refused::State { from: self.state, act: "expire before its time" });
        }
        if sent {
            return Err(Refused::Sent);
        }
        self.state = EscalationState::Expired;
        Ok(())
    }

    /// Held or Cleared → Withdrawn, when a member's facts changed and nothing was sent.
    ///
    /// # Errors
    /// It is not open, or something was sent: then it closes by its deliveries.
    pub fn withdraw(&mut self, sent: bool) -> Result<(), Refused> {
        let open = [EscalationState::Held, EscalationState::Cleared, EscalationState::Disputed];
        self.expect(&open, "be withdrawn")?;
        if sent {
            return Err(Refused::Sent);
        }
        self.state = EscalationState::Withdrawn;
        Ok(())
    }

    /// Held or Cleared → Disputed, by the nodal officer's written reason. `decided_before` is
    /// whether an approver has already decided this ground for these actions.
    ///
    /// # Errors
    /// It is not open, something was sent, or the ground was decided before.
    pub fn dispute(&mut self, sent: bool, decided_before: bool) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held, EscalationState::Cleared], "be disputed")?;
        if decided_before {
            return Err(Refused::DecidedBefore);
        }
        if sent {
            return Err(Refused::Sent);
        }
        self.state = EscalationState::Disputed;
        Ok(())
    }

    /// Disputed → Held (the dispute does not stand) or Rejected (it does).
    ///
    /// # Errors
    /// It is not disputed.
    pub fn decide_dispute(&mut self, _by: &Approver, stands: bool) -> Result<(), Refused> {
        self.expect(&[EscalationState::Disputed], "have its dispute decided")?;
        self.state = if stands { EscalationState::Rejected } else { EscalationState::Held };
        Ok(())
    }

    /// Cleared → Held: the signer's authority ended, the order was revoked, or sending was
    /// resumed after a stop. What was not sent needs a new clearance.
    ///
    /// # Errors
    /// It is not cleared.
    pub fn hold_again(&mut self) -> Result<(), Refused> {
        self.expect(&[EscalationState::Cleared], "be held again")?;
        self.state = EscalationState::Held;
        Ok(())
    }

    /// Cleared (or Held again after a part was sent) → Closed, when every delivery has ended.
    ///
    /// # Errors
    /// It is not open, or a delivery has not ended.
    pub fn close(&mut self, all_ended: bool) -> Result<(), Refused> {
        self.expect(&[EscalationState::Held, EscalationState::Cleared], "close")?;
        if !all_ended {
            let act = "close before its deliveries have ended";
            return Err(Refused::State { from: self.state, act });
        }
        self.state = EscalationState::Closed;
        Ok(())
    }
}

/// An edited text in its old place.
fn reworded(old: &Content, new: Content) -> Result<Content, Refused> {
    let (text, spoiler) = (new.text.clone(), new.spoiler.clone());
    let (template, drafted) = (new.template, new.drafted.clone());
    if new != (Content { text, spoiler, template, drafted, ..old.clone() }) {
        return Err(Refused::MoreThanWords);
    }
    if new.text == old.text && new.spoiler == old.spoiler {
        return Ok(old.clone());
    }
    let drafted = old.drafted.clone().or_else(|| Some(old.text.clone()));
    Ok(Content { template: None, drafted, ..new })
}

/// What an escalation of this kind is about, in one sortable number: money at risk, in paise.
/// The queue shows the largest first.
pub fn money_at_risk(facts: &FactPack) -> i64 {
    facts.amount_at_least.paise()
}

/// Evidence for one member of an escalation: which row of the case source, as seen when, by the
/// commitment that the record can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The row.
    pub external_id: super::ids::ExternalId,
    /// The commitment to the row as it was seen.
    pub commitment: Hash,
}
