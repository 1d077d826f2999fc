//! The list: narrowed and sorted by what stands in the address, a page at a time.

use askama::Template;
use axum::response::Response;

use super::super::{frame::Frame, problem::Problem, visit::Visit};
use crate::{
    domain::{
        escalation::{EscalationKind, EscalationState},
        ids::BankCode,
        money::Paise,
    },
    store::{EscalationRow, Mark, QueueFilter, QueueOrder},
};

/// Escalations on one page.
pub(super) const PAGE: u32 = 25;

#[derive(Template)]
#[template(path = "queue/list.html")]
struct List<'a> {
    frame: &'a Frame,
    rows: Vec<EscalationRow>,
    asked: Asked,
    next: Option<String>,
    may_pick: bool,
    may_approve: bool,
}

/// What the address asks for; whatever it says wrong is as if it were not said.
pub(super) struct Asked {
    state: EscalationState,
    kind: Option<EscalationKind>,
    bank: String,
    rupees: i64,
    order: QueueOrder,
    after: Option<Mark>,
}

impl Asked {
    fn of(visit: &Visit) -> Self {
        let get = |name| visit.query.get(name);
        Self {
            state: EscalationState::parse(get("state")).unwrap_or(EscalationState::Held),
            kind: EscalationKind::parse(get("kind")),
            bank: get("bank").to_uppercase(),
            rupees: get("least").parse().unwrap_or(0).max(0),
            order: QueueOrder::parse(get("sort")).unwrap_or(QueueOrder::Money),
            after: get("after").parse().ok(),
        }
    }

    fn filter(&self) -> QueueFilter {
        QueueFilter {
            states: vec![self.state],
            bank: Some(&self.bank).filter(|bank| !bank.is_empty()).map(BankCode::new),
            kind: self.kind,
            at_least: Paise::from_rupees(self.rupees),
            order: Some(self.order),
            after: self.after.clone(),
            page: (0, PAGE + 1),
        }
    }

    fn is_kind(&self, kind: &EscalationKind) -> bool {
        self.kind.as_ref() == Some(kind)
    }

    /// What the address says, as its links repeat it.
    fn here(&self) -> String {
        self.from(self.after.as_ref())
    }

    /// The address of the same list from another place on.
    fn page(&self, after: Option<&Mark>) -> String {
        let query = self.from(after);
        if query.is_empty() { "/queue".to_owned() } else { format!("/queue?{query}") }
    }

    /// The same from another place on, as an address has it.
    fn from(&self, after: Option<&Mark>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if self.state != EscalationState::Held {
            query.append_pair("state", self.state.as_str());
        }
        if let Some(kind) = self.kind {
            query.append_pair("kind", kind.as_str());
        }
        if !self.bank.is_empty() {
            query.append_pair("bank", &self.bank);
        }
        if self.rupees > 0 {
            query.append_pair("least", &self.rupees.to_string());
        }
        if self.order != QueueOrder::Money {
            query.append_pair("sort", self.order.as_str());
        }
        if let Some(after) = after {
            query.append_pair("after", &after.to_string());
        }
        query.finish()
    }
}

impl List<'_> {
    /// What leads back here from a page of one, behind its address.
    fn onward(&self) -> String {
        let here = self.asked.here();
        if here.is_empty() {
            return here;
        }
        let from: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
        format!("?from={from}")
    }

    /// Further than its usual state, kind and order.
    fn narrowed(&self) -> bool {
        let Asked { kind, bank, rupees, order, .. } = &self.asked;
        kind.is_some() || !bank.is_empty() || *rupees > 0 || *order != QueueOrder::Money
    }
}

pub(super) async fn list(visit: Visit) -> Result<Response, Problem> {
    let asked = Asked::of(&visit);
    let mut rows = visit.store().queue(&asked.filter()).await?;
    let more = rows.len() > PAGE as usize;
    rows.truncate(PAGE as usize);
    let last = rows.last().filter(|_| more).map(|row| row.mark(asked.order));
    let next = last.map(|last| asked.page(Some(&last)));
    let (person, now) = (visit.person()?, visit.console.clock().now());
    let may_pick = asked.state == EscalationState::Held && person.as_desk(now).is_ok();
    let may_approve = person.as_approver(now).is_ok();
    visit.page(&List { frame: &visit.frame, rows, asked, next, may_pick, may_approve })
}
