//! Keeping other sites' pages from refreshing a session: the cookie is `SameSite=Strict`, and this holds where a
//! browser does not heed that.

use actix_web::http::header::{self, HeaderMap};
use common::ApiError;

/// Passes without an `Origin` (apps, and pages of the same site), or with one of the list; never when the browser
/// itself says that the request comes from another site.
///
/// # Errors
/// 403 otherwise, also for the opaque origin `null`.
pub(crate) fn require_own(headers: &HeaderMap, allowed: &[String]) -> Result<(), ApiError> {
    let refused = || ApiError::forbidden("this origin may not refresh a session");
    let is_cross_site = headers
        .get_all("sec-fetch-site")
        .any(|value| value.as_bytes() == b"cross-site");
    if is_cross_site {
        return Err(refused());
    }
    for origin in headers.get_all(header::ORIGIN) {
        if !allowed
            .iter()
            .any(|own| own.as_bytes() == origin.as_bytes())
        {
            return Err(refused());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn is_allowed(headers: &[(&'static str, &'static str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            );
        }
        require_own(&map, &["https://shop.example".to_owned()]).is_ok()
    }

    #[test]
    fn only_own_pages_and_apps_pass() {
        assert!(is_allowed(&[]));
        assert!(is_allowed(&[("origin", "https://shop.example")]));
        assert!(is_allowed(&[("sec-fetch-site", "same-origin")]));
        for bad in [
            "https://evil.example",
            "null",
            "https://shop.example.evil.example",
            "http://shop.example",
            "",
        ] {
            assert!(!is_allowed(&[("origin", bad)]), "{bad}");
        }
        assert!(!is_allowed(&[("sec-fetch-site", "cross-site")]));
        assert!(!is_allowed(&[
            ("origin", "https://shop.example"),
            ("origin", "https://evil.example")
        ]));
    }
}
