use std::sync::atomic::{AtomicUsize, Ordering};

use test_support::{PrivatePostgres, TestDb};
use tokio_postgres::{Client, NoTls};

/// How often a template was migrated: once for all tests of this file together.
static MIGRATED: AtomicUsize = AtomicUsize::new(0);

fn start() -> TestDb {
    TestDb::start("orders", |owner_url| {
        MIGRATED.fetch_add(1, Ordering::SeqCst);
        create_things(owner_url);
    })
}

/// A migration that blocks and has a runtime of its own, as a service's has.
fn create_things(owner_url: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let client = connect(owner_url).await.unwrap();
        client
            .batch_execute("CREATE TABLE things (id int PRIMARY KEY)")
            .await
            .unwrap();
    });
}

async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn text(client: &Client, sql: &str) -> String {
    client.query_one(sql, &[]).await.expect(sql).get(0)
}

#[tokio::test]
async fn every_test_has_a_migrated_database_of_its_own() {
    let (one, other) = (start(), start());
    let client = connect(&one.url()).await.unwrap();
    client
        .batch_execute("INSERT INTO things VALUES (1)")
        .await
        .unwrap();
    let count = "SELECT count(*)::text FROM things";
    assert_eq!(text(&client, count).await, "1");
    assert_eq!(
        text(&connect(&other.url()).await.unwrap(), count).await,
        "0"
    );
    assert_eq!(MIGRATED.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn the_runtime_role_has_the_limits_of_production() {
    let db = start();
    let client = connect(&db.url()).await.unwrap();
    for (setting, value) in [
        ("search_path", "orders"),
        ("statement_timeout", "5s"),
        ("lock_timeout", "2s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ] {
        assert_eq!(
            text(&client, &format!("SHOW {setting}")).await,
            value,
            "{setting}"
        );
    }
    for forbidden in [
        "CREATE TABLE mine ()",
        "CREATE TABLE public.mine ()",
        "CREATE TEMP TABLE mine ()",
        "DROP TABLE things",
        "ALTER TABLE things ADD COLUMN mine int",
        "TRUNCATE things",
        "CREATE SCHEMA mine",
    ] {
        assert!(
            client.batch_execute(forbidden).await.is_err(),
            "it may {forbidden}"
        );
    }
}

#[tokio::test]
async fn a_service_cannot_enter_the_database_of_another() {
    let orders = start();
    let cart = TestDb::start("cart", create_things);
    let as_cart = orders.url().replace("orders@", "cart@");
    assert_ne!(as_cart, orders.url());
    assert!(connect(&as_cart).await.is_err());
    connect(&cart.url()).await.unwrap();
}

#[tokio::test]
async fn extensions_are_found_through_the_search_path() {
    let db = TestDb::start("catalog", create_things);
    let client = connect(&db.url()).await.unwrap();
    assert_eq!(
        text(&client, "SELECT (similarity('abc', 'abc') = 1)::text").await,
        "true"
    );
}

#[tokio::test]
async fn the_database_goes_when_the_test_ends() {
    let db = start();
    let staying = start();
    let client = connect(&staying.admin_url()).await.unwrap();
    let sql = format!(
        "SELECT count(*)::text FROM pg_database WHERE datname = '{}'",
        db.name()
    );
    assert_eq!(text(&client, &sql).await, "1");
    drop(db);
    for _ in 0..100 {
        if text(&client, &sql).await == "0" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the database is still there");
}

#[tokio::test]
async fn a_private_server_survives_its_crash_with_what_was_committed() {
    let mut server = PrivatePostgres::start();
    let db = TestDb::start_on(&server, "orders", create_things);
    let client = connect(&db.url()).await.unwrap();
    client
        .batch_execute("INSERT INTO things VALUES (1)")
        .await
        .unwrap();
    server.kill();
    assert!(client.batch_execute("SELECT 1").await.is_err());
    assert!(connect(&db.url()).await.is_err());
    server.restart();
    let client = connect(&db.url()).await.unwrap();
    assert_eq!(
        text(&client, "SELECT count(*)::text FROM things").await,
        "1"
    );
}
