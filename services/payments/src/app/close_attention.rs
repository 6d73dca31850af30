//! Somebody has looked at what was put before people, and says what became of it.

use std::str::FromStr;

use common::auth::CurrentUser;
use diesel_async::AsyncConnection as _;
use messaging::idempotency::Making;
use serde_json::json;
use uuid::Uuid;

use super::{ATTENTION_ITEM, Error};
use crate::startup::AppState;
use crate::store;
use crate::store::attention::{Closing, ItemRow};

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conclusion {
    /// Something was done about it.
    Resolved,
    /// It stays as it is, knowingly.
    Accepted,
    /// There was nothing to it.
    FalseAlarm,
}

/// The text is no conclusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be resolved, accepted or false_alarm")]
pub(crate) struct UnknownConclusion;

impl Conclusion {
    const ALL: [Self; 3] = [Self::Resolved, Self::Accepted, Self::FalseAlarm];

    /// The name in JSON and SQL.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Resolved => "resolved",
            Self::Accepted => "accepted",
            Self::FalseAlarm => "false_alarm",
        }
    }
}

impl FromStr for Conclusion {
    type Err = UnknownConclusion;

    fn from_str(text: &str) -> Result<Self, UnknownConclusion> {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.name() == text).ok_or(UnknownConclusion)
    }
}

/// What somebody says about an item.
#[derive(Debug, Clone)]
pub(crate) struct CloseAttention {
    pub(crate) item: Uuid,
    pub(crate) conclusion: Conclusion,
    pub(crate) note: String,
}

/// Closes an item. What happens again may open it again.
pub(crate) async fn close_attention(
    state: &AppState,
    caller: &CurrentUser,
    command: &CloseAttention,
    making: &Making<ItemRow>,
) -> Result<ItemRow, Error> {
    let trail = state.trail();
    let closing = Closing {
        outcome: command.conclusion.name(),
        note: &command.note,
        by: caller.id,
        now: trail.now(),
    };
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let closed = store::attention::close_by_hand(conn, command.item, closing).await?;
        let Some(closed) = closed else {
            return Err(match store::attention::find(conn, command.item).await? {
                Some(_) => Error::InvalidState("it is closed already"),
                None => Error::NotFound("attention item"),
            });
        };
        let entity = (ATTENTION_ITEM, closed.id.to_string());
        let facts = json!({
            "kind": closed.kind, "subjectId": closed.subject_id, "outcome": closing.outcome,
        });
        trail
            .audit(conn, caller, "attention.closed", entity, facts)
            .await?;
        making.settle(conn, &closed).await?;
        Ok(closed)
    })
    .await
}
