//! Where a request comes from, as far as it can be believed.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};

/// The client's address behind `trusted_proxies` proxies of our own, each of which appends to `X-Forwarded-For` the
/// address it was called from. What stands further left was written by the client and is not believed.
#[must_use]
pub fn client_address(
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
    trusted_proxies: usize,
) -> IpAddr {
    let peer = peer
        .map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |address| address.ip())
        .to_canonical();
    if trusted_proxies == 0 {
        return peer;
    }
    let lines: Vec<&str> = headers
        .get_all(X_FORWARDED_FOR)
        .filter_map(|value| value.to_str().ok())
        .collect();
    lines
        .iter()
        .rev()
        .flat_map(|line| line.rsplit(','))
        .map(str::trim)
        .take(trusted_proxies)
        // A hop that does not parse ends what can be believed.
        .map_while(|hop| hop.parse::<IpAddr>().ok())
        .last()
        .map_or(peer, |address| address.to_canonical())
}

/// What a limit by address counts by: one IPv4 address, or the /64 that one IPv6 customer is given.
#[must_use]
pub fn rate_limit_key(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn seen(peer: &str, forwarded: &[&'static str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(X_FORWARDED_FOR, HeaderValue::from_static(line));
        }
        client_address(Some(peer.parse().unwrap()), &headers, trusted).to_string()
    }

    #[test]
    fn without_trusted_proxies_the_header_is_not_believed() {
        assert_eq!(seen("203.0.113.9:5000", &["10.1.1.1"], 0), "203.0.113.9");
        assert_eq!(seen("[::ffff:203.0.113.9]:5000", &[], 0), "203.0.113.9");
    }

    #[test]
    fn only_what_our_proxies_appended_counts() {
        let peer = "10.0.0.2:5000";
        assert_eq!(seen(peer, &["1.2.3.4, 203.0.113.9"], 1), "203.0.113.9");
        assert_eq!(
            seen(peer, &["1.2.3.4", "203.0.113.9, 10.0.0.3"], 2),
            "203.0.113.9"
        );
        assert_eq!(seen(peer, &["203.0.113.9"], 2), "203.0.113.9");
        assert_eq!(seen(peer, &["203.0.113.9, what, 10.0.0.3"], 3), "10.0.0.3");
        assert_eq!(seen(peer, &[], 1), "10.0.0.2");
        assert_eq!(seen(peer, &["rubbish"], 1), "10.0.0.2");
    }

    #[test]
    fn one_customer_has_one_key() {
        let key = |text: &str| rate_limit_key(text.parse().unwrap()).to_string();
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(key("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(key("203.0.113.9"), "203.0.113.9");
    }
}
