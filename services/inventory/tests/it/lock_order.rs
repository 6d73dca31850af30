use std::sync::Arc;
use std::time::Duration;

use common::ids;
use events::auth::EraseRequested;
use events::orders::{OrderCancelled, OrderedLine, RestockRequested};
use inventory::consumers::on_order_cancelled::on_order_cancelled;
use inventory::consumers::on_order_restock_requested::on_order_restock_requested;
use inventory::consumers::on_privacy_erase_requested::on_privacy_erase_requested;
use reqwest::Method;
use serde_json::json;
use test_support::service::Reply;
use uuid::Uuid;

use crate::app::TestApp;

const ROUNDS: usize = 15;
const AT_ONCE: usize = 24;
/// Counted, and never reached.
const NO_LIMITS: [(&str, &str); 2] = [
    ("LIMITS__ORDERS_PER_USER", "100000"),
    ("LIMITS__UNITS_PER_USER", "100000"),
];

struct Storm {
    one: TestApp,
    two: TestApp,
    variants: Vec<Uuid>,
    users: Vec<Uuid>,
}

/// Two processes, a few variants and buyers, each order wanting several variants in another sequence, everything at once that
/// locks anything.
#[tokio::test(flavor = "multi_thread")]
async fn r3_no_storm_of_orders_ends_in_a_deadlock() {
    let one = TestApp::start_with(&NO_LIMITS).await;
    let two = TestApp::start_in(Arc::clone(&one.world), &NO_LIMITS).await;
    let mut variants = Vec::new();
    for _ in 0..6 {
        variants.push(one.stocked(100_000).await);
    }
    let users = (0..3).map(|_| ids::new_id()).collect();
    let storm = Arc::new(Storm {
        one,
        two,
        variants,
        users,
    });
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|number| {
            let storm = Arc::clone(&storm);
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    storm.order(number, round).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    // PostgreSQL's own counters are a second behind.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    let one = &storm.one;
    one.assert_sound().await;
    let sql = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(one.rows(sql).await[0]["deadlocks"], 0);
}

impl Storm {
    async fn order(&self, number: usize, round: usize) {
        let app = if number.is_multiple_of(2) {
            &self.one
        } else {
            &self.two
        };
        let turn = number + round;
        let at = |place: usize| {
            let variant = self.variants[(turn * 5 + place * 7) % self.variants.len()];
            (variant, 1 + i64::from(place.is_multiple_of(2)))
        };
        let lines = [at(0), at(1), at(2), at(3)];
        let (order, user) = (ids::new_id(), self.users[turn % self.users.len()]);
        let mut reply = app.reserve(order, user, &lines).await;
        while is_to_come_again(&reply) {
            reply = app.reserve(order, user, &lines).await;
        }
        assert!(matches!(reply.status, 200 | 201), "{}", reply.body);
        match turn % 6 {
            0 => self.command(app, order, "extend").await,
            1 => self.command(app, order, "release").await,
            2 => self.cancel(app, order, user).await,
            _ => self.command(app, order, "commit").await,
        }
        match turn % 6 {
            0 => app.let_pass(order).await,
            3 => self.restock(app, order, &lines).await,
            4 => self.erase(app, user).await,
            5 => self.count(app, lines[0].0).await,
            _ => {}
        }
    }

    async fn command(&self, app: &TestApp, order: Uuid, command: &str) {
        let mut reply = app.command(order, command).await;
        while is_to_come_again(&reply) {
            reply = app.command(order, command).await;
        }
        reply.assert_success(200);
    }

    async fn cancel(&self, app: &TestApp, order_id: Uuid, user_id: Uuid) {
        let id = ids::new_id();
        let event = || OrderCancelled { order_id, user_id };
        while app.hear(event(), 1, id, on_order_cancelled).await.is_err() {}
    }

    async fn restock(&self, app: &TestApp, order_id: Uuid, lines: &[(Uuid, i64)]) {
        let (id, refund_id) = (ids::new_id(), ids::new_id());
        // Not in the order in which they are locked.
        let lines = lines.iter().rev();
        let lines: Vec<OrderedLine> = lines
            .map(|&(variant_id, quantity)| OrderedLine {
                variant_id,
                quantity,
            })
            .collect();
        let event = || RestockRequested {
            order_id,
            refund_id,
            lines: lines.clone(),
        };
        while app
            .hear(event(), 1, id, on_order_restock_requested)
            .await
            .is_err()
        {}
    }

    async fn erase(&self, app: &TestApp, user_id: Uuid) {
        let (id, request_id) = (ids::new_id(), ids::new_id());
        let event = || EraseRequested {
            request_id,
            user_id,
        };
        while app
            .hear(event(), 1, id, on_privacy_erase_requested)
            .await
            .is_err()
        {}
    }

    async fn count(&self, app: &TestApp, variant: Uuid) {
        let body = json!({ "quantity": 1, "operation": "increment" });
        let path = format!("/{variant}/stock");
        let mut reply = app.staff("admin", Method::PATCH, &path, Some(&body)).await;
        while is_to_come_again(&reply) {
            reply = app.staff("admin", Method::PATCH, &path, Some(&body)).await;
        }
        reply.assert_success(200);
    }
}

/// On a busy machine a turn may come too late; that is said, and is no deadlock.
fn is_to_come_again(reply: &Reply) -> bool {
    reply.status == 503 && reply.header("retry-after") == "1"
}
