//! Places in lists that are ordered by day, newest first, as clients carry them from page to page.

use chrono::NaiveDate;
use common::ApiError;
use uuid::Uuid;

use super::wants;

/// A place as text: the day, and the id of what stands there.
pub(super) fn write((day, id): (NaiveDate, Uuid)) -> String {
    format!("{day}.{id}")
}

/// A place that was written before.
pub(super) fn read(text: Option<&str>) -> Result<Option<(NaiveDate, Uuid)>, ApiError> {
    let invalid = || ApiError::invalid("cursor", "is not a cursor of this list");
    let Some(text) = wants::given(text) else {
        return Ok(None);
    };
    let (day, id) = text.split_once('.').ok_or_else(invalid)?;
    let day = wants::date("cursor", Some(day))?.ok_or_else(invalid)?;
    let id = id.parse().map_err(|_malformed| invalid())?;
    Ok(Some((day, id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_nonsense_is_refused() {
        let place = (NaiveDate::from_ymd_opt(2026, 1, 13).unwrap(), Uuid::max());
        assert_eq!(read(Some(&write(place))).unwrap(), Some(place));
        assert_eq!(read(Some("")).unwrap(), None);
        let id = Uuid::max();
        for bad in [
            "x".to_owned(),
            format!(".{id}"),
            "2026-01-13.".to_owned(),
            "2026-01-13.x".to_owned(),
            format!("20260113.{id}"),
            format!("-7500-01-01.{id}"),
            format!("2026-02-30.{id}"),
        ] {
            assert!(read(Some(&bad)).is_err(), "{bad}");
        }
    }
}
