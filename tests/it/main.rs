//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod cli_acts;
mod config;
mod demo_world;
mod guard;
mod imports;
mod kill;
mod mastodon;
mod record;
mod square;
mod story;
mod support;
mod wording;
