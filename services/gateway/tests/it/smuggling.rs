//! Messages that two servers could cut apart differently. What the gateway sends on must be what it counted.

use crate::app::TestGateway;

/// A request that must never be seen as one of its own.
const SMUGGLED: &str = "GET /api/v1/products/smuggled HTTP/1.1\r\nHost: a\r\n\r\n";

fn post(headers: &str, body: &str) -> String {
    format!("POST /api/v1/products HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{body}")
}

fn refused() -> Vec<(&'static str, String)> {
    let chunked = format!("0\r\n\r\n{SMUGGLED}");
    vec![
        ("CL.TE", post("Content-Length: 6\r\nTransfer-Encoding: chunked", &chunked)),
        ("TE.CL", post("Transfer-Encoding: chunked\r\nContent-Length: 4", &chunked)),
        ("xchunked", post("Transfer-Encoding: xchunked", &chunked)),
        ("chunked with vertical tab", post("Transfer-Encoding: chunked\u{b}", &chunked)),
        ("two codings", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", &chunked)),
        ("gzip, chunked", post("Transfer-Encoding: gzip, chunked", &chunked)),
        ("chunked, chunked", post("Transfer-Encoding: chunked, chunked", &chunked)),
        ("identity", post("Transfer-Encoding: identity", &chunked)),
        ("space before colon", post("Transfer-Encoding : chunked", &chunked)),
        ("folded line", post("X-A: b\r\n Transfer-Encoding: chunked", &chunked)),
        ("folded coding", post("Transfer-Encoding:\r\n chunked", &chunked)),
        ("two lengths", post("Content-Length: 0\r\nContent-Length: 6", &chunked)),
        ("two equal lengths", post("Content-Length: 5\r\nContent-Length: 5", &chunked)),
        ("length +5", post("Content-Length: +5", &chunked)),
        ("length 5,5", post("Content-Length: 5,5", &chunked)),
        ("length 0x5", post("Content-Length: 0x5", &chunked)),
        ("length -1", post("Content-Length: -1", &chunked)),
        ("length 1e1", post("Content-Length: 1e1", &chunked)),
        ("empty length", post("Content-Length: ", &chunked)),
        ("huge length", post("Content-Length: 99999999999999999999999", &chunked)),
        ("two hosts", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n".into()),
        ("no host", "GET /api/v1/products HTTP/1.1\r\n\r\n".into()),
        ("GET with a body", format!("GET /api/v1/products HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SMUGGLED}", SMUGGLED.len())),
        ("HEAD with chunks", "HEAD /api/v1/products HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".into()),
        ("HTTP/1.0 with coding", format!("POST /api/v1/products HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{chunked}")),
        ("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".into()),
        ("h2c upgrade", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n".into()),
        ("websocket upgrade", format!("GET /api/v1/products HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n{SMUGGLED}")),
        ("unknown expectation", post("Expect: the-unexpected\r\nContent-Length: 0", "")),
        ("HTTP/1.2", "GET /api/v1/products HTTP/1.2\r\nHost: a\r\n\r\n".into()),
        ("HTTP/0.9", "GET /api/v1/products\r\n\r\n".into()),
        ("NUL in a header", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n".into()),
        ("bare CR in a header", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\nX-A: a\rX-B: b\r\n\r\n".into()),
        ("header without a name", "GET /api/v1/products HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n".into()),
    ]
}

#[tokio::test]
async fn ambiguous_messages_are_refused_and_end_the_connection() {
    let gateway = TestGateway::start().await;
    for (name, request) in refused() {
        let answer = gateway.raw(&request).await;
        assert!(
            matches!(answer.status(), 400 | 417 | 505),
            "{name}: {}",
            answer.text()
        );
        assert_eq!(answer.responses(), 1, "{name}: {}", answer.text());
        let seen = gateway.services.seen();
        assert!(seen.is_empty(), "{name} reached a service: {:?}", seen[0]);
    }
}

#[tokio::test]
async fn broken_chunks_do_not_reach_a_service_as_a_whole_body() {
    let gateway = TestGateway::start().await;
    for (name, chunks) in [
        (
            "overflowing size",
            "FFFFFFFFFFFFFFFF0\r\nx\r\n0\r\n\r\n".to_owned(),
        ),
        ("negative size", "-1\r\nx\r\n0\r\n\r\n".to_owned()),
        ("no size", "\r\nx\r\n0\r\n\r\n".to_owned()),
        ("bare line feed", "1\nx\n0\n\n".to_owned()),
        ("size too small", format!("1\r\nxy\r\n0\r\n\r\n{SMUGGLED}")),
        (
            "hexadecimal prefix",
            format!("0x1\r\nx\r\n0\r\n\r\n{SMUGGLED}"),
        ),
    ] {
        let answer = gateway
            .raw(post("Transfer-Encoding: chunked", &chunks))
            .await;
        // The connection ends; whether an answer fits in before depends on where the chunk breaks.
        assert!(
            answer.is_empty() || answer.status() == 400,
            "{name}: {}",
            answer.text()
        );
        assert!(answer.responses() <= 1, "{name}: {}", answer.text());
        let seen = gateway.services.seen();
        assert!(seen.is_empty(), "{name} reached a service: {:?}", seen[0]);
    }
}

/// What is counted here is what arrives there, in the same order, and each client gets its own answer.
#[tokio::test]
async fn a_pipeline_stays_in_order() {
    let gateway = TestGateway::start().await;
    let mut pipeline = String::new();
    for n in 0..8 {
        pipeline += &format!("GET /api/v1/products/p{n} HTTP/1.1\r\nHost: a\r\n\r\n");
        pipeline += &format!(
            "POST /api/v1/products/q{n} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n{SMUGGLED}",
            SMUGGLED.len()
        );
        pipeline += &format!(
            "POST /api/v1/products/r{n} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{:x};ext=1\r\n{SMUGGLED}\r\n0\r\n\r\n",
            SMUGGLED.len()
        );
    }
    let answer = gateway.raw(&pipeline).await;
    assert_eq!(answer.responses(), 24, "{}", answer.text());
    let targets: Vec<_> = gateway
        .services
        .seen()
        .into_iter()
        .map(|seen| seen.target)
        .collect();
    let expected: Vec<_> = (0..8)
        .flat_map(|n| ["p", "q", "r"].map(|kind| format!("/api/v1/products/{kind}{n}")))
        .collect();
    assert_eq!(targets, expected);
    let text = answer.text();
    let mut rest = text.as_str();
    for target in expected {
        let at = rest
            .find(&format!("\"target\":\"{target}\""))
            .expect("answers in order");
        rest = &rest[at..];
    }
}
