//! `takaza account rotate-key`.

use clap::Args;

use super::super::{Globals, failure::Outcome, output::say, sign_in::Signing};
use crate::work::{connecting, grants};

/// Changes the key that seals the accounts' grants and people's second factors (an administrator's
/// act)
///
/// Makes a new key, seals all of them anew, and then drops the old key. Where this is cut short,
/// repeat it: nothing is lost. A systemd credential is not ours to write: put the new key on the
/// first line of its source and the old one below, restart the service, run this, and then take the
/// old line away.
#[derive(Debug, Args)]
pub(in super::super) struct RotateKey {
    /// The key is lost for good: delete what no key here opens. Those accounts are connected anew,
    /// and those people set up their second factor anew
    #[arg(long)]
    lost: bool,
    #[command(flatten)]
    signing: Signing,
}

impl RotateKey {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        let session = self.signing.sign_in(globals, "account rotate-key").await?;
        let ctx = &session.app.ctx;
        let administrator = session.person.as_administrator(ctx.clock.now())?;
        let vault = connecting::vault(ctx);
        if self.lost {
            let ended =
                grants::give_up_lost(&vault, &ctx.store, &session.by, &administrator).await?;
            return say(&format!(
                "{ended} grants that nobody could open are deleted; `takaza account list` shows which \
                 accounts to connect anew. At their platforms, take takaza out of the authorised \
                 applications first: the old grants still stand there"
            ));
        }
        let sealed = grants::rotate(&vault, &ctx.store, &session.by, &administrator).await?;
        let next = match vault.file() {
            Some(file) => format!(
                "Keep a copy of {} where the ledger's backups are not, and give it to every other \
                 machine on this ledger.",
                file.display()
            ),
            None => "Now take the old key's line out of the credential's source.".to_owned(),
        };
        say(&format!(
            "{sealed} grants and second factors are sealed with the new key; the old one opens nothing\n{next}"
        ))
    }
}
