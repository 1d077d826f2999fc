//! The pure heart: no I/O, no async, no clock. Only this module changes a state, and every
//! transition is fallible.

pub mod action;
pub mod alarm;
pub mod bank;
pub mod calendar;
pub mod canonical;
pub mod clearance;
pub mod cost;
pub mod delivery;
pub mod drafting;
pub mod engagement;
pub mod escalation;
pub mod evidence;
pub mod facts;
pub mod history;
pub mod ids;
pub mod importing;
mod keyed;
pub mod ladder;
pub mod leak_guard;
pub mod listening;
pub mod money;
pub mod order;
pub mod pacing;
pub mod person;
pub mod platform;
pub mod reply_class;
pub mod spelling;
pub mod tagging;
pub mod time;
pub mod vault;
pub mod webhook;
pub mod wording;
