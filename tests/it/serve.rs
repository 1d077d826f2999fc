//! The service's shell: reconcilers that fail, panic, wake and stop, stepped by hand.

use std::{
    net::SocketAddr,
    os::unix::net::UnixDatagram,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use futures::{FutureExt as _, future::BoxFuture};
use jiff::SignedDuration;
use takaza::{
    clock::{Clock, Dice},
    domain::{
        cost::{MicroDollars, Spent},
        ids::AccountName,
        time::Timestamp,
    },
    serve::{Board, HUNG_AFTER, Host, Manager, Next, Reconciler, Runner, Service, ask},
    store::{Standing, Store},
    telemetry,
    work::{Progress, meter::Month},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::{Semaphore, mpsc},
};

use crate::support::{secrets, unit::Unit};

/// 24 November 2026, 12:00 UTC.
const NOW: Timestamp = Timestamp::from_micros(1_795_521_600_000_000);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// What a reconciler shall do when it runs next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Plan {
    Well,
    More,
    Fail,
    Panic,
    /// Says that it has begun, and ends when the story lets it.
    Hang,
}

/// A host on a real ledger and a clock that the story steps.
#[derive(Clone)]
struct Story {
    clock: Clock,
    store: Store,
    plan: Arc<std::sync::Mutex<Plan>>,
    runs: Arc<AtomicU32>,
    begun: mpsc::UnboundedSender<()>,
    go_on: Arc<Semaphore>,
    read_at: Option<Timestamp>,
    _folder: Arc<tempfile::TempDir>,
}

impl Story {
    async fn new() -> (Self, mpsc::UnboundedReceiver<()>) {
        let folder = tempfile::tempdir().expect("a folder");
        let url = format!("sqlite:{}", folder.path().join("takaza.db").display());
        let clock = Clock::stepped(NOW);
        let store = Store::open(&url, 2, &clock, Dice::seeded(1)).await.expect("a ledger");
        let (begun, hears) = mpsc::unbounded_channel();
        let story = Self {
            clock,
            store,
            plan: Arc::new(std::sync::Mutex::new(Plan::Well)),
            runs: Arc::default(),
            begun,
            go_on: Arc::new(Semaphore::new(0)),
            read_at: Some(NOW),
            _folder: Arc::new(folder),
        };
        (story, hears)
    }

    fn plan(&self, plan: Plan) {
        *self.plan.lock().expect("unpoisoned") = plan;
    }

    fn runner(&self) -> (Runner<Self>, Board) {
        let board = Board::default();
        (Runner::new(reconciler(MINUTE), self.clone(), board.clone()), board)
    }
}

#[async_trait]
impl Host for Story {
    fn clock(&self) -> &Clock {
        &self.clock
    }

    async fn heartbeat(
        &self,
        reconciler: &'static str,
        start: Timestamp,
        ok: Option<Timestamp>,
        error: Option<&str>,
    ) -> anyhow::Result<()> {
        Ok(self.store.heartbeat(reconciler, start, ok, error).await?)
    }

    async fn standing(&self) -> anyhow::Result<Standing> {
        let standing = self.store.standing().await?;
        Ok(Standing { source_read_at: self.read_at, ..standing })
    }

    async fn closed(&self) -> anyhow::Result<Option<&'static str>> {
        Ok(self.store.gate().await?.stopped.map(|_| "stopped"))
    }

    async fn months(&self) -> anyhow::Result<Vec<Month>> {
        let tariff = crate::costs::tariff();
        let spent =
            Spent { posts: MicroDollars::new(4_800_000), listening: MicroDollars::new(15_000) };
        let (posts, listening) = (tariff.posts_used(&spent), tariff.listening_used(&spent));
        Ok(vec![Month { account: AccountName::new("unit"), tariff, spent, posts, listening }])
    }

    fn source_fresh_for(&self) -> SignedDuration {
        HOUR
    }
}

fn reconciler(every: SignedDuration) -> Reconciler<Story> {
    Reconciler { name: "story", every, run }
}

