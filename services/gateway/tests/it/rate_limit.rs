//! Counting: exact, by person or address, with Redis or without.

use std::collections::HashMap;

use futures_util::future::join_all;
use test_support::TestRedis;
use test_support::http::assert_envelope;
use test_support::tokens::rsa_key;
use uuid::Uuid;

use crate::app::{Options, TestGateway, claims, customer_token, json, rand_id};

async fn statuses(requests: Vec<reqwest::RequestBuilder>) -> HashMap<u16, usize> {
    let mut counts = HashMap::new();
    for answer in join_all(requests.into_iter().map(reqwest::RequestBuilder::send)).await {
        *counts.entry(answer.unwrap().status().as_u16()).or_insert(0) += 1;
    }
    counts
}

#[tokio::test]
async fn of_a_hundred_logins_at_once_exactly_five_pass() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__AUTH", 5)
        .start()
        .await;
    let user = customer_token();
    let logins = (0..100)
        .map(|_| gateway.post("/api/v1/auth/login").bearer_auth(&user))
        .collect();
    let counts = statuses(logins).await;
    assert_eq!(counts, HashMap::from([(200, 5), (429, 95)]));
    assert_eq!(gateway.services.seen().len(), 5);
}

#[tokio::test]
async fn two_gateways_share_one_count() {
    let one = Options::default()
        .set("GATEWAY__RATE_LIMIT__AUTH", 5)
        .start()
        .await;
    let two = Options::default()
        .set("GATEWAY__RATE_LIMIT__AUTH", 5)
        .start()
        .await;
    let user = customer_token();
    let mut passed = 0;
    for n in 0..20 {
        let gateway = if n % 2 == 0 { &one } else { &two };
        let answer = gateway
            .post("/api/v1/auth/login")
            .bearer_auth(&user)
            .send()
            .await
            .unwrap();
        passed += usize::from(answer.status() == 200);
    }
    assert_eq!(passed, 5);
}

#[tokio::test]
async fn a_refusal_says_when_to_come_back() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 2)
        .start()
        .await;
    let user = customer_token();
    let get = || gateway.get("/api/v1/products").bearer_auth(&user).send();
    let first = get().await.unwrap();
    assert_eq!(first.headers()["x-ratelimit-limit"], "2");
    assert_eq!(first.headers()["x-ratelimit-remaining"], "1");
    get().await.unwrap();
    let refused = get().await.unwrap();
    let wait: u64 = refused.headers()["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(refused.headers()["x-ratelimit-remaining"], "0");
    assert_envelope(
        refused.status().as_u16(),
        (429, "RATE_LIMIT_EXCEEDED"),
        &json(refused).await,
    );
}

#[tokio::test]
async fn people_are_counted_apart_and_staff_have_their_own_limit() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 1)
        .set("GATEWAY__RATE_LIMIT__ADMIN", 7)
        .start()
        .await;
    for _ in 0..3 {
        let answer = gateway
            .get("/api/v1/products")
            .bearer_auth(customer_token())
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
    }
    for role in ["merchant", "fulfilment", "finance", "admin"] {
        let token = claims(Uuid::from_u128(rand_id()), role).rs256(rsa_key());
        let answer = gateway
            .get("/api/v1/products")
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["x-ratelimit-limit"], "7", "{role}");
    }
}

/// Behind a trusted proxy each address has its own count, however it is written; what a client writes does not count.
#[tokio::test]
async fn addresses_are_counted_apart() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 1)
        .set("GATEWAY__TRUSTED_PROXIES", 1)
        .start()
        .await;
    let prefix = rand_id() & 0xffff;
    let from = async |address: String| {
        let request = gateway
            .get("/api/v1/products")
            .header("x-forwarded-for", address);
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!(from(format!("2001:db8:{prefix:x}:1::1")).await, 200);
    assert_eq!(
        from(format!("2001:db8:{prefix:x}:1:ffff::2")).await,
        429,
        "the same /64"
    );
    assert_eq!(
        from(format!("9.9.9.9, 2001:db8:{prefix:x}:1::3")).await,
        429,
        "forged"
    );
    assert_eq!(
        from(format!("2001:db8:{prefix:x}:2::1")).await,
        200,
        "the next /64"
    );
}

#[tokio::test]
async fn health_and_docs_are_not_counted() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 1)
        .set("GATEWAY__TRUSTED_PROXIES", 1)
        .start()
        .await;
    for path in ["/healthz", "/docs", "/api/v1/openapi.json"] {
        for _ in 0..3 {
            let answer = gateway.get(path).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
        }
    }
}

#[tokio::test]
async fn guessing_tokens_is_counted() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 3)
        .set("GATEWAY__TRUSTED_PROXIES", 1)
        .start()
        .await;
    let address = format!("2001:db8:{:x}::1", rand_id() & 0xffff);
    let mut seen = Vec::new();
    for _ in 0..5 {
        let request = gateway
            .get("/api/v1/auth/me")
            .header("x-forwarded-for", &address);
        seen.push(
            request
                .bearer_auth("guess")
                .send()
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!(seen, [401, 401, 401, 429, 429]);
}

#[tokio::test]
async fn without_redis_this_process_counts_alone() {
    let mut redis = TestRedis::private();
    let gateway = Options::default()
        .redis(redis.url())
        .set("GATEWAY__REDIS__DEADLINE_MS", 500)
        .set("GATEWAY__RATE_LIMIT__AUTH", 5)
        .start()
        .await;
    let attempt = async |gateway: &TestGateway, user: &str, count: usize| {
        let logins = (0..count)
            .map(|_| gateway.post("/api/v1/auth/login").bearer_auth(user))
            .collect();
        statuses(logins).await
    };
    assert_eq!(
        attempt(&gateway, &customer_token(), 8).await,
        HashMap::from([(200, 5), (429, 3)])
    );
    redis.kill();
    assert_eq!(
        attempt(&gateway, &customer_token(), 20).await,
        HashMap::from([(200, 5), (429, 15)])
    );
    redis.restart();
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    assert_eq!(
        attempt(&gateway, &customer_token(), 8).await,
        HashMap::from([(200, 5), (429, 3)])
    );
}
