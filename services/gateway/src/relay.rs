//! The body of a service's answer on its way to the client.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use awc::ClientResponse;
use futures_util::StreamExt as _;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::access_log::AccessLine;
use crate::admission::Place;

/// A service that sends nothing for this long in the middle of an answer is given up.
const SILENCE_MAX: Duration = Duration::from_secs(30);

/// Streams the body through. Holds the request's place with the service and its access line until the last byte.
pub struct Relay {
    upstream: ClientResponse,
    size: BodySize,
    ends_by: Instant,
    silence: Option<Pin<Box<Sleep>>>,
    line: AccessLine,
    _place: Place,
}

/// The answer stopped in the middle; the client sees its connection close early.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The service's connection broke.
    #[error("the service broke off its answer: {0}")]
    Broken(#[from] awc::error::PayloadError),
    /// The service sent nothing for too long, or took too long in all.
    #[error("the service did not finish its answer in time")]
    TimedOut,
}

impl Relay {
    /// Relays `upstream`, whose body has `size`.
    #[must_use]
    pub fn new(
        upstream: ClientResponse,
        size: BodySize,
        ends_by: Instant,
        line: AccessLine,
        place: Place,
    ) -> Self {
        Self {
            upstream,
            size,
            ends_by,
            silence: None,
            line,
            _place: place,
        }
    }

    fn poll_silence(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let ends_by = self.ends_by;
        self.silence
            .get_or_insert_with(|| Box::pin(sleep_until(ends_by.min(Instant::now() + SILENCE_MAX))))
            .as_mut()
            .poll(cx)
    }
}

impl MessageBody for Relay {
    type Error = RelayError;

    fn size(&self) -> BodySize {
        self.size
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, RelayError>>> {
        loop {
            return match self.upstream.poll_next_unpin(cx) {
                // An empty chunk would end a chunked body.
                Poll::Ready(Some(Ok(chunk))) if chunk.is_empty() => continue,
                Poll::Ready(Some(Ok(chunk))) => {
                    self.silence = None;
                    self.line
                        .count(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
                    Poll::Ready(Some(Ok(chunk)))
                }
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Pending => self
                    .poll_silence(cx)
                    .map(|()| Some(Err(RelayError::TimedOut))),
            };
        }
    }
}
