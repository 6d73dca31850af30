//! The accepted mails, the newest of them.

use std::sync::Arc;

use uuid::Uuid;

use super::address;
use super::mail::{Kept, Mail};
use super::webhook::Event;
use crate::bounded::Bounded;

/// Mails within two limits: how many, and how many bytes together.
#[derive(Debug)]
pub struct Mailbox {
    mails: Bounded<Uuid, Kept>,
    bytes: usize,
    bytes_max: usize,
}

impl Mailbox {
    /// An empty mailbox.
    #[must_use]
    pub fn new(mails_max: usize, bytes_max: usize) -> Self {
        Self {
            mails: Bounded::new(mails_max),
            bytes: 0,
            bytes_max,
        }
    }

    /// Keeps a mail, and forgets the oldest ones that no longer fit. The newest stays however big it is.
    pub fn insert(&mut self, mail: &Arc<Mail>) {
        self.bytes += mail.message.size();
        let kept = Kept {
            mail: Arc::clone(mail),
            last_event: None,
        };
        if let Some(gone) = self.mails.insert(mail.id, kept) {
            self.bytes -= gone.mail.message.size();
        }
        while self.bytes > self.bytes_max && self.mails.len() > 1 {
            let Some(gone) = self.mails.remove_oldest() else {
                return;
            };
            self.bytes -= gone.mail.message.size();
        }
    }

    /// Notes what happened to a mail, if it is still kept.
    pub fn note(&mut self, id: Uuid, event: Event) {
        if let Some(kept) = self.mails.get_mut(&id) {
            kept.last_event = Some(event);
        }
    }

    /// One mail.
    #[must_use]
    pub fn get(&self, id: Uuid) -> Option<Kept> {
        self.mails.get(&id).cloned()
    }

    /// All mails, the newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &Kept> {
        self.mails.newest_first().map(|(_, kept)| kept)
    }

    /// The mails to an address, the newest first.
    #[must_use]
    pub fn to(&self, address: &str) -> Vec<Kept> {
        // A `+` that was not escaped in a query arrives as a space, which no address has.
        let wanted = address::bare(address)
            .unwrap_or_else(|| address.trim().to_lowercase().replace(' ', "+"));
        let is_recipient = |kept: &&Kept| {
            let mut recipients = kept.mail.message.recipients();
            recipients.any(|one| one == wanted)
        };
        self.newest_first().filter(is_recipient).cloned().collect()
    }
}
