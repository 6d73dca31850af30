//! When orders is away, knows nothing, or tells strange things.

use std::time::Duration;

use chrono::TimeDelta;
use common::ids;
use serde_json::Value;

use crate::app::TestApp;
use crate::orders::Trouble;

const CONFIRMATION: &str = "order_confirmation";

fn says(words: &'static str) -> impl Fn(&Value) -> bool {
    move |row| {
        row["last_error"]
            .as_str()
            .is_some_and(|error| error.contains(words))
    }
}

#[tokio::test]
async fn while_orders_is_away_mails_wait_however_long_that_takes() {
    let app = TestApp::start().await;
    let sale = app.sold(|_| {});
    let mut attempts = 0;
    app.world.orders.trouble(Some(Trouble::Down));
    app.hear_invoice(&sale).await;
    for (trouble, said) in [
        (Trouble::Down, "orders is not available"),
        (Trouble::Stranger, "orders refused: 403"),
        (Trouble::InvoiceDown, "500"),
    ] {
        app.world.orders.trouble(Some(trouble));
        // An attempt that is in hand while the clock jumps counts its pause from the new time.
        let row = loop {
            app.pass(TimeDelta::days(10));
            tokio::time::sleep(Duration::from_millis(1_200)).await;
            let row = app.mails(&sale, CONFIRMATION).await.remove(0);
            if says(said)(&row) && row["attempts"].as_i64().unwrap() > attempts {
                break row;
            }
        };
        assert_eq!(row["status"], "pending", "{row:#}");
        assert!(row["recipient_ct"].is_null() && row["first_sending_at"].is_null());
        attempts = row["attempts"].as_i64().unwrap();
    }
    assert!(app.world.provider.requests().is_empty());
    let metrics = app.ops("/metrics").await.1;
    let series = r#"notifications_put_off_total{reason="orders",service="notifications"} "#;
    let count = metrics.split(series).nth(1).unwrap();
    let count: u32 = count.lines().next().unwrap().parse().unwrap();
    assert!(count >= 3, "{count}");

    app.world.orders.trouble(None);
    for _ in 0..20 {
        app.pass(TimeDelta::minutes(10));
        tokio::time::sleep(Duration::from_millis(500)).await;
        if app.mails(&sale, CONFIRMATION).await[0]["status"] == "sent" {
            break;
        }
    }
    app.until_mail_is(&sale, CONFIRMATION, "sent").await;
    assert_eq!(app.world.provider.requests().len(), 1);
    assert!(app.promised("notification.failed").await.is_empty());
}

#[tokio::test]
async fn what_orders_does_not_know_ends_with_the_reason() {
    let app = TestApp::start().await;
    let unknown = crate::orders::Sale::new();
    app.hear_shipped(&unknown).await;
    let without_invoice = app.sold(|sale| sale.pdf = None);
    app.hear_invoice(&without_invoice).await;
    let empty = app.sold(|sale| sale.pdf = Some(Vec::new()));
    app.hear_invoice(&empty).await;
    for (sale, template, why) in [
        (&unknown, "order_shipped", "orders knows no such order"),
        (
            &without_invoice,
            CONFIRMATION,
            "orders has no such document",
        ),
        (&empty, CONFIRMATION, "the invoice is no file"),
    ] {
        let row = app.until_mail_is(sale, template, "failed").await;
        assert!(says(why)(&row), "{row:#}");
    }
    let failed = app.promised("notification.failed").await;
    assert_eq!(failed.len(), 3);
    assert_eq!(failed[0]["data"]["reason"], "unmakeable");
    assert!(app.world.provider.requests().is_empty());
    let asked = app.world.orders.asked().len();
    app.pass(TimeDelta::hours(1));
    tokio::time::sleep(Duration::from_millis(1_200)).await;
    assert_eq!(app.world.orders.asked().len(), asked, "it has ended");
}

