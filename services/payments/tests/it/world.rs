//! What the service has around it: a database, auth, orders, the payment provider.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use common::ids;
use payments::startup::MIGRATIONS;
use serde_json::{Value, json};
use test_support::service;
use test_support::stand_in::{self, StandIn};
use test_support::{FakeClock, TestDb, run_migrations};
use uuid::Uuid;

use crate::paystack::Paystack;

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub clock: FakeClock,
    pub auth: StandIn,
    pub orders: StandIn,
    pub paystack: Paystack,
    dues: Arc<Mutex<HashMap<Uuid, Value>>>,
    orders_are_away: Arc<AtomicBool>,
}

/// Somebody's order.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    pub id: Uuid,
    pub user: Uuid,
    /// In hundredths.
    pub total: i64,
}

impl World {
    pub fn new() -> Arc<Self> {
        Self::on(TestDb::start("payments", prepare))
    }

    /// On a database that may be anywhere.
    pub fn on(db: TestDb) -> Arc<Self> {
        let dues: Arc<Mutex<HashMap<Uuid, Value>>> = Arc::default();
        let known = Arc::clone(&dues);
        let orders_are_away = Arc::new(AtomicBool::new(false));
        let are_away = Arc::clone(&orders_are_away);
        Arc::new(Self {
            db,
            clock: FakeClock::at_real_time(),
            auth: StandIn::start(|request| {
                service::auth_answer(request)
                    .unwrap_or_else(|| stand_in::Reply::error(404, "NOT_FOUND"))
            }),
            orders: StandIn::start(move |request| {
                if are_away.load(Ordering::Relaxed) {
                    return stand_in::Reply::HangUp;
                }
                let known = known.lock().unwrap();
                tell_story(&known, request).unwrap_or_else(|| tell_due(&known, request))
            }),
            paystack: Paystack::start(),
            dues,
            orders_are_away,
        })
    }

    /// Has somebody order something.
    pub fn order(&self) -> Order {
        self.order_of(ids::new_id(), 150_000)
    }

    pub fn order_of(&self, user: Uuid, total: i64) -> Order {
        let order = Order {
            id: ids::new_id(),
            user,
            total,
        };
        let tail: String = order.id.simple().to_string().to_uppercase();
        let due = json!({
            "orderId": order.id, "orderNumber": format!("AGP-20260113-{}", &tail[22..]), "userId": user,
            "email": "ada@example.com", "amount": amount(total), "currency": "NGN", "state": "pending",
            "isPayable": true, "expiresAt": "2030-01-01T00:00:00Z",
        });
        self.dues.lock().unwrap().insert(order.id, due);
        order
    }

    /// Changes what orders says of an order.
    pub fn change_due(&self, order: Uuid, field: &str, value: Value) {
        let mut dues = self.dues.lock().unwrap();
        dues.get_mut(&order).unwrap()[field] = value;
    }

    pub fn orders_go_away(&self, away: bool) {
        self.orders_are_away.store(away, Ordering::Relaxed);
    }
}

/// A JSON number with two decimals.
pub fn amount(minor: i64) -> Value {
    serde_json::from_str(&format!("{}.{:02}", minor / 100, minor % 100)).unwrap()
}

/// What orders tells of an order, and which mails about it left, which notifications tells.
fn tell_story(
    known: &HashMap<Uuid, Value>,
    request: &stand_in::Request,
) -> Option<stand_in::Reply> {
    if request.path.starts_with("/internal/mails/") {
        let mail = json!({ "template": "order_shipped", "sentAt": "2026-01-13T12:00:00Z", "delivery": "delivered" });
        return Some(stand_in::Reply::success(&json!({ "mails": [mail] })));
    }
    let order = request.path.strip_prefix("/internal/orders/")?;
    let order: Uuid = order.strip_suffix("/mail-view")?.parse().ok()?;
    let due = known.get(&order)?;
    let address = json!({
        "fullName": "Ada Obi", "phone": "+2348012345678", "addressLine1": "12 Allen Avenue", "city": "Ikeja",
        "state": "Lagos", "country": "NG", "postalCode": "100281",
    });
    let view = json!({
        "to": due["email"], "name": "Ada Obi", "invoiceNumber": "INV-2026-000042", "pricesIncludeTax": false,
        "order": {
            "orderNumber": due["orderNumber"], "total": due["amount"], "currency": "NGN", "shippingAddress": address,
            "items": [{ "title": "Royal lace", "quantity": 2, "lineTotal": due["amount"] }],
            "carrier": "GIG", "trackingNumber": "GIG-1", "createdAt": "2026-01-13T10:30:00Z",
            "history": [{ "to": "shipped", "at": "2026-01-13T12:00:00Z" }, { "to": "delivered", "at": "2026-01-14T12:00:00Z" }],
        },
    });
    Some(stand_in::Reply::success(&json!({ "mailView": view })))
}

fn tell_due(known: &HashMap<Uuid, Value>, request: &stand_in::Request) -> stand_in::Reply {
    let order = request.path.strip_prefix("/internal/orders/");
    let order = order.and_then(|rest| rest.strip_suffix("/due"));
    let order: Option<Uuid> = order.and_then(|id| id.parse().ok());
    if !request.header("authorization").starts_with("Bearer ") {
        return stand_in::Reply::error(401, "AUTHENTICATION_ERROR");
    }
    match order.and_then(|id| known.get(&id)) {
        Some(due) => stand_in::Reply::success(&json!({ "due": due })),
        None => stand_in::Reply::error(404, "NOT_FOUND"),
    }
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}
