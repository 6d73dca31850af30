//! Asking orders what a mail says.

use common::client::{CallError, Sibling};
use money::{Currency, SignedAmount};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::ids::OrderId;

/// A client of orders' `GET /internal/orders/{id}/mail-view` and `…/invoice`.
#[derive(Clone)]
pub(crate) struct Orders(Sibling);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ViewAnswer {
    mail_view: MailView,
}

#[derive(Deserialize)]
struct InvoiceAnswer {
    invoice: Invoice,
}

/// What orders tells of an order, and whose it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MailView {
    /// None once the buyer was forgotten.
    pub(crate) to: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) order: Order,
    pub(crate) prices_include_tax: bool,
}

/// An order, as far as mails tell of it: its addresses and notes are not read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Order {
    pub(crate) order_number: String,
    pub(crate) items: Vec<Item>,
    pub(crate) subtotal: SignedAmount,
    pub(crate) discount: SignedAmount,
    pub(crate) shipping: SignedAmount,
    pub(crate) tax: SignedAmount,
    pub(crate) total: SignedAmount,
    pub(crate) currency: Currency,
    pub(crate) carrier: Option<String>,
    pub(crate) tracking_number: Option<String>,
}

/// A line of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) quantity: i64,
    pub(crate) line_total: SignedAmount,
}

/// An invoice or a credit note to be attached.
#[derive(Deserialize)]
pub(crate) struct Invoice {
    pub(crate) number: String,
    /// The PDF in base64, as the provider takes it.
    pub(crate) pdf: String,
}

impl Orders {
    /// Over a client of orders.
    pub(crate) fn new(orders: Sibling) -> Self {
        Self(orders)
    }

    /// What mails about an order say; none if there is no such order.
    pub(crate) async fn mail_view(&self, order: OrderId) -> Result<Option<MailView>, CallError> {
        let found: Option<ViewAnswer> = self.ask(order, "mail-view").await?;
        Ok(found.map(|answer| answer.mail_view))
    }

    /// The order's document with this number, or its invoice; none until it is drawn.
    pub(crate) async fn invoice(
        &self,
        order: OrderId,
        number: Option<&str>,
    ) -> Result<Option<Invoice>, CallError> {
        let query = number.map_or_else(String::new, |number| format!("?number={number}"));
        let found: Option<InvoiceAnswer> = self.ask(order, &format!("invoice{query}")).await?;
        Ok(found.map(|answer| answer.invoice))
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        order: OrderId,
        what: &str,
    ) -> Result<Option<T>, CallError> {
        let url = self.0.url(&format!("/internal/orders/{order}/{what}"));
        let url = url.map_err(|error| CallError::Unavailable {
            service: "orders",
            cause: error.to_string(),
        })?;
        match self.0.get(url).await {
            Ok(answer) => Ok(Some(answer)),
            Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }
}
