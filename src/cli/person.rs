//! `takaza person`: people and their roles.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say, table_or},
    sign_in::{MaybeSigning, NewPassphrase, Signing, new_passphrase},
    times::{clock, instant},
};
use crate::{
    domain::{
        ids::PersonId,
        person::{Person, Role},
    },
    store::{Actor, EndSessions},
};

/// The people of the unit: who may do what, since when, until when.
///
/// One person has one role: an officer works the queue, an approver approves and signs, an auditor
/// reads and verifies, an administrator manages people and accounts and approves nothing. Nobody
/// grants a role to themselves, and making an approver takes two people.
#[derive(Debug, Subcommand)]
pub(super) enum PersonCommand {
    Add(Add),
    List(List),
    Confirm(Confirm),
    End(End),
    Passphrase(SetPassphrase),
    #[command(subcommand)]
    SecondFactor(SecondFactorCommand),
}

impl PersonCommand {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::Add(command) => command.run(globals).await,
            Self::List(command) => command.run(globals).await,
            Self::Confirm(command) => command.run(globals).await,
            Self::End(command) => command.run(globals).await,
            Self::Passphrase(command) => command.run(globals).await,
            Self::SecondFactor(SecondFactorCommand::Reset(command)) => command.run(globals).await,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RoleName {
    /// Works the queue and the call desk, edits wording, logs outcomes
    Officer,
    /// Approves posts, signs standing orders, stops and resumes everything
    Approver,
    /// Reads everything, verifies the record
    Auditor,
    /// People, accounts, configuration
    Administrator,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Officer => Self::Officer,
            RoleName::Approver => Self::Approver,
            RoleName::Auditor => Self::Auditor,
            RoleName::Administrator => Self::Administrator,
        }
    }
}

/// Adds a person (an administrator's act)
///
/// The very first person is an administrator and is added without --as. An approver then waits for
/// a second person's `takaza person confirm`. A passphrase that is set here is good for one act: the
/// person must choose their own (`takaza person passphrase`) before they can do any other.
#[derive(Debug, Args)]
pub(super) struct Add {
    /// The short name they sign with: lower-case letters, digits, dots and dashes
    id: String,
    /// Their name and rank
    #[arg(long)]
    name: String,
    /// What they may do
    #[arg(long)]
    role: RoleName,
    /// The number of the order that gives them the role
    #[arg(long, value_name = "NUMBER")]
    order_number: Option<String>,
    /// When the role begins (now)
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// When the role ends (an acting approver's, say)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    passphrase: NewPassphrase,
    #[command(flatten)]
    signing: MaybeSigning,
}

impl Add {
    async fn run(self, globals: &Globals) -> Outcome {
        let id = person_id(&self.id)?;
        let (app, granter, by) = match self.signing.given() {
            Some(signing) => {
                let session = signing.sign_in(globals, "person add").await?;
                (session.app, Some(session.person), session.by)
            }
            None => {
                let by = Actor::person(id.clone(), "cli person add");
                (globals.open_new().await?, None, by)
            }
        };
        // Known before a passphrase is asked for: whoever may not shall not be led on.
        if granter.is_none() && !app.ctx.store.people().await?.is_empty() {
            return Err(Failure::usage("name the administrator who adds them: --as PERSON"));
        }
        let now = app.ctx.clock.now();
        if let Some(granter) = &granter {
            granter.as_administrator(now)?;
        }
        let zone = app.ctx.limits.calendar().zone();
        let read = |text: &String| instant(text, now, zone);
        let person = Person {
            id: id.clone(),
            name: self.name,
            role: self.role.into(),
            order_number: self.order_number,
            from: self.from.as_ref().map(read).transpose()?.unwrap_or(now),
            until: self.until.as_ref().map(read).transpose()?,
            confirmed: false,
        };
        let hash = new_passphrase(&self.passphrase, &id, None, &app.ctx.dice)?;
        app.ctx.store.add_person(&by, granter.as_ref(), &person, &hash).await?;
        let next = match person.role {
            Role::Approver => format!(
                ". The role waits for a second person, who is neither {id} nor the one who added \
                 them: `takaza person confirm {id} --as PERSON`"
            ),
            _ => String::new(),
        };
        let own = match granter {
            Some(_) => format!(
                "\nnext: {id} chooses their own passphrase, before any other act: `takaza person \
                 passphrase --as {id}`"
            ),
            None => String::new(),
        };
        say(&format!("{id} is an {} now{next}{own}", person.role))
    }
}

/// A name to sign with.
pub(super) fn person_id(text: &str) -> Result<PersonId, Failure> {
    PersonId::signing(text).map_err(|error| Failure::usage(error.to_string()))
}

/// Lists everybody with their role
#[derive(Debug, Args)]
pub(super) struct List {
    #[command(flatten)]
    format: Format,
}

#[derive(Serialize)]
struct PersonView {
    id: PersonId,
    name: String,
    role: Role,
    order_number: Option<String>,
    from: String,
    until: Option<String>,
    confirmed: bool,
    in_force: bool,
}

