//! Answers that are still being sent.

use std::pin::Pin;
use std::task::{self, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;
use tokio_util::task::task_tracker::TaskTrackerToken;

pin_project! {
    /// A body that counts as in flight until it is sent: it may come from the database bit by bit.
    pub(super) struct Counted<B> {
        #[pin]
        pub(super) body: B,
        pub(super) counted: TaskTrackerToken,
    }
}

impl<B: MessageBody> MessageBody for Counted<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut task::Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        self.project().body.poll_next(context)
    }
}
