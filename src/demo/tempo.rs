//! How fast the demo's story runs: where its clock should be after so much of the machine's time.
//!
//! The invariant: on a slow machine the story is late, and no bank's day passes between two steps.

use std::time::Duration;

use jiff::SignedDuration;

use crate::{clock::Clock, domain::time::Timestamp};

/// How often the world moves.
pub(super) const STEP: Duration = Duration::from_millis(200);

/// Without an end the story begins this long ago, and catches up with the present.
const SPAN: SignedDuration = SignedDuration::from_hours(24);
/// Story seconds for a second, without an end.
const PACE: i32 = 300;
/// A story with an end spans at least this, in seconds.
const SHORTEST: i64 = 10 * 3600;
/// A story that is late goes on by so many steps at once, at most.
const MOST: i32 = 3;

/// Where a story begins, and how fast it runs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tempo {
    /// Where it begins.
    pub(super) start: Timestamp,
    /// Seconds of story for a second of the machine.
    factor: i32,
}

impl Tempo {
    /// Of a story that ends after so many seconds, or when it is told to. It ends about now, whatever
    /// its length: its ledger can be worked on afterwards.
    pub(super) fn of(seconds: Option<u32>) -> Self {
        let machine = Clock::System.now();
        let Some(seconds) = seconds else {
            return Self { start: machine.minus(SPAN), factor: PACE };
        };
        let seconds = i64::from(seconds.max(1));
        let factor = (SHORTEST / seconds).clamp(60, 36_000);
        let start = machine.minus(SignedDuration::from_secs(seconds * factor));
        Self { start, factor: i32::try_from(factor).unwrap_or(PACE) }
    }

    /// Moves the story's clock towards where it should be once so much of the machine's time was
    /// played, and never past the present.
    pub(super) fn go_on(&self, clock: &Clock, played: SignedDuration) {
        let due = self.start.plus(played.saturating_mul(self.factor)).min(Clock::System.now());
        let step = SignedDuration::try_from(STEP).unwrap_or_default().saturating_mul(self.factor);
        let late = due.since(clock.now()).max(SignedDuration::ZERO);
        clock.advance(late.min(step.saturating_mul(MOST)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_step_makes_the_story_late_and_it_catches_up_in_short_ones() {
        let tempo = Tempo::of(Some(20));
        let clock = Clock::stepped(tempo.start);
        let moved = || clock.now().since(tempo.start);
        let played = SignedDuration::from_millis;
        tempo.go_on(&clock, played(0));
        assert_eq!(moved(), SignedDuration::ZERO);
        tempo.go_on(&clock, played(200));
        assert_eq!(moved(), SignedDuration::from_mins(6), "as fast as it should");
        // One step took two seconds: an hour of story at once would be too much.
        tempo.go_on(&clock, played(2_200));
        assert_eq!(moved(), SignedDuration::from_mins(6 + 18));
        for n in 1..=5 {
            tempo.go_on(&clock, played(2_200 + 200 * n));
        }
        assert_eq!(moved(), SignedDuration::from_mins(3 * 32), "and then it is in time again");
    }
}
