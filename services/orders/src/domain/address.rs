//! Where an order goes, and to whom its bill.

use serde::{Deserialize, Serialize};

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) full_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: String,
    pub(crate) address_line1: String,
    pub(crate) address_line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    /// ISO 3166-1 alpha-2, in upper case.
    pub(crate) country: String,
    pub(crate) postal_code: Option<String>,
}

impl Address {
    /// The lines below the name, as they stand on a letter.
    pub(crate) fn lines(&self) -> Vec<String> {
        let place = match &self.postal_code {
            Some(code) => format!("{} {code}", self.city),
            None => self.city.clone(),
        };
        let second = self.address_line2.clone().filter(|line| !line.is_empty());
        let mut lines = vec![self.address_line1.clone()];
        lines.extend(second);
        lines.extend([place, format!("{}, {}", self.state, self.country)]);
        lines
    }

    /// What two ways of writing one address have in common; for counting orders to it.
    pub(crate) fn essence(&self) -> String {
        let parts = [&self.address_line1, &self.city, &self.state, &self.country];
        parts
            .into_iter()
            .flat_map(|part| part.chars())
            .filter(|letter| letter.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect()
    }
}

#[cfg(test)]
pub(crate) fn in_lagos() -> Address {
    Address {
        full_name: "Ada Obi".to_owned(),
        email: None,
        phone: "+2348012345678".to_owned(),
        address_line1: "12 Allen Avenue".to_owned(),
        address_line2: None,
        city: "Ikeja".to_owned(),
        state: "Lagos".to_owned(),
        country: "NG".to_owned(),
        postal_code: Some("100281".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_on_a_letter() {
        assert_eq!(
            in_lagos().lines(),
            ["12 Allen Avenue", "Ikeja 100281", "Lagos, NG"]
        );
    }

    #[test]
    fn ways_of_writing_one_address_have_one_essence() {
        let mut other = in_lagos();
        other.address_line1 = "12, ALLEN avenue.".to_owned();
        other.address_line2 = Some("Flat 3".to_owned());
        assert_eq!(other.essence(), in_lagos().essence());
        other.address_line1 = "13 Allen Avenue".to_owned();
        assert_ne!(other.essence(), in_lagos().essence());
    }
}
