//! The one test binary: stories and properties, each in a module named after what it is about.

mod cases;
mod cli;
mod config;
mod imports;
mod serve;
mod support;
