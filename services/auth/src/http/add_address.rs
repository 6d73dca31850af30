//! `POST /users/me/addresses`.

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
use serde::Deserialize;
use utoipa::ToSchema;

use super::address::AddressData;
use crate::app;
use crate::app::addresses::{AddAddress, Entry};
use crate::domain::address::AddressText;
use crate::startup::AppState;

/// A new address. Its parts are checked together, since a telephone number is read in the address's country.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({
    "label": "Home", "fullName": "Ada Obi", "phone": "0803 123 4567", "addressLine1": "12 Allen Avenue",
    "city": "Ikeja", "state": "Lagos", "country": "NG", "postalCode": "100271"
}))]
pub(crate) struct AddAddressRequest {
    /// The owner's name for it, at most 50 characters.
    label: Option<String>,
    /// Whether it becomes the default; the first address does anyway.
    #[serde(default)]
    is_default: bool,
    /// 1 to 100 characters.
    full_name: String,
    /// Where the courier may write to.
    email: Option<String>,
    /// In international form, or as it is dialled in the country.
    phone: String,
    /// 1 to 200 characters.
    address_line1: String,
    /// At most 200 characters.
    address_line2: Option<String>,
    /// 1 to 100 characters.
    city: String,
    /// 1 to 100 characters.
    state: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// At most 20 characters.
    postal_code: Option<String>,
}

impl From<AddAddressRequest> for AddAddress {
    fn from(request: AddAddressRequest) -> Self {
        let text = AddressText {
            label: request.label,
            full_name: request.full_name,
            email: request.email,
            phone: request.phone,
            line1: request.address_line1,
            line2: request.address_line2,
            city: request.city,
            state: request.state,
            country: request.country,
            postal_code: request.postal_code,
        };
        Self {
            text,
            is_default: request.is_default,
        }
    }
}

/// Add an address to one's book, which holds at most 50.
#[utoipa::path(
    tag = "addresses",
    operation_id = "add_address",
    security(("bearer" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating a request with the same key \
        answers the same again", example = "checkout-7f3a")),
    request_body = AddAddressRequest,
    responses(
        (status = 201, description = "Added", body = Success<AddressData>),
        (status = 400, description = "`VALIDATION_ERROR`, with every part that is wrong", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 409, description = "`INVALID_STATE`: the book is full", body = ErrorEnvelope),
    )
)]
#[post("/users/me/addresses")]
#[tracing::instrument(name = "http.add_address", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn add_address(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    key: OptionalIdempotencyKey,
    body: Json<AddAddressRequest>,
) -> Result<HttpResponse, ApiError> {
    let (db, key, sealer) = (&state.db, key.0.as_ref(), &state.file_sealer);
    let begun = Making::begin_sealed(db, &request, caller.id, key, answer, sealer);
    let making = match begun.await? {
        Begin::Replay(response) => return Ok(response),
        Begin::Make(making) => making,
    };
    let command = body.into_inner().into();
    let made = app::addresses::add_address(&state, &caller, command, &making).await;
    Ok(making.finish(db, made).await?.first())
}

fn answer(entry: &Entry) -> serde_json::Result<StoredResponse> {
    let body = Success::new(AddressData::from(entry.clone()));
    StoredResponse::json(StatusCode::CREATED, &body)
}
