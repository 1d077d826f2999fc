//! The weekly report by mail, against a mail server that others wrote: it goes out once, is tried
//! again where it was refused, and is never sent twice by itself.

use std::{
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use takaza::{
    domain::{alarm::What, calendar::Day, weekly::MailTls},
    work::{Ctx, weekly},
};

use crate::support::{
    secrets, servers,
    tls::Authority,
    world::{Db, World},
};

/// A server of aiosmtpd (`tests/peers/smtp.py`), ended with the story.
struct Server {
    process: Child,
    port: u16,
    folder: tempfile::TempDir,
    password: PathBuf,
    roots: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(mode: &str) -> Option<Self> {
        let python = servers::aiosmtpd()?;
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str, text: &str| {
            let file = folder.path().join(name);
            std::fs::write(&file, text).expect("a file");
            file
        };
        let authority = Authority::new();
        let (certificate, key) = authority.certificate();
        let (certificate, key) = (at("certificate.pem", &certificate), at("key.pem", &key));
        let secret = secrets::plant("mail password");
        let (password, roots) = (at("password", &secret), at("roots.pem", &authority.pem()));
        std::fs::create_dir(folder.path().join("mails")).expect("a folder");
        let mut process = Command::new(python)
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/smtp.py"))
            .args([mode.as_ref(), certificate.as_os_str(), key.as_os_str()])
            .arg(folder.path().join("mails"))
            .env("TAKAZA_TEST_SMTP_PASSWORD", &secret)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("aiosmtpd starts");
        let mut line = String::new();
        let out = process.stdout.take().expect("a pipe");
        BufReader::new(out).read_line(&mut line).expect("it says its port");
        let port = line.trim().parse().expect("a port");
        Some(Self { process, port, folder, password, roots })
    }

    /// A world whose weekly report goes here on the story's own day, Monday from ten on.
    async fn world(&self, db: Db, tls: MailTls) -> Option<World> {
        World::with(db, |config| {
            config.report.weekly_to =
                vec!["dcp@police.example".to_owned(), "aco@police.example".to_owned()];
            config.report.weekly_on = Day::Monday;
            config.report.weekly_at = jiff::civil::time(10, 0, 0, 0);
            config.report.from = Some("takaza@police.example".to_owned());
            config.report.smtp_host = Some("localhost".to_owned());
            config.report.smtp_port = self.port;
            config.report.smtp_tls = tls;
            config.report.smtp_user = Some("takaza".to_owned());
            config.report.smtp_password_from = Some(format!("file:{}", self.password.display()));
            config.network.roots = Some(self.roots.clone());
            config.deliver.request_timeout = SignedDuration::from_secs(3);
        })
        .await
    }

    fn mails(&self) -> Vec<String> {
        let mut files: Vec<_> = std::fs::read_dir(self.folder.path().join("mails"))
            .expect("the folder")
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort();
        files.iter().map(|file| std::fs::read_to_string(file).expect("a mail")).collect()
    }
}

const WEEK: &str = "2026-11-16";

async fn state(ctx: &Ctx) -> Option<String> {
    ctx.store.weekly_mail(WEEK).await.expect("the ledger").map(|row| row.state)
}

async fn rings(ctx: &Ctx) -> bool {
    let alarms = ctx.store.alarms(false, 100).await.expect("the ledger");
    alarms.iter().any(|alarm| alarm.what == What::WeeklyReport)
}

#[tokio::test]
async fn it_arrives_once_with_a_readable_pdf_whoever_runs() {
    for (mode, tls) in [("take", MailTls::Starttls), ("tls", MailTls::Tls)] {
        for db in [Db::Sqlite, Db::Postgres] {
            let Some(server) = Server::start(mode) else { return };
            let Some(world) = server.world(db, tls).await else { continue };
            let other = world.another_process("other", 8).await;
            let both = tokio::join!(weekly::run_once(&world.ctx), weekly::run_once(&other));
            assert_eq!(both.0.expect("it runs").did + both.1.expect("it runs").did, 1);
            weekly::run_once(&world.ctx).await.expect("it runs");
            let mails = server.mails();
            let [mail] = &mails[..] else { panic!("{} mails came", mails.len()) };
            assert!(mail.contains("dcp@police.example") && mail.contains("aco@police.example"));
            assert!(mail.contains("Message-ID: <takaza-weekly-20261116@police.example>"), "{mail}");
            let pdf = attached(mail);
            let file = server.folder.path().join("report.pdf");
            std::fs::write(&file, &pdf).expect("a file");
            if let Some(text) = servers::tool("pdftotext", &[file.to_str().expect("UTF-8"), "-"]) {
                let text = String::from_utf8(text).expect("UTF-8");
                assert!(text.contains("What public tags achieve"), "{text}");
                assert!(text.contains("9 Nov 2026 to 15 Nov 2026"), "{text}");
            }
            assert_eq!(state(&world.ctx).await.as_deref(), Some("sent"));
            assert!(!rings(&world.ctx).await);
            world.pass(SignedDuration::from_hours(24 * 7));
            weekly::run_once(&other).await.expect("it runs");
            assert_eq!(server.mails().len(), 2, "the next week has its own");
        }
    }
}

/// The one file of a mail.
fn attached(mail: &str) -> Vec<u8> {
    let at = mail.find("application/pdf").expect("a PDF is attached");
    let body = mail[at..].split_once("\r\n\r\n").expect("a body").1;
    let body: String = body.split("\r\n--").next().expect("an end").split_whitespace().collect();
    STANDARD.decode(body).expect("base64")
}

#[tokio::test]
async fn a_busy_server_is_asked_again_and_a_refusing_one_not_for_ever() {
    let Some(server) = Server::start("busy") else { return };
    let world = server.world(Db::Sqlite, MailTls::Starttls).await.expect("SQLite");
    weekly::run_once(&world.ctx).await.expect("it runs");
    assert_eq!(state(&world.ctx).await.as_deref(), Some("waiting"));
    weekly::run_once(&world.ctx).await.expect("it runs");
    assert!(server.mails().is_empty(), "not before its time");
    world.pass(SignedDuration::from_mins(6));
    weekly::run_once(&world.ctx).await.expect("it runs");
    assert_eq!(server.mails().len(), 1);
    assert_eq!(state(&world.ctx).await.as_deref(), Some("sent"));

    let Some(server) = Server::start("refuse") else { return };
    let world = server.world(Db::Sqlite, MailTls::Starttls).await.expect("SQLite");
    for _ in 0..40 {
        weekly::run_once(&world.ctx).await.expect("it runs");
        world.pass(SignedDuration::from_mins(59));
    }
    assert_eq!(state(&world.ctx).await.as_deref(), Some("given-up"));
    let row = world.ctx.store.weekly_mail(WEEK).await.expect("the ledger").expect("a row");
    assert!((6..=14).contains(&row.attempts), "{} tries in a day", row.attempts);
    assert!(row.said.expect("why").contains("550"));
    assert!(rings(&world.ctx).await, "a person is told");
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn what_may_have_arrived_is_not_sent_again_and_rings() {
    let Some(server) = Server::start("hang") else { return };
    let world = server.world(Db::Sqlite, MailTls::Starttls).await.expect("SQLite");
    let said = weekly::run_once(&world.ctx).await.expect("it runs");
    assert!(said.notes[0].contains("nobody knows"), "{said:?}");
    assert_eq!(state(&world.ctx).await.as_deref(), Some("unknown"));
    assert!(rings(&world.ctx).await);
    for _ in 0..3 {
        world.pass(SignedDuration::from_hours(2));
        weekly::run_once(&world.ctx).await.expect("it runs");
    }
    assert_eq!(server.mails().len(), 1, "it had arrived, and no second one came");
}

#[tokio::test]
async fn a_sender_that_died_leaves_the_unknown_and_nothing_leaves_without_trust() {
    let Some(server) = Server::start("take") else { return };
    let world = server.world(Db::Sqlite, MailTls::Starttls).await.expect("SQLite");
    let (store, by) = (&world.ctx.store, world.ctx.actor("weekly"));
    store.weekly_take(&by, WEEK, SignedDuration::from_mins(10)).await.expect("it is taken");
    weekly::run_once(&world.ctx).await.expect("it runs");
    assert_eq!(state(&world.ctx).await.as_deref(), Some("sending"), "its lease runs");
    world.pass(SignedDuration::from_mins(11));
    weekly::run_once(&world.ctx).await.expect("it runs");
    assert_eq!(state(&world.ctx).await.as_deref(), Some("unknown"));
    assert!(rings(&world.ctx).await && server.mails().is_empty());

    let mut stranger = server.world(Db::Sqlite, MailTls::Starttls).await.expect("SQLite");
    let mut config = (*stranger.ctx.config).clone();
    config.network.roots = None;
    stranger.ctx.config = std::sync::Arc::new(config);
    weekly::run_once(&stranger.ctx).await.expect("it runs");
    assert_eq!(
        state(&stranger.ctx).await.as_deref(),
        Some("waiting"),
        "no authority vouches for it"
    );
    assert!(server.mails().is_empty());
}
