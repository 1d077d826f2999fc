//! What takaza stands on: clock, case source, people, accounts, handles, workers.

use std::collections::BTreeMap;

use futures::TryStreamExt as _;
use jiff::SignedDuration;

use super::{super::failure::Failure, Findings};
use crate::{
    cases::SourceError,
    destinations::{Duty, Seen, mail},
    domain::{
        person::Role,
        platform::{MentionMode, Sender},
    },
    store::{AccountRow, Worker},
    work::{Ctx, connecting, weekly},
};

/// Clocks that differ by more than this are wrong.
const SKEW: SignedDuration = SignedDuration::from_secs(2);
/// As many rows of the source are looked at.
const ROWS: usize = 20;

/// Leases are stamped by the database's clock, texts and ages by ours.
pub(super) async fn clock(ctx: &Ctx, findings: &mut Findings) {
    let before = ctx.clock.now();
    match ctx.store.clock().await {
        Ok(theirs) => {
            let after = ctx.clock.now();
            let skew = before.since(theirs).max(theirs.since(after)).max(SignedDuration::ZERO);
            if skew > SKEW {
                let says = format!("the database's differs from ours by {skew:#}");
                findings.fail("clock", says, "run an NTP client on both machines");
            } else {
                findings.ok("clock", format!("ours and the database's agree ({before})"));
            }
        }
        Err(error) => findings.fail("clock", error.to_string(), "look at the ledger's database"),
    }
}

/// A few rows of the case source, read and thrown away.
pub(super) async fn source(ctx: &Ctx, findings: &mut Findings) {
    let name = &ctx.config.source.name;
    match few_rows(ctx).await {
        Ok((changes, good, bad)) => {
            let how = if changes { "tells changes" } else { "gives snapshots" };
            let says = format!("{name} answers and {how}; {good} rows looked at");
            if bad > 0 {
                let says = format!("{says}, {bad} more break the contract");
                findings.warn("case source", says, "`takaza cases rejected` names them");
            } else if good == 0 {
                let todo = "import a file (`takaza cases import`) or look at source.query";
                findings.warn("case source", format!("{says}: it is empty"), todo);
            } else {
                findings.ok("case source", says);
            }
        }
        Err(error) => {
            let todo = match &error {
                SourceError::Unreachable { .. } => "look at [source]: its url, user and network",
                SourceError::Contract { .. } => {
                    "mend source.query; docs/connecting.md has the contract"
                }
            };
            findings.fail("case source", error.to_string(), todo);
        }
    }
}

async fn few_rows(ctx: &Ctx) -> Result<(bool, usize, usize), SourceError> {
    let now = ctx.clock.now();
    let changes = ctx.source.tells_changes().await?;
    let mut rows = ctx.source.poll(now, None).await?;
    let (mut good, mut bad) = (0, 0);
    while let Some(row) = rows.try_next().await? {
        match row {
            Ok(_) => good += 1,
            Err(_) => bad += 1,
        }
        if good + bad >= ROWS {
            break;
        }
    }
    Ok((changes, good, bad))
}

/// Two people are the least: one who writes, one who approves.
pub(super) async fn people(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    let now = ctx.clock.now();
    let people = ctx.store.people().await?;
    let have = |role: Role| {
        people.iter().filter(|one| one.role == role && one.in_force(now).is_ok()).count()
    };
    let missing: Vec<&str> = [
        (Role::Administrator, "administrator"),
        (Role::Officer, "officer"),
        (Role::Approver, "approver"),
    ]
    .into_iter()
    .filter(|(role, _)| have(*role) == 0)
    .map(|(_, name)| name)
    .collect();
    if missing.is_empty() {
        let (officers, approvers) = (have(Role::Officer), have(Role::Approver));
        findings.ok("people", format!("officers: {officers}, approvers: {approvers}"));
    } else {
        let todo = "`takaza person add`; an approver waits for a second person's `takaza person \
                    confirm`";
        findings.warn("people", format!("nobody in force is {}", missing.join(", ")), todo);
    }
    Ok(())
}

