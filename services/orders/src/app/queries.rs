//! What others ask: orders, lists of them, what is due.

use common::paging::{Page, Pagination};
use diesel_async::AsyncPgConnection;

use super::Error;
use super::contact::{Contact, email_index};
use crate::domain::ids::{OrderId, UserId};
use crate::domain::number::OrderNumber;
use crate::domain::status::OrderStatus;
use crate::startup::AppState;
use crate::store;
use crate::store::disputes::DisputeRow;
use crate::store::listing::{Filter, Search};
use crate::store::rows::{HistoryRow, LineRow, OrderRow};
use crate::store::whole::WholeOrder;

/// An order with everything that belongs to it.
#[derive(Debug, Clone)]
pub(crate) struct OrderView {
    pub(crate) order: OrderRow,
    pub(crate) lines: Vec<LineRow>,
    pub(crate) history: Vec<HistoryRow>,
    /// Oldest first.
    pub(crate) disputes: Vec<DisputeRow>,
    /// None once it was forgotten.
    pub(crate) contact: Option<Contact>,
}

impl OrderView {
    fn of(state: &AppState, whole: WholeOrder) -> Result<Self, Error> {
        Ok(Self {
            contact: Contact::open(&state.sealer, &whole.order)?,
            order: whole.order,
            lines: whole.lines,
            history: whole.history,
            disputes: whole.disputes,
        })
    }
}

/// One order, on a connection that is at hand.
pub(super) async fn view(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    order: OrderId,
) -> Result<OrderView, Error> {
    let whole = store::whole::find(conn, order).await?;
    OrderView::of(state, whole.ok_or(Error::NotFound("order"))?)
}

/// Somebody's own order.
pub(crate) async fn get_own(
    state: &AppState,
    buyer: UserId,
    order: OrderId,
) -> Result<OrderView, Error> {
    let view = get_any(state, order).await?;
    if view.order.user_id != buyer.0 {
        return Err(Error::NotFound("order"));
    }
    Ok(view)
}

/// Whether an order is somebody's own.
pub(crate) async fn check_own(
    state: &AppState,
    buyer: UserId,
    order: OrderId,
) -> Result<(), Error> {
    let mut conn = state.db.get().await?;
    let row = store::orders::find(&mut conn, order).await?;
    let row = row.filter(|row| row.user_id == buyer.0);
    row.map(|_| ()).ok_or(Error::NotFound("order"))
}

/// An order and whom it is for, without its lines.
pub(crate) async fn get_due(
    state: &AppState,
    order: OrderId,
) -> Result<(OrderRow, Option<Contact>), Error> {
    let mut conn = state.db.get().await?;
    let row = store::orders::find(&mut conn, order).await?;
    let row = row.ok_or(Error::NotFound("order"))?;
    let contact = Contact::open(&state.sealer, &row)?;
    Ok((row, contact))
}

/// Anybody's order.
pub(crate) async fn get_any(state: &AppState, order: OrderId) -> Result<OrderView, Error> {
    let mut conn = state.db.get().await?;
    view(&mut conn, state, order).await
}

/// One page of orders, newest first.
pub(crate) async fn list(
    state: &AppState,
    filter: &Filter,
    page: Page,
) -> Result<(Vec<OrderView>, Pagination), Error> {
    let mut conn = state.db.get().await?;
    let (rows, total) = store::listing::list(&mut conn, filter, page).await?;
    let views = rows.into_iter().map(|row| OrderView::of(state, row));
    Ok((views.collect::<Result<_, _>>()?, page.of_total(total)))
}

/// What staff types to find orders: a number, an address of a person, or an id.
pub(crate) fn search_for(state: &AppState, text: &str) -> Search {
    if let Ok(id) = text.trim().parse() {
        return Search::Id(id);
    }
    if text.contains('@') {
        return Search::Email(email_index(&state.sealer, text));
    }
    Search::Number(OrderNumber::typed(text))
}

/// An order by its number, for whoever also knows the address it was ordered with.
pub(crate) async fn track(
    state: &AppState,
    number: &OrderNumber,
    email: &str,
) -> Result<OrderView, Error> {
    let mut conn = state.db.get().await?;
    let filter = Filter {
        search: Some(Search::Number(number.clone())),
        email: Some(email_index(&state.sealer, email)),
        ..Filter::default()
    };
    let found = store::listing::first(&mut conn, &filter).await?;
    OrderView::of(state, found.ok_or(Error::NotFound("order"))?)
}

/// Whether somebody may begin to pay for an order. A payment that was begun before it ended may still bring it back.
pub(crate) fn is_payable(order: &OrderRow) -> Result<bool, Error> {
    let stage = order.stage()?;
    Ok(stage.status == OrderStatus::Pending && stage.settling.is_none())
}
