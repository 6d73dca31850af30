//! Places in lists that are ordered by time, newest first, as clients carry them from page to page.

use std::fmt::Display;
use std::str::FromStr;

use chrono::{DateTime, Datelike as _, Utc};
use common::ApiError;

use super::wants;

/// A place as text: microseconds since 1970, and what tells apart those of the same instant.
pub(super) fn write<T: Display>((at, which): (DateTime<Utc>, T)) -> String {
    format!("{}.{which}", at.timestamp_micros())
}

/// A place that was written before.
pub(super) fn read<T: FromStr>(text: Option<&str>) -> Result<Option<(DateTime<Utc>, T)>, ApiError> {
    let read = |text: &str| {
        let (micros, which) = text.split_once('.')?;
        let at = DateTime::from_timestamp_micros(micros.parse().ok()?)?;
        // PostgreSQL knows fewer years than we do, and refuses others loudly.
        let is_a_year_of_ours = (1970..=9999).contains(&at.year());
        is_a_year_of_ours.then_some(())?;
        Some((at, which.parse().ok()?))
    };
    let Some(text) = wants::given(text) else {
        return Ok(None);
    };
    let invalid = || ApiError::invalid("cursor", "is not a cursor of this list");
    read(text).map(Some).ok_or_else(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nonsense_is_refused() {
        let at = DateTime::from_timestamp_micros(1_768_300_200_123_456).unwrap();
        assert_eq!(read(Some(&write((at, 7_i64)))).unwrap(), Some((at, 7_i64)));
        assert_eq!(read::<i64>(Some(" ")).unwrap(), None);
        for bad in [
            "x",
            "1",
            "1.",
            ".1",
            "1.x",
            "99999999999999999999.1",
            // The years -7500 and 10000, and one microsecond before 1970.
            "-298839000000000000.1",
            "253402300800000000.1",
            "-1.1",
        ] {
            assert!(read::<i64>(Some(bad)).is_err(), "{bad}");
        }
    }
}
