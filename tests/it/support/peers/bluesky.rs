//! Bluesky: each process has a session of its own, and a second attempt puts at the same key.

use std::{num::NonZeroU32, sync::Arc};

use async_trait::async_trait;
use jiff::SignedDuration;
use takaza::{
    clock::Clock,
    destinations::{
        Destination,
        bluesky::{Bluesky, BlueskyConfig, session::BlueskySession},
    },
    domain::{ids::AccountName, platform::Platform},
};

use super::{Mischief, Peer, Residence, Standing, impatient, told_by};
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

#[async_trait]
impl Peer for BlueskyPeer {
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

    fn play(&self, mischief: Mischief) -> Option<()> {
        self.0.hostile(mischief.trick::<Town>());
        Some(())
    }

    fn play_on_delete(&self, mischief: Mischief) -> Option<()> {
        self.0.hostile_on(Ask::Delete, 1, mischief.trick::<Town>());
        Some(())
    }

    fn calm(&self) {
        self.0.calm();
    }

    async fn somebody_is_parked(&self) {
        self.0.somebody_is_parked().await;
    }

    async fn release(&self) {
        self.0.release().await;
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

    fn advance(&self, by: SignedDuration) {
        self.0.advance(by);
    }
}
