//! Settlements for people: lists, what one pays out, and the sums of a day.

use bigdecimal::BigDecimal;
use chrono::NaiveDate;
use common::statement::Statement;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Numeric, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::minor;
use super::settlements::{Settlement, SettlementRow};
use crate::domain::ids::{BankCreditId, SettlementId};
use crate::domain::settlement::SettlementStatus;

/// A settlement, and what arrived of it at the bank.
#[derive(Debug, Clone)]
pub(crate) struct ListedSettlement {
    pub(crate) settlement: Settlement,
    pub(crate) credit: Option<Credited>,
}

/// What arrived at the bank.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Credited {
    pub(crate) id: BankCreditId,
    pub(crate) amount_minor: i64,
}

#[derive(QueryableByName)]
struct ListedRow {
    #[diesel(embed)]
    settlement: SettlementRow,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    credit_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Numeric>)]
    credited: Option<BigDecimal>,
}

impl ListedRow {
    fn open(self) -> QueryResult<ListedSettlement> {
        let credited = self.credited.as_ref().map(minor).transpose()?;
        let credit = self.credit_id.zip(credited);
        Ok(ListedSettlement {
            settlement: self.settlement.open()?,
            credit: credit.map(|(id, amount_minor)| Credited {
                id: BankCreditId(id),
                amount_minor,
            }),
        })
    }
}

const LISTED: &str = "SELECT s.*, c.id AS credit_id, c.amount AS credited
     FROM settlements s LEFT JOIN bank_credits c ON c.settlement_id = s.id WHERE true";

/// Which settlements to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct SettlementFilter {
    pub(crate) status: Option<SettlementStatus>,
    pub(crate) currency: Option<String>,
    /// Whether it arrived at the bank.
    pub(crate) matched: Option<bool>,
    /// From this day on.
    pub(crate) from: Option<NaiveDate>,
    /// Up to this day, and that one too.
    pub(crate) to: Option<NaiveDate>,
    /// After this place in the list.
    pub(crate) after: Option<(NaiveDate, Uuid)>,
}

/// Some settlements, newest first.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &SettlementFilter,
    limit: i64,
) -> QueryResult<Vec<ListedSettlement>> {
    let mut statement = Statement::new(LISTED);
    if let Some(status) = filter.status {
        statement = statement
            .say(" AND s.status = ?")
            .bind::<Text, _>(status.name());
    }
    if let Some(currency) = &filter.currency {
        statement = statement
            .say(" AND s.currency = ?")
            .bind::<Text, _>(currency.clone());
    }
    if let Some(matched) = filter.matched {
        statement = statement
            .say(" AND (c.id IS NOT NULL) = ?")
            .bind::<Bool, _>(matched);
    }
    if let Some(from) = filter.from {
        statement = statement
            .say(" AND s.settlement_date >= ?")
            .bind::<Date, _>(from);
    }
    if let Some(to) = filter.to {
        statement = statement
            .say(" AND s.settlement_date <= ?")
            .bind::<Date, _>(to);
    }
    if let Some((date, id)) = filter.after {
        statement = statement
            .say(" AND (s.settlement_date, s.id) < (?, ?)")
            .bind::<Date, _>(date)
            .bind::<SqlUuid, _>(id);
    }
    let rows: Vec<ListedRow> = statement
        .say(" ORDER BY s.settlement_date DESC, s.id DESC LIMIT ?")
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(ListedRow::open).collect()
}

/// One settlement.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: SettlementId,
) -> QueryResult<Option<ListedSettlement>> {
    let row: Option<ListedRow> = Statement::new(LISTED)
        .say(" AND s.id = ?")
        .bind::<SqlUuid, _>(id.0)
        .get_result(conn)
        .await
        .optional()?;
    row.map(ListedRow::open).transpose()
}

/// A transaction that a settlement pays out.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct TransactionRow {
    #[diesel(sql_type = Text)]
    pub(crate) gateway_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) reference: String,
    #[diesel(sql_type = Text)]
    pub(crate) currency: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) amount_minor: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(crate) fees_minor: Option<i64>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) payment_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    pub(crate) order_id: Option<Uuid>,
}

/// Some of what a settlement pays out, in the order of the provider's numbers, which are text.
pub(crate) async fn transactions(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<TransactionRow>> {
    const SQL: &str =
        "SELECT t.gateway_id, t.reference, t.currency, (100 * t.amount)::bigint AS amount_minor,
             (100 * t.fees)::bigint AS fees_minor, t.payment_id, p.order_id
         FROM settlement_transactions t LEFT JOIN payments p ON p.id = t.payment_id
         WHERE t.settlement_id = ? AND t.gateway_id > ? ORDER BY t.gateway_id LIMIT ?";
    Statement::new(SQL)
        .bind::<SqlUuid, _>(settlement.0)
        .bind::<Text, _>(after.to_owned())
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await
}

/// What was paid out in one currency on one day, in hundredths.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct DayRow {
    #[diesel(sql_type = Text)]
    pub(crate) currency: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) settlements: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) gross: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) fees: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) deductions: i64,
    #[diesel(sql_type = BigInt)]
    pub(crate) net: i64,
    /// What arrived of it at the bank, whenever it did.
    #[diesel(sql_type = BigInt)]
    pub(crate) credited: i64,
}

/// What was paid out on a day, for each currency.
pub(crate) async fn sum_of_day(
    conn: &mut AsyncPgConnection,
    date: NaiveDate,
) -> QueryResult<Vec<DayRow>> {
    const SQL: &str = "SELECT s.currency, count(*) AS settlements, (100 * sum(s.processed))::bigint AS gross,
             (100 * sum(s.fees))::bigint AS fees, (100 * sum(s.deductions))::bigint AS deductions,
             (100 * sum(s.effective))::bigint AS net, (100 * coalesce(sum(c.amount), 0))::bigint AS credited
         FROM settlements s LEFT JOIN bank_credits c ON c.settlement_id = s.id
         WHERE s.settlement_date = ? AND s.status = 'success' GROUP BY s.currency ORDER BY s.currency";
    Statement::new(SQL).bind::<Date, _>(date).load(conn).await
}
