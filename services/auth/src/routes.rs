//! The URL table.

use utoipa::OpenApi as _;
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, scope};

use crate::http::jwks::get_jwks;

/// Everything that can be asked of the service.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(get_jwks)
        .service(scope::scope("/api/v1").configure(public))
        .service(scope::scope("/internal").configure(internal));
}

/// What the gateway routes here.
fn public(config: &mut ServiceConfig) {
    let _ = config;
}

/// What other services ask, with a service token. The gateway never routes it.
fn internal(config: &mut ServiceConfig) {
    let _ = config;
}

#[derive(utoipa::OpenApi)]
#[openapi(info(
    title = "Agape: auth",
    description = "Accounts, logins, sessions, two-factor authentication, addresses, consents and keys.",
    license(name = "MIT", identifier = "MIT"),
))]
struct Document;

/// The OpenAPI document, made from the same table.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    actix_web::App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(configure)
        .split_for_parts()
        .1
}
