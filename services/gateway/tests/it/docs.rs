//! The API reference, served without the internet.

use crate::app::{TestGateway, json};

#[tokio::test]
async fn the_document_is_openapi_and_knows_its_etag() {
    let gateway = TestGateway::start().await;
    let answer = gateway.get("/api/v1/openapi.json").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    let etag = answer.headers()["etag"].clone();
    assert!(
        json(answer).await["openapi"]
            .as_str()
            .unwrap()
            .starts_with("3.1")
    );
    let again = gateway
        .get("/api/v1/openapi.json")
        .header("if-none-match", &etag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    assert_eq!(again.headers()["etag"], etag);
    assert!(again.bytes().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_page_loads_nothing_from_elsewhere() {
    let gateway = TestGateway::start().await;
    let answer = gateway.get("/docs").send().await.unwrap();
    let csp = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert!(
        csp.contains("default-src 'none'") && csp.contains("script-src 'self'"),
        "{csp}"
    );
    let page = answer.text().await.unwrap();
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("//cdn"));
    for path in page.split('"').filter(|text| text.starts_with('/')) {
        assert_eq!(
            gateway.get(path).send().await.unwrap().status(),
            200,
            "{path}"
        );
    }
}

#[tokio::test]
async fn the_script_comes_in_both_encodings() {
    let gateway = TestGateway::start().await;
    let get = |coding: &'static str| {
        gateway
            .get("/docs/rapidoc-min.js")
            .header("accept-encoding", coding)
            .send()
    };
    let gzip = get("br, gzip").await.unwrap();
    assert_eq!(gzip.headers()["content-encoding"], "gzip");
    let plain = get("gzip;q=0").await.unwrap();
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_ne!(gzip.headers()["etag"], plain.headers()["etag"]);
    assert!(plain.text().await.unwrap().contains("RapiDoc"));
}
