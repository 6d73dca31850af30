//! Amounts as they stand in JSON: a number with at most two decimals.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer};
use serde::ser::{self, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::parse::parse_minor;
use crate::{Currency, Money};

/// An amount of at least zero, without its currency.
///
/// In JSON it is read from a number or a decimal string of at most two decimals and written as a
/// number with exactly two: `1500.00`. It does not work inside serde's `flatten` or untagged
/// types, which would have made a float of it before it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// An [`Amount`] that may be negative: an adjustment, a difference of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SignedAmount(i64);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Neither a number nor a string that holds one.
    #[error("must be an amount such as 1500.00")]
    NotANumber,
    /// More than two decimals that are not zero.
    #[error("must have at most two decimals")]
    TooFine,
    /// It does not fit, whether by its digits or its exponent.
    #[error("is too large")]
    TooLarge,
    /// Below zero where that means nothing.
    #[error("must not be negative")]
    Negative,
}

impl Amount {
    /// So many hundredths, unless there are less than none.
    ///
    /// # Errors
    /// [`AmountError::Negative`].
    pub const fn try_from_minor(minor: i64) -> Result<Self, AmountError> {
        if minor < 0 {
            Err(AmountError::Negative)
        } else {
            Ok(Self(minor))
        }
    }

    /// The amount in hundredths.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The money that this amount is in a currency.
    pub const fn in_currency(self, currency: Currency) -> Money {
        Money::from_minor(self.0, currency)
    }
}

impl SignedAmount {
    /// So many hundredths.
    pub const fn from_minor(minor: i64) -> Self {
        Self(minor)
    }

    /// The amount in hundredths.
    pub const fn minor(self) -> i64 {
        self.0
    }

    /// The money that this amount is in a currency.
    pub const fn in_currency(self, currency: Currency) -> Money {
        Money::from_minor(self.0, currency)
    }
}

impl TryFrom<SignedAmount> for Amount {
    type Error = AmountError;

    fn try_from(amount: SignedAmount) -> Result<Self, AmountError> {
        Self::try_from_minor(amount.0)
    }
}

impl FromStr for SignedAmount {
    type Err = AmountError;

    /// Reads a JSON number's text, exponent included: `1500`, `-0.5`, `1.5e3`.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        parse_minor(text).map(Self)
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// As [`SignedAmount`], and not below zero. `-0` is zero.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        text.parse::<SignedAmount>()?.try_into()
    }
}

impl fmt::Display for SignedAmount {
    /// With exactly two decimals and no grouping: `-1500.00`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let size = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", size / 100, size % 100)
    }
}

impl fmt::Display for Amount {
    /// As [`SignedAmount`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SignedAmount(self.0).fmt(f)
    }
}

