//! The catalogue as this service meets it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use common::ids;
use serde_json::{Value, json};
use test_support::service;
use test_support::stand_in::{Reply, Request, StandIn};
use uuid::Uuid;

/// How the catalogue behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Well,
    Down,
    Silent,
}

struct State {
    variants: HashMap<Uuid, Value>,
    mood: Mood,
    asked: Vec<Value>,
}

/// A variant that was put on sale.
#[derive(Debug, Clone, Copy)]
pub struct Thing {
    pub product: Uuid,
    pub variant: Uuid,
}

pub struct Catalogue {
    server: StandIn,
    state: Arc<Mutex<State>>,
}

impl Catalogue {
    pub fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            variants: HashMap::new(),
            mood: Mood::Well,
            asked: Vec::new(),
        }));
        let answering = Arc::clone(&state);
        let server = StandIn::start(move |request| answer(&answering, request));
        Self { server, state }
    }

    pub fn origin(&self) -> &str {
        &self.server.origin
    }

    /// Puts a product with one variant on sale: NGN 1500, 50 available.
    pub fn sell(&self) -> Thing {
        self.sell_with(|_| {})
    }

    pub fn sell_with(&self, change: impl FnOnce(&mut Value)) -> Thing {
        self.sell_of(ids::new_id(), change)
    }

    /// Puts one more variant of a product on sale.
    pub fn sell_of(&self, product: Uuid, change: impl FnOnce(&mut Value)) -> Thing {
        let variant = ids::new_id();
        let mut body = json!({
            "variantId": variant, "productId": product, "sku": "LACE-1", "title": "Royal lace", "name": "Red",
            "slug": "royal-lace", "price": 1500.00, "currency": "NGN", "weight": null, "isActive": true,
            "available": 50, "thumbnail": "https://img.example/lace.jpg", "variantCount": 1,
        });
        change(&mut body);
        self.state.lock().unwrap().variants.insert(variant, body);
        Thing { product, variant }
    }

    /// Changes what is said of a variant.
    pub fn change(&self, thing: Thing, field: &str, value: Value) {
        let mut state = self.state.lock().unwrap();
        state.variants.get_mut(&thing.variant).unwrap()[field] = value;
    }

    pub fn remove(&self, thing: Thing) {
        self.state.lock().unwrap().variants.remove(&thing.variant);
    }

    pub fn feel(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// Questions so far.
    pub fn asked(&self) -> Vec<Value> {
        self.state.lock().unwrap().asked.clone()
    }
}

fn answer(state: &Mutex<State>, request: &Request) -> Reply {
    if let Some(answer) = service::auth_answer(request) {
        return answer;
    }
    if request.path != "/internal/variants/lookup" {
        return Reply::error(404, "NOT_FOUND");
    }
    let mut state = state.lock().unwrap();
    assert_eq!(request.method, "POST");
    assert!(request.header("authorization").starts_with("Bearer "));
    let question: Value = serde_json::from_slice(&request.body).unwrap();
    state.asked.push(question.clone());
    match state.mood {
        Mood::Down => Reply::error(503, "SERVICE_UNAVAILABLE"),
        Mood::Silent => Reply::Silence,
        Mood::Well => {
            let (key, ids) = question.as_object().unwrap().iter().next().unwrap();
            let ids = ids.as_array().unwrap();
            assert!((1..=200).contains(&ids.len()), "{} ids", ids.len());
            let field = match key.as_str() {
                "variantIds" => "variantId",
                "productIds" => "productId",
                other => panic!("{other}"),
            };
            let found: Vec<&Value> = state
                .variants
                .values()
                .filter(|variant| ids.contains(&variant[field]))
                .collect();
            Reply::success(&json!({ "variants": found }))
        }
    }
}
