//! `takaza setup`: somebody answers its questions, in either language, stops anywhere, and ends with
//! one post that names no bank and that only followers see.

use std::{
    io::{Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::support::{
    fake_bluesky::FakeBluesky,
    fake_mastodon::{Ask, FakeMastodon},
    fake_x::FakeX,
    secrets,
    unit::now,
};

/// Somebody at the keyboard: their answer to each question, by words that stand in it in English or
/// Hindi. A question that has several answers gets them in turn, and then the last again.
struct Somebody {
    answers: Vec<(&'static str, &'static str, Vec<String>)>,
}

/// What came of one run.
struct Run {
    out: String,
    code: i32,
    answered: usize,
}

const ADMIN: &str = "admin's own four words";
const FIRST: &str = "what the admin chose";
const DCP: &str = "the DCP's four words";
const AUDITOR: &str = "auditor's four words";

impl Somebody {
    /// In the language of the questions the answer to the last ones is yes or no.
    fn new(server: &str, token: &str, (yes, no): (&str, &str)) -> Self {
        let one = |en, hi, answer: &str| (en, hi, vec![answer.to_owned()]);
        let answers = vec![
            one("name in English", "अंग्रेज़ी में", "Cyber Unit, Example"),
            one("name in Hindi", "हिंदी में", "साइबर इकाई, उदाहरण"),
            one("Reference prefix", "उपसर्ग?", "EXD"),
            one("Enter: admin", "Enter: admin", ""),
            one("Enter: dcp", "Enter: dcp", ""),
            one("Enter: auditor", "Enter: auditor", ""),
            one("name and rank", "नाम और पद", "A. Example"),
            one("makes them approver", "आदेश की संख्या", "7/2026"),
            one("A first passphrase", "पहला पासफ़्रेज़", FIRST),
            one("admin, your own new", "admin, आपका", ADMIN),
            one("dcp, your own new", "dcp, आपका", DCP),
            one("auditor, your own new", "auditor, आपका", AUDITOR),
            one("Passphrase of admin", "admin का पासफ़्रेज़", ADMIN),
            one("Passphrase of dcp", "dcp का पासफ़्रेज़", DCP),
            one("Passphrase of auditor", "auditor का पासफ़्रेज़", AUDITOR),
            one("policy's number", "नीति की संख्या", "SM/1"),
            one("written authorisation?", "अधिकार-पत्र की संख्या?", "DCP/9"),
            one("Which platform", "कौन-सा मंच", ""),
            one("address of the server", "सर्वर का पता", server),
            one("The token", "टोकन (", token),
            one("shall it go out", "अभी जाए", yes),
            one("Delete the post", "पोस्ट हटा दें", no),
        ];
        Self { answers }
    }

    fn says(&mut self, heard: &str) -> String {
        if ["first passphrase is good", "पहला पासफ़्रेज़ केवल"].iter().any(|why| heard.contains(why))
        {
            return FIRST.to_owned();
        }
        let question = heard.trim_end_matches("\n> ").lines().last().expect("a question");
        let found = self
            .answers
            .iter_mut()
            .find(|(en, hi, _)| question.contains(en) || question.contains(hi));
        let (_, _, answers) = found.unwrap_or_else(|| panic!("nobody expected {question:?}"));
        if answers.len() > 1 { answers.remove(0) } else { answers[0].clone() }
    }

    /// Answers at most `most` questions, and then hangs up.
    fn answer(&mut self, folder: &Path, arguments: &[&str], most: usize) -> Run {
        let mut child = start(folder, arguments);
        let mut input = child.stdin.take();
        let mut out = child.stdout.take().expect("it was piped");
        let (mut said, mut from, mut answered) = (Vec::new(), 0, 0);
        let mut byte = [0];
        while out.read(&mut byte).expect("it can be read") == 1 {
            said.push(byte[0]);
            if !said.ends_with(b"\n> ") {
                continue;
            }
            let heard = String::from_utf8_lossy(&said[from..]).into_owned();
            from = said.len();
            if answered == most {
                input = None;
                continue;
            }
            answered += 1;
            tell(input.as_mut(), &self.says(&heard));
        }
        let code = child.wait().expect("it ends").code().expect("by itself");
        secrets::told("standard output of setup", &said);
        Run { out: String::from_utf8(said).expect("UTF-8"), code, answered }
    }
}

fn start(folder: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takaza"));
    command.args(["setup", "--data"]).arg(folder).args(arguments).env_remove("RUST_LOG");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the binary runs")
}

fn tell(input: Option<&mut ChildStdin>, answer: &str) {
    writeln!(input.expect("nobody hung up"), "{answer}").expect("it listens");
}

const ALL: usize = usize::MAX;

fn place() -> (TempDir, std::path::PathBuf) {
    let place = TempDir::new().expect("a folder");
    let folder = place.path().join("unit");
    (place, folder)
}

/// One post, for followers only, that says it is a test, and names none of the banks there are.
#[track_caller]
fn one_test_post(fake: &FakeMastodon, says: &str) {
    let posts = fake.posts();
    assert_eq!((posts.len(), fake.made()), (1, 1), "{posts:?}");
    assert_eq!(posts[0].visibility, "private");
    assert!(posts[0].text.contains(says), "{}", posts[0].text);
    for banks in [takaza::domain::bank::BANKS, takaza::domain::bank::INVENTED_BANKS] {
        for line in banks.lines().skip(1) {
            let name = line.split(',').nth(1).expect("a name");
            assert!(!posts[0].text.contains(name), "it names {name}: {}", posts[0].text);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_way_ends_with_one_protected_post_in_either_language() {
    for (language, words, says, out) in [
        ("en", ("yes", "no"), "Test post of Cyber Unit, Example", "The first post is out"),
        ("hi", ("हाँ", "नहीं"), "साइबर इकाई, उदाहरण की जाँच-पोस्ट", "पहली पोस्ट जा चुकी है"),
    ] {
        let fake = FakeMastodon::start().await;
        let (_place, folder) = place();
        let token = fake.token();
        let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), words);
        let run = somebody.answer(&folder, &["--lang", language], ALL);
        assert_eq!(run.code, 0, "{}", run.out);
        assert!(run.out.contains(out), "{}", run.out);
        assert!(run.out.contains("takaza serve --shadow"), "{}", run.out);
        one_test_post(&fake, says);

        let verify = ["audit", "verify", "--data"];
        for ledger in [folder.clone(), folder.join("first-post")] {
            let mut command = Command::new(env!("CARGO_BIN_EXE_takaza"));
            let verified = command.args(verify).arg(&ledger).output().expect("it runs");
            assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        }
        let mut accounts = Command::new(env!("CARGO_BIN_EXE_takaza"));
        let accounts = accounts.args(["account", "list", "--json", "--data"]).arg(&folder);
        let accounts = accounts.output().expect("it runs").stdout;
        assert_eq!(String::from_utf8_lossy(&accounts).trim(), "[]", "the unit's ledger knows none");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopped_at_any_question_it_goes_on_where_it_stopped() {
    let (mut most, mut questions) = (1, ALL);
    while most < questions {
        let fake = FakeMastodon::start().await;
        let (_place, folder) = place();
        let token = fake.token();
        let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), ("yes", "no"));
        let first = somebody.answer(&folder, &["--lang", "en"], most);
        if first.answered < most {
            questions = most;
        } else if most < questions && first.code != 0 {
            assert_eq!(first.code, 1, "{}", first.out);
            assert!(first.out.ends_with("\n> \n"), "it ended at a question: {}", first.out);
        }
        let kept = std::fs::read_to_string(folder.join("takaza.toml")).unwrap_or_default();
        let again = somebody.answer(&folder, &["--lang", "en"], ALL);
        assert_eq!(again.code, 0, "cut after {most}: {}{}", first.out, again.out);
        one_test_post(&fake, "Test post of");
        let now = std::fs::read_to_string(folder.join("takaza.toml")).expect("it is there");
        assert!(kept.lines().all(|line| now.contains(line)), "{kept}\n{now}");
        most += 1;
    }
    assert!(questions > 20, "it asked {questions} questions");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_token_and_a_server_that_is_not_there_are_asked_for_again() {
    let fake = FakeMastodon::start().await;
    let (_place, folder) = place();
    let token = fake.token();
    let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), ("yes", "no"));
    // Nothing listens on port 1 of this machine.
    for (question, _, answers) in &mut somebody.answers {
        match *question {
            "address of the server" => answers.insert(0, "http://127.0.0.1:1".to_owned()),
            "The token" => answers.insert(1, "another-token".to_owned()),
            _ => {}
        }
        if *question == "The token" {
            answers.push(token.expose_secret().to_owned());
        }
    }
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    assert_eq!(run.out.matches("did not confirm the token").count(), 2, "{}", run.out);
    one_test_post(&fake, "Test post of");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_goes_out_before_a_yes_nor_with_no_post_and_the_post_can_be_deleted() {
    let fake = FakeMastodon::start().await;
    let (_place, folder) = place();
    let token = fake.token();
    let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), ("no", "yes"));
    let run = somebody.answer(&folder, &["--lang", "en", "--no-post"], ALL);
    assert!(run.out.contains("Stopped before the post"), "{}", run.out);
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert!(run.out.contains("Nothing was posted"), "{}", run.out);
    assert_eq!((run.code, fake.asked(Ask::Post)), (0, 0));

    let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), ("yes", "yes"));
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert!(run.out.contains("The post is deleted"), "{}", run.out);
    assert_eq!((fake.posts().len(), fake.made()), (0, 1));
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert!(run.out.contains("was made and deleted"), "{}", run.out);
    assert_eq!((run.answered, fake.made()), (0, 1));
}

