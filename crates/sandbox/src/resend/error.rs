//! Errors as the vendor writes them: `{statusCode, name, message}`.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde_json::json;

/// The name of the one refusal that does not come from the vendor itself but from its content network, as plain text.
pub const NO_USER_AGENT: &str = "1010";

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What programs branch on.
    pub name: Cow<'static, str>,
    /// What people read.
    pub message: String,
}

impl Refusal {
    /// A refusal.
    pub fn new(
        status: StatusCode,
        name: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            status,
            name: name.into(),
            message: message.into(),
        }
    }

    /// 400: the body is no JSON, or not what the operation takes.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "validation_error", message)
    }

    /// 422: a value that a field may not have.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "validation_error",
            message,
        )
    }

    /// 422: a field that must be there.
    #[must_use]
    pub fn missing(field: &str) -> Self {
        let message = format!("Missing `{field}` field.");
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "missing_required_field",
            message,
        )
    }

    /// 422: an attachment that cannot be sent.
    pub fn attachment(message: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_attachment",
            message,
        )
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// The refusal that a fault asks for: by its name, or by the usual one of the status.
    #[must_use]
    pub fn injected(status: u16, name: Option<&str>) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let name = name.map_or_else(
            || Cow::Borrowed(usual_name(status.as_u16())),
            |name| Cow::Owned(name.to_owned()),
        );
        Self::new(
            status,
            name,
            "An unexpected error occurred (asked for by a fault).",
        )
    }

    /// The answer.
    #[must_use]
    pub fn respond(&self) -> HttpResponse {
        if self.name == NO_USER_AGENT {
            return HttpResponse::build(self.status)
                .content_type("text/plain; charset=UTF-8")
                .body(self.message.clone());
        }
        HttpResponse::build(self.status).json(json!({
            "statusCode": self.status.as_u16(),
            "name": self.name,
            "message": self.message,
        }))
    }
}

fn usual_name(status: u16) -> &'static str {
    match status {
        400 | 422 => "validation_error",
        401 => "restricted_api_key",
        403 => "invalid_api_key",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "resource_locked",
        429 => "rate_limit_exceeded",
        451 => "security_error",
        503 => "service_unavailable",
        _ => "application_error",
    }
}
