//! From records to rows: what the columns mean.

use common::ApiError;
use common::csv::RowError;
use uuid::Uuid;

use crate::app::import_stock::{Item, Row};
use crate::domain::change::ON_HAND_MAX;
use crate::domain::ids::VariantId;

/// The longest SKU, in characters.
const SKU_CHARS_MAX: usize = 100;
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

/// What a file may name.
pub(super) const COLUMNS: [&str; 5] = ["variantId", "sku", "onHand", "lowStockThreshold", "reason"];

/// What stands where.
#[derive(Debug)]
pub(super) struct Columns(Vec<&'static str>);

impl Columns {
    /// Checks that a header names enough of [`COLUMNS`].
    pub(super) fn of(header: Vec<&'static str>) -> Result<Self, ApiError> {
        let has = |column| header.contains(&column);
        if has("variantId") == has("sku") {
            return Err(ApiError::invalid(
                "header",
                "must name either variantId or sku",
            ));
        }
        if !has("onHand") && !has("lowStockThreshold") {
            return Err(ApiError::invalid(
                "header",
                "must name onHand or lowStockThreshold",
            ));
        }
        Ok(Self(header))
    }

    /// Reads a record after the first.
    pub(super) fn row(&self, number: u64, fields: Vec<String>) -> Result<Row, RowError> {
        if fields.len() != self.0.len() {
            let message = format!("must have {} columns", self.0.len());
            return Err(RowError::whole(number, &message));
        }
        let refuse = |field: &str, why: &str| RowError::of(number, field, why);
        let (mut item, mut on_hand, mut threshold, mut reason) = (None, None, None, None);
        for (column, text) in self.0.iter().zip(fields) {
            match *column {
                "variantId" => item = Some(variant(&text)),
                "sku" => item = Some(sku(text)),
                "onHand" => on_hand = number_of(&text).map_err(|why| refuse(column, &why))?,
                "lowStockThreshold" => {
                    threshold = number_of(&text).map_err(|why| refuse(column, &why))?;
                }
                _ if text.chars().count() > REASON_CHARS_MAX => {
                    let message = format!("must have at most {REASON_CHARS_MAX} characters");
                    return Err(refuse(column, &message));
                }
                _ => reason = Some(text).filter(|text| !text.is_empty()),
            }
        }
        let item = item.unwrap_or(Err(("sku", "is missing")));
        let item = item.map_err(|(field, why)| refuse(field, why))?;
        if on_hand.is_none() && threshold.is_none() {
            return Err(RowError::whole(number, "sets nothing"));
        }
        Ok(Row {
            number,
            item,
            on_hand,
            threshold,
            reason,
        })
    }
}

type Named = Result<Item, (&'static str, &'static str)>;

fn variant(text: &str) -> Named {
    let id = Uuid::try_parse(text).map_err(|_malformed| ("variantId", "must be a UUID"))?;
    Ok(Item::Variant(VariantId(id)))
}

fn sku(text: String) -> Named {
    if (1..=SKU_CHARS_MAX).contains(&text.chars().count()) {
        Ok(Item::Sku(text))
    } else {
        Err(("sku", "must have 1 to 100 characters"))
    }
}

/// An empty field leaves things as they are.
fn number_of(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    let number = text.parse().ok();
    match number.filter(|number| (0..=ON_HAND_MAX).contains(number)) {
        Some(number) => Ok(Some(number)),
        None => Err(format!("must be a whole number from 0 to {ON_HAND_MAX}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(line: &str) -> Vec<String> {
        line.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn a_header_names_an_item_and_something_to_set() {
        for good in [
            vec!["sku", "onHand"],
            vec!["variantId", "lowStockThreshold", "reason"],
        ] {
            assert!(Columns::of(good.clone()).is_ok(), "{good:?}");
        }
        for bad in [
            vec![],
            vec!["sku"],
            vec!["onHand"],
            vec!["sku", "variantId", "onHand"],
        ] {
            assert!(Columns::of(bad.clone()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_row_is_read_or_says_which_field_is_wrong() {
        let columns = Columns::of(vec!["sku", "onHand", "lowStockThreshold", "reason"]).unwrap();
        let row = columns.row(2, fields("LACE,7,,counted")).unwrap();
        assert_eq!((row.on_hand, row.threshold), (Some(7), None));
        assert_eq!(row.reason.as_deref(), Some("counted"));
        for (line, field) in [
            ("LACE,7", None),
            ("LACE,,,", None),
            (",7,,", Some("sku")),
            ("LACE,-1,,", Some("onHand")),
            ("LACE,1.5,,", Some("onHand")),
            ("LACE,1000000001,,", Some("onHand")),
            ("LACE,1,x,", Some("lowStockThreshold")),
        ] {
            let error = columns.row(3, fields(line)).unwrap_err();
            assert_eq!((error.row, error.field.as_deref()), (3, field), "{line}");
        }
    }
}
