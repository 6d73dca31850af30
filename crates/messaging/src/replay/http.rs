//! `POST /internal/events/replay`, the same in every service that produces events.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};

use super::{ReplayError, ReplayRequest, ReplayedPage, Replayer};

/// Publish a page of kept events again, to one queue of the calling service.
///
/// For a consumer whose queue was gone for a while. Repeating it is safe: the consumer knows what it has applied.
#[utoipa::path(
    tag = "internal",
    operation_id = "replay_events",
    security(("service" = [])),
    request_body = ReplayRequest,
    responses(
        (status = 200, description = "The page is in the queue", body = Success<ReplayedPage>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: the queue is not the caller's", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`: the broker or the database is away", body = ErrorEnvelope),
    )
)]
#[post("/events/replay")]
#[tracing::instrument(name = "http.replay_events", skip_all)]
pub async fn replay_events(
    replayer: Data<Replayer>,
    caller: ServiceCaller,
    body: Json<ReplayRequest>,
) -> Result<HttpResponse, ApiError> {
    let page: ReplayedPage = replayer.replay(caller.name(), &body.into_inner()).await?;
    Ok(reply::ok(page))
}

impl From<ReplayError> for ApiError {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::NotYours(_) => {
                Self::forbidden("a service may ask for its own queues only")
            }
            ReplayError::Db(error) => error.into(),
            ReplayError::NotTaken | ReplayError::Broker(_) => {
                tracing::warn!(cause = %error, "events could not be replayed");
                Self::unavailable("the broker is temporarily unavailable")
            }
        }
    }
}
