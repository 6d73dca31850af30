//! What the shop's bank shows, and which settlement arrived with it.

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{
    Array, BigInt, Bool, Date, Integer, Numeric, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use money::{Currency, Money};
use uuid::Uuid;

use super::decimal::{decimal, minor};
use super::schema::payments::bank_credits;
use super::settlements::{Settlement, SettlementRow};
use crate::domain::ids::{BankCreditId, SettlementId, UserId};

/// A credit of the bank's.
#[derive(Debug, Clone)]
pub(crate) struct BankCredit {
    pub(crate) id: BankCreditId,
    pub(crate) reference: String,
    pub(crate) currency: String,
    pub(crate) amount_minor: i64,
    pub(crate) value_date: NaiveDate,
    /// The settlement that arrived with it.
    pub(crate) settlement: Option<SettlementId>,
    pub(crate) matched_at: Option<DateTime<Utc>>,
    /// None if it was beyond doubt.
    pub(crate) matched_by: Option<Uuid>,
    pub(crate) created_at: DateTime<Utc>,
}

impl BankCredit {
    /// How much it is. Only currencies of the shop's are entered.
    pub(crate) fn money(&self) -> QueryResult<Money> {
        let currency: Currency = self
            .currency
            .parse()
            .map_err(|error| Error::DeserializationError(Box::new(error)))?;
        Ok(Money::from_minor(self.amount_minor, currency))
    }
}

/// A row of `bank_credits`.
#[derive(Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = bank_credits)]
struct BankCreditRow {
    id: Uuid,
    reference: String,
    currency: String,
    amount: BigDecimal,
    value_date: NaiveDate,
    settlement_id: Option<Uuid>,
    matched_at: Option<DateTime<Utc>>,
    matched_by: Option<Uuid>,
    created_at: DateTime<Utc>,
}

impl BankCreditRow {
    fn open(self) -> QueryResult<BankCredit> {
        Ok(BankCredit {
            id: BankCreditId(self.id),
            reference: self.reference,
            currency: self.currency,
            amount_minor: minor(&self.amount)?,
            value_date: self.value_date,
            settlement: self.settlement_id.map(SettlementId),
            matched_at: self.matched_at,
            matched_by: self.matched_by,
            created_at: self.created_at,
        })
    }
}

/// Waits until nobody else enters or matches credits: what can only belong to one another is told by looking at all of them.
pub(crate) async fn take_turn(conn: &mut AsyncPgConnection) -> QueryResult<()> {
    Statement::new("LOCK TABLE bank_credits IN SHARE ROW EXCLUSIVE MODE")
        .execute(conn)
        .await?;
    Ok(())
}

/// A credit to be taken over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewBankCredit<'a> {
    pub(crate) id: BankCreditId,
    /// The bank's own name for it.
    pub(crate) reference: &'a str,
    pub(crate) amount: Money,
    pub(crate) value_date: NaiveDate,
    pub(crate) entered_by: UserId,
    pub(crate) now: DateTime<Utc>,
}

/// Takes a credit over; answers whether it is news.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    new: &NewBankCredit<'_>,
) -> QueryResult<bool> {
    let inserted = diesel::insert_into(bank_credits::table)
        .values((
            bank_credits::id.eq(new.id.0),
            bank_credits::reference.eq(new.reference),
            bank_credits::currency.eq(new.amount.currency().code()),
            bank_credits::amount.eq(decimal(new.amount.minor())?),
            bank_credits::value_date.eq(new.value_date),
            bank_credits::entered_by.eq(new.entered_by.0),
            bank_credits::created_at.eq(new.now),
        ))
        .on_conflict(bank_credits::reference)
        .do_nothing()
        .prepared()
        .execute(conn)
        .await?;
    Ok(inserted == 1)
}

