//! The two cookies. Neither can be read by scripts, sent over plain HTTP to other machines, or sent by other sites.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::domain::refresh::SESSION_LIFETIME;

/// Holds the refresh token.
const REFRESH: &str = "refresh_token";
/// Marks a browser that an account has been signed in to from.
const KNOWN_DEVICE: &str = "known_device";
/// As long as browsers keep any cookie.
const KNOWN_DEVICE_DAYS: i64 = 400;
/// Our tokens have 43 characters; what is longer is not ours, and not worth hashing.
const VALUE_MAX: usize = 64;

/// The refresh token in a request.
pub(crate) fn refresh_token(request: &HttpRequest) -> Option<String> {
    value(request, REFRESH)
}

/// The mark of a known browser in a request.
pub(crate) fn known_device(request: &HttpRequest) -> Option<String> {
    value(request, KNOWN_DEVICE)
}

fn value(request: &HttpRequest, name: &str) -> Option<String> {
    let cookie = request.cookie(name)?;
    let value = cookie.value();
    (1..=VALUE_MAX)
        .contains(&value.len())
        .then(|| value.to_owned())
}

/// Hands a refresh token to the browser.
pub(crate) fn set_refresh_token(token: String) -> Cookie<'static> {
    let seconds = i64::try_from(SESSION_LIFETIME.as_secs()).unwrap_or(i64::MAX);
    strict(REFRESH, token, Duration::seconds(seconds))
}

/// Takes the refresh token from the browser.
pub(crate) fn clear_refresh_token() -> Cookie<'static> {
    strict(REFRESH, String::new(), Duration::ZERO)
}

/// Marks the browser.
pub(crate) fn set_known_device(value: String) -> Cookie<'static> {
    strict(KNOWN_DEVICE, value, Duration::days(KNOWN_DEVICE_DAYS))
}

fn strict(name: &'static str, value: String, max_age: Duration) -> Cookie<'static> {
    Cookie::build(name, value)
        .http_only(true)
        .secure(true)
        .same_site(SameSite::Strict)
        .path("/")
        .max_age(max_age)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_refresh_cookie_has_every_protection() {
        let text = set_refresh_token("abc".into()).to_string();
        let mut parts: Vec<&str> = text.split("; ").collect();
        parts.sort_unstable();
        let expected = [
            "HttpOnly",
            "Max-Age=2592000",
            "Path=/",
            "SameSite=Strict",
            "Secure",
            "refresh_token=abc",
        ];
        assert_eq!(parts, expected);
    }
}
