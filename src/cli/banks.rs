//! `takaza banks`: the directory of banks, and their verified handles.

mod handle;

use clap::{Args, Subcommand};

use self::handle::Handle;
use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
};
use crate::{
    app::directory,
    config::Config,
    domain::{
        bank::{BankClass, Directory},
        ids::BankCode,
    },
    work::view::BankView,
};

/// The bank directory, and the banks' verified handles.
#[derive(Debug, Subcommand)]
pub(super) enum Banks {
    List(List),
    Show(Show),
    #[command(subcommand)]
    Handle(Handle),
}

impl Banks {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        match self {
            Self::List(command) => command.run(globals),
            Self::Show(command) => command.run(globals),
            Self::Handle(command) => command.run(globals).await,
        }
    }
}

/// The directory of the place that is named, or the one compiled in where none is.
fn open(globals: &Globals) -> Result<Directory, Failure> {
    if globals.place().find().is_ok() {
        let (file, data) = globals.found()?;
        let config = Config::load(file.as_deref(), &data)?;
        return Ok(directory(&config.banks)?);
    }
    Ok(Directory::compiled_in().map_err(anyhow::Error::from)?)
}

/// Lists banks
#[derive(Debug, Args)]
pub(super) struct List {
    /// Only banks whose code or name holds this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// Only this class: public, private, foreign, small_finance, payments, regional_rural, …
    #[arg(long, value_name = "CLASS", value_parser = class)]
    class: Option<BankClass>,
    /// How many to show
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// How many to leave out before them
    #[arg(long, default_value_t = 0)]
    skip: usize,
    #[command(flatten)]
    format: Format,
}

fn class(text: &str) -> Result<BankClass, String> {
    BankClass::parse(text).ok_or_else(|| {
        let known: Vec<&str> = BankClass::ALL.iter().map(|class| class.as_str()).collect();
        format!("there is no such class; write one of {}", known.join(", "))
    })
}

impl List {
    fn run(self, globals: &Globals) -> Outcome {
        let banks = open(globals)?;
        let views: Vec<BankView> = banks
            .search(self.search.as_deref().unwrap_or_default())
            .into_iter()
            .filter(|bank| self.class.is_none_or(|class| class == bank.class))
            .skip(self.skip)
            .take(self.limit)
            .map(|bank| BankView::of(bank, &banks))
            .collect();
        self.format.print(&views, |views| {
            let row = |bank: &BankView| {
                let name = bank.name_hi.as_ref().map_or_else(
                    || bank.name_en.clone(),
                    |hindi| format!("{} / {hindi}", bank.name_en),
                );
                vec![bank.code.clone(), bank.answers.clone(), bank.class.clone(), name]
            };
            let rows: Vec<_> = views.iter().map(row).collect();
            table_or(&["CODE", "ANSWERS", "CLASS", "NAME"], &rows, "no such bank")
        })
    }
}

/// Shows one bank: by code, by branch code (IFSC), or by name
#[derive(Debug, Args)]
pub(super) struct Show {
    /// The code, branch code or name
    bank: String,
    #[command(flatten)]
    format: Format,
}

impl Show {
    fn run(self, globals: &Globals) -> Outcome {
        let banks = open(globals)?;
        let code = BankCode::new(self.bank.trim().to_uppercase());
        let answers = banks
            .by_ifsc(&self.bank)
            .or_else(|| banks.by_code(&self.bank))
            .or_else(|| banks.by_name(&self.bank));
        // A merged bank is shown as itself, with the bank that answers for it.
        let bank = banks.bank(&code).or_else(|| answers.as_ref().and_then(|code| banks.bank(code)));
        let Some(bank) = bank else {
            return Err(Failure::usage(format!(
                "{:?} leads to no one bank; `takaza banks list --search TEXT` looks for parts",
                self.bank
            )));
        };
        self.format.print(&BankView::of(bank, &banks), |view| {
            let hindi = view.name_hi.as_deref().unwrap_or("(no Hindi name is known)");
            let merged = view.merged_into.as_ref().map_or_else(String::new, |_| {
                format!("\nmerged: {} answers for it today", view.answers)
            });
            format!("{}  {}\n{hindi}\n{}{merged}", view.code, view.name_en, view.class)
        })
    }
}
