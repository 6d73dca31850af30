//! Reading fields: what is absent, what is empty, what is null.

use common::ApiError;
use serde::{Deserialize, Deserializer};

/// Tells `null` from absent: the outer `Some` says that the field was there.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(from).map(Some)
}

pub(super) fn yes() -> bool {
    true
}

/// A filter's text; an empty one counts as absent.
pub(super) fn given(text: Option<&String>) -> Option<&str> {
    let text = text.map(|text| text.trim());
    text.filter(|text| !text.is_empty())
}

/// A filter that is on, off or absent.
pub(super) fn flag(field: &str, text: Option<&String>) -> Result<Option<bool>, ApiError> {
    let flag = given(text).map(str::parse).transpose();
    flag.map_err(|_neither| ApiError::invalid(field, "must be true or false"))
}
