//! People: who they are, what they may do. Nobody grants a role to themselves, and making an
//! approver takes two people; authority ends with the person.

use std::collections::BTreeMap;

use serde_json::json;

use super::{
    Actor, Store, StoreError,
    db::{Row, Tx, sql},
    escalations, orders,
    record::{Act, PERSON},
};
use crate::domain::{
    ids::{PersonId, Reference},
    order::StandingOrder,
    person::{Administrator, NotAllowed, Person, Role},
    time::Timestamp,
};

/// What proves a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passphrase {
    /// Its argon2id hash, in PHC form.
    pub hash: String,
    /// Whoever added the person may know it: it proves them for one act, choosing their own.
    pub first: bool,
}

/// A person as those see them who look after people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Who.
    pub person: Person,
    /// Who gave them their role.
    pub granted_by: PersonId,
    /// Somebody else chose their passphrase, and they have not changed it yet.
    pub first_passphrase: bool,
    /// One-time codes prove them.
    pub second_factor: bool,
    /// Their last page, or when they signed in last, where they ever did.
    pub seen_at: Option<Timestamp>,
}

/// What ends with a person, or is left open by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// The standing orders in force that they signed.
    pub orders: Vec<StandingOrder>,
    /// What they approved and was not sent yet, by its public code; at most [`Ending::SHOWN`].
    pub approvals: Vec<Reference>,
    /// Posts that they took to post by hand and have not brought back; as many at most.
    pub hand_offs: Vec<Reference>,
    /// How many sessions they have.
    pub sessions: u32,
}

impl Ending {
    /// So many approvals and hand-offs are named at most.
    pub const SHOWN: u32 = 50;
}

/// What [`known`] reads.
macro_rules! known {
    ($rest:literal) => {
        concat!(
            "SELECT p.*,
               (SELECT f.confirmed_at FROM second_factor f WHERE f.person = p.id) AS factor,
               (SELECT MAX(s.seen_at) FROM console_session s WHERE s.person = p.id) AS page_at,
               (SELECT e.at FROM entry e WHERE e.subject = p.id AND e.act = 'person.signed-in'
                ORDER BY e.seq DESC LIMIT 1) AS signed_in_at
             FROM person p ",
            $rest
        )
    };
}

