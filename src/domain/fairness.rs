//! Whether banks are treated alike: what overdue value is left untagged and why, and how often each
//! bank is named beside how much of its own is overdue.

use super::{action::spelled, ids::BankCode, pacing::Why, survival::Z_95};

spelled! {
    /// Why overdue value is not spoken of in public.
    Reason {
        /// Such requests are never named in public.
        PrivateKind = "private-kind",
        /// It has no disputed amount.
        NoAmount = "no-amount",
        /// The private way has not been gone.
        NoNotice = "no-notice",
        /// The bank's right of reply runs.
        RightOfReply = "right-of-reply",
        /// The bank disputes it.
        Disputed = "disputed",
        /// An approver rejected a tag about it lately.
        Rejected = "rejected",
        /// Its facts are too old.
        Stale = "stale",
        /// An order of silence.
        Silence = "silence",
        /// Below a floor of a public text.
        Floor = "floor",
        /// A legal rule in the configuration needs review.
        RuleExpired = "rule-expired",
        /// No wording may be said: a floor or another rule of the wording.
        Wording = "wording",
        /// A tag is held, and nobody has decided yet.
        Undecided = "undecided",
        /// A tag is held back by an officer until a time.
        HeldBack = "held-back",
        /// A tag has authority; its bank's handle is not verified.
        Handle = "handle",
        /// A tag has authority; its account is not live or paused.
        Account = "account",
        /// A tag has authority; sending is stopped.
        Stopped = "stopped",
        /// A tag has authority and waits for its turn: caps, intervals, quiet hours, money.
        Turn = "turn",
        /// No tag has been drafted: another one about the bank comes first.
        NotDrafted = "not-drafted",
        /// Not told by the version that listed it.
        Unknown = "unknown",
        /// Of a tag that never went out: it expired, and nobody had decided.
        ExpiredUndecided = "expired-undecided",
        /// The same: an officer had held it back.
        ExpiredHeldBack = "expired-held-back",
        /// The same: it had authority and was not sent in time.
        ExpiredUnsent = "expired-unsent",
        /// Of a tag that never went out: the bank's dispute stands.
        DisputeStands = "dispute-stands",
    }
}

impl Reason {
    /// The reason by which a silenced action is listed; `None`: it was tagged lately, so it is not
    /// silent at all.
    pub fn of_quiet(word: &str) -> Option<Self> {
        (word != "interval").then(|| Self::parse(word).unwrap_or(Self::Unknown))
    }

    /// Why a tag never went out that was rejected, or expired. `dispute`: because the bank's dispute
    /// stands; `cleared`: it had authority before; `held_back`: an officer had.
    pub const fn of_unsent(rejected: bool, dispute: bool, cleared: bool, held_back: bool) -> Self {
        match (rejected, dispute, cleared, held_back) {
            (true, true, ..) => Self::DisputeStands,
            (true, false, ..) => Self::Rejected,
            (false, _, true, _) => Self::ExpiredUnsent,
            (false, _, false, true) => Self::ExpiredHeldBack,
            (false, _, false, false) => Self::ExpiredUndecided,
        }
    }

    /// Why a tag that has authority waits.
    pub const fn of_wait(why: Option<&Why>) -> Self {
        match why {
            Some(Why::Handle { .. }) => Self::Handle,
            Some(Why::NotLive { .. } | Why::AccountPaused { .. }) => Self::Account,
            Some(Why::Silence { .. }) => Self::Silence,
            Some(Why::Stopped | Why::Tripped { .. } | Why::Restored | Why::Shadow) => Self::Stopped,
            Some(Why::Authority { .. }) => Self::Undecided,
            _ => Self::Turn,
        }
    }
}

/// How often a bank was named in some days, and how many of its requests fell due in them and were
/// not acted on by then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The bank.
    pub bank: BankCode,
    /// Tags that went out.
    pub tags: u64,
    /// Overdue requests.
    pub overdue: u64,
}

/// Tags for each hundred overdue requests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// The rate.
    pub rate: f64,
    /// Its 95 % interval.
    pub interval: (f64, f64),
    /// It is named out of proportion, see [`rates`].
    pub stands_out: bool,
}

/// A warning needs so many tags of the bank, and of all others together: of fewer the next one
/// changes the picture.
pub const LEAST_TAGS: u64 = 5;

/// And so many overdue requests of each.
pub const LEAST_OVERDUE: u64 = 10;

