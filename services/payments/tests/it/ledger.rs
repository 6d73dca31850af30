//! The books.

use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::app::TestApp;
use crate::shop::staff;
use crate::world::amount;

async fn read(app: &TestApp, path: &str) -> Value {
    let reply = app.get_as(staff(), "finance", path).await;
    reply.assert_success(200).clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn finance_reads_what_was_booked_page_by_page() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    app.refund(paid.id, "k", &json!({ "reason": "x", "amount": 200 }))
        .await
        .assert_success(202);
    app.until_refunds(paid.id, "processing", 1).await;
    app.world.paystack.finish_refunds();
    app.until_status(paid.id, "partially_refunded").await;
    let mut seen = Vec::new();
    let mut path = "/admin/ledger?limit=3".to_owned();
    loop {
        let data = read(&app, &path).await;
        seen.extend(data["entries"].as_array().unwrap().clone());
        match data["nextCursor"].as_str() {
            Some(cursor) => path = format!("/admin/ledger?limit=3&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(
        seen.len(),
        10,
        "capture 4, keep 2, requested 2, processed 2"
    );
    let seqs: Vec<i64> = seen
        .iter()
        .map(|one| one["seq"].as_i64().unwrap())
        .collect();
    assert!(seqs.windows(2).all(|pair| pair[0] != pair[1]));
    let last = &seen[0];
    assert_eq!(last["kind"], "refund_processed");
    assert_eq!(last["paymentId"], json!(paid.id));
    assert_eq!(last["orderId"], json!(paid.order.id));
    let sales = read(&app, "/admin/ledger?account=sales").await;
    assert_eq!(sales["entries"].as_array().unwrap().len(), 1);
    assert_eq!(sales["entries"][0]["credit"], amount(150_000));
    assert_eq!(sales["entries"][0]["debit"], amount(0));
    assert_eq!(sales["nextCursor"], json!(null));
    let none = read(&app, "/admin/ledger?from=2999-01-01T00:00:00Z").await;
    assert_eq!(none["entries"], json!([]));
    let all = read(
        &app,
        "/admin/ledger?to=2999-01-01T00:00:00%2B01:00&limit=100",
    )
    .await;
    assert_eq!(all["entries"].as_array().unwrap().len(), 10);
    for bad in [
        "?account=cash",
        "?from=yesterday",
        "?to=2026-01-13",
        "?cursor=x",
        "?limit=101",
    ] {
        let reply = app
            .get_as(staff(), "finance", &format!("/admin/ledger{bad}"))
            .await;
        reply.assert_error(400, "VALIDATION_ERROR");
    }
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trial_balance_adds_up() {
    let app = TestApp::start().await;
    app.kept().await;
    app.paid().await;
    let data = read(&app, "/admin/ledger/trial-balance").await;
    assert_eq!(data["isBalanced"], true);
    let balance = |account: &str| -> Value {
        let accounts = data["accounts"].as_array().unwrap();
        let found = accounts.iter().find(|one| one["account"] == account);
        found.unwrap()["balance"].clone()
    };
    assert_eq!(balance("gateway_clearing"), amount(297_000));
    assert_eq!(balance("fees"), amount(3_000));
    assert_eq!(balance("sales").to_string(), "-1500.0");
    assert_eq!(balance("suspense").to_string(), "-1500.0");
    let before = read(&app, "/admin/ledger/trial-balance?to=2000-01-01T00:00:00Z").await;
    assert_eq!(before["accounts"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_changes_the_books_and_nothing_is_booked_on_one_side() {
    let app = TestApp::start().await;
    let paid = app.kept().await;
    let transaction =
        "INSERT INTO payments.ledger_transactions (id, kind, subject_id, payment_id, occurred_at)";
    let entry = "INSERT INTO payments.ledger_entries (transaction_id, account, amount, currency, occurred_at)";
    let fresh = "0199f3c2-5a10-7c3e-9d2b-0a1b2c3d4e5f";
    let one_sided = format!(
        "BEGIN; {transaction} VALUES ('{fresh}', 'capture', '{fresh}', '{}', now());
         {entry} VALUES ('{fresh}', 'sales', 1, 'NGN', now()); COMMIT;",
        paid.id
    );
    let two_currencies = format!(
        "BEGIN; {transaction} VALUES ('{fresh}', 'capture', '{fresh}', '{}', now());
         {entry} VALUES ('{fresh}', 'sales', 1, 'NGN', now()), ('{fresh}', 'fees', -1, 'GHS', now()); COMMIT;",
        paid.id
    );
    let empty = format!(
        "{transaction} VALUES ('{fresh}', 'capture', '{fresh}', '{}', now())",
        paid.id
    );
    let late = format!(
        "{entry} SELECT id, 'fees', 1, 'NGN', now() FROM payments.ledger_transactions LIMIT 1"
    );
    let changes = [
        "UPDATE payments.ledger_entries SET amount = amount + 1",
        "DELETE FROM payments.ledger_entries",
        "TRUNCATE payments.ledger_entries",
        "UPDATE payments.ledger_transactions SET kind = 'keep'",
        "DELETE FROM payments.ledger_transactions",
    ];
    let statements: Vec<&str> = [&one_sided, &two_currencies, &empty, &late]
        .into_iter()
        .map(String::as_str)
        .chain(changes)
        .collect();
    for url in [
        app.world.db.url(),
        app.world.db.owner_url(),
        app.world.db.admin_url(),
    ] {
        for sql in &statements {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            assert!(client.batch_execute(sql).await.is_err(), "{url}: {sql}");
        }
    }
    let (client, connection) = tokio_postgres::connect(&app.world.db.url(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    for table in ["payments", "refunds", "webhook_events", "attention_items"] {
        let sql = format!("DELETE FROM payments.{table}");
        let error = client.batch_execute(&sql).await.unwrap_err();
        assert!(
            format!("{error:?}").contains("permission denied"),
            "{table}"
        );
    }
    app.assert_sound().await;
}
