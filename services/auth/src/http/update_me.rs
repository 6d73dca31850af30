//! `PATCH /auth/me`.

use actix_web::web::Data;
use actix_web::{HttpResponse, patch};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::fields::Fields;
use super::user::UserData;
use crate::app;
use crate::app::profile::UpdateProfile;
use crate::domain::name;
use crate::domain::phone::Phone;
use crate::startup::AppState;

/// What to change; a field that is absent stays as it is.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({ "name": "Ada Obi-Martins", "phone": null }))]
pub(crate) struct UpdateMeRequest {
    /// 1 to 200 characters.
    name: Option<String>,
    /// In international form; `null` removes the number.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    phone: Option<Option<String>>,
}

/// Tells `null` from absent: the outer `Some` says that the field was there.
fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

impl UpdateMeRequest {
    fn into_command(self) -> Result<UpdateProfile, ApiError> {
        let mut fields = Fields::default();
        let name = fields.check_optional("name", self.name.as_deref().map(name::parse));
        let phone = match self.phone {
            None => Some(None),
            Some(None) => Some(Some(None)),
            Some(Some(text)) => fields
                .check("phone", Phone::parse(&text))
                .map(|phone| Some(Some(phone))),
        };
        match (name, phone) {
            (Some(name), Some(phone)) => Ok(UpdateProfile { name, phone }),
            _ => Err(fields.refuse()),
        }
    }
}

/// Change one's own name or telephone number.
#[utoipa::path(
    tag = "auth",
    operation_id = "update_me",
    security(("bearer" = [])),
    request_body = UpdateMeRequest,
    responses(
        (status = 200, description = "The account as it is now", body = Success<UserData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
    )
)]
#[patch("/auth/me")]
#[tracing::instrument(name = "http.update_me", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn update_me(
    state: Data<AppState>,
    caller: CurrentUser,
    body: Json<UpdateMeRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body.into_inner().into_command()?;
    let profile = app::profile::update_profile(&state, &caller, command).await?;
    Ok(reply::ok(UserData {
        user: profile.into(),
    }))
}
