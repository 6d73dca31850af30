//! The URL table.

use chassis::openapi::Tokens;
use messaging::replay::replay_events;
use utoipa::OpenApi as _;
use utoipa_actix_web::AppExt as _;

use crate::http::get_personal_data::get_personal_data;
use crate::http::hear_resend::hear_resend;
use crate::http::list_mails_of_order::list_mails_of_order;
use crate::http::list_notifications::list_notifications;
use crate::http::resend_notification::resend_notification;

common::route_table! {
/// Everything that can be asked of the service.
fn configure(config) {
    config
        .service(
            scope("/api/v1")
                .configure(webhooks)
                .configure(administration),
        )
        .service(scope("/internal").configure(internal));
}

/// What the mail provider tells, under `/api/v1`.
fn webhooks(config) {
    config
        .service(hear_resend); //                        POST   /webhooks/resend
}

/// What operators may do with mails, under `/api/v1`.
fn administration(config) {
    config
        .service(list_notifications) //                  GET    /admin/notifications
        .service(resend_notification); //                POST   /admin/notifications/{id}/resend
}

/// What other services ask with a service token, under `/internal`. The gateway never routes it.
fn internal(config) {
    config
        .service(list_mails_of_order) //                 GET    /mails/{userId}/{orderId}
        .service(get_personal_data) //                   GET    /privacy/{userId}
        .service(replay_events); //                      POST   /events/replay
}
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Agape: notifications",
        description = "Mails to people, and what became of them.",
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
