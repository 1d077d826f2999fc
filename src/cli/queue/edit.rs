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
    output::say,
    sign_in::Signing,
};
use crate::{
    domain::{delivery::Content, escalation::Escalation},
    work::{Ctx, saying::Grounds},
};

/// A text longer than this (bytes) is a file given by mistake.
const LONGEST: u64 = 64 * 1024;

/// Changes one text of an escalation (an officer's act)
///
/// The new wording may add no number, name or allegation beyond the facts. An earlier approval is
/// void, and whoever wrote it cannot approve it.
#[derive(Debug, Args)]
pub(in super::super) struct Edit {
    /// Its reference or id
    reference: String,
    /// Which text, as `takaza queue show` numbers them
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    text: u16,
    /// The file with the new text; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    signing: Signing,
}

impl Edit {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let text = read(&self.file)?;
        let session = self.signing.sign_in(globals, "queue edit").await?;
        let ctx = &session.app.ctx;
        session.person.as_officer(ctx.clock.now())?;
        let row = ctx.store.escalation(&self.reference).await?;
        let mut contents = row.escalation.contents.clone();
        let n = usize::from(self.text);
        let count = contents.len();
        let Some(content) = n.checked_sub(1).and_then(|index| contents.get_mut(index)) else {
            let problem = format!("there is no text {n}; {} has {count}", self.reference);
            return Err(Failure::usage(problem));
        };
        // Judged against what the templates wrote, however often it was edited since.
        let before = std::mem::replace(&mut content.text, text);
        content.drafted.get_or_insert(before);
        content.template = None;
        may_be_said(ctx, &row.escalation, &contents).await?;
        let row =
            ctx.store.edit(&session.by, &self.reference, &session.person.id, contents).await?;
        let (reference, version) = (&row.escalation.reference, row.escalation.version);
        say(&format!(
            "{reference} has wording {version}, held for an approver who is not {}\nhash {}",
            session.person.id,
            row.escalation.hash()
        ))
    }
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

/// Every reason against the edited texts: the leak guard, lengths, refused words, new facts.
async fn may_be_said(
    ctx: &Ctx,
    escalation: &Escalation,
    contents: &[Content],
) -> Result<(), Failure> {
    let members = ctx.store.members(&escalation.id).await?;
    let grounds = Grounds::gather(ctx, escalation, &members).await?;
    let mut edited = escalation.clone();
    edited.contents = contents.to_vec();
    let against = grounds.against(&edited, &ctx.config.wording);
    if against.is_empty() {
        return Ok(());
    }
    let reasons: Vec<String> =
        against.iter().map(|(n, objection)| format!("  text {}: {objection}", n + 1)).collect();
    Err(Failure::refused(format!(
        "this may not be said, and nothing was changed:\n{}",
        reasons.join("\n")
    )))
}
