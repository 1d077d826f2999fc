//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod crash;
mod imports;
mod mastodon;
mod states;
mod story;
mod support;
mod two_processes;
mod wording;
