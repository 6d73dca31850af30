//! Filters and short texts, as clients write them.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use common::ApiError;

/// An empty filter counts as absent.
pub(super) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// A filter that is parsed.
pub(super) fn parsed<T>(field: &str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T: FromStr,
    T::Err: Display,
{
    given(text)
        .map(str::parse)
        .transpose()
        .map_err(|error: T::Err| ApiError::invalid(field, error.to_string()))
}

/// A time: RFC 3339.
pub(super) fn time(field: &str, text: Option<&str>) -> Result<Option<DateTime<Utc>>, ApiError> {
    let parse = |text: &str| {
        DateTime::parse_from_rfc3339(text)
            .map(|time| time.with_timezone(&Utc))
            .map_err(|_malformed| {
                ApiError::invalid(field, "must be a time such as 2026-01-13T10:30:00Z")
            })
    };
    given(text).map(parse).transpose()
}

/// A day: ISO 8601.
pub(super) fn date(field: &str, text: Option<&str>) -> Result<Option<NaiveDate>, ApiError> {
    let parse = |text: &str| {
        NaiveDate::parse_from_str(text, "%Y-%m-%d")
            // PostgreSQL knows fewer years than we do, and refuses others loudly.
            .ok()
            .filter(|date| (1970..=9999).contains(&date.year()))
            .ok_or_else(|| ApiError::invalid(field, "must be a day such as 2026-01-13"))
    };
    given(text).map(parse).transpose()
}

/// A filter that is true or false.
pub(super) fn flag(field: &str, text: Option<&str>) -> Result<Option<bool>, ApiError> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_neither| ApiError::invalid(field, "must be true or false"))
    };
    given(text).map(parse).transpose()
}

/// A currency by its code, which may be none of the shop's.
pub(super) fn currency(field: &str, text: Option<&str>) -> Result<Option<String>, ApiError> {
    let parse = |text: &str| {
        let is_code = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        is_code
            .then(|| text.to_owned())
            .ok_or_else(|| ApiError::invalid(field, "must be a currency such as NGN"))
    };
    given(text).map(parse).transpose()
}

/// Text that says something, in one piece.
pub(super) fn plain_text(field: &str, text: &str) -> Result<String, ApiError> {
    let text = text.trim();
    let is_text = !text.is_empty() && !text.chars().any(char::is_control);
    if is_text {
        Ok(text.to_owned())
    } else {
        Err(ApiError::invalid(field, "must be plain text"))
    }
}
