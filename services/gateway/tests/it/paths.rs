//! Paths with more than one reading: none may reach a service.

use test_support::http::assert_envelope;

use crate::app::TestGateway;

/// Request targets as they stand on the wire.
const AMBIGUOUS: &[&str] = &[
    "/api/v1/../internal/revocations",
    "/api/v1/%2e%2e/internal/revocations",
    "/api/v1/%2E%2e/internal",
    "/api/v1/.%2e/internal",
    "/api/v1/%252e%252e%252finternal",
    "/api/v1/products/..%2finternal",
    "/api/v1/products/..%5cinternal",
    "/api/v1/products/..;/internal",
    "/api/v1/products;x=1",
    "//internal",
    "/./internal",
    "/api/v1//products",
    "/api/v1/./products",
    "/api/v1/%2finternal",
    "/api/v1/products%2f..%2finternal",
    "/api/v1/products/%00",
    "/api/v1/products/a%00b",
    "/api/v1/products/%0d%0aX-Evil:%201",
    "/api/v1/products/%ff",
    "/api/v1/products/%c0%af",
    "/api/v1/products/%e0%80%af",
    "/api/v1/products/%",
    "/api/v1/products/%2",
    "/api/v1/products/%zz",
    "/api/v1/products/%u002e",
    "/api/v1/products\\..\\internal",
    "\\internal",
    "/api/v1/products/a\tb",
    "/api/v1/products/\u{e9}",
    "/api/v1/products/<x>",
    "/api/v1/products/\"",
    "/api/v1/products/|",
    "/api/v1/products/`",
    "http://orders:8085/internal",
    "http://orders:8085/api/v1/products",
    "http://a@localhost/api/v1/products",
    "@localhost/api/v1/products",
    "localhost:80",
    "*",
    "internal",
    "?x",
    "",
];

#[tokio::test]
async fn no_path_with_two_readings_reaches_a_service() {
    let gateway = TestGateway::start().await;
    for target in AMBIGUOUS {
        let request = format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = gateway.raw(&request).await;
        assert!(
            matches!(answer.status(), 400 | 404),
            "{target}: {}",
            answer.text()
        );
        let seen = gateway.services.seen();
        assert!(
            seen.is_empty(),
            "{target} reached a service as {}",
            seen[0].target
        );
    }
}

#[tokio::test]
async fn a_refused_path_is_explained_in_the_envelope() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .raw("GET /api/v1/..%2finternal HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    let json = answer.json();
    assert_envelope(answer.status(), (400, "VALIDATION_ERROR"), &json);
    assert_eq!(json["details"][0]["field"], "path");
}

#[tokio::test]
async fn a_fragment_is_never_forwarded() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .raw("GET /api/v1/products#/../internal HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    if answer.status() == 200 {
        assert_eq!(gateway.services.last_seen().target, "/api/v1/products");
    }
}

#[tokio::test]
async fn this_host_may_be_named_in_full() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .raw("GET http://shop.example/api/v1/products?a=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n")
        .await;
    assert_eq!(answer.status(), 200);
    assert_eq!(gateway.services.last_seen().target, "/api/v1/products?a=1");
}
