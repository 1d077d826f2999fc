//! What the stories share.

pub mod claimed;
pub mod fake_mastodon;
pub mod servers;
