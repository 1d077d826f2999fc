//! `takaza doctor`: what keeps this unit from working, and what to do. It changes nothing but what
//! opening the ledger does (bringing its schema up to date).

mod costs;
mod outside;
mod place;
mod sign_in;

use clap::Args;
use jiff::tz::TimeZone;
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome, causes},
    output::{Format, counted},
    times::local_lines,
};
use crate::{
    app::{App, OpenError},
    clock::{Clock, Dice},
    config::Loaded,
};

/// Checks configuration, databases, credentials, clock and handles, and says what to do
///
/// One line each: OK, WARN (works, and somebody should look) or FAIL (does not work). Exits with 1
/// if anything fails.
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    format: Format,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum Standing {
    Ok,
    Warn,
    Fail,
}

#[derive(Debug, Serialize)]
struct Finding {
    standing: Standing,
    what: String,
    says: String,
    /// What to do, where something is to be done.
    todo: Option<String>,
}

/// What was looked at, in order.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn add(&mut self, standing: Standing, what: &str, says: impl Into<String>, todo: Option<&str>) {
        let (what, says, todo) = (what.to_owned(), says.into(), todo.map(str::to_owned));
        self.0.push(Finding { standing, what, says, todo });
    }

    fn ok(&mut self, what: &str, says: impl Into<String>) {
        self.add(Standing::Ok, what, says, None);
    }

    fn warn(&mut self, what: &str, says: impl Into<String>, todo: &str) {
        self.add(Standing::Warn, what, says, Some(todo));
    }

    fn fail(&mut self, what: &str, says: impl Into<String>, todo: &str) {
        self.add(Standing::Fail, what, says, Some(todo));
    }
}

impl Doctor {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let mut findings = Findings::default();
        let mut zone = TimeZone::UTC;
        if let Some(app) = open(globals, &mut findings).await? {
            zone = app.ctx.limits.calendar().zone().clone();
            let ctx = &app.ctx;
            place::rules(ctx, &mut findings);
            place::record(ctx, &mut findings).await;
            place::disk(&app.data, &mut findings);
            outside::clock(ctx, &mut findings).await;
            outside::source(ctx, &mut findings).await;
            outside::people(ctx, &mut findings).await?;
            outside::accounts(ctx, &mut findings).await?;
            costs::months(ctx, &mut findings).await?;
            outside::handles(ctx, &mut findings).await?;
            outside::workers(ctx, &mut findings).await?;
            outside::mail(ctx, &mut findings).await;
            sign_in::service(ctx, &mut findings).await?;
        }
        let printed = self.format.print(&findings.0, |all| local_lines(&people(all), &zone));
        let failed = findings.0.iter().filter(|one| one.standing == Standing::Fail).count();
        if failed > 0 {
            let failed = counted(failed, "check");
            return Err(Failure::Failed(format!("{failed} failed; what to do stands above")));
        }
        printed
    }
}

/// The configuration and what it names, as far as it opens.
async fn open(globals: &Globals, findings: &mut Findings) -> Result<Option<App>, Failure> {
    let (file, data) = globals.begun()?;
    let named =
        file.as_ref().map_or_else(|| "the defaults".into(), |file| file.display().to_string());
    let loaded = match Loaded::read(file.as_deref(), &data) {
        Ok(loaded) => loaded,
        Err(errors) => {
            for error in &errors.0 {
                findings.fail("configuration", error.to_string(), "correct that line");
            }
            return Ok(None);
        }
    };
    let warnings = loaded.config.warnings(Clock::System.now());
    for warning in &warnings {
        findings.warn("configuration", warning, "see config/takaza.toml for the key");
    }
    if warnings.is_empty() {
        findings.ok("configuration", named);
    }
    match App::with(loaded.config, data, Clock::System, Dice::from_os()).await {
        Ok(app) => {
            findings.ok("ledger", "reachable, its schema is current");
            Ok(Some(app))
        }
        Err(error) => {
            let says = match &error {
                OpenError::Other(error) => causes(error),
                error => error.to_string(),
            };
            findings.fail("ledger and parts", says, "mend what it names, and repeat");
            Ok(None)
        }
    }
}

fn people(findings: &[Finding]) -> String {
    let width = findings.iter().map(|one| one.what.chars().count()).max().unwrap_or(0);
    let line = |one: &Finding| {
        let word = match one.standing {
            Standing::Ok => "OK  ",
            Standing::Warn => "WARN",
            Standing::Fail => "FAIL",
        };
        let todo = one.todo.as_ref().map_or_else(String::new, |todo| {
            format!("\n{:indent$}→ {todo}", "", indent = width + 8)
        });
        format!("{word}  {:<width$}  {}{todo}", one.what, one.says)
    };
    findings.iter().map(line).collect::<Vec<_>>().join("\n")
}
