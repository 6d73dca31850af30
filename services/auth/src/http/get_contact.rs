//! `GET /internal/users/{id}/contact`.

use actix_web::web::Data;
use actix_web::{HttpResponse, get};
use common::ApiError;
use common::auth::{Role, ServiceCaller};
use common::error::ErrorEnvelope;
use common::extract::Path;
use common::reply::{self, Success};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// Who may know people's addresses.
const CALLERS: [&str; 2] = ["orders", "notifications"];

/// How to reach a person.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(example = json!({
    "userId": "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f", "email": "ada@example.com", "name": "Ada Obi",
    "verified": true, "role": "customer",
    "consents": { "marketing": false, "analytics": true, "cookies": true }
}))]
pub(crate) struct Contact {
    /// The account.
    user_id: Uuid,
    /// Its address.
    email: String,
    /// What its owner calls themself.
    name: String,
    /// Whether the address was confirmed.
    verified: bool,
    /// What they are to the shop.
    role: Role,
    /// What they allow now; what was never asked is not allowed.
    consents: Consents,
}

/// A contact under its name.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactData {
    contact: Contact,
}

/// One flag for each kind of consent.
#[derive(Serialize, ToSchema)]
pub(crate) struct Consents {
    /// Mails about offers.
    marketing: bool,
    /// Being counted.
    analytics: bool,
    /// Cookies beyond the necessary.
    cookies: bool,
}

impl Consents {
    fn of(granted: &[String]) -> Self {
        let is_granted = |kind: &str| granted.iter().any(|granted| granted == kind);
        Self {
            marketing: is_granted("marketing"),
            analytics: is_granted("analytics"),
            cookies: is_granted("cookies"),
        }
    }
}

/// How to reach the owner of an account; for orders and notifications.
#[utoipa::path(
    tag = "internal",
    operation_id = "get_contact",
    security(("service" = [])),
    params(("id" = Uuid, Path, description = "The account", example = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f")),
    responses(
        (status = 200, description = "The contact", body = Success<ContactData>),
        (status = 401, description = "`AUTHENTICATION_ERROR`: no service token", body = ErrorEnvelope),
        (status = 403, description = "`AUTHORIZATION_ERROR`: not for this service", body = ErrorEnvelope),
        (status = 404, description = "`NOT_FOUND`: no such account, or erased", body = ErrorEnvelope),
    )
)]
#[get("/users/{id}/contact")]
pub(crate) async fn get_contact(
    state: Data<AppState>,
    caller: ServiceCaller,
    id: Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    caller.allow(&CALLERS)?;
    let contact = app::get_contact::get_contact(&state.db, UserId(*id)).await?;
    Ok(reply::ok(ContactData {
        contact: Contact {
            user_id: *id,
            email: contact.email,
            name: contact.name,
            verified: contact.is_verified,
            role: contact.role,
            consents: Consents::of(&contact.granted),
        },
    }))
}
