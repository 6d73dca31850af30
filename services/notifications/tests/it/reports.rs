//! What finance is told of a day's payments.

use ::events::reconciliation::{ClassTotal, CurrencyTotal, ReconciliationCompleted};
use common::ids;
use messaging::Outcome;
use money::SignedAmount;
use notifications::consumers::on_reconciliation_completed::on_reconciliation_completed;
use serde_json::json;
use uuid::Uuid;

use crate::app::{Options, TestApp};

const FINANCE: [(&str, &str); 1] = [(
    "NOTIFICATIONS__FINANCE_EMAIL",
    "books@shop.example, cfo@shop.example, Books@shop.example",
)];

fn completed(run_id: Uuid) -> ReconciliationCompleted {
    let amount = SignedAmount::from_minor;
    ReconciliationCompleted {
        run_id,
        business_date: "2026-01-12".parse().unwrap(),
        kind: "nightly".to_owned(),
        window_from: "2026-01-08T23:00:00Z".parse().unwrap(),
        window_to: "2026-01-12T23:00:00Z".parse().unwrap(),
        totals: vec![CurrencyTotal {
            currency: "NGN".to_owned(),
            transactions: 3,
            gross: amount(4_850_000),
            fees: amount(82_750),
            net: amount(4_767_250),
            refunds: 1,
            refunded: amount(50_000),
        }],
        classes: vec![ClassTotal {
            class: "missing-gateway".to_owned(),
            count: 3,
            repaired: 0,
            open: 3,
        }],
    }
}

impl TestApp {
    async fn hear_completed(&self, run: Uuid, event: Uuid) -> Outcome {
        self.deliver(on_reconciliation_completed, event, completed(run))
            .await
    }
}

#[tokio::test]
async fn each_of_finance_gets_one_report_of_each_run() {
    let app = TestApp::start_with(Options::with(&FINANCE)).await;
    let (run, event) = (ids::new_id(), ids::new_id());
    assert_eq!(app.hear_completed(run, event).await, Outcome::Applied);
    assert_eq!(app.hear_completed(run, event).await, Outcome::Duplicate);
    // Published again under another id.
    let again = app.hear_completed(run, ids::new_id()).await;
    assert_eq!(again, Outcome::Duplicate);
    for _ in 0..400 {
        if app.world.provider.left().len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    let mut left = app.world.provider.left();
    left.sort_by_key(|mail| mail["to"].to_string());
    assert_eq!(left.len(), 2);
    assert_eq!(left[0]["to"], json!(["books@shop.example"]));
    assert_eq!(left[1]["to"], json!(["cfo@shop.example"]));
    let subject = "Agape: payments of 12 January 2026, 3 to look at";
    assert_eq!(left[0]["subject"], subject);
    for part in ["text", "html"] {
        // A slash may be written otherwise in HTML.
        let text = left[0][part].as_str().unwrap().replace("&#x2f;", "/");
        for told in [
            "48,500.00".to_owned(),
            "827.50".to_owned(),
            "47,672.50".to_owned(),
            "missing-gateway".to_owned(),
            format!("/api/v1/admin/reconciliation/runs/{run}/report.csv"),
        ] {
            assert!(text.contains(&told), "{told} in {text}");
        }
    }
    // Where finance is stands nowhere in clear.
    let rows = app
        .rows("SELECT dedupe_key, facts FROM notifications.messages")
        .await;
    assert!(!format!("{rows:?}").contains("shop.example"), "{rows:?}");
}

#[tokio::test]
async fn without_an_address_nobody_is_told() {
    let app = TestApp::start().await;
    let heard = app.hear_completed(ids::new_id(), ids::new_id()).await;
    assert_eq!(heard, Outcome::Applied);
    assert!(
        app.rows("SELECT id FROM notifications.messages")
            .await
            .is_empty()
    );
}
