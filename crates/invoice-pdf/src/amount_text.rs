//! Amounts as they are printed: `₦1,234.50`.

use money::{Amount, Currency};

/// The sign of the currency and the amount with its thousands apart.
///
/// A franc has no decimals, yet an amount that has some all the same is printed with them: an invoice hides nothing.
pub(crate) fn amount_text(amount: Amount, currency: Currency) -> String {
    let minor = amount.minor().unsigned_abs();
    let (units, hundredths) = (grouped(minor / 100), minor % 100);
    let sign = sign(currency);
    if currency.display_decimals() == 0 && hundredths == 0 {
        format!("{sign}{units}")
    } else {
        format!("{sign}{units}.{hundredths:02}")
    }
}

/// The same as a deduction.
///
/// The fonts have no minus sign, and a hyphen would run into the bars of the naira; so it is a dash that keeps off.
pub(crate) fn deduction_text(amount: Amount, currency: Currency) -> String {
    if amount.minor() == 0 {
        amount_text(amount, currency)
    } else {
        format!("– {}", amount_text(amount, currency))
    }
}

/// A whole number with a comma before every third digit from the right.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What stands before the digits: a symbol clings to them, letters keep their distance.
const fn sign(currency: Currency) -> &'static str {
    match currency {
        Currency::Ngn => "₦",
        Currency::Ghs => "GH₵",
        Currency::Kes => "KSh ",
        Currency::Zar => "R ",
        Currency::Usd => "$",
        Currency::Xof => "CFA ",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(minor: i64) -> Amount {
        Amount::try_from_minor(minor).unwrap()
    }

    #[test]
    fn each_currency_has_its_sign_and_decimals() {
        for (minor, currency, text) in [
            (123_450, Currency::Ngn, "₦1,234.50"),
            (1_200, Currency::Ghs, "GH₵12.00"),
            (9_900, Currency::Zar, "R 99.00"),
            (1_000, Currency::Kes, "KSh 10.00"),
            (500, Currency::Usd, "$5.00"),
            (100_000, Currency::Xof, "CFA 1,000"),
            (100_050, Currency::Xof, "CFA 1,000.50"),
            (0, Currency::Ngn, "₦0.00"),
            (5, Currency::Usd, "$0.05"),
            (i64::MAX, Currency::Usd, "$92,233,720,368,547,758.07"),
        ] {
            assert_eq!(amount_text(amount(minor), currency), text);
        }
    }

    #[test]
    fn thousands_are_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1,000"),
            (12_345, "12,345"),
            (123_456, "123,456"),
            (1_234_567, "1,234,567"),
        ] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_deduction_has_a_minus_unless_it_is_nothing() {
        assert_eq!(deduction_text(amount(50_000), Currency::Ngn), "– ₦500.00");
        assert_eq!(deduction_text(amount(0), Currency::Ngn), "₦0.00");
    }
}
