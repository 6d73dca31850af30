//! Our names for payments at the provider.

use std::fmt;

use uuid::Uuid;

/// What order numbers and references begin with.
const PREFIX: &str = "AGP-";
/// The longest order number that becomes part of a reference; the provider is known to take 40 characters in all.
const NUMBER_MAX: usize = 28;
/// The longest reference that is looked for.
const LENGTH_MAX: usize = 100;

/// A payment's name at the provider: unique for ever, of letters, digits and `-` only.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Reference(String);

/// The text can be nobody's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 100 letters, digits and any of - . = _")]
pub(crate) struct Malformed;

impl Reference {
    /// A name for one attempt of an order. An order whose number has other characters, or is long, goes by its id. Two orders share
    /// a name only if their numbers are the same but for [`PREFIX`]; the database refuses the second then.
    pub(crate) fn of_attempt(order: Uuid, order_number: &str, attempt: i32) -> Self {
        let number = order_number.strip_prefix(PREFIX).unwrap_or(order_number);
        let is_plain = !number.is_empty()
            && number.len() <= NUMBER_MAX
            && number
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_plain {
            Self(format!("{PREFIX}{number}-{attempt}"))
        } else {
            Self(format!("{}-{attempt}", order.simple()))
        }
    }

    /// A reference as somebody else writes it.
    pub(crate) fn parse(text: &str) -> Result<Self, Malformed> {
        let is_known = |byte: u8| byte.is_ascii_alphanumeric() || b"-.=_".contains(&byte);
        // One of dots only would be another path.
        let is_named = text.bytes().any(|byte| byte.is_ascii_alphanumeric());
        if text.len() <= LENGTH_MAX && is_named && text.bytes().all(is_known) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed)
        }
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORDER: Uuid = Uuid::from_u128(0x0199_f3c2_5a10_7c3e_9d2b_0a1b_2c3d_4e5f);

    #[test]
    fn a_reference_is_the_order_number_and_the_attempt() {
        let made = Reference::of_attempt(ORDER, "AGP-20261126-7K3QXN9D4T", 2);
        assert_eq!(made.as_str(), "AGP-20261126-7K3QXN9D4T-2");
        assert_eq!(
            Reference::of_attempt(ORDER, "1001", 1).as_str(),
            "AGP-1001-1"
        );
    }

    #[test]
    fn only_letters_digits_and_dashes_reach_the_provider_and_no_two_orders_share_a_name() {
        let long = "9".repeat(29);
        for number in ["", "AGP-", "A_1", "a b", "Ä1", "a/b", "a.b", &long] {
            let made = Reference::of_attempt(ORDER, number, 1);
            assert_eq!(
                made.as_str(),
                "0199f3c25a107c3e9d2b0a1b2c3d4e5f-1",
                "{number}"
            );
        }
        for number in ["AGP-20261126-7K3QXN9D4T", "?"] {
            let made = Reference::of_attempt(ORDER, number, i32::MAX);
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            assert!(made.as_str().bytes().all(is_plain), "{made}");
            assert!(made.as_str().len() <= 50, "{made}");
        }
    }

    #[test]
    fn what_could_change_the_path_of_a_request_is_no_reference() {
        for bad in [
            "", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "ä", "a\0",
        ] {
            assert_eq!(Reference::parse(bad), Err(Malformed), "{bad:?}");
        }
        assert!(Reference::parse(&"a".repeat(101)).is_err());
        assert!(Reference::parse("T_1.2=x-9").is_ok());
    }
}
