//! `takaza setup`: somebody answers its questions, in either language, stops anywhere, and ends with
//! one post that names no bank and that only followers see.

use std::{
    collections::BTreeSet,
    io::{Read as _, Write as _},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
};

use secrecy::ExposeSecret as _;
use tempfile::TempDir;

use crate::{
    grants::connecting::{browser, x_config},
    support::{
        fake_bluesky::FakeBluesky,
        fake_mastodon::{Ask, FakeMastodon},
        fake_oauth::{FakeOAuth, Quirk, Trick},
        fake_x::FakeX,
        ledger_sql, secrets,
        unit::now,
    },
};

/// Somebody at the keyboard: their answer to each question, by words that stand in it in English or
/// Hindi. A question that has several answers gets them in turn, and then the last again.
struct Somebody {
    answers: Vec<(&'static str, &'static str, Vec<String>)>,
    /// Whether their browser is on this machine; elsewhere they paste what it ends at.
    browser_here: bool,
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
        Self { answers, browser_here: true }
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

    /// An address that is printed is opened, and the browser goes where it is sent.
    fn opens(&mut self, heard: &str) {
        let Some(line) = heard.lines().last().filter(|line| line.starts_with("http")) else {
            return;
        };
        let get = |address: &str| {
            let asked = browser().get(address).send();
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(asked))
        };
        let back = get(line).expect("the server answers").headers()["location"].clone();
        let back = back.to_str().expect("an address").to_owned();
        if self.browser_here {
            assert_eq!(get(&back).expect("it is listened").status(), 200);
        } else {
            self.answers.push(("browser ended at", "ब्राउज़र जिस पते पर रुका", vec![back]));
        }
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
            if byte[0] == b'\n' {
                self.opens(&String::from_utf8_lossy(&said[from..]));
            }
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
    for (en, hi, answer) in [
        ("Which platform", "कौन-सा मंच", platform),
        ("Is the account protected?", "खाता संरक्षित है", "yes"),
        ("everybody can read it", "everybody can read it", "yes"),
        ("The account's handle", "खाते का हैंडल", handle),
    ] {
        somebody.answers.push((en, hi, vec![answer.to_owned()]));
    }
    somebody
}

/// A unit's folder whose X is this fake, and whose grants are this server's.
fn unit_on_x(folder: &Path, fake: &FakeX, server: &FakeOAuth, client: &str) {
    std::fs::create_dir(folder).expect("a folder");
    let at = |path: &str| format!("{}/{path}", server.base_url);
    let (authorize, token, revoke) = (at("authorize"), at("token"), at("revoke"));
    let x = x_config(&authorize, &token, &revoke).replace("client_id = \"takaza-test\"\n", client);
    let own = format!("{x}api_url = \"{}\"\n", fake.base_url);
    std::fs::write(folder.join("takaza.toml"), own).expect("a file");
}

