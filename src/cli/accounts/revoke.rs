//! `takaza account revoke`.

use clap::Args;

use super::{
    super::{Globals, failure::Outcome, output::say, sign_in::Signing},
    has_grant, row,
};
use crate::{
    domain::platform::Platform,
    store::AccountRow,
    work::{Ctx, accounts::granting::stored, connecting},
};

/// Revokes the platform's grant and says what to do next (an administrator's act)
#[derive(Debug, Args)]
pub(in super::super) struct Revoke {
    /// The account's name
    name: String,
    #[command(flatten)]
    signing: Signing,
}

impl Revoke {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account revoke").await?;
        let ctx = &session.app.ctx;
        session.person.as_administrator(ctx.clock.now())?;
        let row = row(ctx, &self.name).await?;
        let account = &row.account;
        let (how, told) = match end_grant(ctx, &row).await {
            None => ("no token", "It has no token, so there was no grant to end.".to_owned()),
            Some(Ok(())) => {
                ("the platform ended the grant", "The platform ended the grant.".to_owned())
            }
            Some(Err(error)) => (
                "by hand",
                format!("THE PLATFORM DID NOT END THE GRANT ({error}): do it by hand, now."),
            ),
        };
        ctx.store.account_revoked(&session.by, &account.name, how).await?;
        let ended = ctx.store.end_grant(&session.by, &account.name, None, "revoked").await?;
        let token = match row.token_from.as_deref().and_then(|from| from.split_once(':')) {
            Some(("env", variable)) => {
                format!("take the variable {variable} out of the service's environment")
            }
            Some(("credential", name)) => {
                format!("take the credential {name} out of the service's unit")
            }
            Some((_, path)) => format!("delete the token's file {path}"),
            None if ended => "the stored grant is deleted; nothing is to be done".to_owned(),
            None => "nothing is stored here".to_owned(),
        };
        let place = if account.base_url.is_empty() {
            account.platform.to_string()
        } else {
            account.base_url.clone()
        };
        say(&format!(
            "{} is revoked and off. {told}\nNow, by hand:\n\
             1. On {place}, as @{}: look at the authorised applications, and remove takaza's.\n\
             2. End all other sessions there and change the password, if anybody may have the token.\n\
             3. Here: {token}.\n\
             4. Read the account's last posts; `takaza post list --account {}` shows ours.",
            account.name, account.handle, account.name
        ))
    }
}

/// Ends what our token stands for, where there is one.
async fn end_grant(ctx: &Ctx, row: &AccountRow) -> Option<Result<(), String>> {
    if has_grant(row) {
        return by_grant(ctx, row).await.transpose();
    }
    row.token_from.as_ref()?;
    let destination = match connecting::connect(row, ctx) {
        Ok(connected) => connected.destination,
        Err(error) => return Some(Err(format!("{error:#}"))),
    };
    let ended = end_session(ctx, row).await;
    Some(match (destination.revoke().await, ended) {
        (Ok(()), ended) => ended,
        (Err(by_hand), Ok(())) => Err(by_hand.to_string()),
        (Err(by_hand), Err(error)) => Err(format!("{by_hand}; {error}")),
    })
}

/// Ends the session that is stored, on a platform whose password cannot end itself.
async fn end_session(ctx: &Ctx, row: &AccountRow) -> Result<(), String> {
    if row.account.platform != Platform::Bluesky {
        return Ok(());
    }
    let Some(grant) = stored(ctx, row).await? else { return Ok(()) };
    let session = connecting::session(row, ctx).map_err(|error| format!("{error:#}"))?;
    let not_ended = |error| format!("the stored session was not ended either: {error}");
    session.end(&grant).await.map_err(not_ended)
}

async fn by_grant(ctx: &Ctx, row: &AccountRow) -> Result<Option<()>, String> {
    let Some(grant) = stored(ctx, row).await? else { return Ok(None) };
    let oauth = connecting::oauth(ctx).map_err(|error| format!("{error:#}"))?;
    oauth.revoke(&grant).await.map(Some)
}
