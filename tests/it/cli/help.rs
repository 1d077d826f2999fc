//! What the command line says about itself, and the commands that need no people.

use std::process::{Command, Stdio};

use super::{Unit, staffed, takaza};

fn each(command: &clap::Command, path: &str, visit: &mut dyn FnMut(&str, &clap::Command)) {
    visit(path, command);
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        each(inner, &format!("{path} {}", inner.get_name()), visit);
    }
}

#[test]
fn every_command_and_argument_says_what_it_is_for() {
    let mut seen = Vec::new();
    each(&takaza::cli::command(), "takaza", &mut |path, command| {
        assert!(command.get_about().is_some(), "{path} says nothing about itself");
        for argument in command.get_arguments() {
            let id = argument.get_id();
            assert!(argument.get_help().is_some(), "{path}: {id} has no help");
        }
        seen.push(path.to_owned());
    });
    for wanted in [
        "demo",
        "setup",
        "serve",
        "run-once",
        "health",
        "cases import",
        "cases waiting",
        "cases accept",
        "cases drop",
        "cases rejected",
        "cases status",
        "cases confirm",
        "cases notice",
        "cases silenced",
        "banks list",
        "banks show",
        "banks handle add",
        "banks handle verify",
        "banks handle list",
        "queue list",
        "queue show",
        "queue approve",
        "queue edit",
        "queue reject",
        "queue send-back",
        "queue hold",
        "queue dispute",
        "queue decide",
        "order draft",
        "order list",
        "order show",
        "order templates",
        "order rehearse",
        "order sign",
        "order revoke",
        "webhooks list",
        "post show",
        "post list",
        "post retract",
        "post correct",
        "post annex",
        "post replies",
        "post reply-class",
        "account add",
        "account connect",
        "account rotate-key",
        "account list",
        "account live",
        "account unlive",
        "account pause",
        "account picture",
        "account adopt",
        "account revoke",
        "person add",
        "person list",
        "person confirm",
        "person end",
        "person passphrase",
        "person second-factor reset",
        "silence add",
        "silence list",
        "silence lift",
        "handoff list",
        "handoff take",
        "handoff done",
        "handoff not-posted",
        "alarm list",
        "alarm take",
        "guard",
        "stop",
        "resume",
        "restore mark",
        "restore accept",
        "audit verify",
        "audit checkpoint",
        "audit prove",
        "export",
        "case-file",
        "doctor",
        "config check",
        "config show",
        "completions",
        "man",
    ] {
        assert!(seen.contains(&format!("takaza {wanted}")), "there is no `takaza {wanted}`");
    }
}

/// Every file under a folder, or the file itself.
fn texts(path: &std::path::Path) -> Vec<String> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).expect("a readable folder");
        return entries.flat_map(|entry| texts(&entry.expect("readable").path())).collect();
    }
    std::fs::read_to_string(path).into_iter().collect()
}

/// Whether the words after `takaza` begin with a command that there is. What is no plain word (an
/// option, a PLACEHOLDER, {a value}) ends the command.
fn is_command(words: &str) -> bool {
    let mut command = takaza::cli::command();
    for word in words.split_whitespace() {
        let plain = |c: char| c.is_ascii_lowercase() || c == '-';
        if !command.has_subcommands() || word.starts_with('-') || !word.chars().all(plain) {
            // `takaza post REFERENCE` is none: `post` alone does nothing.
            return !command.has_subcommands() || word.starts_with('-') || word.contains('|');
        }
        let Some(inner) = command.find_subcommand(word) else { return false };
        command = inner.clone();
    }
    true
}

#[test]
fn every_command_that_a_text_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let places = ["src", "docs", "config", "README.md", "SECURITY.md"];
    let (mut named, mut wrong) = (0, Vec::new());
    for text in places.iter().flat_map(|place| texts(&root.join(place))) {
        let line = |line: &str| line.trim().trim_start_matches(['/', '!', '#']).replace('\\', " ");
        let text = text.lines().map(line).collect::<Vec<_>>().join(" ");
        for (at, start) in text.match_indices("`takaza ") {
            let Some((words, _)) = text[at + start.len()..].split_once('`') else { continue };
            named += 1;
            if !words.starts_with("COMMAND ") && !is_command(words) {
                wrong.push(words.to_owned());
            }
        }
    }
    assert!(wrong.is_empty(), "no such commands: {wrong:#?}");
    assert!(named > 60, "the texts are read: {named}");
}

