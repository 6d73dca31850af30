//! From records to rows: what the columns mean.

use common::ApiError;
use uuid::Uuid;

use crate::app::import_stock::{Item, Row, RowError};
use crate::domain::change::ON_HAND_MAX;
use crate::domain::ids::VariantId;

/// The longest SKU, in characters.
const SKU_CHARS_MAX: usize = 100;
/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    VariantId,
    Sku,
    OnHand,
    LowStockThreshold,
    Reason,
}

/// What stands where.
#[derive(Debug)]
pub(super) struct Columns(Vec<Column>);

impl Columns {
    /// Reads the first record.
    pub(super) fn parse(header: &[String]) -> Result<Self, ApiError> {
        let refuse = |message: String| ApiError::invalid("header", message);
        let mut columns = Vec::with_capacity(header.len());
        for name in header {
            // What some spreadsheets write before the first name.
            let column = match name.trim_start_matches('\u{feff}') {
                "variantId" => Column::VariantId,
                "sku" => Column::Sku,
                "onHand" => Column::OnHand,
                "lowStockThreshold" => Column::LowStockThreshold,
                "reason" => Column::Reason,
                _ => {
                    return Err(refuse(
                        "must name columns of variantId, sku, onHand, lowStockThreshold, reason"
                            .to_owned(),
                    ));
                }
            };
            if columns.contains(&column) {
                return Err(refuse(format!("names {name} twice")));
            }
            columns.push(column);
        }
        let one_of = |one, other| columns.contains(&one) || columns.contains(&other);
        if columns.contains(&Column::VariantId) == columns.contains(&Column::Sku) {
            return Err(refuse("must name either variantId or sku".to_owned()));
        }
        if !one_of(Column::OnHand, Column::LowStockThreshold) {
            return Err(refuse("must name onHand or lowStockThreshold".to_owned()));
        }
        Ok(Self(columns))
    }

    /// Reads a record after the first.
    pub(super) fn row(&self, number: u64, fields: Vec<String>) -> Result<Row, RowError> {
        let refuse = |field: Option<&'static str>, message: String| RowError {
            row: number,
            field,
            message,
        };
        if fields.len() != self.0.len() {
            let message = format!("must have {} columns", self.0.len());
            return Err(refuse(None, message));
        }
        // PostgreSQL has none.
        if fields.iter().any(|text| text.contains('\0')) {
            return Err(refuse(None, "must not contain NUL characters".to_owned()));
        }
        let (mut item, mut on_hand, mut threshold, mut reason) = (None, None, None, None);
        for (column, text) in self.0.iter().zip(fields) {
            match column {
                Column::VariantId => item = Some(variant(&text)),
                Column::Sku => item = Some(sku(text)),
                Column::OnHand => {
                    on_hand = number_of(&text).map_err(|why| refuse(Some("onHand"), why))?;
                }
                Column::LowStockThreshold => {
                    let read = number_of(&text);
                    threshold = read.map_err(|why| refuse(Some("lowStockThreshold"), why))?;
                }
                Column::Reason if text.chars().count() > REASON_CHARS_MAX => {
                    let message = format!("must have at most {REASON_CHARS_MAX} characters");
                    return Err(refuse(Some("reason"), message));
                }
                Column::Reason => reason = Some(text).filter(|text| !text.is_empty()),
            }
        }
        let item = item.unwrap_or(Err(("sku", "is missing")));
        let item = item.map_err(|(field, why)| refuse(Some(field), why.to_owned()))?;
        if on_hand.is_none() && threshold.is_none() {
            return Err(refuse(None, "sets nothing".to_owned()));
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
    fn a_header_names_each_column_once_and_enough_of_them() {
        for good in ["sku,onHand", "\u{feff}variantId,lowStockThreshold,reason"] {
            assert!(Columns::parse(&fields(good)).is_ok(), "{good}");
        }
        for bad in [
            "",
            "sku",
            "onHand",
            "sku,variantId,onHand",
            "sku,onHand,onHand",
            "SKU,onHand",
            "sku,onHand,price",
        ] {
            assert!(Columns::parse(&fields(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_row_is_read_or_says_which_field_is_wrong() {
        let columns = Columns::parse(&fields("sku,onHand,lowStockThreshold,reason")).unwrap();
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
            assert_eq!((error.row, error.field), (3, field), "{line}");
        }
    }
}
