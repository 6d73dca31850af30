//! `PATCH /users/me/addresses/{id}`.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::{Json, Path};
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::AddressData;
use crate::app;
use crate::app::addresses::ChangeAddress;
use crate::domain::address::AddressChange;
use crate::domain::ids::AddressId;
use crate::startup::AppState;

/// What to change. A part that is absent stays as it is; `null` takes an optional part away.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "city": "Yaba", "addressLine2": null, "isDefault": true }))]
pub(crate) struct ChangeAddressRequest {
    /// At most 50 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    label: Option<Option<String>>,
    /// `true` makes it the default; the default stays one until another is.
    is_default: Option<bool>,
    /// 1 to 100 characters.
    full_name: Option<String>,
    /// Where the courier may write to.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    email: Option<Option<String>>,
    /// In international form, or as it is dialled in the country.
    phone: Option<String>,
    /// 1 to 200 characters.
    address_line1: Option<String>,
    /// At most 200 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    address_line2: Option<Option<String>>,
    /// 1 to 100 characters.
    city: Option<String>,
    /// 1 to 100 characters.
    state: Option<String>,
    /// ISO 3166-1 alpha-2.
    country: Option<String>,
    /// At most 20 characters.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    postal_code: Option<Option<String>>,
}

/// Tells `null` from absent: the outer `Some` says that the field was there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl From<ChangeAddressRequest> for ChangeAddress {
    fn from(request: ChangeAddressRequest) -> Self {
        let change = AddressChange {
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
            change,
            is_default: request.is_default,
        }
    }
}

/// Change an address of one's book.
#[utoipa::path(
    tag = "addresses",
    operation_id = "change_address",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The address", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    request_body = ChangeAddressRequest,
    responses(
        (status = 200, description = "The address as it is now", body = Success<AddressData>),
        (status = 400, description = "`VALIDATION_ERROR`, with every part that is wrong", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: not there, or somebody else's", body = ErrorEnvelope),
    )
)]
#[patch("/users/me/addresses/{id}")]
#[tracing::instrument(name = "http.change_address", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn change_address(
    state: Data<AppState>,
    caller: CurrentUser,
    id: Path<Uuid>,
    body: Json<ChangeAddressRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body.into_inner().into();
    let entry = app::addresses::change_address(&state, &caller, AddressId(*id), command).await?;
    Ok(reply::ok(AddressData::from(entry)))
}