/// Takes credits over whose references are news, all at once.
pub(crate) async fn insert_all(
    conn: &mut AsyncPgConnection,
    new: &[NewBankCredit<'_>],
) -> QueryResult<()> {
    const SQL: &str = "INSERT INTO bank_credits (id, reference, currency, amount, value_date, entered_by, created_at)
         SELECT * FROM unnest(?, ?, ?, ?, ?, ?, ?)";
    let amounts = new.iter().map(|credit| decimal(credit.amount.minor()));
    let amounts: Vec<BigDecimal> = amounts.collect::<QueryResult<_>>()?;
    let texts =
        |of: fn(&NewBankCredit<'_>) -> String| -> Vec<String> { new.iter().map(of).collect() };
    let plain_ids: Vec<Uuid> = new.iter().map(|credit| credit.id.0).collect();
    let dates: Vec<NaiveDate> = new.iter().map(|credit| credit.value_date).collect();
    let people: Vec<Uuid> = new.iter().map(|credit| credit.entered_by.0).collect();
    let times: Vec<DateTime<Utc>> = new.iter().map(|credit| credit.now).collect();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(plain_ids)
        .bind::<Array<Text>, _>(texts(|credit| credit.reference.to_owned()))
        .bind::<Array<Text>, _>(texts(|credit| credit.amount.currency().code().to_owned()))
        .bind::<Array<Numeric>, _>(amounts)
        .bind::<Array<Date>, _>(dates)
        .bind::<Array<SqlUuid>, _>(people)
        .bind::<Array<Timestamptz>, _>(times)
        .execute(conn)
        .await?;
    Ok(())
}

/// The credits that have one of these references.
pub(crate) async fn find_by_references(
    conn: &mut AsyncPgConnection,
    references: Vec<String>,
) -> QueryResult<Vec<BankCredit>> {
    const SQL: &str =
        "SELECT id, reference, currency, amount, value_date, settlement_id, matched_at, matched_by, created_at
         FROM bank_credits WHERE reference = ANY(?)";
    let rows: Vec<BankCreditRow> = Statement::new(SQL)
        .bind::<Array<Text>, _>(references)
        .load(conn)
        .await?;
    rows.into_iter().map(BankCreditRow::open).collect()
}

/// A credit.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: BankCreditId,
) -> QueryResult<Option<BankCredit>> {
    let row: Option<BankCreditRow> = bank_credits::table
        .find(id.0)
        .select(BankCreditRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(BankCreditRow::open).transpose()
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Bool)]
    is_there: bool,
}

/// Whether there is a credit that belongs to no settlement yet.
pub(crate) async fn has_unmatched(conn: &mut AsyncPgConnection) -> QueryResult<bool> {
    const SQL: &str =
        "SELECT EXISTS (SELECT FROM bank_credits WHERE settlement_id IS NULL) AS is_there";
    let found: Found = Statement::new(SQL).get_result(conn).await?;
    Ok(found.is_there)
}

/// A credit and the settlement that arrived with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Matched {
    pub(crate) credit: BankCreditId,
    pub(crate) settlement: SettlementId,
}

#[derive(QueryableByName)]
struct MatchedRow {
    #[diesel(sql_type = SqlUuid)]
    credit: Uuid,
    #[diesel(sql_type = SqlUuid)]
    settlement: Uuid,
}

/// Matches credits and settlements of the same amount and about the same day, as far as each can only belong to the other.
pub(crate) async fn match_unambiguous(
    conn: &mut AsyncPgConnection,
    match_days: i32,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Matched>> {
    const SQL: &str = "WITH pairs AS (
             SELECT c.id AS credit, s.id AS settlement, count(*) OVER (PARTITION BY c.id) AS of_credit,
                 count(*) OVER (PARTITION BY s.id) AS of_settlement
             FROM bank_credits c JOIN settlements s ON s.currency = c.currency AND s.effective = c.amount
                 AND abs(c.value_date - s.settlement_date) <= ?
             WHERE c.settlement_id IS NULL AND NOT c.is_left_to_people AND s.status = 'success' AND s.booked = s.effective
                 AND NOT EXISTS (SELECT FROM bank_credits o WHERE o.settlement_id = s.id))
         UPDATE bank_credits c SET settlement_id = p.settlement, matched_at = ? FROM pairs p
         WHERE c.id = p.credit AND p.of_credit = 1 AND p.of_settlement = 1
         RETURNING c.id AS credit, c.settlement_id AS settlement";
    let rows: Vec<MatchedRow> = Statement::new(SQL)
        .bind::<Integer, _>(match_days)
        .bind::<Timestamptz, _>(now)
        .load(conn)
        .await?;
    let matched = rows.into_iter().map(|row| Matched {
        credit: BankCreditId(row.credit),
        settlement: SettlementId(row.settlement),
    });
    Ok(matched.collect())
}