fn run(story: Story) -> BoxFuture<'static, anyhow::Result<Progress>> {
    async move {
        story.runs.fetch_add(1, Ordering::SeqCst);
        story.begun.send(()).expect("the story listens");
        let plan = *story.plan.lock().expect("unpoisoned");
        match plan {
            Plan::Well => Ok(Progress { did: 2, ..Progress::default() }),
            Plan::More => Ok(Progress { did: 1, more: true, ..Progress::default() }),
            Plan::Fail => anyhow::bail!("the source is down"),
            Plan::Panic => panic!("a victim's name"),
            Plan::Hang => {
                let _go_on = story.go_on.acquire().await?;
                Ok(Progress::default())
            }
        }
    }
    .boxed()
}

#[tokio::test]
async fn an_error_or_a_panic_is_one_runs_own_and_the_next_run_goes_on() {
    let (story, _hears) = Story::new().await;
    let (runner, board) = story.runner();
    assert_eq!(runner.step().await, Next::OnTime);
    story.plan(Plan::Fail);
    assert_eq!(runner.step().await, Next::After(MINUTE));
    story.plan(Plan::Panic);
    assert_eq!(runner.step().await, Next::After(MINUTE), "a minute is the longest pause");
    assert_eq!(board.runs()["story"].failures, 2);
    story.plan(Plan::More);
    assert_eq!(runner.step().await, Next::Now);
    assert_eq!(board.runs()["story"].failures, 0);
}

#[tokio::test]
async fn workers_prove_that_they_live() {
    let (story, _hears) = Story::new().await;
    let (runner, _) = story.runner();
    runner.step().await;
    story.clock.advance(MINUTE);
    story.plan(Plan::Panic);
    runner.step().await;
    let workers = story.store.workers().await.expect("the ledger");
    assert_eq!(workers.len(), 1);
    assert_eq!(workers[0].last_ok_at, Some(NOW), "the last good run is kept");
    assert_eq!(workers[0].last_start_at, NOW.plus(MINUTE));
    let error = workers[0].last_error.as_deref().expect("what failed");
    assert!(error.contains("panicked") && !error.contains("victim"), "{error}");
}

#[tokio::test]
async fn a_notice_wakes_a_reconciler_before_its_time() {
    let (story, mut hears) = Story::new().await;
    let service = Service::start(story.clone(), &[reconciler(HOUR)]);
    hears.recv().await.expect("it runs at the start");
    service.wake("story");
    hears.recv().await.expect("it runs again, an hour early");
    service.wake("nobody");
    assert!(service.stop(MINUTE).await);
}

#[tokio::test]
async fn a_stop_waits_for_what_is_under_way_and_begins_nothing() {
    let (story, mut hears) = Story::new().await;
    story.plan(Plan::Hang);
    let service = Service::start(story.clone(), &[reconciler(HOUR)]);
    hears.recv().await.expect("it has begun");
    service.wake("story");
    let stopping = tokio::spawn(service.stop(MINUTE));
    story.go_on.add_permits(100);
    assert!(stopping.await.expect("it stops"), "it ended by itself");
    assert_eq!(story.runs.load(Ordering::SeqCst), 1, "the notice began no further run");
}

#[tokio::test]
async fn a_run_that_does_not_end_is_dropped_at_the_deadline() {
    let (story, mut hears) = Story::new().await;
    story.plan(Plan::Hang);
    let service = Service::start(story.clone(), &[reconciler(HOUR)]);
    hears.recv().await.expect("it has begun");
    assert!(!service.stop(SignedDuration::from_millis(1)).await, "it says that it was dropped");
    drop(hears);
}

