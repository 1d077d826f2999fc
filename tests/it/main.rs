//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod crash;
mod imports;
mod ledger;
mod lessons;
mod mastodon;
mod properties;
mod states;
mod story;
mod support;
mod two_processes;
mod wording;
