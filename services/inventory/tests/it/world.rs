//! What the service has around it: a database, auth, the catalogue.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use common::ids;
use inventory::startup::MIGRATIONS;
use serde_json::{Value, json};
use test_support::service;
use test_support::stand_in::{self, StandIn};
use test_support::{FakeClock, TestDb, run_migrations};
use uuid::Uuid;

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub clock: FakeClock,
    pub auth: StandIn,
    pub catalog: StandIn,
    variants: Arc<Mutex<HashMap<Uuid, Value>>>,
}

impl World {
    pub fn new() -> Arc<Self> {
        Self::on(TestDb::start("inventory", prepare))
    }

    /// On a database that may be anywhere.
    pub fn on(db: TestDb) -> Arc<Self> {
        let variants: Arc<Mutex<HashMap<Uuid, Value>>> = Arc::default();
        let known = Arc::clone(&variants);
        Arc::new(Self {
            db,
            clock: FakeClock::at_real_time(),
            auth: StandIn::start(|request| {
                service::auth_answer(request)
                    .unwrap_or_else(|| stand_in::Reply::error(404, "NOT_FOUND"))
            }),
            catalog: StandIn::start(move |request| look_up(&known.lock().unwrap(), request)),
            variants,
        })
    }

    /// Has the catalogue know a variant.
    pub fn sell(&self, variant: Uuid, sku: &str) {
        let found = json!({
            "variantId": variant, "productId": ids::new_id(), "sku": sku, "title": "Royal lace",
            "price": 1500, "currency": "NGN", "isActive": true,
        });
        self.variants.lock().unwrap().insert(variant, found);
    }
}

fn look_up(known: &HashMap<Uuid, Value>, request: &stand_in::Request) -> stand_in::Reply {
    if request.path != "/internal/variants/lookup"
        || !request.header("authorization").starts_with("Bearer ")
    {
        return stand_in::Reply::error(404, "NOT_FOUND");
    }
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let ids = asked["variantIds"].as_array().unwrap();
    let found = ids
        .iter()
        .filter_map(|id| known.get(&id.as_str()?.parse().ok()?));
    stand_in::Reply::success(&json!({ "variants": found.collect::<Vec<_>>() }))
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}
