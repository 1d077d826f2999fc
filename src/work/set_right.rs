//! Setting right: a correction of what we said, or its deletion. Both are escalations like any
//! other: held until an approver clears them, claimed, sent once, recorded.

use anyhow::{Context, bail};

use super::{Ctx, saying::Grounds};
use crate::{
    domain::{
        delivery::{Content, State},
        drafting::{self, About},
        escalation::{Escalation, EscalationKind},
        facts::FactPack,
        ids::EscalationId,
        person::Officer,
        wording::{self, Place, Subject},
    },
    store::{Actor, Draft, EscalationRow},
};

/// Why nothing is drafted: for its reader to act upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nothing of it is there.
    #[error("nothing of {0} was delivered, so there is nothing to set right")]
    NotDelivered(String),
    /// The template's text may not be said.
    #[error("the drafted text may not be said: {0}; mend its template")]
    MayNotBeSaid(String),
}

/// Drafts the correction of an escalation that was delivered.
///
/// # Errors
/// Nothing of it was delivered, or the ledger failed.
pub async fn draft_correction(ctx: &Ctx, by: &Actor, reference: &str) -> anyhow::Result<String> {
    draft(ctx, by, reference, EscalationKind::Correction).await
}

/// Drafts the deletion of every post of an escalation.
///
/// # Errors
/// Nothing of it was delivered, or the ledger failed.
pub async fn draft_retraction(ctx: &Ctx, by: &Actor, reference: &str) -> anyhow::Result<String> {
    draft(ctx, by, reference, EscalationKind::Retraction).await
}

/// An officer enters the nodal officer's written reason. What was not sent stops; where something was
/// delivered, a held correction is drafted, whose reference comes back.
///
/// # Errors
/// The same ground was decided before, or the ledger failed.
pub async fn enter_dispute(
    ctx: &Ctx,
    by: &Actor,
    officer: &Officer,
    reference: &str,
    ground: &str,
    reason: &str,
) -> anyhow::Result<Option<String>> {
    ctx.store.dispute(by, reference, officer, ground, reason).await?;
    let row = ctx.store.escalation(reference).await?;
    let due = ctx.store.to_correct().await?;
    if !due.contains(&row.escalation.reference) {
        return Ok(None);
    }
    draft_correction(ctx, by, row.escalation.reference.as_str()).await.map(Some)
}

/// Drafts the correction of whatever was found to be delivered after it was disputed.
///
/// # Errors
/// The ledger failed.
pub(super) async fn draft_due(ctx: &Ctx, by: &Actor) -> anyhow::Result<u64> {
    let mut drafted = 0;
    for reference in ctx.store.to_correct().await? {
        match draft_correction(ctx, by, reference.as_str()).await {
            Ok(_) => drafted += 1,
            Err(error) => tracing::error!(%reference, "its correction is not drafted: {error:#}"),
        }
    }
    Ok(drafted)
}

async fn draft(
    ctx: &Ctx,
    by: &Actor,
    reference: &str,
    kind: EscalationKind,
) -> anyhow::Result<String> {
    let row = ctx.store.escalation(reference).await?;
    let now = ctx.clock.now();
    let facts = FactPack {
        reference: ctx.dice.reference(&ctx.config.unit.reference_prefix),
        ..row.escalation.facts.clone()
    };
    let about = Some((&row.escalation.id, &row.escalation.reference));
    let about = About { kind, about };
    let (contents, senders) = contents(ctx, &row, &facts, &about)?;
    if contents.is_empty() {
        bail!(Refusal::NotDelivered(reference.to_owned()));
    }
    let id = EscalationId::new(ctx.dice.uuid(now));
    let ladder = &ctx.config.ladder;
    let escalation: Escalation = drafting::held(id, facts, contents, &about, ladder, now);
    let grounds = Grounds::gather(ctx, &escalation, &[]).await?;
    if let Some((_, first)) = grounds.against(&escalation, &ctx.config.wording).first() {
        bail!(Refusal::MayNotBeSaid(first.to_string()));
    }
    let new = escalation.reference.to_string();
    let draft = Draft { escalation, members: Vec::new(), senders, pictures: Vec::new() };
    ctx.store.draft(by, &draft).await.context("the draft could not be kept")?;
    Ok(new)
}

type Contents = (Vec<Content>, Vec<crate::domain::platform::Sender>);

/// One text for each post that was delivered, from the same account in the same language.
fn contents(
    ctx: &Ctx,
    row: &EscalationRow,
    facts: &FactPack,
    about: &About<'_>,
) -> anyhow::Result<Contents> {
    let (mut contents, mut senders) = (Vec::new(), Vec::new());
    for delivery in &row.deliveries {
        let State::Delivered(receipt) = delivery.delivery.state() else { continue };
        let old = &delivery.delivery.content;
        let place = Place {
            language: old.language,
            platform: old.platform,
            max_length: old.max_length,
            spoiler: old.spoiler.clone(),
            bank_in_text: old.bank_in_text.clone(),
        };
        let subject = Subject { facts, kind: about.kind, about: Some(&row.escalation.reference) };
        let text = wording::render(&subject, &place, &ctx.templates)?;
        contents.push(Content {
            text: text.text,
            template: Some(text.template),
            drafted: None,
            retracts: (about.kind == EscalationKind::Retraction).then(|| receipt.id.clone()),
            picture: None,
            ..old.clone()
        });
        senders.push(delivery.sender);
    }
    Ok((contents, senders))
}
