//! Deliver: claim, recheck, exactly one attempt, record.
//!
//! The claim is durable before a byte leaves. The recheck asks the case source again about every
//! member, and *may this be said?* about every text. Right before the bytes the permit has the last
//! word. Whatever cannot be proved is recorded as unknown, and only looking resolves it.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    time::Duration,
};

use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use jiff::SignedDuration;

use super::{Ctx, Progress, saying, switch::SendPermit};
use crate::{
    destinations::Sent,
    domain::{
        action::{Sighting, Status},
        delivery::{ClaimedDelivery, LookRules, Outcome},
        escalation::EscalationKind,
        ids::{EscalationId, ExternalId},
        ladder::{self, Recheck},
        time::Timestamp,
    },
    store::{ClaimRules, Claimed, Ended, Evidence, Rechecked, Report},
};

/// How long what came back waits for what is still under way, so that a batch is one transaction. A
/// death in this time leaves *uncertain* what would else be known, so it is short.
const GATHER: Duration = Duration::from_millis(50);

/// How long a delivery waits after a recheck that could not tell.
const UNTIL_NEXT_RECHECK: SignedDuration = SignedDuration::from_mins(2);

/// Claims what may go now and sends it.
///
/// # Errors
/// The ledger failed. What was claimed and not recorded becomes uncertain when its lease runs out.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let before = ctx.clock.steady();
    let claimed = ctx.store.claim(&ctx.actor("deliver"), &rules(ctx)).await?;
    let mut progress = Progress::default();
    for (delivery, why) in &claimed.waiting {
        tracing::debug!(%delivery, "waits: {why}");
    }
    if claimed.deliveries.is_empty() {
        return Ok(progress);
    }
    let (rechecked, rechecked_at) = (ctx.clock.steady(), ctx.clock.now());
    let verdicts = recheck(ctx, &claimed).await;
    let permits = Permits { before, rechecked, rechecked_at };
    let mut sends: Vec<BoxFuture<'_, Report>> = Vec::with_capacity(claimed.deliveries.len());
    for one in &claimed.deliveries {
        let verdict = verdicts.get(&one.delivery().escalation).cloned();
        let members = claimed.members.get(&one.delivery().escalation).map_or(0, Vec::len);
        let recheck = Rechecked {
            at: permits.rechecked_at,
            members: u32::try_from(members).unwrap_or(u32::MAX),
        };
        sends.push(settle(ctx, one, verdict, recheck, permits).boxed());
    }
    let parallel = ctx.config.deliver.parallel.max(1) as usize;
    let sends = futures::stream::iter(sends).buffer_unordered(parallel);
    progress.did += record_all(ctx, sends).await?;
    Ok(progress)
}

/// Records in batches as they come. The sends go on meanwhile: one that stood still would keep its
/// connection to the ledger from whoever records.
async fn record_all(ctx: &Ctx, sends: impl Stream<Item = Report>) -> anyhow::Result<u64> {
    let mut sends = pin!(sends.fuse());
    let mut attempts = 0;
    let mut failed = None;
    let mut ended: Vec<Report> = Vec::new();
    loop {
        if ended.is_empty() {
            // A send that is under way is never dropped for another one's sake.
            let Some(report) = sends.next().await else { return failed.map_or(Ok(attempts), Err) };
            ended.push(report);
        }
        let more = async {
            while let Some(report) = sends.next().await {
                ended.push(report);
            }
        };
        // Either all sends have ended, or those that have wait no longer for the others.
        let _all = tokio::time::timeout(GATHER, more).await;
        let batch = std::mem::take(&mut ended);
        let mut recording = pin!(record(ctx, &batch));
        let recorded = loop {
            tokio::select! {
                recorded = &mut recording => break recorded,
                Some(report) = sends.next() => ended.push(report),
            }
        };
        match recorded {
            Ok(recorded) => attempts += recorded,
            Err(error) => failed = Some(error),
        }
    }
}

/// The claim's rules as configured.
pub fn rules(ctx: &Ctx) -> ClaimRules<'_> {
    let now = ctx.clock.now();
    let allowed = ctx.limits.calendar().next_allowed(now);
    ClaimRules {
        holder: &ctx.process,
        lease: ctx.config.deliver.lease,
        pacing: &ctx.config.pacing,
        shadow: ctx.shadow,
        quiet_until: (allowed > now).then_some(allowed),
        handle_fresh_for: ctx.config.deliver.handle_fresh_for,
    }
}

#[derive(Clone, Copy)]
struct Permits {
    before: SignedDuration,
    rechecked: SignedDuration,
    rechecked_at: Timestamp,
}

/// What the recheck says of each escalation that is not as its texts say.
pub(super) async fn recheck(ctx: &Ctx, claimed: &Claimed) -> BTreeMap<EscalationId, Ended> {
    let ids: BTreeSet<&ExternalId> =
        claimed.members.values().flatten().map(|member| &member.seen.external_id).collect();
    let ids: Vec<ExternalId> = ids.into_iter().cloned().collect();
    let now = ctx.clock.now();
    // Is the order still in force, the approver still one, the clearance not taken back?
    let clearances = claimed.deliveries.iter().map(ClaimedDelivery::clearance);
    let cleared = clearances.map(|given| (given.escalation().clone(), *given.content())).collect();
    let (answer, void, earlier) = tokio::join!(
        look_again(ctx, &ids, now),
        ctx.store.lost_authority(&cleared),
        saying::earlier(ctx, claimed.escalations.values()),
    );
    let void = match void {
        Ok(void) => void,
        Err(error) => {
            let put_off = not_now(now, &format!("its authority could not be read again: {error}"));
            return cleared.into_keys().map(|id| (id, put_off.clone())).collect();
        }
    };
    let mut verdicts = BTreeMap::new();
    for escalation in claimed.escalations.values() {
        let members = claimed.members.get(&escalation.id).map_or(&[][..], Vec::as_slice);
        let lost = void.get(&escalation.id).map(|why| not_now(now, why));
        let verdict = match lost.or_else(|| judge(ctx, escalation.kind, members, &answer, now)) {
            None => saying::against_sending(ctx, escalation, members, &earlier).await,
            changed => changed,
        };
        if let Some(verdict) = verdict {
            verdicts.insert(escalation.id.clone(), verdict);
        }
    }
    verdicts
}

