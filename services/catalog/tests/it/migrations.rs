use catalog::startup::MIGRATIONS;
use test_support::assert_down_undoes_up;

#[tokio::test(flavor = "multi_thread")]
async fn down_undoes_up() {
    assert_down_undoes_up("catalog", crate::app::prepare, || MIGRATIONS).await;
}
