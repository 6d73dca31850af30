//! What others ask: orders, lists of them, what is due.

use std::collections::HashMap;

use common::paging::{Page, Pagination};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

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

/// One order, on a connection that is at hand.
pub(super) async fn view(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    order: OrderId,
) -> Result<OrderView, Error> {
    let row = store::orders::find(conn, order).await?;
    let row = row.ok_or(Error::NotFound("order"))?;
    let mut views = views(conn, state, vec![row]).await?;
    views.pop().ok_or(Error::NotFound("order"))
}

/// Orders with what belongs to them: three statements however many.
async fn views(
    conn: &mut AsyncPgConnection,
    state: &AppState,
    orders: Vec<OrderRow>,
) -> Result<Vec<OrderView>, Error> {
    let ids: Vec<Uuid> = orders.iter().map(|order| order.id).collect();
    let mut lines: HashMap<Uuid, Vec<LineRow>> = HashMap::new();
    for line in store::orders::lines_of(conn, &ids).await? {
        lines.entry(line.order_id).or_default().push(line);
    }
    let mut history: HashMap<Uuid, Vec<HistoryRow>> = HashMap::new();
    for row in store::history::of(conn, &ids).await? {
        history.entry(row.order_id).or_default().push(row);
    }
    let mut disputes: HashMap<Uuid, Vec<DisputeRow>> = HashMap::new();
    for row in store::disputes::of(conn, &ids).await? {
        disputes.entry(row.order_id).or_default().push(row);
    }
    orders
        .into_iter()
        .map(|order| {
            Ok(OrderView {
                lines: lines.remove(&order.id).unwrap_or_default(),
                history: history.remove(&order.id).unwrap_or_default(),
                disputes: disputes.remove(&order.id).unwrap_or_default(),
                contact: Contact::open(&state.sealer, &order)?,
                order,
            })
        })
        .collect()
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
    Ok((views(&mut conn, state, rows).await?, page.of_total(total)))
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
    let found = found.ok_or(Error::NotFound("order"))?;
    let mut views = views(&mut conn, state, vec![found]).await?;
    views.pop().ok_or(Error::NotFound("order"))
}

/// Whether somebody may begin to pay for an order. A payment that was begun before it ended may still bring it back.
pub(crate) fn is_payable(order: &OrderRow) -> Result<bool, Error> {
    let stage = order.stage()?;
    Ok(stage.status == OrderStatus::Pending && stage.settling.is_none())
}
