//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod config;
mod imports;
mod mastodon;
mod story;
mod support;
mod wording;
//! The one integration test binary.

mod guard;
//! One test binary; a file a subject.

mod square;
mod world;