/// Every account that was not revoked.
pub(super) async fn accounts(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    let rows = ctx.store.accounts().await?;
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.revoked).collect();
    if rows.is_empty() {
        findings.warn("accounts", "none is connected", "`takaza account add` connects one");
    }
    for row in &rows {
        let what = format!("account {}", row.account.name);
        if let Err((says, todo)) = token(ctx, row).await {
            findings.fail(&what, says, todo);
            continue;
        }
        let account = &row.account;
        duties(ctx, row, findings).await;
        let how = match (account.sender, &row.token_from) {
            (Sender::HandOff, None) => "posted to by hand",
            (Sender::HandOff, Some(_)) => "posted to by hand, its token reads it back",
            (Sender::Api, Some(_)) => "its token works",
            (Sender::Api, None) => "its grant works",
        };
        let says = format!("@{} on {}, {how}", account.handle, account.platform);
        let paused = row.paused_until.filter(|until| ctx.clock.now() < *until);
        if paused.is_some() {
            let why = row.paused_why.as_deref().unwrap_or_default();
            let todo = "mend that, then `takaza account live` ends the pause";
            findings.warn(&what, format!("{says}, paused: {why}"), todo);
        } else if account.live {
            findings.ok(&what, format!("{says}, live"));
        } else {
            let todo = "an approver turns it live (`takaza account live`)";
            findings.warn(&what, format!("{says}, not live"), todo);
        }
    }
    Ok(())
}

/// The token works, is the same account's, and the server takes texts as long as ours.
async fn token(ctx: &Ctx, row: &AccountRow) -> Result<(), (String, &'static str)> {
    if !row.has_api() {
        return Ok(());
    }
    if row.token_from.is_none() {
        granted(ctx, row).await?;
    }
    let destination =
        connecting::connect(row, ctx).map(|connected| connected.destination).map_err(|error| {
            (format!("{error:#}"), "put the token where `takaza account list --json` says")
        })?;
    let identity = destination
        .whoami()
        .await
        .map_err(|error| (error.to_string(), "`takaza account connect` with a new token"))?;
    if row.account.stable_id.as_ref().is_some_and(|known| *known != identity.author.stable_id) {
        let says = format!("its token is @{}'s now", identity.author.handle);
        return Err((says, "revoke it, and connect the right account"));
    }
    let limits =
        destination.limits().await.map_err(|error| (error.to_string(), "look at the server"))?;
    if limits.max_length < row.account.max_length {
        let (theirs, ours) = (limits.max_length, row.account.max_length);
        let says = format!("the server takes texts of at most {theirs}, ours may have {ours}");
        return Err((says, "`takaza account connect` takes the server's limit over"));
    }
    Ok(())
}

/// What the platform asks of an automated account, as far as its API shows it.
async fn duties(ctx: &Ctx, row: &AccountRow, findings: &mut Findings) {
    if row.account.sender != Sender::Api {
        return;
    }
    let what = format!("duties of {}", row.account.name);
    let asked = match connecting::connect(row, ctx) {
        Ok(connected) => connected.destination.duties().await.map_err(|error| error.to_string()),
        Err(error) => Err(format!("{error:#}")),
    };
    let duties = match asked {
        Ok(duties) => duties,
        Err(error) => return findings.warn(&what, error, "repeat this later"),
    };
    for Duty { what: duty, seen } in duties {
        match seen {
            Seen::Yes(shown) => findings.ok(&what, format!("{duty}: {shown}")),
            Seen::No(todo) => findings.warn(&what, format!("{duty}: no"), &todo),
            // Neither kept nor missing, as far as anybody can tell from here.
            Seen::NotShown(look) => {
                findings.ok(&what, format!("{duty}: not shown by the API, so {look}"));
            }
        }
    }
}

/// An account without a token of its own has a grant that can be renewed.
async fn granted(ctx: &Ctx, row: &AccountRow) -> Result<(), (String, &'static str)> {
    let todo = "an administrator connects it (`takaza account connect`)";
    let name = &row.account.name;
    let grant =
        ctx.store.grant(name).await.map_err(|error| (error.to_string(), "look at the ledger"))?;
    let (sealed, broken) = grant.map_or((None, None), |grant| (grant.sealed, grant.broken));
    let sealed = sealed.ok_or_else(|| ("it is not connected".to_owned(), todo))?;
    if let Some(why) = broken {
        return Err((format!("its grant can no longer be renewed: {why}"), todo));
    }
    connecting::vault(ctx).open(name, &sealed).map(drop).map_err(|error| {
        (
            error.to_string(),
            "restore the key file of secrets.key_file; it is in no backup of the ledger",
        )
    })
}

