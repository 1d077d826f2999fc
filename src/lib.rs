//! Takaza presses banks, in public and with authority, for overdue actions on defrauded money,
//! and keeps a record that an outsider can check.
//!
//! One path runs through the crate; each module is one stretch of it:
//!
//! ```text
//! cases ──▶ work::watch ──▶ work::escalate ──▶ work::clear ──▶ work::deliver ──▶ work::listen
//!                 (what may happen is decided in `domain`; what happened is kept by `store`)
//! ```
//!
//! Dependencies point one way: `domain ← store, cases, destinations, reports ← work ← app`. Two doors lead
//! in, [`cli`] and [`web`]; [`serve`] runs what [`app`] opened; [`config`], [`clock`] and [`locale`] are
//! handed in; [`demo`] is an invented unit on the same path. `ARCHITECTURE.md` says why it is so.

pub mod app;
pub mod cases;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod destinations;
pub mod domain;
pub mod locale;
pub mod reports;
pub mod serve;
pub mod store;
pub mod telemetry;
pub mod web;
pub mod work;
