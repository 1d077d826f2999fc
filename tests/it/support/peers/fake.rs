//! The peers that are fakes of ours: all that one hostile server does like another.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::SignedDuration;
use takaza::{clock::Clock, destinations::Destination, domain::ids::AccountName};

use super::{Mischief, Peer, Residence, Standing};
use crate::support::hostile::{Hostile, Server, Social};

/// What makes one platform's peer another than the next one's.
pub(super) trait Fake: Send + Sync {
    /// What its server remembers.
    type Town: Social;

    /// What deletes a post.
    const DELETE: <Self::Town as Server>::Ask;

    fn fake(&self) -> &Hostile<Self::Town>;

    fn account(&self) -> Residence;

    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination>;

    fn posts(&self) -> Vec<Standing>;

    fn post_in_our_name(&self, text: &str) -> String;

    fn made(&self) -> usize {
        self.fake().made()
    }
}

#[async_trait]
impl<F: Fake> Peer for F {
    fn account(&self) -> Residence {
        Fake::account(self)
    }

    fn connect(&self, name: &AccountName, clock: &Clock) -> Arc<dyn Destination> {
        Fake::connect(self, name, clock)
    }

    fn play(&self, mischief: Mischief) -> Option<()> {
        self.fake().hostile(mischief.trick::<F::Town>());
        Some(())
    }

    fn play_on_delete(&self, mischief: Mischief) -> Option<()> {
        self.fake().hostile_on(F::DELETE, 1, mischief.trick::<F::Town>());
        Some(())
    }

    fn calm(&self) {
        self.fake().calm();
    }

    async fn somebody_is_parked(&self) {
        self.fake().somebody_is_parked().await;
    }

    async fn release(&self) {
        self.fake().release().await;
    }

    fn posts(&self) -> Vec<Standing> {
        Fake::posts(self)
    }

    fn post_in_our_name(&self, text: &str) -> String {
        Fake::post_in_our_name(self, text)
    }

    fn made(&self) -> usize {
        Fake::made(self)
    }

    fn advance(&self, by: SignedDuration) {
        self.fake().advance(by);
    }
}
