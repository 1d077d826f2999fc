//! One post: its texts and where they are, the facts, on whose word it went out, and its history.

use askama::Template;
use axum::{extract::Path, response::Response};

use super::{
    Came, bank_name, came, class_of, cost_said, outward,
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
    },
};

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
    let delivered = |row: &DeliveryRow| row.delivery.name() == StateName::Delivered;
    let sent = row.deliveries.iter().any(delivered) && !row.escalation.kind.sets_right();
    visit.page(&Show {
        frame: &visit.frame,
        bank: bank_name(&visit, &row.escalation.bank),
        texts: texts(&visit, &history).await?,
        cleared: cleared(&visit, row).await,
        items: story::items(words, &history, &answers),
        sequels: store.sequels(&row.escalation.id).await?,
        at_desk: visit.person()?.as_desk(now).is_ok(),
        sent,
        lease: words.length(visit.ctx().config.deliver.hand_off_lease),
        row,
    })
}

/// On whose word it was cleared.
async fn cleared(visit: &Visit, row: &EscalationRow) -> Option<String> {
    let words = &visit.frame.words;
    let authority = &row.clearance.as_ref()?.authority;
    let who = authority.signer();
    let Some(order) = authority.order() else {
        return Some(words.with("posts-cleared-by", "who", who));
    };
    let named = visit.store().order(order.as_str()).await;
    let name = named.map_or_else(|_| order.to_string(), |order| order.name);
    Some(words.with2("posts-cleared-order", "order", name, "who", who))
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
    let State::Waiting { not_before, .. } = one.delivery.state() else { return };
    let known = why.iter().find(|(id, _)| *id == one.delivery.id);
    text.held = row.escalation.state() == EscalationState::Held;
    text.waits = match (row.escalation.state(), known.and_then(|(_, why)| why.as_ref())) {
        (EscalationState::Held, _) => Some(words.t("posts-why-held")),
        (EscalationState::Cleared, Some(known)) => Some(why::said(words, known)),
        (EscalationState::Cleared, None) if now < *not_before => {
            Some(words.with("posts-why-put-off", "at", words.at(not_before)))
        }
        (EscalationState::Cleared, None) if text.by_hand => Some(words.t("posts-why-officer")),
        (EscalationState::Cleared, None) => Some(words.t("posts-why-pass")),
        _ => None,
    };
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
            text.says = Some(words.with("posts-ends", "why", why));
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
                said: words.with("posts-doubt", "why", &doubt.why),
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
            outcome: detail
                .map_or_else(|| outcome.clone(), |detail| format!("{outcome}: {detail}")),
        }
    };
    attempts.iter().filter(|attempt| attempt.delivery == *id).map(one).collect()
}