/// Handles that are expired, taken over, or not resolved lately.
pub(super) async fn handles(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    let now = ctx.clock.now();
    let handles = ctx.store.handles().await?;
    let mut good = 0;
    for handle in &handles {
        let what = format!("handle of {}", handle.bank);
        let name = format!("@{} on {}", handle.handle, handle.platform);
        let todo = "look at it, then `takaza banks handle add` or `verify`";
        if let Some(mismatch) = &handle.mismatch {
            findings.warn(
                &what,
                format!("{name}: {mismatch}; posts that mention it are held"),
                todo,
            );
        } else if handle.expires_at <= now {
            findings.warn(&what, format!("{name}: its verification has expired"), todo);
        } else if now.since(handle.resolved_at) > ctx.config.deliver.handle_fresh_for {
            let says = format!("{name} was last resolved {}", handle.resolved_at);
            findings.warn(
                &what,
                says,
                "`takaza serve` resolves it, or `takaza banks handle verify`",
            );
        } else {
            good += 1;
        }
    }
    let mentions = ctx
        .store
        .accounts()
        .await?
        .iter()
        .any(|row| !row.revoked && row.account.mention == MentionMode::Mention);
    if good > 0 {
        findings.ok("handles", format!("{good} of {} are verified and fresh", handles.len()));
    } else if handles.is_empty() && mentions {
        let todo = "`takaza banks handle add`; until then banks are named by their plain names";
        findings.warn("handles", "an account mentions banks, and no handle is verified", todo);
    }
    Ok(())
}

/// Workers prove that they live.
pub(super) async fn workers(ctx: &Ctx, findings: &mut Findings) -> Result<(), Failure> {
    let now = ctx.clock.now();
    let late = (ctx.config.watch.every * 5).max(SignedDuration::from_mins(10));
    // Each process writes under its own id: a reconciler lives as long as any of them does.
    let mut workers: BTreeMap<String, Worker> = BTreeMap::new();
    for worker in ctx.store.workers().await? {
        let name = worker.name.split('@').next().unwrap_or_default().to_owned();
        let newer =
            workers.get(&name).is_none_or(|known| known.last_start_at < worker.last_start_at);
        if newer {
            workers.insert(name, worker);
        }
    }
    if workers.is_empty() {
        findings.warn("workers", "none has ever run", "start `takaza serve`");
        return Ok(());
    }
    let mut silent = Vec::new();
    for (name, worker) in &workers {
        if let Some(error) = &worker.last_error {
            let what = format!("worker {name}");
            findings.warn(&what, format!("its last run failed: {error}"), "see its log");
        }
        if worker.last_ok_at.is_none_or(|at| now.since(at) > late) {
            silent.push(name.as_str());
        }
    }
    if silent.is_empty() {
        findings.ok("workers", format!("{} ran lately", workers.len()));
    } else {
        let says = format!("not heard of for {late:#}: {}", silent.join(", "));
        findings.warn("workers", says, "start `takaza serve`, or look at why it stopped");
    }
    if let Some(why) = ctx.store.gate().await?.closed() {
        findings.warn("gate", format!("nothing is sent: {why}"), "`takaza resume` lifts it");
    }
    Ok(())
}

/// The mail server of the weekly report: it lets us in. No mail is sent.
pub(super) async fn mail(ctx: &Ctx, findings: &mut Findings) {
    let to = &ctx.config.report.weekly_to;
    if to.is_empty() {
        return;
    }
    let greeted = match weekly::server(ctx) {
        Ok(server) => mail::greet(&server).await,
        Err(error) => Err(error),
    };
    match greeted {
        Ok(()) => {
            findings
                .ok("weekly report", format!("its mail server lets us in; to {}", to.join(", ")));
        }
        Err(error) => {
            let todo = "mend [report] in takaza.toml, then try `takaza report send-weekly`";
            findings.fail("weekly report", format!("{error:#}"), todo);
        }
    }
}
