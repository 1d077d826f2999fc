//! The record: sealed, verified, proved, exported. Each story runs on SQLite, and on PostgreSQL
//! where it is there.

mod case_file;
mod growing;
mod migrations;
mod outside;
mod restored;
mod rotation;
mod tampering;

use std::path::PathBuf;

use jiff::SignedDuration;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _, SqliteConnection};
use takaza::{
    domain::{
        escalation::EscalationKind,
        ids::{AccountName, BankCode, ExternalId},
        money::Paise,
        order::Terms,
    },
    store::{
        FindingKind, SealError, SealKey, SealRules, Sealed, Store, Verdict, create_key,
        read_checkpoints,
    },
    work,
};

use crate::support::{
    fake_cases::liens,
    world::{Db, World},
};

/// Both databases; PostgreSQL says so where it is left out.
const BOTH: [Db; 2] = [Db::Sqlite, Db::Postgres];

/// A ledger with a life behind it, and the key that seals it.
struct Ledger {
    world: World,
    key: SealKey,
    dir: tempfile::TempDir,
}

impl Ledger {
    /// Real acts of every kind, sealed in two steps.
    async fn filled(db: Db) -> Option<Self> {
        let ledger = Self::unsealed(db).await?;
        ledger.drill("the first drill").await;
        ledger.seal().await.unwrap();
        ledger.drill("the second drill").await;
        ledger.seal().await.unwrap();
        Some(ledger)
    }

    /// The same, before its first seal.
    async fn unsealed(db: Db) -> Option<Self> {
        let world = World::with(db, |_| {}).await?;
        let dir = tempfile::tempdir().unwrap();
        let key = create_key(&dir.path().join("key"), "takaza/test", &world.ctx.dice).unwrap();
        let ledger = Self { world, key, dir };
        ledger.live().await;
        Some(ledger)
    }

    /// A post that was delivered, one that is disputed, a standing order.
    async fn live(&self) {
        let world = &self.world;
        world.cleared("ZPPL").await;
        self.pass();
        work::deliver::run_once(&world.ctx).await.unwrap();
        work::sweep::run_once(&world.ctx).await.unwrap();
        self.pass();
        world.cases.put(liens("ZNMN", 4, world.now()));
        world.watch_and_escalate().await;
        self.pass();
        let held = world.held().await;
        let officer = world.person("asha").await;
        let (by, now) = (world.by("asha"), world.now());
        let (desk, officer) = (officer.as_desk(now).unwrap(), officer.as_officer(now).unwrap());
        let store = self.store();
        let reference = held.escalation.reference.as_str();
        store.dispute(&by, reference, &officer, "amount", "the amount was returned").await.unwrap();
        self.pass();
        let note = takaza::store::Note::StillPending;
        store.note_action(&by, &desk, &ExternalId::new("ZNMN-1"), note).await.unwrap();
        store.draft_order(&by, &desk, "nights", &terms(now)).await.unwrap();
        self.pass();
    }

    /// Two acts upon the gate.
    async fn drill(&self, why: &str) {
        let dcp = self.world.person("dcp").await;
        let by = self.world.by("dcp");
        let desk = dcp.as_desk(self.world.now()).unwrap();
        self.store().stop(&by, &desk, why).await.unwrap();
        self.pass();
        let approver = dcp.as_approver(self.world.now()).unwrap();
        self.store().resume(&by, &approver).await.unwrap();
        self.pass();
    }

    fn pass(&self) {
        self.world.pass(SignedDuration::from_secs(5));
    }

    fn store(&self) -> &Store {
        &self.world.ctx.store
    }

    /// The file of checkpoints, out of the ledger's reach.
    fn place(&self) -> PathBuf {
        self.dir.path().join("checkpoints")
    }

    async fn seal(&self) -> Result<Sealed, SealError> {
        let (store, key, places) = (self.store().clone(), self.key.clone(), [self.place()]);
        tokio::spawn(async move { seal(&store, &key, &places, 1000).await }).await.unwrap()
    }

    async fn notes(&self) -> Vec<String> {
        read_checkpoints(&self.place()).await.unwrap()
    }

    async fn verify(&self) -> Verdict {
        let (store, notes, vkey) =
            (self.store().clone(), self.notes().await, self.key.vkey().to_owned());
        // As a server would do it, beside its other work.
        let verifying =
            tokio::spawn(async move { store.verify(&notes, &[&vkey], &|_, _| {}).await });
        verifying.await.unwrap().unwrap()
    }

    /// What somebody does who can write the database.
    async fn tamper(&self, statements: &[&str]) {
        for text in statements {
            raw(&self.world.ledger_url, text).await;
        }
    }

