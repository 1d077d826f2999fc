//! A hand-off is the same path with a person as the sender: taking it is the claim, with recheck,
//! budget and lease; the permalink is the receipt, accepted late too.

use anyhow::{Context, bail};

pub use crate::destinations::hand_off::BadPermalink;

use super::{Ctx, deliver};
use crate::{
    destinations::hand_off::{intent_link, post_id},
    domain::{
        delivery::{Delivery, LateReceipt, Look, LookRules, Outcome, Picture, Receipt, State},
        ids::DeliveryId,
        person::{Desk, Person},
        platform::{Account, Sender},
        time::Timestamp,
    },
    store::{Actor, ClaimRules, DeliveryRow, Ended, Report},
};

/// Why a hand-off is not taken, ended, or given back: for its reader to act upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no longer true, or may not go now.
    #[error("it must not be posted: {0}")]
    MustNot(String),
    /// Somebody else took it.
    #[error("only who took it, or an approver, can say that it was not posted")]
    NotTheTaker,
    /// It was posted: the permalink.
    #[error("it is there: {0}; bring it back with `takaza handoff done`")]
    There(String),
    /// Whether it is there cannot be seen now.
    #[error("the account could not be read: {0}; try again")]
    Blind(String),
}

/// What the officer posts, and how.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Taken {
    /// The delivery.
    pub delivery: DeliveryId,
    /// The account to post from.
    pub account: Account,
    /// The approved text, to be posted unchanged.
    pub text: String,
    /// The approved picture, to be posted with it, and the alternative text to be given to it.
    pub picture: Option<Picture>,
    /// A link that opens the platform's composer with the text.
    pub intent_link: Option<String>,
    /// Post it, and bring the permalink back, before then.
    pub until: Timestamp,
}

/// An officer takes a hand-off.
///
/// # Errors
/// It may not be posted now (and why), it is no longer true, or the ledger failed.
pub async fn take(ctx: &Ctx, by: &Actor, desk: &Desk, id: &DeliveryId) -> anyhow::Result<Taken> {
    let holder = desk.id().to_string();
    let lease = ctx.config.deliver.hand_off_lease;
    let rules = ClaimRules { holder: &holder, lease, ..deliver::rules(ctx) };
    let claimed = ctx.store.take_hand_off(by, id, &rules).await?;
    let one = claimed.deliveries.first().context("the hand-off was not taken")?;
    let delivery = one.delivery();
    let answers = deliver::ask_again(ctx, &claimed).await;
    if let Some(verdict) = answers.against(ctx, &claimed, &delivery.escalation).await {
        let why = match &verdict {
            Ended::NotNow { why, .. } | Ended::Untrue { why, .. } => why.clone(),
            Ended::Attempted(_) => String::new(),
        };
        report(ctx, by, delivery.id.clone(), one.lease().token.clone(), verdict).await?;
        bail!(Refusal::MustNot(why));
    }
    let token = &one.lease().token;
    let recheck = answers.recheck_of(&claimed, &delivery.escalation);
    ctx.store.hand_off_rechecked(by, &delivery.id, token, recheck).await?;
    let account = account(ctx, delivery.content.account.as_str()).await?;
    Ok(prepared(delivery, account, one.lease().until))
}

fn prepared(delivery: &Delivery, account: Account, until: Timestamp) -> Taken {
    Taken {
        delivery: delivery.id.clone(),
        text: delivery.content.text.clone(),
        picture: delivery.content.picture.clone(),
        intent_link: intent_link(account.platform, &account.base_url, &delivery.content.text),
        account,
        until,
    }
}

/// What somebody has taken and not yet ended, once more: a page that was closed shows it again.
///
/// # Errors
/// The ledger failed.
pub async fn in_hand(ctx: &Ctx, row: &DeliveryRow) -> anyhow::Result<Option<Taken>> {
    let State::Sending(lease) = row.delivery.state() else { return Ok(None) };
    if row.sender != Sender::HandOff {
        return Ok(None);
    }
    let account = account(ctx, row.delivery.content.account.as_str()).await?;
    Ok(Some(prepared(&row.delivery, account, lease.until)))
}

/// What came of bringing a permalink back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Done {
    /// The receipt.
    pub receipt: Receipt,
    /// The post was read back: its text is the approved one (`None`: it could not be read).
    pub as_approved: Option<bool>,
    /// It is a second post for this delivery: the breaker was tripped.
    pub second: bool,
    /// Nobody had taken it, so it went out on nobody's authority: the breaker was tripped.
    pub unclaimed: bool,
}

