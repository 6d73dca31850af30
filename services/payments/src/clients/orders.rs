//! Orders: what is due, and what was ordered.

use chrono::{DateTime, Utc};
use common::client::{CallError, Sibling};
use money::{Amount, Currency, Money, SignedAmount};
use serde::Deserialize;
use uuid::Uuid;

use crate::domain::ids::OrderId;

/// What is due for an order, as orders says it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Due {
    order_id: Uuid,
    pub(crate) order_number: String,
    pub(crate) user_id: Uuid,
    /// The buyer's address, for the provider; it is not kept here.
    pub(crate) email: String,
    amount: Amount,
    currency: Currency,
    pub(crate) is_payable: bool,
}

#[derive(Deserialize)]
struct Answer {
    due: Due,
}

impl Due {
    /// How much.
    pub(crate) fn money(&self) -> Money {
        self.amount.in_currency(self.currency)
    }
}

/// What was ordered, by whom and how far it came, as mails tell it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrderStory {
    /// The buyer's address; none once they were forgotten.
    pub(crate) to: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) invoice_number: Option<String>,
    pub(crate) order: Ordered,
}

/// An order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Ordered {
    pub(crate) order_number: String,
    pub(crate) items: Vec<Item>,
    pub(crate) total: SignedAmount,
    pub(crate) currency: Currency,
    pub(crate) shipping_address: Option<Address>,
    pub(crate) carrier: Option<String>,
    pub(crate) tracking_number: Option<String>,
    /// Oldest first.
    pub(crate) history: Vec<Change>,
    pub(crate) created_at: DateTime<Utc>,
}

/// A line of an order.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Item {
    pub(crate) title: String,
    pub(crate) quantity: i64,
    pub(crate) line_total: SignedAmount,
}

/// Where it goes.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Address {
    pub(crate) full_name: String,
    pub(crate) phone: String,
    pub(crate) address_line1: String,
    #[serde(default)]
    pub(crate) address_line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) country: String,
}

/// Something that became of an order.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Change {
    pub(crate) to: String,
    pub(crate) at: DateTime<Utc>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoryAnswer {
    mail_view: OrderStory,
}

/// A client of orders.
pub(crate) struct Orders(Sibling);

impl Orders {
    /// For the service behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Self {
        Self(sibling)
    }

    /// What was ordered and how far it came, if there is such an order.
    pub(crate) async fn story(&self, order: OrderId) -> Result<Option<OrderStory>, CallError> {
        let url = self.0.url(&format!("/internal/orders/{order}/mail-view"));
        let url = url.map_err(|error| CallError::Unavailable {
            service: "orders",
            cause: error.to_string(),
        })?;
        match self.0.get::<StoryAnswer>(url).await {
            Ok(answer) => Ok(Some(answer.mail_view)),
            Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What is due for an order, if there is such an order.
    pub(crate) async fn due(&self, order: OrderId) -> Result<Option<Due>, CallError> {
        let unavailable = |cause: String| CallError::Unavailable {
            service: "orders",
            cause,
        };
        let url = self.0.url(&format!("/internal/orders/{order}/due"));
        let url = url.map_err(|error| unavailable(error.to_string()))?;
        match self.0.get::<Answer>(url).await {
            Ok(answer) if answer.due.order_id == order.0 => Ok(Some(answer.due)),
            Ok(_) => Err(unavailable("it answered about another order".to_owned())),
            Err(CallError::Refused { status, .. }) if status.as_u16() == 404 => Ok(None),
            Err(error) => Err(error),
        }
    }
}