    /// Takes away what guards the record in the database itself.
    async fn disarm(&self) {
        let sqlite = self.world.ledger_url.starts_with("sqlite:");
        let triggers: &[&str] = if sqlite {
            &[
                "DROP TRIGGER entry_insert_only_u",
                "DROP TRIGGER entry_insert_only_d",
                "DROP TRIGGER leaf_insert_only_u",
                "DROP TRIGGER leaf_insert_only_d",
            ]
        } else {
            &["DROP TRIGGER entry_insert_only ON entry", "DROP TRIGGER leaf_insert_only ON leaf"]
        };
        self.tamper(triggers).await;
    }

    /// The one text that a query gives.
    async fn ask(&self, query: &str) -> String {
        raw(&self.world.ledger_url, query).await.expect("a row")
    }
}

async fn seal(
    store: &Store,
    key: &SealKey,
    places: &[PathBuf],
    batch: u32,
) -> Result<Sealed, SealError> {
    store.seal(&SealRules { key, places, batch, window: None }).await
}

/// Runs a statement on a connection of its own; the first column of the first row, as text.
async fn raw(url: &str, text: &str) -> Option<String> {
    let text = AssertSqlSafe(text.to_owned());
    if let Some(path) = url.strip_prefix("sqlite:") {
        let mut connection = SqliteConnection::connect(path).await.unwrap();
        let row = sqlx::query(text).fetch_optional(&mut connection).await.unwrap();
        let found = row.and_then(|row| row.try_get(0).ok());
        connection.close().await.unwrap();
        found
    } else {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let row = sqlx::query(text).fetch_optional(&mut connection).await.unwrap();
        let found = row.and_then(|row| row.try_get(0).ok());
        connection.close().await.unwrap();
        found
    }
}

fn terms(now: takaza::domain::time::Timestamp) -> Terms {
    Terms {
        banks: vec![BankCode::new("ZPPL")],
        kinds: vec![EscalationKind::Tag],
        accounts: vec![AccountName::new("unit")],
        minimum_amount: Paise::from_rupees(100_000),
        minimum_overdue_hours: 24,
        templates: Vec::new(),
        per_bank_day: 1,
        per_day: 5,
        per_hour: 2,
        expires_at: now.plus(SignedDuration::from_hours(240)),
    }
}

/// The kinds of a verdict's findings, with their places.
fn found(verdict: &Verdict) -> Vec<(FindingKind, &str)> {
    verdict.findings.iter().map(|found| (found.kind, found.place.as_str())).collect()
}

#[tokio::test]
async fn a_record_that_nobody_touched_is_whole() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [], "{verdict}");
        assert!(verdict.whole() && verdict.entries > 20, "{verdict}");
        assert_eq!(verdict.entries, verdict.leaves);
        assert_eq!(verdict.checkpoints, 4, "two in the file, two stored");
        let json = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&json).unwrap(), verdict);
    }
}

#[tokio::test]
async fn a_record_of_thanks_rejections_faults_and_a_transfer_is_whole() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let (world, store) = (&ledger.world, ledger.store());
        world.pass(SignedDuration::from_hours(2));
        (1..=5).for_each(|n| world.cases.acts(&format!("ZPPL-{n}"), world.now()));
        world.watch_and_escalate().await;
        let thanks = world.held().await;
        world.approve(&thanks).await;
        world.cases.goes_down("a cable was cut");
        work::deliver::run_once(&world.ctx).await.unwrap();
        world.cases.comes_back();
        world.pass(SignedDuration::from_hours(1));
        work::deliver::run_once(&world.ctx).await.unwrap();
        work::sweep::run_once(&world.ctx).await.unwrap();

        let mut more = liens("ZGLM", 4, world.now());
        more.iter_mut().for_each(|row| row.updated_at = Some(world.now()));
        world.cases.put(more);
        world.watch_and_escalate().await;
        let held = world.held().await;
        let (dcp, by) = (world.person("dcp").await, world.by("dcp"));
        let reference = held.escalation.reference.as_str();
        store.reject(&by, reference, &dcp, "not this week").await.unwrap();
        let root = world.person("root").await.as_administrator(world.now()).unwrap();
        store.end_person(&world.by("root"), &root, &dcp.id, world.now()).await.unwrap();
        store.mark_restored(&world.by("root"), "a drill").await.unwrap();
        ledger.seal().await.unwrap();
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [], "{verdict}");
    }
}

#[tokio::test]
async fn what_waits_too_long_to_be_sealed_is_a_warning_and_not_a_break() {
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        ledger.drill("a third drill").await;
        ledger.world.pass(SignedDuration::from_secs(60));
        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [(FindingKind::Unsealed, "the record")]);
        assert!(verdict.whole());
    }
}

