//! Everything about one escalation: what was tried, what came back, what the record says.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::EscalationView;
use crate::{
    domain::{ids::DeliveryId, reply_class::Because},
    store::{Attempt, Engagement, EngagementCount, Entry, PostHistory},
    work::{bill::Bill, story},
};

/// Everything about one escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// The escalation as it stands.
    pub escalation: EscalationView,
    /// Every attempt to send, in order.
    pub attempts: Vec<AttemptView>,
    /// What came back, counted.
    pub engagement: Vec<EngagementView>,
    /// The bank's own replies and quotes, in the order of first sight.
    pub replies: Vec<ReplyView>,
    /// The record's entries about it, in the order in which they were made.
    pub record: Vec<EntryView>,
}

/// One attempt to send.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptView {
    /// The delivery.
    pub delivery: String,
    /// The how-manieth, from 1.
    pub n: i64,
    /// Which process, or who.
    pub holder: String,
    /// When it was claimed.
    pub claimed_at: String,
    /// When its end was recorded; never, where the sender died.
    pub ended_at: Option<String>,
    /// What came of it.
    pub outcome: Option<String>,
    /// In the platform's or our own words.
    pub detail: Option<String>,
}

/// How many engagements of one kind by one voice a delivery had.
#[derive(Debug, Serialize, ToSchema)]
pub struct EngagementView {
    /// The delivery.
    pub delivery: String,
    /// `reply`, `like`, `repost` or `quote`.
    pub kind: String,
    /// `bank` (its verified account), `look-alike` or `other`.
    pub voice: String,
    /// How many.
    pub count: i64,
}

/// One reply or quote by the bank's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplyView {
    /// Its short name, by which it is set right.
    pub reply: String,
    /// The delivery that it came back on.
    pub delivery: String,
    /// `reply` or `quote`.
    pub kind: String,
    /// The bank's handle.
    pub author: String,
    /// The platform's time of it, or that of our first sight.
    pub at: String,
    /// Its masked text, while it is kept.
    pub text: Option<String>,
    /// What it amounts to: `canned`, `acknowledgement`, `claim`, `dispute` or `other`. A claim is
    /// what the bank says, and no proof.
    pub class: Option<String>,
    /// The class by the lists of phrases, before any person's word.
    pub read_as: Option<String>,
    /// Why the lists read it so.
    #[schema(value_type = Vec<Object>)]
    pub because: Vec<Because>,
    /// Who set it right.
    pub corrected_by: Option<String>,
}

impl ReplyView {
    /// A reply of a history.
    pub fn of((delivery, reply): &(DeliveryId, Engagement)) -> Self {
        let reading = reply.reading.as_ref();
        let corrected = reading.and_then(|reading| reading.corrected.as_ref());
        Self {
            reply: reply.reply.clone(),
            delivery: delivery.to_string(),
            kind: reply.kind.to_string(),
            author: reply.author.clone(),
            at: reply.at.unwrap_or(reply.first_seen_at).to_string(),
            text: reply.text.clone(),
            class: reading.map(|reading| reading.class.to_string()),
            read_as: reading.and_then(|reading| reading.read_as).map(|class| class.to_string()),
            because: reading.map(|reading| reading.because.clone()).unwrap_or_default(),
            corrected_by: corrected.map(|(who, _)| who.to_string()),
        }
    }
}

/// One entry of the record.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryView {
    /// Its leaf in the tree, once sealed.
    pub leaf: Option<i64>,
    /// When.
    pub at: String,
    /// Its id.
    pub id: String,
    /// What it is about: the escalation's or a delivery's id.
    pub subject: String,
    /// The how-manieth entry of its subject, from 1.
    pub seq: String,
    /// What was done.
    pub act: String,
    /// Who did it.
    pub by: String,
    /// On what authority.
    pub authority: Option<String>,
    /// The act's particulars.
    #[schema(value_type = Object)]
    pub body: Json,
}

impl HistoryView {
    /// A history with its prices.
    pub fn of(history: &PostHistory, bill: &Bill) -> Self {
        Self {
            escalation: EscalationView::of(&history.row, bill),
            attempts: history.attempts.iter().map(AttemptView::of).collect(),
            engagement: history.engagement.iter().map(EngagementView::of).collect(),
            replies: history.replies.iter().map(ReplyView::of).collect(),
            record: history.entries.iter().map(|(leaf, entry)| entry_of(*leaf, entry)).collect(),
        }
    }
}

impl AttemptView {
    fn of(attempt: &Attempt) -> Self {
        Self {
            delivery: attempt.delivery.to_string(),
            n: attempt.n,
            holder: attempt.holder.clone(),
            claimed_at: attempt.claimed_at.to_string(),
            ended_at: attempt.ended_at.map(|at| at.to_string()),
            outcome: attempt.outcome.clone(),
            detail: attempt.detail.clone(),
        }
    }
}

impl EngagementView {
    /// One count.
    pub fn of(one: &EngagementCount) -> Self {
        Self {
            delivery: one.delivery.to_string(),
            kind: one.kind.to_string(),
            voice: one.voice.to_string(),
            count: one.count,
        }
    }
}

fn entry_of(leaf: Option<i64>, entry: &Entry) -> EntryView {
    EntryView {
        leaf,
        at: story::at(entry).map(|at| at.to_string()).unwrap_or_default(),
        id: entry.id.clone(),
        subject: entry.subject.clone(),
        seq: entry.seq.clone(),
        act: entry.act.clone(),
        by: story::who(entry),
        authority: entry.authority.clone(),
        body: entry.body.clone(),
    }
}
