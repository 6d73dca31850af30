//! Cross-origin rules: an exact allow-list, never a pattern, never `*`.

use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, if-none-match, traceparent, \
     x-request-id, x-session-id",
);
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "x-request-id, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, etag, \
     location, content-disposition, idempotent-replayed, x-session-id",
);
/// Two hours, the longest that browsers keep a preflight's answer.
const MAX_AGE_SECS: HeaderValue = HeaderValue::from_static("7200");
const TRUE: HeaderValue = HeaderValue::from_static("true");
const VARY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
const VARY_PREFLIGHT: HeaderValue =
    HeaderValue::from_static("Access-Control-Request-Method, Access-Control-Request-Headers");

/// Headers that only the gateway may set.
const OURS: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
];

/// The origins whose pages may read answers.
#[derive(Debug, Clone, Default)]
pub struct AllowedOrigins(Vec<String>);

impl AllowedOrigins {
    /// Origins as browsers send them: `https://shop.example`, without a slash at the end.
    #[must_use]
    pub fn new(origins: Vec<String>) -> Self {
        Self(origins)
    }

    /// The request's origin, if its pages may read the answer.
    fn allowed<'a>(&self, request: &'a HeaderMap) -> Option<&'a HeaderValue> {
        let mut given = request.get_all(header::ORIGIN);
        let origin = given.next()?;
        let is_listed = self
            .0
            .iter()
            .any(|listed| listed.as_bytes() == origin.as_bytes());
        (is_listed && given.next().is_none()).then_some(origin)
    }

    /// Adds what a browser needs to hand the answer to the page, and takes away what a service may have set. `Vary`
    /// is there for every caller, so that a cache never serves one origin's answer to another.
    pub fn apply(&self, request: &HeaderMap, response: &mut HeaderMap) {
        for name in OURS {
            response.remove(name);
        }
        response.append(header::VARY, VARY_ORIGIN);
        if let Some(origin) = self.allowed(request) {
            response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            response.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
        }
    }

    /// Adds the permissions that only the answer to a preflight carries; for a foreign origin there are none, which
    /// makes the browser stop. Call after [`AllowedOrigins::apply`].
    pub fn apply_preflight(&self, request: &HeaderMap, response: &mut HeaderMap) {
        response.append(header::VARY, VARY_PREFLIGHT);
        if self.allowed(request).is_some() {
            response.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            response.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
            response.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE_SECS);
        }
    }
}

/// Whether the request is a browser asking for permission
/// (<https://fetch.spec.whatwg.org/#cors-preflight-request>).
#[must_use]
pub fn is_preflight(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(origin: &'static str) -> HeaderMap {
        let allowed = AllowedOrigins::new(vec!["https://agapelooks.com".into()]);
        let mut request = HeaderMap::new();
        request.insert(header::ORIGIN, HeaderValue::from_static(origin));
        let mut response = HeaderMap::new();
        // What a careless service might send.
        response.insert(
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        );
        allowed.apply(&request, &mut response);
        allowed.apply_preflight(&request, &mut response);
        response
    }

    #[test]
    fn a_listed_origin_is_named_back() {
        let headers = answer_to("https://agapelooks.com");
        assert_eq!(
            headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(),
            "https://agapelooks.com"
        );
        assert_eq!(
            headers
                .get(header::ACCESS_CONTROL_ALLOW_CREDENTIALS)
                .unwrap(),
            "true"
        );
        assert!(headers.contains_key(header::ACCESS_CONTROL_MAX_AGE));
    }

    #[test]
    fn everyone_else_gets_no_permission() {
        for origin in [
            "null",
            "https://evil.com",
            "https://agapelooks.com.evil.com",
            "https://evilagapelooks.com",
            "http://agapelooks.com",
            "https://agapelooks.com:8443",
            "https://AGAPELOOKS.com",
            "https://agapelooks.com/",
            "",
        ] {
            let headers = answer_to(origin);
            for name in OURS {
                assert!(!headers.contains_key(&name), "{origin} got {name}");
            }
            assert!(
                headers.get_all(header::VARY).any(|value| value == "Origin"),
                "{origin}"
            );
        }
    }
}
