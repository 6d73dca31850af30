//! Inventory as orders meets it: it holds, sells and gives back, idempotently by order.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use serde_json::{Value, json};
use test_support::stand_in::{Reply, Request, StandIn};
use uuid::Uuid;

/// What inventory knows.
#[derive(Default)]
pub struct Shelf {
    /// By variant.
    pub available: HashMap<Uuid, i64>,
    /// By order: state, end of the hold, lines.
    pub holds: HashMap<Uuid, Hold>,
    /// Every command, as `reserve <order>`.
    pub asked: Vec<String>,
    /// What the next commands get instead of an answer.
    pub trouble: Vec<Trouble>,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing, this time.
    None,
    /// The command is done, and nobody hears of it.
    ExecuteThenHangUp,
    /// Nothing is done.
    HangUp,
    /// The buyer is at a limit.
    Limit,
}

#[derive(Debug, Clone)]
pub struct Hold {
    pub state: &'static str,
    pub expires_at: DateTime<Utc>,
    pub lines: Vec<(Uuid, i64)>,
}

pub type Shared = Arc<Mutex<Shelf>>;

pub fn start(shelf: Shared) -> StandIn {
    StandIn::start(move |request| {
        let mut shelf = shelf.lock().unwrap();
        if !request.header("authorization").starts_with("Bearer ") {
            return Reply::error(401, "AUTHENTICATION_ERROR");
        }
        let trouble = if shelf.trouble.is_empty() {
            None
        } else {
            Some(shelf.trouble.remove(0))
        };
        match trouble {
            Some(Trouble::HangUp) => Reply::HangUp,
            Some(Trouble::Limit) => Reply::Answer {
                status: 429,
                headers: vec![("Retry-After", "77".to_owned())],
                body: json!({ "status": "error", "code": "RESERVATION_LIMIT", "details": [] })
                    .to_string(),
            },
            Some(Trouble::ExecuteThenHangUp) => {
                shelf.answer(request);
                Reply::HangUp
            }
            None | Some(Trouble::None) => shelf.answer(request),
        }
    })
}

impl Shelf {
    fn answer(&mut self, request: &Request) -> Reply {
        let path = request.path.trim_start_matches("/internal/reservations");
        let mut parts = path.trim_start_matches('/').split('/');
        let order = parts.next().filter(|id| !id.is_empty());
        let Some(order) = order else {
            return self.reserve(&serde_json::from_slice(&request.body).unwrap());
        };
        let order: Uuid = order.parse().unwrap();
        let action = parts.next().unwrap_or("find");
        self.asked.push(format!("{action} {order}"));
        match action {
            "find" => self.described(200, order),
            "commit" => Reply::success(&json!({ "outcome": self.commit(order) })),
            "release" => {
                self.end(order, "released");
                Reply::success(&json!({ "state": "released" }))
            }
            "extend" => {
                let hold = self.holds.get_mut(&order).unwrap();
                if hold.state != "active" {
                    return Reply::error(409, "INVALID_STATE");
                }
                hold.expires_at += TimeDelta::minutes(15);
                self.described(200, order)
            }
            other => panic!("{other}"),
        }
    }

    fn reserve(&mut self, asked: &Value) -> Reply {
        let order: Uuid = asked["orderId"].as_str().unwrap().parse().unwrap();
        self.asked.push(format!("reserve {order}"));
        let lines: Vec<(Uuid, i64)> = asked["lines"]
            .as_array()
            .unwrap()
            .iter()
            .map(|line| {
                let id = line["variantId"].as_str().unwrap().parse().unwrap();
                (id, line["quantity"].as_i64().unwrap())
            })
            .collect();
        let held = self.holds.get(&order);
        if let Some(held) = held.filter(|hold| hold.state == "active") {
            return if held.lines == lines {
                self.described(200, order)
            } else {
                Reply::error(409, "CONFLICT")
            };
        }
        let short = lines
            .iter()
            .filter(|(id, n)| self.available.get(id).copied().unwrap_or(0) < *n);
        let details: Vec<Value> = short
            .map(|(id, n)| {
                let there = self.available.get(id).copied().unwrap_or(0);
                json!({ "field": id, "message": format!("{n} wanted, {there} available") })
            })
            .collect();
        if !details.is_empty() {
            let body =
                json!({ "status": "error", "code": "INSUFFICIENT_STOCK", "details": details });
            return Reply::json(409, &body);
        }
        for (id, n) in &lines {
            *self.available.get_mut(id).unwrap() -= n;
        }
        let seconds = asked["ttlSeconds"].as_i64().unwrap();
        let hold = Hold {
            state: "active",
            expires_at: now() + TimeDelta::seconds(seconds),
            lines,
        };
        self.holds.insert(order, hold);
        self.described(201, order)
    }

    fn commit(&mut self, order: Uuid) -> &'static str {
        let Some(hold) = self.holds.get(&order).cloned() else {
            return "unavailable";
        };
        match hold.state {
            "committed" => "committed",
            "active" => {
                self.holds.get_mut(&order).unwrap().state = "committed";
                "committed"
            }
            "expired" => {
                let is_there = |(id, n): &(Uuid, i64)| self.available[id] >= *n;
                if !hold.lines.iter().all(is_there) {
                    return "unavailable";
                }
                for (id, n) in &hold.lines {
                    *self.available.get_mut(id).unwrap() -= n;
                }
                self.holds.get_mut(&order).unwrap().state = "committed";
                "reallocated"
            }
            _ => "unavailable",
        }
    }

    /// A hold ends: what it held is there again.
    pub fn end(&mut self, order: Uuid, state: &'static str) {
        let Some(hold) = self.holds.get_mut(&order) else {
            return;
        };
        if hold.state == "active" {
            hold.state = state;
            for (id, n) in hold.lines.clone() {
                *self.available.get_mut(&id).unwrap() += n;
            }
        }
    }

    fn described(&self, status: u16, order: Uuid) -> Reply {
        let Some(hold) = self.holds.get(&order) else {
            return Reply::error(404, "NOT_FOUND");
        };
        let reservation = json!({
            "orderId": order, "state": hold.state, "expiresAt": hold.expires_at, "isExtended": false, "lines": [],
        });
        Reply::json(
            status,
            &json!({ "status": "success", "data": { "reservation": reservation } }),
        )
    }

    /// How many commands of a kind came for an order.
    pub fn count(&self, action: &str, order: Uuid) -> usize {
        let asked = format!("{action} {order}");
        self.asked.iter().filter(|one| **one == asked).count()
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "inventory has a clock of its own"
)]
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}
