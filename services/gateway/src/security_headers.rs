//! The headers that tell browsers to be careful, on every response, errors included.

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const POWERED_BY: HeaderName = HeaderName::from_static("x-powered-by");

/// Two years and all sub-domains, what browsers' preload lists ask for.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=63072000; includeSubDomains");
const NOSNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");
const DENY: HeaderValue = HeaderValue::from_static("DENY");
const SAME_SITE: HeaderValue = HeaderValue::from_static("same-site");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");
/// An answer of the API is data: nothing in it is to be run, loaded or framed.
const CSP_FOR_DATA: HeaderValue =
    HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Sets the headers. A page keeps the content security policy it came with, because only it knows what it loads.
/// An answer to someone known is not stored, unless the service said otherwise.
pub fn apply(response: &mut HeaderMap, is_private: bool) {
    response.insert(header::STRICT_TRANSPORT_SECURITY, HSTS);
    response.insert(header::X_CONTENT_TYPE_OPTIONS, NOSNIFF);
    response.insert(header::REFERRER_POLICY, NO_REFERRER);
    response.insert(header::X_FRAME_OPTIONS, DENY);
    response.insert(CORP, SAME_SITE);
    if !response.contains_key(header::CONTENT_SECURITY_POLICY) {
        response.insert(header::CONTENT_SECURITY_POLICY, CSP_FOR_DATA);
    }
    if is_private && !response.contains_key(header::CACHE_CONTROL) {
        response.insert(header::CACHE_CONTROL, NO_STORE);
    }
    response.remove(header::SERVER);
    response.remove(POWERED_BY);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_keeps_its_own_policy_and_nobody_names_the_software() {
        let mut headers = HeaderMap::new();
        let own = HeaderValue::from_static("default-src 'self'");
        headers.insert(header::CONTENT_SECURITY_POLICY, own.clone());
        headers.insert(header::SERVER, HeaderValue::from_static("actix"));
        apply(&mut headers, false);
        assert_eq!(headers.get(header::CONTENT_SECURITY_POLICY), Some(&own));
        assert!(!headers.contains_key(header::SERVER));
        assert!(!headers.contains_key(header::CACHE_CONTROL));
    }

    #[test]
    fn what_someone_known_gets_is_not_stored() {
        let mut headers = HeaderMap::new();
        apply(&mut headers, true);
        assert_eq!(headers.get(header::CACHE_CONTROL).unwrap(), "no-store");
        assert_eq!(
            headers.get(header::CONTENT_SECURITY_POLICY),
            Some(&CSP_FOR_DATA)
        );
    }
}
