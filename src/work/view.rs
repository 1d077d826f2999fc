//! Escalations, deliveries, orders and banks as a script sees them: what commands print under `--json`
//! is what the JSON API answers, and its document is made of these types. No case reference and no
//! victim's datum is in any of them. Instants are RFC 3339 in UTC.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::{
    bill::{Bill, Cost},
    story,
};
use crate::{
    domain::{
        bank::{Bank, Directory},
        clearance::Authority,
        delivery::{Content, State},
        facts::FactPack,
        ids::DeliveryId,
        order::{StandingOrder, Terms},
        person::Person,
        reply_class::Because,
        time::Timestamp,
    },
    store::{
        Attempt, DeliveryRow, Engagement, EngagementCount, Entry, EscalationRow, Listed,
        PostHistory,
    },
};

/// One escalation.
#[derive(Debug, Serialize, ToSchema)]
pub struct EscalationView {
    /// Its reference, which its texts carry.
    pub reference: String,
    /// Its id in the ledger.
    pub id: String,
    /// The bank's code.
    pub bank: String,
    /// The bank's name in English.
    pub bank_name: String,
    /// How public it is: `mail`, `call`, `tag` or `notice`.
    pub rung: String,
    /// `tag`, `closure`, `correction` or `retraction`.
    pub kind: String,
    /// `held`, `cleared`, `disputed`, `closed`, `rejected`, `expired` or `withdrawn`.
    pub state: String,
    /// The wording's number, from 1.
    pub version: u32,
    /// What an approval names.
    pub hash: String,
    /// Who wrote the wording; nobody where the templates did.
    pub written_by: Option<String>,
    /// When it was drafted.
    pub drafted_at: String,
    /// When it is too old to be sent.
    pub expires_at: String,
    /// Held back by a person until then.
    pub hold_until: Option<String>,
    /// How it ended, in words.
    pub outcome: Option<String>,
    /// By whom it is cleared.
    pub cleared: Option<ClearanceView>,
    /// The facts that the texts state.
    pub facts: FactView,
    /// Its texts, each with its delivery.
    pub texts: Vec<TextView>,
}

/// By whom an escalation is cleared.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClearanceView {
    /// The approver, or the signer of the order.
    pub by: String,
    /// The standing order under which it was cleared.
    pub order: Option<String>,
    /// When.
    pub at: String,
    /// Until when.
    pub until: String,
}

/// The facts that texts state.
#[derive(Debug, Serialize, ToSchema)]
pub struct FactView {
    /// They were true then.
    pub as_of: String,
    /// How many cases.
    pub cases: u32,
    /// How many liens.
    pub liens: u32,
    /// How many holds.
    pub holds: u32,
    /// The sum at risk, rounded down, in rupees.
    pub rupees_at_least: i64,
    /// The unit's limit, in hours.
    pub limit_hours: u32,
    /// How long the youngest is overdue, rounded down, in hours.
    pub overdue_hours_at_least: u32,
    /// How many the bank has acted on (a closure's).
    pub acted: u32,
    /// Their hash.
    pub hash: String,
}

/// One text and its delivery.
#[derive(Debug, Serialize, ToSchema)]
pub struct TextView {
    /// The delivery's id.
    pub delivery: String,
    /// The unit's account.
    pub account: String,
    /// Its platform.
    pub platform: String,
    /// `en` or `hi`.
    pub language: String,
    /// Who sees it there.
    pub visibility: String,
    /// The warning that stands before it.
    pub content_warning: Option<String>,
    /// The text itself.
    pub text: String,
    /// The SHA-256 of the picture beside it, a PNG.
    pub picture: Option<String>,
    /// All that the picture says.
    pub picture_alt: Option<String>,
    /// No person has changed it.
    pub from_template: bool,
    /// `api`, or `hand-off`: an officer posts it by hand.
    pub sender: String,
    /// `waiting`, `sending`, `delivered`, `retracted`, `withdrawn`, `refused` or `uncertain`.
    pub state: String,
    /// Why it stands there.
    pub why: Option<String>,
    /// Where the post is.
    pub permalink: Option<String>,
    /// What it costs or has cost; nothing where that is nothing.
    pub cost: Option<Cost>,
}

