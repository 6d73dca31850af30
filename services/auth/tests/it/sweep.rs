use std::time::Duration;

use crate::app::TestApp;

#[tokio::test]
async fn the_outbox_has_partitions_for_today_and_the_coming_days() {
    let app = TestApp::start().await;
    let partitions = "SELECT count(*) FROM pg_inherits WHERE inhparent = 'auth.outbox'::regclass";
    for _ in 0..100 {
        if app.value(partitions).await.as_i64() >= Some(5) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!(
        "there are {} partitions, the default one included",
        app.value(partitions).await
    );
}
