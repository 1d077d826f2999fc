//! The few distributions that the invented world draws from. Randomness always comes in.

use jiff::SignedDuration;
use rand::{Rng, RngExt};

/// A draw of the standard normal distribution (Box-Muller).
pub fn normal(rng: &mut impl Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
}

/// A draw of a log-normal distribution with this median; `spread` is the standard deviation of
/// the logarithm.
pub fn log_normal(rng: &mut impl Rng, median: f64, spread: f64) -> f64 {
    median * (spread * normal(rng)).exp()
}

/// A log-normal length of time around a median in minutes, a minute at least.
pub fn minutes(rng: &mut impl Rng, median: f64, spread: f64) -> SignedDuration {
    SignedDuration::from_secs_f64(60.0 * log_normal(rng, median, spread).clamp(1.0, 1e6))
}

/// A time evenly drawn between two numbers of minutes.
pub fn between(rng: &mut impl Rng, least: i64, most: i64) -> SignedDuration {
    SignedDuration::from_secs(rng.random_range(least * 60..=most * 60))
}

/// One of them; the slice is never empty.
pub fn pick<'a, T>(rng: &mut impl Rng, from: &'a [T]) -> &'a T {
    &from[rng.random_range(0..from.len())]
}

/// One of them, as often as its weight says.
pub fn weighted<'a, T>(rng: &mut impl Rng, from: &'a [(T, u32)]) -> &'a T {
    let total: u32 = from.iter().map(|(_, weight)| weight).sum();
    let mut at = rng.random_range(0..total);
    for (item, weight) in from {
        if at < *weight {
            return item;
        }
        at -= weight;
    }
    &from[from.len() - 1].0
}
