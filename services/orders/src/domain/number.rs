//! Order numbers: short enough to read out, and not to be guessed from one another.

use std::fmt;

use chrono::NaiveDate;

/// Crockford's base 32: no I, L, O, U, which are mistaken for others.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters that are left to chance: 50 bits.
const RANDOM_LENGTH: usize = 10;

/// An order's number, such as `AGP-20261126-7K3QXN9D4T`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OrderNumber(String);

impl OrderNumber {
    /// A number for an order of this business day.
    pub(crate) fn new(day: NaiveDate, random: &[u8; 32]) -> Self {
        let code: String = random
            .iter()
            .take(RANDOM_LENGTH)
            .filter_map(|byte| ALPHABET.get(usize::from(byte % 32)))
            .map(|letter| char::from(*letter))
            .collect();
        Self(format!("AGP-{}-{code}", day.format("%Y%m%d")))
    }

    /// A number as somebody types it: in any case, around spaces.
    pub(crate) fn typed(text: &str) -> Self {
        Self(text.trim().to_ascii_uppercase())
    }

    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_day_and_ten_random_letters() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
        let mut random = [0; 32];
        for (place, byte) in (0_u8..).zip(random.iter_mut()) {
            *byte = place.wrapping_mul(37);
        }
        let number = OrderNumber::new(day, &random);
        assert_eq!(number.as_str(), "AGP-20261126-05AFMSY38D");
        assert_eq!(OrderNumber::typed(" agp-20261126-05afmsy38d "), number);
    }
}
