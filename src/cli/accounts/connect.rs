//! `takaza account connect`.

use std::time::Duration;

use clap::Args;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{
    super::{
        Globals,
        failure::{Failure, Outcome},
        output::{say, warn},
        sign_in::{Session, Signing},
    },
    ask,
    grant::{self, Before, By, Connected, Voice},
    has_grant, row,
};
use crate::{domain::person::Administrator, store::AccountRow};

/// Checks an account's connection, or connects a revoked one anew (an administrator's act)
///
/// Asks the platform who the token is and how long a text may be. Where that is as known, nothing
/// changes; otherwise the account is stored anew and is off until an approver turns it live.
///
/// An account on X that has no token of its own gets one here: open the address that is printed, in
/// a browser on this machine, as the account that shall be connected. On a server without a browser,
/// --paste takes the address that the browser of another machine ends at.
#[derive(Debug, Args)]
pub(in super::super) struct Connect {
    /// The account's name
    name: String,
    /// Take the address that the browser ends at from standard input, instead of listening for it
    #[arg(long)]
    paste: bool,
    /// Ask for a new grant although the one that is stored works
    #[arg(long)]
    anew: bool,
    /// How long to wait for the person at the browser, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    #[arg(value_parser = clap::value_parser!(u64).range(1..=3600))]
    timeout: u64,
    #[command(flatten)]
    signing: Signing,
}

impl Connect {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account connect").await?;
        let ctx = &session.app.ctx;
        let now = ctx.clock.now();
        let administrator = session.person.as_administrator(now)?;
        let mut row = row(ctx, &self.name).await?;
        let name = row.account.name.clone();
        if has_grant(&row) {
            return self.by_grant(&session, &administrator, row).await;
        }
        if row.token_from.is_none() {
            if !row.revoked {
                return say(&format!(
                    "{name} is posted to by hand and has no token: nothing to check"
                ));
            }
            row.revoked = false;
            ctx.store.put_account(&session.by, &administrator, &row).await?;
            return say(&format!("{name} is connected again, for posts by hand; it is not live"));
        }
        let asked = ask(ctx, &row).await?;
        let theirs = &asked.identity.author;
        let other = row.account.stable_id.as_ref().is_some_and(|known| *known != theirs.stable_id);
        if other {
            return Err(Failure::refused(format!(
                "the token is another account's now: @{}, id {}. Add it under another name",
                theirs.handle, theirs.stable_id
            )));
        }
        let same = !row.revoked
            && row.account.stable_id.is_some()
            && row.account.handle == theirs.handle
            && row.account.max_length <= asked.max_length;
        if same {
            ctx.store.account_heard(&name, now, None, false).await?;
            return say(&format!("{name} works: @{} answers, nothing changed", theirs.handle));
        }
        row.account.handle.clone_from(&theirs.handle);
        row.account.stable_id = Some(theirs.stable_id.clone());
        row.account.max_length = row.account.max_length.min(asked.max_length);
        ctx.store.put_account(&session.by, &administrator, &row).await?;
        say(&format!(
            "{name} is connected anew: @{}, texts of at most {}; an approver must turn it live",
            theirs.handle, row.account.max_length
        ))
    }
    /// The grant that is stored, where it works; otherwise a new one.
    async fn by_grant(
        &self,
        session: &Session,
        administrator: &Administrator,
        row: AccountRow,
    ) -> Outcome {
        let (ctx, name) = (&session.app.ctx, &row.account.name);
        let known = row.account.stable_id.as_ref();
        let stored = ctx.store.grant(name).await?;
        let usable = stored.is_some_and(|grant| grant.sealed.is_some() && grant.broken.is_none());
        if usable && !self.anew && !row.revoked {
            match ask(ctx, &row).await {
                Ok(asked) if Some(&asked.identity.author.stable_id) == known => {
                    ctx.store.account_heard(name, ctx.clock.now(), None, false).await?;
                    let handle = &asked.identity.author.handle;
                    return say(&format!("{name} works: @{handle} answers, nothing changed"));
                }
                Ok(_) => {
                    warn("takaza: the stored grant is another account's; a new one is asked for")
                }
                Err(_) => warn("takaza: the stored grant does not work; a new one is asked for"),
            }
        }
        let wait = (!self.paste).then(|| Duration::from_secs(self.timeout));
        let by = By { ctx, actor: &session.by, administrator };
        let connected = grant::connect(by, row, &Plain, wait).await?;
        told(&connected)
    }
}

/// What came of it, and of the grant before it.
fn told(connected: &Connected) -> Outcome {
    let (name, who) = (&connected.row.account.name, &connected.who);
    let live = match (connected.changed, connected.row.account.live) {
        (false, true) => "it is live as before".to_owned(),
        _ => format!("next: an approver turns it live with `takaza account live {name}`"),
    };
    let before = match &connected.before {
        Before::None => String::new(),
        Before::Ended => "the platform ended the grant before it\n".to_owned(),
        Before::Stands(error) => format!(
            "THE GRANT BEFORE IT MAY STAND STILL ({error}): it is no longer here. Whoever may have it \
             can speak as @{}: look at the account's authorised applications and sessions there\n",
            who.handle
        ),
    };
    say(&format!("{name} is connected: @{}, id {}\n{before}{live}", who.handle, who.stable_id))
}

/// As a command speaks: a script may read the address from its line of its own.
struct Plain;

impl Plain {
    fn tell(address: &str, more: &str) -> Outcome {
        say(&format!(
            "Open this address in a browser, as the account that shall be connected, and say yes:\n\n\
             {address}\n\n{more}"
        ))
    }
}

impl Voice for Plain {
    fn open(&self, address: &str, wait: Duration) -> Outcome {
        Self::tell(address, &format!("It is waited for {} seconds.", wait.as_secs()))
    }

    fn pasted(&self, address: &str) -> Result<SecretString, Failure> {
        Self::tell(
            address,
            "The browser ends at an address that it cannot open. Paste that address here, and press \
             enter:",
        )?;
        let mut line = Zeroizing::new(String::new());
        std::io::stdin().read_line(&mut line).map_err(Failure::failed)?;
        Ok(SecretString::from(line.as_str()))
    }
}
