//! What came of a run, added up.

use bigdecimal::BigDecimal;
use common::paging::{self, Page};
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::mismatches::Mismatch;
use crate::domain::ids::RunId;
use crate::domain::window::Window;
use crate::store::decimal::minor;
use crate::store::schema::payments::reconciliation_mismatches as mismatches;

/// What the provider took and gave back on the business date, in one currency and in hundredths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Total {
    /// As the provider names it.
    pub(crate) currency: String,
    pub(crate) transactions: i64,
    pub(crate) gross_minor: i64,
    pub(crate) fees_minor: i64,
    pub(crate) refunds: i64,
    pub(crate) refunded_minor: i64,
}

impl Total {
    /// What is left of the gross after the provider's fees. Refunds are shown beside it, as they are of other days' payments too.
    pub(crate) fn net_minor(&self) -> i64 {
        self.gross_minor.saturating_sub(self.fees_minor)
    }
}

/// How many mismatches of one class a run has.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub(crate) struct ClassCount {
    #[diesel(sql_type = Text)]
    pub(crate) class: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) count: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) repaired: i64,
    /// Those that people have to look at, or will.
    #[diesel(sql_type = BigInt)]
    pub(crate) open: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) resolved: i64,
}

#[derive(QueryableByName)]
struct TotalRow {
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = BigInt)]
    transactions: i64,
    #[diesel(sql_type = Numeric)]
    gross: BigDecimal,
    #[diesel(sql_type = Numeric)]
    fees: BigDecimal,
    #[diesel(sql_type = BigInt)]
    refunds: i64,
    #[diesel(sql_type = Numeric)]
    refunded: BigDecimal,
}

impl TotalRow {
    fn open(self) -> QueryResult<Total> {
        Ok(Total {
            currency: self.currency,
            transactions: self.transactions,
            gross_minor: minor(&self.gross)?,
            fees_minor: minor(&self.fees)?,
            refunds: self.refunds,
            refunded_minor: minor(&self.refunded)?,
        })
    }
}

/// Adds up what a run has listed: what was paid and refunded within a day, in the provider's world `domain`.
pub(crate) async fn add_up(
    conn: &mut AsyncPgConnection,
    run: RunId,
    day: Window,
    domain: &str,
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO reconciliation_totals (run_id, currency, transactions, gross, fees, refunds, refunded)
         SELECT ?, currency, sum(transactions), sum(gross), sum(fees), sum(refunds), sum(refunded) FROM (
             SELECT currency, 1 AS transactions, amount AS gross, coalesce(fees, 0) AS fees, 0 AS refunds, 0 AS refunded
             FROM reconciliation_transactions
             WHERE run_id = ? AND is_listed AND status IN ('success', 'reversed') AND domain = ?
                 AND paid_at >= ? AND paid_at < ?
             UNION ALL SELECT currency, 0, 0, 0, 1, amount FROM reconciliation_refunds
             WHERE run_id = ? AND status IS DISTINCT FROM 'failed' AND created_at >= ? AND created_at < ?) t
         GROUP BY currency ON CONFLICT DO NOTHING";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Text, _>(domain.to_owned())
        .bind::<Timestamptz, _>(day.from)
        .bind::<Timestamptz, _>(day.to)
        .bind::<SqlUuid, _>(run.0)
        .bind::<Timestamptz, _>(day.from)
        .bind::<Timestamptz, _>(day.to)
        .execute(conn)
        .await?;
    Ok(())
}

/// What a run has added up, by currency.
pub(crate) async fn totals(conn: &mut AsyncPgConnection, run: RunId) -> QueryResult<Vec<Total>> {
    const SQL: &str = "SELECT * FROM reconciliation_totals WHERE run_id = ? ORDER BY currency";
    let rows: Vec<TotalRow> = Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .load(conn)
        .await?;
    rows.into_iter().map(TotalRow::open).collect()
}

/// How many mismatches of each class a run has.
pub(crate) async fn classes(
    conn: &mut AsyncPgConnection,
    run: RunId,
) -> QueryResult<Vec<ClassCount>> {
    const SQL: &str =
        "SELECT class, count(*) AS count, count(*) FILTER (WHERE state = 'repaired') AS repaired,
             count(*) FILTER (WHERE state IN ('found', 'open')) AS open,
             count(*) FILTER (WHERE state IN ('resolved', 'superseded')) AS resolved
         FROM reconciliation_mismatches WHERE run_id = ? GROUP BY class ORDER BY class";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(run.0)
        .load(conn)
        .await
}

/// One page of a run's mismatches in the order of finding, and how many there are in all.
pub(crate) async fn mismatches(
    conn: &mut AsyncPgConnection,
    run: RunId,
    page: Page,
) -> QueryResult<(Vec<Mismatch>, i64)> {
    let of_run = || {
        let of_run = mismatches::table.filter(mismatches::run_id.eq(run.0));
        of_run.order(mismatches::id)
    };
    let total = paging::count(conn, of_run().select(mismatches::id)).await?;
    let rows = of_run()
        .limit(page.rows())
        .offset(page.offset())
        .select(Mismatch::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}
