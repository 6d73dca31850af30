//! Memory is bounded.

use serde_json::json;

use super::shop::{Shop, texts};

#[tokio::test]
async fn the_newest_transactions_are_kept() {
    let shop = Shop::open_with(&[("SANDBOX__PAYSTACK__TRANSACTIONS_MAX", "3")]);
    for reference in ["a", "b", "c", "d", "e"] {
        shop.paid(reference).await;
    }
    let list = shop.get("/transaction").await.body;
    assert_eq!(texts(&list["data"], "reference"), ["e", "d", "c"]);
    assert_eq!(list["meta"]["total"], 3);
    assert_eq!(shop.get("/transaction/verify/a").await.status, 400);
    let settled = shop.ask("settlements", &json!({})).await.body;
    assert_eq!(
        (&settled[0]["transactions"], &settled[0]["totalProcessed"]),
        (&json!(3), &json!(30_000))
    );
}

#[tokio::test]
async fn big_transactions_push_out_more() {
    let shop = Shop::open_with(&[("SANDBOX__PAYSTACK__TRANSACTION_BYTES_MAX", "100000")]);
    for reference in ["a", "b", "c", "d", "e"] {
        let metadata = "x".repeat(30_000);
        shop.initialize_with(&json!({"reference": reference, "metadata": metadata}))
            .await;
    }
    let list = shop.get("/transaction").await.body;
    assert_eq!(texts(&list["data"], "reference"), ["e", "d", "c"]);
}
