//! `GET /.well-known/jwks.json`.

use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::error::ErrorEnvelope;

use crate::startup::AppState;

/// The public keys that access tokens are signed with, now or soon, as a JSON Web Key Set (RFC 7517).
#[utoipa::path(
    tag = "keys",
    operation_id = "get_jwks",
    responses(
        (status = 200, description = "The key set, bare: without the envelope of other answers",
         body = Object, example = json!({"keys": [{
             "kty": "RSA", "use": "sig", "alg": "RS256", "kid": "x0VYWsuTp0vZB6iDL1hHnZ3N2mXvb0j3YyO5Bq1s5nE",
             "n": "u1W…", "e": "AQAB"
         }]})),
        (status = 503, description = "No key is loaded yet", body = ErrorEnvelope),
    )
)]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(state: Data<AppState>) -> Result<HttpResponse, ApiError> {
    let published = state
        .keys
        .published()
        .ok_or_else(|| ApiError::unavailable("no key is loaded yet"))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CACHE_CONTROL, "public, max-age=60"))
        .json(published))
}
