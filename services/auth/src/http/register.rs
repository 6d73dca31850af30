//! `POST /auth/register`.

use actix_web::web::Data;
use actix_web::{HttpResponse, post};
use common::ApiError;
use common::error::ErrorEnvelope;
use common::extract::Json;
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::fields::Fields;
use super::signed_in::{SignedInData, with_cookies};
use crate::app;
use crate::app::register::Register;
use crate::app::session::Client;
use crate::domain::email::Email;
use crate::domain::name;
use crate::domain::password::Password;
use crate::domain::phone::Phone;
use crate::startup::AppState;

/// A new customer.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[garde(allow_unvalidated)]
#[schema(example = json!({
    "email": "ada@example.com", "password": "Sunlit-Harbour-42", "name": "Ada Obi", "phone": "+2348012345678"
}))]
pub(crate) struct RegisterRequest {
    /// Any spelling; stored in lower case.
    email: String,
    /// 8 to 128 characters with an upper-case and a lower-case letter, a digit and a special character.
    password: String,
    /// 1 to 200 characters.
    name: String,
    /// In international form.
    phone: Option<String>,
}

impl RegisterRequest {
    fn into_command(self) -> Result<Register, ApiError> {
        let mut fields = Fields::default();
        let email = fields.check("email", Email::parse(&self.email));
        let password = fields.check("password", Password::try_new(&self.password));
        let name = fields.check("name", name::parse(&self.name));
        let phone = fields.check_optional("phone", self.phone.as_deref().map(Phone::parse));
        match (email, password, name, phone) {
            (Some(email), Some(password), Some(name), Some(phone)) => Ok(Register {
                email,
                password,
                name,
                phone,
            }),
            _ => Err(fields.refuse()),
        }
    }
}

/// Open an account and a session on it.
#[utoipa::path(
    tag = "auth",
    operation_id = "register",
    request_body = RegisterRequest,
    responses(
        (status = 201, description = "The account is open; the refresh token is in the cookie `refresh_token`",
         body = Success<SignedInData>),
        (status = 400, description = "`VALIDATION_ERROR`: a field is missing or wrong", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the address is taken", body = ErrorEnvelope),
        (status = 429, description = "`RATE_LIMIT_EXCEEDED`", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/auth/register")]
#[tracing::instrument(name = "http.register", skip_all)]
pub(crate) async fn register(
    state: Data<AppState>,
    client: Client,
    body: Json<RegisterRequest>,
) -> Result<HttpResponse, ApiError> {
    let command = body.into_inner().into_command()?;
    let signed_in = app::register::register(&state, &client, command).await?;
    let data = SignedInData::open(&state.pii, &signed_in)?;
    with_cookies(reply::created(data), signed_in)
}
