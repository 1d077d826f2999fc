//! Whether whoever cleared an escalation still may: asked at the claim, and again at the recheck.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    domain::{
        canonical::Hash,
        clearance::Clearance,
        ids::{EscalationId, PersonId},
        order::StandingOrder,
        person::Person,
        time::Timestamp,
    },
    store::{
        Store, StoreError,
        db::Tx,
        escalations::{self, EscalationRow, StoredClearance},
        orders, people,
    },
};

/// Whether the giver of each clearance may still give it.
pub(super) struct Authorities {
    people: BTreeMap<PersonId, Person>,
    orders: BTreeMap<String, StandingOrder>,
}

impl Store {
    /// Which of these escalations have lost their clearance since they were claimed under it (by the
    /// hash that was cleared), and how: the recheck's question about authority. That the hash is
    /// the claimed bytes' own was the claim's to see, and those bytes do not change any more.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn lost_authority(
        &self,
        claimed: &BTreeMap<EscalationId, Hash>,
    ) -> Result<BTreeMap<EscalationId, String>, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let given = escalations::clearances(&mut tx, claimed.keys()).await?;
        let authorities =
            Authorities::load(&mut tx, given.values().map(|(given, _)| given)).await?;
        let lost = |(id, hash): (&EscalationId, &Hash)| {
            let why = match given.get(id) {
                None => Some("it is no longer cleared".to_owned()),
                Some((given, _)) if given.hash != *hash => {
                    Some("another wording was cleared meanwhile".to_owned())
                }
                Some((given, expires_at)) if given.until.min(*expires_at) <= now => {
                    Some("it or its clearance ran out".to_owned())
                }
                Some((given, _)) => authorities.against(given, now),
            };
            Some((id.clone(), why?))
        };
        Ok(claimed.iter().filter_map(lost).collect())
    }
}

impl Authorities {
    pub(super) async fn load(
        tx: &mut Tx,
        given: impl Iterator<Item = &StoredClearance>,
    ) -> Result<Self, StoreError> {
        let (mut signers, mut orders) = (BTreeSet::new(), BTreeSet::new());
        for given in given {
            signers.insert(given.authority.signer().clone());
            orders.extend(given.authority.order().cloned());
        }
        Ok(Self {
            people: people::by_ids(tx, signers.into_iter().collect()).await?,
            orders: orders::by_ids(tx, orders.into_iter().collect()).await?,
        })
    }

    /// The reason why whoever gave a clearance no longer can.
    fn against(&self, given: &StoredClearance, now: Timestamp) -> Option<String> {
        let Some(signer) = self.people.get(given.authority.signer()) else {
            return Some("whoever cleared it is gone".to_owned());
        };
        match given.authority.order() {
            None => signer.as_approver(now).err().map(|error| error.to_string()),
            Some(id) => match self.orders.get(id.as_str()) {
                None => Some("its standing order is gone".to_owned()),
                Some(order) => order.in_force(signer, now).err().map(|error| error.to_string()),
            },
        }
    }

    /// The clearance anew; or the reason why it no longer counts.
    pub(super) fn mint(&self, row: &EscalationRow, now: Timestamp) -> Result<Clearance, String> {
        let given = row.clearance.as_ref().ok_or("it has no clearance")?;
        match self.against(given, now) {
            Some(why) => Err(why),
            None => given.remint(&row.escalation, now).map_err(|error| error.to_string()),
        }
    }
}
