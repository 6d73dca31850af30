//! The producer's side: publishing kept outbox rows again, to one queue.

use std::sync::Arc;

use common::database::{Database, DbError};
use events::subscriptions::subscriptions;
use uuid::Uuid;

use super::{ReplayError, ReplayRequest, ReplayedPage};
use crate::broker::{Broker, Outgoing, Publisher, Sent};
use crate::message;
use crate::relay::replay_page;

/// Rows in one page.
const PAGE: i64 = 500;
/// The producer's side.
#[derive(Clone)]
pub struct Replayer {
    db: Database,
    broker: Arc<Broker>,
    publisher: Arc<Publisher>,
}

impl Replayer {
    /// Replays from the outbox in `db`.
    pub(crate) fn new(service: &str, db: Database, broker: Arc<Broker>) -> Self {
        let publisher = Arc::new(Publisher::new(
            Arc::clone(&broker),
            format!("{service}: replay"),
        ));
        Self {
            db,
            broker,
            publisher,
        }
    }

    /// Publishes one page to the queue that `caller` consumes.
    ///
    /// # Errors
    /// See [`ReplayError`]; asking for the page again is safe.
    pub async fn replay(
        &self,
        caller: &str,
        request: &ReplayRequest,
    ) -> Result<ReplayedPage, ReplayError> {
        let is_callers =
            subscriptions().any(|one| one.service == caller && one.queue() == request.queue);
        if !is_callers {
            return Err(ReplayError::NotYours(request.queue.clone()));
        }
        let after = request.after.unwrap_or(Uuid::nil());
        let mut conn = self.db.get().await?;
        let page = replay_page(&mut conn, &request.types, request.since, after, PAGE)
            .await
            .map_err(DbError::from)?;
        // No connection is held while the broker is waited for.
        drop(conn);
        let batch: Vec<Outgoing> = page
            .iter()
            .map(|event| Outgoing {
                exchange: String::new(),
                routing_key: self.broker.topology.queue(&request.queue),
                mandatory: true,
                properties: message::properties(
                    &event.id.to_string(),
                    &event.event_type,
                    event.trace(),
                ),
                body: event.payload.0.clone().into_bytes(),
            })
            .collect();
        let sent = self.publisher.publish(&batch).await?;
        if sent.iter().any(|sent| *sent != Sent::Confirmed) {
            return Err(ReplayError::NotTaken);
        }
        let is_full = i64::try_from(page.len()).is_ok_and(|rows| rows == PAGE);
        let last = page.last().filter(|_| is_full);
        Ok(ReplayedPage {
            published: page.len(),
            next: last.map(|event| event.id),
        })
    }
}
