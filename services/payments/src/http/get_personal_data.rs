//! `GET /internal/privacy/{userId}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::ServiceCaller;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// Everything this service holds about a person, as every service answers it; for whoever gathers an export.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_personal_data",
    security(("service" = [])),
    params(("userId" = Uuid, Path, description = "The person", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The data; empty lists for somebody unknown", body = Object, example = json!({
            "status": "success", "data": { "payments": [{
                "id": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "orderId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e60",
                "reference": "AGP-20260113-7K3QXN9D4T-1", "amount": 48500.00, "currency": "NGN", "status": "paid",
                "channel": "card", "paidAt": "2026-01-13T10:31:00.000Z", "createdAt": "2026-01-13T10:30:00.123456Z"
            }] }
        })),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: for auth and admin only", body = ErrorEnvelope),
    )
)]
#[get("/privacy/{userId}")]
#[tracing::instrument(name = "http.get_personal_data", skip_all)]
pub(crate) async fn get_personal_data(
    state: Data<AppState>,
    caller: ServiceCaller,
    user: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&["auth", "admin"])?;
    Ok(reply::ok(
        app::personal_data::gather(&state, UserId(*user)).await?,
    ))
}
