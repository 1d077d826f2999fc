//! The three people: the same acts, with the same checks, as `takaza person add`, `passphrase` and
//! `confirm`. What the ledger has is not asked again; who acts proves themselves once a run.

use super::{
    super::{failure::Failure, person::person_id},
    asking::Asker,
};
use crate::{
    app::App,
    domain::{
        ids::PersonId,
        person::{Person, Role},
    },
    store::{Actor, Passphrase},
    work::passphrase::{SHORTEST, Unproved, accept, verify},
};

/// The command, as the record names it.
const COMMAND: &str = "cli setup";

/// The people of the unit, all in force.
#[derive(Debug)]
pub(super) struct Team {
    pub(super) admin: Person,
    pub(super) approver: Person,
    /// Who confirms the approver.
    pub(super) second: Person,
}

/// Whoever proved themselves in this run.
#[derive(Debug, Default)]
pub(super) struct Signed(Vec<PersonId>);

impl Signed {
    /// Proves a person, once a run, and has them choose their own passphrase where the one they have
    /// was chosen for them.
    pub(super) async fn in_as(
        &mut self,
        asker: &Asker,
        app: &App,
        id: &PersonId,
    ) -> Result<Person, Failure> {
        while !self.0.contains(id) {
            let given = [("person", id.as_str())];
            if app.ctx.store.person(id).await?.1.first {
                asker.tell("own-passphrase-why", &given)?;
            }
            let passphrase = asker.secret("passphrase-ask", &given)?;
            match verify(&app.ctx.store, id, &passphrase).await {
                Err(Unproved::Wrong) => asker.not_done("passphrase-wrong", &[])?,
                Err(error) => return Err(error.into()),
                Ok((_, old)) if old.first => {
                    let hash = chosen(asker, app, ("new-passphrase-ask", id), Some(&old))?;
                    app.ctx.store.set_passphrase(&by(id), id, &hash).await?;
                    self.0.push(id.clone());
                }
                Ok(_) => self.0.push(id.clone()),
            }
        }
        Ok(app.ctx.store.person(id).await?.0)
    }
}

/// The hash of a passphrase that is asked for until it is taken.
fn chosen(
    asker: &Asker,
    app: &App,
    (question, id): (&str, &PersonId),
    old: Option<&Passphrase>,
) -> Result<String, Failure> {
    loop {
        let passphrase = asker.new_secret(question, &[("person", id.as_str())])?;
        match accept(&passphrase, old, &app.ctx.dice) {
            Ok(hash) => return Ok(hash),
            Err(Unproved::TooShort) => {
                let least = SHORTEST.to_string();
                asker.not_done("passphrase-short", &[("least", &least)])?;
            }
            Err(Unproved::Same) => asker.not_done("passphrase-same", &[])?,
            Err(error) => return Err(error.into()),
        }
    }
}

pub(super) fn by(id: &PersonId) -> Actor {
    Actor::person(id.clone(), COMMAND)
}

/// The people as far as the ledger has them, and the rest asked for.
pub(super) async fn team(asker: &Asker, app: &App, signed: &mut Signed) -> Result<Team, Failure> {
    let now = app.ctx.clock.now();
    let has = async |role: Role, not: &[&PersonId]| {
        let people = app.ctx.store.people().await?;
        // One who waits for confirmation has the role all the same.
        let has = |person: &Person| {
            let dated = Person { confirmed: true, ..person.clone() };
            person.role == role && dated.in_force(now).is_ok() && !not.contains(&&person.id)
        };
        Ok::<_, Failure>(people.into_iter().find(has))
    };
    let admin = match has(Role::Administrator, &[]).await? {
        Some(person) => person,
        None => {
            let person = add(asker, app, Role::Administrator, None).await?;
            signed.0.push(person.id.clone());
            person
        }
    };
    let approver = match has(Role::Approver, &[]).await? {
        Some(person) => person,
        None => {
            let admin = signed.in_as(asker, app, &admin.id).await?;
            add(asker, app, Role::Approver, Some(&admin)).await?
        }
    };
    let others = [&admin.id, &approver.id];
    let mut second = None;
    for role in [Role::Auditor, Role::Administrator, Role::Approver] {
        second = match second {
            None => has(role, &others).await?.filter(|person| person.confirmed),
            found => found,
        };
    }
    let second = match second {
        Some(person) => person,
        None => {
            let admin = signed.in_as(asker, app, &admin.id).await?;
            add(asker, app, Role::Auditor, Some(&admin)).await?
        }
    };
    let store = &app.ctx.store;
    for person in [&approver, &second] {
        if store.person(&person.id).await?.1.first {
            signed.in_as(asker, app, &person.id).await?;
        }
    }
    if !approver.confirmed {
        let second = signed.in_as(asker, app, &second.id).await?;
        store.confirm_person(&by(&second.id), &second, &approver.id).await?;
        asker.tell("confirmed", &[("person", approver.id.as_str())])?;
    }
    Ok(Team { approver: store.person(&approver.id).await?.0, admin, second })
}

/// Asks for one person and adds them.
async fn add(
    asker: &Asker,
    app: &App,
    role: Role,
    granter: Option<&Person>,
) -> Result<Person, Failure> {
    let (why, usual) = match role {
        Role::Administrator => ("admin-why", "admin"),
        Role::Approver => ("approver-why", "dcp"),
        Role::Auditor | Role::Officer => ("second-why", "auditor"),
    };
    asker.tell(why, &[])?;
    let id = loop {
        let text = asker.ask("id-ask", &[("default", usual)], Some(usual))?;
        match person_id(&text) {
            Ok(id) => break id,
            Err(_) => asker.not_done("id-wrong", &[])?,
        }
    };
    let name = asker.ask("person-name-ask", &[], None)?;
    let order_number = match role {
        Role::Approver => Some(asker.ask("order-ask", &[], None)?),
        _ => None,
    };
    let question = if granter.is_some() { "first-passphrase-ask" } else { "new-passphrase-ask" };
    let hash = chosen(asker, app, (question, &id), None)?;
    let person = Person {
        id: id.clone(),
        name,
        role,
        order_number,
        from: app.ctx.clock.now(),
        until: None,
        confirmed: false,
    };
    let actor = by(granter.map_or(&id, |granter| &granter.id));
    app.ctx.store.add_person(&actor, granter, &person, &hash).await?;
    let role = match role {
        Role::Administrator => "role-administrator",
        Role::Approver => "role-approver",
        Role::Auditor | Role::Officer => "role-auditor",
    };
    let role = asker.words(role, &[])?;
    asker.tell("person-added", &[("person", id.as_str()), ("role", &role)])?;
    Ok(app.ctx.store.person(&id).await?.0)
}
