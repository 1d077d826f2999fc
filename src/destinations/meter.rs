//! What a platform charges for reading, counted as it is read.
//!
//! The invariant: nothing is read that the listening cap does not pay for, and everything that was
//! read is counted before anybody uses it.

use async_trait::async_trait;

use super::Unread;
use crate::domain::cost::{Item, Reader};

/// The cost meter of one account, as a destination sees it.
#[async_trait]
pub trait Meter: Send + Sync {
    /// How many resources of this item the caps still pay for now, for this reader. A platform that
    /// charges nothing never says zero.
    ///
    /// # Errors
    /// The ledger failed: then nothing is read.
    async fn left(&self, item: Item, reader: Reader) -> Result<u32, Unread>;

    /// Counts the resources that a reading brought, by the platform's ids. One resource is charged
    /// once in a UTC day, however often it is read.
    ///
    /// # Errors
    /// The ledger failed: then the reading has failed too.
    async fn count(&self, item: Item, resources: &[String]) -> Result<(), Unread>;
}

/// The meter of a platform that charges nothing.
pub struct Free;

#[async_trait]
impl Meter for Free {
    async fn left(&self, _item: Item, _reader: Reader) -> Result<u32, Unread> {
        Ok(u32::MAX)
    }

    async fn count(&self, _item: Item, _resources: &[String]) -> Result<(), Unread> {
        Ok(())
    }
}
