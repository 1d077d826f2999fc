//! The crash story with the real binary: `takaza serve` is killed by SIGKILL while a post is on its
//! way, and whoever starts next finds out what became of it. No post twice, none lost.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use secrecy::ExposeSecret as _;
use sqlx::Connection as _;
use tokio::{
    io::{AsyncReadExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::support::{
    fake_mastodon::{Ask, FakeMastodon, Trick},
    unit::{Unit, now, text},
};

/// Short times, so that a lease runs out while a person waits.
const SHORT: &str = r#"
[deliver]
every = "100ms"
lease = "6s"
request_timeout = "3s"
read_lag = "0s"
"#;

/// The longest that any of these stories waits for anything.
const PATIENCE: Duration = Duration::from_secs(60);

/// A wire to the town that can be held: then requests get in and no further.
struct Wire {
    base_url: String,
    held: watch::Sender<bool>,
    waiting: watch::Receiver<usize>,
}

impl Wire {
    async fn to(town: &FakeMastodon) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let base_url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let target = town.base_url.trim_start_matches("http://").to_owned();
        let (held, (count, waiting)) = (watch::Sender::new(false), watch::channel(0));
        let hold = held.clone();
        tokio::spawn(async move {
            while let Ok((mut asker, _)) = listener.accept().await {
                if *hold.borrow() {
                    let (hold, count) = (hold.clone(), count.clone());
                    tokio::spawn(async move {
                        // Others only read: the post is the one that the story waits for.
                        let mut verb = [0; 4];
                        if asker.read_exact(&mut verb).await.is_ok() && &verb == b"POST" {
                            count.send_modify(|n| *n += 1);
                        }
                        // The connection is dropped when the wire is let go: nothing was passed on.
                        let _ = hold.subscribe().wait_for(|held| !held).await;
                        drop(asker);
                    });
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    if let Ok(mut town) = TcpStream::connect(&target).await {
                        let _ = copy_bidirectional(&mut asker, &mut town).await;
                    }
                });
            }
        });
        Self { base_url, held, waiting }
    }

    /// Until a request to post is held.
    async fn somebody_waits(&mut self) {
        let waits = self.waiting.wait_for(|count| *count > 0);
        tokio::time::timeout(PATIENCE, waits).await.expect("in time").expect("the wire lives");
    }
}

/// A unit with one approved post that nobody has sent yet.
struct Story {
    unit: Unit,
    town: FakeMastodon,
    wire: Wire,
    reference: String,
}

impl Story {
    async fn begin(more: &[&str]) -> Self {
        let unit = Unit::staffed(SHORT);
        let town = FakeMastodon::start().await;
        let wire = Wire::to(&town).await;
        town.advance(now().since(town.now()));
        unit.write("token", town.token().expose_secret());
        let token = unit.file("token");
        let words = ["account", "add", "town", "--platform", "mastodon", "--languages", "en"];
        let words = [&words[..], &["--base-url", &wire.base_url, "--token-file", &token], more];
        unit.act("root", &words.concat()).done();
        unit.act("dcp", &["account", "live", "town"]).done();
        unit.import_liens(4, ("ZPPL", "Peepal Bank"));
        unit.run(&["run-once"]).done();
        let reference = unit.approve();
        Self { unit, town, wire, reference }
    }

