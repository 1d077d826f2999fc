//! Takaza's stories: one binary, so that it links once.

mod mastodon;
mod support;
