//! The error envelope: one shape, stable codes, no internals.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::{Clock, SystemClock};
use crate::context;

/// The codes clients branch on. They are part of the API: never reworded, only added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(
    missing_docs,
    reason = "each code is its own description; `ErrorCode::status` groups them"
)]
pub enum ErrorCode {
    ValidationError,
    AuthenticationError,
    TwoFactorRequired,
    PaymentError,
    AuthorizationError,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    PayloadTooLarge,
    UnsupportedMediaType,
    Conflict,
    InsufficientStock,
    PriceChanged,
    VersionConflict,
    InvalidState,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    CouponInvalid,
    CouponExpired,
    CouponExhausted,
    AmountTooSmall,
    AmountTooLarge,
    RateLimitExceeded,
    ReservationLimit,
    InternalError,
    ServiceUnavailable,
    ExternalServiceError,
    Maintenance,
}

impl ErrorCode {
    /// The HTTP status that goes with the code.
    #[must_use]
    pub fn status(self) -> StatusCode {
        use ErrorCode as C;
        match self {
            C::ValidationError => StatusCode::BAD_REQUEST,
            C::AuthenticationError | C::TwoFactorRequired => StatusCode::UNAUTHORIZED,
            C::PaymentError => StatusCode::PAYMENT_REQUIRED,
            C::AuthorizationError => StatusCode::FORBIDDEN,
            C::NotFound => StatusCode::NOT_FOUND,
            C::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            C::NotAcceptable => StatusCode::NOT_ACCEPTABLE,
            C::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            C::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            C::Conflict
            | C::InsufficientStock
            | C::PriceChanged
            | C::VersionConflict
            | C::InvalidState
            | C::IdempotencyInProgress => StatusCode::CONFLICT,
            C::IdempotencyKeyReused
            | C::CouponInvalid
            | C::CouponExpired
            | C::CouponExhausted
            | C::AmountTooSmall
            | C::AmountTooLarge => StatusCode::UNPROCESSABLE_ENTITY,
            C::RateLimitExceeded | C::ReservationLimit => StatusCode::TOO_MANY_REQUESTS,
            C::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            C::ServiceUnavailable | C::ExternalServiceError | C::Maintenance => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The sentence a shop may show to a person when the error carries none of its own.
    #[must_use]
    pub fn user_message(self) -> &'static str {
        use ErrorCode as C;
        match self {
            C::ValidationError => "Please check what you entered and try again",
            C::AuthenticationError => "Please sign in and try again",
            C::TwoFactorRequired => "Please enter the code of your authenticator app",
            C::PaymentError => "The payment could not be completed",
            C::AuthorizationError => "You are not allowed to do this",
            C::NotFound => "We could not find what you are looking for",
            C::PayloadTooLarge => "What you sent is too large",
            C::MethodNotAllowed | C::NotAcceptable | C::UnsupportedMediaType => {
                "The request cannot be handled in this form"
            }
            C::Conflict | C::VersionConflict | C::InvalidState => {
                "This was changed in the meantime; please reload and try again"
            }
            C::InsufficientStock => "Some items are no longer available in that quantity",
            C::PriceChanged => "Some prices have changed; please review your order",
            C::IdempotencyInProgress => "Your request is still being handled",
            C::IdempotencyKeyReused => "This request was already used for something else",
            C::CouponInvalid => "This coupon cannot be used here",
            C::CouponExpired => "This coupon has expired",
            C::CouponExhausted => "This coupon has been used up",
            C::AmountTooSmall => "The amount is too small to be paid",
            C::AmountTooLarge => "The amount is too large to be paid at once",
            C::RateLimitExceeded => "Too many requests; please wait a moment",
            C::ReservationLimit => "You already hold as much as one buyer may reserve",
            C::InternalError => "Something went wrong on our side",
            C::ServiceUnavailable | C::ExternalServiceError => {
                "We cannot do this right now; please try again in a moment"
            }
            C::Maintenance => "The shop is being maintained; please come back soon",
        }
    }
}

/// One thing that is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Detail {
    /// Where: a dotted path into the body (`items.0.quantity`), or the name of a parameter or header.
    pub field: String,
    /// What, in words.
    pub message: String,
}

/// An error on its way to a client: a stable code, a safe message, and headers that belong to it.
///
/// What went wrong inside never enters it; [`ApiError::internal`] writes the cause to the log and answers a fixed text.
#[derive(Debug, Clone)]
pub struct ApiError {
    /// The code clients branch on.
    pub code: ErrorCode,
    message: Cow<'static, str>,
    user_message: Option<Cow<'static, str>>,
    details: Vec<Detail>,
    retry_after_secs: Option<u64>,
    headers: Vec<(header::HeaderName, HeaderValue)>,
}

