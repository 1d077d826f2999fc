//! Takaza presses banks, in public and with authority, for overdue actions on defrauded money,
//! and keeps a record that an outsider can check.
//!
//! One path runs through the crate:
//!
//! ```text
//! cases ──▶ work::watch ──▶ work::escalate ──▶ work::clear ──▶ work::deliver ──▶ work::listen
//!                 (what may happen is decided in `domain`; what happened is kept by `store`)
//! ```
//!
//! Its words: a *bank action* is one thing that the police asked of one bank (a lien, a hold) in one
//! case. Overdue ones become an *escalation*: one bank, what is said to it, the actions that it rests
//! on (its *members*), one *rung* of a ladder from a mail to a public tag. A *clearance* (an approver's
//! word or a standing order) is the authority to say exactly that, and a *delivery* is one escalation
//! going to one account in one language, by a platform's API or as a *hand-off*, which an officer posts
//! by hand. A *reference* such as `GGM-7F3K2` stands in each post, so that we find our own again; each
//! act leaves an *entry* in the *record*.
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
