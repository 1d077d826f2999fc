//! A backup is put back: the ledger is older than what went out. It notices that by itself, sends
//! nothing, reads the accounts back, and goes on without a second post.

use std::path::PathBuf;

use jiff::SignedDuration;
use takaza::{
    domain::{delivery::StateName, escalation::EscalationState, time::Timestamp},
    store::{EscalationRow, FindingKind, Severity, Store, read_checkpoints},
    work::{self, restore},
};

use crate::support::{
    fake_mastodon::{Ask, Trick},
    ledger_sql,
    world::World,
};

/// A unit whose post went out after its backup, with the backup in the ledger's place.
struct Restored {
    world: World,
    row: EscalationRow,
    backup_at: Timestamp,
    checkpoints: PathBuf,
    _folder: tempfile::TempDir,
}

impl Restored {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let checkpoints = folder.path().join("out-of-reach");
        let mut world = World::configured(|config| {
            config.record.key_file = folder.path().join("keys/record.key");
            config.record.checkpoint_file = checkpoints.clone();
        })
        .await;
        let row = world.cleared("ZPPL").await;
        work::seal::run_once(&world.ctx).await.unwrap();
        let backup = folder.path().join("backup.db");
        ledger_sql::run(&world.ledger_url, &format!("VACUUM INTO '{}'", backup.display())).await;
        let backup_at = world.now();

        world.pass(SignedDuration::from_mins(5));
        world.run_once().await;
        assert_eq!(world.states(&row).await, [StateName::Delivered], "posted after the backup");
        work::seal::run_once(&world.ctx).await.unwrap();

        world.pass(SignedDuration::from_mins(5));
        world.ledger_url = format!("sqlite:{}", backup.display());
        let (ctx, dice) = (&world.ctx, world.ctx.dice.clone());
        world.ctx.store = Store::open(&world.ledger_url, 5, &ctx.clock, dice).await.unwrap();
        assert_eq!(world.states(&row).await, [StateName::Waiting], "the backup knows no post");
        Self { world, row, backup_at, checkpoints, _folder: folder }
    }

    async fn seal(&self) -> work::Progress {
        work::seal::run_once(&self.world.ctx).await.unwrap()
    }

    async fn marked(&self) -> Option<String> {
        self.world.ctx.store.gate().await.unwrap().restored
    }

    async fn accept(&self) -> anyhow::Result<restore::Report> {
        let world = &self.world;
        let dcp = world.person("dcp").await.as_approver(world.now()).unwrap();
        restore::accept(&world.ctx, &world.by("dcp"), &dcp, self.backup_at).await
    }
}

#[tokio::test]
async fn a_post_made_after_the_backup_is_adopted_and_the_record_goes_on_under_a_new_origin() {
    let restored = Restored::new().await;
    let world = &restored.world;
    restored.seal().await;
    assert!(restored.marked().await.unwrap().contains("a backup was restored"));
    work::deliver::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.town.made(), 1, "nothing sends before it is accepted");
    assert_eq!(world.states(&restored.row).await, [StateName::Uncertain]);

    let report = restored.accept().await.unwrap();
    let [(_, found)] = &report.accounts[..] else { panic!("{report:?}") };
    assert!(found.adopted[0].ends_with(&world.town.posts()[0].id), "{found:?}");
    assert_eq!(report.origin.as_deref(), Some("takaza/test#2"));
    assert_eq!(world.states(&restored.row).await, [StateName::Delivered]);

    assert!(restored.seal().await.did > 0, "sealing goes on");
    assert_eq!(restored.marked().await, None, "and does not mark it again");
    world.run_once().await;
    world.pass(SignedDuration::from_mins(5));
    world.run_once().await;
    restored.seal().await;
    assert_eq!(world.town.made(), 1, "no second post");
    assert_eq!(world.again(&restored.row).await.escalation.state(), EscalationState::Closed);

    let notes = read_checkpoints(&restored.checkpoints).await.unwrap();
    assert!(notes.last().unwrap().starts_with("takaza/test#2\n"));
    let key = work::seal::key(&world.ctx.config.record, &world.ctx.dice).unwrap();
    let verdict = world.ctx.store.verify(&notes, &[key.vkey()], &|_, _| {}).await.unwrap();
    assert!(verdict.whole(), "{verdict}");
    let kinds: Vec<_> = verdict.findings.iter().map(|found| (found.kind, found.severity)).collect();
    assert_eq!(kinds, [(FindingKind::EarlierOrigin, Severity::Note)], "{verdict}");
}

#[tokio::test]
async fn where_an_account_cannot_be_read_nothing_is_accepted_and_nothing_is_changed() {
    let restored = Restored::new().await;
    let world = &restored.world;
    restored.seal().await;
    world.town.always(Ask::Timeline, Trick::ErrorBefore(503));
    let refused = format!("{:#}", restored.accept().await.unwrap_err());
    assert!(refused.contains("nothing was changed"), "{refused}");
    assert!(restored.marked().await.is_some());
    assert_eq!(world.states(&restored.row).await, [StateName::Uncertain]);
    assert!(restored.seal().await.notes[0].contains("a backup was restored"), "no new origin");

    world.town.calm();
    restored.accept().await.unwrap();
    assert_eq!(world.states(&restored.row).await, [StateName::Delivered]);
}

#[tokio::test]
async fn a_ledger_restored_together_with_its_checkpoints_is_marked_by_hand_and_keeps_its_origin() {
    let restored = Restored::new().await;
    let world = &restored.world;
    std::fs::remove_file(&restored.checkpoints).unwrap();
    restored.seal().await;
    assert_eq!(restored.marked().await, None, "nothing outside knows better");
    let why = "disk replaced, backup of Monday";
    assert_eq!(world.ctx.store.mark_restored(&world.by("asha"), why).await.unwrap(), 1);
    work::deliver::run_once(&world.ctx).await.unwrap();
    assert_eq!(world.town.made(), 1, "nothing sends before it is accepted");
    assert_eq!(restored.accept().await.unwrap().origin, None);
    assert_eq!(world.states(&restored.row).await, [StateName::Delivered]);
    assert!(restored.seal().await.notes.is_empty());
}
