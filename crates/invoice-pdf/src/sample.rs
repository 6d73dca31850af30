//! Documents to try things with, from their JSON.

use money::Amount;

use crate::{InvoiceDocument, InvoiceLine};

/// A paid invoice of one page.
pub(crate) fn invoice() -> InvoiceDocument {
    serde_json::from_str(include_str!("../tests/data/invoice.json")).unwrap()
}

/// A credit note for a part of it.
pub(crate) fn credit_note() -> InvoiceDocument {
    serde_json::from_str(include_str!("../tests/data/credit_note.json")).unwrap()
}

/// The invoice with so many lines.
pub(crate) fn long_invoice(lines: usize) -> InvoiceDocument {
    let mut invoice = invoice();
    invoice.lines = invoice
        .lines
        .iter()
        .cycle()
        .take(lines)
        .enumerate()
        .map(|(index, line)| InvoiceLine {
            sku: format!("SKU-{index:04}"),
            ..line.clone()
        })
        .collect();
    invoice
}

/// So many hundredths.
pub(crate) fn amount(minor: i64) -> Amount {
    Amount::try_from_minor(minor).unwrap()
}
