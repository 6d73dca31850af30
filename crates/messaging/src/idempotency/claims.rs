//! Claiming a key.

use diesel::dsl::now;
use diesel::prelude::*;
use diesel::result::Error;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, TransactionManager};
use uuid::Uuid;

use super::{Claim, HeldClaim, KeyScope, RequestHash, StoredResponse, TAKE_OVER_AFTER};
use crate::interval::interval;
use crate::schema::idempotency_keys as keys;

/// How often the row may vanish or change hands between two statements before we give up.
const ATTEMPTS_MAX: u32 = 5;

/// Why a key could not be claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// The connection is inside a transaction, so the claim would not commit alone.
    #[error("a claim must commit alone, but the connection is inside a transaction")]
    InsideTransaction,
    /// The row kept changing under us; the client may try again.
    #[error("the idempotency key is contended")]
    Contended,
    /// The database refused or is gone.
    #[error(transparent)]
    Store(#[from] Error),
}

/// Claims a key for a request, or says why there is nothing to do.
///
/// Call it outside any transaction: each of its statements commits alone. `new_resource_id` is
/// used only if the key is new; a take-over keeps the id of the first claim.
///
/// # Errors
/// See [`ClaimError`].
pub async fn claim(
    conn: &mut AsyncPgConnection,
    scope: &KeyScope,
    hash: RequestHash,
    new_resource_id: Uuid,
) -> Result<Claim, ClaimError> {
    if is_in_transaction(conn)? {
        return Err(ClaimError::InsideTransaction);
    }
    for _ in 0..ATTEMPTS_MAX {
        if insert(conn, scope, hash, new_resource_id).await? {
            let resource_id = new_resource_id;
            return Ok(Claim::Held(HeldClaim {
                scope: scope.clone(),
                epoch: 1,
                resource_id,
            }));
        }
        // Released or swept in between: claim it afresh.
        let Some(row) = find(conn, scope).await? else {
            continue;
        };
        if row.request_hash != hash.as_bytes() {
            return Ok(Claim::Reused);
        }
        if let Some(response) = row.response() {
            return Ok(Claim::Replay(response));
        }
        if row.is_fresh {
            return Ok(Claim::InProgress);
        }
        if let Some(epoch) = take_over(conn, scope, row.epoch).await? {
            let resource_id = row.resource_id;
            return Ok(Claim::Held(HeldClaim {
                scope: scope.clone(),
                epoch,
                resource_id,
            }));
        }
    }
    Err(ClaimError::Contended)
}

fn is_in_transaction(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    type Manager = <AsyncPgConnection as AsyncConnection>::TransactionManager;
    let status = Manager::transaction_manager_status_mut(conn);
    Ok(status.transaction_depth()?.is_some())
}

async fn insert(
    conn: &mut AsyncPgConnection,
    scope: &KeyScope,
    hash: RequestHash,
    resource_id: Uuid,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(keys::table)
        .values((
            keys::principal.eq(&scope.principal),
            keys::operation.eq(&scope.operation),
            keys::key.eq(&scope.key),
            keys::request_hash.eq(hash.as_bytes()),
            keys::state.eq("in_progress"),
            keys::resource_id.eq(resource_id),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

async fn find(conn: &mut AsyncPgConnection, scope: &KeyScope) -> QueryResult<Option<KeyRow>> {
    keys::table
        .find((&scope.principal, &scope.operation, &scope.key))
        .select((
            keys::request_hash,
            keys::epoch,
            keys::resource_id,
            (keys::claimed_at + interval(TAKE_OVER_AFTER)).gt(now),
            keys::response_status,
            keys::response_content_type,
            keys::response_location,
            keys::response_body,
        ))
        .first(conn)
        .await
        .optional()
}

/// Takes over what the holder of `epoch` left, unless somebody else was faster.
async fn take_over(
    conn: &mut AsyncPgConnection,
    scope: &KeyScope,
    epoch: i32,
) -> QueryResult<Option<i32>> {
    diesel::update(keys::table.find((&scope.principal, &scope.operation, &scope.key)))
        .filter(keys::state.eq("in_progress"))
        .filter(keys::epoch.eq(epoch))
        .filter((keys::claimed_at + interval(TAKE_OVER_AFTER)).le(now))
        .set((keys::epoch.eq(keys::epoch + 1), keys::claimed_at.eq(now)))
        .returning(keys::epoch)
        .get_result(conn)
        .await
        .optional()
}

/// What there is to know about a claimed key.
#[derive(Queryable)]
struct KeyRow {
    request_hash: Vec<u8>,
    epoch: i32,
    resource_id: Uuid,
    is_fresh: bool,
    response_status: Option<i16>,
    response_content_type: Option<String>,
    response_location: Option<String>,
    response_body: Option<Vec<u8>>,
}

impl KeyRow {
    /// The stored answer; a constraint of the table says that it is whole or absent.
    fn response(&self) -> Option<StoredResponse> {
        Some(StoredResponse {
            status: u16::try_from(self.response_status?).ok()?,
            content_type: self.response_content_type.clone()?,
            location: self.response_location.clone(),
            body: self.response_body.clone()?,
        })
    }
}
