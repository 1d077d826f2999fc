//! How long requests stay pending: survival curves after Kaplan and Meier, with delayed entry and
//! censoring, and the mean time within a horizon.
//!
//! Time is hours on a clock of its own for each request (its age beyond the due time, say). Whoever
//! is watched from a later age on counts from that age on only: they are at risk at `t` where
//! `from < t <= until`. At one and the same time, actions come before the ends of watching.

use std::collections::BTreeMap;

/// The normal quantile of a 95 % interval.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// One stretch of watching one request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stretch {
    /// The hour from which it was watched.
    pub from: f64,
    /// The hour at which watching ended.
    pub until: f64,
    /// It ended because the bank acted; otherwise it is censored there.
    pub acted: bool,
    /// How much it counts: 1 for a request, its paise for money. Whole numbers, so that sums are
    /// exact.
    pub weight: u64,
}

/// A curve's value from one time on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// The hour.
    pub at: f64,
    /// What was at risk just before.
    pub at_risk: u64,
    /// What was acted on at this hour.
    pub acted: u64,
    /// The share that is still pending after it.
    pub share: f64,
    /// The 95 % interval of the share (Greenwood's variance on the log-log scale, which stays between
    /// 0 and 1). Empty where the share is 0 or 1. It takes each weight for that many requests, so it
    /// means nothing for money.
    pub interval: Option<(f64, f64)>,
}

/// A survival curve: a point for each hour at which something was acted on, in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Curve {
    /// The points.
    pub points: Vec<Point>,
}

impl Curve {
    /// The curve of these stretches. One that ends before it begins counts for nothing.
    pub fn of(stretches: &[Stretch]) -> Self {
        let good = || stretches.iter().filter(|one| one.from < one.until && one.weight > 0);
        let mut entries: Vec<_> = good().map(|one| (one.from, one.weight)).collect();
        let mut exits: Vec<_> = good().map(|one| (one.until, one.weight)).collect();
        entries.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        exits.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
        let mut acted: BTreeMap<Hour, u64> = BTreeMap::new();
        for one in good().filter(|one| one.acted) {
            *acted.entry(Hour(one.until)).or_default() += one.weight;
        }
        let (mut entries, mut exits) = (entries.iter().peekable(), exits.iter().peekable());
        let (mut at_risk, mut share, mut greenwood) = (0_u64, 1.0, 0.0);
        let mut points = Vec::with_capacity(acted.len());
        for (Hour(at), events) in acted {
            while let Some((_, weight)) = entries.next_if(|(from, _)| *from < at) {
                at_risk += weight;
            }
            while let Some((_, weight)) = exits.next_if(|(until, _)| *until < at) {
                at_risk -= weight;
            }
            let (n, d) = (at_risk as f64, events as f64);
            share *= (at_risk - events) as f64 / n;
            greenwood += d / (n * (n - d));
            points.push(Point {
                at,
                at_risk,
                acted: events,
                share,
                interval: log_log(share, greenwood),
            });
        }
        Self { points }
    }

    /// The point that holds at an hour; `None` before the first.
    pub fn at(&self, hour: f64) -> Option<&Point> {
        let after = self.points.partition_point(|point| point.at <= hour);
        after.checked_sub(1).and_then(|n| self.points.get(n))
    }

    /// The share that is still pending at an hour.
    pub fn share_at(&self, hour: f64) -> f64 {
        self.at(hour).map_or(1.0, |point| point.share)
    }

    /// The first hour at which half or less is pending; `None`: more than half is, to the end.
    pub fn median(&self) -> Option<f64> {
        self.points.iter().find(|point| point.share <= 0.5).map(|point| point.at)
    }

    /// The mean hours that pass within a horizon until the bank acts: the area under the curve. What
    /// is still pending at the horizon counts with the horizon.
    pub fn mean_within(&self, horizon: f64) -> f64 {
        let (mut area, mut share, mut from) = (0.0, 1.0, 0.0);
        for point in self.points.iter().take_while(|point| point.at < horizon) {
            area += share * (point.at - from);
            (share, from) = (point.share, point.at);
        }
        area + share * (horizon - from)
    }
}

