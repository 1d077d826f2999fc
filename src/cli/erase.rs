//! `takaza erase`: private fields and their salts are blanked under a rule, and the record stays
//! whole.

use std::collections::BTreeMap;

use clap::Args;
use serde::Serialize;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, table_or},
    sign_in::{Signing, said},
};
use crate::{
    domain::ids::{CaseRef, ExternalId},
    store::{About, Erasable, ErasableRow},
};

/// Erases private fields under a rule of retention or an order (an administrator's act)
///
/// What was erased cannot be brought back. The record stays whole: it holds only commitments, and
/// `takaza audit verify` says how much was erased under which rule. Rows on which an open escalation
/// rests are kept. Erase a case in the case source first: what still stands there is read again.
#[derive(Debug, Args)]
pub(super) struct Erase {
    #[command(flatten)]
    about: What,
    /// The rule or order under which it is erased, for the record: name no case in it
    #[arg(long, value_name = "RULE", value_parser = said)]
    rule: String,
    /// Say what would be erased, and erase nothing
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    format: Format,
    #[command(flatten)]
    signing: Signing,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Everything about one bank action: its id in the case source
    #[arg(long, value_name = "ID")]
    action: Option<String>,
    /// Everything about the actions of a case
    #[arg(long, value_name = "CASE")]
    case: Option<String>,
    /// What a post rests on, its disputes' reasons and its answers' texts: its reference
    #[arg(long, value_name = "REFERENCE")]
    post: Option<String>,
}

impl What {
    fn about(self) -> Option<About> {
        let action = self.action.map(|id| About::Action(ExternalId::new(id)));
        let case = self.case.map(|case| About::Case(CaseRef::new(case)));
        action.or(case).or(self.post.map(About::Post))
    }
}

/// What was, or would be, erased. No id of a case stands in it.
#[derive(Serialize)]
struct Erased {
    rule: String,
    dry_run: bool,
    /// Rows blanked: of a dry run, those named here, where all sightings of an action count as one.
    rows: u64,
    /// By table, the rows' keys.
    erased: BTreeMap<Erasable, Vec<String>>,
    /// Rows that an open escalation keeps.
    kept: BTreeMap<Erasable, Vec<String>>,
}

impl Erase {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let rule = self.rule.as_str();
        let session = self.signing.sign_in(globals, "erase").await?;
        let store = &session.app.ctx.store;
        let administrator = session.person.as_administrator(session.app.ctx.clock.now())?;
        let about = self.about.about();
        let about = about.ok_or_else(|| Failure::usage("say what: --action, --case or --post"))?;
        let found = store.erasable(&about).await?;
        let mut rows = found.rows.len() as u64;
        if !self.dry_run && rows > 0 {
            rows = store.erase(&session.by, &administrator, &found.rows, rule).await?;
        }
        let erased = Erased {
            rule: rule.to_owned(),
            dry_run: self.dry_run,
            rows,
            erased: by_table(found.rows),
            kept: by_table(found.kept),
        };
        self.format.print(&erased, people)
    }
}

fn by_table(rows: Vec<ErasableRow>) -> BTreeMap<Erasable, Vec<String>> {
    let mut tables: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (table, key) in rows {
        tables.entry(table).or_default().push(key);
    }
    tables
}

fn people(erased: &Erased) -> String {
    let what = if erased.dry_run { "would be erased" } else { "erased" };
    let mut rows = Vec::new();
    for (tables, what) in [(&erased.erased, what), (&erased.kept, "kept: it is still open")] {
        for (table, keys) in tables {
            rows.extend(
                keys.iter().map(|key| vec![table.to_string(), key.clone(), what.to_owned()]),
            );
        }
    }
    let table = table_or(&["TABLE", "ROW", ""], &rows, "the ledger holds nothing of it");
    let rule = &erased.rule;
    match (erased.dry_run, erased.rows) {
        (_, 0) => table,
        (true, _) => {
            format!("{table}\nnothing was erased; without --dry-run it is, under rule {rule}")
        }
        (false, rows) => format!("{table}\n{rows} rows erased under rule {rule}"),
    }
}
