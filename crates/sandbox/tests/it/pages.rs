//! The mailbox in a browser.

use serde_json::json;

use crate::app::{TestSandbox, mail_to};

struct Page {
    html: String,
    policy: String,
}

async fn page(sandbox: &TestSandbox, path: &str) -> Page {
    let answer = sandbox.client.get(sandbox.url(path)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let policy = answer.headers()["content-security-policy"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
    Page {
        html: answer.text().await.unwrap(),
        policy,
    }
}

#[tokio::test]
async fn everything_from_outside_is_escaped() {
    let sandbox = TestSandbox::start();
    let evil = "<script>alert(1)</script>\"'&";
    let mut mail = mail_to("ada@example.com");
    mail["from"] = json!("\"Shop & 'Co'\" <shop@example.com>");
    mail["subject"] = json!(evil);
    mail["text"] = json!(evil);
    mail["html"] = json!("<p>\"</p></iframe><script>alert(2)</script>");
    mail["headers"] = json!({"X-A": evil});
    mail["attachments"] = json!([{"filename": evil, "content": "aGk="}]);
    let id = sandbox.accepted(&mail).await;
    for path in ["/".to_owned(), format!("/mail/{id}")] {
        let page = page(&sandbox, &path).await;
        assert!(!page.html.contains("<script"), "{path}: {}", page.html);
        assert!(page.html.contains("&lt;script&gt;"), "{path}");
        assert!(!page.html.contains("</iframe><"), "{path}");
        assert!(page.policy.contains("default-src 'none'"));
        assert!(!page.policy.contains("script-src"));
    }
    let filtered = page(&sandbox, "/?to=%22%3E%3Cscript%3Ealert(3)%3C/script%3E").await;
    assert!(!filtered.html.contains("<script"), "{}", filtered.html);
}

#[tokio::test]
async fn a_mails_html_is_caged_and_its_links_leave() {
    let sandbox = TestSandbox::start();
    let mut mail = mail_to("ada@example.com");
    mail["html"] = json!("<!doctype html><a href=\"https://shop.example/verify#t\">Confirm</a>");
    mail["tags"] = json!([{"name": "kind", "value": "verify"}]);
    let id = sandbox.accepted(&mail).await;
    let page = page(&sandbox, &format!("/mail/{id}")).await.html;
    assert!(
        page.contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\""),
        "{page}"
    );
    assert!(
        page.contains("srcdoc=\"&lt;base target=&quot;_blank&quot;&gt;&lt;!doctype html"),
        "{page}"
    );
    assert!(page.contains("kind: verify"), "{page}");
    assert!(page.contains("<pre>Hello</pre>"), "{page}");
}

#[tokio::test]
async fn the_list_can_be_filtered_and_followed() {
    let sandbox = TestSandbox::start();
    sandbox.accepted(&mail_to("ada@example.com")).await;
    sandbox.accepted(&mail_to("bob@example.com")).await;
    let all = page(&sandbox, "/").await.html;
    assert!(all.find("bob@example.com").unwrap() < all.find("ada@example.com").unwrap());
    assert!(!all.contains("http-equiv"));
    let some = page(&sandbox, "/?to=ADA").await.html;
    assert!(some.contains("ada@example.com") && !some.contains("bob@example.com"));
    assert!(
        page(&sandbox, "/?live=1")
            .await
            .html
            .contains("http-equiv=\"refresh\"")
    );
    assert!(
        page(&sandbox, "/?to=eve")
            .await
            .html
            .contains("No mail to an address")
    );
}

#[tokio::test]
async fn a_file_is_saved_and_never_shown() {
    let sandbox = TestSandbox::start();
    let mut mail = mail_to("ada@example.com");
    mail["attachments"] =
        json!([{"filename": "rech nung\".html", "content": "aGk=", "content_type": "text/html"}]);
    let id = sandbox.accepted(&mail).await;
    let url = sandbox.url(&format!("/mail/{id}/attachments/0"));
    let answer = sandbox.client.get(url).send().await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(
        header("content-disposition"),
        "attachment; filename*=UTF-8''rech%20nung%22.html"
    );
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert_eq!(answer.bytes().await.unwrap(), "hi");
}

#[tokio::test]
async fn a_mail_that_is_not_there_is_not_shown() {
    let sandbox = TestSandbox::start();
    let id = sandbox.accepted(&mail_to("ada@example.com")).await;
    for path in [
        "/mail/x".to_owned(),
        format!("/mail/{id}/attachments/0"),
        "/nowhere".to_owned(),
    ] {
        let answer = sandbox.client.get(sandbox.url(&path)).send().await.unwrap();
        assert_eq!(answer.status(), 404, "{path}");
    }
}
