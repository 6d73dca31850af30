//! Coupons as staff makes them.

use serde_json::{Value, json};

use super::{COUPONS, add, at, audit, but, change, delete, fixed, only, order_with, refused};
use crate::app::{TestApp, id_of};

#[tokio::test(flavor = "multi_thread")]
async fn a_coupon_is_made_and_taken_at_its_word() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let lace = app.world.sell("Royal lace", "1000.00");
    let body = json!({
        "code": " spring-26 ", "type": "percentage", "amount": "12.25", "minOrderAmount": 500,
        "startsAt": "2020-01-01T01:00:00+01:00", "expiresAt": "2120-01-01T00:00:00.1234567Z", "usageLimit": 9, "perUserLimit": 2,
    });
    let coupon = add(&admin, COUPONS, &body).await;
    let expected = json!({
        "id": coupon["id"], "code": "SPRING-26", "type": "percentage", "amount": 12.25, "currency": "NGN",
        "minOrderAmount": 500.0, "startsAt": "2020-01-01T00:00:00Z", "expiresAt": "2120-01-01T00:00:00.123456Z",
        "usageLimit": 9, "perUserLimit": 2, "usedCount": 0, "isActive": true, "version": 1,
        "createdAt": coupon["createdAt"], "updatedAt": coupon["createdAt"],
    });
    assert_eq!(coupon, expected);
    let order = ada
        .order(&order_with(lace, "couponCode", "Spring-26"))
        .await;
    assert_eq!(order.assert_success(201)["order"]["discount"], 122.5);
    let seen = only(admin.get(&at(COUPONS, &coupon)).await.assert_success(200));
    assert_eq!(seen, but(expected, "usedCount", json!(1)));
    let nothing = json!({
        "minOrderAmount": null, "startsAt": null, "expiresAt": null, "usageLimit": null, "perUserLimit": null,
        "amount": 0.01,
    });
    let plain = change(&admin, COUPONS, &coupon, &nothing).await;
    for gone in [
        "minOrderAmount",
        "startsAt",
        "expiresAt",
        "usageLimit",
        "perUserLimit",
        "currency",
    ] {
        assert_eq!(plain[gone], Value::Null, "{gone}");
    }
    assert_eq!(
        (&plain["amount"], &plain["usedCount"]),
        (&json!(0.01), &json!(1))
    );
    let order = ada
        .order(&order_with(lace, "couponCode", "SPRING-26"))
        .await;
    assert_eq!(order.assert_success(201)["order"]["discount"], 0.1);
    let missing = admin
        .get(&format!("{COUPONS}/{}", common::ids::new_id()))
        .await;
    missing.assert_error(404, "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_a_new_coupon_names_its_field() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let long = "X".repeat(41);
    for (field, value, named) in [
        ("code", json!(""), "code"),
        ("code", json!(long), "code"),
        ("code", json!("TEN %"), "code"),
        ("code", json!("ÄPFEL"), "code"),
        ("type", json!("free"), "type"),
        ("amount", json!(0), "amount"),
        ("amount", json!(-1), "amount"),
        ("amount", json!(0.001), "amount"),
        ("amount", json!(1_000_000_000.01), "amount"),
        ("currency", json!("EUR"), "currency"),
        ("minOrderAmount", json!(1e12), "minOrderAmount"),
        ("startsAt", json!("tomorrow"), "startsAt"),
        ("startsAt", json!("+12026-01-01T00:00:00Z"), "startsAt"),
        ("usageLimit", json!(0), "usageLimit"),
        ("perUserLimit", json!(1_000_000_001), "perUserLimit"),
        ("usedCount", json!(1), "usedCount"),
    ] {
        let reply = admin.post(COUPONS, &but(fixed("C"), field, value)).await;
        refused(&reply, named);
    }
    let percentage = but(fixed("C"), "type", json!("percentage"));
    for (field, value) in [("amount", json!(100.01)), ("currency", json!("GHS"))] {
        let reply = admin
            .post(COUPONS, &but(percentage.clone(), field, value))
            .await;
        refused(&reply, field);
    }
    let mut backwards = fixed("C");
    backwards["startsAt"] = json!("2026-01-02T00:00:00Z");
    backwards["expiresAt"] = json!("2026-01-02T00:00:00Z");
    refused(&admin.post(COUPONS, &backwards).await, "expiresAt");
    let franc = but(
        but(fixed("C"), "currency", json!("XOF")),
        "amount",
        json!(1.5),
    );
    refused(&admin.post(COUPONS, &franc).await, "amount");
    for missing in ["code", "type", "amount"] {
        let mut body = fixed("C");
        body.as_object_mut().unwrap().remove(missing);
        refused(&admin.post(COUPONS, &body).await, missing);
    }
    let whole = add(&admin, COUPONS, &but(percentage, "amount", json!(100))).await;
    assert_eq!(
        (&whole["amount"], &whole["code"]),
        (&json!(100.0), &json!("C"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_coupon_is_changed_to_goes_together() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let coupon = add(&admin, COUPONS, &fixed("CHANGING")).await;
    assert_eq!(coupon["currency"], "NGN", "naira unless said otherwise");
    let own = at(COUPONS, &coupon);
    let percent = admin.patch(&own, &json!({ "type": "percentage" })).await;
    refused(&percent, "amount");
    refused(
        &admin.patch(&own, &json!({ "currency": null })).await,
        "currency",
    );
    refused(
        &admin.patch(&own, &json!({ "usageLimit": 0 })).await,
        "usageLimit",
    );
    let still = only(admin.get(&own).await.assert_success(200));
    assert_eq!(still, coupon, "nothing was changed");
    let cedi = change(
        &admin,
        COUPONS,
        &coupon,
        &json!({ "currency": "GHS", "minOrderAmount": 5 }),
    )
    .await;
    assert_eq!(
        (&cedi["currency"], &cedi["amount"]),
        (&json!("GHS"), &json!(100.0))
    );
    let percent = json!({ "type": "percentage", "amount": 15 });
    let percent = change(&admin, COUPONS, &coupon, &percent).await;
    assert_eq!(
        (&percent["currency"], &percent["amount"]),
        (&json!("GHS"), &json!(15.0))
    );
    let open = change(&admin, COUPONS, &coupon, &json!({ "minOrderAmount": 0 })).await;
    assert_eq!(
        (&open["currency"], &open["minOrderAmount"]),
        (&Value::Null, &Value::Null)
    );
    refused(
        &admin.patch(&own, &json!({ "currency": "GHS" })).await,
        "currency",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_coupons_never_have_one_code() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let first = add(&admin, COUPONS, &fixed("FIRST")).await;
    let again = admin.post(COUPONS, &fixed("first")).await;
    again.assert_error(409, "CONFLICT");
    let second = add(&admin, COUPONS, &fixed("SECOND")).await;
    let stolen = admin
        .patch(&at(COUPONS, &second), &json!({ "code": "First" }))
        .await;
    stolen.assert_error(409, "CONFLICT");
    let renamed = change(&admin, COUPONS, &first, &json!({ "code": "third" })).await;
    assert_eq!(renamed["code"], "THIRD");
    change(&admin, COUPONS, &second, &json!({ "code": "first" })).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_coupon_stays_in_the_books() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let lace = app.world.sell("Royal lace", "1000.00");
    let coupon = add(&admin, COUPONS, &fixed("ONCE")).await;
    let order = ada.order(&order_with(lace, "couponCode", "ONCE")).await;
    let order = order.assert_success(201)["order"].clone();
    // Given back, and still in the order.
    let cancel = format!("/orders/{}/cancel", id_of(&order));
    ada.post(&cancel, &json!({})).await.assert_success(200);
    let own = at(COUPONS, &coupon);
    for _ in 0..2 {
        delete(&admin, &own).await.assert_success(200);
        let left = only(admin.get(&own).await.assert_success(200));
        assert_eq!(left["isActive"], false);
        assert_eq!(left["version"], 2, "switched off once");
    }
    assert_eq!(
        audit(&app, &coupon).await,
        ["coupon.created", "coupon.switched_off"]
    );
    let late = ada.order(&order_with(lace, "couponCode", "ONCE")).await;
    late.assert_error(422, "COUPON_INVALID");
    assert_eq!(ada.see(&order).await["couponCode"], "ONCE");
}

#[tokio::test(flavor = "multi_thread")]
async fn coupons_are_found_by_how_they_begin() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    for code in ["A-1", "A_1", "A_2", "AB", "B"] {
        add(&admin, COUPONS, &fixed(code)).await;
    }
    let off = add(
        &admin,
        COUPONS,
        &but(fixed("A_3"), "isActive", json!(false)),
    )
    .await;
    assert_eq!(off["isActive"], false);
    let find = async |query: &str| {
        let reply = admin.get(&format!("{COUPONS}?{query}")).await;
        let data = reply.assert_success(200);
        let coupons = data["coupons"].as_array().unwrap();
        let codes = coupons
            .iter()
            .map(|one| one["code"].as_str().unwrap().to_owned());
        (
            codes.collect::<Vec<_>>(),
            data["pagination"]["total"].as_i64().unwrap(),
        )
    };
    let all = ["A-1", "AB", "A_1", "A_2", "A_3", "B", "WELCOME10"];
    assert_eq!(find("").await, (all.map(str::to_owned).to_vec(), 7));
    for (query, codes, total) in [
        ("search=a_", vec!["A_1", "A_2", "A_3"], 3),
        ("search=a_&isActive=true", vec!["A_1", "A_2"], 2),
        ("isActive=false", vec!["A_3"], 1),
        ("search=welcome10", vec!["WELCOME10"], 1),
        ("search=ELCOME", vec![], 0),
        (
            "search=&isActive=&page=2&limit=3",
            vec!["A_2", "A_3", "B"],
            7,
        ),
    ] {
        let codes: Vec<String> = codes.into_iter().map(str::to_owned).collect();
        assert_eq!(find(query).await, (codes, total), "{query}");
    }
    for (query, field) in [
        ("search=50%25", "search"),
        ("isActive=maybe", "isActive"),
        ("limit=101", "limit"),
    ] {
        refused(&admin.get(&format!("{COUPONS}?{query}")).await, field);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_loses_no_use() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let lace = app.world.sell("Royal lace", "1000.00");
    let coupon = add(&admin, COUPONS, &fixed("BUSY")).await;
    let people: Vec<_> = (0..8).map(|_| app.customer()).collect();
    let order = order_with(lace, "couponCode", "BUSY");
    let orders = futures_util::future::join_all(people.iter().map(|person| person.order(&order)));
    let own = at(COUPONS, &coupon);
    let limits: Vec<Value> = (0..8)
        .map(|turn| json!({ "usageLimit": 100 + turn }))
        .collect();
    let changes =
        futures_util::future::join_all(limits.iter().map(|limit| admin.patch(&own, limit)));
    let (orders, changes) = tokio::join!(orders, changes);
    for reply in orders {
        reply.assert_success(201);
    }
    for reply in changes {
        reply.assert_success(200);
    }
    let seen = only(admin.get(&own).await.assert_success(200));
    assert_eq!(
        (&seen["usedCount"], &seen["version"]),
        (&json!(8), &json!(9))
    );
}
