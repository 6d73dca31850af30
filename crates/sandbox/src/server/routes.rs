//! The URL table.

use actix_web::HttpResponse;
use actix_web::error::InternalError;
use actix_web::web::{
    self, PathConfig, QueryConfig, ServiceConfig, delete, get, head, post, put, resource, route,
    scope,
};

use super::control;
use crate::{cloudinary, pages, paystack, resend};

/// Every path of the sandbox. A vendor's paths stand below its name, so that its base URL is `http://…/<vendor>`.
pub fn routes(config: &mut ServiceConfig) {
    config
        .app_data(PathConfig::default().error_handler(|error, _| {
            let answer = control::refuse(404, &error.to_string());
            InternalError::from_response(error, answer).into()
        }))
        .app_data(QueryConfig::default().error_handler(|error, _| {
            let answer = control::refuse(400, &error.to_string());
            InternalError::from_response(error, answer).into()
        }))
        .service(
            scope("/resend")
                .service(
                    resource("/emails")
                        .route(post().to(resend::handle::send))
                        .default_service(route().to(resend::handle::method_not_allowed)),
                )
                .service(
                    resource("/emails/batch")
                        .route(post().to(resend::handle::send_batch))
                        .default_service(route().to(resend::handle::method_not_allowed)),
                )
                .service(
                    resource("/emails/{id}")
                        .route(get().to(resend::handle::get))
                        .default_service(route().to(resend::handle::method_not_allowed)),
                )
                .default_service(route().to(resend::handle::not_found)),
        )
        .service(scope("/paystack").configure(paystack::api::routes))
        .service(
            scope("/cloudinary")
                .service(
                    resource("/{cloud}/image/upload/{asset:.*}")
                        .route(get().to(cloudinary::delivery::deliver))
                        .route(head().to(cloudinary::delivery::deliver))
                        .default_service(route().to(cloudinary::delivery::method_not_allowed)),
                )
                .default_service(route().to(cloudinary::delivery::not_found)),
        )
        .service(
            scope("/_sandbox")
                .route("/mail", get().to(resend::control::list_mail))
                .route("/journal", get().to(control::read_journal))
                .route("/faults", get().to(control::get_faults))
                .route("/faults", put().to(control::put_faults))
                .route("/faults", delete().to(control::delete_faults))
                .service(scope("/paystack").configure(paystack_control))
                .service(
                    scope("/resend")
                        .route(
                            "/emails/{id}/events",
                            post().to(resend::control::make_event),
                        )
                        .route(
                            "/suppressions",
                            get().to(resend::control::list_suppressions),
                        )
                        .route(
                            "/suppressions/{address}",
                            put().to(resend::control::put_suppression),
                        )
                        .route(
                            "/suppressions/{address}",
                            delete().to(resend::control::delete_suppression),
                        ),
                ),
        )
        .route("/healthz", get().to(control::healthz))
        .route("/", get().to(pages::list))
        .route("/mail/{id}", get().to(pages::show))
        .route(
            "/mail/{id}/attachments/{index}",
            get().to(pages::attachment),
        )
        .route("/payments", get().to(pages::payments::list))
        .route("/checkout/{code}", get().to(paystack::checkout::show))
        .route("/checkout/{code}/pay", post().to(paystack::checkout::pay))
        .route(
            "/checkout/{code}/cancel",
            post().to(paystack::checkout::cancel),
        )
        .default_service(web::to(nothing_here));
}

/// The control of the payment vendor.
fn paystack_control(config: &mut ServiceConfig) {
    use paystack::control;
    config
        .route("/settlements", post().to(control::settle))
        .route("/settlements/{id}", put().to(control::move_settlement))
        .route("/{reference}", get().to(control::show))
        .route("/{reference}/complete", post().to(control::complete))
        .route("/{reference}/dispute", post().to(control::open_dispute))
        .route(
            "/{reference}/dispute/remind",
            post().to(control::remind_of_dispute),
        )
        .route(
            "/{reference}/dispute/resolve",
            post().to(control::resolve_dispute),
        );
}

async fn nothing_here() -> HttpResponse {
    control::refuse(404, "there is nothing here")
}
