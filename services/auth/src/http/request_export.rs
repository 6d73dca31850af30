//! `GET /gdpr/export`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::startup::AppState;

/// An export that is being made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({ "exportId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "status": "pending" }))]
pub(crate) struct PendingExport {
    /// Under this id it can be fetched.
    pub(crate) export_id: Uuid,
    /// Always `pending`.
    pub(crate) status: &'static str,
}

/// Ask for a copy of everything the shop knows about oneself. While one is being made, asking again answers the same
/// id. A mail tells when it is ready.
#[utoipa::path(
    tag = "privacy",
    operation_id = "request_export",
    security(("bearer" = [])),
    responses(
        (status = 202, description = "It is being made", body = Success<PendingExport>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/gdpr/export")]
#[tracing::instrument(name = "http.request_export", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn request_export(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let id = app::export_data::request_export(&state, &caller).await?;
    Ok(reply::accepted(PendingExport {
        export_id: id.0,
        status: "pending",
    }))
}
