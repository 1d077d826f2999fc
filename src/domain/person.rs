//! People and what each may do. Authority is a value that one holds: [`Approver`] and its
//! siblings are made only here, from a person whose role is in force now.

use serde::{Deserialize, Serialize};

use super::{action::spelled, ids::PersonId, time::Timestamp};

spelled! {
    /// What a person may do. One person has one role: who writes does not approve, who approves
    /// does not administer.
    Role {
        /// Works the queue and the call desk, edits wording, logs outcomes.
        Officer = "officer",
        /// Approves posts, signs standing orders, stops everything.
        Approver = "approver",
        /// Reads everything, verifies the record.
        Auditor = "auditor",
        /// People, accounts, configuration.
        Administrator = "administrator",
    }
}

/// A person of the unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The short name they sign with.
    pub id: PersonId,
    /// Their name and rank.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// The order that gave them the role (an acting approver's, say).
    pub order_number: Option<String>,
    /// The role's first instant.
    pub from: Timestamp,
    /// The role's end, where it has one.
    pub until: Option<Timestamp>,
    /// A second person has confirmed the role, where it takes two (an approver's).
    pub confirmed: bool,
}

/// Why a person may not do an act.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// The role is another.
    #[error("{person} is {is}, and this takes {needs}")]
    Role {
        /// Who.
        person: PersonId,
        /// What they are.
        is: Role,
        /// What it takes.
        needs: &'static str,
    },
    /// The role is not in force now.
    #[error("{person}'s role is not in force at this time; an administrator can set its dates")]
    NotInForce {
        /// Who.
        person: PersonId,
    },
    /// The role still waits for a second person.
    #[error("{person}'s role waits for a second person's confirmation (`takaza person confirm`)")]
    Unconfirmed {
        /// Who.
        person: PersonId,
    },
    /// One's own wording, role, or request.
    #[error("{person} cannot {act}: a second person must")]
    Own {
        /// Who.
        person: PersonId,
        /// What they tried.
        act: &'static str,
    },
}

macro_rules! authority {
    ($($(#[$doc:meta])* $name:ident, $method:ident, $pattern:pat, $needs:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(PersonId);

        impl $name {
            /// Who it is.
            pub const fn id(&self) -> &PersonId {
                &self.0
            }
        }

        impl Person {
            #[doc = concat!("Proof that this person is ", $needs, " now.")]
            ///
            /// # Errors
            /// The role is another, not in force at `now`, or not yet confirmed.
            pub fn $method(&self, now: Timestamp) -> Result<$name, NotAllowed> {
                if !matches!(self.role, $pattern) {
                    let (person, is) = (self.id.clone(), self.role);
                    return Err(NotAllowed::Role { person, is, needs: $needs });
                }
                self.in_force(now)?;
                Ok($name(self.id.clone()))
            }
        }
    )*};
}

authority! {
    /// A person who may approve, sign and resume at this instant.
    Approver, as_approver, Role::Approver, "an approver";
    /// A person who may work the queue at this instant.
    Officer, as_officer, Role::Officer, "an officer";
    /// A person who may press the stop switch, take a hand-off or log an outcome: an officer or an
    /// approver.
    Desk, as_desk, Role::Officer | Role::Approver, "an officer or an approver";
    /// A person who may bring a file of cases, or accept one: everybody but an auditor, who changes
    /// nothing.
    Importer, as_importer, Role::Officer | Role::Approver | Role::Administrator,
        "an officer, approver or administrator";
    /// A person who may manage people and accounts at this instant.
    Administrator, as_administrator, Role::Administrator, "an administrator";
}

impl Person {
    /// Whether the role is in force.
    ///
    /// # Errors
    /// It is not, and why.
    pub fn in_force(&self, now: Timestamp) -> Result<(), NotAllowed> {
        let person = self.id.clone();
        if !self.confirmed {
            return Err(NotAllowed::Unconfirmed { person });
        }
        if now < self.from || self.until.is_some_and(|until| until <= now) {
            return Err(NotAllowed::NotInForce { person });
        }
        Ok(())
    }
}
