//! The first post, by the one path: watched, drafted, shown, approved by its hash, claimed,
//! rechecked, sent once, recorded. And its deletion by the same path.

use std::time::Duration;

use super::{
    super::failure::Failure,
    asking::Asker,
    people::{Signed, Team, by},
};
use crate::{
    app::App,
    domain::{
        delivery::State,
        escalation::{EscalationKind, EscalationState},
        platform::{Sender, Visibility},
    },
    store::{DeliveryFilter, EscalationRow, Listed, QueueFilter},
    work::{self, set_right},
};

/// How often, and how many times, it is looked whether a post has gone.
const LOOKS: (Duration, u32) = (Duration::from_millis(500), 120);

/// Everything that the post needs.
#[derive(Clone, Copy)]
pub(super) struct Desk<'a> {
    pub(super) asker: &'a Asker,
    pub(super) main: &'a App,
    pub(super) app: &'a App,
    pub(super) team: &'a Team,
}

/// Makes the first post, where it is not made yet, and offers to delete it.
pub(super) async fn first_post(desk: Desk<'_>, signed: &mut Signed) -> Result<(), Failure> {
    let Desk { asker, app, .. } = desk;
    asker.tell("step-post", &[])?;
    work::seal::run_once(&app.ctx).await?;
    if of_kind(app, EscalationKind::Tag).await?.is_none_or(|made| link(&made).is_none()) {
        asker.tell("post-why", &[])?;
        work::watch::run_once(&app.ctx).await?;
        work::escalate::run_once(&app.ctx).await?;
        if !goes_out(desk, signed, EscalationKind::Tag).await? {
            return Ok(());
        }
    }
    let made = of_kind(app, EscalationKind::Tag).await?;
    let Some((listed, link)) = made.and_then(|made| link(&made).map(|link| (made, link))) else {
        return Ok(());
    };
    if matches!(listed.row.delivery.state(), State::Retracted(_)) {
        return asker.tell("was-deleted", &[("link", &link)]);
    }
    asker.tell("post-is", &[("link", &link)])?;
    if !asker.yes("delete-ask", &[])? {
        return asker.tell("kept", &[]);
    }
    let approver = signed.in_as(asker, desk.main, &desk.team.approver.id).await?;
    approver.as_desk(app.ctx.clock.now())?;
    if of_kind(app, EscalationKind::Retraction).await?.is_none() {
        let reference = listed.row.delivery.reference.as_str();
        set_right::draft_retraction(&app.ctx, &by(&approver.id), reference).await?;
    }
    if goes_out(desk, signed, EscalationKind::Retraction).await? {
        asker.tell("deleted", &[])?;
    }
    Ok(())
}

/// The latest delivery of this kind.
async fn of_kind(app: &App, kind: EscalationKind) -> Result<Option<Listed>, Failure> {
    let filter = DeliveryFilter { page: (0, 50), ..DeliveryFilter::default() };
    let listed = app.ctx.store.deliveries(&filter).await?;
    Ok(listed.into_iter().find(|listed| listed.row.delivery.kind == kind))
}

fn link(listed: &Listed) -> Option<String> {
    match listed.row.delivery.state() {
        State::Delivered(receipt) | State::Retracted(receipt) => Some(receipt.permalink.clone()),
        _ => None,
    }
}

