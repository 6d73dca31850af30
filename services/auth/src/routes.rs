//! The URL table.

use chassis::openapi::Tokens;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::add_address::add_address;
use crate::http::change_address::change_address;
use crate::http::change_password::change_password;
use crate::http::change_role::change_role;
use crate::http::collect_mail::collect_mail;
use crate::http::count_users::count_users;
use crate::http::disable_two_factor::disable_two_factor;
use crate::http::enable_two_factor::enable_two_factor;
use crate::http::erase_account::erase_account;
use crate::http::get_address::get_address;
use crate::http::get_contact::get_contact;
use crate::http::get_export::get_export;
use crate::http::get_jwks::get_jwks;
use crate::http::get_me::get_me;
use crate::http::get_personal_data::get_personal_data;
use crate::http::get_user::get_user;
use crate::http::list_addresses::list_addresses;
use crate::http::list_consents::list_consents;
use crate::http::list_revocations::list_revocations;
use crate::http::list_sessions::list_sessions;
use crate::http::list_users::list_users;
use crate::http::login::login;
use crate::http::logout::logout;
use crate::http::record_consent::record_consent;
use crate::http::refresh::refresh;
use crate::http::register::register;
use crate::http::remove_address::remove_address;
use crate::http::request_export::request_export;
use crate::http::request_password_reset::request_password_reset;
use crate::http::resend_verification::resend_verification;
use crate::http::reset_password::{reset_password, show_password_reset_page};
use crate::http::revoke_session::{delete_session, revoke_session};
use crate::http::unlock_user::unlock_user;
use crate::http::update_me::update_me;
use crate::http::verify_email::{show_verify_email_page, verify_email};
use crate::http::verify_two_factor::verify_two_factor;
use messaging::replay::replay_events;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(get_jwks) //                            GET    /.well-known/jwks.json
        .service(
            scope("/api/v1")
                .configure(public)
                .configure(links_and_second_factor)
                .configure(own_data)
                .configure(administration),
        )
        .service(scope("/internal").configure(internal));
}

/// What the gateway routes here, under `/api/v1`.
fn public(config) {
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

/// What mailed links and authenticator apps are for.
fn links_and_second_factor(config) {
    config
        .service(verify_email) //                        POST   /auth/verify-email
        .service(show_verify_email_page) //              GET    /auth/verify-email
        .service(resend_verification) //                 POST   /auth/verify-email/resend
        .service(request_password_reset) //              POST   /auth/password-reset-request
        .service(reset_password) //                      POST   /auth/password-reset
        .service(show_password_reset_page) //            GET    /auth/password-reset
        .service(enable_two_factor) //                   POST   /auth/2fa/enable
        .service(verify_two_factor) //                   POST   /auth/2fa/verify
        .service(disable_two_factor); //                 POST   /auth/2fa/disable
}

/// What people keep here, and what they may ask about it.
fn own_data(config) {
    config
        .service(list_addresses) //                      GET    /users/me/addresses
        .service(add_address) //                         POST   /users/me/addresses
        .service(get_address) //                         GET    /users/me/addresses/{id}
        .service(change_address) //                      PATCH  /users/me/addresses/{id}
        .service(remove_address) //                      DELETE /users/me/addresses/{id}
        .service(request_export) //                      GET    /gdpr/export
        .service(get_export) //                          GET    /gdpr/export/{id}
        .service(erase_account) //                       DELETE /gdpr/account
        .service(list_consents) //                       GET    /gdpr/consents
        .service(record_consent); //                     POST   /gdpr/consents
}

/// What administrators may do with accounts.
fn administration(config) {
    config
        .service(list_users) //                          GET    /admin/users
        .service(count_users) //                         GET    /admin/users/stats
        .service(get_user) //                            GET    /admin/users/{id}
        .service(change_role) //                         PATCH  /admin/users/{id}/role
        .service(unlock_user); //                        POST   /admin/users/{id}/unlock
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(list_revocations) //                    GET    /revocations
        .service(get_contact) //                         GET    /users/{id}/contact
        .service(collect_mail) //                        POST   /mails/{mailId}
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
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

/// The OpenAPI document, made from the same table.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    actix_web::App::new()
        .into_utoipa_app()
        .openapi(Document::openapi())
        .configure(described::configure)
        .split_for_parts()
        .1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_described_and_named_once() {
        chassis::openapi::assert_described(&openapi());
    }
}
