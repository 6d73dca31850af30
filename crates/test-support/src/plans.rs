//! How PostgreSQL answers what a service asks.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::database::TestDb;
use crate::service;

/// PostgreSQL tells what a connection counted when that has been idle for ten seconds, or with the end of a transaction that
/// comes a second after it told the last time.
const TOLD_AFTER: Duration = Duration::from_millis(10_500);

/// How often each table was read from end to end; each process of PostgreSQL that helps with it counts for itself. Waits
/// until all that was asked so far is counted.
///
/// # Panics
/// If there is no such table.
pub async fn scans(db: &TestDb, schema: &str, tables: &[&str]) -> BTreeMap<String, i64> {
    tokio::time::sleep(TOLD_AFTER).await;
    let sql = format!(
        "SELECT relname, seq_scan FROM pg_stat_user_tables
         WHERE schemaname = '{schema}' AND relname IN ('{}')",
        tables.join("', '")
    );
    let rows = service::rows(db, &sql).await;
    let scans = rows.iter().map(|row| {
        let name = row["relname"].as_str().unwrap().to_owned();
        (name, row["seq_scan"].as_i64().unwrap())
    });
    let scans: BTreeMap<String, i64> = scans.collect();
    assert_eq!(scans.len(), tables.len(), "not all of {tables:?} exist");
    scans
}