/// The officer posted it: the permalink is the receipt, in time or late.
///
/// # Errors
/// The permalink is not one of ours, or the ledger failed.
pub async fn done(
    ctx: &Ctx,
    by: &Actor,
    _desk: &Desk,
    id: &DeliveryId,
    permalink: &str,
) -> anyhow::Result<Done> {
    let row = ctx.store.delivery(id.as_str()).await?;
    let account = account(ctx, row.delivery.content.account.as_str()).await?;
    let post = post_id(&account, permalink)?;
    let at = ctx.clock.now();
    let receipt = Receipt { id: post, permalink: permalink.trim().to_owned(), at };
    let as_approved = read_back(ctx, &row, &receipt).await;
    let accepted = Ended::Attempted(Outcome::Accepted(receipt.clone()));
    let meaning = match row.delivery.state() {
        State::Sending(lease) => {
            let token = lease.token.clone();
            report(ctx, by, id.clone(), token, accepted).await?;
            LateReceipt::Settles
        }
        _ => ctx.store.late_receipt(by, id, &receipt).await?,
    };
    let second = meaning == LateReceipt::Second;
    let unclaimed = meaning == LateReceipt::Unclaimed;
    Ok(Done { receipt, as_approved, second, unclaimed })
}

/// The taker's, or an approver's, word that it was not posted. Where the account can be read, the
/// look must be empty too.
///
/// # Errors
/// Somebody else took it, the post is there, or the ledger failed.
pub async fn not_posted(
    ctx: &Ctx,
    by: &Actor,
    person: &Person,
    id: &DeliveryId,
) -> anyhow::Result<()> {
    let now = ctx.clock.now();
    let desk = person.as_desk(now)?;
    let row = ctx.store.delivery(id.as_str()).await?;
    let taker = match row.delivery.state() {
        State::Sending(lease) => lease.holder == desk.id().as_str(),
        _ => false,
    };
    if !taker && person.as_approver(now).is_err() {
        bail!(Refusal::NotTheTaker);
    }
    if let Some(destination) = ctx.destinations.get(&row.delivery.content.account) {
        match destination.look(&row.delivery).await {
            Look::NotThere | Look::NoWay => {}
            Look::Found(receipt) => bail!(Refusal::There(receipt.permalink)),
            Look::Blind { reason } => bail!(Refusal::Blind(reason)),
        }
    }
    match row.delivery.state() {
        State::Sending(lease) => {
            let reason = format!("{} says that it was not posted", desk.id());
            let ended = Ended::Attempted(Outcome::NotSent { reason });
            report(ctx, by, id.clone(), lease.token.clone(), ended).await
        }
        _ => Ok(ctx.store.decided_not_posted(by, id).await?),
    }
}

async fn account(ctx: &Ctx, name: &str) -> anyhow::Result<Account> {
    let rows = ctx.store.accounts().await?;
    let found = rows.into_iter().find(|row| row.account.name.as_str() == name);
    found.map(|row| row.account).with_context(|| format!("there is no account {name}"))
}

async fn report(
    ctx: &Ctx,
    by: &Actor,
    delivery: DeliveryId,
    token: String,
    ended: Ended,
) -> anyhow::Result<()> {
    let escalation = ctx.store.delivery(delivery.as_str()).await?.delivery.escalation;
    let deliver = &ctx.config.deliver;
    let grace = deliver.request_timeout + deliver.read_lag;
    let look = LookRules { grace, idempotent_for: None };
    let report = Report { delivery, escalation, token, ended, look, recheck: None };
    ctx.store.record(by, &[report], &ctx.config.breaker).await?;
    Ok(())
}

/// The post's own text beside the approved one, where this process can read the account.
async fn read_back(ctx: &Ctx, row: &DeliveryRow, receipt: &Receipt) -> Option<bool> {
    let delivery = &row.delivery;
    let destination = ctx.destinations.get(&delivery.content.account)?;
    let since = delivery.first_attempt_at?.minus(jiff::SignedDuration::from_hours(1));
    let posts = destination.own_posts(since).await.ok()?;
    let post = posts.into_iter().find(|post| post.id == receipt.id)?;
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    Some(plain(&post.text) == plain(&delivery.content.text))
}
