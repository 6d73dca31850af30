//! How many requests may be with one service at a time, and how long others wait for a place.
//!
//! The queue is bounded by waiting time rather than by length: an answer that comes after its caller gave up is work
//! for nothing, and a service that is merely busy gets the chance to catch up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The entrance to one service, shared by all workers of the process.
#[derive(Debug)]
pub struct Entrance {
    places: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// A place with the service; given back when dropped.
#[derive(Debug)]
pub struct Place {
    _permit: OwnedSemaphorePermit,
}

/// No place came free in time, or too many wait already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the service is busy")]
pub struct Busy;

impl Entrance {
    /// An entrance with this many places, at which at most `waiting_max` requests wait.
    #[must_use]
    pub fn new(places: usize, waiting_max: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            waiting: AtomicUsize::new(0),
            waiting_max,
        }
    }

    /// Takes a place, first come first served.
    ///
    /// # Errors
    /// [`Busy`] when none came free within `patience`.
    pub async fn enter(&self, patience: Duration) -> Result<Place, Busy> {
        if let Ok(permit) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(Place { _permit: permit });
        }
        let _in_line = InLine::join(&self.waiting, self.waiting_max)?;
        match tokio::time::timeout(patience, Arc::clone(&self.places).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Place { _permit: permit }),
            Ok(Err(_)) | Err(_) => Err(Busy),
        }
    }
}

/// Counts one who waits, also when the waiting is given up.
struct InLine<'a>(&'a AtomicUsize);

impl<'a> InLine<'a> {
    fn join(waiting: &'a AtomicUsize, most: usize) -> Result<Self, Busy> {
        let in_line = Self(waiting);
        if waiting.fetch_add(1, Ordering::Relaxed) < most {
            Ok(in_line)
        } else {
            Err(Busy)
        }
    }
}

impl Drop for InLine<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn who_waits_too_long_is_told_so() {
        let entrance = Entrance::new(1, 10);
        let place = entrance.enter(SHORT).await.unwrap();
        assert_eq!(entrance.enter(SHORT).await.unwrap_err(), Busy);
        drop(place);
        assert!(entrance.enter(SHORT).await.is_ok());
        assert_eq!(entrance.waiting.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_full_line_refuses_at_once() {
        let entrance = Entrance::new(1, 1);
        let _place = entrance.enter(SHORT).await.unwrap();
        let long = Duration::from_secs(30);
        let first = entrance.enter(long);
        tokio::pin!(first);
        assert!(futures_util::poll!(first.as_mut()).is_pending());
        assert_eq!(entrance.enter(long).await.unwrap_err(), Busy);
    }
}
