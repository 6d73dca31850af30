//! Which pages may read answers.

use reqwest::Method;

use crate::app::{Options, TestGateway};

#[tokio::test]
async fn a_preflight_of_a_listed_origin_is_allowed_before_the_limiter() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__PUBLIC", 1)
        .start()
        .await;
    for _ in 0..5 {
        let answer = gateway
            .client
            .request(Method::OPTIONS, gateway.url("/api/v1/products"))
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "*")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204);
        let headers = answer.headers();
        assert_eq!(
            headers["access-control-allow-origin"],
            "https://shop.example"
        );
        assert_eq!(headers["access-control-allow-credentials"], "true");
        assert!(
            headers["access-control-allow-methods"]
                .to_str()
                .unwrap()
                .contains("PATCH")
        );
        let allowed = headers["access-control-allow-headers"].to_str().unwrap();
        assert!(
            allowed.contains("idempotency-key") && !allowed.contains('*'),
            "{allowed}"
        );
        assert!(headers.contains_key("access-control-max-age"));
    }
    assert!(gateway.services.seen().is_empty());
}

#[tokio::test]
async fn answers_and_errors_name_a_listed_origin_and_expose_our_headers() {
    let gateway = TestGateway::start().await;
    for path in [
        "/api/v1/products",
        "/api/v1/nothing",
        "/healthz",
        "/api/v1/products/page",
    ] {
        let answer = gateway
            .get(path)
            .header("origin", "http://localhost:5173")
            .send()
            .await
            .unwrap();
        let headers = answer.headers();
        assert_eq!(
            headers["access-control-allow-origin"], "http://localhost:5173",
            "{path}"
        );
        assert_eq!(
            headers
                .get_all("access-control-allow-origin")
                .iter()
                .count(),
            1,
            "{path}"
        );
        assert!(
            headers["vary"].to_str().unwrap().contains("Origin"),
            "{path}"
        );
        let exposed = headers["access-control-expose-headers"].to_str().unwrap();
        for name in [
            "x-request-id",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
        ] {
            assert!(exposed.contains(name), "{path}: {exposed}");
        }
    }
}

#[tokio::test]
async fn other_origins_get_no_permission_and_vary_is_always_there() {
    let gateway = TestGateway::start().await;
    for origin in [
        "null",
        "https://evil.com",
        "https://shop.example.evil.com",
        "https://evilshop.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://SHOP.example",
        "https://shop.example/",
        "https://shop.example, https://evil.com",
    ] {
        for method in [Method::GET, Method::OPTIONS] {
            let answer = gateway
                .client
                .request(method.clone(), gateway.url("/api/v1/products/page"))
                .header("origin", origin)
                .header("access-control-request-method", "POST")
                .header("access-control-request-headers", "*")
                .send()
                .await
                .unwrap();
            let granted = answer
                .headers()
                .keys()
                .find(|name| name.as_str().starts_with("access-control-allow"));
            assert_eq!(granted, None, "{method} from {origin}");
            let varies = answer
                .headers()
                .get_all("vary")
                .iter()
                .any(|value| value == "Origin");
            assert!(varies, "{method} from {origin}");
        }
    }
    let without = gateway.get("/api/v1/products").send().await.unwrap();
    assert_eq!(without.headers()["vary"], "Origin");
}
