//! The strict check of a request's target, made before anything looks at the route.
//!
//! A proxy that decides on one spelling of a path and forwards another lets a caller reach what it was meant to
//! hide. This gateway therefore never rewrites a path: a target with more than one reading is refused, and what
//! passes is forwarded byte for byte.

use actix_web::http::Uri;
use actix_web::http::header::{HOST, HeaderMap};

/// The longest request target taken, in bytes; longer ones are answered 414.
pub const TARGET_MAX_BYTES: usize = 8 * 1024;

/// Why a request target is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetProblem {
    /// `GET http://elsewhere/…`, `GET host:443` or `*`: not a path of this host.
    NotAPathHere,
    /// Longer than [`TARGET_MAX_BYTES`].
    TooLong,
    /// A byte that RFC 3986 §3.3 does not allow unencoded in a path, a backslash, or a `;` parameter.
    ForbiddenByte,
    /// `//`: some servers merge the slashes, some do not.
    EmptySegment,
    /// `.` or `..`: some servers resolve them, some do not.
    DotSegment,
    /// `%` without two hexadecimal digits.
    BrokenEncoding,
    /// An encoded slash, backslash, dot, percent sign or control character: the path changes when decoded.
    EncodedDelimiter,
    /// The decoded path is not UTF-8.
    NotUtf8,
}

impl TargetProblem {
    /// What to tell the caller.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::NotAPathHere => "must be a path of this host",
            Self::TooLong => "is too long",
            Self::ForbiddenByte => "contains a character that is not allowed",
            Self::EmptySegment => "must not contain empty segments",
            Self::DotSegment => "must not contain dot segments",
            Self::BrokenEncoding => "contains a broken percent-encoding",
            Self::EncodedDelimiter => "must not encode slashes, dots, percent signs or controls",
            Self::NotUtf8 => "is not UTF-8",
        }
    }
}

/// Checks the target of a request.
///
/// # Errors
/// When the target is not a path of this host or could be read in more than one way.
pub fn check_target(uri: &Uri, headers: &HeaderMap) -> Result<(), TargetProblem> {
    if let Some(authority) = uri.authority() {
        // RFC 9112 §3.2.2: a server takes the absolute form too, as long as it names the host that `Host` names.
        let host = headers
            .get(HOST)
            .map(actix_web::http::header::HeaderValue::as_bytes);
        let same =
            host.is_some_and(|host| host.eq_ignore_ascii_case(authority.as_str().as_bytes()));
        if !same || uri.scheme().is_none() || authority.as_str().contains('@') {
            return Err(TargetProblem::NotAPathHere);
        }
    }
    let path_and_query = uri.path_and_query().ok_or(TargetProblem::NotAPathHere)?;
    if path_and_query.as_str().len() > TARGET_MAX_BYTES {
        return Err(TargetProblem::TooLong);
    }
    check_path(path_and_query.path())
}

/// Checks a path as it stands on the wire.
///
/// # Errors
/// When it could be read in more than one way.
pub fn check_path(path: &str) -> Result<(), TargetProblem> {
    let rest = path.strip_prefix('/').ok_or(TargetProblem::NotAPathHere)?;
    if !path.bytes().all(is_allowed) {
        return Err(TargetProblem::ForbiddenByte);
    }
    if path.contains('%') {
        check_encoding(path)?;
    }
    if rest.is_empty() {
        return Ok(());
    }
    let mut segments = rest.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            // One slash at the end is a spelling of its own, which the service answers as it likes.
            "" if segments.peek().is_some() => return Err(TargetProblem::EmptySegment),
            "." | ".." => return Err(TargetProblem::DotSegment),
            _ => {}
        }
    }
    Ok(())
}

/// `pchar` of RFC 3986 and the slash, without `;`: path parameters are read by some servers and ignored by others.
fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~/%!$&'()*+,=:@".contains(&byte)
}

fn check_encoding(path: &str) -> Result<(), TargetProblem> {
    let decoded = decode(path).ok_or(TargetProblem::BrokenEncoding)?;
    if encoded_bytes(path).any(changes_the_path) {
        return Err(TargetProblem::EncodedDelimiter);
    }
    if std::str::from_utf8(&decoded).is_err() {
        return Err(TargetProblem::NotUtf8);
    }
    Ok(())
}

fn changes_the_path(byte: u8) -> bool {
    byte.is_ascii_control() || matches!(byte, b'/' | b'\\' | b'.' | b'%')
}

