//! So many things at a time, so that one that hangs holds up no other.

use std::future::Future;

use tokio::task::JoinSet;

/// Those who do them.
pub(super) struct Hands {
    most: usize,
    busy: JoinSet<()>,
}

impl Hands {
    /// So many, all of them free.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            busy: JoinSet::new(),
        }
    }

    /// How many are free.
    pub(super) fn free(&mut self) -> usize {
        while self.busy.try_join_next().is_some() {}
        self.most.saturating_sub(self.busy.len())
    }

    /// Waits until one is free.
    pub(super) async fn until_free(&mut self) {
        while self.free() == 0 && self.busy.join_next().await.is_some() {}
    }

    /// Has one do something. Whoever gives it has seen that one is free.
    pub(super) fn give(&mut self, work: impl Future<Output = ()> + Send + 'static) {
        self.busy.spawn(work);
    }

    /// Waits until everything that is in hand has come to its end.
    pub(super) async fn finish(mut self) {
        while self.busy.join_next().await.is_some() {}
    }
}
