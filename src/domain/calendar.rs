//! When time counts: working hours and holidays in one IANA zone, silent periods, quiet hours, and
//! (in [`limits`]) the unit's limit for each kind of bank action.
//!
//! The invariant: instants in, instants out. A wall clock is read only inside one day of the
//! configured zone and turned back into an instant at once, so no step can slip to midnight and
//! no change of the clocks can stretch or shrink a limit.

pub mod limits;
pub mod quiet;

use std::collections::BTreeMap;

use jiff::{
    SignedDuration,
    civil::{Date, DateTime, Time, Weekday},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};

use super::{
    action::spelled,
    canonical::{self, Hash},
    time::Timestamp,
};
use quiet::QuietHours;

spelled! {
    /// A day of the week.
    Day {
        /// Monday.
        Monday = "monday",
        /// Tuesday.
        Tuesday = "tuesday",
        /// Wednesday.
        Wednesday = "wednesday",
        /// Thursday.
        Thursday = "thursday",
        /// Friday.
        Friday = "friday",
        /// Saturday.
        Saturday = "saturday",
        /// Sunday.
        Sunday = "sunday",
    }
}

impl Day {
    /// The day of a date.
    pub const fn of(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// Hours of work on some days of the week, on the wall clock of the calendar's zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// The days.
    pub days: Vec<Day>,
    /// The first minute of work.
    pub from: Time,
    /// The end of work; `00:00` is the end of the day.
    pub until: Time,
}

/// A day on which nobody works, such as a gazetted one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holiday {
    /// The day, in the calendar's zone.
    pub date: Date,
    /// What it is, for people.
    pub name: String,
}

/// A time in which the unit says nothing in public (an election, a festival). It silences posts;
/// it does not stop a bank's time limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SilentPeriod {
    /// Its first instant, on the wall clock of `zone`.
    pub from: DateTime,
    /// The first instant after it.
    pub until: DateTime,
    /// The IANA zone of both; the calendar's own where it is left out.
    #[serde(default)]
    pub zone: Option<String>,
    /// Why, for people.
    pub label: String,
}

/// The configuration of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CalendarRules {
    /// The IANA zone of every wall clock here.
    pub zone: String,
    /// The weekly hours of work.
    pub working_hours: Vec<WorkingHours>,
    /// Nobody works on a Sunday, whatever the weekly hours say.
    pub sundays_off: bool,
    /// Banks in India close on the second and fourth Saturdays (Negotiable Instruments Act, 1881,
    /// section 25, by notification of 20 August 2015).
    pub second_and_fourth_saturdays_off: bool,
    /// Gazetted and other holidays.
    pub holidays: Vec<Holiday>,
    /// Times without public posts.
    pub silent_periods: Vec<SilentPeriod>,
    /// The part of every day without public posts.
    pub quiet_hours: Option<QuietHours>,
}

impl Default for CalendarRules {
    fn default() -> Self {
        use Day::{Friday, Monday, Saturday, Thursday, Tuesday, Wednesday};
        Self {
            zone: "Asia/Kolkata".to_owned(),
            working_hours: vec![WorkingHours {
                days: vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday],
                from: Time::constant(10, 0, 0, 0),
                until: Time::constant(18, 0, 0, 0),
            }],
            sundays_off: true,
            second_and_fourth_saturdays_off: true,
            holidays: Vec::new(),
            silent_periods: Vec::new(),
            quiet_hours: None,
        }
    }
}

/// Why a calendar or a limit cannot be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// The zone is not in the time zone database.
    #[error(
        "the time zone {0:?} is unknown; write an IANA name such as \"Asia/Kolkata\" in `zone`"
    )]
    UnknownZone(String),
    /// Work ends before it begins.
    #[error(
        "the working hours from {from} until {until} end before they begin; split work that crosses midnight into two entries"
    )]
    Backwards {
        /// The first minute.
        from: Time,
        /// The end.
        until: Time,
    },
    /// Nobody ever works enough for a limit to run out.
    #[error(
        "the calendar has less than an hour of work a week, so no limit in working hours would ever run out; add `working_hours`"
    )]
    NeverOpen,
    /// A silent period ends before it begins.
    #[error("the silent period {0:?} ends before it begins; exchange `from` and `until`")]
    BackwardsSilence(String),
}

