//! `takaza queue edit`: an officer's new wording. It is written only where nothing speaks against
//! it; without an answer to *may this be said?* nothing is written.

use std::{
    io::Read as _,
    path::{Path, PathBuf},
};

use clap::Args;

use super::super::{
    Globals,
    failure::{Failure, Outcome},
    handoff::language,
    output::say,
    sign_in::Signing,
};
use crate::{
    domain::{delivery::Content, platform::Language},
    store::EscalationRow,
    work::{Ctx, edit},
};

/// A text longer than this (bytes) is a file given by mistake.
const LONGEST: u64 = 64 * 1024;

/// Changes texts of an escalation (an officer's act)
///
/// The new wording may add no number, name or allegation beyond the facts, and every language of one
/// escalation carries the same numbers: give several --text-file, each with its --language, to
/// change them together. An earlier approval is void, and whoever wrote it cannot approve it.
#[derive(Debug, Args)]
pub(in super::super) struct Edit {
    /// Its reference or id
    reference: String,
    /// The file with a new text; `-` reads standard input
    #[arg(long, value_name = "FILE", alias = "file", required = true)]
    text_file: Vec<PathBuf>,
    /// The language of each file's text, in the same order: en or hi
    #[arg(long, value_name = "LANGUAGE", value_parser = language, conflicts_with = "text")]
    language: Vec<Language>,
    /// Which text each file holds, as `takaza queue show` numbers them, where the language does not
    /// tell
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    text: Vec<u16>,
    #[command(flatten)]
    signing: Signing,
}

impl Edit {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let texts: Vec<String> =
            self.text_file.iter().map(|file| read(file)).collect::<Result<_, _>>()?;
        let session = self.signing.sign_in(globals, "queue edit").await?;
        let ctx = &session.app.ctx;
        session.person.as_officer(ctx.clock.now())?;
        let row = ctx.store.escalation(&self.reference).await?;
        let (present, seen) = (&row.escalation.contents, row.escalation.hash());
        let contents = edit::reworded(present, self.places(present)?.into_iter().zip(texts));
        may_be_said(ctx, &row, &contents).await?;
        let (by, person) = (&session.by, &session.person.id);
        let row = ctx.store.edit(by, &self.reference, person, &seen, contents).await?;
        let (reference, version) = (&row.escalation.reference, row.escalation.version);
        say(&format!(
            "{reference} has wording {version}, held for an approver who is not {}\nhash {}",
            session.person.id,
            row.escalation.hash()
        ))
    }

    /// Which of the texts each file changes.
    fn places(&self, contents: &[Content]) -> Result<Vec<usize>, Failure> {
        let files = self.text_file.len();
        let count = contents.len();
        if !self.text.is_empty() {
            let places: Vec<usize> = self.text.iter().map(|n| usize::from(*n) - 1).collect();
            if let Some(n) = places.iter().find(|n| **n >= count) {
                let problem = format!("there is no text {}; {} has {count}", n + 1, self.reference);
                return Err(Failure::usage(problem));
            }
            return one_each(places, files);
        }
        if self.language.is_empty() {
            if count == 1 {
                return one_each(vec![0], files);
            }
            let problem = format!(
                "{} has {count} texts: say which one each file changes, with --language or --text",
                self.reference
            );
            return Err(Failure::usage(problem));
        }
        let place = |language: &Language| {
            let all: Vec<usize> = contents
                .iter()
                .enumerate()
                .filter(|(_, content)| content.language == *language)
                .map(|(n, _)| n)
                .collect();
            match all.as_slice() {
                [one] => Ok(*one),
                [] => Err(Failure::usage(format!("it has no text in {language}"))),
                _ => {
                    let numbers: Vec<String> = all.iter().map(|n| (n + 1).to_string()).collect();
                    let numbers = numbers.join(", ");
                    let problem = format!("texts {numbers} are in {language}: choose with --text");
                    Err(Failure::usage(problem))
                }
            }
        };
        one_each(self.language.iter().map(place).collect::<Result<_, _>>()?, files)
    }
}

/// Each file changes one text, and no text is changed twice.
fn one_each(places: Vec<usize>, files: usize) -> Result<Vec<usize>, Failure> {
    let different: std::collections::BTreeSet<_> = places.iter().collect();
    if places.len() != files || different.len() != places.len() {
        let problem = "give one --language or --text for each --text-file, each text once";
        return Err(Failure::usage(problem));
    }
    Ok(places)
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(Failure::usage(format!("{} holds no text", file.display())));
    }
    Ok(text.to_owned())
}

/// The reasons against the edited texts, where there are any.
async fn may_be_said(ctx: &Ctx, row: &EscalationRow, contents: &[Content]) -> Result<(), Failure> {
    let against = edit::may_be_said(ctx, row, contents).await?;
    if against.is_nothing() {
        return Ok(());
    }
    Err(Failure::refused(format!(
        "nothing was changed; this stands against the new wording:\n  {}",
        against.lines(contents).join("\n  ")
    )))
}
