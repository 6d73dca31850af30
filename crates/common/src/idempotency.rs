//! The `Idempotency-Key` header; the store behind it lives in `messaging`.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};

use crate::error::ApiError;

/// The header's name.
pub const HEADER: &str = "idempotency-key";
/// The header on an answer that was given before.
pub const REPLAYED_HEADER: &str = "idempotent-replayed";

/// A well-formed key: 1 to 255 visible ASCII characters. Its presence in a handler's arguments makes it required;
/// `Option<IdempotencyKey>` would also swallow a malformed one, so take [`OptionalIdempotencyKey`] instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

/// A key that may be absent, and is well formed if present.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionalIdempotencyKey(pub Option<IdempotencyKey>);

/// The body as it arrived. [`crate::extract::Json`] leaves it with the request, because a key is bound to its bytes.
#[derive(Debug, Clone)]
pub(crate) struct RawBody(pub Bytes);

/// The bytes of the body that an extractor read from this request; empty when none did.
#[must_use]
pub fn raw_body(request: &HttpRequest) -> Bytes {
    request
        .extensions()
        .get::<RawBody>()
        .map(|body| body.0.clone())
        .unwrap_or_default()
}

fn key_of(request: &HttpRequest) -> Result<Option<IdempotencyKey>, ApiError> {
    let mut values = request.headers().get_all(HEADER);
    let Some(first) = values.next() else {
        return Ok(None);
    };
    let is_key =
        |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    match first.to_str() {
        Ok(text) if is_key(text) && values.next().is_none() => {
            Ok(Some(IdempotencyKey(text.to_owned())))
        }
        _ => Err(ApiError::invalid(
            "Idempotency-Key",
            "must be 1 to 255 visible ASCII characters",
        )),
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let required = || ApiError::invalid("Idempotency-Key", "is required");
        ready(key_of(request).and_then(|key| key.ok_or_else(required)))
    }
}

impl FromRequest for OptionalIdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(key_of(request).map(Self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn key(value: &str) -> Result<Option<IdempotencyKey>, ApiError> {
        key_of(
            &TestRequest::default()
                .insert_header((HEADER, value))
                .to_http_request(),
        )
    }

    #[test]
    fn keys_are_visible_ascii_of_bounded_length() {
        assert!(key("order-1").unwrap().is_some());
        assert!(key(&"k".repeat(255)).unwrap().is_some());
        for bad in ["", "two words", &"k".repeat(256)] {
            assert!(key(bad).is_err(), "{bad:?}");
        }
        assert!(
            key_of(&TestRequest::default().to_http_request())
                .unwrap()
                .is_none()
        );
    }
}
