//! The merchant's own data about a transaction.
//!
//! Sent as an object, its scalars come back as texts; sent as the text of an object, they come back as they were.

use serde_json::Value;
use serde_json::value::RawValue;

/// Reads the field `metadata` of a request into what will be shown.
#[must_use]
pub fn read(value: Option<&Value>) -> Option<Box<RawValue>> {
    let shown = match value? {
        Value::Null => return None,
        Value::String(text) => match serde_json::from_str(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => inner,
            _ => Value::String(text.clone()),
        },
        sent @ (Value::Object(_) | Value::Array(_)) => texts(sent),
        other => other.clone(),
    };
    serde_json::value::to_raw_value(&shown).ok()
}

/// The same with every scalar as its text.
fn texts(value: &Value) -> Value {
    match value {
        Value::Null | Value::String(_) => value.clone(),
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        Value::Array(list) => list.iter().map(texts).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(name, field)| (name.clone(), texts(field)))
            .collect(),
    }
}

/// Where a customer who cancels is sent, if the merchant said so.
#[must_use]
pub fn cancel_action(metadata: Option<&RawValue>) -> Option<String> {
    let value: Value = serde_json::from_str(metadata?.get()).ok()?;
    value.get("cancel_action")?.as_str().map(str::to_owned)
}

/// What is shown instead, if a fault says so.
#[must_use]
pub fn replaced(other: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(other).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(sent: &Value) -> Option<Value> {
        read(Some(sent)).map(|raw| serde_json::from_str(raw.get()).unwrap())
    }

    #[test]
    fn an_object_loses_its_types_and_its_text_keeps_them() {
        let sent = json!({"n": 42, "b": true, "t": "x", "none": null, "in": {"list": [1, "2"]}});
        let texts =
            json!({"n": "42", "b": "true", "t": "x", "none": null, "in": {"list": ["1", "2"]}});
        assert_eq!(shown(&sent), Some(texts));
        assert_eq!(shown(&json!(sent.to_string())), Some(sent));
    }

    #[test]
    fn what_is_no_object_stays() {
        assert_eq!(shown(&json!("abc")), Some(json!("abc")));
        assert_eq!(shown(&json!("7")), Some(json!("7")));
        assert_eq!(shown(&json!(0)), Some(json!(0)));
        assert_eq!(shown(&Value::Null), None);
    }

    #[test]
    fn the_place_for_cancelling_is_found() {
        let raw = read(Some(&json!({"cancel_action": "https://shop.example/cart"})));
        let place = cancel_action(raw.as_deref());
        assert_eq!(place.as_deref(), Some("https://shop.example/cart"));
        for other in [json!("abc"), json!({}), json!([1]), json!(0)] {
            assert_eq!(
                cancel_action(read(Some(&other)).as_deref()),
                None,
                "{other}"
            );
        }
    }
}
