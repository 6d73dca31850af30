//! `GET /gdpr/consents`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::consent::Consent;
use crate::app;
use crate::startup::AppState;

/// Where a person stands, and how they came there.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentsData {
    /// One for each type.
    consents: Vec<Consent>,
    /// Every decision, newest first.
    history: Vec<Consent>,
}

/// Read one's consents.
#[utoipa::path(
    tag = "privacy",
    operation_id = "list_consents",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The consents", body = Success<ConsentsData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/gdpr/consents")]
#[tracing::instrument(name = "http.list_consents", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_consents(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let found = app::consents::list_consents(&state, &caller).await?;
    Ok(reply::ok(ConsentsData {
        consents: found.current.into_iter().map(Consent::from).collect(),
        history: found.history.into_iter().map(Consent::from).collect(),
    }))
}
