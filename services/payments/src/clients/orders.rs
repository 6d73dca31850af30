//! Orders: what is due.

use common::client::{CallError, Sibling};
use money::{Amount, Currency, Money};
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

/// A client of orders.
pub(crate) struct Orders(Sibling);

impl Orders {
    /// For the service behind `sibling`.
    pub(crate) fn new(sibling: Sibling) -> Self {
        Self(sibling)
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