impl EscalationView {
    /// An escalation with its prices.
    pub fn of(row: &EscalationRow, bill: &Bill) -> Self {
        let escalation = &row.escalation;
        Self {
            reference: escalation.reference.to_string(),
            id: escalation.id.to_string(),
            bank: escalation.bank.to_string(),
            bank_name: escalation.facts.bank_en.clone(),
            rung: escalation.rung.to_string(),
            kind: escalation.kind.to_string(),
            state: escalation.state().to_string(),
            version: escalation.version,
            hash: escalation.hash().to_string(),
            written_by: escalation.written_by.as_ref().map(ToString::to_string),
            drafted_at: escalation.drafted_at.to_string(),
            expires_at: escalation.expires_at.to_string(),
            hold_until: row.hold_until.map(|until| until.to_string()),
            outcome: row.outcome.clone(),
            cleared: row.clearance.as_ref().map(|given| ClearanceView {
                by: given.authority.signer().to_string(),
                order: match &given.authority {
                    Authority::Order { order, .. } => Some(order.to_string()),
                    Authority::Approval { .. } => None,
                },
                at: given.at.to_string(),
                until: given.until.to_string(),
            }),
            facts: FactView::of(&escalation.facts),
            texts: row.deliveries.iter().map(|delivery| TextView::of(delivery, bill)).collect(),
        }
    }
}

impl FactView {
    fn of(facts: &FactPack) -> Self {
        Self {
            as_of: facts.as_of.to_string(),
            cases: facts.cases,
            liens: facts.liens,
            holds: facts.holds,
            rupees_at_least: facts.amount_at_least.rupees(),
            limit_hours: facts.limit_hours,
            overdue_hours_at_least: facts.overdue_hours_at_least,
            acted: facts.acted,
            hash: facts.hash().to_string(),
        }
    }
}

impl TextView {
    fn of(row: &DeliveryRow, bill: &Bill) -> Self {
        let Content {
            account,
            platform,
            language,
            visibility,
            spoiler,
            text,
            template,
            picture,
            ..
        } = &row.delivery.content;
        let (why, permalink) = told(row.delivery.state());
        Self {
            delivery: row.delivery.id.to_string(),
            account: account.to_string(),
            platform: platform.to_string(),
            language: language.to_string(),
            visibility: visibility.to_string(),
            content_warning: spoiler.clone(),
            text: text.clone(),
            picture: picture.as_ref().map(|picture| picture.png.to_string()),
            picture_alt: picture.as_ref().map(|picture| picture.alt.clone()),
            from_template: template.is_some(),
            sender: row.sender.to_string(),
            state: row.delivery.name().to_string(),
            why,
            permalink,
            cost: bill.of(&row.delivery.id),
        }
    }
}

/// Why a delivery stands where it stands, and where its post is.
fn told(state: &State) -> (Option<String>, Option<String>) {
    match state {
        State::Waiting { why, .. } => (why.clone(), None),
        State::Delivered(receipt) | State::Retracted(receipt) => {
            (None, Some(receipt.permalink.clone()))
        }
        State::Withdrawn { why } | State::Refused { why } => (Some(why.clone()), None),
        State::Uncertain(doubt) => (Some(doubt.why.clone()), None),
        State::Sending(_) => (None, None),
    }
}

/// One delivery in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryView {
    /// Its escalation's reference.
    pub reference: String,
    /// Its id.
    pub delivery: String,
    /// `tag`, `closure`, `correction` or `retraction`.
    pub kind: String,
    /// The bank's code.
    pub bank: String,
    /// The unit's account.
    pub account: String,
    /// `en` or `hi`.
    pub language: String,
    /// `api`, or `hand-off`: an officer posts it by hand.
    pub sender: String,
    /// `waiting`, `sending`, `delivered`, `retracted`, `withdrawn`, `refused` or `uncertain`.
    pub state: String,
    /// Only a person can say whether it went out.
    pub asks_a_person: bool,
    /// When its escalation was drafted.
    pub drafted_at: String,
    /// When the platform took it.
    pub posted_at: Option<String>,
    /// Where the post is.
    pub permalink: Option<String>,
    /// Why it stands where it stands.
    pub why: Option<String>,
}

