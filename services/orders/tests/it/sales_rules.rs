//! What staff charges beside prices: coupons, ways to ship, taxes.

mod coupons;
mod shipping_methods;
mod tax_rates;

use reqwest::Method;
use serde_json::{Value, json};
use test_support::service::{Ask as _, Reply};

use crate::app::{Person, TestApp, id_of, order_of};
use crate::world::Goods;

const COUPONS: &str = "/admin/coupons";
const METHODS: &str = "/admin/shipping-methods";
const RATES: &str = "/admin/tax-rates";

/// Each kind of rule, under which name it is answered, and one that a new shop does not have.
fn kinds() -> [(&'static str, &'static str, Value); 3] {
    [
        (COUPONS, "coupon", fixed("SPRING")),
        (METHODS, "shippingMethod", bike()),
        (
            RATES,
            "taxRate",
            json!({ "name": "TVA", "country": "SN", "rate": 18 }),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_made_twice_under_one_key_is_made_once() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    for (path, _, body) in kinds() {
        let make = async |body: &Value| {
            let request = admin.request(Method::POST, path);
            let request = request.header("Idempotency-Key", "one");
            request.json(body).reply().await
        };
        let (first, again) = (make(&body).await, make(&body).await);
        first.assert_success(201);
        assert_eq!((again.status, &again.bytes), (201, &first.bytes));
        assert_eq!(again.header("idempotent-replayed"), "true");
        let other = but(body, "isActive", json!(false));
        let reused = make(&other).await;
        reused.assert_error(422, "IDEMPOTENCY_KEY_REUSED");
    }
}

fn fixed(code: &str) -> Value {
    json!({ "code": code, "type": "fixed", "amount": 100 })
}

fn bike() -> Value {
    json!({
        "code": "bike", "name": "By bike", "country": "NG", "currency": "NGN", "price": 900,
        "estimatedDays": { "min": 0, "max": 1 },
    })
}

/// What a body is with one part changed.
fn but(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

async fn add(admin: &Person<'_>, path: &str, body: &Value) -> Value {
    let reply = admin.post(path, body).await;
    only(reply.assert_success(201))
}

async fn change(admin: &Person<'_>, path: &str, thing: &Value, body: &Value) -> Value {
    let reply = admin.patch(&at(path, thing), body).await;
    only(reply.assert_success(200))
}

async fn delete(person: &Person<'_>, path: &str) -> Reply {
    person.request(Method::DELETE, path).reply().await
}

/// The one thing that is answered.
fn only(data: &Value) -> Value {
    let things = data.as_object().unwrap();
    assert_eq!(things.len(), 1, "{data}");
    things.values().next().unwrap().clone()
}

fn at(path: &str, thing: &Value) -> String {
    format!("{path}/{}", id_of(thing))
}

fn refused(reply: &Reply, field: &str) {
    reply.assert_error(400, "VALIDATION_ERROR");
    assert_eq!(reply.field(), field, "{}", reply.body);
}

fn order_with(goods: Goods, field: &str, value: &str) -> Value {
    but(order_of(&[goods.item(1)]), field, json!(value))
}

/// What staff did to something, in its order.
async fn audit(app: &TestApp, thing: &Value) -> Vec<String> {
    let sql = format!(
        "SELECT action, actor_role FROM orders.audit_events WHERE entity_id = '{}' ORDER BY occurred_at, id",
        id_of(thing)
    );
    let rows = app.rows(&sql).await;
    assert!(rows.iter().all(|row| row["actor_role"] == "admin"));
    let actions = rows.iter().map(|row| row["action"].as_str().unwrap());
    actions.map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_administrators_make_sales_rules() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    for (path, name, body) in kinds() {
        let thing = add(&admin, path, &body).await;
        let own = at(path, &thing);
        for role in ["customer", "merchant", "fulfilment", "finance"] {
            let person = app.staff(role);
            for reply in [
                person.get(path).await,
                person.post(path, &body).await,
                person.patch(&own, &json!({ "isActive": false })).await,
                delete(&person, &own).await,
            ] {
                reply.assert_error(403, "AUTHORIZATION_ERROR");
            }
        }
        let nobody = app.request(Method::GET, &format!("/api/v1{path}"));
        nobody
            .reply()
            .await
            .assert_error(401, "AUTHENTICATION_ERROR");
        let (_, things) = admin
            .get(path)
            .await
            .data()
            .as_object()
            .unwrap()
            .iter()
            .find(|(listed, _)| listed.starts_with(name))
            .map(|(listed, things)| (listed.clone(), things.clone()))
            .unwrap();
        assert!(
            things.as_array().unwrap().contains(&thing),
            "{name} as it was made"
        );
    }
    let coupon = add(&admin, COUPONS, &fixed("MINE")).await;
    let peek = app.staff("finance").get(&at(COUPONS, &coupon)).await;
    peek.assert_error(403, "AUTHORIZATION_ERROR");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_to_the_version_that_was_seen() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    for (path, _, body) in kinds() {
        let thing = add(&admin, path, &body).await;
        assert_eq!(thing["version"], 1);
        let own = at(path, &thing);
        let off = json!({ "isActive": false, "version": 1 });
        let changed = change(&admin, path, &thing, &off).await;
        assert_eq!(
            (&changed["version"], &changed["isActive"]),
            (&json!(2), &json!(false))
        );
        assert_eq!(changed["createdAt"], thing["createdAt"]);
        let stale = admin.patch(&own, &but(off, "isActive", json!(true))).await;
        stale.assert_error(409, "VERSION_CONFLICT");
        for method in [Method::PATCH, Method::DELETE] {
            let stale = admin.request(method, &own).header("If-Match", "\"1\"");
            let stale = stale.json(&json!({})).reply().await;
            stale.assert_error(409, "VERSION_CONFLICT");
        }
        let unknown = admin.patch(&own, &json!({ "nmae": "x" })).await;
        refused(&unknown, "nmae");
        let fresh = admin.request(Method::DELETE, &own).header("If-Match", "2");
        fresh.reply().await.assert_success(200);
        for gone in [
            admin.patch(&own, &json!({})).await,
            delete(&admin, &own).await,
        ] {
            gone.assert_error(404, "NOT_FOUND");
        }
        let kind = audit(&app, &thing).await;
        let actions: Vec<&str> = kind
            .iter()
            .map(|action| action.split_once('.').unwrap().1)
            .collect();
        assert_eq!(actions, ["created", "changed", "deleted"], "{path}");
    }
}
