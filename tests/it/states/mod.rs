//! DESIGN section 4, sentence by sentence. The table below names the test that proves each one;
//! a test keeps it true that every test named here is in the sources.

mod authority;
mod budgets;
mod one_attempt;
mod sentences;
mod stop;
mod truth;

use jiff::SignedDuration;
use takaza::{
    domain::{
        escalation::{Escalation, EscalationKind, EscalationState},
        ids::{AccountName, BankCode, EscalationId, Reference},
        money::Paise,
        order::{StandingOrder, Terms},
        person::{Desk, Person},
    },
    store::{Draft, EscalationRow, StoreError},
    work,
};

use crate::support::world::World;

pub async fn deliver(world: &World) {
    work::deliver::run_once(&world.ctx).await.unwrap();
}

pub async fn sweep(world: &World) {
    work::sweep::run_once(&world.ctx).await.unwrap();
}

pub async fn person(world: &World, id: &str) -> Person {
    world.person(id).await
}

pub async fn desk(world: &World, id: &str) -> Desk {
    world.person(id).await.as_desk(world.now()).unwrap()
}

/// Terms that cover this escalation amply.
pub fn terms(world: &World, row: &EscalationRow) -> Terms {
    Terms {
        banks: vec![BankCode::new("*")],
        kinds: EscalationKind::ALL.to_vec(),
        accounts: vec![AccountName::new("unit"), AccountName::new("second")],
        minimum_amount: Paise::from_rupees(1),
        minimum_overdue_hours: 0,
        templates: row.escalation.contents.iter().filter_map(|content| content.template).collect(),
        per_bank_day: 10,
        per_day: 100,
        per_hour: 100,
        expires_at: world.now().plus(SignedDuration::from_hours(24 * 30)),
    }
}

/// An order that an officer drafted, that was rehearsed, and that the DCP signed.
pub async fn signed_order(
    world: &World,
    row: &EscalationRow,
    name: &str,
    change: impl FnOnce(&mut Terms),
) -> StandingOrder {
    let mut terms = terms(world, row);
    change(&mut terms);
    let asha = desk(world, "asha").await;
    world.ctx.store.draft_order(&world.by("asha"), &asha, name, &terms).await.unwrap();
    world.ctx.store.rehearsed(&world.by("asha"), name, 14).await.unwrap();
    sign(world, name).await.unwrap()
}

/// The DCP signs it.
pub async fn sign(world: &World, name: &str) -> Result<StandingOrder, StoreError> {
    world.ctx.store.sign_order(&world.by("dcp"), name, &world.person("dcp").await).await
}

/// A held draft like this one, for another bank where one is named.
pub fn copy(row: &EscalationRow, id: &str, bank: Option<&str>) -> Draft {
    let old = &row.escalation;
    let escalation = Escalation::new(
        EscalationId::new(id),
        Reference::new(format!("GGM-{id}")),
        bank.map_or_else(|| old.bank.clone(), BankCode::new),
        old.rung,
        old.kind,
        1,
        old.facts.clone(),
        old.contents.clone(),
        None,
        old.drafted_at,
        old.expires_at,
        None,
        EscalationState::Held,
    );
    let senders = row.deliveries.iter().map(|delivery| delivery.sender).collect();
    Draft { escalation, members: Vec::new(), senders }
}
