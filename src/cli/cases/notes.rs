//! `takaza cases confirm` and `notice`: what officers know about an action, put on the record.

use clap::Args;

use super::super::{
    Globals,
    failure::{Failure, Outcome},
    output::say,
    sign_in::Signing,
    times::{clock, instant},
};
use crate::{domain::ids::ExternalId, store::Note};

/// Confirms that an action still pends, on the record (an officer's act)
///
/// Where the source's facts are older than the limit, nothing goes out on them until an officer has
/// confirmed each action.
#[derive(Debug, Args)]
pub(in super::super) struct Confirm {
    /// The action's id in the case source; several are confirmed one by one
    #[arg(required = true, value_name = "ID")]
    external_ids: Vec<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Confirm {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "cases confirm").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        for id in &self.external_ids {
            let id = ExternalId::new(id.trim());
            ctx.store.note_action(&session.by, &desk, &id, Note::StillPending).await?;
        }
        let age = ctx.config.ladder.maximum_fact_age;
        let what = match self.external_ids.len() {
            1 => "it".to_owned(),
            n => format!("each of the {n}"),
        };
        say(&format!("noted: {what} still pends, by your word; that counts as fact for {age:#}"))
    }
}

/// Enters that the bank was pressed in private about an action (an officer's act)
#[derive(Debug, Args)]
pub(in super::super) struct Notice {
    /// The action's id in the case source; several may stand in one message
    #[arg(required = true, value_name = "ID")]
    external_ids: Vec<String>,
    /// The mail's own id, or the number of the letter
    #[arg(long, value_name = "ID")]
    message_id: String,
    /// When it was sent (now)
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    #[command(flatten)]
    signing: Signing,
}

impl Notice {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "cases notice").await?;
        let ctx = &session.app.ctx;
        let (now, zone) = (ctx.clock.now(), ctx.limits.calendar().zone());
        let desk = session.person.as_desk(now)?;
        let message_id = self.message_id.trim();
        if message_id.is_empty() {
            return Err(Failure::usage("a notice is known by its message: --message-id ID"));
        }
        let at = self.at.as_ref().map(|text| instant(text, now, zone)).transpose()?.unwrap_or(now);
        if at > now {
            return Err(Failure::usage(format!("{} is yet to come", clock(at, zone))));
        }
        for id in &self.external_ids {
            let id = ExternalId::new(id.trim());
            let note = Note::Notice { at, message_id };
            ctx.store.note_action(&session.by, &desk, &id, note).await?;
        }
        let reply = ctx.config.ladder.right_of_reply;
        say(&format!(
            "noted: the bank was pressed in private at {}; its right of reply runs until {}",
            clock(at, zone),
            clock(at.plus(reply), zone)
        ))
    }
}