/// The part of these stretches that lies after an hour: the curve of it is of those that were still
/// pending then.
pub fn after(stretches: &[Stretch], hour: f64) -> Vec<Stretch> {
    let rest = stretches.iter().filter(|one| one.until > hour);
    rest.map(|one| Stretch { from: one.from.max(hour), ..*one }).collect()
}

/// The first whole hour at which at least so many are watched, and the last one up to which that goes
/// on, within the hours that are asked for. A curve that begins over a handful may fall to nothing
/// and stay there, whatever thousands do later.
pub fn well_watched(stretches: &[Stretch], least: usize, last: u32) -> Option<(u32, u32)> {
    let enough = |hour: &u32| {
        let hour = f64::from(*hour);
        let watched = stretches.iter().filter(|one| one.from <= hour && hour < one.until);
        watched.count() >= least
    };
    let first = (0..=last).find(enough)?;
    let until = (first..=last).take_while(enough).last()?;
    Some((first, until))
}

fn log_log(share: f64, greenwood: f64) -> Option<(f64, f64)> {
    if share <= 0.0 || share >= 1.0 {
        return None;
    }
    let spread = (Z_95 * greenwood.sqrt() / share.ln().abs()).exp();
    Some((share.powf(spread), share.powf(spread.recip())))
}

/// An hour that sorts.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Hour(f64);

impl Eq for Hour {}

impl PartialOrd for Hour {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Hour {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stretch(from: f64, until: f64, acted: bool) -> Stretch {
        Stretch { from, until, acted, weight: 1 }
    }

    /// The leukaemia patients under 6-MP of Freireich and others (1963), as every textbook has them.
    #[test]
    fn a_textbook_curve_is_drawn() {
        let events = [6, 6, 6, 7, 10, 13, 16, 22, 23];
        let censored = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35];
        let all = events.map(|at| stretch(0.0, f64::from(at), true)).into_iter();
        let all: Vec<_> =
            all.chain(censored.map(|at| stretch(0.0, f64::from(at), false))).collect();
        let curve = Curve::of(&all);
        let shares: Vec<_> =
            curve.points.iter().map(|point| format!("{:.3}", point.share)).collect();
        assert_eq!(shares, ["0.857", "0.807", "0.753", "0.690", "0.627", "0.538", "0.448"]);
        let risk: Vec<_> = curve.points.iter().map(|point| point.at_risk).collect();
        assert_eq!(risk, [21, 17, 15, 12, 11, 7, 6]);
        assert_eq!(curve.median(), Some(23.0));
        let (low, high) = curve.points[0].interval.unwrap();
        assert!((low - 0.6197).abs() < 1e-3 && (high - 0.9516).abs() < 1e-3, "{low} {high}");
    }

    #[test]
    fn who_comes_late_counts_from_then_on_only() {
        let curve = Curve::of(&[
            stretch(0.0, 2.0, true),
            stretch(0.0, 6.0, true),
            stretch(3.0, 5.0, true),
            stretch(4.0, 4.0, true),
        ]);
        let told: Vec<_> = curve.points.iter().map(|p| (p.at, p.at_risk, p.share)).collect();
        assert_eq!(told, [(2.0, 2, 0.5), (5.0, 2, 0.25), (6.0, 1, 0.0)]);
        assert_eq!(curve.points[2].interval, None);
        assert!((curve.mean_within(6.0) - (2.0 + 1.5 + 0.25)).abs() < 1e-12);
        assert!((curve.mean_within(4.0) - (2.0 + 1.0)).abs() < 1e-12);
    }

    #[test]
    fn money_weighs_by_its_paise() {
        let heavy = Stretch { from: 0.0, until: 1.0, acted: true, weight: 300 };
        let light = Stretch { from: 0.0, until: 2.0, acted: true, weight: 100 };
        let curve = Curve::of(&[heavy, light]);
        assert!((curve.share_at(1.0) - 0.25).abs() < 1e-12);
        assert!((curve.share_at(0.5) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn a_curve_begins_where_enough_are_watched() {
        let all: Vec<_> =
            (0..20).map(|n| stretch(f64::from(n), f64::from(n) + 30.0, false)).collect();
        assert_eq!(well_watched(&all, 10, 100), Some((9, 39)));
        assert_eq!(well_watched(&all, 21, 100), None);
        assert_eq!(after(&all, 35.0).len(), 14);
    }
}
