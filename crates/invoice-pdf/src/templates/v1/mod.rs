//! The first template: letterhead, a strip of dates and numbers, addresses, the table of lines, and the totals beside
//! a summary of the tax.

mod closing;
mod flow;
mod heading;
mod look;
mod table;
#[cfg(test)]
mod tests;

use crate::InvoiceDocument;
use crate::fonts::Fonts;
use crate::sheet::Page;

use closing::Closing;
use flow::Flow;

/// The pages of a document.
pub(super) fn lay_out(document: &InvoiceDocument, fonts: &Fonts) -> Vec<Page> {
    let mut flow = Flow::new(document, fonts);
    heading::draw(&mut flow);
    let closing = Closing::of(&flow);
    table::draw(&mut flow, closing.height());
    closing.draw(&mut flow);
    flow.finish()
}
