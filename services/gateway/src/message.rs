//! What is checked about a request before its path: method, framing, size of the head.
//!
//! The HTTP parser below refuses what no one should send: two lengths, a length beside a transfer coding, two hosts,
//! line folding, bare line feeds, an HTTP/2 preface. Here stands what is valid HTTP and yet has no place in front of
//! a shop's services.

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode, Version};
use actix_web::{HttpRequest, dev::RequestHead};

use crate::forwarded_headers;
use crate::refusal::Refusal;

/// The methods that are ever forwarded or answered, as `Allow` lists them.
pub const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// How long a request's body is said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyLength {
    /// There is none.
    None,
    /// As many bytes as `Content-Length` says.
    Known(u64),
    /// Chunks until the last one.
    Chunked,
}

/// Checks everything but the target.
///
/// # Errors
/// When the request is not one the gateway takes.
pub fn check_message(request: &HttpRequest) -> Result<BodyLength, Refusal> {
    let head = request.head();
    if !is_method_known(&head.method) {
        return Err(Refusal::method(METHODS));
    }
    if !forwarded_headers::are_within_limits(&head.headers) {
        let refusal = Refusal::malformed("headers", "are too many or too long");
        return Err(refusal.with_status(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE));
    }
    if head.headers.contains_key(header::UPGRADE) {
        return Err(Refusal::malformed(
            "upgrade",
            "no other protocol is spoken here",
        ));
    }
    check_expect(head)?;
    let length = body_length(&head.headers)?;
    let takes_no_body = matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    if takes_no_body && length != BodyLength::None {
        return Err(Refusal::malformed("body", "does not belong to this method"));
    }
    Ok(length)
}

fn is_method_known(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS
    )
}

fn check_expect(head: &RequestHead) -> Result<(), Refusal> {
    let is_met = |value: &HeaderValue| {
        value
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"100-continue")
    };
    // RFC 9110 §10.1.1: a server ignores the field in an HTTP/1.0 request.
    if head.version < Version::HTTP_11 || head.headers.get_all(header::EXPECT).all(is_met) {
        return Ok(());
    }
    let refusal = Refusal::malformed("expect", "only 100-continue can be met");
    Err(refusal.with_status(StatusCode::EXPECTATION_FAILED))
}

fn body_length(headers: &HeaderMap) -> Result<BodyLength, Refusal> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Ok(BodyLength::Chunked);
    }
    let Some(length) = headers.get(header::CONTENT_LENGTH) else {
        return Ok(BodyLength::None);
    };
    let text = length.to_str().unwrap_or_default();
    match text.parse::<u64>() {
        Ok(0) => Ok(BodyLength::None),
        // RFC 9110 §8.6 knows digits only, while integer parsers also take a sign.
        Ok(length) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            Ok(BodyLength::Known(length))
        }
        _ => Err(Refusal::malformed("content-length", "is not a number")),
    }
}
