//! A case source in memory: stateful, and hostile where a story wants it.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use async_trait::async_trait;
use futures::{StreamExt, stream::BoxStream};
use jiff::SignedDuration;
use takaza::{
    cases::{CaseSource, DayFigures, FiguresRow, Row, SourceError},
    domain::{
        action::{BankAction, Kind, RejectedRow, Sighting, Status},
        ids::{BankCode, CaseRef, ExternalId},
        money::Paise,
        time::Timestamp,
    },
};

type Hook = Box<dyn FnOnce(&FakeCases) + Send>;

/// The police's case database.
#[derive(Default)]
pub struct FakeCases {
    rows: Mutex<BTreeMap<ExternalId, BankAction>>,
    broken: Mutex<Vec<RejectedRow>>,
    down: Mutex<Option<&'static str>>,
    as_of: Mutex<Option<Timestamp>>,
    snapshots: Mutex<bool>,
    before_recheck: Mutex<VecDeque<Hook>>,
    rechecks: Mutex<u32>,
    figures: Mutex<Vec<DayFigures>>,
}

impl FakeCases {
    /// Puts rows in, in place of those with the same ids.
    pub fn put(&self, rows: impl IntoIterator<Item = BankAction>) {
        let mut known = self.rows.lock().unwrap();
        known.extend(rows.into_iter().map(|row| (row.external_id.clone(), row)));
    }

    /// Changes one row.
    pub fn change(&self, id: &str, now: Timestamp, change: impl FnOnce(&mut BankAction)) {
        let mut rows = self.rows.lock().unwrap();
        let row = rows.get_mut(&ExternalId::new(id)).expect("a row with that id");
        change(row);
        row.updated_at = Some(now);
    }

    /// The bank does what it was asked.
    pub fn acts(&self, id: &str, now: Timestamp) {
        self.change(id, now, |row| {
            row.status = Status::Acted;
            row.acted_at = Some(now);
            row.lien_amount = row.disputed;
        });
    }

    /// A row is no longer there.
    pub fn vanishes(&self, id: &str) {
        self.rows.lock().unwrap().remove(&ExternalId::new(id));
    }

    /// A row that breaks the contract.
    pub fn breaks(&self, id: &str, reason: &str) {
        let external_id = Some(ExternalId::new(id));
        let row = RejectedRow { external_id, place: String::new(), reason: reason.to_owned() };
        self.broken.lock().unwrap().push(row);
    }

    /// The unit's own figures of some days.
    pub fn counts(&self, days: impl IntoIterator<Item = DayFigures>) {
        self.figures.lock().unwrap().extend(days);
    }

    /// The source does not answer until told otherwise.
    pub fn goes_down(&self, reason: &'static str) {
        *self.down.lock().unwrap() = Some(reason);
    }

    pub fn comes_back(&self) {
        *self.down.lock().unwrap() = None;
    }

    /// Everything is only true as of then: an imported file.
    pub fn is_as_of(&self, then: Option<Timestamp>) {
        *self.as_of.lock().unwrap() = then;
    }

    /// Knows no changes, only snapshots.
    pub fn tells_snapshots(&self) {
        *self.snapshots.lock().unwrap() = true;
    }

    /// Something happens between the next claim and its recheck.
    pub fn before_the_next_recheck(&self, hook: impl FnOnce(&Self) + Send + 'static) {
        self.before_recheck.lock().unwrap().push_back(Box::new(hook));
    }

    pub fn rechecks(&self) -> u32 {
        *self.rechecks.lock().unwrap()
    }

    fn answer(
        &self,
        now: Timestamp,
        wanted: impl Fn(&BankAction) -> bool,
    ) -> Result<Vec<Row>, SourceError> {
        if let Some(reason) = *self.down.lock().unwrap() {
            let name = "cases".to_owned();
            return Err(SourceError::Unreachable { name, reason: reason.to_owned() });
        }
        let as_of = self.as_of.lock().unwrap().unwrap_or(now);
        let broken = self.broken.lock().unwrap().clone();
        let is_broken = |row: &BankAction| {
            broken.iter().any(|broken| broken.external_id.as_ref() == Some(&row.external_id))
        };
        let rows = self.rows.lock().unwrap();
        let good = rows.values().filter(|row| wanted(row) && !is_broken(row));
        let good = good.map(|row| Ok(Sighting { action: row.clone(), as_of })).collect::<Vec<_>>();
        Ok(good.into_iter().chain(broken.into_iter().map(Err)).collect())
    }
}

#[async_trait]
impl CaseSource for FakeCases {
    async fn poll(
        &self,
        now: Timestamp,
        since: Option<Timestamp>,
    ) -> Result<BoxStream<'_, Result<Row, SourceError>>, SourceError> {
        let rows =
            self.answer(now, |row| since.is_none_or(|since| row.updated_at >= Some(since)))?;
        Ok(futures::stream::iter(rows.into_iter().map(Ok)).boxed())
    }

    async fn recheck(&self, now: Timestamp, ids: &[ExternalId]) -> Result<Vec<Row>, SourceError> {
        let hook = self.before_recheck.lock().unwrap().pop_front();
        if let Some(hook) = hook {
            hook(self);
        }
        *self.rechecks.lock().unwrap() += 1;
        self.answer(now, |row| ids.contains(&row.external_id))
    }

    async fn tells_changes(&self) -> Result<bool, SourceError> {
        Ok(!*self.snapshots.lock().unwrap())
    }

    fn overlap(&self) -> SignedDuration {
        SignedDuration::from_mins(10)
    }

    async fn figures(&self) -> Result<Vec<FiguresRow>, SourceError> {
        self.answer(Timestamp::from_micros(0), |_| false)?;
        Ok(self.figures.lock().unwrap().iter().copied().map(Ok).collect())
    }
}

/// A lien that has been pending since `hours` before `now`, complete, delivered, and pressed once in
/// private soon after.
pub fn lien(
    id: &str,
    case: u32,
    bank: &str,
    rupees: i64,
    hours: i64,
    now: Timestamp,
) -> BankAction {
    let requested = now.minus(SignedDuration::from_hours(hours));
    BankAction {
        external_id: ExternalId::new(id),
        case_ref: CaseRef::new(format!("FIR {case}/2026")),
        bank: BankCode::new(bank),
        kind: Kind::Lien,
        layer: Some(1),
        disputed: Some(Paise::from_rupees(rupees)),
        requested_at: requested,
        delivered_at: Some(requested.plus(SignedDuration::from_mins(10))),
        due_at: None,
        complete: true,
        status: Status::Pending,
        acted_at: None,
        lien_amount: None,
        contacts: 1,
        last_contact_at: Some(requested.plus(SignedDuration::from_hours(1))),
        updated_at: Some(requested.plus(SignedDuration::from_hours(1))),
    }
}

/// `count` overdue liens of one bank, each of a case of its own.
pub fn liens(bank: &str, count: u32, now: Timestamp) -> Vec<BankAction> {
    let one = |n: u32| {
        let rupees = 100_000 + i64::from(n) * 1_000;
        lien(&format!("{bank}-{n}"), 1000 + n, bank, rupees, 72, now)
    };
    (1..=count).map(one).collect()
}
