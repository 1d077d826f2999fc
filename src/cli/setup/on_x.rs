//! A test account on X: the unit's client there, and the grant that the account gives it, by the
//! same acts as `takaza account connect`.
//!
//! The invariant: no token is typed. What the account grants is sealed at once, or ended.

use std::time::Duration;

use secrecy::SecretString;

use super::{
    super::{
        accounts::{
            grant::{self, By, Voice},
            ungranted::Ungranted,
        },
        failure::{Failure, Outcome},
    },
    asking::Asker,
    folder,
    people::{Team, by},
    unit::{Blank, UnitFile},
};
use crate::{
    app::App, domain::person::Administrator, store::AccountRow,
    work::accounts::granting::NotConnected,
};

/// How long the person at the browser has.
const WAIT: Duration = Duration::from_mins(5);

const CLIENT: Blank =
    Blank { section: "x", key: "client_id", question: "x-client-ask", wrong: None, optional: true };

/// Whether the unit has a client on X: asked for, and written into its file, where it has none.
pub(super) async fn client(
    asker: &Asker,
    (unit, main, app): (&UnitFile, &App, &mut App),
    team: &Team,
) -> Result<bool, Failure> {
    if app.ctx.config.x.client_id.is_some() {
        return Ok(true);
    }
    asker.tell("x-client-why", &[("redirect", &app.ctx.config.x.redirect)])?;
    if !unit.fill(asker, CLIENT)? {
        asker.tell("x-client-missing", &[])?;
        return Ok(false);
    }
    *app = folder::open(unit, main, team).await?;
    Ok(true)
}

/// Asks for the account's grant until it is kept; `None`: not now.
pub(super) async fn connect(
    asker: &Asker,
    app: &App,
    (administrator, team): (&Administrator, &Team),
    row: AccountRow,
) -> Result<Option<AccountRow>, Failure> {
    let actor = by(&team.admin.id);
    loop {
        let here = asker.yes("x-browser-ask", &[])?;
        let by = By { ctx: &app.ctx, actor: &actor, administrator };
        match grant::connect(by, row.clone(), asker, here.then_some(WAIT)).await {
            Ok(connected) => return Ok(Some(connected.row)),
            Err(ungranted) => sorry(asker, ungranted)?,
        }
        if !asker.yes("x-again-ask", &[])? {
            asker.tell("x-later", &[])?;
            return Ok(None);
        }
    }
}

fn sorry(asker: &Asker, ungranted: Ungranted) -> Outcome {
    if let Some((key, given)) = ungranted.message() {
        let given: Vec<_> = given.iter().map(|(name, value)| (*name, value.as_str())).collect();
        return asker.not_done(key, &given);
    }
    match ungranted {
        Ungranted::NotConnected(NotConnected::Unkept { why, ended }) => {
            sorry(asker, Ungranted::from(*why))?;
            match ended {
                Ok(()) => asker.tell("x-new-ended", &[]),
                Err(reason) => asker.tell("x-new-stands", &[("reason", &reason)]),
            }
        }
        ungranted => asker.sorry(&ungranted.into()),
    }
}

impl Voice for Asker {
    fn open(&self, address: &str, wait: Duration) -> Outcome {
        let minutes = (wait.as_secs() / 60).to_string();
        self.tell("x-open", &[("address", address), ("minutes", &minutes)])
    }

    fn pasted(&self, address: &str) -> Result<SecretString, Failure> {
        self.tell("x-open-elsewhere", &[("address", address)])?;
        self.secret("x-paste-ask", &[])
    }
}
