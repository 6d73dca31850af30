//! What happens to an order, as the service hears of it.

use std::time::Duration;

use common::{Clock as _, ids};
use events::orders::{
    DocumentKind, InvoiceIssued, OrderCancelled, OrderDelivered, OrderExpired, OrderPaid,
    OrderShipped, OrderUnallocated,
};
use events::payments::RefundProcessed;
use messaging::Outcome;
use money::Currency;
use notifications::consumers;
use serde_json::Value;
use test_support::service::singly;
use uuid::Uuid;

use crate::app::{Options, TestApp};
use crate::orders::Sale;

pub const MERCHANT: &str = "sales@shop.example";

impl TestApp {
    /// With an address of the merchant.
    pub async fn start_with_merchant() -> Self {
        let merchant = [("NOTIFICATIONS__MERCHANT_EMAIL", MERCHANT)];
        Self::start_with(Options::with(&merchant)).await
    }

    /// An order that orders knows.
    pub fn sold(&self, change: impl FnOnce(&mut Sale)) -> Sale {
        let mut sale = Sale::new();
        change(&mut sale);
        self.world.orders.know(&sale);
        sale
    }

    pub async fn hear_invoice(&self, sale: &Sale) -> Outcome {
        self.hear_invoice_as(sale, ids::new_id()).await
    }

    pub async fn hear_invoice_as(&self, sale: &Sale, event_id: Uuid) -> Outcome {
        let body = invoice(sale);
        let consume = singly(consumers::on_invoice_issued::on_invoice_issued);
        self.deliver(consume, event_id, body).await
    }

    pub async fn hear_credit_note(&self, sale: &Sale, number: &str, amount: &str) -> Outcome {
        let body = InvoiceIssued {
            kind: DocumentKind::CreditNote,
            number: number.to_owned(),
            total: amount.parse().unwrap(),
            ..invoice(sale)
        };
        let consume = singly(consumers::on_invoice_issued::on_invoice_issued);
        self.deliver(consume, ids::new_id(), body).await
    }

    pub async fn hear_paid(&self, sale: &Sale, event_id: Uuid) -> Outcome {
        let body = paid(sale, self.world.clock.now());
        self.deliver(
            singly(consumers::on_order_paid::on_order_paid),
            event_id,
            body,
        )
        .await
    }

    pub async fn hear_unallocated(&self, sale: &Sale) -> Outcome {
        let consume = consumers::on_order_unallocated::on_order_unallocated;
        self.deliver(consume, ids::new_id(), unallocated(sale))
            .await
    }

    pub async fn hear_refund(&self, sale: &Sale, refund: Uuid, amount: &str) -> Outcome {
        let body = refund_of(sale, refund, amount);
        let consume = consumers::on_refund_processed::on_refund_processed;
        self.deliver(consume, ids::new_id(), body).await
    }

    pub async fn hear_shipped(&self, sale: &Sale) -> Outcome {
        let consume = consumers::on_order_shipped::on_order_shipped;
        self.deliver(consume, ids::new_id(), shipped(sale)).await
    }

    pub async fn hear_delivered(&self, sale: &Sale) -> Outcome {
        let body = OrderDelivered {
            order_id: sale.order,
            user_id: sale.user,
        };
        let consume = consumers::on_order_delivered::on_order_delivered;
        self.deliver(consume, ids::new_id(), body).await
    }

    pub async fn hear_cancelled(&self, sale: &Sale) -> Outcome {
        let body = OrderCancelled {
            order_id: sale.order,
            user_id: sale.user,
        };
        let consume = consumers::on_order_cancelled::on_order_cancelled;
        self.deliver(consume, ids::new_id(), body).await
    }

    pub async fn hear_expired(&self, sale: &Sale) -> Outcome {
        let body = OrderExpired {
            order_id: sale.order,
            user_id: sale.user,
        };
        let consume = consumers::on_order_expired::on_order_expired;
        self.deliver(consume, ids::new_id(), body).await
    }

    /// The rows of an order's mails of one kind.
    pub async fn mails(&self, sale: &Sale, template: &str) -> Vec<Value> {
        let sql = format!(
            "SELECT * FROM notifications.messages WHERE source_id = '{}' AND template = '{template}' ORDER BY id",
            sale.order
        );
        self.rows(&sql).await
    }

    /// Waits until the order's first mail of a kind satisfies a condition, and answers its row.
    pub async fn until_mail(
        &self,
        sale: &Sale,
        template: &str,
        what: impl Fn(&Value) -> bool,
    ) -> Value {
        for _ in 0..800 {
            if let Some(row) = self
                .mails(sale, template)
                .await
                .first()
                .filter(|row| what(row))
            {
                return row.clone();
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("it did not happen: {:#?}", self.mails(sale, template).await);
    }

    /// Waits until the order's first mail of a kind has this status, and answers its row.
    pub async fn until_mail_is(&self, sale: &Sale, template: &str, status: &str) -> Value {
        self.until_mail(sale, template, |row| row["status"] == status)
            .await
    }

    /// The mails of one kind that left.
    pub fn left(&self, template: &str) -> Vec<Value> {
        let mut left = self.world.provider.left();
        left.retain(|mail| mail["tags"][0]["value"] == template);
        left
    }
}

pub fn invoice(sale: &Sale) -> InvoiceIssued {
    InvoiceIssued {
        order_id: sale.order,
        user_id: sale.user,
        invoice_id: ids::new_id(),
        kind: DocumentKind::Invoice,
        number: "INV-2026-000042".to_owned(),
        total: sale.total.parse().unwrap(),
        currency: Currency::Ngn,
    }
}

pub fn paid(sale: &Sale, at: chrono::DateTime<chrono::Utc>) -> OrderPaid {
    OrderPaid {
        order_id: sale.order,
        user_id: sale.user,
        order_number: sale.number.clone(),
        payment_id: Some(ids::new_id()),
        lines: Vec::new(),
        total: sale.total.parse().unwrap(),
        currency: Currency::Ngn,
        paid_at: at,
    }
}

pub fn unallocated(sale: &Sale) -> OrderUnallocated {
    OrderUnallocated {
        order_id: sale.order,
        user_id: sale.user,
        order_number: sale.number.clone(),
        payment_id: ids::new_id(),
        total: sale.total.parse().unwrap(),
        currency: Currency::Ngn,
    }
}

pub fn refund_of(sale: &Sale, refund: Uuid, amount: &str) -> RefundProcessed {
    RefundProcessed {
        refund_id: refund,
        payment_id: ids::new_id(),
        order_id: sale.order,
        user_id: sale.user,
        amount: amount.parse().unwrap(),
        currency: Currency::Ngn,
        restock: None,
    }
}

pub fn shipped(sale: &Sale) -> OrderShipped {
    OrderShipped {
        order_id: sale.order,
        user_id: sale.user,
        carrier: sale.carrier.clone(),
        tracking_number: sale.tracking.clone(),
    }
}
