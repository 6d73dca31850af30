//! Giving due documents their numbers and fixing what they say.

use std::collections::HashMap;

use chrono::Datelike as _;
use common::crypto::{Place, sha256};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use invoice_pdf::{InvoiceDocument, TEMPLATE_VERSION};
use messaging::Trail;

use super::content;
use super::read::CONTENT_COLUMN;
use crate::app::Error;
use crate::app::counters::Document;
use crate::startup::AppState;
use crate::store;
use crate::store::documents::{Due, Issued, Kind};
use crate::store::rows::OrderRow;

/// Issued in one transaction: whoever issues the next batch waits for the counter meanwhile.
const BATCH: i64 = 64;

/// Issues one batch of each kind; whether there may be more. Invoices come first, as credit notes wait for them.
pub(super) async fn issue_batch(state: &AppState) -> Result<bool, Error> {
    let mut may_be_more = false;
    for kind in [Kind::Invoice, Kind::CreditNote] {
        let (issued, is_full) = issue_kind(state, kind).await?;
        state.counters.documents(Document::Issued, issued);
        may_be_more |= is_full && issued > 0;
    }
    Ok(may_be_more)
}

/// How many were issued, and whether as many were due as go in a batch.
async fn issue_kind(state: &AppState, kind: Kind) -> Result<(usize, bool), Error> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        let due = store::documents::lock_due(conn, kind, BATCH).await?;
        let is_full = i64::try_from(due.len()).is_ok_and(|count| count == BATCH);
        if due.is_empty() {
            return Ok((0, is_full));
        }
        let drafts = drafts(conn, state, &trail, kind, &due).await?;
        let count = drafts.len();
        if count > 0 {
            number_and_write(conn, state, &trail, kind, drafts).await?;
        }
        Ok((count, is_full))
    })
    .await
}

/// What each document says, without its number.
async fn drafts(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    trail: &Trail,
    kind: Kind,
    due: &[Due],
) -> Result<Vec<(Due, InvoiceDocument)>, Error> {
    let ids: Vec<_> = due.iter().map(|due| due.order_id).collect();
    let orders = store::orders::find_all(conn, &ids).await?;
    let orders: HashMap<_, OrderRow> = orders.into_iter().map(|row| (row.id, row)).collect();
    let mut lines: HashMap<_, Vec<_>> = HashMap::new();
    for line in store::orders::lines_of(conn, &ids).await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let settled: Vec<_> = orders
        .values()
        .filter_map(|row| row.settled_payment_id)
        .collect();
    let payments = store::payments::how(conn, &settled).await?;
    let payments: HashMap<_, _> = payments
        .into_iter()
        .map(|how| (how.payment_id, how))
        .collect();
    let mut drafts = Vec::with_capacity(due.len());
    for due in due {
        let order = orders.get(&due.order_id);
        let order = order.ok_or_else(|| Error::Bug("a document without an order".to_owned()))?;
        let lines = lines.get(&due.order_id).map_or(&[][..], Vec::as_slice);
        let source = content::Source {
            settings: &state.settings,
            sealer: &state.sealer,
            order,
            lines,
            payments: &payments,
            now: trail.now(),
        };
        let document = match kind {
            Kind::Invoice => content::invoice(&source),
            Kind::CreditNote => content::credit_note(conn, &source, due).await,
        };
        match document {
            Ok(document) => drafts.push((due.clone(), document)),
            Err(Error::Db(error)) => return Err(error.into()),
            // It must not hold up the others.
            Err(error) => {
                tracing::error!(cause = %error, document.id = %due.id, order.id = %due.order_id,
                    "a document could not be issued; trying again");
            }
        }
    }
    Ok(drafts)
}

/// The counter comes last: everybody who issues waits for it.
async fn number_and_write(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    trail: &Trail,
    kind: Kind,
    drafts: Vec<(Due, InvoiceDocument)>,
) -> Result<(), Error> {
    let year = trail.now().with_timezone(&state.settings.time_zone).year();
    let count = i64::try_from(drafts.len()).unwrap_or(BATCH);
    let first = store::documents::take_numbers(conn, kind, year, count).await?;
    let mut issued = Vec::with_capacity(drafts.len());
    for ((due, mut document), sequence) in drafts.into_iter().zip(first..) {
        document.number = format!("{}-{year}-{sequence:06}", kind.series());
        // The fields of a struct are always written in one order, so equal contents have equal bytes.
        let json = serde_json::to_vec(&document).map_err(|error| Error::Bug(error.to_string()))?;
        let place = Place {
            column: CONTENT_COLUMN,
            row: due.id,
        };
        issued.push(Issued {
            id: due.id,
            sequence,
            number: document.number,
            content: state.sealer.seal(place, &json)?,
            content_hash: sha256(&json).to_vec(),
        });
    }
    let template = i32::from(TEMPLATE_VERSION);
    store::documents::issue(conn, (kind, year), template, trail.now(), issued).await?;
    Ok(())
}
