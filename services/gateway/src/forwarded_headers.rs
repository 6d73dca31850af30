//! Which headers cross the gateway, in either direction.

use actix_web::http::header::{self, HeaderMap, HeaderName};

/// The most header lines taken; more are answered 431.
pub const HEADERS_MAX: usize = 64;
/// The most bytes of header names and values taken together; more are answered 431.
pub const HEADERS_MAX_BYTES: usize = 32 * 1024;

/// Headers by which a caller could claim to be someone, somewhere or something else. Services trust none of them; they
/// are taken away all the same, so that a mistake in one service stays harmless.
const FORGEABLE: [&str; 10] = [
    "client-ip",
    "forwarded",
    "proxy",
    "true-client-ip",
    "x-client-ip",
    "x-method-override",
    "x-original-url",
    "x-real-ip",
    "x-request-deadline",
    "x-rewrite-url",
];
const FORGEABLE_PREFIXES: [&str; 6] = [
    "x-forwarded-",
    "x-gateway-",
    "x-http-method",
    "x-internal-",
    "x-service-",
    "x-user-",
];

/// Whether the headers are within [`HEADERS_MAX`] and [`HEADERS_MAX_BYTES`].
#[must_use]
pub fn are_within_limits(headers: &HeaderMap) -> bool {
    let bytes: usize = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    headers.len() <= HEADERS_MAX && bytes <= HEADERS_MAX_BYTES
}

/// Copies what a caller may tell a service.
pub fn copy_request_headers(from: &HeaderMap, to: &mut HeaderMap) {
    for (name, value) in from {
        if may_enter(name) && !is_named_by_connection(from, name) {
            to.append(name.clone(), value.clone());
        }
    }
}

/// Takes away what concerns only the connection between the gateway and the service.
pub fn strip_response_headers(headers: &mut HeaderMap) {
    if headers.contains_key(header::CONNECTION) {
        let named: Vec<HeaderName> = headers
            .keys()
            .filter(|name| is_named_by_connection(headers, name))
            .cloned()
            .collect();
        for name in named {
            headers.remove(name);
        }
    }
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
}

/// RFC 9110 §7.6.1, and the framing headers that each side of the gateway writes anew.
const HOP_BY_HOP: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("http2-settings"),
];

fn may_enter(name: &HeaderName) -> bool {
    let text = name.as_str();
    // `X_User_Id` is `X-User-Id` to software that comes from CGI; no header anyone needs has an underscore.
    !text.contains('_')
        && !is_set_by_gateway(name)
        && !HOP_BY_HOP.contains(name)
        && !FORGEABLE.contains(&text)
        && !FORGEABLE_PREFIXES
            .iter()
            .any(|prefix| text.starts_with(prefix))
}

/// Headers that the gateway writes itself: from the route, the body it streams, and the request's context.
fn is_set_by_gateway(name: &HeaderName) -> bool {
    matches!(
        *name,
        header::HOST | header::CONTENT_LENGTH | header::EXPECT
    ) || matches!(name.as_str(), "x-request-id" | "traceparent")
}

/// Whether `Connection` declares the header as meant for the next hop only. What a service needs to judge a request
/// cannot be declared away.
fn is_named_by_connection(headers: &HeaderMap, name: &HeaderName) -> bool {
    let is_protected = matches!(
        *name,
        header::AUTHORIZATION | header::COOKIE | header::CONTENT_TYPE | header::CONTENT_ENCODING
    );
    !is_protected
        && headers
            .get_all(header::CONNECTION)
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|listed| listed.trim().eq_ignore_ascii_case(name.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn passed(pairs: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut from = HeaderMap::new();
        for (name, value) in pairs {
            from.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        let mut to = HeaderMap::new();
        copy_request_headers(&from, &mut to);
        let mut names: Vec<_> = to.keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    #[test]
    fn forged_identities_do_not_enter() {
        let kept = passed(&[
            ("accept", "*/*"),
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("idempotency-key", "k"),
            ("x-session-id", "s"),
            ("x-paystack-signature", "s"),
            ("x-user-id", "1"),
            ("x-user-role", "admin"),
            ("x_user_id", "1"),
            ("x-internal-token", "t"),
            ("x-gateway-auth", "t"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-host", "evil"),
            ("forwarded", "for=1.2.3.4"),
            ("x-original-url", "/internal"),
            ("x-rewrite-url", "/internal"),
            ("x-http-method-override", "DELETE"),
            ("x-http-method", "DELETE"),
            ("x-real-ip", "1.2.3.4"),
            ("x-request-deadline", "9"),
        ]);
        assert_eq!(
            kept,
            [
                "accept",
                "authorization",
                "cookie",
                "idempotency-key",
                "x-paystack-signature",
                "x-session-id"
            ]
        );
    }

    #[test]
    fn what_concerns_one_connection_stays_there() {
        let kept = passed(&[
            ("connection", "keep-alive, X-Secret , authorization"),
            ("keep-alive", "timeout=5"),
            ("x-secret", "1"),
            ("authorization", "Bearer x"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("transfer-encoding", "chunked"),
            ("content-length", "3"),
            ("expect", "100-continue"),
            ("host", "evil"),
        ]);
        assert_eq!(kept, ["authorization"]);
    }

    #[test]
    fn a_service_cannot_keep_the_clients_connection() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("connection", "close, x-hop"),
            ("x-hop", "1"),
            ("transfer-encoding", "chunked"),
            ("etag", "\"1\""),
        ] {
            headers.insert(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        strip_response_headers(&mut headers);
        assert_eq!(
            headers.keys().map(HeaderName::as_str).collect::<Vec<_>>(),
            ["etag"]
        );
    }

    #[test]
    fn too_many_or_too_long_headers_are_noticed() {
        let mut headers = HeaderMap::new();
        for _ in 0..HEADERS_MAX {
            headers.append(
                HeaderName::from_static("x-a"),
                HeaderValue::from_static("b"),
            );
        }
        assert!(are_within_limits(&headers));
        headers.append(
            HeaderName::from_static("x-a"),
            HeaderValue::from_static("b"),
        );
        assert!(!are_within_limits(&headers));
        let mut headers = HeaderMap::new();
        let long = HeaderValue::from_str(&"a".repeat(HEADERS_MAX_BYTES)).unwrap();
        headers.insert(HeaderName::from_static("x-a"), long);
        assert!(!are_within_limits(&headers));
    }
}
