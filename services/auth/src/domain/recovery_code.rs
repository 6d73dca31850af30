//! Recovery codes: what lets a person in who lost the authenticator app. Each works once.

use std::fmt;

/// How many codes a person gets.
pub(crate) const CODES: usize = 10;

/// Random bytes in a code: 80 bits, too many to guess, so that an unsalted fast hash suffices at rest.
pub(crate) const CODE_BYTES: usize = 10;

/// Crockford's base32 digits: no `i`, `l`, `o`, `u`, so that a code read from paper is typed back right.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters in a code without its dashes.
const CODE_CHARS: usize = 16;

/// One recovery code in its normal form: sixteen digits of Crockford's base32, in lower case, without dashes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct RecoveryCode(String);

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(***)")
    }
}

impl RecoveryCode {
    /// Makes a code from random bytes.
    pub(crate) fn new(random: [u8; CODE_BYTES]) -> Self {
        let mut text = String::with_capacity(CODE_CHARS);
        let (mut buffer, mut bits) = (0_u32, 0_u32);
        for byte in random {
            buffer = (buffer << 8) | u32::from(byte);
            bits += 8;
            while bits >= 5 {
                bits -= 5;
                text.push(digit(buffer >> bits));
            }
        }
        Self(text)
    }

    /// Reads what a person typed: case, dashes and spaces do not matter, and look-alikes are taken for what they look
    /// like. `None` for what cannot be a code.
    pub(crate) fn parse(typed: &str) -> Option<Self> {
        let mut text = String::with_capacity(CODE_CHARS);
        for c in typed.chars().filter(|c| !matches!(c, '-' | ' ')) {
            let c = match c.to_ascii_lowercase() {
                'o' => '0',
                'i' | 'l' => '1',
                other => other,
            };
            if text.len() == CODE_CHARS || !DIGITS.iter().any(|&digit| char::from(digit) == c) {
                return None;
            }
            text.push(c);
        }
        (text.len() == CODE_CHARS).then_some(Self(text))
    }

    /// The normal form, from which the stored hash is made.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The code in groups of four, as it is shown once.
    pub(crate) fn display(&self) -> String {
        let mut shown = String::with_capacity(CODE_CHARS + 3);
        for (position, c) in self.0.chars().enumerate() {
            if position > 0 && position % 4 == 0 {
                shown.push('-');
            }
            shown.push(c);
        }
        shown
    }
}

fn digit(buffer: u32) -> char {
    let index = usize::try_from(buffer & 31).unwrap_or_default();
    DIGITS.get(index).copied().map_or('0', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_of_the_randomness_is_in_the_code() {
        assert_eq!(RecoveryCode::new([0; 10]).display(), "0000-0000-0000-0000");
        assert_eq!(
            RecoveryCode::new([255; 10]).display(),
            "zzzz-zzzz-zzzz-zzzz"
        );
        for bit in 0..80_usize {
            let mut random = [0; 10];
            random[bit / 8] = 1 << (bit % 8);
            assert_ne!(
                RecoveryCode::new(random),
                RecoveryCode::new([0; 10]),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_code_survives_being_shown_and_typed_back() {
        let code = RecoveryCode::new([7, 1, 200, 33, 94, 255, 0, 18, 77, 130]);
        assert_eq!(RecoveryCode::parse(&code.display()), Some(code.clone()));
        assert_eq!(
            RecoveryCode::parse(&code.display().to_uppercase()),
            Some(code.clone())
        );
        assert_eq!(RecoveryCode::parse(code.as_str()), Some(code));
    }

    #[test]
    fn look_alikes_are_taken_for_what_they_look_like() {
        let expected = RecoveryCode::parse("0011-0000-0000-0000");
        assert!(expected.is_some());
        assert_eq!(RecoveryCode::parse("oOiL 0000 0000 0000"), expected);
    }

    #[test]
    fn what_cannot_be_a_code_is_refused() {
        for typed in [
            "",
            "0000",
            "0000-0000-0000-000u",
            "0000-0000-0000-00000",
            "0000-0000-0000-000é",
        ] {
            assert_eq!(RecoveryCode::parse(typed), None, "{typed:?}");
        }
    }
}
