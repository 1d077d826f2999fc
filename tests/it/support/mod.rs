//! What the stories stand on.

pub mod claimed;
pub mod fake_mastodon;
