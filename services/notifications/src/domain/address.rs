//! Where a mail may go.

use std::fmt;

/// One address, and nothing that a mail program could read as more than one or as another header.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address(String);

/// The text is not one plain address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one plain e-mail address")]
pub(crate) struct NotAnAddress;

/// RFC 5321 §4.5.3.1.3, less the angle brackets.
const LENGTH_MAX: usize = 254;

impl Address {
    /// Takes a bare address. Who owns an account proved theirs, so this only keeps out what is no address at all:
    /// display names, lists, line breaks.
    pub(crate) fn parse(text: &str) -> Result<Self, NotAnAddress> {
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnAddress)?;
        let is_plain = |part: &str| {
            !part.is_empty()
                && !part
                    .chars()
                    .any(|c| c.is_whitespace() || c.is_control() || ",;:<>()[]\\\"@".contains(c))
        };
        if text.len() > LENGTH_MAX || !is_plain(local) || !is_plain(domain) {
            return Err(NotAnAddress);
        }
        Ok(Self(text.to_owned()))
    }

    /// As it is written.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is compared: two spellings of one mailbox are equal in it.
    pub(crate) fn canonical(&self) -> String {
        self.0.to_lowercase()
    }
}

/// Personal data: it must not reach a log through a debug print.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_mailbox_are_equal() {
        let address = Address::parse("Ada.Obi+shop@Example.com").unwrap();
        assert_eq!(address.as_str(), "Ada.Obi+shop@Example.com");
        assert_eq!(address.canonical(), "ada.obi+shop@example.com");
        assert_eq!(format!("{address:?}"), "Address(***)");
    }

    #[test]
    fn nothing_that_could_be_two_recipients_or_a_header_passes() {
        for bad in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@x.com,b@y.com",
            "a@x.com b@y.com",
            "a@x.com\r\nBcc: b@y.com",
            "Ada <ada@example.com>",
            "ada@@example.com",
            "\"a b\"@example.com",
            "a@x.com\u{2028}",
        ] {
            assert_eq!(Address::parse(bad), Err(NotAnAddress), "{bad:?}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        assert_eq!(Address::parse(&long), Err(NotAnAddress));
    }
}
