//! People say what became of a mismatch.

use common::auth::CurrentUser;
use diesel_async::AsyncConnection as _;
use serde_json::json;

use super::MISMATCH;
use crate::app::Error;
use crate::domain::ids::{MismatchId, RunId};
use crate::startup::AppState;
use crate::store::reconciliation::mismatches::{self, Mismatch, Resolution};

/// Notes how an open mismatch was resolved; it is before people no longer.
pub(crate) async fn resolve_mismatch(
    state: &AppState,
    caller: &CurrentUser,
    (run, id): (RunId, MismatchId),
    resolution: &Resolution,
) -> Result<Mismatch, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        let mismatch = mismatches::lock(conn, run, id).await?;
        let mismatch = mismatch.ok_or(Error::NotFound("reconciliation mismatch"))?;
        match mismatch.state.as_str() {
            "open" => {}
            "found" => return Err(Error::InvalidState("the run is about to repair it")),
            "repaired" => return Err(Error::InvalidState("it is repaired")),
            "superseded" => return Err(Error::InvalidState("a later run found it again")),
            _ => return Err(Error::InvalidState("it is resolved already")),
        }
        let resolved = mismatches::resolve(conn, id, resolution, trail.now()).await?;
        // The note may be about a person, so it stays in the mismatch's own row.
        let facts =
            json!({ "runId": run.0, "class": resolved.class, "outcome": resolution.outcome });
        let entity = (MISMATCH, id.to_string());
        trail
            .audit(
                conn,
                caller,
                "reconciliation.mismatch_resolved",
                entity,
                facts,
            )
            .await?;
        Ok(resolved)
    })
    .await
}
