//! Standing orders: drafted by a form, rehearsed on history, signed by an approver who proves once
//! more who they are, watched, revoked.

mod draft;
mod rehearsal;

use askama::Template;
use axum::{
    extract::Path,
    response::Response,
    routing::{get, post},
};

pub(super) use self::rehearsal::Rehearsals;
use super::{
    Route,
    frame::{Frame, Words},
    gate::{APPROVER, Allow, DESK},
    problem::Problem,
    visit::Visit,
};
use crate::{
    domain::{
        ids::BankCode,
        order::{MINIMUM_REHEARSED_DAYS, NotInForce, Standing, StandingOrder},
        person::{NotAllowed, Person},
        time::Timestamp,
    },
    store::{Deed, StoreError},
};

/// Orders, or what one did, on one page.
const PAGE: u32 = 25;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/orders", Allow::SignedIn, get(list)),
        Route::post("/orders", DESK, post(draft::make)),
        Route::get("/orders/new", DESK, get(draft::form)),
        Route::get("/orders/{order}", Allow::SignedIn, get(show)),
        Route::get("/orders/{order}/rehearsal", Allow::SignedIn, get(rehearsal::show)),
        Route::post("/orders/{order}/rehearsal", DESK, post(rehearsal::make)),
        Route::post("/orders/{order}/sign", APPROVER, post(sign)),
        Route::post("/orders/{order}/revoke", APPROVER, post(revoke)),
    ]
}

/// The page of a list that the address asks for.
pub(super) fn page_of(visit: &Visit) -> u32 {
    visit.query.get("page").parse().unwrap_or(0).min(100_000)
}

/// What came of an escalation, with the bank's name.
pub(super) struct Told {
    pub(super) bank: String,
    pub(super) deed: Deed,
}

/// So many rows of a list that was asked for with one more, and whether there are more.
pub(super) fn told(visit: &Visit, mut deeds: Vec<Deed>) -> (Vec<Told>, bool) {
    let more = deeds.len() > PAGE as usize;
    deeds.truncate(PAGE as usize);
    let one = |deed: Deed| Told { bank: visit.bank_name(&deed.bank), deed };
    (deeds.into_iter().map(one).collect(), more)
}

/// The page of a list as the store wants it: one more than is shown.
pub(super) const fn rows(page: u32) -> (u32, u32) {
    (page * PAGE, PAGE + 1)
}

struct Line {
    order: StandingOrder,
    standing: Standing,
}

#[derive(Template)]
#[template(path = "orders/list.html")]
struct List<'a> {
    frame: &'a Frame,
    lines: Vec<Line>,
    may_draft: bool,
    page: u32,
    more: bool,
}

async fn list(visit: Visit) -> Result<Response, Problem> {
    let (page, now) = (page_of(&visit), visit.console.clock().now());
    let mut orders = visit.store().orders_and_signers(rows(page)).await?;
    let more = orders.len() > PAGE as usize;
    orders.truncate(PAGE as usize);
    let line = |(order, signer): (StandingOrder, Option<Person>)| Line {
        standing: order.standing(signer.as_ref(), now),
        order,
    };
    visit.page(&List {
        frame: &visit.frame,
        lines: orders.into_iter().map(line).collect(),
        may_draft: DESK.admits(Some(visit.person()?.role)),
        page,
        more,
    })
}

#[derive(Template)]
#[template(path = "orders/show.html")]
struct Show<'a> {
    frame: &'a Frame,
    order: StandingOrder,
    standing: Standing,
    void: Option<String>,
    banks: Vec<String>,
    templates: Vec<String>,
    rehearsed: bool,
    may_rehearse: bool,
    may_sign: bool,
    unsigned: Option<String>,
    may_revoke: bool,
    told: Vec<Told>,
    page: u32,
    more: bool,
}

