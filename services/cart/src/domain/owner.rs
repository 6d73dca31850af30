//! Whose cart it is.

use std::fmt;

use super::ids::UserId;

/// A token's 256 random bits, written in 43 URL-safe characters.
const TOKEN_LENGTH: usize = 43;

/// Who a cart belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A signed-in person.
    User(UserId),
    /// Whoever has the token of this hash.
    Guest(GuestHash),
}

/// The SHA-256 of a guest's token: enough to find the cart, and of no use to whoever reads the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct GuestHash(pub(crate) [u8; 32]);

/// What a guest shows to get at a cart. Only this service makes them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct GuestToken(String);

impl GuestToken {
    /// Reads a token, unless the text cannot be one of ours.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let is_ours = text.len() == TOKEN_LENGTH
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        is_ours.then(|| Self(text.to_owned()))
    }

    /// The token as it is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for GuestToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GuestToken(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_token_is_read() {
        let good = "A-_z".repeat(11);
        let token = good.get(..43).unwrap();
        assert_eq!(GuestToken::parse(token).unwrap().as_str(), token);
        for bad in [
            "",
            "short",
            good.as_str(),
            &"a b".repeat(15)[..43],
            &"é".repeat(43),
        ] {
            assert_eq!(GuestToken::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_token_is_not_written_to_logs() {
        let token = GuestToken::parse(&"a".repeat(43)).unwrap();
        assert!(!format!("{token:?}").contains("aaa"));
    }
}
