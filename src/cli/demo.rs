//! `takaza demo`: the whole path on one machine, without a network.

use std::{io::IsTerminal as _, net::SocketAddr};

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{
    Globals,
    failure::{Failure, Outcome},
    output::{Format, say},
};
use crate::{
    clock::{Clock, Dice},
    demo::{narrate::Narrator, run, stage},
    domain::platform::Language,
    web,
    work::passphrase::hash,
};

/// Shows the whole path on this machine: invented banks, a built-in town square, no network
///
/// Its files lie in one folder (--data, or one that it makes and names). Every other command works
/// on that folder too.
#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Where the town square's page is shown
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8788")]
    listen: SocketAddr,
    /// Where the console is opened, in which people look, approve and stop
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8782")]
    console: SocketAddr,
    /// End by itself after this many seconds
    #[arg(long, value_name = "N")]
    seconds: Option<u32>,
    #[command(flatten)]
    format: Format,
}

impl Demo {
    pub(super) async fn run(self, globals: &Globals) -> Outcome {
        play(self, globals).await
    }
}

/// The passphrase of every invented person; it guards nothing.
const PASSPHRASE: &str = "only a demo";

async fn play(command: Demo, globals: &Globals) -> Outcome {
    let machine = Clock::System.now();
    let options = run::Options {
        folder: globals.data.clone().unwrap_or_else(|| run::folder_for(machine)),
        listen: command.listen,
        seconds: command.seconds,
        passphrase_hash: hash(&PASSPHRASE.to_owned().into(), &Dice::from_os())?,
    };
    let quiet = command.format.json;
    // Asked before anything is made; the console itself is opened when all is set.
    drop(TcpListener::bind(command.console).await.with_context(|| {
        format!("{} is taken; name another address with --console", command.console)
    })?);
    // Whoever read the story has gone: it ends.
    let gone = CancellationToken::new();
    let mut tell = |line: &str| {
        if !quiet && say(line).is_err() {
            gone.cancel();
        }
    };
    let mut demo = run::Demo::set_up(&options, &mut tell).await?;
    let stopping = CancellationToken::new();
    let (console, answered) =
        web::serve(demo.console()?, command.console, stopping.clone()).await?;
    let no_color = std::env::var_os("NO_COLOR");
    let terminal = std::io::stdout().is_terminal();
    let narrator = Narrator::for_output(terminal, no_color.as_deref(), Language::En);
    tell(&format!("{}\n", opening(&demo, &options, console)));
    tokio::select! {
        biased;
        () = gone.cancelled() => return Err(Failure::Closed),
        played = demo.play(&narrator, options.seconds, &mut tell) => played?,
    }
    stopping.cancel();
    answered.await.map_err(anyhow::Error::from)?;
    let summary = demo.end().await?;
    let closing = closing(&demo, &options).await?;
    command.format.print(&summary, |summary| format!("\n{}\n{closing}", summary.text()))
}

fn opening(demo: &run::Demo, options: &run::Options, console: SocketAddr) -> String {
    let end = match options.seconds {
        Some(seconds) => format!("It ends by itself after {seconds} seconds."),
        None => "Ctrl-C ends it.".to_owned(),
    };
    format!(
        "\nThe town square is open at {}\n\
         The console is open at http://{console}\n\
         Everybody here is invented, and nothing leaves this machine. {end}\n\
         Files: {}\n\
         Rehearsed before it was signed, the standing order \u{201c}{}\u{201d}: {}\n",
        demo.page,
        options.folder.display(),
        stage::ORDER,
        demo.rehearsal.in_a_line()
    )
}

/// What waits for a person, and how to go on.
async fn closing(demo: &run::Demo, options: &run::Options) -> Result<String, Failure> {
    let held = demo.held().await?;
    let mut lines = vec![format!("{} escalations wait for a person:", held.len())];
    for row in held.iter().take(5) {
        let facts = &row.escalation.facts;
        lines.push(format!(
            "  {}  {}  {} actions, at least {}",
            row.escalation.reference,
            facts.bank_en,
            facts.actions(),
            facts.amount_at_least.in_words(Language::En)
        ));
    }
    let folder = options.folder.display();
    lines.push(format!("Look on:  takaza queue list --data {folder}"));
    lines.push(format!("Check it: takaza audit verify --data {folder}"));
    lines.push(format!("Its people are officer, dcp, admin and auditor; passphrase: {PASSPHRASE}"));
    Ok(lines.join("\n") + "\n")
}