/// Somebody whose test account is on this platform, which hides no post by itself.
fn elsewhere(platform: &str, server: &str, handle: &str, token: &str) -> Somebody {
    let mut somebody = Somebody::new(server, token, ("yes", "no"));
    somebody.answers.retain(|(question, ..)| *question != "Which platform");
    for (question, answer) in [
        ("Which platform", platform),
        ("Is the account protected?", "yes"),
        ("everybody can read it", "yes"),
        ("The account's handle", handle),
    ] {
        somebody.answers.push((question, question, vec![answer.to_owned()]));
    }
    somebody
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_x_it_asks_whether_the_account_is_protected_and_posts_to_it() {
    let fake = FakeX::start().await;
    fake.advance(now().since(fake.now()));
    let (_place, folder) = place();
    std::fs::create_dir(&folder).expect("a folder");
    let own = format!("[x]\napi_url = \"{}\"\n", fake.base_url);
    std::fs::write(folder.join("takaza.toml"), own).expect("a file");
    let token = fake.token();
    let mut somebody = elsewhere("x", "", "", token.expose_secret());
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("Protect your posts"), "{}", run.out);
    let posts = fake.posts();
    assert_eq!((posts.len(), fake.made()), (1, 1), "{posts:?}");
    assert!(posts[0].text.contains("Test post of Cyber Unit, Example"), "{posts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_bluesky_it_says_that_everybody_can_read_and_posts_after_a_yes() {
    let fake = FakeBluesky::start().await;
    fake.advance(now().since(fake.now()));
    let (_place, folder) = place();
    let password = fake.password();
    let mut somebody =
        elsewhere("bluesky", &fake.base_url, "unit.example", password.expose_secret());
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("Bluesky has no protected accounts"), "{}", run.out);
    let posts = fake.posts();
    assert_eq!((posts.len(), fake.made()), (1, 1));
    assert!(posts[0].text().contains("Test post of Cyber Unit, Example"), "{}", posts[0].text());
}
