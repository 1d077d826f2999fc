//! The console, as people use it and as others might misuse it: every story drives the real pages
//! over a real connection.

mod accounts;
mod alarms;
mod api;
mod audit;
mod banks;
mod browser;
mod door;
mod oidc;
mod orders;
mod people;
mod posts;
mod queue;
mod reports;
mod second_factor;
mod served;
mod source;
mod webhooks;
mod weight;
