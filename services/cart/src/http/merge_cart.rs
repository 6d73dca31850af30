//! `POST /cart/merge`.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, post};
use common::ApiError;
use common::auth::CurrentUser;
use common::error::ErrorEnvelope;
use common::extract::OptionalJson;
use common::reply::{self, Success};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;

use super::cart::CartData;
use super::guest;
use crate::app;
use crate::domain::ids::UserId;
use crate::domain::owner::GuestToken;
use crate::startup::AppState;

/// Which guest's cart to take over.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({ "sessionId": "Jq3V0c9mF7d5hXw2pK8sLr1tYb6nZe4uGa0oQiDvCxM" }))]
pub(crate) struct MergeCartRequest {
    /// The guest's identity; may be left out when the header or the cookie holds it.
    #[garde(skip)]
    session_id: Option<String>,
}

/// Take over what one put in the cart before signing in. What is in both is summed, as far as it fits. Repeating it changes
/// nothing more.
#[utoipa::path(
    tag = "cart",
    operation_id = "merge_cart",
    security(("bearer" = [])),
    params(("X-Session-ID" = Option<String>, Header, description = "The guest's identity, unless the body or the cookie `cart_session` holds it")),
    request_body = Option<MergeCartRequest>,
    responses(
        (status = 200, description = "The person's cart as it is now", body = Success<CartData>),
        (status = 400, description = "`VALIDATION_ERROR`", body = ErrorEnvelope),
        (status = 401, description = "`AUTHENTICATION_ERROR`", body = ErrorEnvelope),
        (status = 409, description = "`CONFLICT`: the two carts are in different currencies; both stay as they are", body = ErrorEnvelope),
        (status = 503, description = "`SERVICE_UNAVAILABLE`", body = ErrorEnvelope),
    )
)]
#[post("/cart/merge")]
#[tracing::instrument(name = "http.merge_cart", skip_all, fields(user.hash = caller.log_hash()))]
pub(crate) async fn merge_cart(
    state: Data<AppState>,
    caller: CurrentUser,
    request: HttpRequest,
    body: OptionalJson<MergeCartRequest>,
) -> Result<HttpResponse, ApiError> {
    let named = body.0.and_then(|body| body.session_id);
    let token = match &named {
        Some(text) => Some(GuestToken::parse(text).ok_or_else(malformed)?),
        None => guest::token(&request),
    };
    let cart = app::merge_cart::merge_cart(&state, UserId(caller.id), token.as_ref()).await?;
    let mut response = reply::ok(CartData::from(&cart));
    guest::take_back(&mut response)?;
    Ok(response)
}

fn malformed() -> ApiError {
    ApiError::invalid("sessionId", "is not an identity that this shop gave")
}