async fn x_and_its_grants() -> (FakeX, FakeOAuth) {
    let (fake, server) = (FakeX::start().await, FakeOAuth::start().await);
    fake.advance(now().since(fake.now()));
    fake.granted_by(&server);
    (fake, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_x_the_account_grants_in_a_browser_on_this_machine_and_no_token_is_typed() {
    let (fake, server) = x_and_its_grants().await;
    let (_place, folder) = place();
    unit_on_x(&folder, &fake, &server, "client_id = \"takaza-test\"\n");
    let mut somebody = elsewhere("x", "", "", "");
    somebody.answers.push(("on this machine", "इसी मशीन पर", vec!["yes".to_owned()]));
    somebody.answers.push(("Once more", "फिर प्रयास", vec!["yes".to_owned()]));
    // The first code buys nothing: it is said, and asked again.
    server.hostile(Quirk::LikeX);
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("Protect your posts"), "{}", run.out);
    assert!(run.out.contains("X did not take the code"), "{}", run.out);
    let posts = fake.posts();
    assert_eq!((posts.len(), fake.made()), (1, 1), "{posts:?}");
    assert!(posts[0].text.contains("Test post of Cyber Unit, Example"), "{posts:?}");
    let ledger = format!("sqlite:{}", folder.join("first-post/takaza.db").display());
    let kept = "SELECT COUNT(*) FROM account_grant WHERE sealed IS NOT NULL AND broken IS NULL";
    assert_eq!(ledger_sql::number(&ledger, kept).await, 1);
    assert!(!folder.join("first-post/keys/test.token").exists(), "no token lies in a file");
    secrets::told_by_databases_in(&folder.join("first-post"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_x_without_a_client_it_says_in_hindi_where_to_get_one_and_goes_on_when_it_is_there() {
    let (fake, server) = x_and_its_grants().await;
    let (_place, folder) = place();
    unit_on_x(&folder, &fake, &server, "");
    let mut somebody = elsewhere("x", "", "", "");
    somebody.browser_here = false;
    for (question, _, answers) in &mut somebody.answers {
        match *question {
            "shall it go out" | "Is the account protected?" => *answers = vec!["हाँ".to_owned()],
            "Delete the post" => *answers = vec!["नहीं".to_owned()],
            _ => {}
        }
    }
    let client = ["", "takaza-test"].map(str::to_owned).to_vec();
    somebody.answers.push(("client id?", "client id?", client));
    somebody.answers.push(("on this machine", "इसी मशीन पर", vec!["नहीं".to_owned()]));
    somebody.answers.push(("Once more", "फिर प्रयास", vec!["नहीं".to_owned()]));
    let run = somebody.answer(&folder, &["--lang", "hi"], ALL);
    assert!(run.code == 0 && run.out.contains("developer console"), "{}", run.out);
    assert!(run.out.contains("client id के बिना"), "{}", run.out);

    // What X's server does not do is said in Hindi, and nothing is lost by it.
    server.hostile(Trick::RateLimited(Vec::new()));
    let run = somebody.answer(&folder, &["--lang", "hi"], ALL);
    assert!(run.code == 0 && run.out.contains("कोड बदला नहीं जा सका"), "{}", run.out);
    assert!(run.out.contains("खाता नहीं जुड़ा") && fake.made() == 0, "{}", run.out);

    somebody.answers.retain(|(question, ..)| *question != "browser ended at");
    let run = somebody.answer(&folder, &["--lang", "hi"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("पहली पोस्ट जा चुकी है"), "{}", run.out);
    let posts = fake.posts();
    assert_eq!((posts.len(), fake.made()), (1, 1), "{posts:?}");
    assert!(posts[0].text.contains("साइबर इकाई, उदाहरण की जाँच-पोस्ट"), "{posts:?}");
    let own = std::fs::read_to_string(folder.join("takaza.toml")).expect("it is there");
    assert!(own.contains("client_id = \"takaza-test\""), "{own}");
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

/// What the ledgers of both folders have as somebody's passphrase.
async fn passphrases(folder: &Path, person: &str) -> [String; 2] {
    let of = async |folder: &Path| {
        let url = format!("sqlite:{}", folder.join("takaza.db").display());
        ledger_sql::text(&url, &format!("SELECT passphrase FROM person WHERE id = '{person}'"))
            .await
    };
    [of(folder).await, of(&folder.join("first-post")).await]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_passphrase_that_is_changed_in_the_units_ledger_is_the_one_for_the_first_post_too() {
    let fake = FakeMastodon::start().await;
    let (_place, folder) = place();
    let token = fake.token();
    let mut somebody = Somebody::new(&fake.base_url, token.expose_secret(), ("yes", "no"));
    let run = somebody.answer(&folder, &["--lang", "en", "--no-post"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    };
    const NEW: &str = "the DCP's next four words";
    let (old, new) = (write("old", DCP), write("new", NEW));
    let mut change = Command::new(env!("CARGO_BIN_EXE_takaza"));
    change.args(["person", "passphrase", "--as", "dcp", "--data"]).arg(&folder);
    change.arg("--passphrase-file").arg(old).arg("--new-passphrase-file").arg(new);
    assert!(change.status().expect("it runs").success());
    let [own, there] = passphrases(&folder, "dcp").await;
    assert_ne!(own, there, "it was changed in one ledger");

    for (question, _, answers) in &mut somebody.answers {
        if *question == "Passphrase of dcp" {
            *answers = vec![NEW.to_owned()];
        }
    }
    let run = somebody.answer(&folder, &["--lang", "en"], ALL);
    assert_eq!(run.code, 0, "{}", run.out);
    one_test_post(&fake, "Test post of");
    let [own, there] = passphrases(&folder, "dcp").await;
    assert_eq!(own, there);
}

/// Words with dashes in the sources of `takaza setup` that are no messages of its own file.
const NO_MESSAGES: &[&str] =
    &["first-post", "hand-off", "role-administrator", "role-approver", "role-auditor"];

#[test]
fn every_message_of_setup_is_said_and_every_one_that_is_said_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = vec![
        root.join("src/cli/setup.rs"),
        root.join("src/cli/accounts/ungranted.rs"),
        root.join("src/work/accounts/granting.rs"),
    ];
    let folder = std::fs::read_dir(root.join("src/cli/setup")).expect("a folder");
    sources.extend(folder.map(|file| file.expect("a file").path()));
    let texts: Vec<String> =
        sources.iter().map(|path| std::fs::read_to_string(path).expect("a source")).collect();
    let literal = regex::Regex::new("\"([a-z][a-z-]*)\"").expect("a pattern");
    let found = texts.iter().flat_map(|text| literal.captures_iter(text));
    let literals: BTreeSet<&str> = found.map(|one| one.get(1).expect("a word").as_str()).collect();
    let said = regex::Regex::new(
        "\\.(?:tell|ask|yes|secret|new_secret|words|not_done)\\(\\s*\"([^\"]+)\"",
    )
    .expect("a pattern");
    let calls = texts.iter().flat_map(|text| said.captures_iter(text));
    let called: BTreeSet<&str> = calls.map(|one| one.get(1).expect("a word").as_str()).collect();
    for language in ["en", "hi"] {
        let path = root.join(format!("config/locales/{language}/setup.ftl"));
        let text = std::fs::read_to_string(&path).expect("the messages");
        let key = |line: &str| {
            let (key, _) = line.split_once('=')?;
            (!line.starts_with([' ', '#'])).then(|| key.trim().to_owned())
        };
        let keys: BTreeSet<String> = text.lines().filter_map(key).collect();
        let keys: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
        let unused: Vec<_> = keys.difference(&literals).collect();
        assert!(unused.is_empty(), "nobody says {unused:?} of {}", path.display());
        let dashed = literals.iter().copied().filter(|word| word.contains('-'));
        let wanted: BTreeSet<&str> = dashed
            .filter(|word| !NO_MESSAGES.contains(word))
            .chain(called.iter().copied())
            .collect();
        let missing: Vec<_> = wanted.difference(&keys).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?}", path.display());
    }
}
