//! What became of orders.

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::rows::HistoryRow;

/// Adds to the histories of orders.
pub(crate) async fn append(conn: &mut AsyncPgConnection, rows: &[HistoryRow]) -> QueryResult<()> {
    const SQL: &str =
        "INSERT INTO order_history (order_id, version, from_status, to_status, actor, actor_id, note, at)
         SELECT * FROM unnest(?, ?, ?, ?, ?, ?::uuid[], ?, ?)";
    let each = || rows.iter();
    let to: Vec<String> = each().map(|row| row.to_status.clone()).collect();
    let actors: Vec<String> = each().map(|row| row.actor.clone()).collect();
    let from = each().map(|row| row.from_status.clone());
    let notes = each().map(|row| row.note.clone());
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(each().map(|row| row.order_id).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(each().map(|row| row.version).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(from.collect::<Vec<_>>())
        .bind::<Array<Text>, _>(to)
        .bind::<Array<Text>, _>(actors)
        .bind::<Array<Nullable<SqlUuid>>, _>(each().map(|row| row.actor_id).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(notes.collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each().map(|row| row.at).collect::<Vec<_>>())
        .execute(conn)
        .await?;
    Ok(())
}
