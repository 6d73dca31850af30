//! Placing orders under an `Idempotency-Key`.

use actix_web::{HttpRequest, HttpResponse};
use common::auth::CurrentUser;
use common::idempotency::IdempotencyKey;
use common::{ApiError, ids};
use messaging::idempotency::{self, Begun, Released, StoredResponse};

use crate::app::Error;
use crate::app::making::{self, Making};
use crate::app::place_order;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// How to go on with a request.
pub(crate) enum Begin<T> {
    /// It was answered before, and this is the answer.
    Replay(HttpResponse),
    /// Make the thing.
    Make(Making<T>),
}

/// Claims the request's key.
pub(crate) async fn begin<T>(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &IdempotencyKey,
    answer: fn(&T) -> serde_json::Result<StoredResponse>,
) -> Result<Begin<T>, ApiError> {
    let mut conn = state.db.get().await?;
    let fresh = ids::new_id();
    let begun = Begun::of(&mut conn, request, caller.id, Some(key), fresh).await?;
    Ok(match begun {
        Begun::Unkeyed(id) => Begin::Make(Making::new(id, None, answer)),
        Begun::Held(claim) => Begin::Make(Making::new(claim.resource_id, Some(claim), answer)),
        Begun::Replay(mut stored) => {
            stored.body = making::open(state, UserId(caller.id), &stored.body)?;
            Begin::Replay(stored.replay())
        }
    })
}

/// Answers with what was made. A refusal gives the key back, and only whoever gave it back undoes what was done elsewhere
/// under its id. After anything else the outcome is not known, and the next request with the key finds out.
pub(crate) async fn finish<T>(
    state: &AppState,
    making: &Making<T>,
    made: Result<T, Error>,
) -> Result<HttpResponse, ApiError> {
    let error = match made {
        Ok(made) => return Ok((making.answer)(&made).map_err(ApiError::internal)?.first()),
        Err(error) => error,
    };
    if let Some(claim) = making.claim.as_ref().filter(|_| error.is_refusal()) {
        let released = {
            let mut conn = state.db.get().await?;
            idempotency::release(&mut conn, claim).await
        };
        let released = released.map_err(|error| ApiError::from(Error::from(error)))?;
        if released == Released::Yes && making.has_reached_out() {
            place_order::let_go(state, making.id).await;
        }
    }
    Err(error.into())
}
