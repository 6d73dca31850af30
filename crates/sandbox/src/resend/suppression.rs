//! Addresses that the vendor no longer sends to, because a mail bounced there or was called spam.

use serde::{Deserialize, Serialize};

use crate::bounded::Bounded;

/// Addresses on the list at most.
const ADDRESSES_MAX: usize = 10_000;

/// Why an address is on the list, as webhooks write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A mail bounced for good.
    PreviousBounce,
    /// The recipient called a mail spam.
    PreviousComplaint,
}

/// The list.
#[derive(Debug)]
pub struct Suppressions(Bounded<String, Reason>);

impl Default for Suppressions {
    fn default() -> Self {
        Self(Bounded::new(ADDRESSES_MAX))
    }
}

impl Suppressions {
    /// Puts an address on the list.
    pub fn add(&mut self, bare: String, reason: Reason) {
        self.0.insert(bare, reason);
    }

    /// Takes an address off the list, and says whether it was there.
    pub fn remove(&mut self, bare: &str) -> bool {
        self.0.remove(&bare.to_owned()).is_some()
    }

    /// Why the address is on the list, if it is.
    #[must_use]
    pub fn reason(&self, bare: &str) -> Option<Reason> {
        self.0.get(&bare.to_owned()).copied()
    }

    /// The whole list, the newest first.
    pub fn all(&self) -> impl Iterator<Item = (&String, Reason)> {
        self.0.newest_first().map(|(bare, reason)| (bare, *reason))
    }
}
