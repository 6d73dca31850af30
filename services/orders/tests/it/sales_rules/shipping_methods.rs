//! Ways to ship as staff makes them.

use serde_json::{Value, json};

use super::{METHODS, add, at, audit, bike, but, change, delete, order_with, refused};
use crate::app::{Person, TestApp, order_of};

/// The ways to ship that staff sees of a country.
async fn all_of(admin: &Person<'_>, country: &str) -> Vec<Value> {
    let reply = admin.get(&format!("{METHODS}?country={country}")).await;
    let data = reply.assert_success(200);
    data["shippingMethods"].as_array().unwrap().clone()
}

/// What is the default in a country, for each currency.
async fn defaults(admin: &Person<'_>, country: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let methods = all_of(admin, country).await;
    let methods = methods.iter().filter(|method| method["isDefault"] == true);
    methods
        .map(|method| (text(&method["currency"]), text(&method["code"])))
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(currency, code): &(&str, &str)| ((*currency).to_owned(), (*code).to_owned());
    of.iter().map(owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_to_ship_is_made_and_taken_at_its_word() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let lace = app.world.sell("Royal lace", "1000.00");
    let body = json!({
        "code": " Bike ", "name": " By bike ", "country": "ng", "states": ["Lagos", " LAGOS", "Ogun"], "currency": "NGN",
        "price": "900.50", "freeFrom": 1000.01, "estimatedDays": { "min": 0, "max": 1 },
    });
    let method = add(&admin, METHODS, &body).await;
    let expected = json!({
        "id": method["id"], "code": "bike", "name": "By bike", "country": "NG", "states": ["lagos", "ogun"],
        "currency": "NGN", "price": 900.5, "freeFrom": 1000.01, "estimatedDays": { "min": 0, "max": 1 },
        "isDefault": false, "isActive": true, "version": 1,
        "createdAt": method["createdAt"], "updatedAt": method["createdAt"],
    });
    assert_eq!(method, expected);
    let order = ada.order(&order_with(lace, "shippingMethod", "bike")).await;
    let order = order.assert_success(201)["order"].clone();
    assert_eq!(order["shipping"], 900.5);
    let two = but(order_of(&[lace.item(2)]), "shippingMethod", json!("bike"));
    let two = ada.order(&two).await;
    assert_eq!(two.assert_success(201)["order"]["shipping"], 0.0);
    let elsewhere = json!({ "states": ["Kano"], "freeFrom": null });
    let moved = change(&admin, METHODS, &method, &elsewhere).await;
    assert_eq!(
        (&moved["freeFrom"], &moved["price"]),
        (&Value::Null, &json!(900.5))
    );
    let late = ada.order(&order_with(lace, "shippingMethod", "bike")).await;
    refused(&late, "shippingMethod");
    delete(&admin, &at(METHODS, &method))
        .await
        .assert_success(200);
    assert_eq!(ada.see(&order).await["shippingMethod"], "bike");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_a_new_way_to_ship_names_its_field() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let many: Vec<String> = (0..101).map(|n| format!("state {n}")).collect();
    for (field, value, named) in [
        ("code", json!("by bike"), "code"),
        ("code", json!("x".repeat(41)), "code"),
        ("name", json!(" "), "name"),
        ("name", json!("x".repeat(101)), "name"),
        ("name", json!("two\nlines"), "name"),
        ("country", json!("NGA"), "country"),
        ("states", json!([""]), "states.0"),
        ("states", json!(many), "states"),
        ("currency", json!("ngn"), "currency"),
        ("price", json!(-0.01), "price"),
        ("price", json!(1.001), "price"),
        ("price", json!(1_000_000_001), "price"),
        ("freeFrom", json!(0), "freeFrom"),
        (
            "estimatedDays",
            json!({ "min": -1, "max": 1 }),
            "estimatedDays.min",
        ),
        (
            "estimatedDays",
            json!({ "min": 1, "max": 366 }),
            "estimatedDays.max",
        ),
        (
            "estimatedDays",
            json!({ "min": 2, "max": 1 }),
            "estimatedDays.max",
        ),
        ("estimatedDays", json!({ "min": 2 }), "estimatedDays.max"),
        ("weight", json!(1), "weight"),
    ] {
        let reply = admin.post(METHODS, &but(bike(), field, value)).await;
        refused(&reply, named);
    }
    let off = but(
        but(bike(), "isDefault", json!(true)),
        "isActive",
        json!(false),
    );
    refused(&admin.post(METHODS, &off).await, "isDefault");
    let franc = but(but(bike(), "currency", json!("XOF")), "price", json!(1.5));
    refused(&admin.post(METHODS, &franc).await, "price");
    refused(
        &admin.get(&format!("{METHODS}?country=Nigeria")).await,
        "country",
    );
    let most = but(bike(), "price", json!(1_000_000_000));
    add(
        &admin,
        METHODS,
        &but(most, "estimatedDays", json!({ "min": 365, "max": 365 })),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_one_way_in_a_country_and_a_currency() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let method = add(&admin, METHODS, &bike()).await;
    let again = admin
        .post(METHODS, &but(bike(), "code", json!("BIKE")))
        .await;
    again.assert_error(409, "CONFLICT");
    for (field, value) in [("currency", "USD"), ("country", "GH")] {
        add(&admin, METHODS, &but(bike(), field, json!(value))).await;
        let moved = admin
            .patch(&at(METHODS, &method), &json!({ field: value }))
            .await;
        moved.assert_error(409, "CONFLICT");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_becomes_the_default_takes_that_from_the_other() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let lace = app.world.sell("Royal lace", "1000.00");
    let seeded = [("NGN", "standard"), ("USD", "international")];
    assert_eq!(defaults(&admin, "NG").await, pairs(&seeded));
    let method = add(&admin, METHODS, &but(bike(), "isDefault", json!(true))).await;
    let switched = [("NGN", "bike"), ("USD", "international")];
    assert_eq!(defaults(&admin, "NG").await, pairs(&switched));
    assert_eq!(
        defaults(&admin, "GH").await,
        pairs(&[("GHS", "standard"), ("NGN", "international")])
    );
    assert_eq!(ada.buy(lace, 1).await["shippingMethod"], "bike");
    let all = all_of(&admin, "NG").await;
    let standard = all
        .iter()
        .find(|method| method["code"] == "standard")
        .unwrap();
    assert_eq!(standard["version"], 2);
    assert_eq!(audit(&app, standard).await, ["shipping_method.changed"]);
    let stale = json!({ "isDefault": true, "version": 1 });
    let stale = admin.patch(&at(METHODS, standard), &stale).await;
    stale.assert_error(409, "VERSION_CONFLICT");
    let back = json!({ "isDefault": true, "version": 2 });
    assert_eq!(
        change(&admin, METHODS, standard, &back).await["isDefault"],
        true
    );
    assert_eq!(defaults(&admin, "NG").await, pairs(&seeded));
    assert_eq!(ada.buy(lace, 1).await["shippingMethod"], "standard");
    let off = change(&admin, METHODS, standard, &json!({ "isActive": false })).await;
    assert_eq!(off["isDefault"], false, "one that is switched off");
    let shy = admin
        .patch(&at(METHODS, standard), &json!({ "isDefault": true }))
        .await;
    refused(&shy, "isDefault");
    change(&admin, METHODS, &method, &json!({ "isDefault": true })).await;
    let on = change(&admin, METHODS, standard, &json!({ "isActive": true })).await;
    assert_eq!(on["isDefault"], false, "it does not come back by itself");
    assert_eq!(defaults(&admin, "NG").await, pairs(&switched));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_that_become_the_default_at_once_one_is_it() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let all = all_of(&admin, "NG").await;
    let naira: Vec<&Value> = all
        .iter()
        .filter(|method| method["currency"] == "NGN")
        .collect();
    assert_eq!(naira.len(), 3);
    let body = json!({ "isDefault": true });
    for turn in 0..5 {
        let paths: Vec<String> = naira.iter().map(|method| at(METHODS, method)).collect();
        let new = but(
            but(bike(), "code", json!(format!("new-{turn}"))),
            "isDefault",
            json!(true),
        );
        let changes =
            futures_util::future::join_all(paths.iter().map(|path| admin.patch(path, &body)));
        let (changes, made) = tokio::join!(changes, admin.post(METHODS, &new));
        let mut won = 0;
        for reply in changes.iter().chain([&made]) {
            if reply.status < 300 {
                won += 1;
            } else {
                reply.assert_error(409, "CONFLICT");
            }
        }
        assert!(won > 0, "somebody becomes it");
        let defaults = defaults(&admin, "NG").await;
        let naira = defaults.iter().filter(|(currency, _)| currency == "NGN");
        assert_eq!(naira.count(), 1);
    }
}