/// One of the calendar's silent periods, as instants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub until: Timestamp,
    /// Why, for people.
    pub label: String,
}

/// A calendar that has been checked. See the module's text.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    zone_name: String,
    /// Hours of work by day, sorted, not overlapping; an end of `None` is the end of the day.
    week: BTreeMap<Day, Vec<(Time, Option<Time>)>>,
    alternate_saturdays_off: bool,
    holidays: BTreeMap<Date, String>,
    silences: Vec<Silence>,
    quiet: Option<QuietHours>,
}

impl Calendar {
    /// Checks the rules.
    ///
    /// # Errors
    /// A zone is unknown, hours or a silent period run backwards, or nobody ever works.
    pub fn new(rules: &CalendarRules) -> Result<Self, CalendarError> {
        let zone = zone(&rules.zone)?;
        let calendar = Self {
            week: week(rules)?,
            zone_name: rules.zone.clone(),
            alternate_saturdays_off: rules.second_and_fourth_saturdays_off,
            holidays: rules.holidays.iter().map(|day| (day.date, day.name.clone())).collect(),
            silences: silences(rules, &zone)?,
            quiet: rules.quiet_hours.clone(),
            zone,
        };
        calendar.check_open()?;
        Ok(calendar)
    }

    /// An hour of work a week, on days that stay: with less, a limit would hardly ever run out.
    fn check_open(&self) -> Result<(), CalendarError> {
        let seconds = |(from, until): &(Time, Option<Time>)| {
            let day = SignedDuration::from_hours(24);
            let until = until.map_or(day, |time| Time::midnight().duration_until(time));
            (until - Time::midnight().duration_until(*from)).as_secs()
        };
        let open: i64 = self.week.values().flatten().map(seconds).sum();
        if open < 3600 { Err(CalendarError::NeverOpen) } else { Ok(()) }
    }

    /// The zone of its wall clock.
    pub const fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The hash of everything that decides a due time in working hours. A stored due time whose
    /// version differs is computed again: a holiday that is added late must reach open requests.
    pub fn version(&self) -> Hash {
        let holidays: Vec<String> = self.holidays.keys().map(ToString::to_string).collect();
        let week: Vec<(Day, String, String)> = self
            .week
            .iter()
            .flat_map(|(day, spans)| spans.iter().map(move |span| (day, span)))
            .map(|(day, (from, until))| {
                (*day, from.to_string(), until.map_or_else(String::new, |time| time.to_string()))
            })
            .collect();
        canonical::hash(&(&self.zone_name, week, self.alternate_saturdays_off, holidays))
    }

    /// The name of the holiday on this day, where there is one.
    pub fn holiday(&self, date: Date) -> Option<&str> {
        self.holidays.get(&date).map(String::as_str)
    }

    fn works_on(&self, date: Date) -> bool {
        let second_or_fourth = matches!((date.day() - 1) / 7, 1 | 3);
        let saturday_off =
            self.alternate_saturdays_off && date.weekday() == Weekday::Saturday && second_or_fourth;
        !saturday_off && !self.holidays.contains_key(&date)
    }

    /// The instants between which work is done on this day.
    fn open_on(&self, date: Date) -> Vec<(Timestamp, Timestamp)> {
        if !self.works_on(date) {
            return Vec::new();
        }
        let spans = self.week.get(&Day::of(date.weekday())).map_or(&[][..], Vec::as_slice);
        let instant = |at: DateTime| instant(at, &self.zone);
        let end = |until: &Option<Time>| match until {
            Some(time) => Some(date.to_datetime(*time)),
            None => date.tomorrow().ok().map(|next| next.to_datetime(Time::midnight())),
        };
        spans
            .iter()
            .filter_map(|(from, until)| {
                Some((instant(date.to_datetime(*from))?, instant(end(until)?)?))
            })
            .filter(|(from, until)| from < until)
            .collect()
    }

    /// The first instant by which `time` of work has been done since `start`. Zero time is `start`
    /// itself; the end of the range stands for *never*.
    pub fn after_working(&self, start: Timestamp, time: SignedDuration) -> Timestamp {
        let mut left = time;
        if left <= SignedDuration::ZERO {
            return start;
        }
        let mut date = start.in_zone(&self.zone).date();
        loop {
            for (from, until) in self.open_on(date) {
                let from = from.max(start);
                if until <= from {
                    continue;
                }
                let open = until.since(from);
                if left <= open {
                    return from.plus(left);
                }
                left -= open;
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => return Timestamp::from_micros(i64::MAX),
            }
        }
    }

