//! Calls to other services.

pub(crate) mod auth;
pub(crate) mod cart;
pub(crate) mod catalog;
pub(crate) mod inventory;

use common::client::{CallError, Sibling};
use url::Url;

/// The URL of a path on a sibling.
fn url(sibling: &Sibling, service: &'static str, path: &str) -> Result<Url, CallError> {
    sibling.url(path).map_err(|error| CallError::Unavailable {
        service,
        cause: error.to_string(),
    })
}
