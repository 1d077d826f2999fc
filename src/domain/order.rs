//! A standing order: the DCP's signed, bounded, expiring authority to post without a click.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{
    canonical::Hash,
    clearance::Authority,
    escalation::{Escalation, EscalationKind},
    ids::{AccountName, BankCode, OrderId, PersonId},
    money::Paise,
    person::{Approver, NotAllowed, Person},
    time::Timestamp,
};

/// The terms that an approver signs. Everything is a bound; nothing is implied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The banks it covers; empty covers none, `*` covers every bank.
    pub banks: Vec<BankCode>,
    /// What it may say.
    pub kinds: Vec<EscalationKind>,
    /// The accounts it may post from.
    pub accounts: Vec<AccountName>,
    /// The smallest amount, as the text states it (rounded down).
    pub minimum_amount: Paise,
    /// The smallest overdue age, as the text states it, in whole hours.
    pub minimum_overdue_hours: u32,
    /// The hashes of the templates and of the pictures' designs that it allows. A hand-edited wording
    /// is never among them.
    pub templates: Vec<Hash>,
    /// Clearances of one bank in any 24 hours.
    pub per_bank_day: u32,
    /// Clearances in any 24 hours.
    pub per_day: u32,
    /// Clearances in any hour.
    pub per_hour: u32,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A standing order as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingOrder {
    /// Its id.
    pub id: OrderId,
    /// The name people call it by.
    pub name: String,
    /// What it allows.
    pub terms: Terms,
    /// Who wrote it.
    pub drafted_by: PersonId,
    /// Days of history that its rehearsal observed, once rehearsed with exactly these terms.
    pub rehearsed_days: Option<u32>,
    /// Who signed it, and when.
    pub signed: Option<(PersonId, Timestamp)>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

/// The days of history an order must have been rehearsed on before anyone may sign it.
pub const MINIMUM_REHEARSED_DAYS: u32 = 14;

/// Why an order is not in force or cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotInForce {
    /// Nobody signed it.
    #[error("the order is not signed")]
    Unsigned,
    /// It was revoked.
    #[error("the order was revoked")]
    Revoked,
    /// It has expired.
    #[error("the order has expired")]
    Expired,
    /// Whoever signed is no longer an approver: what they signed is void.
    #[error("the order is void: {0}")]
    SignerGone(NotAllowed),
    /// It was observed on too few days.
    #[error(
        "the order was rehearsed on {days} days of history and needs {MINIMUM_REHEARSED_DAYS}; gather more with `takaza serve --shadow`, then `takaza order rehearse`"
    )]
    TooFewDays {
        /// How many.
        days: u32,
    },
    /// It was signed before.
    #[error("the order is already signed")]
    AlreadySigned,
    /// The person may not.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
}

/// Where an order stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It lends its authority.
    InForce,
    /// Nobody has signed it yet.
    Draft,
    /// Its end has passed.
    Expired,
    /// An approver revoked it.
    Revoked,
    /// Whoever signed it is no longer an approver.
    Void(NotAllowed),
}

impl Standing {
    /// Its one word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::InForce => "in-force",
            Self::Draft => "draft",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Void(_) => "void",
        }
    }
}

impl std::fmt::Display for Standing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::InForce => f.write_str("in force"),
            Self::Void(why) => write!(f, "void: {why}"),
            Self::Draft | Self::Expired | Self::Revoked => f.write_str(self.word()),
        }
    }
}

impl StandingOrder {
    /// Where it stands, given who signed it as they are now (`None`: nobody did).
    pub fn standing(&self, signer: Option<&Person>, now: Timestamp) -> Standing {
        let judged = signer.map_or(Err(NotInForce::Unsigned), |signer| self.in_force(signer, now));
        match judged {
            Ok(_) => Standing::InForce,
            Err(NotInForce::SignerGone(why)) => Standing::Void(why),
            Err(_) if self.revoked_at.is_some() => Standing::Revoked,
            Err(_) if self.terms.expires_at <= now => Standing::Expired,
            Err(_) => Standing::Draft,
        }
    }

    /// Signs it.
    ///
    /// # Errors
    /// It is signed, revoked or expired, was rehearsed on fewer than 14 days, or is the approver's
    /// own draft.
    pub fn sign(&mut self, approver: &Approver, now: Timestamp) -> Result<(), NotInForce> {
        if self.signed.is_some() {
            return Err(NotInForce::AlreadySigned);
        }
        if self.revoked_at.is_some() {
            return Err(NotInForce::Revoked);
        }
        if self.terms.expires_at <= now {
            return Err(NotInForce::Expired);
        }
        let days = self.rehearsed_days.unwrap_or(0);
        if days < MINIMUM_REHEARSED_DAYS {
            return Err(NotInForce::TooFewDays { days });
        }
        if self.drafted_by == *approver.id() {
            let person = approver.id().clone();
            return Err(NotAllowed::Own { person, act: "sign an order they drafted" }.into());
        }
        self.signed = Some((approver.id().clone(), now));
        Ok(())
    }