#[tokio::test]
async fn a_buyer_who_was_forgotten_gets_nothing() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|sale| {
        sale.to = None;
        sale.name = None;
    });
    app.hear_invoice(&sale).await;
    app.hear_unallocated(&sale).await;
    app.hear_shipped(&sale).await;
    app.hear_delivered(&sale).await;
    app.hear_cancelled(&sale).await;
    app.hear_refund(&sale, ids::new_id(), "1.00").await;
    app.hear_credit_note(&sale, "CN-2026-000007", "1.00").await;
    for template in [
        CONFIRMATION,
        "order_unallocated",
        "order_shipped",
        "order_delivered",
        "order_cancelled",
        "refund_processed",
        "credit_note",
    ] {
        let row = app.until_mail_is(&sale, template, "cancelled").await;
        assert_eq!(row["last_error"], "skipped: the buyer was forgotten");
        assert!(row["recipient_ct"].is_null() && row["sent_at"].is_null());
    }
    // The merchant still has to know.
    app.until_mail_is(&sale, "merchant_order_unallocated", "sent")
        .await;
    let left = app.world.provider.left();
    assert_eq!(left.len(), 1, "{left:#?}");
    assert!(app.promised("notification.failed").await.is_empty());
    let asked = app.world.orders.asked();
    assert!(
        asked.iter().all(|path| path.ends_with("/mail-view")),
        "nobody reads the invoice: {asked:?}"
    );
}

#[tokio::test]
async fn what_people_typed_is_text_and_nothing_else() {
    let app = TestApp::start_with_merchant().await;
    let sale = app.sold(|sale| {
        sale.name = Some("<b>Ada</b> & \"co\"".to_owned());
        sale.items[0].0 =
            "</td><script>alert({{ 7*7 }})</script>\r\nBcc: eve@example.com".to_owned();
        sale.carrier = Some("<img src=x onerror=alert(1)>".to_owned());
        sale.tracking = Some("\"><a href=https://evil.example>1</a>".to_owned());
    });
    app.hear_invoice(&sale).await;
    app.hear_shipped(&sale).await;
    app.hear_paid(&sale, ids::new_id()).await;
    for template in [CONFIRMATION, "order_shipped", "merchant_order_paid"] {
        app.until_mail_is(&sale, template, "sent").await;
    }
    for mail in app.world.provider.left() {
        let html = mail["html"].as_str().unwrap();
        for raw in ["<script", "<b>Ada", "<img", "<a href=https://evil"] {
            assert!(!html.contains(raw), "{raw} in {html}");
        }
        for part in ["subject", "text"] {
            let text = mail[part].as_str().unwrap();
            assert!(!text.lines().any(|line| line.starts_with("Bcc")), "{text}");
        }
    }
    let confirmation = &app.left(CONFIRMATION)[0];
    let title = "&lt;&#x2f;td&gt;&lt;script&gt;alert({{ 7*7 }})&lt;&#x2f;script&gt;  Bcc:";
    assert!(confirmation["html"].as_str().unwrap().contains(title));
    let name = "&lt;b&gt;Ada&lt;&#x2f;b&gt; &amp; &quot;co&quot;";
    assert!(confirmation["html"].as_str().unwrap().contains(name));
    let shipped = app.left("order_shipped")[0]["html"].to_string();
    assert!(shipped.contains("&lt;img src=x onerror=alert(1)&gt;"));
    let notice = app.left("merchant_order_paid")[0]["html"].to_string();
    assert!(notice.contains("&lt;script&gt;alert({{ 7*7 }})"));
}

#[tokio::test]
async fn amounts_are_those_that_orders_told_to_the_last_digit() {
    let app = TestApp::start().await;
    for (currency, total, discount, told) in [
        // No float of 64 bits has these digits.
        (
            "NGN",
            "90071992547409.93",
            "0.29",
            "Total: NGN 90,071,992,547,409.93\n",
        ),
        ("GHS", "0.10", "1.10", "Discount: -GHS 1.10\n"),
        ("XOF", "1500.00", "0.00", "Total: XOF 1,500\n"),
    ] {
        let sale = app.sold(|sale| {
            sale.currency = currency;
            sale.total = total.to_owned();
            sale.discount = discount.to_owned();
        });
        app.hear_invoice(&sale).await;
        app.until_mail_is(&sale, CONFIRMATION, "sent").await;
        let left = app.world.provider.left();
        let text = left.last().unwrap()["text"].as_str().unwrap();
        assert!(text.contains(told), "{told} in {text}");
    }
}

#[tokio::test]
async fn an_address_that_could_be_two_is_not_written_to() {
    let app = TestApp::start().await;
    let sale = app.sold(|sale| sale.to = Some("a@example.com,b@example.com".to_owned()));
    app.hear_invoice(&sale).await;
    let row = app.until_mail_is(&sale, CONFIRMATION, "failed").await;
    assert!(!row["last_error"].as_str().unwrap().contains('@'), "{row}");
    assert!(app.world.provider.requests().is_empty());
}
