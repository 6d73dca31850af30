//! A postal address of the address book.

use serde::{Deserialize, Serialize};

use super::country::Country;
use super::phone::Phone;

/// How many addresses one person may keep.
pub(crate) const ADDRESSES_MAX: i64 = 50;

/// An address as a person wrote it: nothing is checked yet.
///
/// Also the form that is sealed and stored, so a field's name must not change.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AddressText {
    pub(crate) label: Option<String>,
    pub(crate) full_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: String,
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) country: String,
    pub(crate) postal_code: Option<String>,
}

/// A change to some parts of an address. For an optional part, `Some(None)` takes it away.
#[derive(Clone, Default)]
pub(crate) struct AddressChange {
    pub(crate) label: Option<Option<String>>,
    pub(crate) full_name: Option<String>,
    pub(crate) email: Option<Option<String>>,
    pub(crate) phone: Option<String>,
    pub(crate) line1: Option<String>,
    pub(crate) line2: Option<Option<String>>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) postal_code: Option<Option<String>>,
}

/// An address a parcel can be sent to: trimmed, every part within its length, the country real, the number diallable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// The owner's name for it, like "Home".
    pub(crate) label: Option<String>,
    /// Who receives.
    pub(crate) full_name: String,
    /// Where the courier may write to.
    pub(crate) email: Option<String>,
    /// Where the courier may call.
    pub(crate) phone: Phone,
    /// Street and number.
    pub(crate) line1: String,
    /// Flat, floor, landmark.
    pub(crate) line2: Option<String>,
    /// City or town.
    pub(crate) city: String,
    /// State, province or region.
    pub(crate) state: String,
    /// The country, by which the telephone number is read too.
    pub(crate) country: Country,
    /// Not every country has one.
    pub(crate) postal_code: Option<String>,
}

/// One part of an address that cannot be accepted; the field is named as clients name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AddressProblem {
    /// The wire name of the part.
    pub(crate) field: &'static str,
    /// What is wrong, in words.
    pub(crate) message: String,
}

impl Address {
    /// Checks an address.
    ///
    /// # Errors
    /// Everything that is wrong with it, part by part.
    pub(crate) fn parse(text: AddressText) -> Result<Self, Vec<AddressProblem>> {
        let mut check = Check::default();
        let country = check.country(&text.country);
        let phone = check.phone(&text.phone, country);
        let label = check.optional("label", text.label, 50);
        let full_name = check.required("fullName", &text.full_name, 100);
        let email = check.email(text.email);
        let line1 = check.required("addressLine1", &text.line1, 200);
        let line2 = check.optional("addressLine2", text.line2, 200);
        let city = check.required("city", &text.city, 100);
        let state = check.required("state", &text.state, 100);
        let postal_code = check.optional("postalCode", text.postal_code, 20);
        match country.zip(phone) {
            Some((country, phone)) if check.problems.is_empty() => Ok(Self {
                label,
                full_name,
                email,
                phone,
                line1,
                line2,
                city,
                state,
                country,
                postal_code,
            }),
            _ => Err(check.problems),
        }
    }
}

impl AddressText {
    /// Applies a change. The whole is to be checked again: a telephone number may depend on the country.
    pub(crate) fn changed(self, change: AddressChange) -> Self {
        Self {
            label: change.label.unwrap_or(self.label),
            full_name: change.full_name.unwrap_or(self.full_name),
            email: change.email.unwrap_or(self.email),
            phone: change.phone.unwrap_or(self.phone),
            line1: change.line1.unwrap_or(self.line1),
            line2: change.line2.unwrap_or(self.line2),
            city: change.city.unwrap_or(self.city),
            state: change.state.unwrap_or(self.state),
            country: change.country.unwrap_or(self.country),
            postal_code: change.postal_code.unwrap_or(self.postal_code),
        }
    }
}

impl From<Address> for AddressText {
    fn from(address: Address) -> Self {
        Self {
            label: address.label,
            full_name: address.full_name,
            email: address.email,
            phone: address.phone.as_str().to_owned(),
            line1: address.line1,
            line2: address.line2,
            city: address.city,
            state: address.state,
            country: address.country.as_str().to_owned(),
            postal_code: address.postal_code,
        }
    }
}

/// Collects what is wrong, so that a person corrects a form once and not field by field.
#[derive(Default)]
struct Check {
    problems: Vec<AddressProblem>,
}

