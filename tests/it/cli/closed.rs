//! Whoever reads what a command says may go before it is said.

use std::process::{Command, Stdio};

use super::{Unit, staffed};
use crate::support::ledger_sql;

/// A pipe that nobody reads.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// The exit code of a command that nobody listens to.
fn unheard(mut command: Command) -> Option<i32> {
    let status = command.stdout(unread()).stderr(unread()).status();
    status.expect("the binary runs").code()
}

#[test]
fn a_command_ends_by_its_own_code_when_nobody_reads_what_it_says() {
    let unit = staffed();
    assert_eq!(unheard(unit.command(&["doctor", "--debug"])), Some(0), "with logs beside it");
    assert_eq!(unheard(unit.command(&["audit", "verify"])), Some(2), "nothing is sealed yet");
    assert_eq!(unheard(unit.command(&["queue", "show", "GGM-00000"])), Some(2));
    assert_eq!(unheard(unit.command(&["person", "list"])), Some(0));
    assert_eq!(unheard(unit.command(&["no-such-command"])), Some(2));
    unit.write("takaza.toml", "[deliver]\nleese = \"2m\"\n");
    assert_eq!(unheard(unit.command(&["doctor"])), Some(1), "a check that fails");
    assert_eq!(unheard(unit.command(&["config", "check", "--json"])), Some(2));
}

#[tokio::test]
async fn a_record_that_is_not_whole_fails_also_where_nobody_reads_why() {
    let unit = Unit::staffed("");
    unit.run(&["run-once"]).done();
    let url = format!("sqlite:{}", unit.path().join("takaza.db").display());
    ledger_sql::run(&url, "UPDATE person SET name = 'somebody else' WHERE id = 'dcp'").await;
    assert_eq!(unit.run(&["audit", "verify"]).code, 1, "it is found");
    assert_eq!(unheard(unit.command(&["audit", "verify"])), Some(1));
}
