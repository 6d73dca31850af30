//! Placing an order.
//!
//! The order's id is made beforehand and names the hold of its goods, so that whatever is repeated after a failure meets what
//! the failed attempt left. Nothing remote is asked for while a transaction is open.

use common::client::CallError;
use common::crypto;
use common::database::foreign_key_violation;
use common::error::Detail;
use common::{failpoint, ids};
use diesel::result::Error as DieselError;
use diesel_async::AsyncConnection as _;
use events::orders::{OrderCreated, OrderedLine};
use money::{Amount, Money};
use uuid::Uuid;

use super::contact::{Contact, email_index};
use super::placing::Placing;
use super::pricing::{self, Basket, Quote, Terms, Wants};
use super::queries::OrderView;
use super::transition::{self, Actor};
use super::{Error, settle};
use crate::clients::auth;
use crate::clients::inventory::{Reservation, Wanted};
use crate::domain::address::Address;
use crate::domain::coupon::CouponError;
use crate::domain::ids::{LineId, OrderId, PaymentId, UserId, VariantId};
use crate::domain::number::OrderNumber;
use crate::domain::totals::Prices;
use crate::startup::AppState;
use crate::store;
use crate::store::coupons::Hold;
use crate::store::rows::{LineRow, OrderRow, unwritable};

/// What the buyer asks for.
pub(crate) struct PlaceOrder {
    pub(crate) buyer: UserId,
    pub(crate) wants: Wants,
    pub(crate) shipping: Address,
    pub(crate) billing: Option<Address>,
    pub(crate) terms: Terms,
    pub(crate) notes: Option<String>,
    /// What the buyer was shown.
    pub(crate) expected_total: Option<Amount>,
}

/// Places an order under the id that was made for it.
pub(crate) async fn place_order(
    state: &AppState,
    command: PlaceOrder,
    placing: &Placing,
) -> Result<OrderView, Error> {
    let order = OrderId(placing.making.id);
    let placed = try_place(state, order, command, placing).await;
    if let Ok(view) = &placed {
        failpoint::reach("orders.placed");
        state.counters.placed(view.order.currency.as_str());
        if view.order.settling_payment_id.is_some() {
            // It costs nothing, so nobody will pay. The sweep does it if this fails.
            if let Err(error) = settle::finish(state, order, PaymentId(order.0)).await {
                tracing::warn!(cause = %error, order.id = %order, "an order that costs nothing is settled later");
            }
        }
    }
    placed
}

async fn try_place(
    state: &AppState,
    order: OrderId,
    command: PlaceOrder,
    placing: &Placing,
) -> Result<OrderView, Error> {
    let wants = command.wants.clone();
    let (basket, contact) = futures_util::try_join!(
        pricing::fill(state, wants, Some(command.buyer)),
        contact_of(state, command.buyer),
    )?;
    let contact = Contact {
        email: contact.email,
        name: contact.name,
        shipping: command.shipping.clone(),
        billing: command.billing.clone(),
        notes: command.notes.clone(),
        staff_notes: None,
    };
    let quote = quote_for(state, &basket, &command).await?;
    failpoint::reach("orders.priced");
    let hold = reserve(state, order, &command, &basket).await?;
    failpoint::reach("orders.reserved");
    placing.reach_out();
    let draft = draft(state, order, &command, &quote, &hold, &contact)?;
    store_order(state, &command, placing, basket, draft, contact).await
}

/// How to reach the buyer. An account that is gone has a token for some seconds more.
async fn contact_of(state: &AppState, buyer: UserId) -> Result<auth::Contact, Error> {
    match state.auth.contact(buyer).await {
        Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => {
            Err(Error::NotFound("account"))
        }
        answer => Ok(answer?),
    }
}

/// Whether the order can be placed at all, before any goods are held for it.
async fn quote_for(
    state: &AppState,
    basket: &Basket,
    command: &PlaceOrder,
) -> Result<Quote, Error> {
    let mut conn = state.db.get().await?;
    let buyer = Some(command.buyer);
    let terms = &command.terms;
    let quote = pricing::price(&mut conn, state, basket.clone(), terms, buyer).await?;
    let total = quote.totals.total;
    let expected = command.expected_total;
    if expected.is_some_and(|expected| expected.minor() != total.minor()) {
        return Err(Error::PriceChanged(total));
    }
    pricing::check_payable(state, total)?;
    Ok(quote)
}

