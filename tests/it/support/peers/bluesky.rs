//! Bluesky: each process has a session of its own, and a second attempt puts at the same key.

use std::{num::NonZeroU32, sync::Arc};

use takaza::{
    clock::Clock,
    destinations::{
        Destination,
        bluesky::{Bluesky, BlueskyConfig, session::BlueskySession},
    },
    domain::{ids::AccountName, platform::Platform},
};

use super::{Peer, Residence, Standing, fake::Fake, impatient, told_by};
use crate::support::{
    fake_bluesky::{Ask, FakeBluesky, Record, Town},
    session_in_memory::SessionInMemory,
};

struct BlueskyPeer(FakeBluesky);

const HANDLE: &str = "unit.example";

pub async fn bluesky(clock: Clock) -> Arc<dyn Peer> {
    let fake = FakeBluesky::start().await;
    fake.advance(clock.now().since(fake.now()));
    Arc::new(BlueskyPeer(fake))
}

impl Fake for BlueskyPeer {
    type Town = Town;

    const DELETE: Ask = Ask::Delete;

    fn fake(&self) -> &FakeBluesky {
        &self.0
    }

    fn account(&self) -> Residence {
        Residence {
            platform: Platform::Bluesky,
            base_url: self.0.base_url.clone(),
            handle: HANDLE.to_owned(),
            max_length: 300,
            idempotent: true,
        }
    }

    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination> {
        let (url, clock) = (&self.0.base_url, told_by(clock));
        let mut config = BlueskyConfig::new(name.clone(), url, Arc::clone(&clock));
        config.requests_per_5_minutes = NonZeroU32::MAX;
        impatient(&mut config.http);
        let password = self.0.password();
        let session =
            BlueskySession::new(url, HANDLE, password, &config.http, Arc::clone(&clock)).unwrap();
        let tokens = Arc::new(SessionInMemory::new(session, clock));
        Arc::new(Bluesky::new(config, tokens).unwrap())
    }

    fn posts(&self) -> Vec<Standing> {
        let standing = |record: Record| Standing {
            id: record.uri(),
            text: record.text().to_owned(),
            at: record.at,
            permalink: format!("https://bsky.app/profile/{}/post/{}", record.did, record.key),
        };
        self.0.posts().into_iter().map(standing).collect()
    }

    fn post_in_our_name(&self, text: &str) -> String {
        self.0.post_in_our_name(text)
    }

    fn made(&self) -> usize {
        assert_eq!(self.0.overwritten(), 0, "no record is ever put over another");
        self.0.made()
    }
}
