//! Sold lines, and what came back of them.

use std::collections::HashMap;

use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::{OrderId, VariantId};

#[derive(QueryableByName)]
struct SoldLine {
    #[diesel(sql_type = SqlUuid)]
    variant_id: Uuid,
    #[diesel(sql_type = BigInt)]
    kept: i64,
}

/// What a buyer still has of an order: sold less come back.
pub(crate) async fn kept_lines(
    conn: &mut AsyncPgConnection,
    order: OrderId,
) -> QueryResult<HashMap<VariantId, i64>> {
    const SQL: &str =
        "SELECT variant_id, quantity - returned AS kept FROM reservation_lines WHERE order_id = ?";
    let rows: Vec<SoldLine> = Statement::new(SQL)
        .bind::<SqlUuid, _>(order.0)
        .load(conn)
        .await?;
    Ok(rows
        .into_iter()
        .map(|row| (VariantId(row.variant_id), row.kept))
        .collect())
}

/// Notes what came back.
pub(crate) async fn take_back(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    lines: &[(VariantId, i64)],
) -> QueryResult<()> {
    const SQL: &str = "UPDATE reservation_lines l SET returned = l.returned + b.quantity
         FROM unnest(?, ?) AS b (variant_id, quantity)
         WHERE l.variant_id = b.variant_id AND l.order_id = ?";
    let (variants, quantities): (Vec<Uuid>, Vec<i64>) = lines
        .iter()
        .map(|(variant, many)| (variant.0, *many))
        .unzip();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(variants)
        .bind::<Array<BigInt>, _>(quantities)
        .bind::<SqlUuid, _>(order.0)
        .execute(conn)
        .await?;
    Ok(())
}
