//! Deliver: claim, recheck, exactly one attempt, record.
//!
//! The claim (`store/deliveries/claiming.rs` asks there what may go) is durable before a byte
//! leaves. The recheck (`deliver/recheck.rs`) asks the case source again about every *member*, an
//! action that the text rests on, and *may this be said?* about every text: its `Answers` say what
//! stands against a send. Right before the bytes the permit has the last word. Each attempt ends in a [`Report`], and reports are recorded in batches as
//! they come. Whatever cannot be proved is recorded as unknown, and only looking resolves it.

mod recheck;
mod record;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use jiff::SignedDuration;

pub(super) use self::recheck::{Answers, ask_again};
use super::{Ctx, Progress, picture, switch::SendPermit};
use crate::{
    destinations::{Destination, Permit as _, Sent},
    domain::{
        delivery::{ClaimedDelivery, Delivery, Outcome},
        time::Timestamp,
    },
    store::{ClaimRules, Claimed, Ended, Report},
};

/// Claims what may go now and sends it.
///
/// # Errors
/// The ledger failed. What was claimed and not recorded becomes uncertain when its lease runs out.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    // Before the claim: every send's own deadline is counted from here.
    let began = ctx.clock.steady();
    let claimed = ctx.store.claim(&ctx.actor("deliver"), &rules(ctx)).await?;
    for (delivery, why) in &claimed.waiting {
        tracing::debug!(%delivery, "waits: {why}");
    }
    if claimed.deliveries.is_empty() {
        return Ok(Progress::default());
    }

    // The switch is read beside. Where that fails nothing is lost: whoever sends reads it again,
    // and sends on a fresh reading only.
    let switch = ctx.switch.refresh(&ctx.store, &ctx.clock);
    let (answers, _read) = tokio::join!(ask_again(ctx, &claimed), switch);

    let batch = Batch { ctx, claimed: &claimed, answers: &answers, began };
    let did = record::as_they_end(ctx, batch.attempts()).await?;
    // What the claim had no place for waits for nothing else.
    let more = claimed.deliveries.len() >= ctx.config.pacing.batch as usize;
    Ok(Progress { did, more, ..Progress::default() })
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

/// What was claimed together, what the recheck was answered, and when it began.
struct Batch<'a> {
    ctx: &'a Ctx,
    claimed: &'a Claimed,
    answers: &'a Answers,
    /// Before the claim, on the clock that counts suspension.
    began: SignedDuration,
}

impl<'a> Batch<'a> {
    /// What comes of each, as it ends: one is judged while those before it are under way.
    fn attempts(&self) -> BoxStream<'_, Report> {
        let parallel = self.ctx.config.deliver.parallel.max(1) as usize;
        stream::iter(&self.claimed.deliveries)
            .then(|one| self.judge(one))
            .map(|(one, against)| self.attempt(one, against))
            .buffer_unordered(parallel)
            .boxed()
    }

    /// Whether the recheck's answers speak against sending it. Reading a text is work without a
    /// wait, so the sends under way get their turn in between.
    async fn judge(&self, one: &'a ClaimedDelivery) -> (&'a ClaimedDelivery, Option<Ended>) {
        let against =
            self.answers.against(self.ctx, self.claimed, &one.delivery().escalation).await;
        tokio::task::yield_now().await;
        (one, against)
    }

    /// The one attempt, unless the recheck or the permit says no.
    async fn attempt(&self, one: &ClaimedDelivery, against: Option<Ended>) -> Report {
        let (ctx, delivery) = (self.ctx, one.delivery());
        let destination = ctx.destinations.get(&delivery.content.account);
        let ended = match (against, destination) {
            (Some(against), _) => against,
            (None, Some(destination)) => self.send(one, destination.as_ref()).await,
            (None, None) => {
                not_now(ctx.clock.now(), "this process has no connection to the account")
            }
        };
        Report {
            delivery: delivery.id.clone(),
            escalation: delivery.escalation.clone(),
            token: one.lease().token.clone(),
            ended,
            look: super::look_rules(ctx, delivery),
            recheck: Some(self.answers.recheck_of(self.claimed, &delivery.escalation)),
        }
    }

    async fn send(&self, one: &ClaimedDelivery, destination: &dyn Destination) -> Ended {
        let (ctx, delivery) = (self.ctx, one.delivery());
        let one = &match picture::brought(ctx, one).await {
            Ok(one) => one,
            Err(error) => {
                tracing::error!(delivery = %delivery.id, "it has no picture to be sent: {error:#}");
                return not_now(ctx.clock.now(), "its picture is not as it was approved");
            }
        };
        let permit = self.permit(one, destination);
        permit.renew().await;
        let began_in_time = permit.out_of_time().is_none();
        match destination.send(one, &permit).await {
            Sent::NotNow(no) => match permit.out_of_time() {
                // What took so long (a slow upload) would take as long at once again, for ever: so
                // this was an attempt, and the next one waits, longer each time.
                Some(why) if began_in_time => {
                    let reason = format!("what goes before the post took too long: {why}");
                    Ended::Attempted(Outcome::NotSent { reason })
                }
                _ => Ended::NotNow { until: ctx.clock.now(), why: no.reason },
            },
            Sent::NotTheBank(why) => not_the_bank(ctx, delivery, why).await,
            Sent::Attempted(outcome) => Ended::Attempted(outcome),
        }
    }

    /// What is asked right before the bytes.
    fn permit(&self, one: &ClaimedDelivery, destination: &dyn Destination) -> SendPermit {
        let (ctx, clearance) = (self.ctx, one.clearance());
        let resend_until = one.delivery().resend_until.unwrap_or(Timestamp::MAX);
        SendPermit {
            authority_until: clearance.valid_until().min(resend_until),
            past_stop: clearance.past_stop(),
            switch: ctx.switch.clone(),
            store: ctx.store.clone(),
            clock: ctx.clock.clone(),
            deadline: self.began + ctx.config.deliver.lease - destination.request_timeout(),
            rechecked_until: self.answers.asked + ctx.config.ladder.recheck_within,
        }
    }
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

/// How long a delivery waits after a recheck that could not tell.
const UNTIL_NEXT_RECHECK: SignedDuration = SignedDuration::from_mins(2);

fn not_now(now: Timestamp, why: &str) -> Ended {
    Ended::NotNow { until: now.plus(UNTIL_NEXT_RECHECK), why: why.to_owned() }
}
