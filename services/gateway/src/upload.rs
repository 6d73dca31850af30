//! A request body on its way to a service: streamed, counted, and hurried along.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::web::{Bytes, Payload};
use futures_util::{Stream, StreamExt as _};
use tokio::time::{Instant, Sleep, sleep_until};

/// What a sender may take its time for.
#[derive(Debug, Clone, Copy)]
pub struct UploadLimits {
    /// The largest body, in bytes.
    pub body_max: u64,
    /// Bytes per second, on average, that a sender must reach after the grace period.
    pub least_bytes_per_sec: u64,
    /// How long the sender may pause before the rate counts.
    pub grace: Duration,
}

/// How an upload stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UploadState {
    /// Bytes are still to come.
    Running,
    /// All bytes were handed on.
    Complete,
    /// More than [`UploadLimits::body_max`] bytes came.
    TooLarge,
    /// The sender was slower than [`UploadLimits::least_bytes_per_sec`].
    TooSlow,
    /// The sender broke off, or its chunks make no sense.
    Broken,
}

/// Watches an upload from outside the client that streams it.
#[derive(Debug, Clone)]
pub struct UploadWatch(Rc<Watched>);

#[derive(Debug)]
struct Watched {
    state: Cell<UploadState>,
    /// Since when it is the service's turn; `None` while it is the sender's.
    service_turn_since: Cell<Option<Instant>>,
}

impl UploadWatch {
    fn new(state: UploadState) -> Self {
        let service_turn_since = Cell::new(Some(Instant::now()));
        Self(Rc::new(Watched {
            state: Cell::new(state),
            service_turn_since,
        }))
    }

    /// The watch of a request without a body.
    #[must_use]
    pub fn nothing_to_send() -> Self {
        Self::new(UploadState::Complete)
    }

    /// How it stands now.
    #[must_use]
    pub fn state(&self) -> UploadState {
        self.0.state.get()
    }

    /// Since when the service has had all that came so far, and it is its turn to read on or to answer; `None` while
    /// the sender keeps both waiting.
    #[must_use]
    pub fn service_turn_since(&self) -> Option<Instant> {
        self.0.service_turn_since.get()
    }

    fn service_turn(&self, state: UploadState) {
        self.0.state.set(state);
        self.0.service_turn_since.set(Some(Instant::now()));
    }

    fn sender_turn(&self) {
        self.0.service_turn_since.set(None);
    }
}

/// Why the stream ended early; the watch tells the rest of the gateway.
#[derive(Debug, thiserror::Error)]
#[error("the request body was not taken: {0:?}")]
pub struct UploadError(UploadState);

/// The body as a stream that fails as soon as it breaks a limit.
pub struct Upload {
    payload: Payload,
    limits: UploadLimits,
    taken: u64,
    /// Time spent waiting for the sender, as opposed to waiting for the service to read.
    waited: Duration,
    pause: Option<Pause>,
    watch: UploadWatch,
}

struct Pause {
    since: Instant,
    end: Pin<Box<Sleep>>,
}

impl Upload {
    /// Streams `payload` within `limits`.
    #[must_use]
    pub fn new(payload: Payload, limits: UploadLimits) -> Self {
        let watch = UploadWatch::new(UploadState::Running);
        Self {
            payload,
            limits,
            taken: 0,
            waited: Duration::ZERO,
            pause: None,
            watch,
        }
    }

    /// The watch of this upload.
    #[must_use]
    pub fn watch(&self) -> UploadWatch {
        self.watch.clone()
    }

    fn stop(&mut self, state: UploadState) -> Poll<Option<Result<Bytes, UploadError>>> {
        self.watch.service_turn(state);
        Poll::Ready(Some(Err(UploadError(state))))
    }

    /// How long the sender may keep us waiting in all, given what it sent.
    fn patience(&self) -> Duration {
        let earned = self.taken / self.limits.least_bytes_per_sec.max(1);
        self.limits.grace + Duration::from_secs(earned)
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.pause.is_none() {
            let since = Instant::now();
            let left = self.patience().saturating_sub(self.waited);
            self.pause = Some(Pause {
                since,
                end: Box::pin(sleep_until(since + left)),
            });
        }
        self.pause
            .as_mut()
            .map_or(Poll::Pending, |pause| pause.end.as_mut().poll(cx))
    }
}

impl Stream for Upload {
    type Item = Result<Bytes, UploadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.payload.poll_next_unpin(cx);
        if next.is_pending() {
            self.watch.sender_turn();
            ready!(self.poll_pause(cx));
            return self.stop(UploadState::TooSlow);
        }
        if let Some(pause) = self.pause.take() {
            self.waited += pause.since.elapsed();
        }
        match ready!(next) {
            None => {
                self.watch.service_turn(UploadState::Complete);
                Poll::Ready(None)
            }
            Some(Err(_broken)) => self.stop(UploadState::Broken),
            Some(Ok(chunk)) => {
                self.taken += u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                if self.taken > self.limits.body_max {
                    return self.stop(UploadState::TooLarge);
                }
                self.watch.service_turn(UploadState::Running);
                Poll::Ready(Some(Ok(chunk)))
            }
        }
    }
}
