//! `GET /users/me/addresses`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;

use super::address::Address;
use crate::app;
use crate::startup::AppState;

/// The whole book.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddressesData {
    /// The default first, then the newest; at most 50.
    addresses: Vec<Address>,
}

/// Read one's address book.
#[utoipa::path(
    tag = "addresses",
    operation_id = "list_addresses",
    security(("bearer" = [])),
    responses(
        (status = 200, description = "The book", body = Success<AddressesData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[get("/users/me/addresses")]
#[tracing::instrument(name = "http.list_addresses", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn list_addresses(
    state: Data<AppState>,
    caller: CurrentUser,
) -> Result<HttpResponse, ApiError> {
    let entries = app::addresses::list_addresses(&state, &caller).await?;
    Ok(reply::ok(AddressesData {
        addresses: entries.into_iter().map(Address::from).collect(),
    }))
}
