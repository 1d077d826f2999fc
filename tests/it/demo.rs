//! The demo by its command: it ends by itself, says what it came to, and leaves a ledger that every
//! other command works on.

use std::process::{Command, Output};

fn takaza(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_takaza")).args(args).output().expect("it runs")
}

#[test]
fn the_demo_ends_by_itself_and_prints_one_summary_of_a_path_that_was_really_gone() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("demo");
    let data = folder.to_str().expect("UTF-8");
    let demo = [
        "demo",
        "--data",
        data,
        "--listen",
        "127.0.0.1:0",
        "--console",
        "127.0.0.1:0",
        "--seconds",
        "25",
        "--json",
    ];
    let said = takaza(&demo);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    let summary: serde_json::Value = serde_json::from_slice(&said.stdout).expect("one document");

    let count = |of: &str, name: &str| summary[of][name].as_u64().unwrap_or(0);
    let actions: u64 = ["pending", "acted", "disputed", "withdrawn"]
        .iter()
        .map(|status| count("actions", status))
        .sum();
    assert!(actions >= 2_990, "a month of cases: {summary:#}");
    assert!(summary["rejected_rows"].as_u64() > Some(0), "rows that break the contract");
    assert!(count("escalations", "held") > 0, "something waits for a person: {summary:#}");
    assert!(count("deliveries", "delivered") > 0, "something was posted: {summary:#}");
    assert!(summary["tags_avoided"].as_u64() > Some(0), "a bank acted first: {summary:#}");

    let verified = takaza(&["audit", "verify", "--data", data]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    let posts = takaza(&["post", "list", "--json", "--data", data]);
    let posts: serde_json::Value = serde_json::from_slice(&posts.stdout).expect("one document");
    assert!(!posts.as_array().expect("a list").is_empty());

    let rejected = takaza(&["cases", "rejected", "--json", "--data", data]);
    let rejected: serde_json::Value = serde_json::from_slice(&rejected.stdout).expect("a document");
    let shown = rejected.as_array().expect("a list").len() as u64;
    assert_eq!(Some(shown), summary["rejected_rows"].as_u64(), "each with its reason");
    assert!(rejected[0]["reason"].is_string() && rejected[0]["last_seen_at"].is_string());

    let listed = takaza(&["post", "list", "--limit", "1000", "--data", data]);
    let listed = String::from_utf8(listed.stdout).expect("UTF-8");
    let utc = listed.split_whitespace().find(|word| word.parse::<jiff::Timestamp>().is_ok());
    assert_eq!(utc, None, "the times are on the unit's own clock: {listed}");

    let order = takaza(&["order", "show", "slow banks", "--json", "--data", data]);
    let order: serde_json::Value = serde_json::from_slice(&order.stdout).expect("one document");
    assert_eq!(order["standing"], "in force");
    assert_eq!(order["rehearsed_days"], 14, "the days that the ledger really watched: {order:#}");

    let again = takaza(&demo);
    assert!(!again.status.success(), "a folder with a ledger is not played over");
    let why = String::from_utf8_lossy(&again.stderr).into_owned();
    assert!(why.contains("name another folder"), "{why}");
}

#[test]
fn a_demo_that_cannot_begin_leaves_nothing_and_touches_nothing() {
    let place = tempfile::tempdir().expect("a folder");
    let folder = place.path().join("demo");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = listener.local_addr().expect("an address").to_string();
    let demo = |listen: &str, console: &str| {
        let data = folder.to_str().expect("UTF-8");
        let words = ["demo", "--data", data, "--listen", listen, "--console", console];
        let said = takaza(&words);
        assert_eq!(said.status.code(), Some(1));
        String::from_utf8_lossy(&said.stderr).into_owned()
    };
    assert!(demo(&taken, "127.0.0.1:0").contains("--listen"));
    assert!(demo("127.0.0.1:0", &taken).contains("--console"));
    assert!(!folder.exists(), "no folder is left behind");

    std::fs::create_dir(&folder).expect("a folder");
    std::fs::write(folder.join("thesis.txt"), "mine").expect("a file");
    let why = demo("127.0.0.1:0", "127.0.0.1:0");
    assert!(why.contains("holds other files") && why.contains("--data"), "{why}");
    assert_eq!(std::fs::read_dir(&folder).expect("the folder").count(), 1, "nothing was added");
}