impl DeliveryView {
    /// A delivery of a list.
    pub fn of(listed: &Listed) -> Self {
        let DeliveryRow { delivery, sender, .. } = &listed.row;
        let (mut why, permalink) = told(delivery.state());
        let (mut posted_at, mut asks) = (None, false);
        match delivery.state() {
            State::Delivered(receipt) | State::Retracted(receipt) => {
                posted_at = Some(receipt.at.to_string());
            }
            State::Uncertain(doubt) => asks = doubt.asks,
            State::Sending(lease) => why = Some(format!("taken by {}", lease.holder)),
            State::Waiting { .. } | State::Withdrawn { .. } | State::Refused { .. } => {}
        }
        Self {
            reference: delivery.reference.to_string(),
            delivery: delivery.id.to_string(),
            kind: delivery.kind.to_string(),
            bank: delivery.bank.to_string(),
            account: delivery.content.account.to_string(),
            language: delivery.content.language.to_string(),
            sender: sender.to_string(),
            state: delivery.name().to_string(),
            asks_a_person: asks,
            drafted_at: listed.drafted_at.to_string(),
            posted_at,
            permalink,
            why,
        }
    }
}

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

/// One standing order.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// `draft`, `in force`, `expired`, `revoked`, or void and why.
    pub standing: String,
    /// Who drafted it.
    pub drafted_by: String,
    /// On how many days of history it was rehearsed.
    pub rehearsed_days: Option<u32>,
    /// Who signed it.
    pub signed_by: Option<String>,
    /// When it was signed.
    pub signed_at: Option<String>,
    /// When it was revoked.
    pub revoked_at: Option<String>,
    /// When it ends.
    pub expires_at: String,
    /// What may go out under it.
    pub terms: TermsView,
}

/// What may go out under a standing order.
#[derive(Debug, Serialize, ToSchema)]
pub struct TermsView {
    /// The banks' codes, or `*`.
    pub banks: Vec<String>,
    /// The kinds of posts.
    pub kinds: Vec<String>,
    /// The unit's accounts.
    pub accounts: Vec<String>,
    /// The smallest sum at risk, in rupees.
    pub minimum_rupees: i64,
    /// How long overdue at least, in hours.
    pub minimum_overdue_hours: u32,
    /// The hashes of the templates.
    pub templates: Vec<String>,
    /// The most about one bank in a day.
    pub per_bank_day: u32,
    /// The most in a day.
    pub per_day: u32,
    /// The most in an hour.
    pub per_hour: u32,
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        fn texts<T: ToString>(items: &[T]) -> Vec<String> {
            items.iter().map(ToString::to_string).collect()
        }
        Self {
            banks: texts(&terms.banks),
            kinds: texts(&terms.kinds),
            accounts: texts(&terms.accounts),
            minimum_rupees: terms.minimum_amount.rupees(),
            minimum_overdue_hours: terms.minimum_overdue_hours,
            templates: texts(&terms.templates),
            per_bank_day: terms.per_bank_day,
            per_day: terms.per_day,
            per_hour: terms.per_hour,
        }
    }
}

impl OrderView {
    /// An order as it stands now among these people.
    pub fn of(order: &StandingOrder, people: &[Person], now: Timestamp) -> Self {
        let signer = order.signed.as_ref();
        let signer =
            signer.and_then(|(signer, _)| people.iter().find(|person| person.id == *signer));
        let signed = order.signed.as_ref();
        Self {
            id: order.id.to_string(),
            name: order.name.clone(),
            standing: order.standing(signer, now).to_string(),
            drafted_by: order.drafted_by.to_string(),
            rehearsed_days: order.rehearsed_days,
            signed_by: signed.map(|(by, _)| by.to_string()),
            signed_at: signed.map(|(_, at)| at.to_string()),
            revoked_at: order.revoked_at.map(|at| at.to_string()),
            expires_at: order.terms.expires_at.to_string(),
            terms: (&order.terms).into(),
        }
    }
}

/// One bank of the directory.
#[derive(Debug, Serialize, ToSchema)]
pub struct BankView {
    /// Its code: the first four letters of its branch codes (IFSC).
    pub code: String,
    /// Its name in English.
    pub name_en: String,
    /// Its name in Hindi, where it is known.
    pub name_hi: Option<String>,
    /// Its class: `public`, `private`, `foreign` …
    pub class: String,
    /// The bank that it was merged into.
    pub merged_into: Option<String>,
    /// The bank that answers today.
    pub answers: String,
}

impl BankView {
    /// A bank of this directory.
    pub fn of(bank: &Bank, banks: &Directory) -> Self {
        Self {
            code: bank.code.to_string(),
            name_en: bank.name_en.clone(),
            name_hi: bank.name_hi.clone(),
            class: bank.class.to_string(),
            merged_into: bank.merged_into.as_ref().map(ToString::to_string),
            answers: banks.resolve(&bank.code).to_string(),
        }
    }
}
