//! One module for each look that documents were ever issued with.
//!
//! A template that has issued documents is not touched again; a new look is a new module and a new
//! [`TEMPLATE_VERSION`](crate::TEMPLATE_VERSION).

mod v1;

use crate::fonts::Fonts;
use crate::sheet::Page;
use crate::{DocumentKind, InvoiceDocument, RenderError};

/// The pages of a document, in the look that it was issued with.
///
/// # Errors
/// An unknown template, or a credit note without its invoice.
pub(crate) fn lay_out(document: &InvoiceDocument, fonts: &Fonts) -> Result<Vec<Page>, RenderError> {
    if document.kind == DocumentKind::CreditNote && document.corrects_number.is_none() {
        return Err(RenderError::NoCorrectedInvoice);
    }
    match document.template_version {
        1 => Ok(v1::lay_out(document, fonts)),
        unknown => Err(RenderError::UnknownTemplate(unknown)),
    }
}

/// What a document is called in a window's title and on its second page.
pub(crate) fn title(document: &InvoiceDocument) -> String {
    let kind = match document.kind {
        DocumentKind::Invoice => "Invoice",
        DocumentKind::CreditNote => "Credit note",
    };
    format!("{kind} {}", document.number)
}
