//! `takaza account picture`: whether an account's tags bear a picture of their facts.

use clap::{Args, ValueEnum};

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        output::say,
        sign_in::Signing,
    },
    row,
};
use crate::domain::platform::Account;

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in super::super) enum OnOff {
    On,
    Off,
}

impl OnOff {
    pub(super) fn is_on(self) -> bool {
        self == Self::On
    }
}

/// Gives an account's tags a picture of their facts, or leaves it out (an administrator's act)
///
/// It holds for what is drafted from then on: what is drafted already stays as it was shown. A
/// standing order covers a picture only where it names its design (`takaza order templates`).
#[derive(Debug, Args)]
pub(in super::super) struct Picture {
    /// The account's name
    name: String,
    /// Whether they bear one
    picture: OnOff,
    #[command(flatten)]
    signing: Signing,
}

impl Picture {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account picture").await?;
        let ctx = &session.app.ctx;
        let administrator = session.person.as_administrator(ctx.clock.now())?;
        let row = row(ctx, &self.name).await?;
        let (on, name) = (self.picture.is_on(), &row.account.name);
        if on {
            can_show(&row.account)?;
        }
        ctx.store.set_picture(&session.by, &administrator, name, on).await?;
        let what = if on { "bear a picture" } else { "bear no picture" };
        say(&format!("tags of {name} {what} from the next draft on"))
    }
}

/// Whether a picture can be brought there.
///
/// # Errors
/// It cannot, and what to do instead.
pub(super) fn can_show(account: &Account) -> Result<(), Failure> {
    if !account.can_show_pictures() {
        return Err(Failure::usage(
            "takaza brings no picture to X by its API: there an officer posts it by hand (add the \
             account with --hand-off)",
        ));
    }
    Ok(())
}
