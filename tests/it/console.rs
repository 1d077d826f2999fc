//! The console, as people use it and as others might misuse it: every story drives the real pages
//! over a real connection.

mod door;
mod people;
mod queue;
mod second_factor;
