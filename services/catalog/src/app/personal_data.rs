//! What this service holds about a person: told to that person, or erased.

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
use crate::store::wishlist;

/// One person's data in the catalogue.
#[derive(Debug, Serialize)]
pub(crate) struct PersonalData {
    wishlist: Vec<Wish>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Wish {
    product_id: Uuid,
    variant_id: Option<Uuid>,
    added_at: DateTime<Utc>,
}

/// Gathers a person's data.
pub(crate) async fn gather(state: &AppState, user: UserId) -> Result<PersonalData, Error> {
    let mut conn = state.db.get().await?;
    let rows = wishlist::of(&mut conn, user).await?;
    let wishes = rows.into_iter().map(|row| Wish {
        product_id: row.product_id,
        variant_id: row.variant_id,
        added_at: row.added_at,
    });
    Ok(PersonalData {
        wishlist: wishes.collect(),
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
        wishlist::clear(conn, UserId(asked.user_id)).await?;
        let confirmed = PrivacyErased {
            request_id: asked.request_id,
            user_id: asked.user_id,
            service: SERVICE.name.to_owned(),
        };
        trail.event(conn, &confirmed, 1).await?;
        Ok(Outcome::Applied)
    })
    .await
}
