//! `takaza setup`: from nothing to a first post to the unit's own protected test account, which
//! names no bank.
//!
//! It asks its way, and has no state of its own: what is done is read from the folder and the
//! ledgers, so it can be stopped at any question and run again. Every act is the one that the other
//! commands do, by a person who proves themselves.

mod account;
mod asking;
mod folder;
mod on_x;
mod people;
mod post;
mod unit;

use std::{
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
};

use clap::Args;

use self::{
    asking::Asker,
    people::Signed,
    post::{Desk, first_post},
    unit::{Blank, UnitFile},
};
use super::{
    Globals,
    failure::{Failure, Outcome},
    handoff::language,
};
use crate::{
    app::{App, Place},
    domain::platform::Language,
    work,
};

/// The folder that is proposed.
const FOLDER: &str = "unit";

/// Asks its way from nothing to a first post that names no bank, to the unit's own test account
///
/// In English or Hindi. It can be stopped at any question and run again: what is done is not asked
/// again. The answers are lines on standard input, so it works over ssh and from a pipe; secrets are
/// not shown. The test account and its post lie in a folder of their own, first-post.
#[derive(Debug, Args)]
pub(super) struct Setup {
    /// The language of the questions and of the post: en or hi (asked for)
    #[arg(long, value_name = "LANGUAGE", value_parser = language)]
    lang: Option<Language>,
    /// Stop before the post
    #[arg(long)]
    no_post: bool,
}

impl Setup {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let asker = Asker::new(self.lang)?;
        asker.tell("hello", &[])?;
        let unit = place(&asker, globals)?;
        names(&asker, &unit)?;
        let place = Place { config: globals.config.clone(), data: Some(unit.data.clone()) };
        let main = App::open(&place).await?;
        let mut signed = Signed::default();
        asker.tell("step-people", &[])?;
        if main.ctx.store.people().await?.len() < 3 {
            asker.tell("people-why", &[])?;
        }
        let team = people::team(&asker, &main, &mut signed).await?;
        seal(&main).await?;
        let people = [
            ("admin", team.admin.id.as_str()),
            ("approver", team.approver.id.as_str()),
            ("second", team.second.id.as_str()),
        ];
        asker.tell("people-are", &people)?;
        if authority(&asker, &unit)? {
            // The numbers are in the file now.
            let mut app = folder::open(&unit, &main, &team).await?;
            let parts = (&unit, &main, &mut app);
            let account = account::account(&asker, parts, &team, &mut signed).await?;
            seal(&app).await?;
            match account {
                Some(_) if self.no_post => asker.tell("stop-before-post", &[])?,
                Some(_) => {
                    let desk = Desk { asker: &asker, main: &main, app: &app, team: &team };
                    first_post(desk, &mut signed).await?;
                }
                None => {}
            }
        }
        asker.tell("next", &[("folder", &unit.data.display().to_string())])
    }
}

/// The unit's folder, made where it is not there.
fn place(asker: &Asker, globals: &Globals) -> Result<UnitFile, Failure> {
    asker.tell("step-folder", &[])?;
    let found = globals.place().find();
    let data = match found {
        Ok((_, data)) => data,
        Err(_) => loop {
            asker.tell("folder-why", &[])?;
            let answer = asker.ask("folder-ask", &[("default", FOLDER)], Some(FOLDER))?;
            let data = PathBuf::from(answer);
            match made(&data) {
                Ok(()) => break data,
                Err(failure) => asker.sorry(&failure)?,
            }
        },
    };
    made(&data)?;
    asker.tell("folder-is", &[("folder", &data.display().to_string())])?;
    let path = globals.config.clone().unwrap_or_else(|| data.join("takaza.toml"));
    Ok(UnitFile { path, data })
}

/// Signs what the record has: an outsider can check it from the first act on.
async fn seal(app: &App) -> Result<(), Failure> {
    while work::seal::run_once(&app.ctx).await?.more {}
    Ok(())
}

fn made(data: &Path) -> Result<(), Failure> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
    made.map_err(|error| Failure::usage(format!("{}: {error}", data.display())))
}

fn names(asker: &Asker, unit: &UnitFile) -> Result<(), Failure> {
    asker.tell("step-unit", &[])?;
    asker.tell("unit-why", &[("file", &unit.path.display().to_string())])?;
    let prefix = Blank::of_unit("reference_prefix", "prefix-ask", false);
    for blank in [
        Blank::of_unit("name_en", "name-en-ask", false),
        Blank::of_unit("name_hi", "name-hi-ask", false),
        Blank { wrong: Some("prefix-wrong"), ..prefix },
    ] {
        unit.fill(asker, blank)?;
    }
    Ok(())
}

/// Whether the unit's file names both numbers.
fn authority(asker: &Asker, unit: &UnitFile) -> Result<bool, Failure> {
    asker.tell("step-authority", &[])?;
    asker.tell("authority-why", &[])?;
    let policy = Blank::of_unit("policy_number", "policy-ask", true);
    let authorisation = Blank::of_unit("authorisation_number", "authorisation-ask", true);
    let both = unit.fill(asker, policy)? && unit.fill(asker, authorisation)?;
    if !both {
        asker.tell("authority-missing", &[])?;
    }
    Ok(both)
}
