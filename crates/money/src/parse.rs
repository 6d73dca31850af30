//! Reading a decimal number without ever making a float of it.

use crate::AmountError;

/// The most characters that an amount is read from; none of ours needs more, and a longer one is
/// not worth parsing.
const LENGTH_MAX: usize = 64;

/// Hundredths from the text of a JSON number.
pub(crate) fn parse_minor(text: &str) -> Result<i64, AmountError> {
    if text.len() > LENGTH_MAX {
        return Err(AmountError::TooLarge);
    }
    let (is_negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) if is_digits(fraction) => (whole, fraction),
        Some(_) => return Err(AmountError::NotANumber),
        None => (mantissa, ""),
    };
    // As in JSON: `007` is no number, neither here nor in a string.
    if !is_digits(whole) || (whole.len() > 1 && whole.starts_with('0')) {
        return Err(AmountError::NotANumber);
    }
    let fraction_digits = i64::try_from(fraction.len()).map_err(|_long| AmountError::TooLarge)?;
    let digits = format!("{whole}{fraction}");
    let size = scale(
        &digits,
        exponent.saturating_add(2).saturating_sub(fraction_digits),
    )?;
    Ok(if is_negative { -size } else { size })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The exponent of a JSON number; one that is out of any reach is as large as any other.
fn parse_exponent(text: &str) -> Result<i64, AmountError> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !is_digits(unsigned) {
        return Err(AmountError::NotANumber);
    }
    let size = unsigned.parse().unwrap_or(i64::MAX);
    Ok(if text.starts_with('-') { -size } else { size })
}

/// The whole number that `digits` are after the point moved to the right by `shift` places.
fn scale(digits: &str, shift: i64) -> Result<i64, AmountError> {
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let significant = digits.trim_end_matches('0');
    let zeros = i64::try_from(digits.len() - significant.len());
    let zeros = zeros.unwrap_or(i64::MAX).saturating_add(shift);
    let zeros = u32::try_from(zeros).map_err(|_out_of_range| match zeros {
        ..0 => AmountError::TooFine,
        0.. => AmountError::TooLarge,
    })?;
    let value: i64 = significant
        .parse()
        .map_err(|_many_digits| AmountError::TooLarge)?;
    10_i64
        .checked_pow(zeros)
        .and_then(|power| value.checked_mul(power))
        .ok_or(AmountError::TooLarge)
}
