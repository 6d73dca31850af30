//! `GET /internal/revocations`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use chrono::{DateTime, Utc};
use common::ApiError;
use common::auth::{RevocationPage, ServiceCaller};
use common::error::ErrorEnvelope;
use common::extract::Query;
use common::reply::{self, Success};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app;
use crate::startup::AppState;

/// From when on.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevocationsQuery {
    /// RFC 3339; without it, everything that a living access token may belong to.
    #[param(example = "2026-01-13T10:30:00Z")]
    since: Option<DateTime<Utc>>,
}

/// Sessions revoked at or after a moment, oldest first and at most 5,000; for every service that checks tokens.
#[utoipa::path(
    tag = "internal",
    operation_id = "list_revocations",
    security(("service" = [])),
    params(RevocationsQuery),
    responses(
        (status = 200, description = "The revocations", body = Success<RevocationPage>, example = json!({
            "status": "success", "data": {
                "revocations": [{ "sessionId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f",
                    "revokedAt": "2026-01-13T10:30:00.123456Z" }],
                "asOf": "2026-01-13T10:30:02.000001Z", "hasMore": false
            }
        })),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
    )
)]
#[get("/revocations")]
pub(crate) async fn list_revocations(
    state: Data<AppState>,
    _caller: ServiceCaller,
    query: Query<RevocationsQuery>,
) -> Result<HttpResponse, ApiError> {
    let page = app::list_revocations::list_revocations(&state.db, query.since).await?;
    Ok(reply::ok(page))
}