#[tokio::test]
async fn erasing_under_a_rule_leaves_the_record_whole_and_says_so() {
    use takaza::store::Erasable;
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let (store, by) = (ledger.store(), ledger.world.by("root"));
        let root = ledger.world.person("root").await;
        let root = root.as_administrator(ledger.world.now()).unwrap();
        let dispute = ledger.ask("SELECT id FROM dispute").await;
        let note = ledger.ask("SELECT id FROM action_note").await;
        let closed = ledger.ask("SELECT id FROM escalation WHERE state = 'closed'").await;
        let change = ledger.ask("SELECT id FROM action_change WHERE external_id = 'ZPPL-2'").await;
        let open = ledger.ask("SELECT id FROM action_change WHERE external_id = 'ZNMN-2'").await;
        let rule = "retention 7";
        let rows = [
            (Erasable::Dispute, dispute.clone()),
            (Erasable::Note, note),
            (Erasable::Member, format!("{closed}/1")),
            (Erasable::Change, change),
        ];
        assert_eq!(store.erase(&by, &root, &rows, rule).await.unwrap(), 4);
        let kept = store.erase(&by, &root, &[(Erasable::Change, open)], rule).await;
        assert!(kept.is_err(), "an open escalation rests on it");
        ledger.seal().await.unwrap();

        let verdict = ledger.verify().await;
        assert_eq!(found(&verdict), [], "{verdict}");
        assert!(verdict.to_string().contains("1 rows of dispute erased under rule retention 7"));
        let tables: Vec<_> = verdict.erased.iter().map(|erased| erased.table.as_str()).collect();
        assert_eq!(tables, ["action_change", "action_note", "dispute", "escalation_action"]);
        let blank = "SELECT COUNT(*) || '' FROM escalation_action
             WHERE case_ref IS NULL AND seen IS NULL AND external_id IS NULL";
        assert_eq!(ledger.ask(blank).await, "1");
        let left = ledger.ask("SELECT COUNT(*) || '' FROM action WHERE external_id = 'ZPPL-2'");
        assert_eq!(left.await, "0");

        ledger.tamper(&["UPDATE dispute SET ground = 'another'"]).await;
        let place = format!("dispute {dispute}");
        assert_eq!(found(&ledger.verify().await), [(FindingKind::RowAltered, place.as_str())]);
    }
}

#[tokio::test]
async fn what_can_be_erased_of_a_case_is_found_and_what_is_open_is_kept() {
    use takaza::{domain::ids::CaseRef, store::About, store::Erasable};
    for db in BOTH {
        let Some(ledger) = Ledger::filled(db).await else { continue };
        let (store, by) = (ledger.store(), ledger.world.by("root"));
        let root = ledger.world.person("root").await;
        let root = root.as_administrator(ledger.world.now()).unwrap();
        let case =
            ledger.ask("SELECT case_ref FROM escalation_action WHERE external_id = 'ZPPL-2'");
        let about = About::Case(CaseRef::new(case.await));
        let found = store.erasable(&about).await.unwrap();
        let tables = |rows: &[(Erasable, String)]| rows.iter().map(|row| row.0).collect::<Vec<_>>();
        assert_eq!(tables(&found.rows), [Erasable::Member, Erasable::Change]);
        let kept = [Erasable::Member, Erasable::Change];
        assert_eq!(tables(&found.kept), kept, "another bank's action of the same case is open");
        assert_eq!(store.erase(&by, &root, &found.rows, "order 4").await.unwrap(), 2);
        let left = "SELECT COUNT(*) || '' FROM action_change WHERE external_id = 'ZPPL-2'";
        assert_eq!(ledger.ask(left).await, "0");
        let left = store.erasable(&about).await.unwrap();
        assert_eq!((left.rows, left.kept), (Vec::new(), found.kept));

        let open = About::Action(ExternalId::new("ZNMN-1"));
        let found = store.erasable(&open).await.unwrap();
        assert!(found.rows.is_empty(), "a dispute is still to be decided: {found:?}");
        assert_eq!(tables(&found.kept), [Erasable::Member, Erasable::Change, Erasable::Note]);
        let disputed =
            ledger.ask("SELECT reference FROM escalation WHERE state = 'disputed'").await;
        let found = store.erasable(&About::Post(disputed)).await.unwrap();
        assert_eq!((tables(&found.rows), found.kept.len()), (vec![Erasable::Dispute], 4));
        ledger.seal().await.unwrap();
        let verdict = ledger.verify().await;
        assert_eq!(self::found(&verdict), [], "{verdict}");
        assert!(verdict.to_string().contains("erased under rule order 4"), "{verdict}");
    }
}
