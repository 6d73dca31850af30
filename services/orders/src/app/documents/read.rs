//! Documents for whoever may see them.

use common::crypto::{Place, Sealer};

use crate::app::Error;
use crate::domain::ids::OrderId;
use crate::startup::AppState;
use crate::store;
use crate::store::documents::DocumentRow;

/// Where contents and PDFs are stored; what is sealed for one place does not open in another.
pub(super) const CONTENT_COLUMN: &str = "documents.content";
pub(super) const PDF_COLUMN: &str = "documents.pdf";

/// A document to look at.
#[derive(Debug)]
pub(crate) struct Pdf {
    pub(crate) number: String,
    pub(crate) bytes: Vec<u8>,
}

/// An order's document with this number, or its invoice; once it is drawn.
pub(crate) async fn document_of(
    state: &AppState,
    order: OrderId,
    number: Option<&str>,
) -> Result<Pdf, Error> {
    let row = {
        let mut conn = state.db.get().await?;
        store::documents::drawn_of(&mut conn, order, number).await?
    };
    open(&state.sealer, row.ok_or(Error::NotFound("document"))?)
}

/// The number of an order's invoice, once it has one.
pub(crate) async fn number_of(state: &AppState, order: OrderId) -> Result<Option<String>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::documents::invoice_number(&mut conn, order).await?)
}

fn open(sealer: &Sealer, row: DocumentRow) -> Result<Pdf, Error> {
    let (Some(number), Some(sealed)) = (row.number, row.pdf) else {
        return Err(Error::NotFound("document"));
    };
    let place = Place {
        column: PDF_COLUMN,
        row: row.id,
    };
    Ok(Pdf {
        bytes: sealer.open(place, &sealed)?,
        number,
    })
}
