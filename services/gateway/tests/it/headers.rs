//! The headers that every answer carries, whoever wrote it.

use crate::app::{Options, TestGateway, customer_token};

const ALWAYS: &[(&str, &str)] = &[
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-resource-policy", "same-site"),
];
const CSP: &str = "default-src 'none'; frame-ancestors 'none'";

fn assert_dressed(what: &str, answer: &reqwest::Response) {
    let headers = answer.headers();
    for (name, value) in ALWAYS {
        let values: Vec<_> = headers.get_all(*name).iter().collect();
        assert_eq!(values, [value], "{what}: {name}");
    }
    for name in [
        "x-request-id",
        "x-ratelimit-limit",
        "x-ratelimit-remaining",
        "x-ratelimit-reset",
    ] {
        assert_eq!(headers.get_all(name).iter().count(), 1, "{what}: {name}");
    }
    let reset = headers["x-ratelimit-reset"].to_str().unwrap();
    assert!(
        chrono::DateTime::parse_from_rfc3339(reset).is_ok(),
        "{what}: {reset}"
    );
    assert_eq!(
        headers.get_all("content-security-policy").iter().count(),
        1,
        "{what}"
    );
    for name in ["server", "x-powered-by"] {
        assert!(!headers.contains_key(name), "{what}: {name}");
    }
}

#[tokio::test]
async fn every_answer_is_dressed() {
    let gateway = TestGateway::start().await;
    for path in [
        "/api/v1/products",
        "/api/v1/products/status?n=201",
        "/api/v1/products/status?n=400",
        "/api/v1/products/status?n=500",
        "/api/v1/products/not-modified",
        "/api/v1/products/no-content",
        "/api/v1/products/moved",
        "/api/v1/products/%2f",
        "/api/v1/nothing",
        "/healthz",
        "/api/v1/openapi.json",
    ] {
        let answer = gateway.get(path).send().await.unwrap();
        assert_dressed(path, &answer);
        assert_eq!(answer.headers()["content-security-policy"], CSP, "{path}");
    }
    for path in ["/api/v1/products", "/api/v1/auth/me"] {
        let answer = gateway
            .get(path)
            .bearer_auth("nonsense")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["www-authenticate"], "Bearer");
        assert_dressed("401", &answer);
        let answer = gateway
            .client
            .request("BREW".parse().unwrap(), gateway.url(path))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 405);
        assert_dressed("405", &answer);
    }
}

#[tokio::test]
async fn a_refusal_by_the_limiter_is_dressed_too() {
    let gateway = Options::default()
        .set("GATEWAY__RATE_LIMIT__AUTH", 1)
        .start()
        .await;
    let user = customer_token();
    let login = || gateway.post("/api/v1/auth/login").bearer_auth(&user).send();
    assert_eq!(
        login().await.unwrap().headers()["x-ratelimit-remaining"],
        "0"
    );
    let answer = login().await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_dressed("429", &answer);
    assert!(answer.headers().contains_key("retry-after"));
}

#[tokio::test]
async fn a_page_keeps_its_policy_and_hides_its_software() {
    let gateway = TestGateway::start().await;
    let answer = gateway.get("/api/v1/products/page").send().await.unwrap();
    assert_dressed("page", &answer);
    assert_eq!(
        answer.headers()["content-security-policy"],
        "default-src 'self'"
    );
}

#[tokio::test]
async fn private_answers_are_not_stored() {
    let gateway = TestGateway::start().await;
    let public = gateway.get("/api/v1/products").send().await.unwrap();
    assert!(!public.headers().contains_key("cache-control"));
    let private = gateway
        .get("/api/v1/products")
        .bearer_auth(customer_token())
        .send()
        .await
        .unwrap();
    assert_eq!(private.headers()["cache-control"], "no-store");
    let cookie = gateway.get("/api/v1/products/cookie").send().await.unwrap();
    assert_eq!(cookie.headers()["cache-control"], "no-store");
}
