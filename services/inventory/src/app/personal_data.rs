//! What this service holds about a person: told to that person, or erased.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection as _;
use events::auth::EraseRequested;
use events::shared::PrivacyErased;
use messaging::inbox::{self, Seen};
use messaging::{Outcome, Received};
use serde::Serialize;
use uuid::Uuid;

use super::Error;
use crate::SERVICE;
use crate::domain::ids::UserId;
use crate::startup::AppState;
use crate::store;
use crate::store::locks::LockKey;

/// One person's data in the inventory service.
#[derive(Debug, Serialize)]
pub(crate) struct PersonalData {
    reservations: Vec<ReservationData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ReservationData {
    order_id: Uuid,
    state: String,
    created_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
    lines: Vec<LineData>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LineData {
    variant_id: Uuid,
    quantity: i64,
}

/// Gathers a person's data. Somebody who never reserved anything has an empty list; that is no error, as only auth knows who
/// exists.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let rows = store::personal_data::held_by(&mut conn, user).await?;
    let mut reservations: BTreeMap<Uuid, ReservationData> = BTreeMap::new();
    for row in rows {
        let reservation = reservations
            .entry(row.order_id)
            .or_insert_with(|| ReservationData {
                order_id: row.order_id,
                state: row.state,
                created_at: row.created_at,
                closed_at: row.closed_at,
                lines: Vec::new(),
            });
        reservation.lines.push(LineData {
            variant_id: row.variant_id,
            quantity: row.quantity,
        });
    }
    Ok(PersonalData {
        reservations: reservations.into_values().rev().collect(),
    })
}

/// Forgets a person and confirms it.
pub(crate) async fn erase(
    state: &AppState,
    event: &Received<EraseRequested>,
) -> Result<Outcome, Error> {
    let trail = state.trail();
    let asked = &event.body;
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        // An order of theirs that is being decided is forgotten as well.
        store::locks::all(conn, &[LockKey::user(UserId(asked.user_id))]).await?;
        store::personal_data::erase(conn, UserId(asked.user_id)).await?;
        let confirmed = PrivacyErased {
            request_id: asked.request_id,
            user_id: asked.user_id,
            service: SERVICE.name.to_owned(),
        };
        trail.events(conn, [(confirmed, 1)]).await?;
        Ok(Outcome::Applied)
    })
    .await
}
