//! Making PDFs from stored contents.

use std::collections::HashMap;
use std::sync::Arc;

use common::crypto::{Place, sha256};
use common::failpoint;
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{DocumentKind, InvoiceIssued};
use invoice_pdf::InvoiceDocument;
use messaging::Trail;
use uuid::Uuid;

use super::read::{CONTENT_COLUMN, PDF_COLUMN};
use crate::app::Error;
use crate::app::counters::Document;
use crate::startup::AppState;
use crate::store;
use crate::store::documents::DocumentRow;

/// Claimed at a time.
const BATCH: i64 = 16;

/// Draws one batch and tells of it; whether there may be more. Nothing is locked meanwhile.
pub(super) async fn draw_batch(state: &AppState) -> Result<bool, Error> {
    let rows = {
        let mut conn = state.work_db.get().await?;
        store::documents::claim_undrawn(&mut conn, BATCH).await?
    };
    let is_full = i64::try_from(rows.len()).is_ok_and(|count| count == BATCH);
    let mut drawn = Vec::with_capacity(rows.len());
    for row in rows {
        let id = row.id;
        match draw_apart(state, row).await {
            Ok(one) => drawn.push(one),
            // It must not hold up the others.
            Err(error) => {
                tracing::error!(cause = %error, document.id = %id, "a document could not be drawn; trying again");
            }
        }
    }
    if drawn.is_empty() {
        return Ok(false);
    }
    failpoint::reach("orders.document_drawn");
    let count = keep(state, drawn).await?;
    state.counters.documents(Document::Drawn, count);
    Ok(is_full)
}

/// On a thread where nobody waits for requests; a panic there is only this document's.
async fn draw_apart(state: &AppState, row: DocumentRow) -> Result<Drawn, Error> {
    let sealer = Arc::clone(&state.sealer);
    let drawing = tokio::task::spawn_blocking(move || draw(&sealer, &row));
    let drawn = drawing.await;
    drawn.map_err(|error| Error::Bug(format!("drawing it broke off: {error}")))?
}

/// Stores the PDFs and tells of those that were not there yet; answers how many.
async fn keep(state: &AppState, drawn: Vec<Drawn>) -> Result<usize, Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let (ids, pdfs) = drawn.iter().map(|one| (one.id, one.sealed.clone())).unzip();
        let added = store::documents::add_pdfs(conn, ids, pdfs).await?;
        tell(
            conn,
            &trail,
            drawn.iter().filter(|one| added.contains(&one.id)),
        )
        .await?;
        Ok(added.len())
    })
    .await
}

async fn tell(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    drawn: impl Iterator<Item = &Drawn> + Clone,
) -> Result<(), Error> {
    let orders: Vec<Uuid> = drawn.clone().map(|one| one.event.order_id).collect();
    let orders = store::orders::find_all(conn, &orders).await?;
    let buyers: HashMap<_, _> = orders.iter().map(|row| (row.id, row.user_id)).collect();
    let events = drawn.map(|one| {
        let user_id = buyers.get(&one.event.order_id).copied();
        let event = InvoiceIssued {
            user_id: user_id.unwrap_or(one.event.user_id),
            ..one.event.clone()
        };
        (event, 1)
    });
    trail.events(conn, events).await?;
    Ok(())
}

/// A PDF, and what is said of it.
struct Drawn {
    id: Uuid,
    sealed: Vec<u8>,
    event: InvoiceIssued,
}

fn draw(sealer: &common::crypto::Sealer, row: &DocumentRow) -> Result<Drawn, Error> {
    let (Some(content), Some(hash)) = (&row.content, &row.content_hash) else {
        return Err(Error::Bug(format!("document {} is not issued", row.id)));
    };
    let place = |column| Place {
        column,
        row: row.id,
    };
    let content = sealer.open(place(CONTENT_COLUMN), content)?;
    if sha256(&content) != hash.as_slice() {
        return Err(Error::Bug(format!(
            "document {} is not what was issued",
            row.id
        )));
    }
    let document: InvoiceDocument = serde_json::from_slice(&content)
        .map_err(|error| Error::Bug(format!("document {} is unreadable: {error}", row.id)))?;
    let pdf = invoice_pdf::render(&document).map_err(|error| Error::Bug(error.to_string()))?;
    Ok(Drawn {
        id: row.id,
        sealed: sealer.seal(place(PDF_COLUMN), &pdf)?,
        event: event_of(row, &document),
    })
}

fn event_of(row: &DocumentRow, document: &InvoiceDocument) -> InvoiceIssued {
    InvoiceIssued {
        order_id: row.order_id,
        // The order's, which is looked up.
        user_id: Uuid::nil(),
        invoice_id: row.id,
        kind: match row.kind.as_str() {
            "invoice" => DocumentKind::Invoice,
            _ => DocumentKind::CreditNote,
        },
        number: document.number.clone(),
        total: document.total,
        currency: document.currency,
    }
}