impl Check {
    fn problem(&mut self, field: &'static str, message: impl Into<String>) {
        self.problems.push(AddressProblem {
            field,
            message: message.into(),
        });
    }

    fn required(&mut self, field: &'static str, text: &str, chars_max: usize) -> String {
        let text = text.trim();
        let chars = text.chars().count();
        if chars == 0 || chars > chars_max {
            self.problem(field, format!("must have 1 to {chars_max} characters"));
        } else if text.chars().any(char::is_control) {
            // A line break here would end up in labels and mails.
            self.problem(field, "must not hold control characters");
        }
        text.to_owned()
    }

    fn optional(
        &mut self,
        field: &'static str,
        text: Option<String>,
        chars_max: usize,
    ) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(self.required(field, &text, chars_max))
    }

    fn email(&mut self, text: Option<String>) -> Option<String> {
        let email = self.optional("email", text, 254)?;
        let plausible = email.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && domain.contains('.') && !domain.contains('@')
        });
        if !plausible || email.contains(char::is_whitespace) {
            self.problem("email", "must be a valid e-mail address");
        }
        Some(email)
    }

    fn country(&mut self, code: &str) -> Option<Country> {
        let country = Country::parse(code);
        if country.is_none() {
            self.problem(
                "country",
                "must be a country code of two letters (ISO 3166-1), like NG",
            );
        }
        country
    }

    fn phone(&mut self, text: &str, country: Option<Country>) -> Option<Phone> {
        // Without a country the number cannot be judged, and the country's problem says so already.
        match Phone::parse_in(text, &country?) {
            Ok(phone) => Some(phone),
            Err(error) => {
                self.problem("phone", error.to_string());
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> AddressText {
        AddressText {
            label: Some("Home".to_owned()),
            full_name: "Ada Obi".to_owned(),
            phone: "0803 123 4567".to_owned(),
            line1: "12 Allen Avenue".to_owned(),
            city: "Ikeja".to_owned(),
            state: "Lagos".to_owned(),
            country: "ng".to_owned(),
            ..AddressText::default()
        }
    }

    fn problems(text: AddressText) -> Vec<&'static str> {
        Address::parse(text)
            .unwrap_err()
            .into_iter()
            .map(|problem| problem.field)
            .collect()
    }

    #[test]
    fn a_good_address_is_brought_to_its_normal_form() {
        let address = Address::parse(AddressText {
            full_name: "  Ada Obi ".to_owned(),
            line2: Some("   ".to_owned()),
            ..text()
        })
        .unwrap();
        assert_eq!(address.full_name, "Ada Obi");
        assert_eq!(address.line2, None);
        assert_eq!(address.country.as_str(), "NG");
        assert_eq!(address.phone.as_str(), "+2348031234567");
    }

    #[test]
    fn everything_wrong_is_reported_at_once() {
        assert_eq!(
            problems(AddressText::default()),
            ["country", "fullName", "addressLine1", "city", "state"]
        );
        assert_eq!(
            problems(AddressText {
                phone: "call me".to_owned(),
                email: Some("ada".to_owned()),
                line1: "1\r\nBcc: all@example.com".to_owned(),
                postal_code: Some("9".repeat(21)),
                ..text()
            }),
            ["phone", "email", "addressLine1", "postalCode"]
        );
    }

    #[test]
    fn lengths_are_counted_in_characters() {
        let longest = "é".repeat(100);
        assert!(
            Address::parse(AddressText {
                full_name: longest.clone(),
                ..text()
            })
            .is_ok()
        );
        assert_eq!(
            problems(AddressText {
                full_name: longest + "é",
                ..text()
            }),
            ["fullName"]
        );
    }

    #[test]
    fn a_change_touches_only_what_it_names() {
        let change = AddressChange {
            city: Some("Yaba".to_owned()),
            label: Some(None),
            ..AddressChange::default()
        };
        let expected = AddressText {
            city: "Yaba".to_owned(),
            label: None,
            ..text()
        };
        assert!(text().changed(change) == expected);
    }

    #[test]
    fn a_changed_number_is_read_in_the_changed_country() {
        let change = AddressChange {
            phone: Some("024 412 3456".to_owned()),
            country: Some("GH".to_owned()),
            ..AddressChange::default()
        };
        let changed = Address::parse(text().changed(change)).unwrap();
        assert_eq!(changed.phone.as_str(), "+233244123456");
    }
}
