//! What is heard of refunds, and what a processed one makes of its order.

use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::orders::{OrderRefunded, OrderedLine, RestockRequested};
use events::payments::{RefundFailed, RefundNeedsAttention, RefundProcessed, RefundRequested};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail};
use money::{Amount, Currency};
use uuid::Uuid;

use super::Error;
use super::transition::{self, Actor};
use crate::domain::ids::{LineId, OrderId, PaymentId, RefundId, VariantId};
use crate::domain::restock::{self, SoldLine};
use crate::domain::status::{Change, Command, OrderStatus};
use crate::startup::AppState;
use crate::store;
use crate::store::payments::{HeardRefund, RefundStatus};
use crate::store::rows::OrderRow;

/// What every event about a refund says.
struct Said<'a> {
    refund: RefundId,
    payment: PaymentId,
    order: OrderId,
    amount: Amount,
    currency: Currency,
    status: RefundStatus,
    /// What is to go back on the shelf, if it was said.
    restock: Option<&'a [events::payments::RestockedLine]>,
}

macro_rules! said {
    ($event:expr, $status:ident, $restock:expr) => {{
        let body = &$event.body;
        Said {
            refund: RefundId(body.refund_id),
            payment: PaymentId(body.payment_id),
            order: OrderId(body.order_id),
            amount: body.amount,
            currency: body.currency,
            status: RefundStatus::$status,
            restock: $restock,
        }
    }};
}

/// A refund is decided.
pub(crate) async fn hear_requested(
    state: &AppState,
    event: &Received<RefundRequested>,
) -> Result<Outcome, ConsumeError> {
    hear(state, event, &said!(event, Requested, None)).await
}

/// A refund waits for somebody.
pub(crate) async fn hear_needs_attention(
    state: &AppState,
    event: &Received<RefundNeedsAttention>,
) -> Result<Outcome, ConsumeError> {
    hear(state, event, &said!(event, NeedsAttention, None)).await
}

/// A refund has come to nothing.
pub(crate) async fn hear_failed(
    state: &AppState,
    event: &Received<RefundFailed>,
) -> Result<Outcome, ConsumeError> {
    hear(state, event, &said!(event, Failed, None)).await
}

/// A refund has reached the buyer.
pub(crate) async fn hear_processed(
    state: &AppState,
    event: &Received<RefundProcessed>,
) -> Result<Outcome, ConsumeError> {
    let restock = event.body.restock.as_deref();
    hear(state, event, &said!(event, Processed, restock)).await
}

async fn hear<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    said: &Said<'_>,
) -> Result<Outcome, ConsumeError> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    let outcome = conn
        .transaction(async |conn| {
            if inbox::record(conn, event).await? == Seen::Before {
                return Ok(Outcome::Duplicate);
            }
            let order = store::orders::lock(conn, said.order).await?;
            let order = order.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
            let known = store::payments::refund_status(conn, said.refund).await?;
            if known.is_some_and(|known| known >= said.status) {
                return Ok(Outcome::Stale);
            }
            store::payments::note_refund(conn, &heard(said)).await?;
            if said.status == RefundStatus::Processed {
                process(conn, &trail, &order, said).await?;
            }
            Ok(Outcome::Applied)
        })
        .await;
    if matches!(outcome, Ok(Outcome::Applied)) {
        state.documents_due.notify_one();
    }
    outcome
}

fn heard(said: &Said<'_>) -> HeardRefund {
    HeardRefund {
        refund: said.refund,
        order: said.order,
        payment: said.payment,
        amount: said.amount.in_currency(said.currency),
        status: said.status,
    }
}

/// Money went back. Only that of the payment which settled the order changes what the order is.
async fn process(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    said: &Said<'_>,
) -> Result<(), ConsumeError> {
    if said.currency != order.currency().map_err(Error::from)? {
        // Paid by mistake, and never for this order's total.
        return Ok(());
    }
    store::payments::add_refunded(conn, &heard(said)).await?;
    let stage = order.stage().map_err(Error::from)?;
    if stage.settled_by != Some(said.payment) {
        transition::to_stage(conn, trail, order, stage, Actor::system("")).await?;
        return Ok(());
    }
    let is_whole = is_whole(conn, order, said.payment).await?;
    let next = match stage.after(Command::Refund) {
        Ok(Change::To(next)) if is_whole => next,
        _ => stage,
    };
    let actor = Actor::system("paid back");
    let version = transition::to_stage(conn, trail, order, next, actor).await?;
    put_back(conn, trail, order, said, is_whole, version).await?;
    if stage.status != OrderStatus::PaidUnallocated {
        credit(conn, trail, order, said.refund).await?;
    }
    if next.status == OrderStatus::Refunded && stage.status != OrderStatus::Refunded {
        let event = OrderRefunded {
            order_id: order.id,
            user_id: order.user_id,
            total: amount_of(order)?,
            currency: said.currency,
        };
        trail.event(conn, &event, version).await?;
    }
    Ok(())
}

/// A credit note takes back what the invoice says, and nothing beyond it.
async fn credit(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    refund: RefundId,
) -> Result<(), Error> {
    let credited = store::documents::credited(conn, OrderId(order.id), None).await?;
    if credited < order.total {
        let id = OrderId(order.id);
        store::documents::make_credit_note_due(conn, id, refund, trail.now()).await?;
    }
    Ok(())
}

fn amount_of(order: &OrderRow) -> Result<Amount, Error> {
    let total = order.money(&order.total)?;
    Amount::try_from(total.amount()).map_err(|error| Error::Bug(error.to_string()))
}

/// Whether all that the order came to has gone back by now.
async fn is_whole(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
    payment: PaymentId,
) -> Result<bool, Error> {
    let attempts = store::payments::attempts_of(conn, order).await?;
    let total = order.money(&order.total)?.minor();
    let kept = attempts.iter().find(|attempt| attempt.payment == payment);
    Ok(kept.is_some_and(|attempt| attempt.refunded_minor >= total))
}

/// Asks inventory to put back what the refund brings back.
async fn put_back(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    said: &Said<'_>,
    is_whole: bool,
    version: i64,
) -> Result<(), Error> {
    let lines = store::orders::lines_of(conn, &[order.id]).await?;
    let sold: Vec<SoldLine> = lines
        .iter()
        .map(|line| SoldLine {
            line: LineId(line.id),
            variant: VariantId(line.variant_id),
            quantity: i64::from(line.quantity),
        })
        .collect();
    let named: Option<Vec<(LineId, i64)>> = said.restock.map(|named| {
        let named = named.iter();
        named
            .map(|line| (LineId(line.line_id), line.quantity))
            .collect()
    });
    let back = restock::coming_back(order.status()?, &sold, named.as_deref(), is_whole);
    if back.is_empty() {
        return Ok(());
    }
    let event = RestockRequested {
        order_id: order.id,
        refund_id: said.refund.0,
        lines: back.into_iter().map(ordered_line).collect(),
    };
    trail.event(conn, &event, version).await?;
    Ok(())
}

fn ordered_line((variant, quantity): (VariantId, i64)) -> OrderedLine {
    let variant_id: Uuid = variant.0;
    OrderedLine {
        variant_id,
        quantity,
    }
}
