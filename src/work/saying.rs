//! *May this be said?* asked with everything that decides it: at drafting, at an edit, and right
//! before the send.

use std::collections::BTreeMap;

use super::Ctx;
pub use crate::domain::drafting::Grounds;
use crate::{
    domain::{
        escalation::{Escalation, EscalationKind},
        ids::{BankCode, CaseRef, EscalationId},
        money::Paise,
    },
    store::{EarlierText, Ended, Evidence},
};

/// How far back earlier texts about a bank are set beside a new one.
pub const MEMORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 90);

/// The earlier texts about some banks; why not, where the ledger could not tell.
pub type Earlier = Result<BTreeMap<BankCode, Vec<EarlierText>>, String>;

/// Reads the earlier texts about the banks of some escalations, all at once.
pub async fn earlier(
    ctx: &Ctx,
    escalations: impl IntoIterator<Item = &Escalation> + Clone,
) -> Earlier {
    let banks: Vec<&BankCode> = escalations.clone().into_iter().map(|one| &one.bank).collect();
    let oldest = escalations.into_iter().map(|one| one.drafted_at).min();
    let since = oldest.unwrap_or_else(|| ctx.clock.now()).minus(MEMORY);
    ctx.store.earlier_texts(&banks, since).await.map_err(|error| error.to_string())
}

impl Grounds {
    /// Gathers them. A closure speaks of the actions of the post that it closes.
    ///
    /// # Errors
    /// The ledger failed.
    pub async fn gather(
        ctx: &Ctx,
        escalation: &Escalation,
        members: &[Evidence],
    ) -> anyhow::Result<Self> {
        let earlier = earlier(ctx, [escalation]).await;
        Self::beside(ctx, escalation, members, &earlier).await
    }

    /// Gathers them beside earlier texts that were read before.
    async fn beside(
        ctx: &Ctx,
        escalation: &Escalation,
        members: &[Evidence],
        earlier: &Earlier,
    ) -> anyhow::Result<Self> {
        let earlier = earlier.as_ref().map_err(|error| anyhow::anyhow!("{error}"))?;
        let about = match &escalation.about {
            None => None,
            Some(id) => Some(ctx.store.escalation(id.as_str()).await?.escalation),
        };
        let spoken_of = match (&about, escalation.kind) {
            (Some(tag), EscalationKind::Closure) => ctx.store.members(&tag.id).await?,
            _ => members.to_vec(),
        };
        // A closure repeats the cases of the text that it closes, and isolates nothing by that.
        let but = about.as_ref().map_or(&escalation.id, |tag| &tag.id);
        let since = escalation.drafted_at.minus(MEMORY);
        let texts = earlier.get(&escalation.bank).into_iter().flatten();
        let texts = texts.filter(|text| text.at > since && text.escalation != *but);
        Ok(Self {
            about: about.as_ref().map(|tag| tag.reference.clone()),
            members: cases(&spoken_of),
            earlier: texts.map(|text| text.cases.clone()).collect(),
        })
    }
}

/// The cases and amounts of some members.
pub fn cases(members: &[Evidence]) -> Vec<(CaseRef, Paise)> {
    let case = |member: &Evidence| {
        (member.seen.case_ref.clone(), member.seen.disputed.unwrap_or_default())
    };
    members.iter().map(case).collect()
}

/// What the last reading of the texts says, if anything stands against them.
pub async fn against_sending(
    ctx: &Ctx,
    escalation: &Escalation,
    members: &[Evidence],
    earlier: &Earlier,
) -> Option<Ended> {
    let id: &EscalationId = &escalation.id;
    match Grounds::beside(ctx, escalation, members, earlier).await {
        Ok(grounds) => {
            let against = grounds.against(escalation, &ctx.config.wording);
            let (_, first) = against.first()?;
            let why = format!("it may no longer be said: {first}");
            Some(Ended::Untrue { why, avoided: false })
        }
        Err(error) => {
            tracing::warn!(escalation = %id, "the texts could not be read again: {error:#}");
            let until = ctx.clock.now().plus(jiff::SignedDuration::from_mins(2));
            Some(Ended::NotNow { until, why: "its texts could not be read again".to_owned() })
        }
    }
}
