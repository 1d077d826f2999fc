//! What comes back.
use super::X;
use crate::{
    destinations::{Mentions, Unread},
    domain::engagement::{Heard, Watched},
};
use std::collections::BTreeSet;
impl X {
    pub(super) async fn stirred_of(&self, posts: &[Watched]) -> Result<BTreeSet<String>, Unread> {
        Ok(posts.iter().map(|watched| watched.post.clone()).collect())
    }
    pub(super) async fn engagement_of(&self, _post: &Watched) -> Result<Vec<Heard>, Unread> {
        Ok(Vec::new())
    }
    pub(super) async fn mentions_since(&self, _cursor: Option<&str>) -> Result<Mentions, Unread> {
        Ok(Mentions::default())
    }
}
