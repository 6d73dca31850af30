//! E-mail addresses in their one canonical form.

use std::fmt;

/// An address in canonical form: trimmed, lower case, ASCII. Two spellings of one address are equal.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Email(String);

/// Why a text is not an address that can open an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EmailError {
    /// RFC 5321 §4.5.3.1.3, less the angle brackets.
    #[error("must be at most 254 characters")]
    TooLong,
    /// Also look-alikes of ASCII letters and invisible characters: accepting them would let one person take on the
    /// address of another.
    #[error("must contain only ASCII characters")]
    NotAscii,
    /// No mailbox can have this address.
    #[error("must be a valid e-mail address")]
    Malformed,
}

impl Email {
    /// Reads an address as a person typed it.
    pub(crate) fn parse(text: &str) -> Result<Self, EmailError> {
        let text = text.trim();
        if text.len() > 254 {
            return Err(EmailError::TooLong);
        }
        if !text.is_ascii() {
            return Err(EmailError::NotAscii);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(EmailError::Malformed)?;
        if !is_local_part(local) || !is_domain(domain) {
            return Err(EmailError::Malformed);
        }
        Ok(Self(text.to_ascii_lowercase()))
    }

    /// The canonical text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Personal data: it must not reach a log through a debug print.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(***)")
    }
}

/// A dot-atom of RFC 5322 §3.2.3; quoted local parts are valid on paper and unknown in practice.
fn is_local_part(local: &str) -> bool {
    let is_atom_text = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.len() <= 64
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_text))
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.contains('.')
        && domain.split('.').all(is_label)
        && top.len() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        let canonical = Email::parse("ada+shop@example.com").unwrap();
        for spelling in ["Ada+Shop@Example.COM", "  ada+shop@example.com\t"] {
            assert_eq!(Email::parse(spelling).unwrap(), canonical);
        }
    }

    #[test]
    fn look_alikes_and_invisible_characters_are_refused() {
        for text in [
            "admin@x\u{200b}.com",
            "\u{0430}dmin@example.com",
            "a@exämple.com",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::NotAscii), "{text:?}");
        }
    }

    #[test]
    fn what_no_mailbox_can_have_is_refused() {
        for text in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a@b",
            "a@localhost",
            "a b@example.com",
            "a@@example.com",
            "a@example.com.",
            "a@.example.com",
            "a@-x.com",
            "a..b@example.com",
            ".a@example.com",
            "a.@example.com",
            "a@127.0.0.1",
            "\"a\"@example.com",
            "a\u{0}@example.com",
            "a\r\nbcc:x@example.com",
        ] {
            assert_eq!(Email::parse(text), Err(EmailError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn the_limit_is_254_characters() {
        let of_length = |n: usize| {
            let labels = "a".repeat(60);
            let domain = format!("{labels}.{labels}.{labels}.com");
            format!("{}@{domain}", "b".repeat(n - domain.len() - 1))
        };
        assert!(Email::parse(&of_length(250)).is_ok());
        assert_eq!(Email::parse(&of_length(321)), Err(EmailError::TooLong));
    }

    #[test]
    fn debug_output_hides_the_address() {
        assert_eq!(
            format!("{:?}", Email::parse("ada@example.com").unwrap()),
            "Email(***)"
        );
    }
}
