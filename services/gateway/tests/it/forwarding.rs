//! What a service gets to see, and what of its answer the client does.

use std::time::Duration;

use serde_json::json;
use test_support::http::assert_envelope;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::app::{TestGateway, customer_token, json};

#[tokio::test]
async fn a_request_arrives_byte_for_byte_with_our_own_headers() {
    let gateway = TestGateway::start().await;
    let target = "/api/v1/products/caf%C3%A9:1?q=%2f..%2f%25&q=a+b&empty=";
    let answer = gateway
        .raw(format!(
            "GET {target} HTTP/1.1\r\nHost: evil.example\r\nX-Request-ID: my-id.1\r\n\
             traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\
             X-Forwarded-For: 6.6.6.6\r\nX-User-Id: 1\r\nX_User_Role: admin\r\n\
             Connection: keep-alive, X-Secret\r\nX-Secret: 1\r\nAccept-Language: yo\r\n\r\n"
        ))
        .await;
    assert_eq!(answer.status(), 200, "{}", answer.text());
    assert_eq!(answer.header("x-request-id").as_deref(), Some("my-id.1"));
    let seen = gateway.services.last_seen();
    assert_eq!(seen.target, target);
    assert_eq!(seen.header("x-request-id"), Some("my-id.1"));
    assert_eq!(seen.header("x-forwarded-for"), Some("127.0.0.1"));
    assert_eq!(seen.header("accept-language"), Some("yo"));
    assert_eq!(
        seen.header("host"),
        Some(gateway.services.address.to_string().as_str())
    );
    let trace = seen.header("traceparent").unwrap();
    assert!(
        trace.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"),
        "{trace}"
    );
    assert!(seen.header("x-request-deadline").is_some());
    for stripped in ["x-user-id", "x_user_role", "x-secret"] {
        assert_eq!(seen.header(stripped), None, "{stripped}");
    }
}

#[tokio::test]
async fn a_request_id_that_is_not_well_formed_is_replaced() {
    let gateway = TestGateway::start().await;
    let answer = gateway
        .get("/api/v1/products")
        .header("x-request-id", "a b")
        .send()
        .await
        .unwrap();
    let id = answer.headers()["x-request-id"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_ne!(id, "a b");
    assert_eq!(
        gateway.services.last_seen().header("x-request-id"),
        Some(id.as_str())
    );
    assert!(gateway.services.last_seen().header("traceparent").is_some());
}

#[tokio::test]
async fn unknown_internal_and_undeployed_paths_are_404_in_the_envelope() {
    let gateway = TestGateway::start().await;
    for path in [
        "/",
        "/api/v1",
        "/api/v1/nothing",
        "/internal/revocations",
        "/internal%20",
        "/INTERNAL",
        "/api/v1/internal/x",
        "/api/v1/admin/unknown",
        "/metrics",
        "/readyz",
        // Orders is not deployed here.
        "/api/v1/orders",
        "/status",
    ] {
        let answer = gateway.get(path).send().await.unwrap();
        assert_envelope(
            answer.status().as_u16(),
            (404, "NOT_FOUND"),
            &json(answer).await,
        );
    }
    assert!(gateway.services.seen().is_empty());
}

#[tokio::test]
async fn the_public_keys_are_auths_to_give() {
    let gateway = TestGateway::start().await;
    let answer = gateway.get("/.well-known/jwks.json").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        gateway.services.last_seen().target,
        "/.well-known/jwks.json"
    );
}

#[tokio::test]
async fn methods_that_no_service_has_are_405_with_allow() {
    let gateway = TestGateway::start().await;
    for request in [
        "TRACE /api/v1/products HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT orders:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "BREW /api/v1/products HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /healthz HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        let answer = gateway.raw(request).await;
        assert_envelope(answer.status(), (405, "METHOD_NOT_ALLOWED"), &answer.json());
        assert!(answer.header("allow").unwrap().contains("GET"), "{request}");
    }
    let answer = gateway
        .raw("OPTIONS /api/v1/products HTTP/1.1\r\nHost: a\r\n\r\n")
        .await;
    assert_eq!(answer.status(), 204);
    assert!(answer.header("allow").unwrap().contains("PATCH"));
    assert!(gateway.services.seen().is_empty());
}

