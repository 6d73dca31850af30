//! Where a URL leads.

use std::net::SocketAddr;

/// The `host:port` of `url`.
///
/// # Panics
/// If there is no `scheme://` in it.
pub(crate) fn place(url: &str) -> &str {
    let (_, rest) = url.split_once("://").expect("a URL");
    let authority = rest.split('/').next().unwrap_or(rest);
    authority
        .rsplit_once('@')
        .map_or(authority, |(_, place)| place)
}

/// `url` with `address` in the place of its `host:port`.
///
/// # Panics
/// If there is no `scheme://` in it.
pub(crate) fn moved(url: &str, address: SocketAddr) -> String {
    url.replacen(place(url), &address.to_string(), 1)
}
