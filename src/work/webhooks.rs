//! Tells other systems what happened: signed calls, each tried until it arrives or is given up, and
//! listed.
//!
//! The invariants: nothing is told that the record does not hold; a call has the same id and the same
//! bytes however often it is tried, so that it counts once where it arrives twice; no case reference
//! is in any of them; a receiver that hangs holds up no other.

use std::time::Duration;

use anyhow::Context as _;
use futures::StreamExt as _;
use jiff::SignedDuration;
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::{Ctx, Progress};
use crate::{
    config::{self, Webhook},
    destinations::http,
    domain::{
        delivery::State,
        escalation::EscalationKind,
        time::Timestamp,
        webhook::{ACTS, Event, Signer, again_after, events_of},
    },
    store::{Entry, EscalationRow, StoreError, Telling, WebhookRow},
};

/// A receiver that takes longer has not taken it.
const WITHIN: Duration = Duration::from_secs(15);
/// Nobody else tries a call that one process has just taken: longer than [`WITHIN`].
const TAKEN: SignedDuration = SignedDuration::from_secs(60);
/// Calls under way at once to one receiver.
const AT_ONCE: usize = 4;
/// Calls in one run to one receiver.
const BATCH: u32 = 50;
/// What ended is listed for so long.
const LISTED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Reads what is new in the record for each webhook, and makes the calls that are due.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let mut progress = Progress::default();
    let webhooks = &ctx.config.console.webhooks;
    for webhook in webhooks {
        progress.more |= read(ctx, webhook).await?;
    }
    let all = webhooks.iter().map(|webhook| call(ctx, webhook));
    for called in futures::future::join_all(all).await {
        let called = called?;
        progress.did += called.did;
        progress.notes.extend(called.notes);
        progress.more |= called.more;
    }
    if !webhooks.is_empty() {
        ctx.store.webhook_forget(ctx.store.clock().await?.minus(LISTED)).await?;
    }
    Ok(progress)
}

/// Notes what a webhook is to be told. Whether there is more to read.
async fn read(ctx: &Ctx, webhook: &Webhook) -> anyhow::Result<bool> {
    let unread = ctx.store.webhook_unread(&webhook.name, ACTS).await?;
    if unread.from == unread.until {
        return Ok(false);
    }
    let mut tellings = Vec::new();
    for entry in &unread.entries {
        for event in events_of(&entry.act, &entry.body) {
            if webhook.events.contains(&event) {
                tellings.extend(telling(ctx, entry, event).await?);
            }
        }
    }
    ctx.store.webhook_tell(&webhook.name, &unread, &tellings).await?;
    Ok(unread.more)
}

/// What is told of an event: which escalation, how it stands, where its post is.
async fn telling(ctx: &Ctx, entry: &Entry, event: Event) -> anyhow::Result<Option<Telling>> {
    let (row, delivery) = match ctx.store.delivery(&entry.subject).await {
        Ok(row) => {
            let escalation = ctx.store.escalation(row.delivery.escalation.as_str()).await?;
            (escalation, Some(row.delivery))
        }
        Err(StoreError::NotFound(_)) => match ctx.store.escalation(&entry.subject).await {
            Ok(row) => (row, None),
            Err(StoreError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        },
        Err(error) => return Err(error.into()),
    };
    let deletes = row.escalation.kind == EscalationKind::Retraction;
    if event == Event::Posted && deletes {
        return Ok(None);
    }
    // A thank-you tells that the bank acted on what another post asked for.
    let about = match (&row.escalation.about, event) {
        (Some(about), Event::BankActed) => ctx.store.escalation(about.as_str()).await?,
        _ => row,
    };
    let (state, link) = match &delivery {
        Some(one) => (one.name().to_string(), link(one.state())),
        None => (about.escalation.state().to_string(), first_link(&about)),
    };
    let at = entry.at.parse().map(Timestamp::from_micros).unwrap_or(Timestamp::MAX);
    let body = json!({
        "type": event, "timestamp": at.to_string(),
        "data": {
            "reference": about.escalation.reference, "bank": about.escalation.bank,
            "state": state, "permalink": link,
        },
    });
    // A post goes out once, whatever acts tell of its receipt.
    let what = if event == Event::Posted { &entry.subject } else { &entry.id };
    let (id, event) = (format!("msg_{what}_{event}"), event.as_str());
    Ok(Some(Telling { id, event, body: body.to_string() }))
}

fn link(state: &State) -> Option<String> {
    match state {
        State::Delivered(receipt) | State::Retracted(receipt) => Some(receipt.permalink.clone()),
        _ => None,
    }
}

fn first_link(row: &EscalationRow) -> Option<String> {
    row.deliveries.iter().find_map(|row| link(row.delivery.state()))
}

/// Makes the calls to one receiver that are due.
async fn call(ctx: &Ctx, webhook: &Webhook) -> anyhow::Result<Progress> {
    let again = ctx.store.clock().await?.plus(TAKEN);
    let taken = ctx.store.webhook_take(&webhook.name, again, BATCH).await?;
    let mut progress = Progress { more: taken.len() == BATCH as usize, ..Progress::default() };
    let mut trying = futures::stream::iter(taken)
        .map(|one| async move {
            let tried = attempt(ctx, webhook, &one).await;
            (one, tried)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((one, tried)) = trying.next().await {
        match tried {
            Ok(()) => {
                ctx.store.webhook_tried(&one, None).await?;
                progress.did += 1;
            }
            Err(error) => {
                let said = format!("{error:#}");
                let now = ctx.store.clock().await?;
                let next = again_after(one.attempts).map(|after| now.plus(after));
                ctx.store.webhook_tried(&one, Some((&said, next))).await?;
                let end = if next.is_none() { " and was given up" } else { "" };
                let note =
                    format!("webhook {}: {} did not arrive{end}: {said}", one.webhook, one.id);
                progress.notes.push(note);
            }
        }
    }
    Ok(progress)
}

/// One try. Its address may hold a secret and is never shown.
async fn attempt(ctx: &Ctx, webhook: &Webhook, one: &WebhookRow) -> anyhow::Result<()> {
    let secret = config::secret(&webhook.secret_from).context("its secret (secret_from)")?;
    let signer = Signer::parse(secret.expose_secret())?;
    let client = http::client(&http::HttpConfig {
        request_timeout: WITHIN.min(ctx.http.request_timeout),
        connect_timeout: (WITHIN / 3).min(ctx.http.connect_timeout),
        ..ctx.http.clone()
    })?;
    let seconds = ctx.clock.now().micros().div_euclid(1_000_000);
    let request = client
        .post(&webhook.url)
        .header("content-type", "application/json")
        .header("webhook-id", &one.id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signer.sign(&one.id, seconds, &one.body))
        .body(one.body.clone());
    let answer = request.send().await.map_err(|error| anyhow::anyhow!(http::describe(&error)))?;
    let status = answer.status();
    anyhow::ensure!(status.is_success(), "it answered with {status}");
    Ok(())
}
