//! `takaza post replies` and `post reply-class`: what the bank's own replies amount to, and setting
//! right what was misread.

use clap::Args;

use super::{
    super::{
        Globals,
        failure::Outcome,
        output::{Format, say, table_or},
        sign_in::{Signing, said},
        times::clock,
    },
    timeline,
};
use crate::{
    domain::{platform::Language, reply_class::ReplyClass},
    locale::Locale,
    store::{Actor, Engagement},
    work::{reply_classes, view::ReplyView},
};

/// Lists the bank's own replies to a post: what each amounts to, and why
#[derive(Debug, Args)]
pub(in super::super) struct Replies {
    /// The post's reference
    reference: String,
    #[command(flatten)]
    format: Format,
}

/// Sets right what a bank's reply amounts to (an officer's or approver's act)
///
/// The person's word counts from then on, whatever the lists of phrases read. `takaza post replies`
/// lists the replies.
#[derive(Debug, Args)]
pub(in super::super) struct Reclass {
    /// The post's reference
    reference: String,
    /// The reply, as `takaza post replies` names it
    reply: String,
    /// canned, acknowledgement, claim, dispute or other
    #[arg(value_parser = class)]
    class: ReplyClass,
    /// Why, for the record
    #[arg(long, value_parser = said)]
    reason: String,
    #[command(flatten)]
    signing: Signing,
}

fn class(text: &str) -> Result<ReplyClass, String> {
    ReplyClass::parse(text).ok_or_else(|| {
        let known: Vec<&str> = ReplyClass::ALL.iter().map(|class| class.as_str()).collect();
        format!("there is no such class; write one of {}", known.join(", "))
    })
}

impl Replies {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let app = globals.open().await?;
        let history = app.ctx.store.history_of(&self.reference).await?;
        let zone = app.ctx.limits.calendar().zone();
        let words = Locale::new(Language::En)?;
        let views: Vec<_> = history.replies.iter().map(ReplyView::of).collect();
        let mut rows = Vec::with_capacity(views.len());
        for (_, reply) in &history.replies {
            let class = reply.reading.as_ref().map_or("-", |reading| reading.class.as_str());
            let at = clock(reply.at.unwrap_or(reply.first_seen_at), zone);
            let text = reply.text.clone().unwrap_or_else(|| "(not kept)".to_owned());
            let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
            rows.push(vec![reply.reply.clone(), at, class.to_owned(), why(reply, &words)?, text]);
        }
        self.format.print(&views, |_| {
            let headings = ["REPLY", "AT", "CLASS", "WHY", "TEXT"];
            table_or(&headings, &rows, "the bank's own account has not replied to it")
        })
    }
}

/// By whom, or by what.
fn why(reply: &Engagement, words: &Locale) -> anyhow::Result<String> {
    let Some(reading) = &reply.reading else { return Ok("-".to_owned()) };
    if let Some((who, _)) = &reading.corrected {
        let read = reading.read_as.map_or("nothing", ReplyClass::as_str);
        return Ok(format!("set right by {who}; the lists read: {read}"));
    }
    let reasons = reading.because.iter();
    let reasons = reasons.map(|one| timeline::say(&reply_classes::reason(one), words));
    Ok(reasons.collect::<anyhow::Result<Vec<_>>>()?.join("; "))
}

impl Reclass {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "post reply-class").await?;
        let ctx = &session.app.ctx;
        let desk = session.person.as_desk(ctx.clock.now())?;
        let act = format!("cli post reply-class: {}", self.reason);
        let by = Actor::person(session.person.id.clone(), &act);
        let which = (self.reference.as_str(), self.reply.as_str());
        ctx.store.correct_class(&by, &desk, which, self.class).await?;
        say(&format!("reply {} to {} is set right: {}", self.reply, self.reference, self.class))
    }
}
