//! What the OpenAPI documents of all services say alike.

use utoipa::Modify;
use utoipa::openapi::OpenApi;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};

/// Describes the two kinds of token: `modifiers(&Tokens)`.
pub struct Tokens;

impl Modify for Tokens {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for (name, description) in [
            ("bearer", "The access token of a signed-in person."),
            (
                "service",
                "The token that one service signs for calling another.",
            ),
        ] {
            let mut scheme = Http::new(HttpAuthScheme::Bearer);
            scheme.bearer_format = Some("JWT".to_owned());
            scheme.description = Some(description.to_owned());
            components.add_security_scheme(name, SecurityScheme::Http(scheme));
        }
    }
}

/// Asserts, in a service's test, that every operation says what it does and has a name of its own.
///
/// # Panics
/// If one does not.
pub fn assert_described(document: &OpenApi) {
    let mut names = std::collections::BTreeSet::new();
    for (path, item) in &document.paths.paths {
        let operations = [&item.get, &item.post, &item.put, &item.patch, &item.delete];
        for operation in operations.into_iter().flatten() {
            assert!(operation.summary.is_some(), "{path} says nothing");
            let name = operation.operation_id.clone();
            assert!(name.is_some(), "{path} has no name");
            assert!(names.insert(name), "{path}: the name is taken");
        }
    }
    assert!(!names.is_empty());
}
