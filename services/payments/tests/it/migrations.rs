use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::MigrationHarness as _;
use payments::startup::MIGRATIONS;
use test_support::TestDb;
use tokio_postgres::NoTls;

/// Everything in the schema that a migration can make, as text.
async fn shape(url: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "
        SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
               coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = 'payments'
        UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
               FROM pg_constraint WHERE connamespace = 'payments'::regnamespace
        UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'payments'
        UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'payments'::regnamespace
        UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
               WHERE c.relnamespace = 'payments'::regnamespace AND NOT t.tgisinternal
        ORDER BY 1";
    client
        .query(sql, &[])
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn down_undoes_up() {
    let db = TestDb::start("payments", crate::world::prepare);
    let migrated = shape(&db.admin_url()).await;
    let owner = AsyncPgConnection::establish(&db.owner_url()).await.unwrap();
    let mut harness = AsyncMigrationHarness::new(owner);
    harness.revert_all_migrations(MIGRATIONS).unwrap();
    let left: Vec<String> = shape(&db.admin_url()).await;
    let ours: Vec<&String> = left
        .iter()
        .filter(|line| !line.contains("__diesel_schema_migrations"))
        .collect();
    assert!(ours.is_empty(), "{ours:#?}");
    harness.run_pending_migrations(MIGRATIONS).unwrap();
    assert_eq!(shape(&db.admin_url()).await, migrated);
}
