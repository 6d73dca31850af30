//! Numbers that others were not told yet.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

/// A variant and its newest number.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct News {
    #[diesel(sql_type = SqlUuid)]
    pub(crate) variant_id: Uuid,
    #[diesel(sql_type = BigInt)]
    pub(crate) available: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) version: i64,
}

/// Notes as told what was not and is due, oldest first. A row that somebody has locked is being changed, and is told with
/// that change or next time.
pub(crate) async fn take(conn: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<News>> {
    const SQL: &str = "WITH due AS (
             SELECT variant_id FROM stock_items
             WHERE is_unsaid AND said_at <= clock_timestamp() - interval '500 milliseconds'
             ORDER BY said_at LIMIT ? FOR NO KEY UPDATE SKIP LOCKED
         )
         UPDATE stock_items s SET said_version = s.version, said_at = clock_timestamp()
         FROM due WHERE s.variant_id = due.variant_id
         RETURNING s.variant_id, s.version,
             CASE WHEN s.is_active THEN s.on_hand - s.reserved ELSE 0 END AS available";
    Statement::new(SQL)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}
