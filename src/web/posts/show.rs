//! One post: its texts and where they are, the facts, on whose word it went out, and its history.

use askama::Template;
use axum::{extract::Path, response::Response};

use super::{
    Came, came, class_of, cost_said, outward,
    replies::{self, Reply},
    story::{self, Item},
    why,
};
use crate::{
    domain::{
        delivery::{Content, State, StateName},
        escalation::EscalationState,
        ids::DeliveryId,
        pacing::Why,
        platform::Sender,
        reply_class::ReplyClass,
        time::Timestamp,
    },
    store::{Attempt, DeliveryRow, EscalationRow, PostHistory, Sequel},
    web::{
        frame::{Frame, Words},
        problem::Problem,
        visit::Visit,
    },
    work::{
        bill,
        bill::Cost,
        deliver,
        hand_off::{self, Taken},
        story as work_story,
    },
};

/// What gives a clearance, and what takes it back.
const CLEARING: &[&str] =
    &["escalation.approved", "escalation.cleared", "escalation.held-again", "escalation.edited"];
/// Answers that are shown one by one.
const ANSWERS: u32 = 200;

#[derive(Template)]
#[template(path = "posts/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    row: &'a EscalationRow,
    bank: String,
    texts: Vec<Text<'a>>,
    /// On whose word it was cleared.
    cleared: Option<String>,
    items: Vec<Item>,
    replies: Vec<Reply>,
    /// A claim that the case source does not bear out.
    unrecorded: Option<String>,
    sequels: Vec<Sequel>,
    /// May work the desk now.
    at_desk: bool,
    /// Something of it is there, so that it can be set right.
    sent: bool,
    lease: String,
}

/// One of the post's texts and its delivery.
struct Text<'a> {
    place: usize,
    id: String,
    content: &'a Content,
    by_hand: bool,
    state: StateName,
    class: &'static str,
    link: Option<String>,
    posted: Option<String>,
    cost: Option<String>,
    came: Vec<Came>,
    attempts: Vec<Tried>,
    /// What it waits for, where that is known.
    waits: Option<String>,
    /// Only an approver or an order can let it go on.
    held: bool,
    /// Why it does not go out, or who is sending it.
    says: Option<String>,
    doubt: Option<Doubtful>,
    /// What somebody has taken, to be posted by hand.
    taken: Option<Taken>,
    may_take: bool,
    may_finish: bool,
    may_give_back: bool,
}

/// What is being done about an uncertain delivery.
struct Doubtful {
    said: String,
    since: String,
    /// `None`: a person is asked instead.
    looks: Option<String>,
    empty: String,
}

/// One attempt.
struct Tried {
    n: i64,
    claimed: String,
    holder: String,
    ended: String,
    outcome: String,
}

pub(super) async fn show(visit: Visit, Path(reference): Path<String>) -> Result<Response, Problem> {
    let (store, words) = (visit.store(), &visit.frame.words);
    let history = store.history_of(&reference).await?;
    let row = &history.row;
    let ids: Vec<_> = row.deliveries.iter().map(|row| &row.delivery.id).collect();
    let answers = store.answers(&ids, ANSWERS).await?;
    let now = visit.console.clock().now();
    let ever = (Timestamp::from_micros(0), now);
    let tag = Some(&row.escalation.id);
    let unrecorded = store.claimed_not_recorded(ever, None, tag).await?;
    let delivered = |row: &DeliveryRow| row.delivery.name() == StateName::Delivered;
    let sent = row.deliveries.iter().any(delivered) && !row.escalation.kind.sets_right();
    visit.page(&Show {
        frame: &visit.frame,
        bank: visit.bank_name(&row.escalation.bank),
        texts: texts(&visit, &history).await?,
        cleared: cleared(&visit, &history).await,
        items: story::items(words, &history, &answers),
        replies: replies::replies(words, &history),
        unrecorded: unrecorded.first().map(|tag| replies::unrecorded(words, tag)),
        sequels: store.sequels(&row.escalation.id).await?,
        at_desk: visit.person()?.as_desk(now).is_ok(),
        sent,
        lease: words.length(visit.ctx().config.deliver.hand_off_lease),
        row,
    })
}

/// On whose word it was cleared, and when. The record tells it: the escalation itself forgets once
/// all of it has ended.
async fn cleared(visit: &Visit, history: &PostHistory) -> Option<String> {
    let words = &visit.frame.words;
    let mut entries = history.entries.iter().map(|(_, entry)| entry);
    let entry = entries.rfind(|entry| CLEARING.contains(&entry.act.as_str()))?;
    let said = match entry.act.as_str() {
        "escalation.approved" => words.with("posts-cleared-by", "who", work_story::who(entry)),
        "escalation.cleared" => {
            let id = entry.body["order"].as_str().unwrap_or_default();
            let order = visit.store().order(id).await.ok();
            let signer = order.as_ref().and_then(|order| order.signed.as_ref());
            let signer = signer.map(|(who, _)| who.to_string()).unwrap_or_default();
            let name = order.map_or_else(|| id.to_owned(), |order| order.name);
            words.with2("posts-cleared-order", "order", name, "who", signer)
        }
        _ => return None,
    };
    Some(format!("{said} · {}", words.at_or_none(work_story::at(entry))))
}