/// Notes what somebody says belongs to one another.
pub(crate) async fn match_by_hand(
    conn: &mut AsyncPgConnection,
    matched: Matched,
    by: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(bank_credits::table.find(matched.credit.0))
        .set((
            bank_credits::settlement_id.eq(matched.settlement.0),
            bank_credits::matched_at.eq(now),
            bank_credits::matched_by.eq(by.0),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a credit from a settlement, and leaves it to people from then on; none if the settlement has none.
pub(crate) async fn unmatch(
    conn: &mut AsyncPgConnection,
    settlement: SettlementId,
) -> QueryResult<Option<BankCreditId>> {
    let taken: Option<Uuid> = diesel::update(bank_credits::table)
        .filter(bank_credits::settlement_id.eq(settlement.0))
        .set((
            bank_credits::settlement_id.eq(None::<Uuid>),
            bank_credits::matched_at.eq(None::<DateTime<Utc>>),
            bank_credits::matched_by.eq(None::<Uuid>),
            bank_credits::is_left_to_people.eq(true),
        ))
        .returning(bank_credits::id)
        .prepared()
        .get_result(conn)
        .await
        .optional()?;
    Ok(taken.map(BankCreditId))
}

/// Settlements of some days, the last one not among them, that were paid out, have no credit, and of which nobody was told.
pub(crate) async fn missing(
    conn: &mut AsyncPgConnection,
    from: NaiveDate,
    before: NaiveDate,
    limit: i64,
) -> QueryResult<Vec<Settlement>> {
    const SQL: &str = "SELECT s.* FROM settlements s
         WHERE s.settlement_date >= ? AND s.settlement_date < ? AND s.status = 'success' AND s.booked > 0
             AND NOT EXISTS (SELECT FROM bank_credits c WHERE c.settlement_id = s.id)
             AND NOT EXISTS (SELECT FROM attention_items a WHERE a.kind = 'settlement' AND a.subject_id = s.id)
         ORDER BY s.settlement_date, s.id LIMIT ?";
    let rows: Vec<SettlementRow> = Statement::new(SQL)
        .bind::<Date, _>(from)
        .bind::<Date, _>(before)
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(SettlementRow::open).collect()
}

/// Which credits to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct CreditFilter {
    pub(crate) currency: Option<String>,
    /// Whether they belong to a settlement.
    pub(crate) matched: Option<bool>,
    /// After this place in the list.
    pub(crate) after: Option<(NaiveDate, Uuid)>,
}

/// Some credits, newest first.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &CreditFilter,
    limit: i64,
) -> QueryResult<Vec<BankCredit>> {
    const SQL: &str =
        "SELECT id, reference, currency, amount, value_date, settlement_id, matched_at, matched_by, created_at
         FROM bank_credits WHERE true";
    let mut statement = Statement::new(SQL);
    if let Some(currency) = &filter.currency {
        statement = statement
            .say(" AND currency = ?")
            .bind::<Text, _>(currency.clone());
    }
    if let Some(matched) = filter.matched {
        statement = statement.say(if matched {
            " AND settlement_id IS NOT NULL"
        } else {
            " AND settlement_id IS NULL"
        });
    }
    if let Some((date, id)) = filter.after {
        statement = statement
            .say(" AND (value_date, id) < (?, ?)")
            .bind::<Date, _>(date)
            .bind::<SqlUuid, _>(id);
    }
    let rows: Vec<BankCreditRow> = statement
        .say(" ORDER BY value_date DESC, id DESC LIMIT ?")
        .bind::<BigInt, _>(limit)
        .load(conn)
        .await?;
    rows.into_iter().map(BankCreditRow::open).collect()
}