/// The rate of each bank that had an overdue request, in the order given.
///
/// Tags are counted as Poisson, with the requests as exposure: one tag may speak of many requests, so
/// the rate is no share of them. The interval is Byar's approximation of the exact one (within
/// three hundredths of a tag).
///
/// A bank *stands out* where even the lower end of its interval lies above the rate of all others
/// together. With many banks one of them would do so by chance; so for this question the interval
/// is widened after Bonferroni: 95 % hold for all compared banks at once.
pub fn rates(named: &[Named]) -> Vec<Option<Rate>> {
    let (tags, overdue) =
        named.iter().fold((0, 0), |(tags, due), one| (tags + one.tags, due + one.overdue));
    let enough = |tags: u64, overdue: u64| tags >= LEAST_TAGS && overdue >= LEAST_OVERDUE;
    let compared = named.iter().filter(|one| enough(one.tags, one.overdue)).count();
    let strict = quantile(1.0 - 0.025 / compared.max(1) as f64);
    let rate = |one: &Named| {
        if one.overdue == 0 {
            return None;
        }
        let (other_tags, other_overdue) = (tags - one.tags, overdue - one.overdue);
        let comparable = enough(one.tags, one.overdue) && enough(other_tags, other_overdue);
        let others = other_tags as f64 / other_overdue.max(1) as f64;
        let lowest = byar(one.tags, strict).0 / one.overdue as f64;
        Some(Rate { stands_out: comparable && lowest > others, ..of(one.tags, one.overdue) })
    };
    named.iter().map(rate).collect()
}

/// The rate of all together.
pub fn overall(named: &[Named]) -> Option<Rate> {
    let tags = named.iter().map(|one| one.tags).sum();
    let overdue = named.iter().map(|one| one.overdue).sum();
    (overdue > 0).then(|| of(tags, overdue))
}

fn of(tags: u64, overdue: u64) -> Rate {
    let hundreds = overdue as f64 / 100.0;
    let (low, high) = byar(tags, Z_95);
    Rate {
        rate: tags as f64 / hundreds,
        interval: (low / hundreds, high / hundreds),
        stands_out: false,
    }
}

/// Byar's limits of a Poisson count at a normal quantile.
fn byar(count: u64, z: f64) -> (f64, f64) {
    let cube = |n: f64, z: f64| n * (1.0 - 1.0 / (9.0 * n) + z / (3.0 * n.sqrt())).powi(3);
    let low = if count == 0 { 0.0 } else { cube(count as f64, -z).max(0.0) };
    (low, cube(count as f64 + 1.0, z))
}

/// The normal quantile of a probability above one half: Abramowitz and Stegun 26.2.23, within
/// 0.00045.
fn quantile(probability: f64) -> f64 {
    let t = (-2.0 * (1.0 - probability).ln()).sqrt();
    let above = 0.010_328f64.mul_add(t, 0.802_853).mul_add(t, 2.515_517);
    let below = 0.001_308f64.mul_add(t, 0.189_269).mul_add(t, 1.432_788).mul_add(t, 1.0);
    t - above / below
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};

    use super::*;

    fn named(bank: &str, tags: u64, overdue: u64) -> Named {
        Named { bank: BankCode::new(bank), tags, overdue }
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // The exact limits, from tables of the Poisson distribution.
        for (count, low, high) in
            [(0, 0.0, 3.689), (5, 1.623, 11.668), (10, 4.795, 18.390), (100, 81.364, 121.627)]
        {
            let (our_low, our_high) = byar(count, Z_95);
            assert!((our_low - low).abs() < 0.03, "{count}: {our_low} for {low}");
            assert!((our_high - high).abs() < 0.03, "{count}: {our_high} for {high}");
        }
        assert!((quantile(0.975) - Z_95).abs() < 5e-4);
        assert!((quantile(0.9995) - 3.2905).abs() < 5e-4);
    }

    #[test]
    fn a_bank_that_is_named_out_of_proportion_stands_out() {
        let banks = [
            named("ZAAA", 10, 100),
            named("ZBBB", 12, 110),
            named("ZCCC", 40, 100),
            named("ZDDD", 4, 5),
            named("ZEEE", 0, 30),
            named("ZFFF", 3, 0),
        ];
        let found = rates(&banks);
        let out: Vec<_> = found.iter().map(|rate| rate.map(|rate| rate.stands_out)).collect();
        let no = Some(false);
        assert_eq!(out, [no, no, Some(true), no, no, None], "{found:?}");
        let third = found[2].unwrap();
        assert!((third.rate - 40.0).abs() < 1e-9 && third.interval.0 > 28.0, "{third:?}");
        assert!((overall(&banks).unwrap().rate - 69.0 / 3.45).abs() < 1e-9);
        assert_eq!(overall(&[]), None);
        assert!(!rates(&banks[2..3])[0].unwrap().stands_out, "beside nobody nobody stands out");
    }

    #[test]
    fn where_all_are_treated_alike_a_warning_is_rare() {
        let mut dice = StdRng::seed_from_u64(5);
        let (worlds, mut warned) = (400, 0);
        for _ in 0..worlds {
            let banks: Vec<_> = (0..30)
                .map(|n| {
                    let overdue: u64 = dice.random_range(20..200);
                    let tags = (0..overdue).filter(|_| dice.random_range(0..8) == 0).count();
                    named(&format!("Z{n}"), tags as u64, overdue)
                })
                .collect();
            warned += u32::from(rates(&banks).iter().flatten().any(|rate| rate.stands_out));
        }
        assert!(warned < worlds / 20, "{warned} of {worlds} worlds warn");
    }
}
