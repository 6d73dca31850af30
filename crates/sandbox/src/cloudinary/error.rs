//! Refusals as the vendor's delivery writes them: a header with the reason, and no body.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, HeaderValue};

/// Where the reason stands.
const X_CLD_ERROR: HeaderName = HeaderName::from_static("x-cld-error");

/// A request that is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status of the answer.
    pub status: StatusCode,
    /// What people read.
    pub message: String,
}

impl Refusal {
    /// 400: a transformation that cannot be read.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
        }
    }

    /// 404.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: message.into(),
        }
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: "Pictures are delivered to GET and HEAD only".to_owned(),
        }
    }

    /// The answer.
    #[must_use]
    pub fn respond(&self) -> HttpResponse {
        HttpResponse::build(self.status)
            .insert_header((X_CLD_ERROR, header_value(&self.message)))
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, "*"))
            .finish()
    }
}

/// The message as a header can carry it: parts of it come from the URL and may hold anything.
fn header_value(message: &str) -> HeaderValue {
    let is_plain = |c: char| c.is_ascii_graphic() || c == ' ';
    let plain: String = message
        .chars()
        .map(|c| if is_plain(c) { c } else { '?' })
        .collect();
    HeaderValue::try_from(plain).unwrap_or(HeaderValue::from_static("unreadable"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_url_breaks_the_header() {
        let answer = Refusal::not_found("Resource not found - a\r\nSet-Cookie: b=é").respond();
        let header = answer.headers().get("x-cld-error").unwrap();
        assert_eq!(header, "Resource not found - a??Set-Cookie: b=?");
    }
}
