//! Single facts, as the ledger's rows tell them, and how each is booked.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::{Cleared, Left, Manner, Replies, Requests, Spans, Sum as _, Tally};
use crate::domain::{
    action::{BankAction, Kind, Status},
    cost::MicroDollars,
    delivery::StateName,
    engagement::EngagementKind,
    escalation::{EscalationKind, EscalationState},
    fairness::Reason,
    ids::{AccountName, OrderId, PersonId},
    money::Paise,
    reply_class::ReplyClass,
    time::Timestamp,
};

/// A post that went out, or may have, or was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostFact {
    /// What it says.
    pub kind: EscalationKind,
    /// Where it stands.
    pub state: StateName,
    /// How it names the bank.
    pub manner: Manner,
    /// The account.
    pub account: AccountName,
    /// Its price at the last claim, where the platform charges.
    pub price: Option<MicroDollars>,
}

/// When the bank's verified account first answered a tag.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Answers {
    /// The first reply or quote.
    pub first: Option<Timestamp>,
    /// The first one of substance.
    pub substantive: Option<Timestamp>,
    /// Whether any of them has been read, so that it is known which are of substance.
    pub read: bool,
}

/// An action as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fate {
    /// What the source says came of it.
    pub status: Status,
    /// The disputed amount.
    pub disputed: Option<Paise>,
    /// When the bank acted.
    pub acted_at: Option<Timestamp>,
    /// What it put under lien.
    pub lien: Option<Paise>,
}

/// An action that a tag names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberFact {
    /// An earlier tag in public named it too.
    pub again: bool,
    /// How it stands; `None`: it was erased.
    pub fate: Option<Fate>,
}

/// A tag with a post in public.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagFact {
    /// When the attempt that put its first post out was begun, by our own clock.
    pub since: Timestamp,
    /// The bank's answers.
    pub answers: Answers,
    /// The actions that it names.
    pub members: Vec<MemberFact>,
}

/// Why a tag never went out, and by whose decision. Written as `rejected dcp`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Unsent {
    /// Why.
    pub reason: Reason,
    /// Who decided so; `None`: nobody decided, or a rule did.
    pub by: Option<PersonId>,
}

impl From<Unsent> for String {
    fn from(unsent: Unsent) -> Self {
        let by = unsent.by.map(|by| format!(" {by}")).unwrap_or_default();
        format!("{}{by}", unsent.reason)
    }
}

impl TryFrom<String> for Unsent {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (reason, by) = text.split_once(' ').map_or((&*text, None), |(r, by)| (r, Some(by)));
        let reason = Reason::parse(reason).ok_or_else(|| format!("no reason {reason:?}"))?;
        Ok(Self { reason, by: by.map(PersonId::new) })
    }
}

/// A tag as it was drafted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DraftFact {
    /// Where it stands.
    pub state: EscalationState,
    /// It was withdrawn because the bank acted first.
    pub avoided: bool,
    /// What it states at least.
    pub amount: Paise,
    /// Written reasons against it.
    pub disputes: u64,
    /// It was rejected, or expired, before anything went out.
    pub unsent: Option<Unsent>,
}

/// A clearance that was given once, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClearanceFact {
    /// The standing order that gave it; `None`: an approver did.
    pub order: Option<OrderId>,
    /// Where the escalation stands.
    pub state: EscalationState,
    /// How many of its posts stand in public or once did.
    pub out: u64,
    /// How many may.
    pub unsure: u64,
    /// How many were refused.
    pub refused: u64,
}

impl Tally {
    /// Books a post.
    pub fn post(&mut self, post: &PostFact) {
        self.kinds.entry(post.kind).or_default().note(post.state);
        if post.kind != EscalationKind::Retraction {
            self.manners.entry(post.manner).or_default().note(post.state);
        }
        if post.state.may_be_public() {
            let account = self.accounts.entry(post.account.clone()).or_default();
            account.posts += 1;
            account.cost = account.cost.plus(post.price.unwrap_or_default());
        }
    }

    /// Books what others did with posts.
    pub const fn reached(&mut self, kind: EngagementKind, count: u64) {
        match kind {
            EngagementKind::Reply => self.reach.replies += count,
            EngagementKind::Like => self.reach.likes += count,
            EngagementKind::Repost => self.reach.reposts += count,
            EngagementKind::Quote => self.reach.quotes += count,
        }
    }

    /// Books the bank's own replies to posts; `corrected` of them a person set right.
    pub fn replied(&mut self, class: ReplyClass, count: u64, corrected: u64) {
        self.replies.entry(class).or_default().add(&Replies { count, corrected });
    }

