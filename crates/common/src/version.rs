//! Which state of a thing a client has seen: its `version` in the body, or `If-Match`.

use crate::ApiError;
use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;

/// The version that a change is made to; `None` changes whatever there is.
///
/// `If-Match` holds the version as it stands in the thing, with or without the quotes of an entity tag (RFC 9110 §13.1.1).
///
/// # Errors
/// 400 when the header is no version, or another one than the body's.
pub fn seen(request: &HttpRequest, in_body: Option<i64>) -> Result<Option<i64>, ApiError> {
    let Some(header) = request.headers().get(IF_MATCH) else {
        return Ok(in_body);
    };
    let text = header.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(in_body);
    }
    let version = text.trim_start_matches("W/").trim_matches('"').parse();
    let version =
        version.map_err(|_malformed| ApiError::invalid("If-Match", "must be a version"))?;
    match in_body {
        Some(other) if other != version => {
            Err(ApiError::invalid("version", "is not the one of If-Match"))
        }
        _ => Ok(Some(version)),
    }
}