impl Serialize for SignedAmount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string())
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SignedAmount(self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SignedAmount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        if text.starts_with('"') {
            let inner: String = serde_json::from_str(text).map_err(de::Error::custom)?;
            inner.parse().map_err(de::Error::custom)
        } else {
            text.parse().map_err(de::Error::custom)
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SignedAmount::deserialize(deserializer)?
            .try_into()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Line {
        price: Amount,
    }

    fn read(json: &str) -> Result<i64, String> {
        let parsed = serde_json::from_str::<Line>(&format!(r#"{{"price":{json}}}"#));
        parsed
            .map(|line| line.price.minor())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn numbers_and_decimal_strings_are_read_exactly() {
        for (json, minor) in [
            ("1500", 150_000),
            ("1500.00", 150_000),
            ("\"1500.00\"", 150_000),
            ("0.1", 10),
            ("0.29", 29),
            ("1.10", 110),
            ("1.100", 110),
            ("0", 0),
            ("-0", 0),
            ("-0.00", 0),
            ("1.5e3", 150_000),
            ("15E-1", 150),
            ("0e999999999999999999999", 0),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(read(json), Ok(minor), "{json}");
        }
    }

    #[test]
    fn what_is_no_amount_is_refused_with_its_reason() {
        for (json, reason) in [
            ("0.001", "two decimals"),
            ("1e-3", "two decimals"),
            ("1e-99999999999999999999", "two decimals"),
            ("1e400", "too large"),
            ("1e99999999999999999999", "too large"),
            ("92233720368547758.08", "too large"),
            ("1000000000000000000000000", "too large"),
            ("-0.01", "negative"),
            ("-1", "negative"),
            ("\"NaN\"", "amount such as"),
            ("\"\"", "amount such as"),
            ("\" 1\"", "amount such as"),
            ("\"+1\"", "amount such as"),
            ("\"1,5\"", "amount such as"),
            ("\"1.\"", "amount such as"),
            ("\".5\"", "amount such as"),
            ("\"007\"", "amount such as"),
            ("\"1e\"", "amount such as"),
            ("\"٣\"", "amount such as"),
            ("\"--1\"", "amount such as"),
            ("null", "amount such as"),
            ("true", "amount such as"),
            ("[1]", "amount such as"),
            ("{}", "amount such as"),
        ] {
            let error = read(json).unwrap_err();
            assert!(error.contains(reason), "{json}: {error}");
        }
        assert!(read("NaN").is_err());
        assert!(read("Infinity").is_err());
        assert!(read(&"9".repeat(10_000)).unwrap_err().contains("too large"));
    }

    #[test]
    fn an_amount_is_written_with_two_decimals() {
        for (minor, json) in [
            (150_000, "1500.00"),
            (5, "0.05"),
            (0, "0.00"),
            (110, "1.10"),
        ] {
            let line = Line {
                price: Amount::try_from_minor(minor).unwrap(),
            };
            assert_eq!(
                serde_json::to_string(&line).unwrap(),
                format!(r#"{{"price":{json}}}"#)
            );
        }
        assert_eq!(
            serde_json::to_string(&SignedAmount::from_minor(-5)).unwrap(),
            "-0.05"
        );
        assert_eq!(
            SignedAmount::from_minor(i64::MIN).to_string(),
            "-92233720368547758.08"
        );
    }

    #[test]
    fn an_amount_may_be_left_out_or_null_where_it_is_optional() {
        #[derive(Deserialize)]
        struct Filter {
            #[serde(default)]
            above: Option<Amount>,
        }
        let above = |json| {
            serde_json::from_str::<Filter>(json)
                .unwrap()
                .above
                .map(Amount::minor)
        };
        assert_eq!(above("{}"), None);
        assert_eq!(above(r#"{"above":null}"#), None);
        assert_eq!(above(r#"{"above":0.29}"#), Some(29));
        let from_bytes: Filter = serde_json::from_slice(br#"{"above":"1e2"}"#).unwrap();
        assert_eq!(from_bytes.above.map(Amount::minor), Some(10_000));
    }

    #[test]
    fn a_signed_amount_may_be_negative() {
        assert_eq!("-1.5".parse(), Ok(SignedAmount::from_minor(-150)));
        assert_eq!("-1.5".parse::<Amount>(), Err(AmountError::Negative));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in any::<i64>()) {
            let amount = SignedAmount::from_minor(minor);
            // One number of an i64 has no positive twin, and reading goes by size.
            prop_assume!(minor != i64::MIN);
            let json = serde_json::to_string(&amount).unwrap();
            prop_assert_eq!(serde_json::from_str::<SignedAmount>(&json).unwrap(), amount);
            let text = format!("\"{amount}\"");
            prop_assert_eq!(serde_json::from_str::<SignedAmount>(&text).unwrap(), amount);
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,80}") {
            let _ = text.parse::<SignedAmount>();
        }

        #[test]
        fn any_number_like_text_agrees_with_an_exact_decimal(
            text in "-?(0|[1-9][0-9]{0,13})(\\.[0-9]{1,4})?(e[+-]?[0-9])?"
        ) {
            let exact: bigdecimal::BigDecimal = text.parse().unwrap();
            let hundredfold = exact * bigdecimal::BigDecimal::from(100);
            let parsed = text.parse::<SignedAmount>();
            if let Ok(amount) = parsed {
                prop_assert_eq!(bigdecimal::BigDecimal::from(amount.minor()), hundredfold);
            } else if parsed == Err(AmountError::TooFine) {
                prop_assert!(!hundredfold.is_integer());
            } else {
                prop_assert_eq!(parsed, Err(AmountError::TooLarge));
            }
        }
    }
}
