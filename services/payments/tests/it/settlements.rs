//! What the provider pays out, and what the books say of it.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::vendor::Shop;
use crate::world::amount;

/// What is paid out of 1,500 naira: the fees are 22.50.
pub const NET: i64 = 147_750;

impl Shop {
    /// A shop that looks each second what was paid out.
    pub async fn paid_out() -> Self {
        Self::paid_out_with(&[]).await
    }

    pub async fn paid_out_with(variables: &[(&str, &str)]) -> Self {
        let mut all = vec![("SETTLEMENTS__EVERY_SECS", "1")];
        all.extend(variables);
        Self::open_with(&all).await
    }

    /// The provider pays out what is open, in that way; answers the only settlement.
    pub async fn settle(&self, how: &Value) -> Value {
        let settled = self
            .vendor
            .control(Method::POST, "/paystack/settlements", how);
        let settled = settled.await;
        assert_eq!(settled.as_array().unwrap().len(), 1);
        settled[0].clone()
    }

    /// A settlement goes on.
    pub async fn move_on(&self, settled: &Value, status: &str) {
        let path = format!("/paystack/settlements/{}", settled["id"]);
        let body = json!({ "status": status });
        self.vendor.control(Method::PUT, &path, &body).await;
    }

    /// Waits until a settlement is in the books with that status; answers our id of it.
    pub async fn until_booked(&self, settled: &Value, status: &str) -> String {
        let sql = format!(
            "SELECT id FROM payments.settlements WHERE gateway_id = '{}' AND status = '{status}' AND done_revision = revision",
            settled["id"]
        );
        let rows = self.app.until(&format!("settlement {status}"), &sql).await;
        rows[0]["id"].as_str().unwrap().to_owned()
    }

    /// Waits until the provider's list was read once more from beginning to end.
    pub async fn until_read_again(&self) {
        for _ in 0..2 {
            let sql = "SELECT coalesce(finished_at, '-infinity')::text AS at FROM payments.settlement_pull";
            let rows = self.app.rows(sql).await;
            let sql = format!(
                "SELECT 1 AS one FROM payments.settlement_pull WHERE finished_at > '{}'",
                rows[0]["at"].as_str().unwrap()
            );
            self.app.until("another look", &sql).await;
        }
    }

    /// Whether a payment knows that it was paid out.
    pub async fn is_settled(&self, payment: Uuid) -> bool {
        let shown = self.get(&format!("/payments/{payment}")).await;
        shown.assert_success(200)["payment"]["settledAt"].is_string()
    }

    /// How often something of a kind was booked.
    pub async fn booked(&self, kind: &str) -> i64 {
        let sql = format!(
            "SELECT count(*) AS many FROM payments.ledger_transactions WHERE kind = '{kind}'"
        );
        self.app.rows(&sql).await[0]["many"].as_i64().unwrap()
    }