async fn reserve(
    state: &AppState,
    order: OrderId,
    command: &PlaceOrder,
    basket: &Basket,
) -> Result<Reservation, Error> {
    let lines: Vec<(VariantId, u32)> = basket
        .lines
        .iter()
        .map(|(offer, quantity)| (offer.variant, *quantity))
        .collect();
    let essence = command.shipping.essence();
    let wanted = Wanted {
        order,
        buyer: command.buyer,
        address_hash: hex(&state.sealer.index().of("orders.address", &essence)),
        lines: &lines,
        seconds: state.settings.hold.as_secs(),
    };
    state
        .inventory
        .reserve(&wanted)
        .await
        .map_err(|error| refusal_of(error, basket))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What inventory's refusal means to the buyer.
fn refusal_of(error: CallError, basket: &Basket) -> Error {
    let CallError::Refused { code, answer, .. } = &error else {
        return error.into();
    };
    match code.as_str() {
        "INSUFFICIENT_STOCK" => Error::Insufficient(by_item(&answer.details, basket)),
        "RESERVATION_LIMIT" => Error::Limit {
            seconds: answer.retry_after.unwrap_or(60),
        },
        // An earlier attempt with this key died when it held what was in the cart then.
        "CONFLICT" | "INVALID_STATE" => {
            Error::Conflict("what is ordered has changed since the first attempt with this key")
        }
        _ => error.into(),
    }
}

/// Inventory names variants; the buyer knows items and titles.
fn by_item(details: &[Detail], basket: &Basket) -> Vec<Detail> {
    let named = basket
        .lines
        .iter()
        .enumerate()
        .filter_map(|(line, (offer, _))| {
            let variant = offer.variant.to_string();
            let detail = details.iter().find(|detail| detail.field == variant)?;
            Some(Detail {
                field: format!("items.{line}.quantity"),
                message: format!("{}: {}", offer.title, detail.message),
            })
        });
    named.collect()
}

/// The rows of an order that is about to be stored.
struct Draft {
    order: OrderRow,
    lines: Vec<LineRow>,
}

fn draft(
    state: &AppState,
    order: OrderId,
    command: &PlaceOrder,
    quote: &Quote,
    hold: &Reservation,
    contact: &Contact,
) -> Result<Draft, Error> {
    let now = state.clock.now();
    let totals = &quote.totals;
    let day = now.with_timezone(&state.settings.time_zone).date_naive();
    let hold_ends = hold
        .expires_at
        .ok_or_else(|| Error::Bug("a hold without an end".to_owned()))?;
    let row = OrderRow {
        id: order.0,
        order_number: OrderNumber::new(day, &crypto::random_bytes()?).to_string(),
        user_id: command.buyer.0,
        status: "pending".to_owned(),
        payment_status: "unpaid".to_owned(),
        currency: quote.basket.currency.code().to_owned(),
        subtotal: decimal(totals.subtotal)?,
        discount: decimal(totals.discount)?,
        shipping: decimal(totals.shipping)?,
        tax: decimal(totals.tax)?,
        total: decimal(totals.total)?,
        prices_include_tax: state.settings.prices == Prices::TaxInclusive,
        tax_name: quote.tax.name.clone(),
        tax_basis_points: i32::try_from(quote.tax.basis_points).unwrap_or(i32::MAX),
        shipping_tax: decimal(totals.shipping_tax)?,
        coupon_id: quote.coupon.as_ref().map(|coupon| coupon.id.0),
        coupon_code: quote.coupon.as_ref().map(|coupon| coupon.code.clone()),
        shipping_method: quote.method.code.clone(),
        shipping_name: quote.method.name.clone(),
        contact: Some(contact.seal(&state.sealer, order)?),
        is_forgotten: false,
        email_index: Some(email_index(&state.sealer, &contact.email)),
        // A total of nothing settles itself, in the order's own name.
        settling_payment_id: totals.total.is_zero().then_some(order.0),
        settling_since: totals.total.is_zero().then_some(now),
        settled_payment_id: None,
        expires_at: hold_ends,
        carrier: None,
        tracking_number: None,
        version: 1,
        created_at: now,
        updated_at: now,
        paid_at: None,
    };
    let lines = line_rows(order, quote)?;
    Ok(Draft { order: row, lines })
}

fn line_rows(order: OrderId, quote: &Quote) -> Result<Vec<LineRow>, Error> {
    let lines = quote.basket.lines.iter().zip(&quote.totals.lines);
    lines
        .zip(0..)
        .map(|(((offer, quantity), totals), position)| {
            Ok(LineRow {
                id: LineId(ids::new_id()).0,
                order_id: order.0,
                position,
                product_id: offer.product.0,
                variant_id: offer.variant.0,
                sku: offer.sku.clone(),
                title: offer.title.clone(),
                quantity: i32::try_from(*quantity).unwrap_or(i32::MAX),
                unit_price: decimal(offer.price)?,
                line_total: decimal(totals.total)?,
                discount: decimal(totals.discount)?,
                tax: decimal(totals.tax)?,
            })
        })
        .collect()
}

fn decimal(amount: Money) -> Result<bigdecimal::BigDecimal, Error> {
    Ok(amount.to_decimal().map_err(unwritable)?)
}

/// Order, coupon, event and answer commit together.
async fn store_order(
    state: &AppState,
    command: &PlaceOrder,
    placing: &Placing,
    basket: Basket,
    draft: Draft,
    contact: Contact,
) -> Result<OrderView, Error> {
    let trail = state.trail();
    let mut conn = state.db.get().await?;
    conn.transaction(async |conn| {
        store::orders::insert(conn, &draft.order, &draft.lines)
            .await
            .map_err(coupon_gone)?;
        let history = vec![transition::first_entry(
            &draft.order,
            Actor::customer(None),
            &trail,
        )];
        store::history::append(conn, &history).await?;
        let event = created(&draft, &basket)?;
        trail.event(conn, &event, draft.order.version).await?;
        let view = OrderView {
            order: draft.order.clone(),
            lines: draft.lines.clone(),
            history,
            disputes: Vec::new(),
            contact: Some(contact.clone()),
        };
        placing.making.settle(conn, &view).await?;
        // Last: others who use the coupon wait for its row.
        if let Some(code) = &command.terms.coupon {
            count_coupon(conn, state, code, &basket, &draft.order).await?;
        }
        failpoint::reach("orders.placing");
        Ok(view)
    })
    .await
}

/// Its coupon was removed after the order was priced.
fn coupon_gone(error: DieselError) -> Error {
    match foreign_key_violation(&error) {
        Some("orders_coupon_id_fkey") => CouponError::Unknown.into(),
        _ => error.into(),
    }
}

/// Counts the order against its coupon, whose limits are looked at once more under its lock.
async fn count_coupon(
    conn: &mut diesel_async::AsyncPgConnection,
    state: &AppState,
    code: &str,
    basket: &Basket,
    order: &OrderRow,
) -> Result<(), Error> {
    let buyer = UserId(order.user_id);
    let coupon =
        pricing::usable(conn, state, code, basket.goods()?, Some(buyer), Hold::Lock).await?;
    // Another coupon has taken the code since the order was priced.
    if order.coupon_id != Some(coupon.id.0) {
        return Err(CouponError::Unknown.into());
    }
    store::coupons::count_use(conn, coupon.id, OrderId(order.id), buyer).await?;
    Ok(())
}

fn created(draft: &Draft, basket: &Basket) -> Result<OrderCreated, Error> {
    let total = draft.order.money(&draft.order.total)?;
    Ok(OrderCreated {
        order_id: draft.order.id,
        user_id: draft.order.user_id,
        lines: ordered_lines(&draft.lines),
        total: Amount::try_from(total.amount()).map_err(|error| Error::Bug(error.to_string()))?,
        currency: basket.currency,
    })
}

/// Lines as events tell them.
pub(super) fn ordered_lines<'l>(lines: impl IntoIterator<Item = &'l LineRow>) -> Vec<OrderedLine> {
    lines
        .into_iter()
        .map(|line| OrderedLine {
            variant_id: line.variant_id,
            quantity: i64::from(line.quantity),
        })
        .collect()
}

/// Gives up what was held under an id for which there will be no order.
pub(crate) async fn let_go(state: &AppState, order: Uuid) {
    if let Err(error) = state.inventory.release(OrderId(order)).await {
        tracing::warn!(cause = %error, order.id = %order, "a hold could not be given back; it ends by itself");
    }
}
