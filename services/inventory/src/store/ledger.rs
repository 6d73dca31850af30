//! The append-only ledger of what is on hand.

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use crate::domain::ids::{OrderId, VariantId};

/// A movement as it is shown.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct MovementRow {
    #[diesel(sql_type = BigInt)]
    pub(crate) seq: i64,
    #[diesel(sql_type = Text)]
    pub(crate) kind: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) delta: i64,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) order_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) refund_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) reason: Option<String>,
    #[diesel(sql_type = Timestamptz)]
    pub(crate) created_at: DateTime<Utc>,
}

/// What was there when a variant came to be known.
pub(crate) async fn initial(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    quantity: i64,
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO movements (variant_id, kind, delta) VALUES (?, 'initial', ?)";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(variant.0)
        .bind::<BigInt, _>(quantity)
        .execute(conn)
        .await?;
    Ok(())
}

/// A count by staff.
#[derive(Debug, Clone)]
pub(crate) struct Adjustment {
    pub(crate) variant: VariantId,
    pub(crate) delta: i64,
    /// Why.
    pub(crate) reason: Option<String>,
}

/// Staff counted, or goods came.
pub(crate) async fn adjustments(
    conn: &mut AsyncPgConnection,
    adjustments: &[Adjustment],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO movements (variant_id, kind, delta, reason)
         SELECT variant_id, 'adjustment', delta, reason FROM unnest(?, ?, ?) AS m (variant_id, delta, reason)";
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, Vec<_>>(adjustments.iter().map(|one| one.variant.0).collect())
        .bind::<Array<BigInt>, Vec<_>>(adjustments.iter().map(|one| one.delta).collect())
        .bind::<Array<Nullable<Text>>, Vec<_>>(
            adjustments.iter().map(|one| one.reason.clone()).collect(),
        )
        .execute(conn)
        .await?;
    Ok(())
}

/// Orders' units were sold.
pub(crate) async fn sold(
    conn: &mut AsyncPgConnection,
    lines: &[(OrderId, VariantId, i64)],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO movements (variant_id, kind, delta, order_id)
         SELECT variant_id, 'commit', -quantity, order_id
         FROM unnest(?, ?, ?) AS m (order_id, variant_id, quantity)";
    if lines.is_empty() {
        return Ok(());
    }
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, Vec<_>>(lines.iter().map(|(order, _, _)| order.0).collect())
        .bind::<Array<SqlUuid>, Vec<_>>(lines.iter().map(|(_, variant, _)| variant.0).collect())
        .bind::<Array<BigInt>, Vec<_>>(lines.iter().map(|(_, _, quantity)| *quantity).collect())
        .execute(conn)
        .await?;
    Ok(())
}

/// An order's units came back for a refund.
pub(crate) async fn returned(
    conn: &mut AsyncPgConnection,
    order: OrderId,
    refund: Uuid,
    quantities: &[(VariantId, i64)],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO movements (variant_id, kind, delta, order_id, refund_id)
         SELECT variant_id, 'return', quantity, ?, ? FROM unnest(?, ?) AS m (variant_id, quantity)";
    let (ids, numbers) = columns(quantities);
    Statement::new(SQL)
        .bind::<SqlUuid, _>(order.0)
        .bind::<SqlUuid, _>(refund)
        .bind::<Array<SqlUuid>, _>(ids)
        .bind::<Array<BigInt>, _>(numbers)
        .execute(conn)
        .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    is_there: bool,
}

/// Whether a refund has brought something back already.
pub(crate) async fn has_refund(conn: &mut AsyncPgConnection, refund: Uuid) -> QueryResult<bool> {
    const SQL: &str =
        "SELECT EXISTS (SELECT FROM movements WHERE refund_id = ? AND kind = 'return') AS is_there";
    let found: Found = Statement::new(SQL)
        .bind::<SqlUuid, _>(refund)
        .get_result(conn)
        .await?;
    Ok(found.is_there)
}

/// One page of a variant's movements, newest first, and how many there are in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    page: Page,
) -> QueryResult<(Vec<MovementRow>, i64)> {
    const ALL: &str = "SELECT 1 FROM movements WHERE variant_id = ?";
    let all = Statement::new(ALL).bind::<SqlUuid, _>(variant.0);
    let total = paging::count(conn, all).await?;
    let rows = newest(conn, variant, page.rows(), page.offset()).await?;
    Ok((rows, total))
}

/// A variant's movements, newest first.
pub(crate) async fn newest(
    conn: &mut AsyncPgConnection,
    variant: VariantId,
    limit: i64,
    offset: i64,
) -> QueryResult<Vec<MovementRow>> {
    const SQL: &str =
        "SELECT seq, kind, delta, order_id, refund_id, reason, created_at FROM movements
         WHERE variant_id = ? ORDER BY seq DESC LIMIT ? OFFSET ?";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(variant.0)
        .bind::<BigInt, _>(limit)
        .bind::<BigInt, _>(offset)
        .load(conn)
        .await
}

fn columns(lines: &[(VariantId, i64)]) -> (Vec<Uuid>, Vec<i64>) {
    lines
        .iter()
        .map(|(variant, number)| (variant.0, *number))
        .unzip()
}