impl Store {
    /// A page of the people, by name: so many left out, so many shown.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn people_page(&self, (skip, most): (u32, u32)) -> Result<Vec<Known>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql(known!("ORDER BY p.id LIMIT $2 OFFSET $1"))
            .bind(skip)
            .bind(most)
            .all(&mut tx)
            .await?;
        rows.iter().map(known).collect()
    }

    /// One person.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn known_person(&self, id: &PersonId) -> Result<Known, StoreError> {
        let mut tx = self.read().await?;
        let row = sql(known!("WHERE p.id = $1")).bind(id).opt(&mut tx).await?;
        row.as_ref().map_or_else(|| Err(StoreError::NotFound(format!("person {id}"))), known)
    }

    /// What ends with a person's role.
    ///
    /// # Errors
    /// There is no such person, or the ledger failed.
    pub async fn ends_with(&self, id: &PersonId) -> Result<Ending, StoreError> {
        let mut tx = self.read().await?;
        let now = tx.now().await?;
        let person = as_recorded(&mut tx, id).await?;
        let signed = sql("SELECT * FROM standing_order
             WHERE signed_by = $1 AND revoked_at IS NULL ORDER BY signed_at")
        .bind(id)
        .all(&mut tx)
        .await?;
        let signed: Vec<StandingOrder> =
            signed.iter().map(orders::read).collect::<Result<_, _>>()?;
        let approvals = sql("SELECT reference FROM escalation
             WHERE state = 'cleared' AND cleared_by = $1 ORDER BY money_at_risk DESC LIMIT $2")
        .bind(id)
        .bind(Ending::SHOWN)
        .all(&mut tx)
        .await?;
        let hand_offs = sql("SELECT reference FROM delivery
             WHERE state = 'sending' AND sender = 'hand-off' AND lease_holder = $1
             ORDER BY lease_until LIMIT $2")
        .bind(id)
        .bind(Ending::SHOWN)
        .all(&mut tx)
        .await?;
        let sessions = sql("SELECT COUNT(*) AS n FROM console_session
             WHERE person = $1 AND until_at > $2")
        .bind(id)
        .bind(now)
        .one(&mut tx)
        .await?;
        Ok(Ending {
            orders: signed
                .into_iter()
                .filter(|order| order.in_force(&person, now).is_ok())
                .collect(),
            approvals: references(&approvals)?,
            hand_offs: references(&hand_offs)?,
            sessions: sessions.get("n")?,
        })
    }

    /// A person and their passphrase, for signing in.
    ///
    /// # Errors
    /// There is none, or the ledger failed.
    pub async fn person(&self, id: &PersonId) -> Result<(Person, Passphrase), StoreError> {
        let mut tx = self.read().await?;
        let row = sql("SELECT * FROM person WHERE id = $1").bind(id).opt(&mut tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("person {id}")))?;
        let first = row.get::<Option<i64>>("first_passphrase")?;
        let passphrase = Passphrase { hash: row.get("passphrase")?, first: first == Some(1) };
        Ok((read(&row)?, passphrase))
    }

    /// Everybody.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn people(&self) -> Result<Vec<Person>, StoreError> {
        let mut tx = self.read().await?;
        let rows = sql("SELECT * FROM person ORDER BY id").all(&mut tx).await?;
        rows.iter().map(read).collect()
    }

    /// Adds a person. The first of all is an administrator, whom nobody grants; everyone after is
    /// granted by one, and an approver then waits for a second person's confirmation. A passphrase
    /// that a granter could have chosen is a first one: the person must change it before any act.
    ///
    /// # Errors
    /// The granter may not, the name is taken, or the ledger failed.
    pub async fn add_person(
        &self,
        by: &Actor,
        granter: Option<&Person>,
        person: &Person,
        passphrase_hash: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let anyone = sql("SELECT id FROM person LIMIT 1").opt(&mut tx).await?.is_some();
        let granted_by = match granter {
            Some(granter) => {
                let granter = as_recorded(&mut tx, &granter.id).await?;
                granter.as_administrator(now)?.id().clone()
            }
            None if anyone || person.role != Role::Administrator => {
                return Err(StoreError::Refused(
                    "only the first person of all is added without another one, and that is an \
                     administrator; name yourself with --as"
                        .to_owned(),
                ));
            }
            None => person.id.clone(),
        };
        makes_sense(person)?;
        let confirmed = person.role != Role::Approver;
        let known =
            sql("SELECT id FROM person WHERE id = $1").bind(&person.id).opt(&mut tx).await?;
        if known.is_some() {
            return Err(StoreError::Refused(format!("{} is known already", person.id)));
        }
        sql("INSERT INTO person (id, name, role, order_number, from_at, until_at, confirmed,
               granted_by, passphrase, first_passphrase)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) RETURNING *")
        .bind(&person.id)
        .bind(&person.name)
        .bind(person.role)
        .bind(person.order_number.as_ref())
        .bind(person.from)
        .bind(person.until)
        .bind(confirmed)
        .bind(&granted_by)
        .bind(passphrase_hash)
        .bind(granter.map(|_| 1_i64))
        .write(&PERSON, &mut tx)
        .await?;
        let body = json!({"role": person.role, "order": person.order_number, "from": person.from,
                          "until": person.until, "granted_by": granted_by});
        self.finish(tx, by, vec![Act::new(&person.id, "person.added", body)]).await
    }

    /// A second person confirms an approver's role: neither the granter nor the approver.
    ///
    /// # Errors
    /// It is one's own grant or role, there is nothing to confirm, or the ledger failed.
    pub async fn confirm_person(
        &self,
        by: &Actor,
        second: &Person,
        id: &PersonId,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let now = tx.now().await?;
        let second = &as_recorded(&mut tx, &second.id).await?;
        second.in_force(now)?;
        if second.role == Role::Officer {
            let person = second.id.clone();
            let needs = "an administrator, an approver or an auditor";
            return Err(NotAllowed::Role { person, is: second.role, needs }.into());
        }
        let row = sql("SELECT * FROM person WHERE id = $1").bind(id).opt(&mut tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("person {id}")))?;
        let granted_by: PersonId = row.get("granted_by")?;
        if second.id == *id || second.id == granted_by {
            let person = second.id.clone();
            return Err(NotAllowed::Own { person, act: "confirm this role" }.into());
        }
        let written = sql("UPDATE person SET confirmed = 1 WHERE id = $1 AND confirmed = 0
             RETURNING *")
        .bind(id)
        .write(&PERSON, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::Refused(format!("{id}'s role is confirmed already")));
        }
        let act = Act::new(id, "person.confirmed", json!({"by": second.id}));
        self.finish(tx, by, vec![act]).await
    }

    /// Ends a person's role at an instant. What they approved but was not sent is held again, the
    /// orders that they signed are void from then, and their sessions end. Returns how many were held again.
    ///
    /// # Errors
    /// It is one's own role, there is no such person, or the ledger failed.
    pub async fn end_person(
        &self,
        by: &Actor,
        administrator: &Administrator,
        id: &PersonId,
        until: Timestamp,
    ) -> Result<u64, StoreError> {
        if administrator.id() == id {
            let person = id.clone();
            return Err(NotAllowed::Own { person, act: "end their own role" }.into());
        }
        let mut tx = self.write().await?;
        super::gate::lock(&mut tx).await?;
        let now = tx.now().await?;
        let row = sql("SELECT * FROM person WHERE id = $1").bind(id).opt(&mut tx).await?;
        let row = row.ok_or_else(|| StoreError::NotFound(format!("person {id}")))?;
        // An approver's role that is made longer is made anew: it takes two people again.
        let old = read(&row)?;
        let longer = old.until.is_some_and(|old| old < until);
        let again = longer && old.role == Role::Approver;
        let granter: PersonId =
            if again { administrator.id().clone() } else { row.get("granted_by")? };
        sql("UPDATE person SET until_at = $2, confirmed = $3, granted_by = $4 WHERE id = $1
             RETURNING *")
        .bind(id)
        .bind(until)
        .bind(old.confirmed && !again)
        .bind(&granter)
        .write(&PERSON, &mut tx)
        .await?;
        let mut acts = vec![Act::new(id, "person.ended", json!({"until": until}))];
        if until <= now {
            let why = format!("{id} is no longer an approver");
            escalations::void_in(&mut tx, Some(id), None, &why, &mut acts).await?;
            sql("DELETE FROM console_session WHERE person = $1").bind(id).run(&mut tx).await?;
        }
        let held = acts.len() as u64 - 1;
        self.finish(tx, by, acts).await?;
        Ok(held)
    }

    /// Sets a person's own new passphrase.
    ///
    /// # Errors
    /// There is no such person, or the ledger failed.
    pub async fn set_passphrase(
        &self,
        by: &Actor,
        id: &PersonId,
        passphrase_hash: &str,
    ) -> Result<(), StoreError> {
        let mut tx = self.write().await?;
        let written = sql("UPDATE person SET passphrase = $2, first_passphrase = NULL
             WHERE id = $1 RETURNING *")
        .bind(id)
        .bind(passphrase_hash)
        .write(&PERSON, &mut tx)
        .await?;
        if written.is_empty() {
            return Err(StoreError::NotFound(format!("person {id}")));
        }
        self.finish(tx, by, vec![Act::new(id, "person.passphrase-set", json!({}))]).await
    }
}

/// An acting approver has an order and its dates; a role ends after it began.
fn makes_sense(person: &Person) -> Result<(), StoreError> {
    if person.until.is_some_and(|until| until <= person.from) {
        return Err(StoreError::Refused("the role would end before it begins".to_owned()));
    }
    let acting = person.role == Role::Approver && person.until.is_some();
    if acting && person.order_number.as_ref().is_none_or(|number| number.trim().is_empty()) {
        return Err(StoreError::Refused(
            "an acting approver, whose role has an end, needs the number of the order that makes \
             them one"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The person as the ledger has them now: authority is never read from what a caller remembers.
pub(super) async fn as_recorded(tx: &mut Tx, id: &PersonId) -> Result<Person, StoreError> {
    let row = sql("SELECT * FROM person WHERE id = $1").bind(id).opt(tx).await?;
    row.as_ref().map_or_else(|| Err(StoreError::NotFound(format!("person {id}"))), read)
}

pub(super) async fn by_ids(
    tx: &mut Tx,
    ids: Vec<PersonId>,
) -> Result<BTreeMap<PersonId, Person>, StoreError> {
    let rows = sql("SELECT * FROM person
         WHERE id IN (SELECT j.value->>'id' FROM json_each(CAST($1 AS TEXT)) AS j)")
    .batch(ids.iter().map(|id| json!({"id": id})).collect())
    .all(tx)
    .await?;
    let people: Result<Vec<_>, _> = rows.iter().map(read).collect();
    Ok(people?.into_iter().map(|person| (person.id.clone(), person)).collect())
}

fn read(row: &Row) -> Result<Person, StoreError> {
    Ok(Person {
        id: row.get("id")?,
        name: row.get("name")?,
        role: row.get("role")?,
        order_number: row.get("order_number")?,
        from: row.get("from_at")?,
        until: row.get("until_at")?,
        confirmed: row.get("confirmed")?,
    })
}

fn known(row: &Row) -> Result<Known, StoreError> {
    let page_at: Option<Timestamp> = row.get("page_at")?;
    Ok(Known {
        person: read(row)?,
        granted_by: row.get("granted_by")?,
        first_passphrase: row.get::<Option<i64>>("first_passphrase")? == Some(1),
        second_factor: row.get::<Option<i64>>("factor")?.is_some(),
        seen_at: page_at.max(row.get("signed_in_at")?),
    })
}

fn references(rows: &[Row]) -> Result<Vec<Reference>, StoreError> {
    rows.iter().map(|row| row.get("reference")).collect()
}
