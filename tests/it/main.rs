//! The one test binary: stories and properties, each in a module named after what it is about.

mod alarms;
mod cases;
mod imports;
mod listen;
mod mastodon;
mod support;
