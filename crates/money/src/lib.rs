//! Money, exactly.
//!
//! A [`Money`] is a whole number of hundredths and a [`Currency`]. No operation rounds unless its
//! name says so, mixes currencies or overflows in silence, and no float is involved anywhere:
//! JSON numbers are read and written as text, `NUMERIC(14,2)` goes through [`BigDecimal`], and the
//! payment provider gets whole subunits.
//!
//! On the wire a currency stands beside its amounts and not in each of them, so what serde reads
//! is an [`Amount`]; [`Amount::in_currency`] makes it money.
//!
//! [`BigDecimal`]: bigdecimal::BigDecimal

#![forbid(unsafe_code)]

mod amount;
mod arithmetic;
mod currency;
mod decimal;
mod parse;
mod schema;
mod split;

pub use amount::{Amount, AmountError, SignedAmount};
pub use arithmetic::MoneyError;
pub use currency::{Currency, UnknownCurrency};
pub use decimal::DecimalError;

use std::fmt;

/// An amount of money in one currency.
///
/// Two values are equal if amount and currency are. There is no order between them, since amounts
/// of different currencies have none: see [`Money::compare`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// So many hundredths of the currency's unit (kobo, pesewas, cents; for XOF, which has no
    /// subunit in circulation, hundredths of a franc).
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing.
    pub const fn zero(currency: Currency) -> Self {
        Self::from_minor(0, currency)
    }

    /// The amount in hundredths.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub const fn is_zero(self) -> bool {
        self.minor == 0
    }

    /// Whether it is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The amount without its currency, as it stands in JSON.
    pub const fn amount(self) -> SignedAmount {
        SignedAmount::from_minor(self.minor)
    }

    /// What Paystack takes as `amount`: whole subunits. It counts in hundredths for every
    /// currency, XOF included.
    ///
    /// # Errors
    /// A negative amount, or one that the currency's coins cannot make.
    pub fn to_subunits(self) -> Result<u64, MoneyError> {
        if self.minor % self.currency.step_minor() != 0 {
            return Err(MoneyError::NotPayable(self));
        }
        u64::try_from(self.minor).map_err(|_negative| MoneyError::NotPayable(self))
    }

    /// The money that Paystack means by so many subunits.
    ///
    /// # Errors
    /// More than fits.
    pub fn from_subunits(subunits: u64, currency: Currency) -> Result<Self, MoneyError> {
        let minor = i64::try_from(subunits).map_err(|_too_large| MoneyError::Overflow)?;
        Ok(Self::from_minor(minor, currency))
    }
}

impl fmt::Display for Money {
    /// `NGN 1500.00`: exact and without grouping, for logs and messages to staff.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.currency, self.amount())
    }
}
