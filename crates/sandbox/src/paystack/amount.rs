//! Amounts of money: whole subunits, never a fraction and never through a float.

use money::Currency;
use serde_json::Value;

use super::error::Refusal;

/// The highest amount that is taken, in subunits: far above any payment, and far below where sums overflow.
const AMOUNT_MAX: i64 = 100_000_000_000_000;

/// Reads an amount: an integer, its text, or a number with nothing but zeros behind its point.
///
/// # Errors
/// The vendor's sentence about what is wrong with it.
pub fn read(value: Option<&Value>) -> Result<Option<i64>, Refusal> {
    let text = match value {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => whole(&number.to_string()).map(str::to_owned),
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(_) => None,
    };
    let digits = text.ok_or_else(no_integer)?;
    let (is_negative, unsigned) = match digits.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, digits.as_str()),
    };
    if unsigned.is_empty() || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(no_integer());
    }
    let amount: i64 = unsigned.parse().map_err(|_too_long| invalid())?;
    if is_negative || !(1..=AMOUNT_MAX).contains(&amount) {
        return Err(invalid());
    }
    Ok(Some(amount))
}

/// `100.0` is `100`; `100.5` is nothing.
fn whole(text: &str) -> Option<&str> {
    match text.split_once('.') {
        None => Some(text),
        Some((whole, fraction)) => fraction.bytes().all(|byte| byte == b'0').then_some(whole),
    }
}

/// 400: what the vendor says about nothing, and about less than that.
#[must_use]
pub fn invalid() -> Refusal {
    Refusal::params("Invalid Amount Sent")
}

fn no_integer() -> Refusal {
    Refusal::params("\"amount\" must be an integer")
}

/// What is charged of an amount that was asked for: of a franc, the fraction is ignored.
#[must_use]
pub fn chargeable(amount: i64, currency: Currency) -> i64 {
    amount - amount % currency.step_minor()
}

/// An amount for people: `NGN 1,250.00`.
#[must_use]
pub fn shown(amount: i64, currency: Currency) -> String {
    let (whole, fraction) = (amount / 100, amount % 100);
    let digits = whole.to_string();
    let mut grouped = String::with_capacity(digits.len() + 8);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match currency.display_decimals() {
        0 => format!("{currency} {grouped}"),
        _ => format!("{currency} {grouped}.{fraction:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whole_amounts_are_read_however_they_are_written() {
        for value in [json!(100), json!("100"), json!(100.0), json!(" 100 ")] {
            assert_eq!(read(Some(&value)).unwrap(), Some(100), "{value}");
        }
        assert_eq!(read(None).unwrap(), None);
        assert_eq!(read(Some(&Value::Null)).unwrap(), None);
    }

    #[test]
    fn the_vendor_has_two_sentences_about_the_rest() {
        for value in [
            json!(100.5),
            json!("100.50"),
            json!("ten"),
            json!(""),
            json!("-"),
            json!([1]),
        ] {
            let refusal = read(Some(&value)).unwrap_err();
            assert_eq!(refusal.message, "\"amount\" must be an integer", "{value}");
        }
        for value in [
            json!(0),
            json!(-5),
            json!("-5"),
            json!(100_000_000_000_001_i64),
            json!("99999999999999999999"),
        ] {
            let refusal = read(Some(&value)).unwrap_err();
            assert_eq!(refusal.message, "Invalid Amount Sent", "{value}");
        }
    }

    #[test]
    fn the_fraction_of_a_franc_is_ignored() {
        assert_eq!(chargeable(12_345, Currency::Xof), 12_300);
        assert_eq!(chargeable(12_345, Currency::Ngn), 12_345);
    }

    #[test]
    fn people_see_groups_and_decimals() {
        for (amount, currency, text) in [
            (5, Currency::Ngn, "NGN 0.05"),
            (125_000, Currency::Ngn, "NGN 1,250.00"),
            (123_456_789, Currency::Usd, "USD 1,234,567.89"),
            (100_000, Currency::Xof, "XOF 1,000"),
        ] {
            assert_eq!(shown(amount, currency), text);
        }
    }
}
