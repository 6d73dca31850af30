//! Creating requests that may carry an `Idempotency-Key`.

use actix_web::{HttpRequest, HttpResponse};
use common::auth::CurrentUser;
use common::database::DbError;
use common::idempotency::OptionalIdempotencyKey;
use common::{ApiError, ids};
use messaging::idempotency::{self, Begun, StoredResponse};

use crate::app::Error;
use crate::app::find::ProductView;
use crate::app::products::Making;
use crate::startup::AppState;

/// How to go on with a request.
pub(crate) enum Begin {
    /// It was answered before, and this is the answer.
    Replay(HttpResponse),
    /// Make the thing.
    Make(Making),
}

/// Claims the request's key, if it carries one.
pub(crate) async fn begin(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &OptionalIdempotencyKey,
    answer: fn(&ProductView) -> serde_json::Result<StoredResponse>,
) -> Result<Begin, ApiError> {
    let mut conn = state.db.get().await?;
    let fresh = ids::new_id();
    let begun = Begun::of(&mut conn, request, caller.id, key.0.as_ref(), fresh).await?;
    Ok(match begun {
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
        Begun::Replay(stored) => Begin::Replay(stored.replay()),
    })
}

/// Answers with what was made. A refusal gives the key back; after anything else its outcome is not known, and the next
/// request with the key finds out.
pub(crate) async fn finish(
    state: &AppState,
    making: &Making,
    made: Result<ProductView, Error>,
) -> Result<HttpResponse, ApiError> {
    match made {
        Ok(made) => Ok((making.answer)(&made).map_err(ApiError::internal)?.first()),
        Err(error) => {
            if let Some(claim) = making.claim.as_ref().filter(|_| error.is_refusal()) {
                let mut conn = state.db.get().await?;
                idempotency::release(&mut conn, claim)
                    .await
                    .map_err(DbError::from)?;
            }
            Err(error.into())
        }
    }
}
