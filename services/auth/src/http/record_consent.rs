//! `POST /gdpr/consents`.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::idempotency::OptionalIdempotencyKey;
use common::reply::Success;
use garde::Validate;
use messaging::idempotency::{Begin, Making, StoredResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::consent::{Consent, ConsentType};
use crate::app;
use crate::app::consents::Standing;
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
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
        answers the same again", example = "consent-7f3a")),
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
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<RecordConsentRequest>,
) -> Result<HttpResponse, ApiError> {
    let (db, key, sealer) = (&state.db, key.0.as_ref(), &state.file_sealer);
    let begun = Making::begin_sealed(db, &request, caller.id, key, answer, sealer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let (kind, granted) = (body.consent_type.into(), body.granted);
    let made = app::consents::record_consent(&state, &caller, kind, granted, &making).await;
    Ok(making.finish(db, made).await?.first())
}

fn answer(decided: &Standing) -> serde_json::Result<StoredResponse> {
    let consent = decided.clone().into();
    StoredResponse::json(StatusCode::CREATED, &Success::new(ConsentData { consent }))
}