/// The bytes that were percent-encoded; broken encodings are left out.
fn encoded_bytes(path: &str) -> impl Iterator<Item = u8> {
    path.split('%')
        .skip(1)
        .filter_map(|rest| hex_pair(rest.as_bytes()))
}

/// The path with every percent-encoding undone; `None` when one is broken.
fn decode(path: &str) -> Option<Vec<u8>> {
    let mut parts = path.split('%');
    let mut out = parts.next()?.as_bytes().to_vec();
    for part in parts {
        out.push(hex_pair(part.as_bytes())?);
        out.extend_from_slice(part.as_bytes().get(2..)?);
    }
    Some(out)
}

fn hex_pair(bytes: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*bytes.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use TargetProblem as P;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn plain_paths_pass() {
        for good in [
            "/",
            "/healthz",
            "/api/v1/products",
            "/api/v1/products/",
            "/api/v1/products/a-b_c~d.json",
            "/api/v1/products/caf%C3%A9",
            "/api/v1/payments/verify/AGP-1:2=3,4",
            "/.well-known/jwks.json",
            "/api/v1/products/...",
            "/internal%20",
            "/INTERNAL",
        ] {
            assert_eq!(check_path(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn paths_with_two_readings_are_refused() {
        for (bad, problem) in [
            ("", P::NotAPathHere),
            ("*", P::NotAPathHere),
            ("api", P::NotAPathHere),
            ("/api/v1/../internal/x", P::DotSegment),
            ("/api/v1/..", P::DotSegment),
            ("/./internal", P::DotSegment),
            ("//internal", P::EmptySegment),
            ("/api//v1", P::EmptySegment),
            ("/api/v1//", P::EmptySegment),
            ("/api/v1/%2e%2e/internal", P::EncodedDelimiter),
            ("/api/v1/.%2E/internal", P::EncodedDelimiter),
            ("/api/v1/%252e%252e%252finternal", P::EncodedDelimiter),
            ("/api/v1/..%2finternal", P::EncodedDelimiter),
            ("/api/v1/..%5cinternal", P::EncodedDelimiter),
            ("/api/v1/%2Finternal", P::EncodedDelimiter),
            ("/api/v1/a%00b", P::EncodedDelimiter),
            ("/api/v1/a%0d%0ab", P::EncodedDelimiter),
            ("/api/v1/a%7f", P::EncodedDelimiter),
            ("/api/v1/%ff", P::NotUtf8),
            ("/api/v1/%c0%af", P::NotUtf8),
            ("/api/v1/%ed%a0%80", P::NotUtf8),
            ("/api/v1/%", P::BrokenEncoding),
            ("/api/v1/%2", P::BrokenEncoding),
            ("/api/v1/%zz", P::BrokenEncoding),
            ("/api/v1/%u002f", P::BrokenEncoding),
            ("/api/v1/products/..;/internal", P::ForbiddenByte),
            ("/api/v1/products;v=1", P::ForbiddenByte),
            ("/api/v1\\internal", P::ForbiddenByte),
            ("/api/v1/a\tb", P::ForbiddenByte),
            ("/api/v1/a b", P::ForbiddenByte),
            ("/api/v1/a\u{1}", P::ForbiddenByte),
            ("/api/v1/é", P::ForbiddenByte),
            ("/api/v1/a#b", P::ForbiddenByte),
            ("/api/v1/<a>", P::ForbiddenByte),
        ] {
            assert_eq!(check_path(bad), Err(problem), "{bad}");
        }
    }

    #[test]
    fn only_this_host_may_be_named_in_a_target() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("shop.example:3000"));
        let check = |target: &str| check_target(&target.parse::<Uri>().unwrap(), &headers);
        assert_eq!(check("/api/v1/products?x=%2f..%2f"), Ok(()));
        assert_eq!(check("http://SHOP.example:3000/api/v1/products"), Ok(()));
        assert_eq!(check("http://orders:8085/internal"), Err(P::NotAPathHere));
        assert_eq!(check("http://a@shop.example:3000/x"), Err(P::NotAPathHere));
        assert_eq!(check("shop.example:3000"), Err(P::NotAPathHere));
        assert_eq!(check("*"), Err(P::NotAPathHere));
        let long = format!("/{}", "a".repeat(TARGET_MAX_BYTES));
        assert_eq!(check(&long), Err(P::TooLong));
    }
}