impl List {
    async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let (now, zone) = (app.ctx.clock.now(), app.ctx.limits.calendar().zone());
        let people = app.ctx.store.people().await?;
        let views: Vec<PersonView> = people.into_iter().map(|person| view(person, now)).collect();
        self.format.print(&views, |views| {
            let rows: Vec<Vec<String>> =
                views.iter().map(|person| row(person, zone, now)).collect();
            let nothing = "nobody yet; `takaza person add NAME --name … --role administrator`";
            table_or(&["PERSON", "ROLE", "IN FORCE", "UNTIL", "ORDER", "NAME"], &rows, nothing)
        })
    }
}

fn view(person: Person, now: crate::domain::time::Timestamp) -> PersonView {
    PersonView {
        in_force: person.in_force(now).is_ok(),
        from: person.from.to_string(),
        until: person.until.map(|until| until.to_string()),
        id: person.id,
        name: person.name,
        role: person.role,
        order_number: person.order_number,
        confirmed: person.confirmed,
    }
}

fn row(
    person: &PersonView,
    zone: &jiff::tz::TimeZone,
    now: crate::domain::time::Timestamp,
) -> Vec<String> {
    let in_force = match (person.confirmed, person.in_force) {
        (false, _) => "to be confirmed",
        (true, true) => "yes",
        (true, false) => "no",
    };
    let until = person.until.as_ref().map(|text| {
        instant(text, now, zone).map_or_else(|_| text.clone(), |until| clock(until, zone))
    });
    vec![
        person.id.to_string(),
        person.role.to_string(),
        in_force.to_owned(),
        until.unwrap_or_else(|| "-".to_owned()),
        person.order_number.clone().unwrap_or_else(|| "-".to_owned()),
        person.name.clone(),
    ]
}

/// Confirms an approver's role, as the second person
///
/// Takes an administrator, an approver or an auditor who is neither the new approver nor the one
/// who added them.
#[derive(Debug, Args)]
pub(super) struct Confirm {
    /// Whose role
    id: String,
    #[command(flatten)]
    signing: Signing,
}

impl Confirm {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "person confirm").await?;
        let id = PersonId::new(&self.id);
        session.app.ctx.store.confirm_person(&session.by, &session.person, &id).await?;
        say(&format!("{id}'s role is confirmed and in force"))
    }
}

/// Ends a person's role (an administrator's act)
///
/// The orders that they signed are void from then, and what they approved but was not sent is held
/// again. Nobody ends their own role.
#[derive(Debug, Args)]
pub(super) struct End {
    /// Whose role
    id: String,
    /// When it ends (now)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl End {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "person end").await?;
        let ctx = &session.app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        let until = self.until.as_ref().map(|text| instant(text, now, zone)).transpose()?;
        let until = until.unwrap_or(now);
        let administrator = session.person.as_administrator(now)?;
        let id = PersonId::new(&self.id);
        let held = ctx.store.end_person(&session.by, &administrator, &id, until).await?;
        let when = clock(until, zone);
        say(&format!("{id}'s role ends at {when}; {held} escalations are held again"))
    }
}

/// Sets your own new passphrase
///
/// Whoever was added by somebody else does this first, with the passphrase that was set for them.
#[derive(Debug, Args)]
pub(super) struct SetPassphrase {
    #[command(flatten)]
    new: NewPassphrase,
    #[command(flatten)]
    signing: Signing,
}

impl SetPassphrase {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in_once(globals, "person passphrase").await?;
        let (ctx, id) = (&session.app.ctx, &session.person.id);
        let hash = new_passphrase(&self.new, id, Some(&session.passphrase), &ctx.dice)?;
        ctx.store.set_passphrase(&session.by, id, &hash).await?;
        ctx.store.end_sessions(&session.by, id, EndSessions::All).await?;
        say(&format!("the new passphrase of {id} is in force"))
    }
}

/// One-time codes, which prove a person at the console besides their passphrase
///
/// People set them up themselves, at the console.
#[derive(Debug, Subcommand)]
pub(super) enum SecondFactorCommand {
    Reset(ResetSecondFactor),
}

/// Removes the second factor of somebody who lost it (an administrator's act)
///
/// For a person who has lost their device and their recovery codes. Their sessions at the console
/// end; they sign in with their passphrase alone and set up a new one, before anything else where
/// their role needs one. Make sure that it is they who ask.
#[derive(Debug, Args)]
pub(super) struct ResetSecondFactor {
    /// Whose
    id: String,
    #[command(flatten)]
    signing: Signing,
}

impl ResetSecondFactor {
    async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "person second-factor reset").await?;
        let ctx = &session.app.ctx;
        let administrator = session.person.as_administrator(ctx.clock.now())?;
        let id = PersonId::new(&self.id);
        ctx.store.end_second_factor(&session.by, Some(&administrator), &id).await?;
        say(&format!("the second factor of {id} is gone, and their sessions have ended"))
    }
}
