//! An order on the wire.

use chrono::{DateTime, Utc};
use common::ApiError;
use money::{Currency, SignedAmount};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::address::AddressBody;
use crate::app::Error;
use crate::app::queries::OrderView;
use crate::domain::dispute::DisputeStatus;
use crate::store::disputes::DisputeRow;
use crate::store::rows::{HistoryRow, LineRow, OrderRow};

/// An order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderBody {
    id: Uuid,
    /// What people call it.
    #[schema(example = "AGP-20260113-7K3QXN9D4T")]
    order_number: String,
    /// `pending`, `processing`, `shipped`, `delivered`, `cancelled`, `expired`, `paid_unallocated` or `refunded`.
    #[schema(example = "pending")]
    status: String,
    items: Vec<ItemBody>,
    #[schema(value_type = f64)]
    subtotal: SignedAmount,
    #[schema(value_type = f64)]
    discount: SignedAmount,
    #[schema(value_type = f64)]
    shipping: SignedAmount,
    /// On goods, and on shipping where that is taxed.
    #[schema(value_type = f64)]
    tax: SignedAmount,
    /// What is to be paid.
    #[schema(value_type = f64)]
    total: SignedAmount,
    #[schema(value_type = String, example = "NGN")]
    currency: Currency,
    coupon_code: Option<String>,
    #[schema(example = "standard")]
    shipping_method: String,
    /// Null once the buyer was forgotten.
    shipping_address: Option<AddressBody>,
    billing_address: Option<AddressBody>,
    tracking_number: Option<String>,
    carrier: Option<String>,
    notes: Option<String>,
    /// `unpaid`, `pending`, `paid`, `failed`, `partially_refunded` or `refunded`.
    #[schema(example = "unpaid")]
    payment_status: String,
    /// Until when its goods are held for it if it is not paid.
    expires_at: DateTime<Utc>,
    /// Oldest first.
    history: Vec<HistoryBody>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    /// Counted with each change.
    version: i64,
}

/// A line of an order.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ItemBody {
    id: Uuid,
    product_id: Uuid,
    variant_id: Uuid,
    sku: String,
    title: String,
    quantity: i32,
    #[schema(value_type = f64)]
    unit_price: SignedAmount,
    /// Before discount and tax.
    #[schema(value_type = f64)]
    line_total: SignedAmount,
    #[schema(value_type = f64)]
    tax: SignedAmount,
    #[schema(value_type = f64)]
    discount: SignedAmount,
}

/// Something that became of an order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryBody {
    from: Option<String>,
    to: String,
    at: DateTime<Utc>,
    /// `customer`, `system`, or the role of a member of staff.
    actor: String,
    note: Option<String>,
}

/// An order under its name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderData {
    order: OrderBody,
}

/// An order as staff sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StaffOrderBody {
    #[serde(flatten)]
    order: OrderBody,
    /// The buyer.
    user_id: Uuid,
    /// The buyer's address; null once they were forgotten.
    email: Option<String>,
    /// Staff's own notes.
    staff_notes: Option<String>,
    /// Whether a buyer's bank wants money back and nobody knows yet who gets it; the goods stay in the house until then.
    disputed: bool,
    /// What buyers' banks wanted back of its payments, oldest first.
    disputes: Vec<DisputeBody>,
}

/// Something that a buyer's bank wants back.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DisputeBody {
    id: Uuid,
    payment_id: Uuid,
    #[schema(value_type = f64)]
    amount: SignedAmount,
    /// `open`, or how it ended: `won`, `lost`, `accepted` or `auto_accepted`.
    #[schema(example = "open")]
    status: String,
    /// What it has taken.
    #[schema(value_type = f64)]
    taken: SignedAmount,
    /// Until when the shop may answer.
    due_at: Option<DateTime<Utc>>,
}

/// An order under its name, as staff sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StaffOrderData {
    order: StaffOrderBody,
}

