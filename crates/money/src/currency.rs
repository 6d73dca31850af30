//! The currencies that the shop trades in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A currency that Paystack settles in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Currency {
    /// Nigerian naira.
    Ngn,
    /// Ghanaian cedi.
    Ghs,
    /// Kenyan shilling.
    Kes,
    /// South African rand.
    Zar,
    /// United States dollar.
    Usd,
    /// West African CFA franc.
    Xof,
}

/// A text that is none of the shop's currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be one of NGN, GHS, KES, ZAR, USD, XOF")]
pub struct UnknownCurrency;

impl Currency {
    /// Every currency.
    pub const ALL: [Self; 6] = [
        Self::Ngn,
        Self::Ghs,
        Self::Kes,
        Self::Zar,
        Self::Usd,
        Self::Xof,
    ];

    /// The ISO 4217 code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ngn => "NGN",
            Self::Ghs => "GHS",
            Self::Kes => "KES",
            Self::Zar => "ZAR",
            Self::Usd => "USD",
            Self::Xof => "XOF",
        }
    }

    /// How many decimals an amount of it is shown with to a person.
    pub const fn display_decimals(self) -> u32 {
        match self {
            Self::Xof => 0,
            Self::Ngn | Self::Ghs | Self::Kes | Self::Zar | Self::Usd => 2,
        }
    }

    /// The smallest amount that can be paid, in hundredths: everything computed is rounded to a
    /// multiple of it. The franc has no coins below one.
    pub const fn step_minor(self) -> i64 {
        match self {
            Self::Xof => 100,
            Self::Ngn | Self::Ghs | Self::Kes | Self::Zar | Self::Usd => 1,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Only the exact code: `ngn` and `NGN ` are mistakes that would otherwise travel on.
    fn from_str(code: &str) -> Result<Self, UnknownCurrency> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or(UnknownCurrency)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;

        impl de::Visitor<'_> for Code {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency code")
            }

            fn visit_str<E: de::Error>(self, code: &str) -> Result<Currency, E> {
                code.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(Code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_exactly_as_it_is_written() {
        for currency in Currency::ALL {
            let json = serde_json::to_string(&currency).unwrap();
            assert_eq!(json, format!("\"{}\"", currency.code()));
            assert_eq!(serde_json::from_str::<Currency>(&json).unwrap(), currency);
        }
        for wrong in ["ngn", "NGN ", "", "EUR", "Ngn", "NGN\u{0}"] {
            assert_eq!(wrong.parse::<Currency>(), Err(UnknownCurrency), "{wrong:?}");
        }
        assert!(serde_json::from_str::<Currency>("1").is_err());
    }
}
