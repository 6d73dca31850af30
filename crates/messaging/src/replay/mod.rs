//! Closing the gap of a queue that was gone for a while.
//!
//! The consumer asks each producer of its event for what was published since shortly before the newest
//! event it knows. The producer publishes its kept outbox rows straight to the one queue, page by page
//! as it is asked, so a crash on either side only means asking again. The inbox drops doubles.

mod asking;
mod http;
mod producer;

use chrono::{DateTime, Utc};
use common::database::DbError;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

pub use asking::ProducerSettings;
pub(crate) use asking::Producers;
pub use http::replay_events;
pub use producer::Replayer;

use crate::broker::BrokerError;

/// What a consumer asks of a producer.
#[derive(Debug, Clone, Serialize, Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "queue": "notifications.on_auth_mail_requested", "types": ["auth.mail_requested"], "since": "2026-01-13T10:20:00Z"
}))]
pub struct ReplayRequest {
    /// The consumer whose queue lacks events.
    #[garde(length(max = 200))]
    pub queue: String,
    /// Of which types.
    #[garde(length(min = 1, max = 100), inner(length(max = 100)))]
    pub types: Vec<String>,
    /// From when on; events of that moment included.
    #[garde(skip)]
    pub since: DateTime<Utc>,
    /// The last event of the page before, to go on after it.
    #[garde(skip)]
    #[serde(default)]
    pub after: Option<Uuid>,
}

/// What became of a page.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReplayedPage {
    /// How many events it had.
    pub published: usize,
    /// The last of them, to ask for the next page with; `null` when there is none.
    pub next: Option<Uuid>,
}

/// Why a page was not replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The caller asks for another's queue, or for no such queue.
    #[error("{0} is not a queue of the caller")]
    NotYours(String),
    /// The queue is not there.
    #[error("the queue is not there or refuses")]
    NotTaken,
    /// The broker did not do it.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}
