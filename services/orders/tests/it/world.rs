//! What the service has around it: a database, auth, the catalogue, carts, inventory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use common::ids;
use orders::startup::MIGRATIONS;
use serde_json::{Value, json};
use test_support::service;
use test_support::stand_in::{Reply, Request, StandIn};
use test_support::{FakeClock, TestDb, run_migrations};
use uuid::Uuid;

use crate::inventory::{self, Shared};

/// What the service has around it.
pub struct World {
    pub db: TestDb,
    pub clock: FakeClock,
    pub auth: StandIn,
    pub catalog: StandIn,
    pub cart: StandIn,
    pub inventory: StandIn,
    pub shelf: Shared,
    offers: Arc<Mutex<HashMap<Uuid, Value>>>,
    carts: Arc<Mutex<HashMap<Uuid, Value>>>,
}

/// Something to buy.
#[derive(Debug, Clone, Copy)]
pub struct Goods {
    pub product: Uuid,
    pub variant: Uuid,
}

impl Goods {
    /// So many of it, as an order asks for them.
    pub fn item(&self, quantity: u32) -> Value {
        json!({ "productId": self.product, "variantId": self.variant, "quantity": quantity })
    }
}

impl World {
    pub fn new() -> Arc<Self> {
        Self::on(TestDb::start("orders", prepare))
    }

    /// On a database that may be anywhere.
    pub fn on(db: TestDb) -> Arc<Self> {
        let offers: Arc<Mutex<HashMap<Uuid, Value>>> = Arc::default();
        let carts: Arc<Mutex<HashMap<Uuid, Value>>> = Arc::default();
        let (known, filled) = (Arc::clone(&offers), Arc::clone(&carts));
        let shelf = Shared::default();
        Arc::new(Self {
            db,
            clock: FakeClock::at_real_time(),
            auth: StandIn::start(auth),
            catalog: StandIn::start(move |request| look_up(&known.lock().unwrap(), request)),
            cart: StandIn::start(move |request| cart(&filled.lock().unwrap(), request)),
            inventory: inventory::start(Arc::clone(&shelf)),
            shelf,
            offers,
            carts,
        })
    }

    /// Has the shop sell something at this price, with 100 of it there.
    pub fn sell(&self, title: &str, price: &str) -> Goods {
        self.sell_in(title, price, "NGN")
    }

    pub fn sell_in(&self, title: &str, price: &str, currency: &str) -> Goods {
        let goods = Goods {
            product: ids::new_id(),
            variant: ids::new_id(),
        };
        self.offer(goods, title, price, currency, 1);
        self.shelf
            .lock()
            .unwrap()
            .available
            .insert(goods.variant, 100);
        goods
    }

    /// Has the catalogue say this of something.
    pub fn offer(&self, goods: Goods, title: &str, price: &str, currency: &str, variants: i64) {
        let price: serde_json::Number = price.parse().unwrap();
        let offer = json!({
            "variantId": goods.variant, "productId": goods.product, "sku": format!("SKU-{title}"), "title": title,
            "name": "Gold", "slug": "x", "price": price, "currency": currency, "weight": null, "isActive": true,
            "available": 100, "thumbnail": null, "variantCount": variants,
        });
        self.offers.lock().unwrap().insert(goods.variant, offer);
    }

    /// Takes something out of the shop.
    pub fn hide(&self, goods: Goods) {
        let mut offers = self.offers.lock().unwrap();
        offers.get_mut(&goods.variant).unwrap()["isActive"] = json!(false);
    }

    /// Fills somebody's cart.
    pub fn fill_cart(&self, user: Uuid, items: &[Value]) {
        self.carts.lock().unwrap().insert(user, json!(items));
    }

    /// Has inventory have so many of something.
    pub fn stock(&self, goods: Goods, available: i64) {
        self.shelf
            .lock()
            .unwrap()
            .available
            .insert(goods.variant, available);
    }
}

fn auth(request: &Request) -> Reply {
    if let Some(answer) = service::auth_answer(request) {
        return answer;
    }
    let Some(rest) = request.path.strip_prefix("/internal/users/") else {
        return Reply::error(404, "NOT_FOUND");
    };
    let user = rest.trim_end_matches("/contact");
    Reply::success(&json!({ "contact": {
        "userId": user, "email": email_of(user.parse().unwrap()), "name": "Ada Obi", "verified": true,
        "role": "customer", "consents": { "marketing": false, "analytics": false, "cookies": true },
    } }))
}

/// The address that auth has of somebody.
pub fn email_of(user: Uuid) -> String {
    format!("{user}@example.com")
}

fn look_up(known: &HashMap<Uuid, Value>, request: &Request) -> Reply {
    let asked: Value = serde_json::from_slice(&request.body).unwrap();
    let has = |list: &str, id: &Value| asked[list].as_array().unwrap().contains(id);
    let found = known.values().filter(|offer| {
        has("variantIds", &offer["variantId"]) || has("productIds", &offer["productId"])
    });
    Reply::success(&json!({ "variants": found.collect::<Vec<_>>() }))
}

fn cart(filled: &HashMap<Uuid, Value>, request: &Request) -> Reply {
    let user: Uuid = request.path.rsplit('/').next().unwrap().parse().unwrap();
    let items = filled.get(&user).cloned().unwrap_or_else(|| json!([]));
    Reply::success(
        &json!({ "cart": { "id": null, "version": 1, "currency": "NGN", "items": items } }),
    )
}

pub fn prepare(owner_url: &str) {
    run_migrations(owner_url, MIGRATIONS);
}