/// One plain request, as any probe makes it: status and body.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let request = format!("GET {path} HTTP/1.1\r\nHost: story\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("answered");
    secrets::told("one of the service's listeners", answer.as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// A running service whose reconciler runs once at its start.
async fn served(story: &Story) -> (Service<Story>, SocketAddr, SocketAddr) {
    let mut service = Service::start(story.clone(), &[reconciler(HOUR)]);
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let recorder = telemetry::metrics().expect("metrics");
    let (health, metrics) = service.listen(any, any, recorder).await.expect("listening");
    (service, health, metrics)
}

#[tokio::test]
async fn readiness_gives_every_reason_and_health_none() {
    let (mut story, mut hears) = Story::new().await;
    story.read_at = Some(NOW.minus(HOUR + MINUTE));
    story.plan(Plan::Hang);
    let (service, health, _) = served(&story).await;
    hears.recv().await.expect("it has begun, and not ended");
    assert_eq!(get(health, "/healthz").await.0, 200);
    let (status, body) = get(health, "/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("story has not run yet"), "{body}");
    assert!(body.contains("stale facts"), "{body}");
    story.go_on.add_permits(100);
    assert!(service.stop(MINUTE).await);
}

#[tokio::test]
async fn a_reconciler_that_has_not_succeeded_lately_is_named() {
    let (story, _hears) = Story::new().await;
    let board = Board::default();
    let runner = Runner::new(reconciler(MINUTE), story.clone(), board.clone());
    runner.step().await;
    let app = takaza::serve::health_routes(story.clone(), board);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let serving = tokio::spawn(async move { axum::serve(listener, app).await });
    let (status, body) = get(address, "/readyz").await;
    assert_eq!((status, body.contains("\"ready\":true")), (200, true), "{body}");
    story.clock.advance(MINUTE * 5);
    let (status, body) = get(address, "/readyz").await;
    assert_eq!(status, 503);
    assert!(body.contains("story has not succeeded since 2026-11-24T12:00:00Z"), "{body}");
    serving.abort();
}

#[tokio::test]
async fn metrics_tell_runs_and_states_on_a_listener_of_their_own() {
    let (story, mut hears) = Story::new().await;
    let (service, health, metrics) = served(&story).await;
    hears.recv().await.expect("it runs at the start");
    service.wake("story");
    hears.recv().await.expect("a second run: the first is written down");
    let (status, body) = get(metrics, "/metrics").await;
    assert_eq!(status, 200);
    for name in [
        "takaza_reconciler_runs_total{reconciler=\"story\"}",
        "takaza_reconciler_last_success_timestamp_seconds{reconciler=\"story\"} 1795521600",
        "takaza_reconciler_lag_seconds{reconciler=\"story\"}",
        "takaza_source_age_seconds",
        "takaza_ledger_up 1",
        "takaza_spent_microdollars{account=\"unit\",purpose=\"posts\"} 4800000",
        "takaza_spending_cap_microdollars{account=\"unit\",purpose=\"posts\"} 6000000",
        "takaza_spending_cap_used_percent{account=\"unit\",purpose=\"posts\"} 80",
        "takaza_spent_microdollars{account=\"unit\",purpose=\"listening\"} 15000",
    ] {
        assert!(body.contains(name), "{name} is missing in:\n{body}");
    }
    assert_eq!(get(health, "/metrics").await.0, 404);
    assert!(service.stop(MINUTE).await);
}

#[tokio::test]
async fn a_reconciler_that_fails_lives_and_one_that_hangs_does_not() {
    let (story, mut hears) = Story::new().await;
    story.plan(Plan::Fail);
    let (runner, board) = story.runner();
    for _ in 0..5 {
        story.clock.advance(HUNG_AFTER);
        runner.step().await;
        assert_eq!(board.hung(story.clock.steady()), [""; 0], "an error is no death");
    }
    story.plan(Plan::Hang);
    let run = tokio::spawn(async move { runner.step().await });
    while story.runs.load(Ordering::SeqCst) < 6 {
        hears.recv().await.expect("it begins");
    }
    story.clock.advance(HUNG_AFTER);
    assert_eq!(board.hung(story.clock.steady()), [""; 0], "it may take this long");
    story.clock.advance(MINUTE * 2);
    assert_eq!(board.hung(story.clock.steady()), ["story"]);
    story.go_on.add_permits(1);
    run.await.expect("it ends");
    assert_eq!(board.hung(story.clock.steady()), [""; 0], "it lives again");
}

/// A service manager that a story listens to.
fn manager(watchdog: Duration) -> (Manager, mpsc::UnboundedReceiver<String>) {
    let (said, hears) = mpsc::unbounded_channel();
    let tell = move |states: &[sd_notify::NotifyState<'_>]| {
        for state in states {
            // The story may have ended.
            let _ = said.send(state.to_string());
        }
    };
    (Manager::new(tell, Some(watchdog)), hears)
}

#[tokio::test]
async fn a_hung_reconciler_lets_the_watchdog_bite_and_health_says_which() {
    let (story, mut hears) = Story::new().await;
    let (mut service, health, _) = served(&story).await;
    let (manager, mut said) = manager(Duration::from_millis(3));
    service.report_to(manager);
    assert_eq!(said.recv().await.expect("it reports"), "READY=1");
    assert_eq!(said.recv().await.expect("it reports"), "WATCHDOG=1");
    hears.recv().await.expect("it has run");

    story.plan(Plan::Hang);
    service.wake("story");
    hears.recv().await.expect("it has begun, and will not end");
    story.clock.advance(HOUR + HUNG_AFTER + MINUTE);
    while !said.recv().await.expect("it reports").contains("hung: story") {}
    for _ in 0..20 {
        let line = said.recv().await.expect("it reports");
        assert!(line.starts_with("STATUS=hung: story"), "no sign of life any more: {line}");
    }
    let (status, body) = ask(health, "/healthz").await.expect("it answers");
    assert_eq!((status, body.as_str()), (503, "hung: story"));

    story.go_on.add_permits(100);
    while said.recv().await.expect("it reports") != "WATCHDOG=1" {}
    let (status, _) = ask(health, "/healthz").await.expect("it answers");
    assert_eq!(status, 200, "it moved again");
    assert!(service.stop(MINUTE).await);
    let rest: Vec<String> = std::iter::from_fn(|| said.try_recv().ok()).collect();
    assert!(rest.contains(&"STOPPING=1".to_owned()), "{rest:?}");
}

/// The socket that systemd listens on for what a service says of itself.
struct Socket(UnixDatagram);

impl Socket {
    fn bind(path: &str) -> Self {
        let socket = UnixDatagram::bind(path).expect("a socket");
        socket.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        Self(socket)
    }

    /// Reads on until the service has said this.
    fn until(&self, wanted: &str) -> Vec<String> {
        let mut heard = Vec::new();
        let mut datagram = [0; 4096];
        loop {
            let length = self.0.recv(&mut datagram).unwrap_or_else(|error| {
                panic!("{wanted} never came ({error}), only {heard:?}");
            });
            let text = std::str::from_utf8(&datagram[..length]).expect("UTF-8");
            heard.extend(text.lines().map(str::to_owned));
            if heard.iter().any(|line| line.starts_with(wanted)) {
                return heard;
            }
        }
    }
}

#[test]
fn under_systemd_it_says_when_it_is_ready_alive_and_stopping() {
    let unit = Unit::bare();
    let path = unit.file("notify");
    let socket = Socket::bind(&path);
    let mut service = unit.command(&["serve"]);
    service.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "300000");
    let mut service =
        service.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the service starts");
    let before = socket.until("READY=1");
    assert!(!before.iter().any(|line| line == "WATCHDOG=1"), "not before it is ready: {before:?}");
    socket.until("WATCHDOG=1");
    socket.until("STATUS=serving; posts may go out");
    let id = service.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill runs").success());
    socket.until("STOPPING=1");
    assert!(service.wait().expect("it is ours").success(), "it ended by itself");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_well() {
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = gone.local_addr().expect("an address");
    drop(gone);
    let error = ask(address, "/healthz").await.expect_err("nobody is there");
    assert!(error.to_string().contains("does takaza serve run?"), "{error:#}");
}
