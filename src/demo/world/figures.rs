//! The invented unit's own daily figures, made of the same invented cases: a complaint is a case, what
//! was lost is what its first account held, and a part of what banks put under lien comes back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{civil::Date, tz::TimeZone};

use crate::domain::{
    action::{BankAction, Status},
    measures::DayFigures,
    money::Paise,
    time::Timestamp,
};

/// So many percent of what is put under lien comes back to a victim in the end.
const COMES_BACK: i64 = 40;
/// One arrest for so many complaints.
const COMPLAINTS_AN_ARREST: u32 = 9;

/// A row for each day on which anything happened, in order.
pub fn of(actions: &[BankAction], zone: &TimeZone) -> Vec<DayFigures> {
    let mut days: BTreeMap<Date, DayFigures> = BTreeMap::new();
    let mut cases = BTreeSet::new();
    for action in actions {
        if cases.insert(&action.case_ref) {
            let day = at(&mut days, action.requested_at, zone);
            day.complaints += 1;
            let lost = action.disputed.unwrap_or_default();
            day.amount_defrauded = [day.amount_defrauded, lost].into_iter().sum();
        }
        if let (Status::Acted, Some(acted), Some(lien)) =
            (action.status, action.acted_at, action.lien_amount)
        {
            let day = at(&mut days, acted, zone);
            let back = Paise::new(lien.paise() / 100 * COMES_BACK);
            day.amount_recovered = [day.amount_recovered, back].into_iter().sum();
        }
    }
    days.values_mut().for_each(|day| day.arrests = day.complaints / COMPLAINTS_AN_ARREST);
    days.into_values().collect()
}

fn at<'a>(
    days: &'a mut BTreeMap<Date, DayFigures>,
    at: Timestamp,
    zone: &TimeZone,
) -> &'a mut DayFigures {
    let day = at.in_zone(zone).date();
    days.entry(day).or_insert(DayFigures {
        day,
        complaints: 0,
        amount_defrauded: Paise::default(),
        amount_recovered: Paise::default(),
        arrests: 0,
    })
}
