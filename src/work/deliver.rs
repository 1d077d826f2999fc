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
use tokio::sync::OnceCell;

use super::{Ctx, Progress, saying, switch::SendPermit};
use crate::{
    destinations::Sent,
    domain::{
        action::{Sighting, Status},
        delivery::{ClaimedDelivery, Delivery, LookRules, Outcome},
        escalation::{Escalation, EscalationKind},
        ids::{EscalationId, ExternalId},
        ladder::{self, Recheck},
        time::Timestamp,
    },
    store::{ClaimRules, Claimed, Ended, Evidence, Rechecked, Report, StoreError},
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
    let permits = Permits { before, rechecked, rechecked_at };
    // The switch is read beside; whoever sends reads it again once it is old.
    let switch = ctx.switch.refresh(&ctx.store, &ctx.clock);
    let (look, _read) = tokio::join!(look_again(ctx, &claimed), switch);
    let cells = claimed.escalations.keys().map(|id| (id, OnceCell::new()));
    let verdicts = cells.collect();
    let in_turn = claimed.deliveries.iter();
    let in_turn = in_turn.map(|one| judged(ctx, one, &claimed, &look, &verdicts, permits).boxed());
    let in_turn: Vec<BoxFuture<'_, BoxFuture<'_, Report>>> = in_turn.collect();
    let parallel = ctx.config.deliver.parallel.max(1) as usize;
    // One is judged while those before it are under way.
    let sends = futures::stream::iter(in_turn).buffered(1).buffer_unordered(parallel);
    progress.did += record_all(ctx, sends).await?;
    // What the claim had no place for waits for nothing else.
    progress.more = claimed.deliveries.len() >= ctx.config.pacing.batch as usize;
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
        costs: &ctx.config.costs,
    }
}

#[derive(Clone, Copy)]
struct Permits {
    before: SignedDuration,
    rechecked: SignedDuration,
    rechecked_at: Timestamp,
}

/// What is known right before the sends of a claim: the case source's and the officers' last word
/// about its actions, the clearances that were lost meanwhile, and the texts that went before.
pub(super) struct LastLook {
    at: Timestamp,
    actions: anyhow::Result<Actions>,
    lost: Result<BTreeMap<EscalationId, String>, StoreError>,
    earlier: saying::Earlier,
}

struct Actions {
    seen: BTreeMap<ExternalId, Sighting>,
    confirmed: BTreeMap<ExternalId, Timestamp>,
}

/// Asks everybody again, at once.
pub(super) async fn look_again(ctx: &Ctx, claimed: &Claimed) -> LastLook {
    let ids: BTreeSet<&ExternalId> =
        claimed.members.values().flatten().map(|member| &member.seen.external_id).collect();
    let ids: Vec<ExternalId> = ids.into_iter().cloned().collect();
    let clearances = claimed.deliveries.iter().map(ClaimedDelivery::clearance);
    let cleared = clearances.map(|given| (given.escalation().clone(), *given.content())).collect();
    let at = ctx.clock.now();
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
    LastLook { at, actions: actions(), lost, earlier }
}

impl LastLook {
    /// What stands against sending an escalation, if anything: is the order still in force, the
    /// approver still one, the clearance not taken back; is every member still as the texts say;
    /// may they still be said?
    pub(super) async fn against(
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

fn not_now(now: Timestamp, why: &str) -> Ended {
    Ended::NotNow { until: now.plus(UNTIL_NEXT_RECHECK), why: why.to_owned() }
}

/// Judges one delivery; then it can be sent. All texts of an escalation stand and fall together:
/// they are read once, when the first of them is about to go.
async fn judged<'a>(
    ctx: &'a Ctx,
    one: &'a ClaimedDelivery,
    claimed: &'a Claimed,
    look: &'a LastLook,
    verdicts: &'a BTreeMap<&'a EscalationId, OnceCell<Option<Ended>>>,
    permits: Permits,
) -> BoxFuture<'a, Report> {
    let id = &one.delivery().escalation;
    let members = claimed.members_of(id);
    let verdict = match (claimed.escalations.get(id), verdicts.get(id)) {
        (Some(escalation), Some(verdict)) => {
            verdict.get_or_init(|| look.against(ctx, escalation, members)).await.clone()
        }
        _ => Some(not_now(look.at, "its escalation could not be read")),
    };
    // Reading is work without a wait: those under way get their turn.
    tokio::task::yield_now().await;
    let members = u32::try_from(members.len()).unwrap_or(u32::MAX);
    let recheck = Rechecked { at: permits.rechecked_at, members };
    settle(ctx, one, verdict, recheck, permits).boxed()
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
        Sent::NotTheBank(why) => not_the_bank(ctx, delivery, why).await,
        Sent::Attempted(outcome) => Ended::Attempted(outcome),
    };
    report(ended, look)
}

/// Holds every post that mentions the handle: the next claim sees what is written here.
async fn not_the_bank(ctx: &Ctx, delivery: &Delivery, why: String) -> Ended {
    let (by, on) = (ctx.actor("deliver"), delivery.content.platform);
    if let Err(error) = ctx.store.handle_resolved(&by, &delivery.bank, on, Some(&why)).await {
        // The next attempt asks again, and is not sent either.
        tracing::warn!(delivery = %delivery.id, "a mismatch could not be written down: {error}");
    }
    Ended::NotNow { until: ctx.clock.now(), why }
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
