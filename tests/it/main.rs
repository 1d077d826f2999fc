//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod imports;
mod mastodon;
mod states;
mod story;
mod support;
mod wording;
