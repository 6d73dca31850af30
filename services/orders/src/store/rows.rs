//! Rows and what they stand for.

use bigdecimal::BigDecimal;
use chrono::{DateTime, Utc};
use diesel::QueryResult;
use diesel::prelude::*;
use diesel::result::Error as DieselError;
use money::{Currency, Money};
use uuid::Uuid;

use super::schema::orders::{order_history, order_lines, orders};
use crate::domain::ids::PaymentId;
use crate::domain::status::{OrderStatus, Stage};

/// An order as it is stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = orders, check_for_backend(diesel::pg::Pg))]
pub(crate) struct OrderRow {
    pub(crate) id: Uuid,
    pub(crate) order_number: String,
    pub(crate) user_id: Uuid,
    pub(crate) status: String,
    pub(crate) payment_status: String,
    pub(crate) currency: String,
    pub(crate) subtotal: BigDecimal,
    pub(crate) discount: BigDecimal,
    pub(crate) shipping: BigDecimal,
    pub(crate) tax: BigDecimal,
    pub(crate) total: BigDecimal,
    pub(crate) prices_include_tax: bool,
    pub(crate) tax_name: String,
    pub(crate) tax_basis_points: i32,
    pub(crate) shipping_tax: BigDecimal,
    pub(crate) coupon_id: Option<Uuid>,
    pub(crate) coupon_code: Option<String>,
    pub(crate) shipping_method: String,
    pub(crate) shipping_name: String,
    pub(crate) contact: Option<Vec<u8>>,
    pub(crate) is_forgotten: bool,
    pub(crate) email_index: Option<Vec<u8>>,
    pub(crate) settling_payment_id: Option<Uuid>,
    pub(crate) settling_since: Option<DateTime<Utc>>,
    pub(crate) settled_payment_id: Option<Uuid>,
    pub(crate) expires_at: DateTime<Utc>,
    pub(crate) carrier: Option<String>,
    pub(crate) tracking_number: Option<String>,
    pub(crate) version: i64,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) paid_at: Option<DateTime<Utc>>,
}

impl OrderRow {
    /// What decides what it may become.
    pub(crate) fn stage(&self) -> QueryResult<Stage> {
        Ok(Stage {
            status: self.status()?,
            settling: self.settling_payment_id.map(PaymentId),
            settled_by: self.settled_payment_id.map(PaymentId),
        })
    }

    /// How far it has come.
    pub(crate) fn status(&self) -> QueryResult<OrderStatus> {
        self.status.parse().map_err(unreadable)
    }

    /// What it is priced in.
    pub(crate) fn currency(&self) -> QueryResult<Currency> {
        self.currency.parse().map_err(unreadable)
    }

    /// One of its amounts.
    pub(crate) fn money(&self, amount: &BigDecimal) -> QueryResult<Money> {
        money(amount, self.currency()?)
    }
}

/// A line as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = order_lines, check_for_backend(diesel::pg::Pg))]
pub(crate) struct LineRow {
    pub(crate) id: Uuid,
    pub(crate) order_id: Uuid,
    pub(crate) position: i32,
    pub(crate) product_id: Uuid,
    pub(crate) variant_id: Uuid,
    pub(crate) sku: String,
    pub(crate) title: String,
    pub(crate) quantity: i32,
    pub(crate) unit_price: BigDecimal,
    pub(crate) line_total: BigDecimal,
    pub(crate) discount: BigDecimal,
    pub(crate) tax: BigDecimal,
}

/// What became of an order once.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = order_history, check_for_backend(diesel::pg::Pg))]
pub(crate) struct HistoryRow {
    pub(crate) order_id: Uuid,
    pub(crate) version: i64,
    pub(crate) from_status: Option<String>,
    pub(crate) to_status: String,
    pub(crate) actor: String,
    pub(crate) actor_id: Option<Uuid>,
    pub(crate) note: Option<String>,
    pub(crate) at: DateTime<Utc>,
}

/// An amount of a currency.
pub(crate) fn money(amount: &BigDecimal, currency: Currency) -> QueryResult<Money> {
    Money::from_decimal(amount, currency).map_err(unreadable)
}

/// A row that says what our code never writes.
pub(crate) fn unreadable<E>(error: E) -> DieselError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    DieselError::DeserializationError(error.into())
}

/// A value that cannot be stored.
pub(crate) fn unwritable<E>(error: E) -> DieselError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    DieselError::SerializationError(error.into())
}