impl OrderData {
    /// An order as its buyer sees it.
    pub(super) fn of(view: &OrderView) -> Result<Self, ApiError> {
        let order = OrderBody::of(view)?;
        Ok(Self { order })
    }
}

impl StaffOrderData {
    /// An order as staff sees it.
    pub(super) fn of(view: &OrderView) -> Result<Self, ApiError> {
        let order = StaffOrderBody::of(view)?;
        Ok(Self { order })
    }
}

impl StaffOrderBody {
    /// An order as staff sees it.
    pub(super) fn of(view: &OrderView) -> Result<Self, ApiError> {
        let contact = view.contact.as_ref();
        let disputes = view.disputes.iter();
        let disputes = disputes.map(|row| DisputeBody::of(&view.order, row));
        let disputes = disputes.collect::<Result<Vec<_>, ApiError>>()?;
        Ok(Self {
            order: OrderBody::of(view)?,
            disputed: disputes
                .iter()
                .any(|one| one.status == DisputeStatus::Open.name()),
            disputes,
            user_id: view.order.user_id,
            email: contact.map(|contact| contact.email.clone()),
            staff_notes: contact.and_then(|contact| contact.staff_notes.clone()),
        })
    }
}

impl DisputeBody {
    fn of(order: &OrderRow, row: &DisputeRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: row.dispute_id,
            payment_id: row.payment_id,
            amount: amount(order, &row.amount)?,
            status: row.status.clone(),
            taken: amount(order, &row.taken)?,
            due_at: row.due_at,
        })
    }
}

impl OrderBody {
    /// An order as its buyer sees it.
    pub(super) fn of(view: &OrderView) -> Result<Self, ApiError> {
        let row = &view.order;
        let contact = view.contact.as_ref();
        let lines = view.lines.iter().map(|line| ItemBody::of(row, line));
        Ok(Self {
            id: row.id,
            order_number: row.order_number.clone(),
            status: row.status.clone(),
            items: lines.collect::<Result<_, _>>()?,
            subtotal: amount(row, &row.subtotal)?,
            discount: amount(row, &row.discount)?,
            shipping: amount(row, &row.shipping)?,
            tax: amount(row, &row.tax)?,
            total: amount(row, &row.total)?,
            currency: row.currency().map_err(Error::from)?,
            coupon_code: row.coupon_code.clone(),
            shipping_method: row.shipping_method.clone(),
            shipping_address: contact.map(|contact| (&contact.shipping).into()),
            billing_address: contact
                .map(|contact| contact.billing.as_ref().unwrap_or(&contact.shipping).into()),
            tracking_number: row.tracking_number.clone(),
            carrier: row.carrier.clone(),
            notes: contact.and_then(|contact| contact.notes.clone()),
            payment_status: row.payment_status.clone(),
            expires_at: row.expires_at,
            history: view.history.iter().map(HistoryBody::from).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

impl ItemBody {
    pub(super) fn of(order: &OrderRow, line: &LineRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: line.id,
            product_id: line.product_id,
            variant_id: line.variant_id,
            sku: line.sku.clone(),
            title: line.title.clone(),
            quantity: line.quantity,
            unit_price: amount(order, &line.unit_price)?,
            line_total: amount(order, &line.line_total)?,
            tax: amount(order, &line.tax)?,
            discount: amount(order, &line.discount)?,
        })
    }
}

impl From<&HistoryRow> for HistoryBody {
    fn from(row: &HistoryRow) -> Self {
        Self {
            from: row.from_status.clone(),
            to: row.to_status.clone(),
            at: row.at,
            actor: row.actor.clone(),
            note: row.note.clone(),
        }
    }
}

/// One of an order's amounts.
pub(super) fn amount(
    order: &OrderRow,
    amount: &bigdecimal::BigDecimal,
) -> Result<SignedAmount, ApiError> {
    let money = order.money(amount).map_err(Error::from)?;
    Ok(money.amount())
}