/// The wire shape of every error.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorEnvelope<'a> {
    /// Always `error`.
    #[schema(example = "error")]
    pub status: &'static str,
    /// Stable; branch on this.
    pub code: ErrorCode,
    /// For developers; the first detail's text for validation errors.
    #[schema(example = "email: must be a valid e-mail address")]
    pub message: &'a str,
    /// For people.
    pub user_message: &'a str,
    /// When, RFC 3339 UTC.
    pub timestamp: String,
    /// To quote when asking for help; the same as the `X-Request-ID` header.
    pub request_id: String,
    /// Everything that is wrong; empty when there is nothing to point at.
    pub details: &'a [Detail],
}

impl ApiError {
    /// An error with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            user_message: None,
            details: Vec::new(),
            retry_after_secs: None,
            headers: Vec::new(),
        }
    }

    /// 400 for one field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::validation(vec![Detail {
            field: field.into(),
            message: message.into(),
        }])
    }

    /// 400 for any number of fields; the message is the first one's.
    #[must_use]
    pub fn validation(details: Vec<Detail>) -> Self {
        let message = match details.first() {
            Some(first) if first.field.is_empty() => first.message.clone(),
            Some(first) => format!("{}: {}", first.field, first.message),
            None => "the request is not valid".to_owned(),
        };
        Self {
            details,
            ..Self::new(ErrorCode::ValidationError, message)
        }
    }

    /// 401 with the challenge that RFC 9110 §11.6.1 requires.
    pub fn unauthenticated(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::AuthenticationError, message)
            .with_header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// 403: known, but the role may not.
    pub fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::AuthorizationError, message)
    }

    /// 404: not there, or not the caller's.
    pub fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("{what} not found"))
    }

    /// 503 for a dependency that is down, retryable after a second.
    pub fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::ServiceUnavailable, message).with_retry_after(1)
    }

    /// 500: a bug. The cause goes to the log, with the request's ids, and never to the client.
    pub fn internal(cause: impl fmt::Display) -> Self {
        tracing::error!(cause = %cause, "a request failed unexpectedly");
        Self::new(ErrorCode::InternalError, "an unexpected error occurred")
    }

    /// Adds a detail.
    #[must_use]
    pub fn with_detail(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.details.push(Detail {
            field: field.into(),
            message: message.into(),
        });
        self
    }

    /// Replaces the sentence meant for people.
    #[must_use]
    pub fn with_user_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.user_message = Some(message.into());
        self
    }

    /// Sets `Retry-After` in seconds.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_secs = Some(seconds.max(1));
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The developer's message.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What is wrong, item by item.
    #[must_use]
    pub fn details(&self) -> &[Detail] {
        &self.details
    }

    fn envelope(&self, now: DateTime<Utc>) -> ErrorEnvelope<'_> {
        ErrorEnvelope {
            status: "error",
            code: self.code,
            message: &self.message,
            user_message: self
                .user_message
                .as_deref()
                .unwrap_or_else(|| self.code.user_message()),
            timestamp: now.to_rfc3339_opts(SecondsFormat::Millis, true),
            request_id: context::with_current(|c| c.request_id.to_string()).unwrap_or_default(),
            details: &self.details,
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for (name, value) in &self.headers {
            response.append_header((name.clone(), value.clone()));
        }
        if let Some(seconds) = self.retry_after_secs {
            response.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        response.json(self.envelope(SystemClock.now()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_detail_is_the_message() {
        let error = ApiError::invalid("items.0.quantity", "must be between 1 and 1000");
        assert_eq!(
            error.message(),
            "items.0.quantity: must be between 1 and 1000"
        );
        let json = serde_json::to_value(error.envelope(SystemClock.now())).unwrap();
        assert_eq!(json["code"], "VALIDATION_ERROR");
        assert_eq!(json["status"], "error");
        assert_eq!(json["details"][0]["field"], "items.0.quantity");
    }

    #[test]
    fn details_are_an_array_even_when_there_are_none() {
        let json =
            serde_json::to_value(ApiError::not_found("order").envelope(SystemClock.now())).unwrap();
        assert_eq!(json["details"], serde_json::json!([]));
        assert_eq!(json["message"], "order not found");
    }

    #[test]
    fn an_unavailable_dependency_says_when_to_retry() {
        let response = ApiError::unavailable("the database is not reachable").error_response();
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(response.headers().get(header::RETRY_AFTER).unwrap(), "1");
    }
}
