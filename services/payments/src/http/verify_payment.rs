//! `POST /payments/{id}/verify`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use uuid::Uuid;

use super::payment::{PaymentData, sight_of};
use crate::app;
use crate::app::queries::Named;
use crate::domain::ids::PaymentId;
use crate::startup::AppState;

/// Ask the provider how a payment stands.
#[utoipa::path(
    tag = "payments",
    operation_id = "verify_payment",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The payment", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "How it stands now", body = Success<PaymentData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: or not yours", body = ErrorEnvelope),
        (status = 503, description = "`EXTERNAL_SERVICE_ERROR`: the provider is away; `SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/payments/{id}/verify")]
#[tracing::instrument(name = "http.verify_payment", skip_all, fields(user.hash = caller.log_hash(), payment.id = %id))]
pub(crate) async fn verify_payment(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let named = Named::Id(PaymentId(*id));
    let payment = app::queries::verify_payment(&state, sight_of(&caller)?, &named).await?;
    Ok(reply::ok(PaymentData::of(payment)))
}