    /// Proof that it is in force now, given the person who signed it as they are now.
    ///
    /// # Errors
    /// It is unsigned, revoked, expired, or its signer is no longer an approver.
    pub fn in_force(&self, signer: &Person, now: Timestamp) -> Result<OrderInForce, NotInForce> {
        let Some((signed_by, _)) = &self.signed else {
            return Err(NotInForce::Unsigned);
        };
        if self.revoked_at.is_some() {
            return Err(NotInForce::Revoked);
        }
        if self.terms.expires_at <= now {
            return Err(NotInForce::Expired);
        }
        if signer.id != *signed_by {
            return Err(NotInForce::Unsigned);
        }
        signer.as_approver(now).map_err(NotInForce::SignerGone)?;
        Ok(OrderInForce { order: self.clone(), signed_by: signed_by.clone() })
    }
}

/// A standing order that is in force at this instant. Made only by [`StandingOrder::in_force`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderInForce {
    order: StandingOrder,
    signed_by: PersonId,
}

impl OrderInForce {
    /// The order.
    pub const fn order(&self) -> &StandingOrder {
        &self.order
    }

    /// The authority it lends.
    pub fn authority(&self) -> Authority {
        Authority::Order { order: self.order.id.clone(), signed_by: self.signed_by.clone() }
    }

    /// When it ends.
    pub const fn expires_at(&self) -> Timestamp {
        self.order.terms.expires_at
    }

    /// Whether it covers this escalation.
    ///
    /// # Errors
    /// The first bound that it breaks, in words.
    pub fn covers(&self, escalation: &Escalation, now: Timestamp) -> Result<(), String> {
        self.order.terms.covers(escalation, now)
    }
}

impl Terms {
    /// Whether these terms cover this escalation (the rehearsal asks it of a draft).
    ///
    /// # Errors
    /// The first bound that it breaks, in words.
    pub fn covers(&self, escalation: &Escalation, now: Timestamp) -> Result<(), String> {
        let any = |bank: &BankCode| bank.as_str() == "*" || *bank == escalation.bank;
        if self.expires_at <= now {
            return Err("it has expired".to_owned());
        }
        if !self.banks.iter().any(any) {
            return Err(format!("it does not name {}", escalation.bank));
        }
        if !self.kinds.contains(&escalation.kind) {
            return Err(format!("it does not allow a {}", escalation.kind));
        }
        let facts = &escalation.facts;
        if escalation.kind == EscalationKind::Tag {
            if facts.amount_at_least < self.minimum_amount {
                return Err("the amount is below its minimum".to_owned());
            }
            if facts.overdue_hours_at_least < self.minimum_overdue_hours {
                return Err("the age is below its minimum".to_owned());
            }
        }
        for content in &escalation.contents {
            if !self.accounts.contains(&content.account) {
                return Err(format!("it does not allow the account {}", content.account));
            }
            match &content.template {
                Some(template) if self.templates.contains(template) => {}
                Some(_) => return Err("it does not allow this wording's template".to_owned()),
                None => return Err("it does not allow a wording edited by hand".to_owned()),
            }
            if content.picture.as_ref().is_some_and(|it| !self.templates.contains(&it.design)) {
                return Err("it does not allow this picture".to_owned());
            }
        }
        Ok(())
    }

    /// Whether its caps allow one more clearance about a bank, given those of the last 24 hours.
    pub fn has_room(
        &self,
        given: &[(BankCode, Timestamp)],
        bank: &BankCode,
        now: Timestamp,
    ) -> bool {
        let within = |window: SignedDuration| {
            given.iter().filter(move |(_, at)| now.since(*at) < window).map(|(bank, _)| bank)
        };
        let windows_allow =
            self.windows().iter().all(|(window, cap)| within(*window).count() < *cap as usize);
        let day = SignedDuration::from_hours(24);
        let of_bank = within(day).filter(|given_to| *given_to == bank).count();
        windows_allow && of_bank < self.per_bank_day as usize
    }

    /// The windows that its clearances are counted in.
    pub fn windows(&self) -> [(SignedDuration, u32); 2] {
        [
            (SignedDuration::from_hours(1), self.per_hour),
            (SignedDuration::from_hours(24), self.per_day),
        ]
    }
}
