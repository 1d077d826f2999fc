//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod config;
mod imports;
mod support;
