//! The console, as people use it and as others might misuse it: every story drives the real pages
//! over a real connection.

mod accounts;
mod alarms;
mod audit;
mod browser;
mod door;
mod posts;
mod queue;
mod served;
mod source;
