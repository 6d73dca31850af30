//! Which passwords an account may have.

use std::collections::HashSet;
use std::fmt;
use std::sync::LazyLock;

/// The fewest and the most characters. The upper bound keeps a hash's input small; nothing is ever cut off.
pub(crate) const CHARS: std::ops::RangeInclusive<usize> = 8..=128;

/// A password on its way to be hashed or checked. Debug output hides it.
#[derive(Clone)]
pub(crate) struct Password(String);

/// Which rule a new password breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PasswordError {
    #[error("must be between 8 and 128 characters")]
    Length,
    #[error(
        "must contain an upper-case letter, a lower-case letter, a digit and a special character"
    )]
    Classes,
    #[error("is among the most common passwords; please choose another")]
    Common,
}

impl Password {
    /// A password somebody wants to set.
    pub(crate) fn try_new(text: &str) -> Result<Self, PasswordError> {
        let password = Self::offered(text).ok_or(PasswordError::Length)?;
        if !has_every_class(text) {
            return Err(PasswordError::Classes);
        }
        if is_common(text) {
            return Err(PasswordError::Common);
        }
        Ok(password)
    }

    /// A password somebody presents. Only its length is looked at, as no account can have a longer one; the other
    /// rules may have been different when it was set.
    pub(crate) fn offered(text: &str) -> Option<Self> {
        // Bytes first: counting the characters of a megabyte would be work done for an attacker.
        let is_short = text.len() <= CHARS.end() * 4 && CHARS.contains(&text.chars().count());
        is_short.then(|| Self(text.to_owned()))
    }

    /// The bytes to hash.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

fn has_every_class(text: &str) -> bool {
    let any = |class: fn(char) -> bool| text.chars().any(class);
    any(char::is_uppercase)
        && any(char::is_lowercase)
        && any(char::is_numeric)
        && any(|c| !c.is_alphanumeric())
}

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("common_passwords.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect()
});

/// Whether a password is a well-known one, also in disguise: `Password123!` is `password` with the usual ornaments.
fn is_common(text: &str) -> bool {
    let lower = text.to_lowercase();
    let bare = lower.trim_matches(|c: char| !c.is_alphabetic());
    let without_marks = lower.trim_matches(|c: char| !c.is_alphanumeric());
    [lower.as_str(), without_marks, bare]
        .iter()
        .any(|form| COMMON.contains(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_mixed_password_is_accepted_whatever_its_script() {
        for text in [
            "Tr0ub4dor&3x",
            "Пароль-длинный-7",
            "correct Horse 9 battery",
            "Aa1!👩‍👩‍👧👩‍👩‍👧",
        ] {
            assert!(Password::try_new(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_class_is_required() {
        for text in [
            "lower-case-7",
            "UPPER-CASE-7",
            "No-Digits-Here",
            "NoSpecials77",
            "12345678!",
        ] {
            assert_eq!(
                Password::try_new(text).unwrap_err(),
                PasswordError::Classes,
                "{text}"
            );
        }
    }

    #[test]
    fn length_counts_characters_from_8_to_128() {
        let of_chars = |n: usize| format!("Aa1!{}", "é".repeat(n - 4));
        assert_eq!(
            Password::try_new(&of_chars(7)).unwrap_err(),
            PasswordError::Length
        );
        assert!(Password::try_new(&of_chars(8)).is_ok());
        assert!(Password::try_new(&of_chars(128)).is_ok());
        assert_eq!(
            Password::try_new(&of_chars(129)).unwrap_err(),
            PasswordError::Length
        );
    }

    #[test]
    fn common_passwords_are_refused_with_their_usual_ornaments() {
        for text in [
            "Password123!",
            "P@ssw0rd1",
            "!!Qwerty123",
            "Welcome2026!",
            "Iloveyou#1",
        ] {
            assert_eq!(
                Password::try_new(text).unwrap_err(),
                PasswordError::Common,
                "{text}"
            );
        }
    }

    #[test]
    fn the_list_is_long_enough_to_matter_and_in_the_form_it_is_compared_in() {
        assert!(COMMON.len() >= 200, "{}", COMMON.len());
        for word in COMMON.iter() {
            assert_eq!(*word, word.to_lowercase(), "{word}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        assert_eq!(
            format!("{:?}", Password::offered("Tr0ub4dor&3x").unwrap()),
            "Password(***)"
        );
    }
}