/// What is drafted of this kind is shown, approved and sent. Returns whether it went.
async fn goes_out(
    desk: Desk<'_>,
    signed: &mut Signed,
    kind: EscalationKind,
) -> Result<bool, Failure> {
    let Desk { asker, app, .. } = desk;
    let folder = app.data.display().to_string();
    let filter = QueueFilter { page: (0, 50), ..QueueFilter::default() };
    let open = app.ctx.store.queue(&filter).await?;
    let Some(row) = open.into_iter().find(|row| row.escalation.kind == kind) else {
        asker.tell("post-none", &[("folder", &folder)])?;
        return Ok(false);
    };
    if row.escalation.state() == EscalationState::Held && !approved(desk, signed, &row).await? {
        return Ok(false);
    }
    if row.deliveries.iter().all(|one| one.sender == Sender::HandOff) {
        let given = [
            ("reference", row.escalation.reference.as_str()),
            ("language", asker.language().as_str()),
            ("person", desk.team.approver.id.as_str()),
            ("folder", &folder),
        ];
        asker.tell("post-by-hand", &given)?;
        return Ok(false);
    }
    asker.tell("post-sending", &[])?;
    let went = send(app, row.escalation.reference.as_str()).await;
    while work::seal::run_once(&app.ctx).await?.more {}
    if let Err((why, reason)) = &went {
        let reason = asker.words(why, &[("reason", reason)])?;
        asker.tell("post-not-yet", &[("reason", &reason), ("folder", &folder)])?;
    }
    Ok(went.is_ok())
}

/// Shows the exact bytes and has the approver say yes to them. A deletion was asked about already.
async fn approved(
    desk: Desk<'_>,
    signed: &mut Signed,
    row: &EscalationRow,
) -> Result<bool, Failure> {
    let Desk { asker, app, .. } = desk;
    let approver = signed.in_as(asker, desk.main, &desk.team.approver.id).await?;
    let escalation = &row.escalation;
    if escalation.kind != EscalationKind::Retraction {
        let accounts = app.ctx.store.accounts().await?;
        for content in &escalation.contents {
            let account = accounts.iter().find(|row| row.account.name == content.account);
            let handle = account.map_or("", |row| row.account.handle.as_str());
            let sees = match content.visibility {
                Visibility::Followers => "visible-private",
                Visibility::Public | Visibility::Unlisted => "visible-public",
            };
            let sees = asker.words(sees, &[])?;
            asker.tell("post-shows", &[("handle", handle), ("visibility", &sees)])?;
            super::super::output::say(&format!("\n    {}\n ", content.text))?;
        }
        if !asker.yes("post-ask", &[("person", approver.id.as_str())])? {
            asker.tell("post-no", &[])?;
            return Ok(false);
        }
    }
    let (reference, hash) = (escalation.reference.as_str(), escalation.hash());
    let valid = app.ctx.config.ladder.clearance_valid_for;
    app.ctx.store.approve(&by(&approver.id), reference, &approver, &hash, valid).await?;
    Ok(true)
}

/// Why an escalation has not gone: the message that says it, and the ledger's own reason.
type Why = (&'static str, String);

/// Runs the path's reconcilers until each delivery of an escalation has ended; why not, otherwise.
async fn send(app: &App, reference: &str) -> Result<(), Why> {
    let (every, times) = LOOKS;
    let mut last = ("why-no-answer", String::new());
    for _ in 0..times {
        let pass = async {
            work::deliver::run_once(&app.ctx).await?;
            work::sweep::run_once(&app.ctx).await?;
            anyhow::Ok(app.ctx.store.escalation(reference).await?)
        };
        let row = pass.await.map_err(|error| ("why-failed", format!("{error:#}")))?;
        let mut ended = true;
        for one in &row.deliveries {
            match one.delivery.state() {
                State::Delivered(_) | State::Retracted(_) => {}
                State::Withdrawn { why } => return Err(("why-withdrawn", why.clone())),
                State::Refused { why } => return Err(("why-refused", why.clone())),
                State::Uncertain(doubt) if doubt.asks => {
                    return Err(("why-uncertain", doubt.why.clone()));
                }
                State::Uncertain(doubt) => {
                    (ended, last) = (false, ("why-uncertain", doubt.why.clone()));
                }
                State::Waiting { why, .. } => {
                    ended = false;
                    last = why.clone().map_or(last, |why| ("why-waiting", why));
                }
                State::Sending(_) => ended = false,
            }
        }
        if ended {
            return Ok(());
        }
        tokio::time::sleep(every).await;
    }
    Err(last)
}
