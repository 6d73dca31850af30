//! Telephone numbers.

use std::fmt;

/// A number in E.164 form: a plus sign and 8 to 15 digits.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Phone(String);

/// The text is not a number that can be dialled from anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a number in international form, such as +2348012345678")]
pub(crate) struct PhoneError;

impl Phone {
    /// Reads a number, dropping the spaces, dashes, dots and parentheses that people write for legibility.
    pub(crate) fn parse(text: &str) -> Result<Self, PhoneError> {
        if text.len() > 40 {
            return Err(PhoneError);
        }
        let bare: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = bare.strip_prefix('+').ok_or(PhoneError)?;
        let is_number = (8..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if is_number {
            Ok(Self(bare))
        } else {
            Err(PhoneError)
        }
    }

    /// The E.164 text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legible_spellings_become_one_number() {
        for text in ["+2348012345678", "+234 801 234 5678", "+234-(801)-234.5678"] {
            assert_eq!(Phone::parse(text).unwrap().as_str(), "+2348012345678");
        }
    }

    #[test]
    fn local_short_and_long_numbers_are_refused() {
        for text in [
            "",
            "+",
            "08012345678",
            "+0348012345678",
            "+1234567",
            "+1234567890123456",
            "+23480x",
            "++234801234567",
        ] {
            assert_eq!(Phone::parse(text), Err(PhoneError), "{text}");
        }
    }
}
