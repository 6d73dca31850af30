//! An answer that never comes: the connection is closed, and not one byte was sent on it.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;

/// A body that breaks before its first byte. The server has not sent the head by then and gives the connection up.
struct Broken;

impl MessageBody for Broken {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, io::Error>>> {
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}

/// Closes the connection without an answer.
#[must_use]
pub fn no_answer() -> HttpResponse {
    HttpResponse::Ok().body(Broken)
}
