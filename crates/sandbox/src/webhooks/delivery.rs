//! What became of one webhook until now.

use std::borrow::Cow;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use common::ids::new_id;

/// One try, or the decision not to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Counts from 1; 0 if it was never tried.
    pub number: usize,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// The receiver's answer, or why there was none.
    pub answer: Result<u16, String>,
}

/// A webhook and its tries, those of its copies among them.
#[derive(Debug)]
pub struct Delivery {
    /// The same for all tries and copies.
    pub id: String,
    /// The vendor's name of the event.
    pub event: Cow<'static, str>,
    /// Whether its signature is wrong on purpose.
    pub is_forged: bool,
    attempts: Mutex<Vec<Attempt>>,
}

impl Delivery {
    /// A webhook that was not tried.
    #[must_use]
    pub fn new(event: Cow<'static, str>, is_forged: bool) -> Self {
        Self {
            id: format!("msg_{}", new_id().simple()),
            event,
            is_forged,
            attempts: Mutex::default(),
        }
    }

    /// The tries until now, in order.
    #[must_use]
    pub fn attempts(&self) -> Vec<Attempt> {
        self.lock().clone()
    }

    pub(super) fn note(&self, attempt: Attempt) {
        self.lock().push(attempt);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Attempt>> {
        self.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