async fn texts<'a>(visit: &Visit, history: &'a PostHistory) -> Result<Vec<Text<'a>>, Problem> {
    let (ctx, row) = (visit.ctx(), &history.row);
    let rows: Vec<_> = row.deliveries.iter().collect();
    let costs = bill::costs(ctx, &rows).await?;
    let cleared = row.escalation.state() == EscalationState::Cleared;
    let waiting = rows.iter().any(|row| row.delivery.name() == StateName::Waiting);
    let why = if cleared && waiting {
        visit.store().why_waiting(&row.escalation.id, &deliver::rules(ctx)).await?
    } else {
        Vec::new()
    };
    let mut texts = Vec::with_capacity(rows.len());
    for (n, one) in rows.into_iter().enumerate() {
        let mut text = text(visit, history, one, costs.get(&one.delivery.id).copied());
        text.place = n + 1;
        if text.state == StateName::Waiting {
            wait(visit, &mut text, one, row, &why);
        }
        text.taken = hand_off::in_hand(ctx, one).await?;
        texts.push(text);
    }
    Ok(texts)
}

/// What a waiting text waits for, and who can do something about it.
fn wait(
    visit: &Visit,
    text: &mut Text<'_>,
    one: &DeliveryRow,
    row: &EscalationRow,
    why: &[(DeliveryId, Option<Why>)],
) {
    let (words, now) = (&visit.frame.words, visit.console.clock().now());
    text.held = row.escalation.state() == EscalationState::Held;
    text.waits = why::waits(words, now, row, one, why);
    let cleared = row.escalation.state() == EscalationState::Cleared;
    text.may_take = text.by_hand && cleared && at_desk(visit);
}

fn at_desk(visit: &Visit) -> bool {
    let now = visit.console.clock().now();
    visit.person().is_ok_and(|person| person.as_desk(now).is_ok())
}

fn text<'a>(
    visit: &Visit,
    history: &'a PostHistory,
    one: &'a DeliveryRow,
    cost: Option<Cost>,
) -> Text<'a> {
    let (delivery, words) = (&one.delivery, &visit.frame.words);
    let by_hand = one.sender == Sender::HandOff;
    let mut text = Text {
        place: 0,
        id: delivery.id.to_string(),
        content: &delivery.content,
        by_hand,
        state: delivery.name(),
        class: class_of(delivery.name()),
        link: None,
        posted: None,
        cost: cost.map(|cost| cost_said(words, cost)),
        came: came(words, &history.engagement, &delivery.id),
        attempts: tried(words, &history.attempts, &delivery.id),
        waits: None,
        held: false,
        says: None,
        doubt: None,
        taken: None,
        may_take: false,
        may_finish: false,
        may_give_back: false,
    };
    let now = visit.console.clock().now();
    let approver = visit.person().is_ok_and(|person| person.as_approver(now).is_ok());
    match delivery.state() {
        State::Waiting { .. } => {}
        State::Delivered(receipt) | State::Retracted(receipt) => {
            text.link = outward(&receipt.permalink);
            text.posted = Some(words.with("posts-posted", "at", words.at(receipt.at)));
        }
        State::Withdrawn { why } | State::Refused { why } => {
            text.says = Some(words.with("posts-ends", "why", words.known(why)));
        }
        State::Sending(lease) => {
            let key = if by_hand { "posts-taken-by" } else { "posts-being-sent" };
            let until = words.at(lease.until);
            text.says = Some(words.with2(key, "holder", &lease.holder, "until", until));
            let own = visit.person().is_ok_and(|person| person.id.as_str() == lease.holder);
            text.may_finish = by_hand && at_desk(visit);
            text.may_give_back = by_hand && (approver || (own && at_desk(visit)));
        }
        State::Uncertain(doubt) => {
            let looks = words.with("posts-doubt-looks", "at", words.span(doubt.look_at));
            text.doubt = Some(Doubtful {
                said: words.with("posts-doubt", "why", words.known(&doubt.why)),
                since: words.with("posts-doubt-since", "at", words.at(doubt.since)),
                looks: (!doubt.asks).then_some(looks),
                empty: words.n("posts-doubt-empty", doubt.empty_looks),
            });
            text.may_finish = at_desk(visit);
            text.may_give_back = doubt.asks && approver;
        }
    }
    text
}

fn tried(words: &Words, attempts: &[Attempt], id: &DeliveryId) -> Vec<Tried> {
    let one = |attempt: &Attempt| {
        let outcome = attempt.outcome.as_ref().map(|outcome| words.of("posts-outcome", outcome));
        let outcome = outcome.unwrap_or_else(|| words.t("posts-attempt-open"));
        let detail = attempt.detail.as_deref().filter(|detail| !detail.is_empty());
        Tried {
            n: attempt.n,
            claimed: words.at(attempt.claimed_at),
            holder: attempt.holder.clone(),
            ended: words.at_or_none(attempt.ended_at),
            outcome: detail.map_or_else(
                || outcome.clone(),
                |detail| format!("{outcome}: {}", words.known(detail)),
            ),
        }
    };
    attempts.iter().filter(|attempt| attempt.delivery == *id).map(one).collect()
}
