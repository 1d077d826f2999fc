//! Why an account was not connected: for the command in English, and by its message's key for
//! `takaza setup`, which says it in the person's own language.

use super::super::failure::Failure;
use crate::destinations::{tokens::Unrenewed, x::oauth::NotGranted};

/// Why there is no grant. What stands in `reason` is the platform's or the system's own word.
#[derive(Debug)]
pub(in super::super) enum Ungranted {
    /// Nothing of the grant's own: the configuration, the key, the ledger.
    Other(Failure),
    /// Something else listens where the browser comes back to.
    Busy {
        /// Where.
        address: String,
        /// The system's word.
        reason: String,
    },
    /// Nobody came back in time.
    NobodyCame {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Nothing was pasted.
    NothingPasted,
    /// The browser's answer grants nothing.
    NotGranted(NotGranted),
    /// The code bought no grant.
    Unexchanged(Unrenewed),
    /// Not all that was asked for.
    Missing {
        /// The scopes.
        scopes: String,
    },
    /// Nobody knows whose it is.
    Nameless {
        /// Why not.
        reason: String,
    },
    /// The browser was signed in as another account.
    OtherAccount {
        /// The account that it was signed in as.
        handle: String,
        /// Its id.
        id: String,
        /// The account that was meant.
        meant: String,
    },
    /// There was a grant, and it is not kept.
    Unkept {
        /// Why not.
        why: Box<Self>,
        /// Whether the platform ended it, and else why not.
        ended: Result<(), String>,
    },
}

/// A message's key, and its variables.
pub(in super::super) type Message = (&'static str, Vec<(&'static str, String)>);

impl Ungranted {
    /// The message of the locales that says it; `None`: see [`Self::Other`] and [`Self::Unkept`].
    pub(in super::super) fn message(&self) -> Option<Message> {
        let reason = |reason: &String| vec![("reason", reason.clone())];
        Some(match self {
            Self::Other(_) | Self::Unkept { .. } => return None,
            Self::Busy { address, reason } => {
                ("x-busy", vec![("address", address.clone()), ("reason", reason.clone())])
            }
            Self::NobodyCame { seconds } => ("x-nobody", vec![("seconds", seconds.to_string())]),
            Self::NothingPasted => ("x-nothing-pasted", Vec::new()),
            Self::NotGranted(NotGranted::Refused { reason: said }) => ("x-refused", reason(said)),
            Self::NotGranted(NotGranted::Foreign | NotGranted::NoCode) => ("x-foreign", Vec::new()),
            Self::Unexchanged(Unrenewed::Refused { reason: said }) => ("x-code-late", reason(said)),
            Self::Unexchanged(Unrenewed::NotNow { reason: said }) => {
                ("x-code-not-now", reason(said))
            }
            Self::Unexchanged(Unrenewed::Lost { reason: said }) => ("x-code-lost", reason(said)),
            Self::Missing { scopes } => ("x-missing-scopes", vec![("scopes", scopes.clone())]),
            Self::Nameless { reason: said } => ("x-nameless", reason(said)),
            Self::OtherAccount { handle, meant, .. } => {
                ("x-other-account", vec![("handle", handle.clone()), ("meant", meant.clone())])
            }
        })
    }
}

impl From<Failure> for Ungranted {
    fn from(failure: Failure) -> Self {
        Self::Other(failure)
    }
}

impl From<NotGranted> for Ungranted {
    fn from(error: NotGranted) -> Self {
        Self::NotGranted(error)
    }
}

/// As the command says it.
impl From<Ungranted> for Failure {
    fn from(ungranted: Ungranted) -> Self {
        match ungranted {
            Ungranted::Other(failure) => failure,
            Ungranted::Busy { address, reason } => Self::Failed(format!(
                "{address} cannot be listened on ({reason}): end what uses it, or use --paste"
            )),
            Ungranted::NobodyCame { seconds } => Self::Failed(format!(
                "nobody came back within {seconds} seconds; repeat this, with --timeout for longer, \
                 or with --paste where the browser is on another machine"
            )),
            Ungranted::NothingPasted => Self::usage("nothing was pasted; nothing was stored"),
            Ungranted::NotGranted(error @ NotGranted::Refused { .. }) => {
                Self::refused(format!("{error}; nothing was stored"))
            }
            Ungranted::NotGranted(error) => Self::usage(format!(
                "{error}: copy the whole address that the browser ended at, and repeat this from \
                 the beginning; nothing was stored"
            )),
            Ungranted::Unexchanged(error) => Self::Failed(unexchanged(&error)),
            Ungranted::Missing { scopes } => Self::refused(format!(
                "the platform did not grant all that was asked for (missing: {scopes}); look at \
                 x.scopes and at the client's permissions there"
            )),
            Ungranted::Nameless { reason } => {
                Self::Failed(format!("the platform did not say whose the grant is: {reason}"))
            }
            Ungranted::OtherAccount { handle, id, meant } => Self::refused(format!(
                "the browser was signed in as @{handle}, id {id}, and the account is @{meant}: sign \
                 in there as @{meant} and repeat this, or add @{handle} under another name"
            )),
            Ungranted::Unkept { why, ended } => unkept(Self::from(*why), ended),
        }
    }
}

fn unexchanged(error: &Unrenewed) -> String {
    match error {
        Unrenewed::Refused { reason } => format!(
            "the platform did not take the code ({reason}): it lives for half a minute; repeat this, \
             and be quicker"
        ),
        Unrenewed::NotNow { reason } => format!(
            "the code could not be exchanged ({reason}): look at [x] and at the network, and repeat \
             this"
        ),
        Unrenewed::Lost { reason } => format!(
            "the platform's answer was lost ({reason}), and nothing is stored: repeat this; the \
             account's authorised applications then show takaza once"
        ),
    }
}

fn unkept(failure: Failure, ended: Result<(), String>) -> Failure {
    let told = match ended {
        Ok(()) => "the new grant was ended again".to_owned(),
        Err(error) => format!(
            "THE NEW GRANT COULD NOT BE ENDED ({error}): as that account, take takaza out of the \
             authorised applications"
        ),
    };
    match failure {
        Failure::Refused(text) => Failure::Refused(format!("{text}\n{told}")),
        Failure::Usage(text) | Failure::Failed(text) => Failure::Failed(format!("{text}\n{told}")),
        Failure::Closed => Failure::Closed,
    }
}
