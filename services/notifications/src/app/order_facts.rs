//! What a mail about an order tells, in texts: templates never compute with amounts.

use chrono::{DateTime, Utc};
use events::disputes::DisputeOutcome;
use money::{Money, SignedAmount};
use serde::Serialize;

use crate::clients::orders::{Item, MailView};
use crate::domain::price::price;
use crate::domain::told::Told;
use crate::render::one_line;

/// What the templates of orders fill in.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderFacts {
    order_number: String,
    items: Vec<ItemFacts>,
    subtotal: String,
    /// None if there is none, as with the tax.
    discount: Option<String>,
    shipping: String,
    tax: Option<String>,
    is_tax_included: bool,
    total: String,
    carrier: Option<String>,
    tracking_number: Option<String>,
    /// What went back, or is wanted back.
    amount: Option<String>,
    /// The credit note's.
    document_number: Option<String>,
    /// Until when a dispute is to be answered.
    due_at: Option<DateTime<Utc>>,
    /// How a dispute ended.
    outcome: Option<DisputeOutcome>,
}

#[derive(Serialize)]
struct ItemFacts {
    title: String,
    quantity: i64,
    total: String,
}

impl OrderFacts {
    /// What orders tells.
    pub(super) fn of(view: &MailView) -> Self {
        let order = &view.order;
        let text = |amount: SignedAmount| price(amount.in_currency(order.currency));
        let unless_zero = |amount: SignedAmount| (amount.minor() != 0).then(|| text(amount));
        let item = |item: &Item| ItemFacts {
            title: one_line(&item.title),
            quantity: item.quantity,
            total: text(item.line_total),
        };
        Self {
            order_number: one_line(&order.order_number),
            items: order.items.iter().map(item).collect(),
            subtotal: text(order.subtotal),
            discount: unless_zero(order.discount),
            shipping: text(order.shipping),
            tax: unless_zero(order.tax),
            is_tax_included: view.prices_include_tax,
            total: text(order.total),
            carrier: given(order.carrier.as_deref()),
            tracking_number: given(order.tracking_number.as_deref()),
            amount: None,
            document_number: None,
            due_at: None,
            outcome: None,
        }
    }

    /// And what the event told.
    pub(super) fn tell(&mut self, told: &Told) {
        let amount: Money = told.amount.in_currency(told.currency);
        self.amount = Some(price(amount));
        self.document_number = given(told.document_number.as_deref());
        self.due_at = told.due_at;
        self.outcome = told.outcome;
    }
}

/// A text in which nothing is said counts as absent.
fn given(text: Option<&str>) -> Option<String> {
    let text = text.map(|text| one_line(text.trim()));
    text.filter(|text| !text.is_empty())
}
