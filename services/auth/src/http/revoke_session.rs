//! `POST /auth/sessions/{id}/revoke` and `DELETE /auth/sessions/{id}`, which do the same.

use actix_web::web::Data;
use actix_web::{HttpResponse, delete, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Nothing, Success};
use uuid::Uuid;

use crate::app;
use crate::domain::ids::SessionId;
use crate::startup::AppState;

/// End one of one's sessions: its tokens stop working within seconds everywhere.
#[utoipa::path(
    tag = "auth",
    operation_id = "revoke_session",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "Ended", body = Success<Nothing>,
         example = json!({ "status": "success", "message": "The session is ended", "data": {} })),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such living session, or somebody else's", body = ErrorEnvelope),
    )
)]
#[post("/auth/sessions/{id}/revoke")]
#[tracing::instrument(name = "http.revoke_session", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn revoke_session(
    state: Data<AppState>,
    caller: CurrentUser,
    session: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    end(&state, &caller, *session).await
}

/// End one of one's sessions, as `POST /auth/sessions/{id}/revoke` does.
#[utoipa::path(
    tag = "auth",
    operation_id = "delete_session",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The session", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "Ended", body = Success<Nothing>,
         example = json!({ "status": "success", "message": "The session is ended", "data": {} })),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such living session, or somebody else's", body = ErrorEnvelope),
    )
)]
#[delete("/auth/sessions/{id}")]
#[tracing::instrument(name = "http.delete_session", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn delete_session(
    state: Data<AppState>,
    caller: CurrentUser,
    session: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    end(&state, &caller, *session).await
}

async fn end(
    state: &AppState,
    caller: &CurrentUser,
    session: Uuid,
) -> Result<HttpResponse, ApiError> {
    app::sessions::revoke_session(state, caller, SessionId(session)).await?;
    Ok(reply::message("The session is ended"))
}
