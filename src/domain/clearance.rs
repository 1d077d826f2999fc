//! A clearance: the authority to send, bound to bytes. Its fields are private, and only the
//! domain mints one: from an approver's click or from a standing order in force.

use super::{
    canonical::Hash,
    ids::{EscalationId, OrderId, PersonId},
    time::Timestamp,
};

/// On whose word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authority {
    /// An approver's, for exactly this escalation.
    Approval {
        /// Who approved.
        by: PersonId,
    },
    /// A standing order's.
    Order {
        /// Which.
        order: OrderId,
        /// Who signed it.
        signed_by: PersonId,
    },
}

impl Authority {
    /// The person whose authority it is, in the end. It ends with theirs.
    pub const fn signer(&self) -> &PersonId {
        match self {
            Self::Approval { by } => by,
            Self::Order { signed_by, .. } => signed_by,
        }
    }

    /// The standing order, where it is one's.
    pub const fn order(&self) -> Option<&OrderId> {
        match self {
            Self::Approval { .. } => None,
            Self::Order { order, .. } => Some(order),
        }
    }
}

/// Authority over the exact bytes of one escalation's deliveries, until it runs out. Nobody makes one
/// but the domain's own transitions:
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clearance {
    escalation: EscalationId,
    /// The whole escalation's hash: facts and every delivery's content.
    content: Hash,
    /// The hash of each delivery's content.
    deliveries: Vec<Hash>,
    authority: Authority,
    minted_at: Timestamp,
    valid_until: Timestamp,
    past_stop: bool,
}

impl Clearance {
    /// Minted by the domain's transitions alone.
    pub(in crate::domain) const fn mint(
        escalation: EscalationId,
        content: Hash,
        deliveries: Vec<Hash>,
        authority: Authority,
        minted_at: Timestamp,
        valid_until: Timestamp,
        past_stop: bool,
    ) -> Self {
        Self { escalation, content, deliveries, authority, minted_at, valid_until, past_stop }
    }

    /// What it clears.
    pub const fn escalation(&self) -> &EscalationId {
        &self.escalation
    }

    /// The hash that the approver saw, or that the order allowed.
    pub const fn content(&self) -> &Hash {
        &self.content
    }

    /// Whether a delivery's content is among what was cleared.
    pub fn covers(&self, content: &Hash) -> bool {
        self.deliveries.contains(content)
    }

    /// On whose word.
    pub const fn authority(&self) -> &Authority {
        &self.authority
    }

    /// When it was given.
    pub const fn minted_at(&self) -> Timestamp {
        self.minted_at
    }

    /// When it runs out.
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// An approver gave it while sending was stopped, and said that it is to go all the same. Only a
    /// correction or a retraction has such a one.
    pub const fn past_stop(&self) -> bool {
        self.past_stop
    }
}
