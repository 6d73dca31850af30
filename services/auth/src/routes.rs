//! The URL table.

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi as _};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt as _, scope};

use crate::http::change_password::change_password;
use crate::http::get_contact::get_contact;
use crate::http::get_jwks::get_jwks;
use crate::http::get_me::get_me;
use crate::http::list_revocations::list_revocations;
use crate::http::list_sessions::list_sessions;
use crate::http::login::login;
use crate::http::logout::logout;
use crate::http::refresh::refresh;
use crate::http::register::register;
use crate::http::revoke_session::{delete_session, revoke_session};
use crate::http::update_me::update_me;

/// Everything that can be asked of the service.
pub(crate) fn configure(config: &mut ServiceConfig) {
    config
        .service(get_jwks) //                            GET    /.well-known/jwks.json
        .service(scope::scope("/api/v1").configure(public))
        .service(scope::scope("/internal").configure(internal));
}

/// What the gateway routes here, under `/api/v1`.
fn public(config: &mut ServiceConfig) {
    config
        .service(register) //                            POST   /auth/register
        .service(login) //                               POST   /auth/login
        .service(refresh) //                             POST   /auth/refresh
        .service(logout) //                              POST   /auth/logout
        .service(get_me) //                              GET    /auth/me
        .service(update_me) //                           PATCH  /auth/me
        .service(change_password) //                     POST   /auth/change-password
        .service(list_sessions) //                       GET    /auth/sessions
        .service(revoke_session) //                      POST   /auth/sessions/{id}/revoke
        .service(delete_session); //                     DELETE /auth/sessions/{id}
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config: &mut ServiceConfig) {
    config
        .service(list_revocations) //                    GET    /revocations
        .service(get_contact); //                        GET    /users/{id}/contact
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: auth",
        description = "Accounts, logins, sessions, two-factor authentication, addresses, consents and keys.",
        license(name = "MIT", identifier = "MIT"),
    ),
    modifiers(&Tokens),
)]
struct Document;

/// The two kinds of token.
struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("bearer", "The access token of a signed-in person."),
            (
                "service",
                "The token that one service signs for calling another.",
            ),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.bearer_format = Some("JWT".to_owned());
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_and_named_once() {
        let document = serde_json::to_value(openapi()).unwrap();
        let mut names = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                assert!(
                    operation["summary"].is_string(),
                    "{method} {path} says nothing"
                );
                names.push(operation["operationId"].as_str().unwrap().to_owned());
            }
        }
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
