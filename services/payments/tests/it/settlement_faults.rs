//! Settlements while the provider is away, the process dies, or the provider knows more than we do.

use reqwest::Method;
use serde_json::json;

use crate::app::TestApp;
use crate::settlements::NET;
use crate::vendor::Shop;

#[tokio::test(flavor = "multi_thread")]
async fn whatever_fails_on_the_way_is_done_later_and_once() {
    let shop = Shop::paid_out().await;
    shop.kept().await;
    let twice = json!({ "status": 500, "times": 2 });
    shop.vendor
        .fail(&json!({ "listSettlements": twice, "settlementTransactions": twice }))
        .await;
    let settled = shop.settle(&json!({})).await;
    shop.until_booked(&settled, "success").await;
    assert!(shop.app.counted("payment_settlements_total", "stuck").await > 0);
    assert_eq!(shop.balance("bank").await, NET);
    assert_eq!(shop.booked("settlement").await, 1);
    assert!(shop.doubts().await.is_empty());
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_over_goes_on_where_it_was() {
    let shop = Shop::paid_out().await;
    shop.kept().await;
    let away = json!({ "settlementTransactions": { "status": 500 } });
    shop.vendor.fail(&away).await;
    let settled = shop.settle(&json!({})).await;
    let listed = "SELECT 1 AS one FROM payments.settlements";
    shop.app.until("the settlement is listed", listed).await;
    let world = shop.app.crash();
    shop.vendor.fail(&json!({})).await;
    let base = shop.vendor.base();
    let variables = [
        ("PAYSTACK__BASE_URL", base.as_str()),
        ("SETTLEMENTS__EVERY_SECS", "1"),
    ];
    // Its predecessor's lease has to run out first, by the database's clock.
    let app = TestApp::start_in(world, &variables).await;
    app.execute("UPDATE payments.leases SET held_until = '-infinity'")
        .await;
    let shop = Shop {
        app,
        vendor: shop.vendor,
    };
    shop.until_booked(&settled, "success").await;
    assert_eq!(shop.balance("bank").await, NET);
    assert_eq!(shop.booked("settlement").await, 1);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_book_once() {
    let shop = Shop::paid_out().await;
    shop.kept().await;
    let base = shop.vendor.base();
    let variables = [
        ("PAYSTACK__BASE_URL", base.as_str()),
        ("SETTLEMENTS__EVERY_SECS", "1"),
    ];
    let _other = TestApp::start_in(shop.app.world.clone(), &variables).await;
    let settled = shop.settle(&json!({ "feesDelta": 50 })).await;
    shop.until_booked(&settled, "success").await;
    shop.until_read_again().await;
    assert_eq!(shop.booked("settlement").await, 1);
    assert_eq!(shop.booked("fees").await, 1);
    assert_eq!(shop.balance("gateway_clearing").await, 0);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_without_our_knowing_is_confirmed_first() {
    let shop = Shop::paid_out_with(&[("POLL__EVERY_SECS", "3600")]).await;
    let begun = shop.app.begun().await;
    let path = format!("/paystack/{}/complete", begun.reference);
    shop.vendor.control(Method::POST, &path, &json!({})).await;
    assert_eq!(shop.app.status_of(begun.id).await, "initialized");
    let settled = shop.settle(&json!({})).await;
    shop.until_booked(&settled, "success").await;
    assert_eq!(shop.app.status_of(begun.id).await, "paid");
    assert_eq!(shop.balance("gateway_clearing").await, 0);
    assert!(shop.doubts().await.is_empty());
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_out_for_others_is_for_people() {
    let shop = Shop::paid_out().await;
    shop.kept().await;
    shop.vendor.sell_elsewhere("elsewhere-1", 20_000).await;
    let settled = shop.settle(&json!({})).await;
    let id = shop.until_booked(&settled, "success").await;
    let doubts = shop.doubts().await;
    assert_eq!(doubts[0]["doubts"], json!(["unknown_payments"]));
    assert_eq!(doubts[0]["unknownRows"], 1);
    assert_eq!(doubts[0]["differenceMinor"], 20_000 - 300);
    assert_eq!(shop.balance("bank").await, NET + 19_700);
    let shown = shop.get(&format!("/admin/settlements/{id}")).await;
    let rows = shown.assert_success(200)["transactions"].clone();
    let rows = rows.as_array().unwrap();
    assert!(rows.iter().any(|row| row["paymentId"].is_null()));
}
