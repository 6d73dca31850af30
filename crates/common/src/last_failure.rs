//! Why a pool has no connection.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bb8::{ErrorSink, RunError};

/// Why the last attempt to connect failed: a pool goes on trying until the time is over, and then says only that.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastFailure(Arc<Mutex<Option<String>>>);

impl LastFailure {
    /// A connection was made.
    pub(crate) fn forget(&self) {
        *self.held() = None;
    }

    /// What the pool should have said.
    pub(crate) fn explain<E: Display>(&self, error: RunError<E>) -> String {
        match error {
            RunError::User(error) => error.to_string(),
            RunError::TimedOut => self.or("no connection could be made in time"),
        }
    }

    /// The last failure, or else what there is to say.
    pub(crate) fn or(&self, otherwise: &str) -> String {
        let failure = self.held().take();
        failure.unwrap_or_else(|| otherwise.to_owned())
    }

    fn held(&self) -> MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: Display> ErrorSink<E> for LastFailure {
    fn sink(&self, error: E) {
        *self.held() = Some(error.to_string());
    }

    fn boxed_clone(&self) -> Box<dyn ErrorSink<E>> {
        Box::new(self.clone())
    }
}
