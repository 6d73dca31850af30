//! Creating requests that may carry an `Idempotency-Key`.

use actix_web::{HttpRequest, HttpResponse};
use common::auth::CurrentUser;
use common::idempotency::OptionalIdempotencyKey;
use common::{ApiError, ids};
use messaging::idempotency::{self, Begun, StoredResponse};

use crate::app::Error;
use crate::app::making::{self, Making};
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// How to go on with a request.
pub(crate) enum Begin<T> {
    /// It was answered before, and this is the answer.
    Replay(HttpResponse),
    /// Make the thing.
    Make(Making<T>),
}

/// Claims the request's key, if it carries one.
pub(crate) async fn begin<T>(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &OptionalIdempotencyKey,
    answer: fn(&T) -> serde_json::Result<StoredResponse>,
) -> Result<Begin<T>, ApiError> {
    let mut conn = state.db.get().await?;
    let fresh = ids::new_id();
    Ok(
        match Begun::of(&mut conn, request, caller.id, key.0.as_ref(), fresh).await? {
            Begun::Unkeyed(id) => Begin::Make(Making {
                id,
                claim: None,
                answer,
            }),
            Begun::Held(claim) => Begin::Make(Making {
                id: claim.resource_id,
                claim: Some(claim),
                answer,
            }),
            Begun::Replay(mut stored) => {
                stored.body = making::open(state, UserId(caller.id), &stored.body)?;
                Begin::Replay(stored.replay())
            }
        },
    )
}

/// Answers with what was made. A refusal gives the key back; after anything else its outcome is not known, and the
/// next request with the key finds out.
pub(crate) async fn finish<T>(
    state: &AppState,
    making: &Making<T>,
    made: Result<T, Error>,
) -> Result<HttpResponse, ApiError> {
    match made {
        Ok(made) => Ok((making.answer)(&made).map_err(ApiError::internal)?.first()),
        Err(error) => {
            if let Some(claim) = making.claim.as_ref().filter(|_| error.is_refusal()) {
                let mut conn = state.db.get().await?;
                idempotency::release(&mut conn, claim)
                    .await
                    .map_err(|error| ApiError::from(Error::from(error)))?;
            }
            Err(error.into())
        }
    }
}
