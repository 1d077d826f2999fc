//! One renewal, from the lease to the stored grant.

use jiff::SignedDuration;

use super::{Inner, REST, Unsaved, later};
use crate::{
    destinations::tokens::{Grant, NoToken, Unrenewed},
    store::{GrantLease, GrantRow, Kept, Leased},
};

/// A key may be changed while we seal; not for ever.
pub(super) const SEALINGS: usize = 5;

impl Inner {
    /// Renews the grant that was read: afterwards the next token is at hand. Whoever finds it
    /// renewed by somebody else takes that one over.
    pub(super) async fn renew(&self, row: Option<&GrantRow>) -> Result<(), NoToken> {
        let parts = &self.parts;
        if let Some(until) = self.held().rest_until.filter(|until| parts.clock.now() < *until) {
            return Err(later(format!("the platform asked to wait; it is asked after {until}")));
        }
        let holder = format!("{}/{}", parts.process, parts.dice.token());
        let before = parts.clock.steady();
        let leased = parts.store.lease_grant(
            &parts.account,
            row.map_or(0, |row| row.rev),
            &holder,
            parts.lease,
            parts.renew.begins_anew(),
        );
        match leased.await.map_err(later)? {
            Leased::Taken(lease, row) => self.renew_under(lease, &row, before).await,
            Leased::Held { until } => {
                Err(later(format!("another process renews it, until {until} at the latest")))
            }
            Leased::Abandoned(lease) => {
                let why = format!(
                    "{} began to renew it and ended; nobody knows what came of that",
                    lease.holder
                );
                self.lost(&lease, &why).await
            }
            Leased::Changed | Leased::Broken => self.adopt().await,
            Leased::Restored => {
                let reason = "the ledger was put back from a backup: `takaza restore accept` first";
                Err(later(reason))
            }
        }
    }

    /// Asks the platform, under a lease that was asked for at `before`.
    async fn renew_under(
        &self,
        lease: GrantLease,
        row: &GrantRow,
        before: SignedDuration,
    ) -> Result<(), NoToken> {
        let parts = &self.parts;
        // Before the platform is asked it must be certain that its answer can be sealed.
        let sealable =
            self.open(row).and_then(|old| parts.vault.keys().map(|_| old).map_err(later));
        let old = match sealable {
            Ok(old) => old.map(|(_, grant)| grant),
            Err(none) => return self.give_back(&lease, none).await,
        };
        if parts.clock.steady() - before > parts.lease - parts.request_timeout {
            return self.give_back(&lease, later("this process slept through its lease")).await;
        }
        match parts.renew.renew(old.as_ref()).await {
            Ok(grant) => {
                self.held().unsaved = Some(Unsaved { lease, grant });
                self.save_unsaved().await?;
                self.adopt().await
            }
            Err(Unrenewed::NotNow { reason }) => {
                self.rest();
                self.give_back(&lease, later(reason)).await
            }
            // Nothing was there that could be used up.
            Err(Unrenewed::Refused { reason }) if old.is_none() => {
                self.rest();
                self.give_back(&lease, NoToken::Reconnect { reason }).await
            }
            Err(Unrenewed::Lost { reason }) if old.is_none() => {
                self.rest();
                self.give_back(&lease, later(reason)).await
            }
            Err(Unrenewed::Refused { reason }) => self.refused_at(&lease, &reason).await,
            Err(Unrenewed::Lost { reason }) => self.lost(&lease, &reason).await,
        }
    }

    /// Stores what the platform granted, and only then has it given out. What cannot be stored is
    /// kept for the next call: the grant before it is used up.
    pub(super) async fn save_unsaved(&self) -> Result<(), NoToken> {
        let Some(unsaved) = self.held().unsaved.take() else { return Ok(()) };
        match self.store(&unsaved.lease, &unsaved.grant).await {
            Ok(()) => Ok(()),
            Err(none) => {
                self.held().unsaved = Some(unsaved);
                Err(none)
            }
        }
    }

    async fn store(&self, lease: &GrantLease, grant: &Grant) -> Result<(), NoToken> {
        let (parts, by) = (&self.parts, self.by());
        for _ in 0..SEALINGS {
            let keys = parts.vault.keys().map_err(later)?;
            let sealed = parts.vault.seal(&keys, &parts.account, grant).map_err(later)?;
            let renewed = parts.store.grant_renewed(&by, lease, (&sealed, &keys), grant.expires_at);
            match renewed.await.map_err(later)? {
                Kept::Stored(_) | Kept::Superseded => {
                    self.held().rest_until = None;
                    return Ok(());
                }
                Kept::OtherKey => {}
            }
        }
        Err(later("the key of the grants is not the ledger's: put the newest key file here"))
    }

    /// The platform refused this grant: whoever renewed it meanwhile, it is ours too. Where nobody
    /// did, it is broken.
    async fn refused_at(&self, lease: &GrantLease, reason: &str) -> Result<(), NoToken> {
        match self.row().await? {
            Some(row) if row.rev != lease.rev => self.adopt().await,
            _ => self.lost(lease, reason).await,
        }
    }

    /// Takes over what the ledger holds by now.
    async fn adopt(&self) -> Result<(), NoToken> {
        let row = self.row().await?.ok_or_else(|| later("the grant was taken away"))?;
        if let Some(reason) = row.broken.clone() {
            return Err(NoToken::Reconnect { reason });
        }
        let Some((fresh, _)) = self.open(&row)? else {
            return Err(later("the grant was ended meanwhile"));
        };
        self.remember(fresh);
        if self.at_hand().is_some() { Ok(()) } else { Err(later("another process renews it")) }
    }

    /// The grant cannot be renewed any more. Its token is good until it ends; a platform that can
    /// begin anew does so at the next call.
    async fn lost(&self, lease: &GrantLease, why: &str) -> Result<(), NoToken> {
        let (parts, by, reason) = (&self.parts, self.by(), why.to_owned());
        if parts.renew.begins_anew() {
            let ended = parts.store.end_grant(&by, &parts.account, Some(lease), why).await;
            ended.map_err(later)?;
            self.rest();
            return Err(later(format!("the session ended, the next one is begun: {reason}")));
        }
        parts.store.grant_broken(&by, lease, why).await.map_err(later)?;
        match self.row().await? {
            Some(row) if row.rev != lease.rev => self.adopt().await,
            _ => Err(NoToken::Reconnect { reason }),
        }
    }

    fn rest(&self) {
        self.held().rest_until = Some(self.parts.clock.now().plus(REST));
    }

    async fn give_back(&self, lease: &GrantLease, none: NoToken) -> Result<(), NoToken> {
        // It runs out by itself where this fails; who finds it then takes it for abandoned.
        self.parts.store.grant_released(lease).await.map_err(later)?;
        Err(none)
    }
}
