//! The accounts that this process speaks from, kept as the ledger has them: one that is added,
//! connected anew, changed or revoked counts within seconds, in every process, without a restart.
//!
//! The invariants: a run works with the accounts that there were when it began; one that did not
//! change is the same client still, for it remembers what its platform allows.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use secrecy::ExposeSecret as _;

use super::{Ctx, Progress, connecting, grants::Keeper};
use crate::{
    config::secret,
    destinations::Destination,
    domain::{
        canonical::Hash,
        ids::AccountName,
        platform::{Account, MentionMode, Sender},
    },
    store::AccountRow,
};

/// The clients of the accounts.
pub type Destinations = Arc<BTreeMap<AccountName, Arc<dyn Destination>>>;
/// The keepers of those accounts that have a grant.
pub type Keepers = Arc<BTreeMap<AccountName, Arc<Keeper>>>;

/// The accounts as this process last found them, if it has looked; all copies of a [`Ctx`] share it.
#[derive(Clone, Default)]
pub struct Speaking(Arc<Mutex<Option<BTreeMap<AccountName, Spoken>>>>);

/// One account, and what it was connected by.
struct Spoken {
    by: By,
    keeper: Option<Arc<Keeper>>,
    /// Why it is left out, where it is.
    destination: Result<Arc<dyn Destination>, String>,
}

/// What a client is made of: another one is made when this changes.
#[derive(PartialEq, Eq)]
struct By {
    account: Account,
    idempotent: bool,
    token_from: Option<String>,
    /// Of the token that a person wrote down, where it can be read.
    token: Option<Hash>,
}

impl By {
    fn of(row: &AccountRow) -> Self {
        // What a text says, and whether it may be sent, is no matter of the client's.
        let account = Account {
            mention: MentionMode::PlainName,
            languages: Vec::new(),
            max_length: 0,
            picture: false,
            live: false,
            ..row.account.clone()
        };
        let token = row.token_from.as_deref().and_then(|from| secret(from).ok());
        Self {
            account,
            idempotent: row.idempotent,
            token_from: row.token_from.clone(),
            token: token.map(|token| Hash::of(token.expose_secret().as_bytes())),
        }
    }
}

impl Spoken {
    fn new(by: By, row: &AccountRow, ctx: &Ctx) -> Self {
        let said = |error: anyhow::Error| format!("{error:#}");
        match connecting::tokens(row, ctx) {
            Err(error) => Self { by, keeper: None, destination: Err(said(error)) },
            Ok(granted) => {
                let destination = connecting::destination(row, granted.tokens, ctx);
                Self { by, keeper: granted.keeper, destination: destination.map_err(said) }
            }
        }
    }

    fn is_left_out_as(&self, other: &Self) -> bool {
        match (&self.destination, &other.destination) {
            (Err(one), Err(other)) => one == other,
            _ => false,
        }
    }
}

impl Ctx {
    /// The same with the accounts as they were last found.
    #[must_use]
    pub fn current(&self) -> Self {
        let mut ctx = self.clone();
        let found = self.speaking.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = &*found else { return ctx };
        let spoken = found
            .iter()
            .filter_map(|(name, one)| Some((name.clone(), one.destination.as_ref().ok()?.clone())));
        ctx.destinations = Arc::new(spoken.collect());
        let kept = found.iter().filter_map(|(name, one)| Some((name.clone(), one.keeper.clone()?)));
        ctx.keepers = Arc::new(kept.collect());
        ctx
    }
}

/// Connects what is new or changed among the accounts that have an API and a token or a grant, and
/// lets go of what was revoked. One that cannot be connected is left out and said so, once: it must
/// not stop the others.
///
/// # Errors
/// The ledger failed.
pub async fn run_once(ctx: &Ctx) -> anyhow::Result<Progress> {
    let rows = ctx.store.accounts().await?;
    let spoken = |row: &&AccountRow| {
        (row.account.sender != Sender::HandOff || row.token_from.is_some()) && !row.revoked
    };
    let mut progress = Progress::default();
    let mut shared = ctx.speaking.0.lock().unwrap_or_else(PoisonError::into_inner);
    let (mut before, mut found) = (shared.take().unwrap_or_default(), BTreeMap::new());
    for row in rows.iter().filter(spoken) {
        let (name, by) = (row.account.name.clone(), By::of(row));
        let old = match before.remove(&name) {
            Some(old) if old.by == by && old.destination.is_ok() => {
                found.insert(name, old);
                continue;
            }
            old => old,
        };
        let new = Spoken::new(by, row, ctx);
        match &new.destination {
            Ok(_) => progress.did += 1,
            Err(_) if old.is_some_and(|old| old.is_left_out_as(&new)) => {}
            Err(error) => tracing::warn!(account = %name, "is not connected: {error}"),
        }
        found.insert(name, new);
    }
    progress.did += before.len() as u64;
    *shared = Some(found);
    Ok(progress)
}
