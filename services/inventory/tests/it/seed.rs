use std::path::PathBuf;

use common::service::Seed;
use inventory::seed;
use serde_json::json;

use crate::app::TestApp;

#[tokio::test(flavor = "multi_thread")]
async fn a_new_shop_has_stock_that_nobody_has_to_be_told_of() {
    let app = TestApp::start().await;
    let settings = app.settings();
    let demo = Seed::Demo {
        accounts: PathBuf::new(),
    };
    for what in [demo, Seed::Products { count: 30 }] {
        seed::run(&settings, &what).await.unwrap();
        let again = seed::run(&settings, &what).await.unwrap();
        assert_eq!(again, "0 stock items made");
    }
    let plenty = app
        .rows("SELECT count(*) >= 5 AS enough FROM inventory.stock_items WHERE on_hand >= 50 AND sku NOT LIKE 'LOAD-%'")
        .await;
    assert_eq!(plenty, [json!({ "enough": true })]);
    let numbered = app
        .rows("SELECT count(*) AS many FROM inventory.stock_items WHERE sku LIKE 'LOAD-%'")
        .await;
    assert_eq!(numbered, [json!({ "many": 75 })]);
    // Long enough for the timer that tells what is untold.
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
    assert!(app.promised("stock.changed").await.is_empty());
    app.assert_sound().await;
}
