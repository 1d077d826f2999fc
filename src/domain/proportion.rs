//! How far a share of few things can be trusted.

use super::survival::Z_95;

/// Wilson's 95 % interval of `part` out of `of`; of nothing it is everything from nought to one.
/// Unlike the textbook's one it stays between those, and says something where all or none did it.
pub fn wilson(part: u64, of: u64) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z2) = (of as f64, Z_95 * Z_95);
    let share = part as f64 / n;
    let middle = share + z2 / (2.0 * n);
    let half = Z_95 * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z2 / n;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_the_published_ones() {
        // R. G. Newcombe, Two-sided confidence intervals for the single proportion, Statistics in
        // Medicine 17 (1998), table I, method 3.
        for (part, of, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
        ] {
            let (our_low, our_high) = wilson(part, of);
            assert!((our_low - low).abs() < 5e-5, "{part}/{of}: {our_low} for {low}");
            assert!((our_high - high).abs() < 5e-5, "{part}/{of}: {our_high} for {high}");
            let (other_low, other_high) = wilson(of - part, of);
            assert!((other_low + our_high - 1.0).abs() < 1e-12, "{part}/{of} and the rest of it");
            assert!((other_high + our_low - 1.0).abs() < 1e-12, "{part}/{of} and the rest of it");
        }
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