    /// The facts of what people have to look at about settlements, oldest first.
    pub async fn doubts(&self) -> Vec<Value> {
        let sql = "SELECT facts FROM payments.attention_items WHERE kind = 'settlement' AND closed_at IS NULL ORDER BY id";
        let rows = self.app.rows(sql).await;
        rows.iter().map(|row| row["facts"].clone()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_out_is_booked_once_and_leaves_nothing_with_the_provider() {
    let shop = Shop::paid_out().await;
    let (one, other) = (shop.kept().await, shop.paid().await);
    let settled = shop.settle(&json!({})).await;
    assert_eq!(settled["effectiveAmount"], 2 * NET);
    let id = shop.until_booked(&settled, "success").await;
    for _ in 0..2 {
        assert_eq!(shop.balance("bank").await, 2 * NET);
        assert_eq!(shop.balance("gateway_clearing").await, 0);
        assert_eq!(shop.booked("settlement").await, 1);
        assert_eq!(shop.booked("fees").await, 0);
        shop.until_read_again().await;
    }
    let trial = shop.get("/admin/ledger/trial-balance").await;
    assert_eq!(trial.assert_success(200)["isBalanced"], true);
    let entries = shop.get("/admin/ledger?account=bank").await;
    let entry = &entries.assert_success(200)["entries"][0];
    assert_eq!(entry["kind"], "settlement");
    assert_eq!(entry["debit"], amount(2 * NET));
    assert_eq!(
        (&entry["paymentId"], &entry["orderId"]),
        (&Value::Null, &Value::Null)
    );
    for payment in [&one, &other] {
        assert!(shop.is_settled(payment.id).await);
    }

    let first = shop.get(&format!("/admin/settlements/{id}?limit=1")).await;
    let first = first.assert_success(200).clone();
    let told = &first["settlement"];
    for (field, expected) in [
        ("status", json!("success")),
        ("gross", amount(300_000)),
        ("fees", amount(4_500)),
        ("deductions", amount(0)),
        ("net", amount(2 * NET)),
        ("expected", amount(2 * NET)),
        ("difference", amount(0)),
        ("isBooked", json!(true)),
        ("transactions", json!(2)),
        ("bankCreditId", Value::Null),
    ] {
        assert_eq!(told[field], expected, "{field}");
    }
    let cursor = first["nextCursor"].as_str().unwrap();
    let path = format!("/admin/settlements/{id}?limit=1&cursor={cursor}");
    let second = shop.get(&path).await.assert_success(200).clone();
    assert_eq!(second["nextCursor"], Value::Null);
    let seen = [
        &first["transactions"][0]["reference"],
        &second["transactions"][0]["reference"],
    ];
    assert_eq!(json!(seen), json!([one.reference, other.reference]));
    assert_eq!(second["transactions"][0]["paymentId"], json!(other.id));
    assert!(shop.doubts().await.is_empty());
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_books_do_not_explain_is_left_with_the_provider_and_put_before_people() {
    let shop = Shop::paid_out().await;
    shop.kept().await;
    let settled = shop.settle(&json!({ "withheld": 5_000 })).await;
    let id = shop.until_booked(&settled, "success").await;
    assert_eq!(shop.balance("bank").await, NET - 5_000);
    assert_eq!(shop.balance("gateway_clearing").await, 5_000);
    shop.until_read_again().await;
    let doubts = shop.doubts().await;
    assert_eq!(doubts.len(), 1);
    for (field, expected) in [
        ("doubts", json!(["unexplained_deductions"])),
        ("settlementId", json!(id)),
        ("effectiveMinor", json!(NET - 5_000)),
        ("expectedMinor", json!(NET)),
        ("differenceMinor", json!(-5_000)),
        ("deductionsMinor", json!(5_000)),
        ("explainedDeductionsMinor", json!(0)),
    ] {
        assert_eq!(doubts[0][field], expected, "{field}");
    }
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_back_is_held_back_later_and_explains_that_once() {
    let shop = Shop::paid_out().await;
    let paid = shop.kept().await;
    let first = shop.settle(&json!({})).await;
    shop.until_booked(&first, "success").await;
    let body = json!({ "reason": "x", "amount": 500 });
    shop.app
        .refund(paid.id, "k", &body)
        .await
        .assert_success(202);
    shop.app.until_status(paid.id, "partially_refunded").await;
    assert_eq!(shop.balance("gateway_clearing").await, -50_000);
    shop.kept().await;
    let second = shop.settle(&json!({})).await;
    assert_eq!(second["deductions"], 50_000);
    let id = shop.until_booked(&second, "success").await;
    assert_eq!(shop.balance("gateway_clearing").await, 0);
    assert_eq!(shop.balance("bank").await, 2 * NET - 50_000);
    let shown = shop.get(&format!("/admin/settlements/{id}")).await;
    let told = shown.assert_success(200)["settlement"].clone();
    assert_eq!(told["explainedDeductions"], amount(50_000));
    assert!(shop.doubts().await.is_empty());
    // The same refund explains nothing more.
    shop.kept().await;
    let third = shop.settle(&json!({ "withheld": 50_000 })).await;
    shop.until_booked(&third, "success").await;
    assert_eq!(shop.doubts().await[0]["differenceMinor"], -50_000);
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_fees_than_at_first_are_booked_once_where_the_row_says_so() {
    let shop = Shop::paid_out().await;
    let paid = shop.kept().await;
    shop.kept().await;
    let settled = shop.settle(&json!({ "feesDelta": 50 })).await;
    assert_eq!(settled["effectiveAmount"], 2 * NET - 100);
    shop.until_booked(&settled, "success").await;
    shop.until_read_again().await;
    assert_eq!(shop.booked("fees").await, 2);
    assert_eq!(shop.balance("fees").await, 4_600);
    assert_eq!(shop.balance("gateway_clearing").await, 0);
    let shown = shop.get(&format!("/payments/{}", paid.id)).await;
    assert_eq!(shown.assert_success(200)["payment"]["fees"], amount(2_300));
    assert!(shop.doubts().await.is_empty());
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_to_be_paid_out_is_watched_until_it_is_however_long_that_takes() {
    let shop = Shop::paid_out().await;
    let paid = shop.kept().await;
    let settled = shop.settle(&json!({ "status": "pending" })).await;
    shop.until_booked(&settled, "pending").await;
    // Older than any look reaches back by itself.
    shop.app.world.clock.advance(chrono::TimeDelta::days(20));
    shop.move_on(&settled, "processing").await;
    shop.until_booked(&settled, "processing").await;
    assert_eq!(shop.booked("settlement").await, 0);
    assert!(!shop.is_settled(paid.id).await);
    shop.move_on(&settled, "success").await;
    shop.until_booked(&settled, "success").await;
    assert_eq!(shop.balance("bank").await, NET);
    assert!(shop.is_settled(paid.id).await);
    assert!(shop.doubts().await.is_empty());
    shop.app.assert_balanced().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_booked_back_and_may_be_paid_out_again() {
    let shop = Shop::paid_out().await;
    let paid = shop.kept().await;
    let settled = shop.settle(&json!({ "withheld": 100 })).await;
    shop.until_booked(&settled, "success").await;
    assert_eq!(shop.doubts().await[0]["reason"], "doubtful");
    shop.move_on(&settled, "failed").await;
    shop.until_booked(&settled, "failed").await;
    assert_eq!(shop.balance("bank").await, 0);
    assert_eq!(shop.balance("gateway_clearing").await, NET);
    assert!(!shop.is_settled(paid.id).await);
    let doubts = shop.doubts().await;
    assert_eq!(doubts.len(), 1, "what was doubted is over");
    assert_eq!(doubts[0]["reason"], "taken_back");
    assert_eq!(doubts[0]["bookedMinor"], NET - 100);
    shop.move_on(&settled, "success").await;
    shop.until_booked(&settled, "success").await;
    shop.until_read_again().await;
    assert_eq!(shop.balance("bank").await, NET - 100);
    assert_eq!(shop.booked("settlement").await, 3);
    assert!(shop.is_settled(paid.id).await);
    assert_eq!(shop.doubts().await.len(), 2, "people still have to know");
    shop.app.assert_balanced().await;
}
