//! `POST /gdpr/consents`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::{Consent, ConsentType};
use crate::app;
use crate::startup::AppState;

/// A decision.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "consentType": "marketing", "granted": true }))]
pub(crate) struct RecordConsentRequest {
    /// What it is about.
    consent_type: ConsentType,
    /// Whether it is allowed from now on.
    granted: bool,
}

/// One decision under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentData {
    /// The decision.
    consent: Consent,
}

/// Allow something, or take it back. Earlier decisions stay on record.
#[utoipa::path(
    tag = "privacy",
    operation_id = "record_consent",
    security(("bearer" = [])),
    request_body = RecordConsentRequest,
    responses(
        (status = 201, description = "Recorded", body = Success<ConsentData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[post("/gdpr/consents")]
#[tracing::instrument(name = "http.record_consent", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn record_consent(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<RecordConsentRequest>,
) -> Result<HttpResponse, ApiError> {
    let consent_type = body.consent_type.into();
    let decided =
        app::consents::record_consent(&state, &caller, consent_type, body.granted).await?;
    Ok(reply::created(ConsentData {
        consent: decided.into(),
    }))
}
