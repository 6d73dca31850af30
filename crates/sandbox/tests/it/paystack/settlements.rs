//! Settlements and the balance.

use serde_json::{Value, json};

use super::shop::{Shop, texts};

async fn balance(shop: &Shop, currency: &str) -> Value {
    let body = shop.get("/balance").await.body;
    assert_eq!(body["message"], "Balances retrieved");
    let rows = body["data"].as_array().unwrap().clone();
    rows.into_iter()
        .find(|row| row["currency"] == currency)
        .unwrap()["balance"]
        .clone()
}

#[tokio::test]
async fn what_is_paid_is_settled_once_per_currency() {
    let shop = Shop::open();
    shop.paid("a").await;
    shop.paid("b").await;
    shop.paid_with(&json!({"reference": "c", "currency": "GHS"}), &json!({}))
        .await;
    shop.initialize("unpaid").await;
    assert_eq!(balance(&shop, "NGN").await, 20_000 - 300);
    assert_eq!(balance(&shop, "KES").await, 0);
    let settled = shop.ask("settlements", &json!({})).await;
    assert_eq!(settled.status, 200);
    assert_eq!(texts(&settled.body, "currency"), ["NGN", "GHS"]);
    assert_eq!(
        (
            &settled.body[0]["transactions"],
            &settled.body[0]["effectiveAmount"]
        ),
        (&json!(2), &json!(19_700))
    );
    assert_eq!(balance(&shop, "NGN").await, 0);
    assert_eq!(shop.ask("settlements", &json!({})).await.body, json!([]));

    let list = shop.get("/settlement").await.body;
    assert_eq!(list["message"], "Settlements retrieved");
    assert_eq!(
        list["meta"],
        json!({"total": 2, "skipped": 0, "perPage": 50, "page": 1, "pageCount": 1})
    );
    let naira = &list["data"][1];
    for (name, expected) in [
        ("currency", json!("NGN")),
        ("status", json!("success")),
        ("total_processed", json!(20_000)),
        ("total_fees", json!(300)),
        ("deductions", Value::Null),
        ("effective_amount", json!(19_700)),
        ("total_amount", json!(19_700)),
        ("settled_by", Value::Null),
    ] {
        assert_eq!(naira[name], expected, "{name}");
    }
    let rows = shop
        .get(&format!("/settlement/{}/transactions", naira["id"]))
        .await
        .body;
    assert_eq!(texts(&rows["data"], "reference"), ["b", "a"]);
    assert_eq!(rows["data"][0]["fees"], 150);
    assert_eq!(
        (&rows["meta"]["total"], &rows["meta"]["total_volume"]),
        (&json!(2), &json!(20_000))
    );
    assert_eq!(
        shop.whole("a").await["transaction"]["settlement"],
        naira["id"]
    );
    assert_eq!(shop.get("/settlement/7/transactions").await.status, 404);
    for query in ["status=pending", "subaccount=9"] {
        assert_eq!(
            shop.get(&format!("/settlement?{query}")).await.body["data"],
            json!([])
        );
    }
    assert_eq!(shop.facts("settlement").await.len(), 2);
}

#[tokio::test]
async fn refunds_are_taken_from_the_next_settlement_and_fees_are_kept() {
    let shop = Shop::open();
    shop.paid("a").await;
    let refund = shop.refund(&json!({"transaction": "a"})).await;
    shop.refund_becomes(&refund["id"], "processed").await;
    shop.paid("b").await;
    let settled = shop.ask("settlements", &json!({})).await.body;
    assert_eq!(
        (&settled[0]["deductions"], &settled[0]["effectiveAmount"]),
        (&json!(10_000), &json!(9_700))
    );
    assert_eq!(settled[0]["totalFees"], 300);
}

#[tokio::test]
async fn a_refund_that_is_higher_than_what_is_there_waits() {
    let shop = Shop::open();
    shop.paid("a").await;
    let refund = shop.refund(&json!({"transaction": "a"})).await;
    shop.refund_becomes(&refund["id"], "processed").await;
    let first = shop.ask("settlements", &json!({})).await.body;
    assert_eq!(
        (&first[0]["deductions"], &first[0]["effectiveAmount"]),
        (&json!(0), &json!(9_850))
    );
    assert_eq!(balance(&shop, "NGN").await, -10_000);
    shop.paid("b").await;
    shop.paid("c").await;
    let second = shop.ask("settlements", &json!({})).await.body;
    assert_eq!(
        (&second[0]["deductions"], &second[0]["effectiveAmount"]),
        (&json!(10_000), &json!(9_700))
    );
    let fetched = shop.get(&format!("/refund/{}", refund["id"])).await.body;
    assert_eq!(fetched["data"]["settlement"], second[0]["id"]);
}

#[tokio::test]
async fn a_settlement_goes_on_and_comes_back_and_is_less_than_it_should_be() {
    let shop = Shop::open();
    shop.paid("a").await;
    let how = json!({"status": "pending", "withheld": 500, "feesDelta": 50});
    let settled = shop.ask("settlements", &how).await.body[0].clone();
    assert_eq!(
        (
            &settled["totalFees"],
            &settled["deductions"],
            &settled["effectiveAmount"]
        ),
        (&json!(200), &json!(500), &json!(9_300))
    );
    let rows = shop
        .get(&format!("/settlement/{}/transactions", settled["id"]))
        .await
        .body;
    assert_eq!(rows["data"][0]["fees"], 200);
    let listed = async |status: &str| {
        let list = shop.get(&format!("/settlement?status={status}")).await.body;
        list["data"].as_array().unwrap().len()
    };
    assert_eq!((listed("pending").await, listed("success").await), (1, 0));
    for status in ["processing", "success", "failed"] {
        let path = format!("settlements/{}", settled["id"]);
        let moved = shop.move_on(&path, &json!({"status": status})).await;
        assert_eq!(moved.body["status"], status);
        assert_eq!(listed(status).await, 1);
    }
    let odd = json!({"status": "lost"});
    let path = format!("settlements/{}", settled["id"]);
    assert_eq!(shop.move_on(&path, &odd).await.status, 400);
    let failed = json!({"status": "failed"});
    assert_eq!(shop.move_on("settlements/7", &failed).await.status, 404);
    assert_eq!(shop.ask("settlements", &odd).await.status, 400);
}
