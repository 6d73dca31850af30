//! What others ask: payments, refunds, and what people have to look at.

use chrono::{DateTime, Utc};
use common::paging::{Page, Pagination};
use uuid::Uuid;

use super::{Error, PAYMENT, confirm};
use crate::domain::ids::{OrderId, PaymentId, UserId};
use crate::domain::reference::Reference;
use crate::startup::AppState;
use crate::store;
use crate::store::attention::{ItemFilter, ItemRow};
use crate::store::payments::{Payment, PaymentFilter};
use crate::store::refunds::{Refund, RefundFilter};

/// Whose payments somebody may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// Everybody's.
    All,
    /// Their own.
    Own(UserId),
}

impl Sight {
    fn shows(self, payment: &Payment) -> bool {
        match self {
            Self::All => true,
            Self::Own(user) => payment.user == Some(user),
        }
    }
}

/// How a payment is named.
#[derive(Debug, Clone)]
pub(crate) enum Named {
    /// By its id.
    Id(PaymentId),
    /// By its name at the provider.
    Reference(Reference),
}

/// A payment that somebody may see.
pub(crate) async fn get_payment(
    state: &AppState,
    sight: Sight,
    named: &Named,
) -> Result<Payment, Error> {
    let mut conn = state.db.get().await?;
    let found = match named {
        Named::Id(id) => store::payments::find(&mut conn, *id).await?,
        Named::Reference(reference) => {
            store::payments::find_by_reference(&mut conn, reference).await?
        }
    };
    found
        .filter(|payment| sight.shows(payment))
        .ok_or(Error::NotFound(PAYMENT))
}

/// A payment that somebody may see, after the provider was asked about it, now or a moment ago.
pub(crate) async fn verify_payment(
    state: &AppState,
    sight: Sight,
    named: &Named,
) -> Result<Payment, Error> {
    let payment = get_payment(state, sight, named).await?;
    if !state.recently.may_ask(payment.id, state.clock.now()) {
        return Ok(payment);
    }
    Ok(confirm::confirm(state, &state.db, payment).await?.payment)
}

/// One page of payments that somebody may see, newest first.
pub(crate) async fn list_payments(
    state: &AppState,
    sight: Sight,
    filter: PaymentFilter,
    page: Page,
) -> Result<(Vec<Payment>, Pagination), Error> {
    let user = match sight {
        Sight::All => None,
        Sight::Own(user) => Some(user),
    };
    let filter = PaymentFilter { user, ..filter };
    let mut conn = state.db.get().await?;
    let (payments, total) = store::payments::list(&mut conn, &filter, page).await?;
    Ok((payments, page.of_total(total)))
}

/// All attempts to pay an order, newest first.
pub(crate) async fn payments_of_order(
    state: &AppState,
    order: OrderId,
) -> Result<Vec<Payment>, Error> {
    let mut conn = state.db.get().await?;
    Ok(store::payments::of_order(&mut conn, order).await?)
}

/// One page of refunds, newest first.
pub(crate) async fn list_refunds(
    state: &AppState,
    filter: &RefundFilter,
    page: Page,
) -> Result<(Vec<Refund>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (refunds, total) = store::refunds::list(&mut conn, filter, page).await?;
    Ok((refunds, page.of_total(total)))
}

/// Some of what people have to look at, newest first, and where the next ones begin.
pub(crate) async fn list_attention(
    state: &AppState,
    filter: &ItemFilter,
    limit: usize,
) -> Result<(Vec<ItemRow>, Option<(DateTime<Utc>, Uuid)>), Error> {
    let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut conn = state.db.get().await?;
    let mut rows = store::attention::list(&mut conn, filter, one_more).await?;
    let has_more = rows.len() > limit;
    rows.truncate(limit);
    let last = rows.last().filter(|_| has_more);
    let next = last.map(|row| (row.opened_at, row.id));
    Ok((rows, next))
}

/// One thing that people have to look at.
pub(crate) async fn get_attention(state: &AppState, id: Uuid) -> Result<ItemRow, Error> {
    let mut conn = state.db.get().await?;
    let found = store::attention::find(&mut conn, id).await?;
    found.ok_or(Error::NotFound("attention item"))
}
