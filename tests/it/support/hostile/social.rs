//! Hostile servers on which posts are made and time passes.

use std::{fmt::Debug, sync::Arc, time::Duration};

use jiff::SignedDuration;
use takaza::domain::{delivery::OutcomeKind, time::Timestamp};

use super::{Hostile, Server, Trick, secrets};

/// A server on which posts are made and time passes.
pub trait Social: Server {
    /// To leave the made post's id out of the answer.
    const NO_ID: Self::Quirk;

    /// Its clock.
    fn time(&mut self) -> &mut Timestamp;

    /// How many posts were ever made through the API, deleted ones too.
    fn made(&self) -> usize;
}

impl<S: Social> Hostile<S> {
    /// What the server's clock says.
    pub fn now(&self) -> Timestamp {
        *self.state().time()
    }

    /// Moves the server's clock.
    pub fn advance(&self, by: SignedDuration) {
        let mut state = self.state();
        let now = state.time();
        *now = now.plus(by);
    }

    /// The server's clock, for whoever is to share it.
    pub fn clock(&self) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        self.clock_ahead(SignedDuration::ZERO)
    }

    /// A clock that is ahead of the server's.
    pub fn clock_ahead(&self, by: SignedDuration) -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
        let shared = Arc::clone(&self.shared);
        Arc::new(move || shared.state().time().plus(by))
    }

    /// How many posts were ever made through the API, deleted ones too.
    pub fn made(&self) -> usize {
        self.state().made()
    }

    /// One request came of a send, no redirect was followed, and so many posts were made. No socket is
    /// left open either: an endless answer has ended.
    pub async fn saw_one_attempt(&self, made: usize, trick: &Trick<S::Quirk>) {
        assert_eq!(self.asked(S::MAIN), 1, "{trick:?}");
        assert_eq!(self.trapped(), 0, "{trick:?}");
        assert_eq!(self.made(), made, "{trick:?}");
        let ended = tokio::time::timeout(Duration::from_secs(20), self.release());
        ended.await.expect("it ended");
    }
}

/// A reason that may stand in a log whatever the server said: there is one, it is short, it tells no
/// secret, and nothing in it hides, turns around or breaks the line.
pub fn fit_for_a_log<Q: Debug>(reason: &str, trick: &Trick<Q>) {
    assert!(!reason.is_empty() && reason.chars().count() < 700, "{trick:?}: {reason}");
    assert!(!reason.contains(secrets::MARK), "{trick:?}: {reason}");
    assert!(!reason.chars().any(char::is_control), "{trick:?}: {reason}");
    assert!(!reason.contains('\u{202e}') && !reason.contains("doctype"), "{trick:?}: {reason}");
}

/// What any server may do to a send, what must be said of that, and how many posts it makes of it.
/// Whatever may have been done is unknown (postiz-app#1681, tusky#2951, koala#699).
pub fn any_server_may<Q>() -> Vec<(Trick<Q>, OutcomeKind, usize)> {
    use OutcomeKind::{Throttled, Unknown};
    vec![
        (Trick::DropBefore, Unknown, 0),
        (Trick::DropAfter, Unknown, 1),
        (Trick::ErrorBefore(500), Unknown, 0),
        (Trick::ErrorBefore(503), Unknown, 0),
        (Trick::ErrorAfter(500), Unknown, 1),
        (Trick::ErrorAfter(504), Unknown, 1),
        (Trick::ErrorBefore(408), Unknown, 0),
        (Trick::ErrorBefore(409), Unknown, 0),
        (Trick::HugeBody, Unknown, 1),
        (Trick::EndlessBody, Unknown, 1),
        (Trick::Truncated, Unknown, 1),
        (Trick::Html(200), Unknown, 0),
        (Trick::Html(502), Unknown, 0),
        (Trick::Html(404), Unknown, 0),
        (Trick::Redirect(302), Unknown, 0),
        (Trick::Redirect(307), Unknown, 0),
        (Trick::Redirect(308), Unknown, 0),
        (Trick::RateLimited(vec![]), Throttled, 0),
    ]
}
