//! Money as people read it.

use money::{Money, SignedAmount};

/// The currency and the amount with its thousands apart: `NGN 48,500.00`. A currency without coins below one is shown
/// without decimals, unless there are some all the same.
pub(crate) fn price(money: Money) -> String {
    let size = money.minor().unsigned_abs();
    let sign = if money.is_negative() { "-" } else { "" };
    let (currency, units, hundredths) = (money.currency(), grouped(size / 100), size % 100);
    if currency.display_decimals() == 0 && hundredths == 0 {
        format!("{sign}{currency} {units}")
    } else {
        format!("{sign}{currency} {units}.{hundredths:02}")
    }
}

/// An amount of a currency that may be none of the shop's: `48,500.00`.
pub(crate) fn amount(amount: SignedAmount) -> String {
    let minor = amount.minor();
    let sign = if minor < 0 { "-" } else { "" };
    let size = minor.unsigned_abs();
    format!("{sign}{}.{:02}", grouped(size / 100), size % 100)
}

fn grouped(number: u64) -> String {
    let rest = number % 1_000;
    match number / 1_000 {
        0 => rest.to_string(),
        thousands => format!("{},{rest:03}", grouped(thousands)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use money::Currency;

    #[test]
    fn prices_are_exact_and_have_their_thousands_apart() {
        for (minor, currency, text) in [
            (4_850_000, Currency::Ngn, "NGN 48,500.00"),
            (5, Currency::Ghs, "GHS 0.05"),
            (0, Currency::Usd, "USD 0.00"),
            (99_999, Currency::Kes, "KES 999.99"),
            (100_000, Currency::Zar, "ZAR 1,000.00"),
            (100_100_007, Currency::Zar, "ZAR 1,001,000.07"),
            (
                9_007_199_254_740_993,
                Currency::Ngn,
                "NGN 90,071,992,547,409.93",
            ),
            (-150_000, Currency::Ngn, "-NGN 1,500.00"),
            (150_000, Currency::Xof, "XOF 1,500"),
            (150_001, Currency::Xof, "XOF 1,500.01"),
            (i64::MIN, Currency::Ngn, "-NGN 92,233,720,368,547,758.08"),
        ] {
            assert_eq!(price(Money::from_minor(minor, currency)), text);
        }
    }
}
