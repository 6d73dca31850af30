//! `GET /payments/verify/{reference}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};

use super::payment::{PaymentData, sight_of};
use crate::app;
use crate::app::queries::Named;
use crate::domain::reference::Reference;
use crate::startup::AppState;

/// Ask the provider how a payment stands, by its reference.
#[utoipa::path(
    tag = "payments",
    operation_id = "verify_reference",
    security(("bearer" = [])),
    params(("reference" = String, Path, description = "Its name at the provider", example = "AGP-20260113-7K3QXN9D4T-1")),
    responses(
        (status = 200, description = "How it stands now", body = Success<PaymentData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: or not yours", body = ErrorEnvelope),
        (status = 503, description = "`EXTERNAL_SERVICE_ERROR`: the provider is away; `SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[get("/payments/verify/{reference}")]
#[tracing::instrument(name = "http.verify_reference", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn verify_reference(
    state: Data<AppState>,
    caller: CurrentUser,
    reference: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let reference = Reference::parse(&reference)
        .map_err(|error| ApiError::invalid("reference", error.to_string()))?;
    let named = Named::Reference(reference);
    let payment = app::queries::verify_payment(&state, sight_of(&caller)?, &named).await?;
    Ok(reply::ok(PaymentData::of(payment)))
}
