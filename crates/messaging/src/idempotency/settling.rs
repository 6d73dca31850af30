//! Ending a claim: with an answer, without one, or by age.

use std::time::Duration;

use common::statement::Prepare as _;
use diesel::dsl::now;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::Interval;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::{HeldClaim, KeyScope, StoredResponse};
use crate::interval::interval;
use crate::schema::idempotency_keys as keys;

/// Why an answer could not be stored. In every case the caller rolls its transaction back.
#[derive(Debug, thiserror::Error)]
pub enum SettleError {
    /// Somebody took the claim over or freed it; claim again to learn what the row says now.
    #[error("the idempotency claim is no longer held")]
    Lost,
    /// Only success is stored: a refusal releases the claim instead.
    #[error("status {0} is not a success and cannot be stored")]
    NotSuccess(u16),
    /// The answer cannot be written as it is to be stored.
    #[error("the answer cannot be stored: {0}")]
    Unwritable(String),
    /// The database refused or is gone.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Stores the answer in the transaction of the effect.
///
/// # Errors
/// See [`SettleError`]; the caller must roll back on any of them.
pub async fn settle(
    conn: &mut AsyncPgConnection,
    claim: &HeldClaim,
    response: &StoredResponse,
) -> Result<(), SettleError> {
    let status = i16::try_from(response.status)
        .ok()
        .filter(|status| (200..300).contains(status))
        .ok_or(SettleError::NotSuccess(response.status))?;
    let KeyScope {
        principal,
        operation,
        key,
    } = &claim.scope;
    let settled = diesel::update(keys::table.find((principal, operation, key)))
        .filter(keys::state.eq("in_progress"))
        .filter(keys::epoch.eq(claim.epoch))
        .set((
            keys::state.eq("done"),
            keys::settled_at.eq(now),
            keys::response_status.eq(status),
            keys::response_content_type.eq(&response.content_type),
            keys::response_location.eq(response.location.as_deref()),
            keys::response_body.eq(&response.body),
        ))
        .prepared()
        .execute(conn)
        .await?;
    if settled == 1 {
        Ok(())
    } else {
        Err(SettleError::Lost)
    }
}

/// Gives the key back after a known refusal; says whether the claim was still this one's.
///
/// Only then may the caller undo what it did under the resource id: otherwise a successor works
/// with the same id.
///
/// # Errors
/// Those of the database.
pub async fn release(conn: &mut AsyncPgConnection, claim: &HeldClaim) -> QueryResult<Released> {
    let KeyScope {
        principal,
        operation,
        key,
    } = &claim.scope;
    let deleted = diesel::delete(keys::table.find((principal, operation, key)))
        .filter(keys::state.eq("in_progress"))
        .filter(keys::epoch.eq(claim.epoch))
        .execute(conn)
        .await?;
    Ok(if deleted == 1 {
        Released::Yes
    } else {
        Released::NoLongerHeld
    })
}

/// Whether a claim was given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Released {
    /// The claim was held and is gone: undo what was done under its resource id.
    Yes,
    /// Somebody else holds it, or it is settled: touch nothing.
    NoLongerHeld,
}

/// A claim that the sweeper freed.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct SweptClaim {
    /// Method and route pattern, which tells what the resource is.
    pub operation: String,
    /// The id under which remote calls may have been made; release what they hold.
    pub resource_id: Uuid,
}

/// Frees the claims that nobody settled, released or took over; call it every few seconds with
/// [`SWEEP_AFTER`](super::SWEEP_AFTER).
///
/// # Errors
/// Those of the database.
pub async fn sweep(
    conn: &mut AsyncPgConnection,
    older_than: Duration,
) -> QueryResult<Vec<SweptClaim>> {
    diesel::delete(keys::table)
        .filter(keys::state.eq("in_progress"))
        .filter((keys::claimed_at + interval(older_than)).le(now))
        .returning((keys::operation, keys::resource_id))
        .get_results(conn)
        .await
}

/// Deletes a principal's answers, which may hold personal data: whoever was forgotten repeats nothing.
///
/// # Errors
/// Those of the database.
pub async fn forget(conn: &mut AsyncPgConnection, principal: Uuid) -> QueryResult<usize> {
    diesel::delete(keys::table)
        .filter(keys::principal.eq(principal.to_string()))
        .filter(keys::state.eq("done"))
        .execute(conn)
        .await
}

/// Deletes answers that are no longer replayed, at most a thousand per call; call it with
/// [`KEEP_FOR`](super::KEEP_FOR) until it returns less. Returns how many are gone.
///
/// # Errors
/// Those of the database.
pub async fn purge(conn: &mut AsyncPgConnection, older_than: Duration) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM idempotency_keys
             WHERE state = 'done' AND settled_at <= now() - $1
             LIMIT 1000 FOR UPDATE SKIP LOCKED))",
    )
    .bind::<Interval, _>(interval(older_than))
    .prepared()
    .execute(conn)
    .await
}
