//! Calls the duty officer, by two ways outside the console; an alarm that nobody takes stops
//! sending, unless it is of a kind that only tells.
//!
//! The invariant: engaging the stop switch waits for nothing that could hang, neither the command
//! nor the webhook.

use std::{process::Stdio, time::Duration};

use anyhow::Context as _;
use futures::StreamExt as _;
use serde_json::json;
use tokio::process::Command;

use super::{Ctx, Progress, listen};
use crate::{
    destinations::http,
    domain::alarm::Raised,
    store::{Actor, Concerns, Way},
};

/// A command or webhook that takes longer has not reached anybody.
const RING_WITHIN: Duration = Duration::from_secs(20);
/// Alarms that ring at once.
const AT_ONCE: usize = 8;

/// Raises what the tables tell, engages the stop switch for what nobody took, and rings.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let by = ctx.actor("alarms");
    let mut progress = Progress { did: raise_conditions(ctx).await?, ..Progress::default() };
    progress.did += stop_for_untaken(ctx, &by).await?;
    let rules = &ctx.config.alarms;
    if !rules.command.is_empty() {
        ring(ctx, Way::Command, &mut progress).await?;
    }
    if rules.webhook.is_some() {
        ring(ctx, Way::Webhook, &mut progress).await?;
    }
    if rules.command.is_empty() || rules.webhook.is_none() {
        progress.notes.push(
            "alarms do not go out by two ways; configure alarms.command and alarms.webhook"
                .to_owned(),
        );
    }
    Ok(progress)
}

/// Reads the tables for what is wrong and raises it. Idempotent. Returns how many ring anew.
///
/// # Errors
/// The ledger failed.
pub async fn raise_conditions(ctx: &Ctx) -> anyhow::Result<u64> {
    let config = &ctx.config;
    let concerns = Concerns {
        // On facts older than this nothing is sent: from then on the outage costs something.
        source_down: config.ladder.maximum_fact_age,
        feed_silent: listen::silent_after(&config.listen),
        unsealed: config.record.unsealed_alarm,
        dispute: config.ladder.dispute_within,
    };
    Ok(ctx.store.raise_conditions(&ctx.actor("alarms"), &concerns).await?)
}

async fn stop_for_untaken(ctx: &Ctx, by: &Actor) -> anyhow::Result<u64> {
    let within = ctx.config.alarms.take_within;
    let mut untaken = ctx.store.untaken_for(within).await?;
    untaken.retain(|alarm| alarm.what.stops());
    let Some(first) = untaken.first() else { return Ok(0) };
    if ctx.store.gate().await?.stopped.is_none() {
        let why = format!("nobody took alarm {} ({}) within {within:#}", first.id, first.what);
        ctx.store.engage_stop(by, &why).await?;
    }
    let ids: Vec<_> = untaken.iter().map(|alarm| alarm.id.as_str()).collect();
    ctx.store.alarms_stopped(by, &ids).await?;
    Ok(untaken.len() as u64)
}

/// Rings what has not yet gone out this way, several at once: one that hangs or fails holds up no
/// other. What fails is tried again at the next run.
async fn ring(ctx: &Ctx, way: Way, progress: &mut Progress) -> anyhow::Result<()> {
    let unrung = ctx.store.unrung(way).await?;
    let mut ringing = futures::stream::iter(unrung)
        .map(|alarm| async move {
            let rang = match way {
                Way::Command => run(ctx, &alarm).await,
                Way::Webhook => call(ctx, &alarm).await,
            };
            (alarm.id, rang)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((id, rang)) = ringing.next().await {
        match rang {
            Ok(()) => {
                ctx.store.rung(&id, way).await?;
                progress.did += 1;
            }
            Err(error) => progress.notes.push(format!("alarm {id} did not go out: {error:#}")),
        }
    }
    Ok(())
}

/// Runs the configured command, the alarm's text as its last argument, without a shell.
async fn run(ctx: &Ctx, alarm: &Raised) -> anyhow::Result<()> {
    let rules = &ctx.config.alarms;
    let (program, arguments) = rules.command.split_first().context("no command is configured")?;
    let running = Command::new(program)
        .args(arguments)
        .arg(alarm.text(&rules.duty_officer))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    let status = tokio::time::timeout(RING_WITHIN, running)
        .await
        .with_context(|| format!("{program} did not end within {RING_WITHIN:?}"))?
        .with_context(|| format!("{program} could not be started"))?;
    anyhow::ensure!(status.success(), "{program} ended with {status}");
    Ok(())
}

/// Posts the alarm to the configured webhook, as JSON. Its address may hold a secret and is never
/// shown.
async fn call(ctx: &Ctx, alarm: &Raised) -> anyhow::Result<()> {
    let rules = &ctx.config.alarms;
    let url = rules.webhook.as_ref().context("no webhook is configured")?;
    let config = http::HttpConfig {
        request_timeout: RING_WITHIN,
        connect_timeout: RING_WITHIN / 2,
        ..ctx.http.clone()
    };
    let body = json!({
        "id": alarm.id, "what": alarm.what, "text": alarm.text(&rules.duty_officer),
        "raised_at": alarm.raised_at.to_string(), "duty_officer": rules.duty_officer,
        "take_before": alarm.what.stops().then(|| alarm.raised_at.plus(rules.take_within).to_string()),
    });
    let sent = http::client(&config)?.post(url).json(&body).send().await;
    let answer = sent.map_err(|error| anyhow::anyhow!("webhook: {}", http::describe(&error)))?;
    let status = answer.status();
    anyhow::ensure!(status.is_success(), "the webhook answered with {status}");
    Ok(())
}
