//! *May this be said?* asked with everything that decides it: at drafting, at an edit, and right
//! before the send.

use super::Ctx;
use crate::{
    domain::{
        delivery::Content,
        escalation::{Escalation, EscalationKind},
        ids::{CaseRef, EscalationId, Reference},
        money::Paise,
        wording::{Objection, Place, Said, may_be_said},
    },
    store::{Ended, Evidence},
};

/// How far back earlier texts about a bank are set beside a new one.
const MEMORY: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 90);

/// What one escalation's texts are judged by.
pub struct Grounds {
    /// The reference of the post that it is about.
    pub about: Option<Reference>,
    /// The case and amount of each action that the texts speak of.
    pub members: Vec<(CaseRef, Paise)>,
    /// The cases of each earlier text about the bank.
    pub earlier: Vec<Vec<CaseRef>>,
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
        Ok(Self {
            about: about.as_ref().map(|tag| tag.reference.clone()),
            members: cases(&spoken_of),
            earlier: ctx.store.earlier_texts(&escalation.bank, since, but).await?,
        })
    }

    /// Every reason against an escalation's texts, each with the place of its text.
    pub fn against(&self, ctx: &Ctx, escalation: &Escalation) -> Vec<(usize, Objection)> {
        let texts = escalation.contents.iter().enumerate();
        texts
            .flat_map(|(n, content)| {
                let against = self.against_one(ctx, escalation, content);
                against.into_iter().map(move |objection| (n, objection))
            })
            .collect()
    }

    fn against_one(&self, ctx: &Ctx, escalation: &Escalation, content: &Content) -> Vec<Objection> {
        let place = place(content);
        let handles: Vec<String> =
            place.bank_in_text.strip_prefix('@').map(str::to_owned).into_iter().collect();
        let said = Said {
            text: &content.text,
            place: &place,
            facts: &escalation.facts,
            kind: escalation.kind,
            about: self.about.as_ref(),
            handles: &handles,
            members: &self.members,
            earlier: &self.earlier,
            edited_from: content.drafted.as_deref(),
        };
        may_be_said(&said, &ctx.config.wording)
    }
}

/// The cases and amounts of some members.
pub fn cases(members: &[Evidence]) -> Vec<(CaseRef, Paise)> {
    let case = |member: &Evidence| {
        (member.seen.case_ref.clone(), member.seen.disputed.unwrap_or_default())
    };
    members.iter().map(case).collect()
}

fn place(content: &Content) -> Place {
    Place {
        language: content.language,
        platform: content.platform,
        max_length: content.max_length,
        spoiler: content.spoiler.clone(),
        bank_in_text: content.bank_in_text.clone(),
    }
}

/// What the last reading of the texts says, if anything stands against them.
pub async fn against_sending(
    ctx: &Ctx,
    escalation: &Escalation,
    members: &[Evidence],
) -> Option<Ended> {
    let id: &EscalationId = &escalation.id;
    match Grounds::gather(ctx, escalation, members).await {
        Ok(grounds) => {
            let against = grounds.against(ctx, escalation);
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
