//! Posts: every delivery and what came of it, the newest first. One post's whole history is in
//! [`show`], what people do about it in [`acts`].

mod acts;
mod picture;
mod replies;
mod show;
mod story;
pub(super) mod why;

use std::collections::BTreeMap;

use askama::Template;
use axum::{
    response::Response,
    routing::{get, post},
};

use super::{
    Route,
    frame::{Frame, Words},
    gate::{Allow, DESK},
    problem::Problem,
    visit::{Fields, Visit},
};
use crate::{
    domain::{
        delivery::{State, StateName},
        engagement::Voice,
        escalation::EscalationState,
        ids::{AccountName, BankCode, DeliveryId},
        platform::{Language, Sender},
    },
    store::{DeliveryFilter, EngagementCount, Listed},
    work::bill::{self, Cost},
};

/// Deliveries on one page.
const PAGE: u32 = 50;
/// What is not finished: it waits, is being sent, or nobody knows.
const OPEN: &[StateName] = &[StateName::Waiting, StateName::Sending, StateName::Uncertain];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/posts", Allow::SignedIn, get(list)),
        Route::get("/posts/{reference}", Allow::SignedIn, get(show::show)),
        Route::get("/pictures/{hash}", Allow::SignedIn, get(picture::show)),
        Route::post("/posts/{reference}/take", DESK, post(acts::take)),
        Route::post("/posts/{reference}/done", DESK, post(acts::done)),
        Route::post("/posts/{reference}/not-posted", DESK, post(acts::not_posted)),
        Route::post("/posts/{reference}/retract", DESK, post(acts::retract)),
        Route::post("/posts/{reference}/correct", DESK, post(acts::correct)),
        Route::post("/posts/{reference}/annex", DESK, post(acts::annex)),
        Route::post("/posts/{reference}/reply-class", DESK, post(replies::reclass)),
    ]
}

/// What the address asks for.
struct Asked<'a> {
    state: &'a str,
    bank: &'a str,
    account: &'a str,
    sender: &'a str,
    approved: bool,
    after: &'a str,
}

impl<'a> Asked<'a> {
    fn of(query: &'a Fields) -> Self {
        Self {
            state: query.get("state"),
            bank: query.get("bank"),
            account: query.get("account"),
            sender: query.get("sender"),
            approved: query.get("approved") == "yes",
            after: query.get("after"),
        }
    }

    fn filter(&self) -> DeliveryFilter {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let states = match self.state {
            "open" => OPEN.to_vec(),
            one => StateName::parse(one).into_iter().collect(),
        };
        DeliveryFilter {
            states,
            bank: given(self.bank).map(|code| BankCode::new(code.to_uppercase())),
            account: given(self.account).map(AccountName::new),
            sender: Sender::parse(self.sender),
            cleared: self.approved,
            before: given(self.after).map(DeliveryId::new),
            page: (0, PAGE + 1),
        }
    }

    /// The same question, from another place on.
    fn address(&self, after: &str) -> String {
        let approved = if self.approved { "yes" } else { "" };
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in [
            ("state", self.state),
            ("bank", self.bank),
            ("account", self.account),
            ("sender", self.sender),
            ("approved", approved),
            ("after", after),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/posts?{}", query.finish())
    }
}

#[derive(Template)]
#[template(path = "posts/list.html")]
struct List<'a> {
    frame: &'a Frame,
    asked: &'a Asked<'a>,
    accounts: Vec<String>,
    cards: Vec<Card>,
    latest: Option<String>,
    older: Option<String>,
}

/// One delivery in the list.
struct Card {
    reference: String,
    bank: String,
    kind: &'static str,
    state: StateName,
    class: &'static str,
    asks: bool,
    approved: bool,
    account: String,
    platform: &'static str,
    language: Language,
    by_hand: bool,
    when: String,
    attempts: u32,
    cost: Option<String>,
    why: Option<String>,
    came: Vec<Came>,
    link: Option<String>,
}

