//! `GET /payments/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
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

/// Look at a payment, as it was last known.
#[utoipa::path(
    tag = "payments",
    operation_id = "get_payment",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The payment", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The payment", body = Success<PaymentData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: or not yours", body = ErrorEnvelope),
    )
)]
#[get("/payments/{id}")]
#[tracing::instrument(name = "http.get_payment", skip_all, fields(user.hash = caller.log_hash(), payment.id = %id))]
pub(crate) async fn get_payment(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    let named = Named::Id(PaymentId(*id));
    let payment = app::queries::get_payment(&state, sight_of(&caller)?, &named).await?;
    Ok(reply::ok(PaymentData::of(payment)))
}