    fn serve(&self) -> Child {
        let mut command = self.unit.command(&["serve"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().expect("the service starts")
    }

    /// Runs every reconciler until the delivery stands where it should.
    fn until(&self, stands: impl Fn(&serde_json::Value) -> bool) -> serde_json::Value {
        let end = now().plus(PATIENCE.try_into().expect("a minute"));
        loop {
            self.unit.run(&["run-once"]).done();
            let list = self.unit.run(&["post", "list", "--json"]).json();
            let delivery = list[0].clone();
            assert_eq!(text(&delivery["reference"]), self.reference);
            if stands(&delivery) {
                return delivery;
            }
            assert!(now() < end, "it stands nowhere: {delivery:#}");
        }
    }

    /// Waits until the post is on its way: whoever else waits at the wire only reads.
    fn until_sending(&self) {
        let end = now().plus(PATIENCE.try_into().expect("a minute"));
        loop {
            let list = self.unit.run(&["post", "list", "--json"]).json();
            if list[0]["state"] == "sending" {
                return;
            }
            assert!(now() < end, "it was never claimed: {list:#}");
        }
    }

    /// Whether nobody holds the ledger's one place for a writer just now.
    async fn can_be_written(&self) -> bool {
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(self.unit.file("takaza.db"))
            .busy_timeout(Duration::from_millis(1));
        let mut ledger = sqlx::SqliteConnection::connect_with(&options).await.expect("it opens");
        sqlx::raw_sql("BEGIN IMMEDIATE; ROLLBACK").execute(&mut ledger).await.is_ok()
    }

    fn is_whole(&self) {
        self.unit.run(&["audit", "verify"]).done();
        let shown = self.unit.run(&["post", "show", &self.reference]).done();
        assert!(shown.contains("uncertain (lease)"), "the doubt is on the record:\n{shown}");
    }
}

/// SIGKILL, as `kill -9` sends it: the process has no last word.
fn kill(mut service: Child) {
    service.kill().expect("it lived");
    let status = service.wait().expect("it is ours");
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "{status}");
}

fn delivered(delivery: &serde_json::Value) -> bool {
    delivery["state"] == "delivered"
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_request_arrived_a_person_is_asked_and_nothing_was_posted() {
    let mut story = Story::begin(&[]).await;
    story.wire.held.send_replace(true);
    let service = story.serve();
    story.wire.somebody_waits().await;
    story.until_sending();
    kill(service);
    story.wire.held.send_replace(false);

    let delivery = story.until(|delivery| delivery["asks_a_person"] == true);
    assert_eq!(delivery["state"], "uncertain");
    assert_eq!(story.town.made(), 0, "nothing was posted, and nothing is sent again by itself");
    story.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_request_arrived_an_idempotent_server_gets_it_again_once() {
    let mut story = Story::begin(&["--honours-idempotency"]).await;
    story.wire.held.send_replace(true);
    let service = story.serve();
    story.wire.somebody_waits().await;
    story.until_sending();
    kill(service);
    story.wire.held.send_replace(false);

    story.until(delivered);
    assert_eq!(story.town.made(), 1);
    story.is_whole();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_the_server_thought_about_it_the_post_is_found_and_not_repeated() {
    for more in [&[][..], &["--honours-idempotency"]] {
        let story = Story::begin(more).await;
        story.town.hostile(Trick::LateBefore);
        let service = story.serve();
        let parked = story.town.somebody_is_parked();
        tokio::time::timeout(PATIENCE, parked).await.expect("in time");
        kill(service);
        story.town.release().await;

        story.until(delivered);
        assert_eq!((story.town.made(), story.town.posts().len()), (1, 1));
        assert_eq!(story.town.asked(Ask::Post), 1, "nobody asked twice");
        story.is_whole();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_after_the_post_was_made_it_is_found_and_not_repeated() {
    let story = Story::begin(&[]).await;
    story.town.hostile(Trick::LateAfter);
    let service = story.serve();
    let parked = story.town.somebody_is_parked();
    tokio::time::timeout(PATIENCE, parked).await.expect("in time");
    kill(service);

    let delivery = story.until(delivered);
    assert!(text(&delivery["permalink"]).contains(&story.town.posts()[0].id), "{delivery}");
    assert_eq!((story.town.made(), story.town.asked(Ask::Post)), (1, 1));
    story.town.release().await;
    story.is_whole();
}

/// SIGSTOP and SIGCONT: the process sleeps through its lease, then wakes and goes on.
fn signal(service: &Child, signal: rustix::process::Signal) {
    let id = i32::try_from(service.id()).ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(id.expect("a process"), signal).expect("it lives");
}

#[tokio::test(flavor = "multi_thread")]
async fn stopped_for_longer_than_its_lease_it_wakes_and_the_post_is_made_once() {
    let ended =
        |delivery: &serde_json::Value| delivered(delivery) || delivery["asks_a_person"] == true;
    for more in [&[][..], &["--honours-idempotency"]] {
        let story = Story::begin(more).await;
        story.town.hostile(Trick::LateBefore);
        let service = story.serve();
        let parked = story.town.somebody_is_parked();
        tokio::time::timeout(PATIENCE, parked).await.expect("in time");
        // Not in the middle of a write: a stopped writer keeps everybody out of an SQLite file.
        loop {
            signal(&service, rustix::process::Signal::STOP);
            if story.can_be_written().await {
                break;
            }
            signal(&service, rustix::process::Signal::CONT);
        }

        // Another worker looks while the first one sleeps.
        story.until(ended);
        story.town.release().await;
        signal(&service, rustix::process::Signal::CONT);
        story.until(ended);
        assert_eq!((story.town.made(), story.town.posts().len()), (1, 1));
        kill(service);
        story.is_whole();
    }
}
