//! What is heard of disputes. An open one holds the goods; what a lost one takes went back to the buyer, as by a refund, but brings
//! no goods back and changes no status.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel_async::{AsyncConnection as _, AsyncPgConnection};
use events::disputes::{DisputeOpened, DisputeOutcome, DisputeReminded, DisputeResolved};
use messaging::inbox::{self, Seen};
use messaging::{ConsumeError, Outcome, Received, Trail};
use money::{Amount, Currency, Money};

use super::Error;
use super::transition::{self, Actor};
use crate::domain::dispute::{self, Claim, DisputeStatus, Hold};
use crate::domain::ids::{DisputeId, OrderId, PaymentId};
use crate::startup::AppState;
use crate::store;
use crate::store::disputes::DisputeRow;
use crate::store::rows::{OrderRow, unwritable};

/// What every event about a dispute says.
struct Said {
    dispute: DisputeId,
    payment: PaymentId,
    order: OrderId,
    amount: Amount,
    currency: Currency,
    status: DisputeStatus,
    /// What it has taken by now.
    taken: Option<Amount>,
    due_at: Option<DateTime<Utc>>,
}

macro_rules! said {
    ($event:expr, $status:expr, $taken:expr, $due_at:expr) => {{
        let body = &$event.body;
        Said {
            dispute: DisputeId(body.dispute_id),
            payment: PaymentId(body.payment_id),
            order: OrderId(body.order_id),
            amount: body.amount,
            currency: body.currency,
            status: $status,
            taken: $taken,
            due_at: $due_at,
        }
    }};
}

/// A buyer's bank wants money back.
pub(crate) async fn hear_opened(
    state: &AppState,
    event: &Received<DisputeOpened>,
) -> Result<Outcome, ConsumeError> {
    let due_at = Some(event.body.due_at);
    hear(
        state,
        event,
        &said!(event, DisputeStatus::Open, None, due_at),
    )
    .await
}

/// A dispute is to be answered soon.
pub(crate) async fn hear_reminded(
    state: &AppState,
    event: &Received<DisputeReminded>,
) -> Result<Outcome, ConsumeError> {
    let due_at = Some(event.body.due_at);
    hear(
        state,
        event,
        &said!(event, DisputeStatus::Open, None, due_at),
    )
    .await
}

/// A dispute has ended.
pub(crate) async fn hear_resolved(
    state: &AppState,
    event: &Received<DisputeResolved>,
) -> Result<Outcome, ConsumeError> {
    let status = match event.body.outcome {
        DisputeOutcome::Won => DisputeStatus::Won,
        DisputeOutcome::Lost => DisputeStatus::Lost,
        DisputeOutcome::Accepted => DisputeStatus::Accepted,
        DisputeOutcome::AutoAccepted => DisputeStatus::AutoAccepted,
    };
    let taken = Some(event.body.taken);
    hear(state, event, &said!(event, status, taken, None)).await
}

async fn hear<E: Sync>(
    state: &AppState,
    event: &Received<E>,
    said: &Said,
) -> Result<Outcome, ConsumeError> {
    let trail = state.trail();
    let mut conn = state.work_db.get().await?;
    conn.transaction(async |conn| {
        if inbox::record(conn, event).await? == Seen::Before {
            return Ok(Outcome::Duplicate);
        }
        let order = store::orders::lock(conn, said.order).await?;
        let order = order.ok_or_else(|| ConsumeError::Hopeless("no such order".to_owned()))?;
        let known = store::disputes::find(conn, said.dispute).await?;
        let is_old = known
            .as_ref()
            .is_some_and(|known| known.version >= event.aggregate_version);
        // Paid by mistake in another currency, it is no payment of this order.
        if is_old || said.currency != order.currency().map_err(Error::from)? {
            return Ok(Outcome::Stale);
        }
        let version = event.aggregate_version;
        apply(conn, &trail, &order, known.as_ref(), (said, version)).await?;
        Ok(Outcome::Applied)
    })
    .await
}

async fn apply(
    conn: &mut AsyncPgConnection,
    trail: &Trail,
    order: &OrderRow,
    known: Option<&DisputeRow>,
    (said, version): (&Said, i64),
) -> Result<(), Error> {
    let zero = BigDecimal::from(0);
    let before = known.map_or(&zero, |known| &known.taken);
    let before = order.money(before)?;
    let taken = said
        .taken
        .map_or(before, |taken| taken.in_currency(said.currency));
    let amount = said.amount.in_currency(said.currency);
    let row = DisputeRow {
        dispute_id: said.dispute.0,
        order_id: order.id,
        payment_id: said.payment.0,
        amount: amount.to_decimal().map_err(unwritable)?,
        status: said.status.name().to_owned(),
        taken: taken.to_decimal().map_err(unwritable)?,
        due_at: said.due_at.or(known.and_then(|known| known.due_at)),
        version,
        updated_at: trail.now(),
    };
    store::disputes::note(conn, &row).await?;
    let more = taken.minor().saturating_sub(before.minor());
    if more != 0 {
        let of = (said.order, said.payment);
        let by = Money::from_minor(more, said.currency);
        store::disputes::move_back(conn, of, by).await?;
    }
    let is_news = known.is_none_or(|known| known.status != row.status);
    if is_news {
        let actor = Actor::system(said.status.in_words());
        transition::remark(conn, trail, order, actor).await?;
    }
    Ok(())
}

/// Whether disputes keep a locked order's goods in the house.
pub(super) async fn hold(
    conn: &mut AsyncPgConnection,
    order: &OrderRow,
) -> Result<Option<Hold>, Error> {
    let rows = store::disputes::of(conn, &[order.id]).await?;
    let claims = rows.iter().map(|row| {
        Ok(Claim {
            status: row.status()?,
            taken_minor: order.money(&row.taken)?.minor(),
        })
    });
    let claims = claims.collect::<Result<Vec<_>, Error>>()?;
    let attempts = store::payments::attempts_of(conn, order).await?;
    let settled = order.stage()?.settled_by;
    let back = attempts
        .iter()
        .find(|attempt| Some(attempt.payment) == settled)
        .map_or(0, |attempt| attempt.refunded_minor);
    let left = order.money(&order.total)?.minor().saturating_sub(back);
    Ok(dispute::hold(&claims, left))
}
