//! The one test binary: stories and properties, each in a module named after what it is about.

mod alarms;
mod cases;
mod cli;
mod cli_acts;
mod config;
mod crash;
mod demo_world;
mod guard;
mod house;
mod imports;
mod kill;
mod ledger;
mod lessons;
mod listen;
mod mastodon;
mod properties;
mod record;
mod rehearsal;
mod restore;
mod serve;
mod square;
mod states;
mod story;
mod support;
mod two_processes;
mod wording;
