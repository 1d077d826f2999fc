//! X.

pub mod oauth;
