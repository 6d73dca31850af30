//! Reading the fields of a mail from JSON. `null` counts as absent; fields nobody knows are tolerated.

use serde_json::{Map, Value};

use super::address;
use super::error::Refusal;

/// Addresses in one field at most.
const RECIPIENTS_MAX: usize = 50;

/// The fields of a JSON object.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    /// The fields of `value`.
    ///
    /// # Errors
    /// It is no object.
    pub fn of(value: &'a Value) -> Result<Self, Refusal> {
        let object = value.as_object();
        object
            .map(Self)
            .ok_or_else(|| Refusal::invalid("An email must be a JSON object."))
    }

    /// A field that is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text; an empty one counts as absent.
    ///
    /// # Errors
    /// The field is no text.
    pub fn text(&self, name: &str) -> Result<Option<String>, Refusal> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok((!text.is_empty()).then(|| text.clone())),
            Some(_) => Err(Refusal::invalid(format!(
                "The `{name}` field must be a `string`."
            ))),
        }
    }

    /// One address or a list of them, as they were written.
    ///
    /// # Errors
    /// One is no address, or there are too many.
    pub fn addresses(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let list = match self.get(name) {
            None => return Ok(Vec::new()),
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect(),
            Some(value) => Some(value.as_str().into_iter().collect()),
        };
        let list: Vec<&str> = list.ok_or_else(|| invalid_address(name))?;
        if list.len() > RECIPIENTS_MAX {
            return Err(Refusal::invalid(format!(
                "The `{name}` field must not have more than {RECIPIENTS_MAX} recipients."
            )));
        }
        let is_good = |text: &&str| address::bare(text).is_some();
        // Neither a text nor a list: a number, say.
        let is_neither = list.is_empty() && !self.get(name).is_some_and(Value::is_array);
        if is_neither || !list.iter().all(is_good) {
            return Err(invalid_address(name));
        }
        Ok(list.into_iter().map(str::to_owned).collect())
    }

    /// The elements of a list; none if it is absent.
    ///
    /// # Errors
    /// The field is no list.
    pub fn list(&self, name: &str) -> Result<&'a [Value], Refusal> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(_) => Err(Refusal::invalid(format!(
                "The `{name}` field must be an `array`."
            ))),
        }
    }

    /// The texts of an object; none if it is absent.
    ///
    /// # Errors
    /// The field is no object of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<(String, String)>, Refusal> {
        let problem =
            || Refusal::invalid(format!("The `{name}` field must be an object of strings."));
        let Some(value) = self.get(name) else {
            return Ok(Vec::new());
        };
        let object = value.as_object().ok_or_else(problem)?;
        let pair = |(key, value): (&String, &Value)| {
            let text = value.as_str().ok_or_else(problem)?;
            Ok((key.clone(), text.to_owned()))
        };
        object.iter().map(pair).collect()
    }
}

/// 422: the vendor's sentence about addresses.
pub fn invalid_address(field: &str) -> Refusal {
    Refusal::invalid(format!(
        "Invalid `{field}` field. The email address needs to follow the `email@example.com` or \
         `Name <email@example.com>` format."
    ))
}
