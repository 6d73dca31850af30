//! Tax rates as staff makes them.

use serde_json::{Value, json};

use super::{RATES, add, at, but, change, delete, refused};
use crate::app::TestApp;

fn lagos() -> Value {
    json!({ "name": "Lagos VAT", "country": "NG", "state": "Lagos", "rate": 10 })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_rate_is_made_and_taken_at_its_word() {
    let app = TestApp::start().await;
    let (ada, admin) = (app.customer(), app.staff("admin"));
    let lace = app.world.sell("Royal lace", "1000.00");
    assert_eq!(ada.buy(lace, 1).await["tax"], 75.0, "the country's");
    let body = json!({ "name": " Lagos VAT ", "country": "ng", "state": " LAGOS ", "rate": "10.25", "appliesToShipping": true });
    let rate = add(&admin, RATES, &body).await;
    let expected = json!({
        "id": rate["id"], "name": "Lagos VAT", "country": "NG", "state": "lagos", "rate": 10.25, "appliesToShipping": true,
        "isActive": true, "version": 1, "createdAt": rate["createdAt"], "updatedAt": rate["createdAt"],
    });
    assert_eq!(rate, expected);
    // 10.25 % of 1,000.00, and of 1,500.00 for shipping.
    let order = ada.buy(lace, 1).await;
    assert_eq!(order["tax"], 256.25);
    let goods = json!({ "appliesToShipping": false, "rate": 0 });
    assert_eq!(change(&admin, RATES, &rate, &goods).await["rate"], 0.0);
    assert_eq!(ada.buy(lace, 1).await["tax"], 0.0);
    change(&admin, RATES, &rate, &json!({ "isActive": false })).await;
    assert_eq!(ada.buy(lace, 1).await["tax"], 75.0, "the country's again");
    delete(&admin, &at(RATES, &rate)).await.assert_success(200);
    assert_eq!(
        ada.see(&order).await["tax"],
        256.25,
        "what was promised stays"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn each_rule_of_a_new_tax_rate_names_its_field() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(61))),
        ("country", json!("N")),
        ("country", json!("12")),
        ("state", json!(" ")),
        ("state", json!("x".repeat(101))),
        ("rate", json!(100.01)),
        ("rate", json!(7.125)),
        ("rate", json!(-1)),
        ("rate", json!("NaN")),
        ("basisPoints", json!(1)),
    ] {
        let reply = admin.post(RATES, &but(lagos(), field, value)).await;
        refused(&reply, field);
    }
    let rate = add(&admin, RATES, &but(lagos(), "rate", json!(100))).await;
    let more = admin
        .patch(&at(RATES, &rate), &json!({ "rate": 101 }))
        .await;
    refused(&more, "rate");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_rate_is_active_for_a_country_and_a_state() {
    let app = TestApp::start().await;
    let admin = app.staff("admin");
    let country = but(lagos(), "state", Value::Null);
    admin
        .post(RATES, &country)
        .await
        .assert_error(409, "CONFLICT");
    let rate = add(&admin, RATES, &lagos()).await;
    let again = but(lagos(), "state", json!("LAGOS"));
    admin
        .post(RATES, &again)
        .await
        .assert_error(409, "CONFLICT");
    let whole = admin
        .patch(&at(RATES, &rate), &json!({ "state": null }))
        .await;
    whole.assert_error(409, "CONFLICT");
    let next = add(&admin, RATES, &but(lagos(), "isActive", json!(false))).await;
    let on = json!({ "isActive": true });
    let early = admin.patch(&at(RATES, &next), &on).await;
    early.assert_error(409, "CONFLICT");
    change(&admin, RATES, &rate, &json!({ "isActive": false })).await;
    change(&admin, RATES, &next, &on).await;
    let listed = admin
        .get(&format!("{RATES}?country=ng&limit=2&page=2"))
        .await;
    let data = listed.assert_success(200);
    assert_eq!(data["pagination"]["total"], 3);
    let page = data["taxRates"].as_array().unwrap();
    assert_eq!(
        (page.len(), &page[0]["id"]),
        (1, &rate["id"]),
        "former ones last"
    );
    let free = change(
        &admin,
        RATES,
        &rate,
        &json!({ "country": "SN", "state": null }),
    )
    .await;
    assert_eq!(
        (&free["country"], &free["state"]),
        (&json!("SN"), &Value::Null)
    );
}
