//! Taking what is due.

use serde_json::{Value, json};

use crate::app::TestApp;

/// PostgreSQL may keep the plan that it made when the table was empty, and run the inner part of a claim once for each row.
#[tokio::test(flavor = "multi_thread")]
async fn each_of_many_is_claimed_once_by_a_plan_that_was_made_for_an_empty_table() {
    let app = TestApp::start().await;
    let keep_plans = format!(
        "ALTER DATABASE {} SET plan_cache_mode = force_generic_plan",
        app.world.db.name()
    );
    app.execute(&keep_plans).await;
    app.execute("VACUUM (ANALYZE) payments.webhook_events")
        .await;
    let app = TestApp::start_in(app.crash(), &[]).await;
    let told = |number: u32| json!({ "event": "transfer.success", "data": { "id": number } });
    let bodies: Vec<Value> = (0..60).map(told).collect();
    let deliveries = bodies.iter().map(|body| app.webhook(body));
    for reply in futures_util::future::join_all(deliveries).await {
        reply.assert_success(200);
    }
    app.until_worked_off().await;
    let rows = app
        .rows("SELECT attempts, count(*) AS many FROM payments.webhook_events GROUP BY attempts")
        .await;
    assert_eq!(rows, [json!({ "attempts": 1, "many": 60 })]);
}
