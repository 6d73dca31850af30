//! Whether migrations can be taken back.

use diesel_async::{AsyncConnection as _, AsyncMigrationHarness, AsyncPgConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _};
use tokio_postgres::NoTls;

use crate::TestDb;

/// Everything in a schema that a migration can make, as text.
async fn shape(url: &str, schema: &str) -> Vec<String> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = format!("
        SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' ||
               coalesce(column_default, '') FROM information_schema.columns WHERE table_schema = '{schema}'
        UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
               FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
        UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = '{schema}'
        UNION ALL SELECT 'function ' || pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace
        UNION ALL SELECT 'trigger ' || pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
               WHERE c.relnamespace = '{schema}'::regnamespace AND NOT t.tgisinternal
        ORDER BY 1");
    let rows = client.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// Takes all migrations of a service back and makes them again, on its own database as `prepare` left it. Call it on a runtime of
/// several threads.
///
/// # Panics
/// If something of a migration stays, or is not the same the second time.
pub async fn assert_down_undoes_up(
    service: &str,
    prepare: impl FnOnce(&str) + Send,
    migrations: fn() -> EmbeddedMigrations,
) {
    let db = TestDb::start(service, prepare);
    let migrated = shape(&db.admin_url(), service).await;
    let owner = AsyncPgConnection::establish(&db.owner_url()).await.unwrap();
    let mut harness = AsyncMigrationHarness::new(owner);
    harness.revert_all_migrations(migrations()).unwrap();
    let left = shape(&db.admin_url(), service).await;
    let is_ours = |line: &&String| !line.contains("__diesel_schema_migrations");
    let ours: Vec<&String> = left.iter().filter(is_ours).collect();
    assert!(ours.is_empty(), "{ours:#?}");
    harness.run_pending_migrations(migrations()).unwrap();
    assert_eq!(shape(&db.admin_url(), service).await, migrated);
}