/// What one voice sent back.
struct Came {
    class: &'static str,
    said: String,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let asked = Asked::of(&visit.query);
    let mut listed = visit.store().deliveries(&asked.filter()).await?;
    let more = listed.len() > PAGE as usize;
    listed.truncate(PAGE as usize);
    let last = listed.last().filter(|_| more).map(|one| one.row.delivery.id.to_string());
    let rows: Vec<_> = listed.iter().map(|one| &one.row).collect();
    let costs = bill::costs(visit.ctx(), &rows).await?;
    let ids: Vec<_> = rows.iter().map(|row| &row.delivery.id).collect();
    let counts = visit.store().came_back(&ids).await?;
    let accounts = visit.store().accounts().await?;
    let card = |one: &Listed| card(&visit, one, &costs, &counts);
    visit.page(&List {
        frame: &visit.frame,
        cards: listed.iter().map(card).collect(),
        accounts: accounts.into_iter().map(|row| row.account.name.to_string()).collect(),
        latest: (!asked.after.is_empty()).then(|| asked.address("")),
        older: last.map(|last| asked.address(&last)),
        asked: &asked,
    })
}

fn card(
    visit: &Visit,
    listed: &Listed,
    costs: &BTreeMap<DeliveryId, Cost>,
    counts: &[EngagementCount],
) -> Card {
    let (delivery, words) = (&listed.row.delivery, &visit.frame.words);
    let content = &delivery.content;
    let (mut posted, mut why, mut asks) = (None, None, false);
    match delivery.state() {
        State::Delivered(receipt) | State::Retracted(receipt) => posted = Some(receipt),
        State::Waiting { why: said, .. } => why.clone_from(said),
        State::Withdrawn { why: said } | State::Refused { why: said } => why = Some(said.clone()),
        State::Uncertain(doubt) => {
            asks = doubt.asks;
            why = Some(doubt.why.clone());
        }
        State::Sending(_) => {}
    }
    let when = match posted {
        Some(receipt) => words.with("posts-posted", "at", words.at(receipt.at)),
        None => words.with("posts-drafted", "at", words.at(listed.drafted_at)),
    };
    Card {
        reference: delivery.reference.to_string(),
        bank: visit.bank_name(&delivery.bank),
        kind: delivery.kind.as_str(),
        state: delivery.name(),
        class: class_of(delivery.name()),
        asks,
        approved: listed.escalation != EscalationState::Held,
        account: content.account.to_string(),
        platform: content.platform.as_str(),
        language: content.language,
        by_hand: listed.row.sender == Sender::HandOff,
        when,
        attempts: delivery.attempts,
        cost: costs.get(&delivery.id).map(|cost| cost_said(words, *cost)),
        why: why.map(|why| words.known(why)),
        came: came(words, counts, &delivery.id),
        link: posted.and_then(|receipt| outward(&receipt.permalink)),
    }
}

/// How a state looks. Its word says the same.
const fn class_of(state: StateName) -> &'static str {
    match state {
        StateName::Delivered => "good",
        StateName::Uncertain | StateName::Sending => "warn",
        StateName::Refused => "bad",
        StateName::Waiting | StateName::Retracted | StateName::Withdrawn => "",
    }
}

fn cost_said(words: &Words, cost: Cost) -> String {
    let key = if cost.spent { "posts-cost" } else { "posts-costs" };
    words.with(key, "usd", cost.usd)
}

/// What came back on a delivery, voice by voice, the bank's own first.
fn came(words: &Words, counts: &[EngagementCount], id: &DeliveryId) -> Vec<Came> {
    let one = |voice: &Voice| {
        let own = counts.iter().filter(|one| one.delivery == *id && one.voice == *voice);
        let said: Vec<_> =
            own.map(|one| words.n(&format!("posts-kind-{}", one.kind), one.count)).collect();
        let class = match voice {
            Voice::Bank => "good",
            Voice::LookAlike => "bad",
            Voice::Other => "",
        };
        let by = words.of("posts-voice", voice);
        let said = (!said.is_empty())
            .then(|| words.with2("posts-came", "what", said.join(", "), "voice", by))?;
        Some(Came { class, said })
    };
    Voice::ALL.iter().filter_map(one).collect()
}

/// An address that a page may lead to: what a platform gave us is not ours.
fn outward(link: &str) -> Option<String> {
    (link.starts_with("https://") || link.starts_with("http://")).then(|| link.to_owned())
}
