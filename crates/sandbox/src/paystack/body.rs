//! Reading the body of a request: JSON, or a form as the vendor also takes. `null` counts as absent; fields nobody knows
//! are tolerated.

use serde_json::{Map, Value};
use url::form_urlencoded;

use super::amount;
use super::error::Refusal;

/// The fields of a body.
#[derive(Debug)]
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a body of this media type; an empty one has no fields.
    ///
    /// # Errors
    /// It is neither JSON nor a form, or no object.
    pub fn read(media_type: &str, body: &[u8]) -> Result<Self, Refusal> {
        if media_type.starts_with("application/x-www-form-urlencoded") {
            let pairs = form_urlencoded::parse(body).into_owned();
            return Ok(Self(
                pairs.map(|(name, text)| (name, text.into())).collect(),
            ));
        }
        if body.is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => Ok(Self(fields)),
            _ => Err(Refusal::params("The request body must be a JSON object")),
        }
    }

    /// A field that is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text that is there and not empty.
    ///
    /// # Errors
    /// The field is no text.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
            Some(_) => Err(Refusal::params(format!("\"{name}\" must be a string"))),
        }
    }

    /// A text that must be there.
    ///
    /// # Errors
    /// It is absent, or no text.
    pub fn required(&self, name: &str) -> Result<&str, Refusal> {
        self.text(name)?
            .ok_or_else(|| Refusal::invalid("missing_params", format!("{name} is required")))
    }

    /// An amount.
    ///
    /// # Errors
    /// It is none.
    pub fn amount(&self, name: &str) -> Result<Option<i64>, Refusal> {
        amount::read(self.get(name))
    }

    /// An amount that may be nothing.
    ///
    /// # Errors
    /// It is none.
    pub fn amount_or_zero(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.get(name) {
            Some(Value::Number(number)) if number.as_i64() == Some(0) => Ok(Some(0)),
            Some(Value::String(text)) if text == "0" => Ok(Some(0)),
            other => amount::read(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_and_forms_are_read_alike() {
        let json = Fields::read("application/json", br#"{"amount": 100, "email": "a@b.c"}"#);
        let form = Fields::read(
            "application/x-www-form-urlencoded; charset=utf-8",
            b"amount=100&email=a%40b.c",
        );
        for fields in [json.unwrap(), form.unwrap()] {
            assert_eq!(fields.amount("amount").unwrap(), Some(100));
            assert_eq!(fields.required("email").unwrap(), "a@b.c");
            assert_eq!(fields.text("label").unwrap(), None);
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for body in ["[1]", "{", "7"] {
            assert!(Fields::read("application/json", body.as_bytes()).is_err());
        }
        let fields = Fields::read("application/json", b"").unwrap();
        assert_eq!(
            fields.required("email").unwrap_err().name(),
            "missing_params"
        );
    }
}
