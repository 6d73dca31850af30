//! Telephone numbers in the one form that can be dialled from anywhere: E.164, `+` and up to fifteen digits.

use std::fmt;

use super::country::Country;

/// A telephone number in E.164 form, for example `+2348031234567`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Phone(String);

/// Why a text is not a telephone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PhoneError {
    /// Something other than digits, one leading `+`, and the usual separators.
    #[error("must hold only digits, spaces, dots, dashes, brackets and a leading +")]
    Characters,
    /// A national number whose country is not known.
    #[error("must begin with + and the country code, like +2348031234567")]
    NoCountryCode,
    /// Fewer than seven or more than fifteen digits, or a country code of 0.
    #[error("must be a full international number of 7 to 15 digits, like +2348031234567")]
    Length,
}

/// Where the shop's payment provider works: calling code, and the digit dialled before a national number.
/// (ITU-T E.164, list of assigned country codes; national numbering plans.)
const PLANS: [(&str, &str, &str); 8] = [
    ("NG", "234", "0"),
    ("GH", "233", "0"),
    ("KE", "254", "0"),
    ("ZA", "27", "0"),
    ("CI", "225", ""),
    ("EG", "20", "0"),
    ("RW", "250", "0"),
    ("GB", "44", "0"),
];

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(***)")
    }
}

impl Phone {
    /// Reads a number in international form (`+` or `00` in front), with the usual separators.
    ///
    /// # Errors
    /// When it is not one; see [`PhoneError`].
    pub(crate) fn parse(text: &str) -> Result<Self, PhoneError> {
        match spell(text)? {
            Spelling::International(digits) => Self::try_new(&digits),
            Spelling::National(_) => Err(PhoneError::NoCountryCode),
        }
    }

    /// Like [`Phone::parse`], but completes a national number by the calling code of the country it is written in.
    ///
    /// # Errors
    /// As [`Phone::parse`]; a national number of a country outside the table still needs its calling code.
    pub(crate) fn parse_in(text: &str, country: &Country) -> Result<Self, PhoneError> {
        let national = match spell(text)? {
            Spelling::International(digits) => return Self::try_new(&digits),
            Spelling::National(digits) => digits,
        };
        let plan = PLANS.iter().find(|(code, ..)| *code == country.as_str());
        let (_, calling_code, trunk) = plan.ok_or(PhoneError::NoCountryCode)?;
        let subscriber = national.strip_prefix(trunk).unwrap_or(&national);
        Self::try_new(&format!("{calling_code}{subscriber}"))
    }

    fn try_new(digits: &str) -> Result<Self, PhoneError> {
        if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(PhoneError::Length);
        }
        Ok(Self(format!("+{digits}")))
    }

    /// The number with its `+`.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

enum Spelling {
    International(String),
    National(String),
}

fn spell(text: &str) -> Result<Spelling, PhoneError> {
    let text = text.trim();
    let (plus, rest) = match text.strip_prefix('+') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut digits = String::with_capacity(15);
    for c in rest.chars() {
        match c {
            '0'..='9' => digits.push(c),
            ' ' | '.' | '-' | '(' | ')' | '/' => {}
            _ => return Err(PhoneError::Characters),
        }
    }
    if plus {
        return Ok(Spelling::International(digits));
    }
    Ok(match digits.strip_prefix("00") {
        Some(international) => Spelling::International(international.to_owned()),
        None => Spelling::National(digits),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<String, PhoneError> {
        Phone::parse(text).map(|phone| phone.as_str().to_owned())
    }

    fn parsed_in(text: &str, country: &str) -> Result<String, PhoneError> {
        let country = Country::parse(country).unwrap();
        Phone::parse_in(text, &country).map(|phone| phone.as_str().to_owned())
    }

    #[test]
    fn one_number_has_one_form() {
        for text in [
            "+2348031234567",
            " +234 803 123 4567",
            "+234 (803) 123-4567",
            "00234.803.1234567",
        ] {
            assert_eq!(parsed(text).as_deref(), Ok("+2348031234567"), "{text:?}");
        }
    }

    #[test]
    fn a_national_number_needs_to_know_its_country() {
        assert_eq!(parsed("0803 123 4567"), Err(PhoneError::NoCountryCode));
        assert_eq!(
            parsed_in("0803 123 4567", "NG").as_deref(),
            Ok("+2348031234567")
        );
        assert_eq!(
            parsed_in("082 123 4567", "ZA").as_deref(),
            Ok("+27821234567")
        );
        assert_eq!(
            parsed_in("07 01 23 45 67", "CI").as_deref(),
            Ok("+2250701234567")
        );
        assert_eq!(
            parsed_in("0803 123 4567", "BR"),
            Err(PhoneError::NoCountryCode)
        );
        assert_eq!(
            parsed_in("+44 20 7946 0958", "NG").as_deref(),
            Ok("+442079460958")
        );
    }

    #[test]
    fn what_cannot_be_dialled_is_refused() {
        for (text, error) in [
            ("", PhoneError::NoCountryCode),
            ("+", PhoneError::Length),
            ("+123456", PhoneError::Length),
            ("+1234567890123456", PhoneError::Length),
            ("+0123456789", PhoneError::Length),
            ("+234803CALLME", PhoneError::Characters),
            ("+234+8031234567", PhoneError::Characters),
            ("+٢٣٤٨٠٣١٢٣٤", PhoneError::Characters),
        ] {
            assert_eq!(parsed(text), Err(error), "{text:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_number() {
        assert_eq!(
            format!("{:?}", Phone::parse("+2348031234567").unwrap()),
            "Phone(***)"
        );
    }
}
