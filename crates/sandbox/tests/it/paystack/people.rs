//! The list of transactions in a browser.

use serde_json::json;

use super::shop::Shop;

async fn page(shop: &Shop, path: &str) -> String {
    let answer = shop
        .sandbox
        .client
        .get(shop.sandbox.url(path))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        policy.contains("default-src 'none'") && !policy.contains("script-src"),
        "{policy}"
    );
    answer.text().await.unwrap()
}

#[tokio::test]
async fn transactions_are_listed_with_their_state_and_links() {
    let shop = Shop::open();
    assert!(
        page(&shop, "/payments")
            .await
            .contains("No transaction yet")
    );
    shop.paid("first").await;
    let second = json!({"reference": "second", "email": "a'b@example.com", "amount": 250_050});
    let code = shop.initialize_with(&second).await["access_code"].clone();
    let list = page(&shop, "/payments").await;
    assert!(
        list.find(">second<").unwrap() < list.find(">first<").unwrap(),
        "{list}"
    );
    for part in [
        &format!("/checkout/{}", code.as_str().unwrap()),
        "/_sandbox/paystack/second",
        "NGN 2,500.50",
        "class=\"badge success\"",
        "class=\"badge abandoned\"",
        "a&#x27;b@example.com",
        "2 of 2 kept transactions",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    assert!(!list.contains("http-equiv"));
    assert!(
        page(&shop, "/payments?live=1")
            .await
            .contains("http-equiv=\"refresh\"")
    );
}

#[tokio::test]
async fn the_list_can_be_filtered() {
    let shop = Shop::open();
    shop.initialize("Order-1").await;
    shop.initialize_with(&json!({"reference": "x", "email": "bob@example.com"}))
        .await;
    for (query, shown, hidden) in [("order", ">Order-1<", ">x<"), ("BOB", ">x<", ">Order-1<")] {
        let list = page(&shop, &format!("/payments?q={query}")).await;
        assert!(
            list.contains(shown) && !list.contains(hidden),
            "{query}: {list}"
        );
    }
    let nothing = page(&shop, "/payments?q=%3Cscript%3E").await;
    assert!(nothing.contains("No transaction with") && !nothing.contains("<script>"));
}

#[tokio::test]
async fn mail_and_payments_lead_to_each_other() {
    let shop = Shop::open();
    assert!(page(&shop, "/").await.contains("href=\"/payments\""));
    assert!(page(&shop, "/payments").await.contains("href=\"/\""));
}
