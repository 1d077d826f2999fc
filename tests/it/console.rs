//! The console, as people use it and as others might misuse it: every story drives the real pages
//! over a real connection.

mod accounts;
mod audit;
mod door;
mod queue;
mod source;
