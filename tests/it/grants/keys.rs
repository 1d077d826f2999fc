//! The key that seals: made at the first use, changed without losing a grant, and useless for a row
//! that somebody moved.

use takaza::store::Kept;

use super::*;
use crate::support::secrets::MARK;

async fn rotate(story: &Story) -> anyhow::Result<u64> {
    let root = story.world.person("root").await.as_administrator(story.world.now()).unwrap();
    let (by, store) = (story.world.by("root"), &story.world.ctx.store);
    work::grants::rotate(&story.vault(), store, &by, &root).await
}

fn lines(story: &Story) -> Vec<String> {
    let text = std::fs::read_to_string(story.key_file()).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_key_opens_every_grant_and_the_old_one_none() {
    let story = Story::new().await;
    let access = story.connect().await;
    let (old, sealed) = (lines(&story), story.row().await.sealed.unwrap());
    assert_eq!(rotate(&story).await.unwrap(), 1);
    let (new, resealed) = (lines(&story), story.row().await.sealed.unwrap());
    assert_eq!((old.len(), new.len()), (1, 1));
    assert_ne!(old, new);
    assert_ne!(sealed.key_id, resealed.key_id);
    assert_eq!(story.row().await.rev, 1, "a renewal that is under way is not disturbed");
    assert_eq!(token(&story.keeper()).await.unwrap(), access);
    // Whoever kept the old key file is told so, before any token is used up.
    let stale = story.folder.path().join("stale.key");
    std::fs::write(&stale, &old[0]).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&stale, mode).unwrap();
    let vault = Vault::new(KeyPlace::File(stale), story.world.ctx.dice.clone());
    let told = vault.open(&story.account, &resealed).unwrap_err().to_string();
    assert!(told.contains("put the newest key file here"), "{told}");
    let keys = vault.keys().unwrap();
    let grant = story.vault().open(&story.account, &resealed).unwrap();
    let behind = vault.seal(&keys, &story.account, &grant).unwrap();
    let root = story.world.person("root").await.as_administrator(story.world.now()).unwrap();
    let (by, store, now) = (story.world.by("root"), &story.world.ctx.store, story.world.now());
    let put = store.put_grant(&by, &root, &story.account, (&behind, &keys), now);
    assert_eq!(put.await.unwrap(), Kept::OtherKey, "nothing is sealed with a dropped key");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_key_that_was_cut_short_anywhere_loses_nothing() {
    let story = Story::new().await;
    let access = story.connect().await;
    let old = lines(&story);
    // Cut short after the new key was written: both are there, and all opens.
    let new = "ab".repeat(32);
    std::fs::write(story.key_file(), format!("{new}\n{}\n", old[0])).unwrap();
    assert_eq!(token(&story.keeper()).await.unwrap(), access);
    story.world.pass(mins(120));
    let renewed = token(&story.keeper()).await.unwrap();
    assert_ne!(
        story.row().await.sealed.unwrap().key_id,
        story.vault().keys().unwrap().older().next().unwrap()
    );
    // Again from there.
    rotate(&story).await.unwrap();
    assert_eq!(token(&story.keeper()).await.unwrap(), renewed);
    // Cut short after the grants were sealed anew: the old key is still in the file.
    let now = lines(&story);
    std::fs::write(story.key_file(), format!("{}\n{new}\n", now[0])).unwrap();
    assert_eq!(rotate(&story).await.unwrap(), 1);
    assert_eq!((token(&story.keeper()).await.unwrap(), lines(&story).len()), (renewed, 1));
    assert!(!lines(&story).contains(&new));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changes_while_a_grant_is_renewed_seals_what_comes_back() {
    let (story, keeper) = Story::due().await;
    let renewing = story.held_up(&keeper, Trick::LateAfter).await;
    rotate(&story).await.unwrap();
    story.server.release().await;
    let renewed = renewing.await.unwrap().unwrap();
    assert_eq!(token(&story.keeper()).await.unwrap(), renewed, "a new process opens it");
    assert_eq!(story.row().await.sealed.unwrap().key_id, story.vault().keys().unwrap().current());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_changes_the_key_at_a_time() {
    let story = Story::new().await;
    story.connect().await;
    let lock = std::fs::File::create(story.key_file().with_extension("lock")).unwrap();
    lock.try_lock().unwrap();
    let before = lines(&story);
    let told = format!("{:#}", rotate(&story).await.unwrap_err());
    assert!(told.contains("another process is changing the key"), "{told}");
    assert_eq!(lines(&story), before);
    lock.unlock().unwrap();
    rotate(&story).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_grant_that_was_moved_to_another_account_does_not_open() {
    let story = Story::new().await;
    story.connect().await;
    let other = AccountName::new("another");
    story.add(&other).await;
    let url = &story.world.ledger_url;
    let moved = "INSERT INTO account_grant SELECT 'another', sealed, key_id, expires_at, issued_at, \
                 rev, lease_by, lease_until, broken FROM account_grant";
    ledger_sql::run(url, moved).await;
    let row = story.world.ctx.store.grant(&other).await.unwrap().unwrap();
    let told = story.vault().open(&other, &row.sealed.unwrap()).unwrap_err().to_string();
    assert!(told.contains("somebody changed the ledger"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_grant_is_readable_in_the_ledger() {
    let (story, keeper) = Story::due().await;
    token(&keeper).await.unwrap();
    story.world.pass(mins(120));
    story.server.hostile(Trick::ErrorAfter(500));
    reconnect(token(&keeper).await);
    let sealed = story.row().await.sealed.unwrap().text;
    let url = &story.world.ledger_url;
    for secret in [MARK, &sealed] {
        let found = format!("SELECT COUNT(*) FROM entry WHERE body LIKE '%{secret}%'");
        assert_eq!(ledger_sql::number(url, &found).await, 0, "an entry holds it");
    }
    let found = format!("SELECT COUNT(*) FROM account_grant WHERE sealed LIKE '%{MARK}%'");
    assert_eq!(ledger_sql::number(url, &found).await, 0);
    assert_eq!(story.entries("grant.stored").await, 1);
    assert_eq!(story.entries("grant.renewed").await, 1);
    assert_eq!(story.entries("grant.broken").await, 1);
    let ledger = url.trim_start_matches("sqlite:");
    let read = |end: &str| std::fs::read(format!("{ledger}{end}")).unwrap();
    let file = [read(""), read("-wal")].concat();
    let holds = |text: &str| file.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!holds(MARK));
    assert!(holds("grant"), "the file is read");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_lost_key_the_accounts_are_connected_anew() {
    let story = Story::new().await;
    story.connect().await;
    std::fs::remove_file(story.key_file()).unwrap();
    let told = later(token(&story.keeper()).await);
    assert!(told.contains("that key is not here"), "{told}");
    assert!(!story.rings().await, "the grant itself is not broken");
    let told = format!("{:#}", rotate(&story).await.unwrap_err());
    assert!(told.contains("--lost"), "{told}");
    let root = story.world.person("root").await.as_administrator(story.world.now()).unwrap();
    let (by, store) = (story.world.by("root"), &story.world.ctx.store);
    let ended = work::grants::give_up_lost(&story.vault(), store, &by, &root).await;
    assert_eq!(ended.unwrap(), 1);
    reconnect(token(&story.keeper()).await);
    let anew = story.connect().await;
    assert_eq!(token(&story.keeper()).await.unwrap(), anew);
}
