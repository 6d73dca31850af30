//! Invoices, credit notes and statements as PDF.
//!
//! [`render`] prints an [`InvoiceDocument`], to the same bytes each time: it reads no clock, file or network. A document
//! names the template that it is printed with, so that an old invoice, kept as JSON, comes out as it was issued.
//!
//! It adds nothing up, looks nothing up and keeps nothing; whoever issues invoices does. Start reading at `templates`:
//! a template places texts on a `sheet`, `fonts` measures them, and `pdf` draws what came of it.

#![forbid(unsafe_code)]

mod amount_text;
mod document;
mod fonts;
mod pdf;
mod printable;
#[cfg(test)]
mod sample;
mod sheet;
mod statement;
mod templates;
mod wrap;

use uuid::Uuid;

pub use document::{
    Buyer, DocumentKind, InvoiceDocument, InvoiceLine, OrderDiscount, Payment, Seller, Shipping,
    TaxLine,
};

pub use statement::{Section, StatementDocument, render_statement};

/// The template for documents issued now.
pub const TEMPLATE_VERSION: u16 = 1;

/// Why a document cannot be printed.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// It was issued with a template that this release does not know.
    #[error("there is no template {0}; this release has 1 to {TEMPLATE_VERSION}")]
    UnknownTemplate(u16),
    /// It is a credit note and does not say for which invoice.
    #[error("a credit note must name the invoice that it corrects")]
    NoCorrectedInvoice,
    /// The fonts in this build are damaged.
    #[error("the embedded fonts cannot be read")]
    Fonts,
    /// It has no JSON form to take its id from.
    #[error("the document cannot be written as JSON")]
    Content(#[source] serde_json::Error),
    /// The PDF library refused.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// Prints a document. Equal documents become equal bytes, at any time and in any thread.
///
/// That holds for one build. Another may pack the same page into other bytes, if the compressor behind it is another;
/// what the page looks like follows from the document alone.
///
/// # Errors
/// A template that this release does not have, or a credit note without its invoice. The rest would be a fault of
/// this build.
pub fn render(document: &InvoiceDocument) -> Result<Vec<u8>, RenderError> {
    let fonts = fonts::Fonts::embedded().ok_or(RenderError::Fonts)?;
    let pages = templates::lay_out(document, fonts)?;
    let about = pdf::About {
        title: fonts.printable(&templates::title(document)),
        author: fonts.printable(&document.seller.name),
        created_on: document.issued_on,
        id: content_id(document)?,
    };
    pdf::draw(&pages, &about, fonts)
}

/// An id that follows from what the document says.
fn content_id(document: &InvoiceDocument) -> Result<Uuid, RenderError> {
    let content = serde_json::to_vec(document).map_err(RenderError::Content)?;
    Ok(Uuid::new_v5(&Uuid::NAMESPACE_OID, &content))
}
