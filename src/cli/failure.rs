//! How a command ends when it does not end well: a sentence that says what happened and what to do,
//! and an exit code that a script can branch on.

use std::process::ExitCode;

use super::output::warn;
use crate::{
    app::OpenError,
    config::ConfigErrors,
    domain::person::NotAllowed,
    store::StoreError,
    work::{handles::NotVerified, passphrase::Unproved, silence::NotSilenced},
};

/// How a command ends.
pub(super) type Outcome = Result<(), Failure>;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something failed (exit code 1).
    Failed(String),
    /// The command or its input is wrong (2).
    Usage(String),
    /// Not allowed, or not in this state (3).
    Refused(String),
    /// Nothing to say: whoever read our output has gone.
    Closed,
}

impl Failure {
    pub(super) fn failed(error: impl Into<anyhow::Error>) -> Self {
        Self::Failed(causes(&error.into()))
    }

    pub(super) fn usage(text: impl Into<String>) -> Self {
        Self::Usage(text.into())
    }

    pub(super) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    /// Says it on standard error, its instants as `local` has them.
    pub(super) fn tell(&self, local: impl FnOnce(&str) -> String) -> ExitCode {
        let (code, text) = match self {
            Self::Failed(text) => (1, text),
            Self::Usage(text) => (2, text),
            Self::Refused(text) => (3, text),
            Self::Closed => return ExitCode::SUCCESS,
        };
        warn(&format!("takaza: {}", local(text)));
        ExitCode::from(code)
    }
}

/// An error with its causes, each once: some errors say their cause themselves.
pub(super) fn causes(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if text.is_empty() {
            text = cause;
        } else if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    text
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        match error {
            StoreError::NotFound(_) => Self::Usage(text),
            StoreError::NotAllowed(_)
            | StoreError::Escalation(_)
            | StoreError::Delivery(_)
            | StoreError::Order(_)
            | StoreError::Refused(_) => Self::Refused(text),
            StoreError::Database(_)
            | StoreError::Unreachable(_)
            | StoreError::Migration(_)
            | StoreError::Conflict(_)
            | StoreError::Corrupt(_) => Self::Failed(text),
        }
    }
}

impl From<Unproved> for Failure {
    fn from(error: Unproved) -> Self {
        match error {
            Unproved::Wrong => Self::Refused(error.to_string()),
            Unproved::TooShort | Unproved::Same => Self::Usage(error.to_string()),
            Unproved::Store(error) => error.into(),
            Unproved::Hash(error) => Self::failed(error),
        }
    }
}

impl From<NotAllowed> for Failure {
    fn from(error: NotAllowed) -> Self {
        Self::Refused(error.to_string())
    }
}

impl From<NotSilenced> for Failure {
    fn from(error: NotSilenced) -> Self {
        match error {
            NotSilenced::Store(error) => error.into(),
            NotSilenced::NotAllowed(error) => error.into(),
            NotSilenced::NoTime | NotSilenced::NoOrder | NotSilenced::NoReason => {
                Self::Usage(error.to_string())
            }
        }
    }
}

impl From<NotVerified> for Failure {
    fn from(error: NotVerified) -> Self {
        let text = error.to_string();
        match error {
            NotVerified::Store(error) => error.into(),
            NotVerified::NotAllowed(error) => error.into(),
            NotVerified::Unread { .. } => Self::Failed(text),
            NotVerified::NoBank(_)
            | NotVerified::NoEvidence
            | NotVerified::NoDays
            | NotVerified::NoAccount { .. }
            | NotVerified::NoHandle { .. } => Self::Usage(text),
            NotVerified::Nobody { .. }
            | NotVerified::OtherId { .. }
            | NotVerified::NotRenewed { .. }
            | NotVerified::Moved { .. } => Self::Refused(text),
        }
    }
}

impl From<ConfigErrors> for Failure {
    fn from(errors: ConfigErrors) -> Self {
        let text = match errors.0.as_slice() {
            [one] => format!("the configuration is wrong: {one}"),
            _ => format!("the configuration is wrong in {} places:\n{errors}", errors.0.len()),
        };
        Self::Usage(text)
    }
}

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Nowhere(error) => Self::Usage(error.to_string()),
            OpenError::Config(errors) => errors.into(),
            OpenError::Other(error) => Self::Failed(causes(&error)),
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::failed(error)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    /// Says its own cause, as some libraries' errors do.
    #[derive(Debug, thiserror::Error)]
    #[error("the file could not be written: {0}")]
    struct Tells(#[source] std::io::Error);

    #[test]
    fn a_cause_is_told_once() {
        let full = || std::io::Error::other("No space left on device");
        let told = Err::<(), _>(Tells(full())).context("the ledger did not open");
        let told = causes(&told.expect_err("it failed"));
        assert_eq!(
            told,
            "the ledger did not open: the file could not be written: No space left on device"
        );
        let plain = Err::<(), _>(full()).context("the disk");
        assert_eq!(causes(&plain.expect_err("it failed")), "the disk: No space left on device");
    }
}
