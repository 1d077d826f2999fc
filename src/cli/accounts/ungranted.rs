//! Why an account was not connected: for the command in English, and by its message's key for
//! `takaza setup`, which says it in the person's own language.

use super::super::failure::Failure;
use crate::{
    destinations::{tokens::Unrenewed, x::oauth::NotGranted},
    work::accounts::granting::{Message, NotConnected},
};

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
    /// The grant's own: refused, lost, another account's.
    NotConnected(NotConnected),
}

impl Ungranted {
    /// The message of the locales that says it; `None`: the failure says it itself.
    pub(in super::super) fn message(&self) -> Option<Message> {
        Some(match self {
            Self::Other(_) => return None,
            Self::Busy { address, reason } => {
                ("x-busy", vec![("address", address.clone()), ("reason", reason.clone())])
            }
            Self::NobodyCame { seconds } => ("x-nobody", vec![("seconds", seconds.to_string())]),
            Self::NothingPasted => ("x-nothing-pasted", Vec::new()),
            Self::NotConnected(error) => return error.message(),
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
        Self::NotConnected(error.into())
    }
}

impl From<NotConnected> for Ungranted {
    fn from(error: NotConnected) -> Self {
        Self::NotConnected(error)
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
            Ungranted::NotConnected(error) => error.into(),
        }
    }
}

impl From<NotConnected> for Failure {
    fn from(error: NotConnected) -> Self {
        match error {
            NotConnected::Other(error) => error.into(),
            NotConnected::Store(error) => error.into(),
            NotConnected::NotGranted(error @ NotGranted::Refused { .. }) => {
                Self::refused(format!("{error}; nothing was stored"))
            }
            NotConnected::NotGranted(error) => Self::usage(format!(
                "{error}: copy the whole address that the browser ended at, and repeat this from \
                 the beginning; nothing was stored"
            )),
            NotConnected::Unexchanged(error) => Self::Failed(unexchanged(&error)),
            NotConnected::Missing { scopes } => Self::refused(format!(
                "the platform did not grant all that was asked for (missing: {scopes}); look at \
                 x.scopes and at the client's permissions there"
            )),
            NotConnected::Nameless { reason } => {
                Self::Failed(format!("the platform did not say whose the grant is: {reason}"))
            }
            NotConnected::OtherAccount { handle, id, meant } => Self::refused(format!(
                "the browser was signed in as @{handle}, id {id}, and the account is @{meant}: sign \
                 in there as @{meant} and repeat this, or add @{handle} under another name"
            )),
            NotConnected::Unkept { why, ended } => unkept(Self::from(*why), ended),
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
