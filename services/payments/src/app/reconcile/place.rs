//! Places in ordered rows as text, for a run's position.

use chrono::DateTime;

use crate::app::Error;
use crate::store::reconciliation::ours::Place;

/// A place as text: microseconds since 1970, and the row's id.
pub(super) fn written(place: Place) -> String {
    format!("{}.{}", place.at.timestamp_micros(), place.id)
}

/// The place that a text means.
pub(super) fn read(text: &str) -> Result<Place, Error> {
    let parse = || {
        let (micros, id) = text.split_once('.')?;
        Some(Place {
            at: DateTime::from_timestamp_micros(micros.parse().ok()?)?,
            id: id.parse().ok()?,
        })
    };
    parse().ok_or_else(|| Error::Bug(format!("{text} is no place")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_read_back() {
        let place = Place {
            at: DateTime::from_timestamp_micros(-1_768_300_200_123_456).unwrap(),
            id: uuid::Uuid::from_u128(7),
        };
        assert_eq!(read(&written(place)).unwrap(), place);
        for bad in ["", "1", "1.", "x.y"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