    /// How much work was done between two instants; zero where they are in the wrong order.
    pub fn worked_between(&self, start: Timestamp, end: Timestamp) -> SignedDuration {
        let last = end.in_zone(&self.zone).date();
        let mut date = start.in_zone(&self.zone).date();
        let mut worked = SignedDuration::ZERO;
        while date <= last {
            for (from, until) in self.open_on(date) {
                let (from, until) = (from.max(start), until.min(end));
                if from < until {
                    worked += until.since(from);
                }
            }
            match date.tomorrow() {
                Ok(next) => date = next,
                Err(_) => break,
            }
        }
        worked
    }

    /// The silent period that `now` lies in.
    pub fn silence(&self, now: Timestamp) -> Option<&Silence> {
        self.silences.iter().find(|silence| silence.from <= now && now < silence.until)
    }

    /// Whether a silent period is on. (Quiet hours are not silence: see [`Self::next_allowed`].)
    pub fn is_silent(&self, now: Timestamp) -> bool {
        self.silence(now).is_some()
    }

    /// The first instant from `now` on that is neither silent nor in the quiet hours; `now` itself
    /// where it is allowed. The end of the range stands for *never*.
    pub fn next_allowed(&self, now: Timestamp) -> Timestamp {
        let mut at = now;
        // Every round leaves a silence for good or a night; ten years of nights is *never*.
        for _ in 0..4_000 {
            let after_silence = self.silence(at).map_or(at, |silence| silence.until);
            let quiet = self.quiet.as_ref();
            let next =
                quiet.map_or(after_silence, |hours| hours.next_allowed(after_silence, &self.zone));
            if next == at {
                return at;
            }
            at = next;
        }
        Timestamp::from_micros(i64::MAX)
    }
}

/// Looks a zone up by its IANA name.
fn zone(name: &str) -> Result<TimeZone, CalendarError> {
    TimeZone::get(name).map_err(|_| CalendarError::UnknownZone(name.to_owned()))
}

/// The instant at which a wall clock shows this; in a gap the one after it, in a fold the first.
fn instant(at: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    at.to_zoned_datetime(zone.clone()).ok().map(|zoned| zoned.timestamp().into())
}

type Week = BTreeMap<Day, Vec<(Time, Option<Time>)>>;

/// The weekly hours by day; hours that overlap or touch are merged, so that none counts twice.
fn week(rules: &CalendarRules) -> Result<Week, CalendarError> {
    let mut week = Week::new();
    for hours in &rules.working_hours {
        let until = (hours.until != Time::midnight()).then_some(hours.until);
        if until.is_some_and(|until| until <= hours.from) {
            return Err(CalendarError::Backwards { from: hours.from, until: hours.until });
        }
        for day in &hours.days {
            if !(rules.sundays_off && *day == Day::Sunday) {
                week.entry(*day).or_default().push((hours.from, until));
            }
        }
    }
    for spans in week.values_mut() {
        spans.sort_by_key(|(from, _)| *from);
        let mut merged: Vec<(Time, Option<Time>)> = Vec::with_capacity(spans.len());
        for (from, until) in spans.drain(..) {
            match merged.last_mut() {
                Some((_, last)) if last.is_none_or(|last| from <= last) => {
                    *last = last.zip(until).map(|(a, b)| a.max(b));
                }
                _ => merged.push((from, until)),
            }
        }
        *spans = merged;
    }
    Ok(week)
}

fn silences(rules: &CalendarRules, own: &TimeZone) -> Result<Vec<Silence>, CalendarError> {
    let read = |period: &SilentPeriod| {
        let zone = period.zone.as_deref().map_or_else(|| Ok(own.clone()), zone)?;
        let backwards = || CalendarError::BackwardsSilence(period.label.clone());
        let from = instant(period.from, &zone).ok_or_else(backwards)?;
        let until = instant(period.until, &zone).ok_or_else(backwards)?;
        if until <= from {
            return Err(backwards());
        }
        Ok(Silence { from, until, label: period.label.clone() })
    };
    rules.silent_periods.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
