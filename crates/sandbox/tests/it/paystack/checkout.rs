//! The page where a customer pays.

use reqwest::Response;
use serde_json::json;

use super::shop::Shop;
use crate::receiver::Receiver;

const CALLBACK: &str = "https://shop.example/payments/callback?cart=1";
const RETURNED: &str = "https://shop.example/payments/callback?cart=1&trxref=a&reference=a";

/// A customer in front of the page.
struct Customer {
    shop: Shop,
    path: String,
}

impl Customer {
    async fn at(shop: Shop, change: &serde_json::Value) -> Self {
        let mut order = json!({"reference": "a", "callback_url": CALLBACK});
        for (name, value) in change.as_object().unwrap() {
            order[name] = value.clone();
        }
        let data = shop.initialize_with(&order).await;
        let url = data["authorization_url"].as_str().unwrap();
        let path = url.strip_prefix(&shop.sandbox.url("")).unwrap().to_owned();
        Self { shop, path }
    }

    async fn opened() -> Self {
        Self::at(Shop::open(), &json!({})).await
    }

    async fn page(&self) -> String {
        let answer = self.get().await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    async fn get(&self) -> Response {
        let url = self.shop.sandbox.url(&self.path);
        self.shop.sandbox.client.get(url).send().await.unwrap()
    }

    async fn submit(&self, action: &str, fields: &[(&str, &str)]) -> Response {
        let url = self.shop.sandbox.url(&format!("{}/{action}", self.path));
        self.shop
            .sandbox
            .client
            .post(url)
            .form(fields)
            .send()
            .await
            .unwrap()
    }

    async fn pay(&self, channel: &str, rest: &[(&str, &str)]) -> Response {
        let fields: Vec<_> = [("channel", channel)].iter().chain(rest).copied().collect();
        self.submit("pay", &fields).await
    }

    async fn status(&self) -> String {
        let verified = self.shop.verify("a").await;
        verified["status"].as_str().unwrap().to_owned()
    }
}

fn place(answer: &Response) -> &str {
    assert_eq!(answer.status(), 303);
    answer.headers()["location"].to_str().unwrap()
}

fn card(number: &'static str, cvv: &'static str) -> [(&'static str, &'static str); 3] {
    [("number", number), ("expiry", "12/30"), ("cvv", cvv)]
}

#[tokio::test]
async fn the_page_shows_what_is_due_and_runs_nothing() {
    let customer = Customer::at(Shop::open(), &json!({"amount": 125_000})).await;
    let answer = customer.get().await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    let policy = header("content-security-policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    assert!(
        !policy.contains("script-src") && !policy.contains("form-action"),
        "{policy}"
    );
    assert_eq!(header("referrer-policy"), "no-referrer");
    let page = answer.text().await.unwrap();
    assert!(
        !page.contains("<script") && !page.contains("http-equiv"),
        "{page}"
    );
    for part in [
        "NGN 1,250.00",
        "ada@example.com",
        "4084 0840 8408 4081",
        "5060 6666 6666 6666 666",
        "4084 0800 0067 1902",
        "Pay by bank transfer",
        "Pay by USSD",
        "Pay by mobile money",
        "Pay by EFT",
        "Cancel",
    ] {
        assert!(page.contains(part), "{part}: {page}");
    }
}

#[tokio::test]
async fn a_card_pays_and_the_customer_returns_to_the_shop() {
    let receiver = Receiver::start(&[]);
    let customer = Customer::at(Shop::told(&receiver), &json!({})).await;
    let answer = customer
        .pay("card", &card("4084 0840 8408 4081", "408"))
        .await;
    assert_eq!(place(&answer), RETURNED);
    assert_eq!(customer.status().await, "success");
    let told = receiver.wait_for(1).await[0].json();
    assert_eq!(told["data"]["ip_address"], "127.0.0.1");
    let page = customer.page().await;
    assert!(page.contains("This transaction is paid, by card"), "{page}");
    assert!(
        page.contains("trxref=a&amp;reference=a") && !page.contains("<button"),
        "{page}"
    );
    let again = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(place(&again), customer.path, "nobody pays twice");
    assert_eq!(receiver.wait_for(1).await.len(), 1);
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_a_good_one() {
    let customer = Customer::opened().await;
    for (number, cvv, reason) in [
        ("4084080000005408", "001", "Not paid: Declined."),
        ("4084080000670037", "787", "Not paid: Insufficient Funds."),
    ] {
        let answer = customer.pay("card", &card(number, cvv)).await;
        assert_eq!(place(&answer), customer.path);
        let page = customer.page().await;
        assert!(page.contains(reason), "{page}");
        assert_eq!(customer.status().await, "failed");
    }
    let answer = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(place(&answer), RETURNED);
    assert_eq!(customer.shop.verify("a").await["log"]["errors"], 2);
}

#[tokio::test]
async fn a_card_with_a_pin_and_a_code_is_asked_for_them_one_after_the_other() {
    let customer = Customer::opened().await;
    let mut fields = card("5060666666666666666", "123").to_vec();
    for (given, question) in [
        (None, "This card asks for its PIN."),
        (
            Some(("pin", "1234")),
            "The bank sent a one-time code. Fill it in.",
        ),
        (Some(("otp", "1")), "The one-time code is wrong."),
    ] {
        fields.extend(given);
        let answer = customer.pay("card", &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains(question), "{page}");
        assert!(
            page.contains("5060666666666666666"),
            "what was filled in is kept"
        );
        assert_eq!(customer.status().await, "abandoned", "nothing happened yet");
    }
    fields.pop();
    fields.push(("otp", "123456"));
    assert_eq!(place(&customer.pay("card", &fields).await), RETURNED);
}

#[tokio::test]
async fn what_is_filled_in_wrongly_is_said() {
    let customer = Customer::opened().await;
    for (channel, fields, part) in [
        (
            "card",
            card("4242424242424242", "408"),
            "none of the test cards",
        ),
        (
            "card",
            card("4084084084084081", "1"),
            "The CVV does not belong",
        ),
        (
            "cash",
            card("4084084084084081", "408"),
            "Choose one of the ways",
        ),
    ] {
        let answer = customer.pay(channel, &fields).await;
        assert_eq!(answer.status(), 422);
        assert!(answer.text().await.unwrap().contains(part), "{part}");
    }
    assert!(
        customer.shop.facts("transaction").await.len() == 1,
        "nothing was tried"
    );
}

#[tokio::test]
async fn other_ways_are_pending_until_the_customer_is_done() {
    for (channel, instruction) in [
        ("bank_transfer", "Transfer exactly"),
        ("ussd", "Dial"),
        ("eft", "Approve the payment at your bank"),
        ("mobile_money", "Approve the request on your phone"),
    ] {
        let customer = Customer::opened().await;
        let started = customer
            .pay(channel, &[("action", "start"), ("phone", "0244000000")])
            .await;
        assert_eq!(place(&started), customer.path);
        assert_eq!(customer.status().await, "pending");
        let page = customer.page().await;
        assert!(page.contains(instruction), "{channel}: {page}");
        let failed = customer.pay(channel, &[("action", "failed")]).await;
        assert_eq!(place(&failed), customer.path);
        assert_eq!(customer.status().await, "failed");
        customer.pay(channel, &[("action", "start")]).await;
        let paid = customer.pay(channel, &[("action", "paid")]).await;
        assert_eq!(place(&paid), RETURNED);
        let verified = customer.shop.verify("a").await;
        assert_eq!(
            (&verified["status"], &verified["channel"]),
            (&json!("success"), &json!(channel))
        );
    }
}

#[tokio::test]
async fn the_phone_of_the_tests_pays_at_once() {
    let customer = Customer::opened().await;
    let answer = customer
        .pay("mobile_money", &[("phone", "0551234987")])
        .await;
    assert_eq!(place(&answer), RETURNED);
}

#[tokio::test]
async fn a_customer_who_cancels_goes_where_the_shop_says() {
    let own = json!({"metadata": {"cancel_action": "https://shop.example/cart"}});
    for (change, expected) in [
        (own, "https://shop.example/cart"),
        (json!({}), RETURNED),
        (
            json!({"metadata": {"cancel_action": "javascript:alert(1)"}}),
            RETURNED,
        ),
    ] {
        let customer = Customer::at(Shop::open(), &change).await;
        assert_eq!(place(&customer.submit("cancel", &[]).await), expected);
        assert_eq!(customer.status().await, "abandoned");
        assert_eq!(
            customer.shop.facts("transaction").await[1]["event"],
            "cancelled"
        );
    }
    let customer = Customer::at(Shop::open(), &json!({"callback_url": null})).await;
    let answer = customer.submit("cancel", &[]).await;
    assert_eq!(place(&answer), format!("{}?cancelled=1", customer.path));
    let url = customer.shop.sandbox.url(place(&answer));
    let page = customer.shop.sandbox.client.get(url).send().await.unwrap();
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("You cancelled. You can still pay.")
    );
}

#[tokio::test]
async fn a_shop_without_a_callback_leaves_the_customer_on_the_page() {
    let customer = Customer::at(Shop::open(), &json!({"callback_url": null})).await;
    let answer = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(place(&answer), customer.path);
    let page = customer.page().await;
    assert!(page.contains("This transaction is paid") && !page.contains("Return to the shop"));
}

#[tokio::test]
async fn only_the_offered_channels_are_on_the_page() {
    let customer = Customer::at(Shop::open(), &json!({"channels": ["mobile_money"]})).await;
    let page = customer.page().await;
    assert!(
        page.contains("Pay by mobile money") && !page.contains("Card number"),
        "{page}"
    );
    let answer = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(answer.status(), 422);
}

#[tokio::test]
async fn what_came_from_outside_is_escaped() {
    let change = json!({"email": "o'hara+<x>@example.com"});
    let shop = Shop::open();
    let evil = json!({"reference": "b", "email": "a'b&c=d@example.com"});
    let answer = shop
        .post("/transaction/initialize", &super::shop::order(&change))
        .await;
    assert_eq!(answer.status, 400, "no such address");
    let customer = Customer::at(shop, &evil).await;
    let page = customer.page().await;
    assert!(page.contains("a&#x27;b&amp;c=d@example.com"), "{page}");
    let wrong = customer
        .pay("card", &[("number", "\"><script>alert(1)</script>")])
        .await;
    let page = wrong.text().await.unwrap();
    assert!(!page.contains("<script"), "{page}");
}

#[tokio::test]
async fn there_is_no_page_for_what_is_not_known() {
    let customer = Customer::opened().await;
    for path in ["/checkout/nothing", "/checkout/a"] {
        let url = customer.shop.sandbox.url(path);
        let answer = customer.shop.sandbox.client.get(url).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
        assert!(
            answer
                .text()
                .await
                .unwrap()
                .contains("There is nothing to pay here")
        );
    }
    for action in ["pay", "cancel"] {
        let url = customer
            .shop
            .sandbox
            .url(&format!("/checkout/nothing/{action}"));
        let answer = customer.shop.sandbox.client.post(url).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{action}");
    }
}

#[tokio::test]
async fn faults_hit_the_page_too() {
    let receiver = Receiver::start(&[]);
    let customer = Customer::at(Shop::told(&receiver), &json!({})).await;
    let faults = json!({"complete": {"status": 502, "times": 1}});
    customer.shop.break_it(&faults).await;
    let answer = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(answer.status(), 502);
    assert_eq!(customer.status().await, "abandoned");
    customer
        .shop
        .break_it(&json!({"complete": {"webhookFirst": true}}))
        .await;
    let answer = customer.pay("card", &card("4084084084084081", "408")).await;
    assert_eq!(place(&answer), RETURNED);
    assert_eq!(
        receiver.received().len(),
        1,
        "the shop knew before the customer returned"
    );
}