#[test]
fn the_tree_of_commands_is_sound() {
    takaza::cli::command().debug_assert();
}

#[test]
fn completions_and_man_pages_are_made() {
    for shell in ["bash", "zsh", "fish"] {
        let script = takaza(&["completions", shell]).done();
        assert!(script.contains("takaza") && script.contains("approve"), "{shell}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("man1");
    takaza(&["man", path.to_str().expect("UTF-8")]).done();
    let page = std::fs::read_to_string(path.join("takaza-queue-approve.1")).expect("a page");
    let synopsis = page.split(".SH SYNOPSIS").nth(1).and_then(|rest| rest.split(".SH").next());
    let synopsis = synopsis.expect("a synopsis").replace("\\-", "-");
    for taken in ["--hash <HASH>", "--as <PERSON>", "<REFERENCE>"] {
        assert!(synopsis.contains(taken), "{taken} is not in: {synopsis}");
    }
}

#[test]
fn without_a_place_a_command_says_how_to_name_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_takaza"))
        .args(["person", "list"])
        .current_dir(folder.path())
        .output()
        .expect("it runs");
    let said = super::Said::from(output).refused(2);
    assert!(said.contains("--data DIR"), "{said}");
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 0, "nothing was made in a folder that nobody named");
}

#[test]
fn a_wrong_folder_is_no_empty_ledger() {
    let unit = Unit::unconfigured();
    let nowhere = unit.file("no-unit");
    let there = || std::path::Path::new(&nowhere).exists();
    for words in [
        &["queue", "list"][..],
        &["doctor"],
        &["health"],
        &["run-once"],
        &["config", "check"],
        &["banks", "list"],
        &["person", "add", "root", "--name", "R", "--role", "administrator"],
        &["stop", "--why", "a drill", "--as", "dcp"],
    ] {
        let said = takaza(&[words, &["--data", &nowhere]].concat()).refused(2);
        assert!(said.contains(&format!("no folder {nowhere}")), "{words:?}: {said}");
        assert!(said.contains("takaza setup") && !there(), "{words:?}: {said}");
    }
    std::fs::create_dir(&nowhere).expect("a folder");
    for words in [&["queue", "list"][..], &["doctor"], &["serve"], &["resume", "--as", "dcp"]] {
        let said = takaza(&[words, &["--data", &nowhere]].concat()).refused(2);
        assert!(said.contains("is no unit's folder"), "{words:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(&nowhere).expect("the folder").count(), 0, "nothing was made");
    unit.write("takaza.toml", "[banks]\ninvented = true\n");
    assert!(unit.run(&["queue", "list"]).done().contains("nothing here"), "a unit's own begins");
}

#[test]
fn a_configuration_is_checked_and_shown() {
    let unit = Unit::unconfigured();
    assert!(unit.run(&["config", "check"]).done().contains("ok"));
    let file = unit.path().join("takaza.toml");
    std::fs::write(&file, "[deliver]\nleese = \"2m\"\n\n[watch]\nevery = \"soon\"\n").expect("it");
    let said = unit.run(&["config", "check"]).refused(2);
    assert!(said.contains("takaza.toml:2:1: deliver.leese"), "{said}");
    assert!(said.contains("did you mean \"lease\"?"), "{said}");
    assert!(said.contains("takaza.toml:5:1: watch.every"), "both at once: {said}");
    let said = unit.run(&["config", "check", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!((said.code, report["errors"][0]["line"].as_u64()), (2, Some(2)));
    let defaults = takaza(&["config", "show", "--defaults"]).done();
    assert_eq!(defaults.trim_end(), takaza::config::DEFAULTS.trim_end());
}

#[test]
fn banks_are_found_by_part_code_and_branch() {
    let unit = Unit::unconfigured();
    std::fs::write(unit.path().join("takaza.toml"), "[banks]\ninvented = true\n").expect("written");
    let found = unit.run(&["banks", "list", "--search", "peepal", "--json"]).json();
    assert_eq!(found[0]["code"], "ZPPL");
    assert_eq!(unit.run(&["banks", "show", "ZPPL0000001", "--json"]).json()["code"], "ZPPL");
    assert_eq!(unit.run(&["banks", "show", "नीम बैंक", "--json"]).json()["code"], "ZNMN");
    assert!(unit.run(&["banks", "show", "QQQQ"]).refused(2).contains("--search"));
}

#[test]
fn a_passphrase_is_never_waited_for_without_a_terminal() {
    let unit = staffed();
    let output = Command::new("setsid")
        .args(["-w", env!("CARGO_BIN_EXE_takaza"), "--data"])
        .arg(unit.path())
        .args(["stop", "--why", "drill", "--as", "officer"])
        .stdin(Stdio::null())
        .output()
        .expect("it runs");
    let said = super::Said::from(output).refused(2);
    assert!(said.contains("--passphrase-file"), "{said}");
}

#[test]
fn a_password_is_shown_nowhere_not_even_when_the_database_fails() {
    let unit = Unit::unconfigured();
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    // Hangs up on whoever connects.
    std::thread::spawn(move || server.incoming().for_each(drop));
    let url = format!("postgres://takaza:hunter2@127.0.0.1:{port}/ledger");
    let text = format!("[ledger]\nurl = \"{url}\"\n");
    std::fs::write(unit.path().join("takaza.toml"), text).expect("written");
    let shown = unit.run(&["config", "show"]).done();
    assert!(shown.contains("takaza:***@127.0.0.1"), "{shown}");
    assert!(!shown.contains("hunter2"));
    let failed = unit.run(&["--debug", "person", "list"]);
    assert_eq!(failed.code, 1, "{}", failed.err);
    assert!(failed.err.contains("ledger.url"), "it says which key: {}", failed.err);
    assert!(!(failed.out + &failed.err).contains("hunter2"));
}

#[test]
fn a_ledgers_server_that_is_not_there_is_named_as_that() {
    let unit = Unit::unconfigured();
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = server.local_addr().expect("an address").port();
    drop(server);
    let text = format!("[ledger]\nurl = \"postgres://takaza:hunter2@127.0.0.1:{port}/ledger\"\n");
    std::fs::write(unit.path().join("takaza.toml"), text).expect("written");
    let said = unit.run(&["person", "list"]).refused(1);
    assert!(said.contains("ledger.url") && said.contains("cannot be reached"), "{said}");
    assert!(!said.contains("hunter2"));
}

#[test]
fn the_guard_judges_each_line_and_names_those_it_cannot() {
    let mut guard = Command::new(env!("CARGO_BIN_EXE_takaza"))
        .arg("guard")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it runs");
    let lines = "{\"id\":1,\"text\":\"Call 98765 43210\"}\nnonsense\n\
                 {\"id\":\"b\",\"text\":\"4 requests pending\"}\n";
    let mut input = guard.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, lines.as_bytes()).expect("written");
    drop(input);
    let said = super::Said::from(guard.wait_with_output().expect("it ends"));
    assert_eq!(said.code, 2);
    assert!(said.err.contains("line 2"), "{}", said.err);
    assert!(said.err.ends_with("1 line was not judged\n"), "{}", said.err);
    let verdicts: Vec<serde_json::Value> =
        said.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(verdicts.len(), 2, "{}", said.out);
    assert_eq!((&verdicts[0]["id"], &verdicts[0]["verdict"]), (&1.into(), &"refuse".into()));
    assert_eq!(verdicts[0]["findings"][0]["kind"], "phone");
    assert_eq!((&verdicts[1]["id"], &verdicts[1]["verdict"]), (&"b".into(), &"pass".into()));
}
