//! `GET /gdpr/export/{id}`.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::request_export::PendingExport;
use crate::app;
use crate::app::export_data::Export;
use crate::domain::ids::PrivacyRequestId;
use crate::startup::AppState;

/// Fetch an export: 202 while it is being made, then the file, for 24 hours.
#[utoipa::path(
    tag = "privacy",
    operation_id = "get_export",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The export", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The file, as an attachment: one part for each service, in its own words",
         body = Object, example = json!({ "status": "success", "data": {
            "exportId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "status": "done",
            "requestedAt": "2026-01-13T10:30:00.123Z", "generatedAt": "2026-01-13T10:30:02.000Z",
            "expiresAt": "2026-01-14T10:30:02.000Z",
            "services": { "auth": { "profile": { "email": "ada@example.com", "name": "Ada Obi" }, "addresses": [],
                "sessions": [], "consents": [], "mails": [], "activity": [] } }
         } })),
        (status = 202, description = "It is being made", body = Success<PendingExport>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, somebody else's, or no longer kept", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: it could not be made; ask for a new one", body = ErrorEnvelope),
    )
)]
#[get("/gdpr/export/{id}")]
#[tracing::instrument(name = "http.get_export", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn get_export(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let export = app::export_data::get_export(&state, &caller, PrivacyRequestId(*id)).await?;
    match export {
        Export::Pending => Ok(reply::accepted(PendingExport {
            export_id: *id,
            status: "pending",
        })),
        Export::File(json) => {
            let mut response = reply::ok(raw(json)?);
            let name = format!("attachment; filename=\"agape-export-{id}.json\"");
            let name = header::HeaderValue::try_from(name).map_err(ApiError::internal)?;
            response
                .headers_mut()
                .insert(header::CONTENT_DISPOSITION, name);
            Ok(response)
        }
    }
}

/// The file is stored as the JSON it is answered as.
fn raw(json: Vec<u8>) -> Result<Box<RawValue>, ApiError> {
    let text = String::from_utf8(json).map_err(ApiError::internal)?;
    RawValue::from_string(text).map_err(ApiError::internal)
}
