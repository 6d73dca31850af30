//! A postal address on the wire.

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::address::Address;

/// Where to.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "fullName": "Ada Obi", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue",
    "city": "Ikeja", "state": "Lagos", "country": "NG", "postalCode": "100281"
}))]
pub(crate) struct AddressBody {
    /// Who receives.
    #[garde(custom(line(1, 100)))]
    full_name: String,
    /// Where the courier may write to.
    #[garde(inner(custom(check_mail)))]
    #[serde(default)]
    email: Option<String>,
    /// Where the courier may call: 7 to 15 digits, with `+` and spaces.
    #[garde(custom(check_phone))]
    phone: String,
    /// Street and number.
    #[garde(custom(line(1, 200)))]
    address_line1: String,
    /// Flat, floor, landmark.
    #[garde(inner(custom(line(0, 200))))]
    #[serde(default)]
    address_line2: Option<String>,
    #[garde(custom(line(1, 100)))]
    city: String,
    /// State, province or region.
    #[garde(custom(line(1, 100)))]
    state: String,
    /// ISO 3166-1 alpha-2.
    #[garde(custom(check_country))]
    country: String,
    #[garde(inner(custom(line(0, 20))))]
    #[serde(default)]
    postal_code: Option<String>,
}

impl From<AddressBody> for Address {
    fn from(body: AddressBody) -> Self {
        let trim = |text: String| text.trim().to_owned();
        let given = |text: Option<String>| text.map(trim).filter(|text| !text.is_empty());
        Self {
            full_name: trim(body.full_name),
            email: given(body.email),
            phone: trim(body.phone),
            address_line1: trim(body.address_line1),
            address_line2: given(body.address_line2),
            city: trim(body.city),
            state: trim(body.state),
            country: body.country.trim().to_ascii_uppercase(),
            postal_code: given(body.postal_code),
        }
    }
}

impl From<&Address> for AddressBody {
    fn from(address: &Address) -> Self {
        let address = address.clone();
        Self {
            full_name: address.full_name,
            email: address.email,
            phone: address.phone,
            address_line1: address.address_line1,
            address_line2: address.address_line2,
            city: address.city,
            state: address.state,
            country: address.country,
            postal_code: address.postal_code,
        }
    }
}

/// One line of plain text with so many characters, not counting spaces around it.
pub(super) fn line(least: usize, most: usize) -> impl Fn(&str, &()) -> garde::Result {
    move |text, _context| {
        let length = text.trim().chars().count();
        if length < least || length > most {
            return Err(garde::Error::new(format!(
                "must have {least} to {most} characters"
            )));
        }
        if text.chars().any(char::is_control) {
            return Err(garde::Error::new("must be one line of plain text"));
        }
        Ok(())
    }
}

fn check_phone(text: &str, _context: &()) -> garde::Result {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_known = |letter: char| letter.is_ascii_digit() || "+ -()".contains(letter);
    if (7..=15).contains(&digits) && text.chars().count() <= 25 && text.chars().all(is_known) {
        return Ok(());
    }
    Err(garde::Error::new(
        "must be a phone number of 7 to 15 digits",
    ))
}

fn check_country(text: &str, _context: &()) -> garde::Result {
    let text = text.trim();
    if text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_alphabetic()) {
        return Ok(());
    }
    Err(garde::Error::new(
        "must be a country's two letters, such as NG",
    ))
}

/// Something before and after one `@`; whether it exists only a mail can tell.
fn check_mail(text: &str, _context: &()) -> garde::Result {
    let parts = text.trim().split_once('@');
    let is_one = |(name, host): (&str, &str)| {
        !name.is_empty()
            && host.contains('.')
            && !host.contains('@')
            && !text.contains(char::is_whitespace)
    };
    if text.len() <= 254 && parts.is_some_and(is_one) {
        return Ok(());
    }
    Err(garde::Error::new("must be an e-mail address"))
}
