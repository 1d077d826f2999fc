//! Mastodon's API, on a server that honours keys and on one that does not.

use std::{num::NonZeroU32, sync::Arc};

use takaza::{
    clock::Clock,
    destinations::{
        Destination,
        mastodon::{Mastodon, MastodonConfig},
    },
    domain::{ids::AccountName, platform::Platform},
};

use super::{Peer, Residence, Standing, fake::Fake, impatient, told_by};
use crate::support::fake_mastodon::{Ask, FakeMastodon, Flavour, Town};

struct MastodonPeer {
    town: FakeMastodon,
    honours_keys: bool,
}

pub async fn mastodon_that_honours_keys(clock: Clock) -> Arc<dyn Peer> {
    start(clock, Flavour::Mastodon).await
}

pub async fn mastodon_that_ignores_keys(clock: Clock) -> Arc<dyn Peer> {
    start(clock, Flavour::GoToSocial).await
}

async fn start(clock: Clock, flavour: Flavour) -> Arc<dyn Peer> {
    let town = FakeMastodon::start().await;
    town.advance(clock.now().since(town.now()));
    town.flavour(flavour);
    Arc::new(MastodonPeer { town, honours_keys: flavour == Flavour::Mastodon })
}

impl Fake for MastodonPeer {
    type Town = Town;

    const DELETE: Ask = Ask::Delete;

    fn fake(&self) -> &FakeMastodon {
        &self.town
    }

    fn account(&self) -> Residence {
        Residence {
            platform: Platform::Mastodon,
            base_url: self.town.base_url.clone(),
            handle: "unit".to_owned(),
            max_length: 500,
            idempotent: self.honours_keys,
        }
    }

    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination> {
        let (base_url, token) = (&self.town.base_url, self.town.token());
        let mut config = MastodonConfig::new(name.clone(), base_url, token, told_by(clock));
        config.honours_idempotency = self.honours_keys;
        config.requests_per_5_minutes = NonZeroU32::MAX;
        impatient(&mut config.http);
        Arc::new(Mastodon::connect(config).unwrap())
    }

    fn posts(&self) -> Vec<Standing> {
        let standing = |post: crate::support::fake_mastodon::Post| Standing {
            permalink: format!("{}/@unit/{}", self.town.base_url, post.id),
            id: post.id,
            text: post.text,
            at: post.at,
        };
        self.town.posts().into_iter().map(standing).collect()
    }

    fn post_in_our_name(&self, text: &str) -> String {
        self.town.post_in_our_name(text)
    }
}
