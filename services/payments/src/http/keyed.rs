//! Requests that must carry an `Idempotency-Key`.

use std::future::Future;

use actix_web::{HttpRequest, HttpResponse};
use common::auth::CurrentUser;
use common::database::DbError;
use common::idempotency::IdempotencyKey;
use common::{ApiError, context, ids};
use messaging::idempotency::{self, Begun, StoredResponse};

use crate::app::Error;
use crate::app::making::Making;
use crate::startup::AppState;

/// How to go on with a request.
pub(super) enum Begin<V> {
    /// It was answered before, and this is the answer.
    Replay(HttpResponse),
    /// Carry it out.
    Make(Making<V>),
}

/// Claims the request's key.
pub(super) async fn begin<V>(
    state: &AppState,
    request: &HttpRequest,
    caller: &CurrentUser,
    key: &IdempotencyKey,
    answer: fn(&V) -> serde_json::Result<StoredResponse>,
) -> Result<Begin<V>, ApiError> {
    let mut conn = state.db.get().await?;
    let begun = Begun::of(&mut conn, request, caller.id, Some(key), ids::new_id()).await?;
    match begun {
        Begun::Held(claim) => Ok(Begin::Make(Making { claim, answer })),
        Begun::Replay(stored) => Ok(Begin::Replay(stored.replay())),
        Begun::Unkeyed(_) => Err(ApiError::internal("a request without its required key")),
    }
}

/// Answers with what was made. A refusal gives the key back; after anything else its outcome is not known, and a later request
/// with the key finds out.
pub(super) async fn finish<V>(
    state: &AppState,
    making: &Making<V>,
    made: Result<V, Error>,
) -> Result<StoredResponse, ApiError> {
    match made {
        Ok(made) => (making.answer)(&made).map_err(ApiError::internal),
        Err(error) => {
            if error.gives_the_key_back() {
                let mut conn = state.db.get().await?;
                idempotency::release(&mut conn, &making.claim)
                    .await
                    .map_err(DbError::from)?;
            }
            Err(error.into())
        }
    }
}

/// Carries something out to its end, also when the client goes away meanwhile.
pub(super) async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, ApiError>> + Send + 'static,
) -> Result<T, ApiError> {
    let scope = context::current().unwrap_or_else(context::Context::background);
    let running = tokio::spawn(scope.scope(work));
    running.await.map_err(ApiError::internal)?
}
