//! The recheck: everybody is asked again, for the whole batch at once, and then each escalation is
//! judged by the answers.
//!
//! The invariant: what cannot be asked or read is *not now*, never *still true*.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::not_now;
use crate::{
    domain::{
        action::{Sighting, Status},
        delivery::ClaimedDelivery,
        escalation::{Escalation, EscalationKind},
        ids::{EscalationId, ExternalId},
        ladder::{self, Recheck},
        time::Timestamp,
    },
    store::{Claimed, Ended, Evidence, Rechecked, StoreError},
    work::{Ctx, saying},
};

/// What is known right before the sends of a claim: the case source's and the officers' last word
/// about its actions, the clearances that were lost meanwhile, and the texts that went before.
pub(in crate::work) struct Answers {
    /// When everybody was asked.
    at: Timestamp,
    /// The same on the clock that counts suspension: the answers age from here.
    pub(super) asked: SignedDuration,
    actions: anyhow::Result<Actions>,
    lost: Result<BTreeMap<EscalationId, String>, StoreError>,
    earlier: saying::Earlier,
}

struct Actions {
    seen: BTreeMap<ExternalId, Sighting>,
    confirmed: BTreeMap<ExternalId, Timestamp>,
}

/// Asks everybody again, at once.
pub(in crate::work) async fn ask_again(ctx: &Ctx, claimed: &Claimed) -> Answers {
    let (at, asked) = (ctx.clock.now(), ctx.clock.steady());
    let ids: BTreeSet<&ExternalId> =
        claimed.members.values().flatten().map(|member| &member.seen.external_id).collect();
    let ids: Vec<ExternalId> = ids.into_iter().cloned().collect();
    let clearances = claimed.deliveries.iter().map(ClaimedDelivery::clearance);
    let cleared = clearances.map(|given| (given.escalation().clone(), *given.content())).collect();
    let (rows, confirmed, lost, earlier) = tokio::join!(
        ctx.source.recheck(at, &ids),
        ctx.store.confirmations(&ids),
        ctx.store.lost_authority(&cleared),
        saying::earlier(ctx, claimed.escalations.values()),
    );
    let actions = || {
        let seen = rows?.into_iter().flatten().map(|seen| (seen.action.external_id.clone(), seen));
        Ok(Actions { seen: seen.collect(), confirmed: confirmed? })
    };
    Answers { at, asked, actions: actions(), lost, earlier }
}

impl Answers {
    /// What the record keeps of the recheck of one escalation.
    pub(in crate::work) fn recheck_of(&self, claimed: &Claimed, id: &EscalationId) -> Rechecked {
        let members = claimed.members_of(id).len();
        Rechecked { at: self.at, members: u32::try_from(members).unwrap_or(u32::MAX) }
    }

    /// What stands against sending an escalation, if anything: is the order still in force, the
    /// approver still one, the clearance not taken back; is every member still as the texts say;
    /// may they still be said?
    pub(in crate::work) async fn against(
        &self,
        ctx: &Ctx,
        claimed: &Claimed,
        id: &EscalationId,
    ) -> Option<Ended> {
        match claimed.escalations.get(id) {
            Some(escalation) => self.judge(ctx, escalation, claimed.members_of(id)).await,
            None => Some(not_now(self.at, "its escalation could not be read")),
        }
    }

    async fn judge(
        &self,
        ctx: &Ctx,
        escalation: &Escalation,
        members: &[Evidence],
    ) -> Option<Ended> {
        let unread = |error| format!("its authority could not be read again: {error}");
        let lost = match &self.lost {
            Err(error) => Some(unread(error)),
            Ok(lost) => lost.get(&escalation.id).cloned(),
        };
        let lost = lost.map(|why| not_now(self.at, &why));
        match lost.or_else(|| judge(ctx, escalation.kind, members, &self.actions, self.at)) {
            None => saying::against_sending(ctx, escalation, members, &self.earlier).await,
            changed => changed,
        }
    }
}

/// Whether every member is still as the texts say.
fn judge(
    ctx: &Ctx,
    kind: EscalationKind,
    members: &[Evidence],
    answer: &anyhow::Result<Actions>,
    now: Timestamp,
) -> Option<Ended> {
    if kind.sets_right() {
        return None;
    }
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Some(not_now(now, &format!("the recheck failed: {error}"))),
    };
    let mut put_off = None;
    for member in members {
        let id = &member.seen.external_id;
        let (seen, confirmed) = (answer.seen.get(id), answer.confirmed.get(id).copied());
        match ladder::recheck(kind, &member.seen, seen, confirmed, &ctx.config.ladder, now) {
            Recheck::Holds => {}
            Recheck::NotNow(why) => put_off = Some(not_now(now, &why)),
            Recheck::Changed(why) => {
                let acted = seen.is_some_and(|seen| seen.action.status == Status::Acted);
                let avoided = acted && kind == EscalationKind::Tag;
                return Some(Ended::Untrue { why, avoided });
            }
        }
    }
    put_off
}
