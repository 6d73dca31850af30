//! Where a URL leads.

use std::net::SocketAddr;

/// The `host:port` of `url`, and the same URL with `address` in its place.
///
/// # Panics
/// If there is no `scheme://` in it.
pub(crate) fn moved(url: &str, address: SocketAddr) -> (String, String) {
    let (scheme, rest) = url.split_once("://").expect("a URL");
    let (authority, path) = match rest.split_once('/') {
        Some((authority, path)) => (authority, format!("/{path}")),
        None => (rest, String::new()),
    };
    match authority.rsplit_once('@') {
        Some((login, place)) => (
            place.to_owned(),
            format!("{scheme}://{login}@{address}{path}"),
        ),
        None => (authority.to_owned(), format!("{scheme}://{address}{path}")),
    }
}
