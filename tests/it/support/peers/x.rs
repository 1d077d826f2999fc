//! X: no idempotency, so that a doubt that no look resolves is a person's.

use std::sync::Arc;

use takaza::{
    clock::Clock,
    destinations::{
        Destination,
        meter::Free,
        tokens::FixedToken,
        x::{X, XConfig},
    },
    domain::{ids::AccountName, platform::Platform},
};

use super::{Peer, Residence, Standing, fake::Fake, impatient, told_by};
use crate::support::fake_x::{Ask, FakeX, Town};

struct XPeer(FakeX);

pub async fn x(clock: Clock) -> Arc<dyn Peer> {
    let fake = FakeX::start().await;
    // Else X's own refusal would hide a second attempt of ours.
    fake.takes_duplicates();
    fake.advance(clock.now().since(fake.now()));
    Arc::new(XPeer(fake))
}

impl Fake for XPeer {
    type Town = Town;

    const DELETE: Ask = Ask::Delete;

    fn fake(&self) -> &FakeX {
        &self.0
    }

    fn account(&self) -> Residence {
        Residence {
            platform: Platform::X,
            base_url: self.0.base_url.clone(),
            handle: FakeX::HANDLE.to_owned(),
            max_length: 280,
            idempotent: false,
        }
    }

    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination> {
        let clock = told_by(clock);
        let mut config = XConfig::new(name.clone(), FakeX::HANDLE, &self.0.base_url, clock);
        impatient(&mut config.http);
        let token = Arc::new(FixedToken::new(self.0.token()));
        Arc::new(X::new(config, token, Arc::new(Free)).unwrap())
    }

    fn posts(&self) -> Vec<Standing> {
        let standing = |post: crate::support::fake_x::Post| Standing {
            permalink: format!("https://x.com/{}/status/{}", FakeX::HANDLE, post.id),
            id: post.id,
            text: post.text,
            at: post.at,
        };
        self.0.posts().into_iter().map(standing).collect()
    }

    fn post_in_our_name(&self, text: &str) -> String {
        self.0.post_in_our_name(text)
    }
}
