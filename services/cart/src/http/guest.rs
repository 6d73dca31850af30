//! How a guest's token comes and goes: as a cookie for browsers, as a header for everybody else.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use common::ApiError;

use crate::app::shopper::Shopper;
use crate::domain::owner::GuestToken;
use crate::startup::AppState;

/// The cookie that holds the token. Scripts cannot read it.
const COOKIE: &str = "cart_session";
/// The header that holds it.
const HEADER: HeaderName = HeaderName::from_static("x-session-id");

/// The token in a request; none if neither place holds what can be one.
pub(super) fn token(request: &HttpRequest) -> Option<GuestToken> {
    let header = request.headers().get(HEADER);
    let header = header.and_then(|value| value.to_str().ok());
    header.and_then(GuestToken::parse).or_else(|| {
        let cookie = request.cookie(COOKIE)?;
        GuestToken::parse(cookie.value())
    })
}

/// Hands the token over. The cookie lasts as long as the cart does after this change.
pub(super) fn hand_over(
    response: &mut HttpResponse,
    token: &GuestToken,
    kept_secs: i32,
) -> Result<(), ApiError> {
    let value = HeaderValue::from_str(token.as_str()).map_err(ApiError::internal)?;
    response.headers_mut().insert(HEADER, value);
    let kept = Duration::seconds(kept_secs.into());
    let cookie = cookie(token.as_str().to_owned(), kept);
    response.add_cookie(&cookie).map_err(ApiError::internal)
}

/// Hands a guest's token over once more, so that it lasts as long as the cart that was changed.
pub(super) fn renewed(
    state: &AppState,
    shopper: &Shopper,
    mut response: HttpResponse,
) -> Result<HttpResponse, ApiError> {
    if let Some(token) = shopper.token() {
        let kept = state.settings.rules().lifetimes.guest_secs;
        hand_over(&mut response, token, kept)?;
    }
    Ok(response)
}

/// Takes the cookie away from a browser.
pub(super) fn take_back(response: &mut HttpResponse) -> Result<(), ApiError> {
    let gone = cookie(String::new(), Duration::ZERO);
    response.add_cookie(&gone).map_err(ApiError::internal)
}

/// `Lax`, so that a guest who comes by a link still has the cart.
fn cookie(value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build(COOKIE, value)
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Lax)
        .path("/")
        .max_age(max_age)
        .finish()
}
