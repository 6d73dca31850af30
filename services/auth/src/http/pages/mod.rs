//! The two pages that links in mails open. Opening one changes nothing, so that a mail scanner which follows links
//! burns no token; the button posts to the API at the same path.
//!
//! A page is one document without any other request. Its content security policy allows exactly its own script and
//! style, by their hashes, and requests to its own origin.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::digest;

const FRAME: &str = include_str!("page.html");
const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("page.js");

/// Confirms an e-mail address.
pub(crate) static VERIFY_EMAIL: LazyLock<Page> = LazyLock::new(|| {
    Page::new(
        "Confirm your e-mail address",
        include_str!("verify_email.html"),
    )
});

/// Sets a new password.
pub(crate) static PASSWORD_RESET: LazyLock<Page> =
    LazyLock::new(|| Page::new("Choose a new password", include_str!("password_reset.html")));

/// A finished document and the policy that belongs to it.
pub(crate) struct Page {
    document: String,
    policy: String,
}

impl Page {
    fn new(title: &str, content: &str) -> Self {
        let document = FRAME
            .replace("{{title}}", title)
            .replace("{{style}}", STYLE)
            .replace("{{content}}", content)
            .replace("{{script}}", SCRIPT);
        let policy = format!(
            "default-src 'none'; script-src '{}'; style-src '{}'; connect-src 'self'; \
             form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
            source_hash(SCRIPT),
            source_hash(STYLE),
        );
        Self { document, policy }
    }

    /// The page as an answer. It is the same for everyone, but never cached: a new release must not meet an old page.
    pub(crate) fn respond(&self) -> HttpResponse {
        HttpResponse::Ok()
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CONTENT_SECURITY_POLICY, self.policy.as_str()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::REFERRER_POLICY, "no-referrer"))
            .insert_header((header::X_FRAME_OPTIONS, "DENY"))
            .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
            .body(self.document.clone())
    }
}

/// A hash source of CSP level 3 §2.3.1: it covers the text between the tags, byte for byte.
fn source_hash(text: &str) -> String {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    format!("sha256-{}", STANDARD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_covers_exactly_what_stands_between_the_tags() {
        for page in [&*VERIFY_EMAIL, &*PASSWORD_RESET] {
            for tag in ["script", "style"] {
                let inline = between(&page.document, tag);
                assert!(page.policy.contains(&source_hash(inline)), "{tag}");
            }
            assert!(!page.document.contains("{{"), "a placeholder is left");
        }
    }

    #[test]
    fn a_page_asks_for_nothing_from_elsewhere() {
        for page in [&*VERIFY_EMAIL, &*PASSWORD_RESET] {
            for outside in ["http://", "https://", "src=", "href=", "@import", "url("] {
                assert!(!page.document.contains(outside), "{outside}");
            }
        }
    }

    fn between<'a>(document: &'a str, tag: &str) -> &'a str {
        let (_, rest) = document.split_once(&format!("<{tag}>")).unwrap();
        rest.split_once(&format!("</{tag}>")).unwrap().0
    }
}