#[tokio::test]
async fn answers_without_a_body_end_where_they_should() {
    let gateway = TestGateway::start().await;
    let get = "GET /api/v1/products HTTP/1.1\r\nHost: a\r\n\r\n";
    for (first, status) in [
        ("HEAD /healthz", 200),
        ("HEAD /api/v1/products", 200),
        ("HEAD /api/v1/products/big?n=100000", 200),
        ("GET /api/v1/products/not-modified", 304),
        ("GET /api/v1/products/no-content", 204),
        ("GET /api/v1/products/moved", 302),
    ] {
        // A second request on the same connection gets its own answer only if the first one ended.
        let first = format!("{first} HTTP/1.1\r\nHost: a\r\n\r\n");
        let (one, two) = in_turn(gateway.address, &first, get).await;
        assert!(one.starts_with(&format!("HTTP/1.1 {status}")), "{one}");
        assert!(one.ends_with("\r\n\r\n"), "{one}");
        assert!(
            two.starts_with("HTTP/1.1 200") && two.contains("{\"target\""),
            "{first}: {two}"
        );
    }
    let head = gateway
        .client
        .head(gateway.url("/api/v1/products"))
        .send()
        .await
        .unwrap();
    let get = gateway.get("/api/v1/products").send().await.unwrap();
    assert_eq!(
        head.headers()["content-length"],
        get.headers()["content-length"]
    );
}

#[tokio::test]
async fn a_services_answer_keeps_its_status_headers_and_encoding() {
    let gateway = TestGateway::start().await;
    for status in [200_u16, 201, 400, 401, 404, 409, 422, 500, 503] {
        let path = format!("/api/v1/products/status?n={status}");
        let answer = gateway.get(&path).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["x-kept"], "yes");
        assert_eq!(json(answer).await, json!({ "status": status }));
    }
    let answer = gateway.get("/api/v1/products/gzip").send().await.unwrap();
    assert_eq!(answer.headers()["content-encoding"], "gzip");
    let vary: Vec<_> = answer.headers().get_all("vary").iter().collect();
    assert!(
        vary.contains(&&"accept-encoding".parse().unwrap()),
        "{vary:?}"
    );
    assert_eq!(answer.bytes().await.unwrap().as_ref(), b"\x1f\x8bopaque");
}

#[tokio::test]
async fn bodies_arrive_unchanged() {
    let gateway = TestGateway::start().await;
    let raw = b"{ \"a\" : 1.50,\r\n\t\"b\":\"\xc3\xa9\" }\n";
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        let request = gateway
            .client
            .request(
                method.parse().unwrap(),
                gateway.url("/api/v1/payments/webhook"),
            )
            .header("x-paystack-signature", "abc")
            .header("content-type", "application/json")
            .body(raw.to_vec());
        assert_eq!(request.send().await.unwrap().status(), 200);
        let seen = gateway.services.last_seen();
        assert_eq!(
            (seen.method.as_str(), seen.body.as_ref()),
            (method, raw.as_slice())
        );
        assert_eq!(seen.header("x-paystack-signature"), Some("abc"));
        assert_eq!(
            seen.header("content-length"),
            Some(raw.len().to_string().as_str())
        );
    }
    let empty = gateway
        .post("/api/v1/auth/refresh")
        .bearer_auth(customer_token())
        .send()
        .await
        .unwrap();
    assert_eq!(empty.status(), 200);
    assert_eq!(
        gateway.services.last_seen().header("content-length"),
        Some("0")
    );
}

/// Two requests, one after the other, on one connection.
async fn in_turn(address: std::net::SocketAddr, one: &str, two: &str) -> (String, String) {
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    let mut answers = Vec::new();
    for request in [one, two] {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let mut patience = Duration::from_secs(5);
        while let Ok(Ok(1..)) = tokio::time::timeout(patience, socket.read_buf(&mut answer)).await {
            patience = Duration::from_millis(100);
        }
        answers.push(String::from_utf8_lossy(&answer).into_owned());
    }
    let two = answers.pop().unwrap();
    (answers.pop().unwrap(), two)
}