/// The case source's and the officers' last word about some actions.
struct Answer {
    seen: BTreeMap<ExternalId, Sighting>,
    confirmed: BTreeMap<ExternalId, Timestamp>,
}

async fn look_again(ctx: &Ctx, ids: &[ExternalId], now: Timestamp) -> anyhow::Result<Answer> {
    let (rows, confirmed) =
        tokio::join!(ctx.source.recheck(now, ids), ctx.store.confirmations(ids));
    let seen = rows?.into_iter().flatten().map(|seen| (seen.action.external_id.clone(), seen));
    Ok(Answer { seen: seen.collect(), confirmed: confirmed? })
}

fn judge(
    ctx: &Ctx,
    kind: EscalationKind,
    members: &[Evidence],
    answer: &anyhow::Result<Answer>,
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

fn not_now(now: Timestamp, why: &str) -> Ended {
    Ended::NotNow { until: now.plus(UNTIL_NEXT_RECHECK), why: why.to_owned() }
}

/// Sends one delivery, unless its recheck or its permit says no.
async fn settle(
    ctx: &Ctx,
    claimed: &ClaimedDelivery,
    verdict: Option<Ended>,
    recheck: Rechecked,
    permits: Permits,
) -> Report {
    let delivery = claimed.delivery();
    let destination = ctx.destinations.get(&delivery.content.account);
    let report = |ended, look| Report {
        delivery: delivery.id.clone(),
        escalation: delivery.escalation.clone(),
        token: claimed.lease().token.clone(),
        ended,
        look,
        recheck: Some(recheck),
    };
    let Some(destination) = destination else {
        let why = "this process has no connection to the account";
        return report(not_now(ctx.clock.now(), why), look_rules(ctx));
    };
    let look = super::rules_for(delivery, destination.look_rules());
    if let Some(verdict) = verdict {
        return report(verdict, look);
    }
    let (clearance, resend_until) = (claimed.clearance(), delivery.resend_until);
    let authority_until = clearance.valid_until().min(resend_until.unwrap_or(Timestamp::MAX));
    let permit = SendPermit {
        authority_until,
        past_stop: clearance.past_stop(),
        switch: ctx.switch.clone(),
        clock: ctx.clock.clone(),
        deadline: permits.before + ctx.config.deliver.lease - destination.request_timeout(),
        rechecked_until: permits.rechecked + ctx.config.ladder.recheck_within,
    };
    if let Err(error) = ctx.switch.refresh(&ctx.store, &ctx.clock).await {
        tracing::warn!(delivery = %delivery.id, "the stop switch could not be read: {error}");
    }
    let ended = match destination.send(claimed, &permit).await {
        Sent::NotNow(no) => Ended::NotNow { until: ctx.clock.now(), why: no.reason },
        Sent::Attempted(outcome) => Ended::Attempted(outcome),
    };
    report(ended, look)
}

fn look_rules(ctx: &Ctx) -> LookRules {
    let deliver = &ctx.config.deliver;
    LookRules { grace: deliver.request_timeout + deliver.read_lag, idempotent_for: None }
}

/// Records what came back, and pauses an account that its platform blocks.
async fn record(ctx: &Ctx, reports: &[Report]) -> anyhow::Result<u64> {
    let by = ctx.actor("deliver");
    let recorded = match ctx.store.record(&by, reports, &ctx.config.breaker).await {
        // A report that the ledger cannot take stops none of the others.
        Err(error) if reports.len() > 1 => {
            tracing::warn!("reports are recorded one by one: {error}");
            let mut attempts = 0;
            let mut failed = None;
            for report in reports {
                match Box::pin(record(ctx, std::slice::from_ref(report))).await {
                    Ok(recorded) => attempts += recorded,
                    Err(error) => failed = Some(error),
                }
            }
            return failed.map_or(Ok(attempts), Err);
        }
        recorded => recorded?,
    };
    for (delivery, state) in &recorded.states {
        tracing::info!(%delivery, %state, "recorded");
    }
    let mut attempts = 0;
    for report in reports {
        let Ended::Attempted(outcome) = &report.ended else { continue };
        attempts += 1;
        if let Outcome::AccountBlocked { reason } = outcome {
            pause(ctx, report, reason).await?;
        }
    }
    Ok(attempts)
}

/// Until a person looks: `takaza account live` ends the pause.
async fn pause(ctx: &Ctx, report: &Report, reason: &str) -> anyhow::Result<()> {
    let delivery = ctx.store.delivery(report.delivery.as_str()).await?.delivery;
    let until = ctx.clock.now().plus(SignedDuration::from_hours(24 * 365));
    let account = &delivery.content.account;
    tracing::warn!(%account, "the platform blocks the account; it is paused");
    ctx.store.pause_account(&ctx.actor("deliver"), account, Some((until, reason))).await?;
    Ok(())
}