async fn show(visit: Visit, Path(order): Path<String>) -> Result<Response, Problem> {
    let (page, now) = (page_of(&visit), visit.console.clock().now());
    let (order, signer) = found(&visit, &order).await?;
    let standing = order.standing(signer.as_ref(), now);
    let (person, words) = (visit.person()?, &visit.frame.words);
    let draft = standing == Standing::Draft;
    let hindrance = draft.then(|| hindrance(&order, person, now)).flatten();
    let ended = matches!(standing, Standing::Revoked | Standing::Expired);
    let (told, more) = told(&visit, visit.store().deeds_under(&order.id, rows(page)).await?);
    let void = match &standing {
        Standing::Void(why) => Some(not_allowed(words, why)),
        _ => None,
    };
    visit.page(&Show {
        frame: &visit.frame,
        void,
        banks: order.terms.banks.iter().map(|code| bank_of(&visit, code)).collect(),
        templates: templates_of(&visit, &order),
        rehearsed: visit.console.0.rehearsals.kept(&order.id).is_some(),
        may_rehearse: person.as_desk(now).is_ok(),
        may_sign: draft && hindrance.is_none(),
        unsigned: hindrance.map(|why| reason(words, &why)),
        may_revoke: !ended && person.as_approver(now).is_ok(),
        standing,
        order,
        told,
        page,
        more,
    })
}

/// An order and whoever signed it, as they are now.
async fn found(visit: &Visit, order: &str) -> Result<(StandingOrder, Option<Person>), Problem> {
    let order = visit.store().order(order).await?;
    let signer = match &order.signed {
        Some((signer, _)) => Some(visit.store().person(signer).await?.0),
        None => None,
    };
    Ok((order, signer))
}

fn bank_of(visit: &Visit, code: &BankCode) -> String {
    if code.as_str() == "*" {
        return visit.frame.t("orders-banks-all");
    }
    format!("{} ({code})", visit.bank_name(code))
}

/// The names of the templates that an order allows; one that was changed since has none.
fn templates_of(visit: &Visit, order: &StandingOrder) -> Vec<String> {
    let known: Vec<_> = visit.ctx().templates.hashes().collect();
    let name = |hash: &_| known.iter().find(|(_, one)| one == hash).map(|(name, _)| *name);
    let gone = |hash: &crate::domain::canonical::Hash| {
        let short: String = hash.to_string().chars().take(12).collect();
        visit.frame.words.with("orders-template-gone", "hash", short)
    };
    let hashes = order.terms.templates.iter();
    hashes.map(|hash| name(hash).map_or_else(|| gone(hash), str::to_owned)).collect()
}

/// Why this person cannot sign this order now.
fn hindrance(order: &StandingOrder, person: &Person, now: Timestamp) -> Option<NotInForce> {
    match person.as_approver(now) {
        Ok(approver) => order.clone().sign(&approver, now).err(),
        Err(why) => Some(why.into()),
    }
}

/// Why an order is not signed or not in force, in the reader's language.
fn reason(words: &Words, why: &NotInForce) -> String {
    match why {
        NotInForce::TooFewDays { days } => {
            words.with2("orders-few-days", "days", days, "needed", MINIMUM_REHEARSED_DAYS)
        }
        NotInForce::Unsigned => words.t("orders-means-draft"),
        NotInForce::Revoked => words.t("orders-means-revoked"),
        NotInForce::Expired => words.t("orders-means-expired"),
        NotInForce::AlreadySigned => words.t("orders-signed-already"),
        NotInForce::SignerGone(why) | NotInForce::NotAllowed(why) => not_allowed(words, why),
    }
}

fn not_allowed(words: &Words, why: &NotAllowed) -> String {
    match why {
        NotAllowed::Own { .. } => words.t("orders-own"),
        NotAllowed::Role { person, is, .. } => {
            words.with2("orders-role", "person", person, "role", words.of("role", is))
        }
        NotAllowed::NotInForce { person } => words.with("orders-role-ended", "person", person),
        NotAllowed::Unconfirmed { person } => words.with("orders-role-waits", "person", person),
    }
}

async fn sign(visit: Visit, Path(order): Path<String>) -> Result<Response, Problem> {
    let order = visit.store().order(&order).await?;
    visit.prove().await?;
    let by = visit.by("order sign")?;
    match visit.store().sign_order(&by, order.id.as_str(), visit.person()?).await {
        Ok(order) => visit.done(&place(&order), "orders-signed", &order.name).await,
        Err(StoreError::Order(why)) => Err(Problem::Refused(reason(&visit.frame.words, &why))),
        Err(error) => Err(error.into()),
    }
}

async fn revoke(visit: Visit, Path(order): Path<String>) -> Result<Response, Problem> {
    let order = visit.store().order(&order).await?;
    let by = visit.by("order revoke")?;
    let held = visit.store().revoke_order(&by, order.id.as_str(), visit.person()?).await?;
    visit.done(&place(&order), "orders-revoked", &held.to_string()).await
}

/// The page of an order: by its id, for its name may be any text.
fn place(order: &StandingOrder) -> String {
    format!("/orders/{}", order.id)
}