    /// Books requests that fall due; on `overdue` of them the bank had not acted by then.
    pub const fn fell_due(&mut self, requests: u64, overdue: u64) {
        self.due.requests += requests;
        self.due.overdue += overdue;
    }

    /// Books a tag and what followed it.
    pub fn tag(&mut self, tag: &TagFact) {
        let tags = &mut self.tags;
        tags.tags += 1;
        let answers = &tag.answers;
        let after = |at: Timestamp, spans: &mut Spans| spans.note(at.since(tag.since));
        answers.first.into_iter().for_each(|at| after(at, &mut tags.replied));
        answers.substantive.into_iter().for_each(|at| after(at, &mut tags.substantive));
        tags.unread += u64::from(answers.first.is_some() && !answers.read);
        for member in &tag.members {
            self.member(tag.since, member);
        }
    }

    fn member(&mut self, since: Timestamp, member: &MemberFact) {
        let tags = &mut self.tags;
        if member.again {
            tags.again += 1;
            return;
        }
        tags.actions += 1;
        let Some(fate) = &member.fate else {
            tags.unknown += 1;
            return;
        };
        tags.value = [tags.value, fate.disputed.unwrap_or_default()].into_iter().sum();
        match (fate.status, fate.acted_at) {
            (Status::Acted, Some(at)) if at >= since => {
                tags.acted.note(at.since(since));
                tags.nil += u64::from(fate.lien == Some(Paise::default()));
                tags.lien = [tags.lien, fate.lien.unwrap_or_default()].into_iter().sum();
            }
            (Status::Acted, Some(_)) => tags.acted_before += 1,
            (Status::Acted, None) => tags.unknown += 1,
            (Status::Pending, _) => tags.pending += 1,
            (Status::Disputed, _) => tags.disputed += 1,
            (Status::Withdrawn, _) => tags.withdrawn += 1,
        }
    }

    /// Books a request. One that is not complete, or not proved to have reached the bank, is none.
    pub fn request(&mut self, action: &BankAction) {
        let Some(delivered) = action.delivered_at.filter(|_| action.complete) else { return };
        let of = match action.kind {
            Kind::Lien | Kind::Hold => &mut self.money,
            Kind::Statement | Kind::Kyc | Kind::Cctv | Kind::Restore => &mut self.papers,
        };
        of.requests += 1;
        of.value = [of.value, action.disputed.unwrap_or_default()].into_iter().sum();
        match action.status {
            Status::Acted => acted(of, action, delivered),
            Status::Pending => of.pending += 1,
            Status::Disputed => of.disputed += 1,
            Status::Withdrawn => of.withdrawn += 1,
        }
    }

    /// Books a tag's draft.
    pub fn draft(&mut self, draft: DraftFact) {
        let drafts = &mut self.drafts;
        *drafts.states.entry(draft.state).or_default() += 1;
        drafts.disputes += draft.disputes;
        if let Some(unsent) = draft.unsent {
            let left = Left { tags: 1, amount: draft.amount };
            drafts.unsent.entry(unsent).or_default().add(&left);
        }
        if draft.avoided {
            drafts.avoided += 1;
            drafts.avoided_amount = [drafts.avoided_amount, draft.amount].into_iter().sum();
        }
    }

    /// Books a clearance.
    pub fn clearance(&mut self, clearance: &ClearanceFact) {
        let of = match &clearance.order {
            Some(order) => self.orders.entry(order.clone()).or_default(),
            None => &mut self.by_hand,
        };
        of.given += 1;
        *ended(of, clearance) += 1;
    }
}

/// A bank's action without a time is one that the contract does not know; it counts as the longest.
fn acted(of: &mut Requests, action: &BankAction, delivered: Timestamp) {
    let took = action.acted_at.map_or(SignedDuration::MAX, |at| at.since(delivered));
    of.acted.note(took);
    of.nil += u64::from(action.lien_amount == Some(Paise::default()));
    of.lien = [of.lien, action.lien_amount.unwrap_or_default()].into_iter().sum();
}

const fn ended<'a>(of: &'a mut Cleared, clearance: &ClearanceFact) -> &'a mut u64 {
    if clearance.out > 0 {
        &mut of.posted
    } else if clearance.unsure > 0 {
        &mut of.uncertain
    } else if clearance.refused > 0 {
        &mut of.refused
    } else if matches!(clearance.state, EscalationState::Cleared) {
        &mut of.waiting
    } else {
        &mut of.withdrawn
    }
}
