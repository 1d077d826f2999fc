//! What the stories share.

pub mod browser;
pub mod chrome;
pub mod claimed;
pub mod console;
pub mod eyes;
pub mod fake_bluesky;
pub mod fake_cases;
pub mod fake_mastodon;
pub mod fake_oauth;
pub mod fake_oidc;
pub mod fake_x;
pub mod hostile;
pub mod ledger_sql;
pub mod peers;
pub mod permits;
pub mod ready;
pub mod scripted;
pub mod secrets;
pub mod servers;
pub mod session_in_memory;
pub mod tls;
pub mod unit;
pub mod world;
