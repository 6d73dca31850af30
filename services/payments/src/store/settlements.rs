//! What the provider pays out, as it tells it, and how far its list was read.

use std::collections::BTreeMap;

use bigdecimal::BigDecimal;
use chrono::{DateTime, NaiveDate, Utc};
use common::ids;
use common::statement::{Prepare as _, Statement};
use diesel::dsl::max;
use diesel::prelude::*;
use diesel::result::Error;
use diesel::sql_types::{Array, Date, Numeric, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::decimal::{decimal, minor};
use super::schema::payments::{settlement_bookings, settlement_pull, settlements};
use crate::clients::gateway::GatewaySettlement;
use crate::domain::ids::SettlementId;
use crate::domain::settlement::{Judgement, SettlementStatus, Told};
use crate::domain::window::Window;

/// A settlement, as it was told last.
#[derive(Debug, Clone)]
pub(crate) struct Settlement {
    pub(crate) id: SettlementId,
    /// The provider's number for it.
    pub(crate) gateway_id: String,
    pub(crate) status: SettlementStatus,
    /// As the provider names it.
    pub(crate) currency: String,
    pub(crate) told: Told,
    /// When it is paid out, by the provider.
    pub(crate) settles_at: DateTime<Utc>,
    /// The same day by itself.
    pub(crate) settlement_date: NaiveDate,
    /// How often it was told anew.
    pub(crate) revision: i32,
    /// The page of its transactions that is asked for next; none once all are here.
    pub(crate) next_page: Option<i32>,
    /// What of it stands in the books as paid out.
    pub(crate) booked_minor: i64,
    /// What would have been paid out by our books; none until it was paid out.
    pub(crate) expected_minor: Option<i64>,
    /// What of the deductions is for money that has gone back by our books.
    pub(crate) explained_minor: i64,
    /// How many transactions it pays out.
    pub(crate) transactions: i64,
    /// Whether all of that is in the books.
    pub(crate) is_done: bool,
}

/// A row of `settlements`.
#[derive(Debug, Queryable, QueryableByName, Selectable)]
#[diesel(table_name = settlements)]
pub(super) struct SettlementRow {
    id: Uuid,
    gateway_id: String,
    status: String,
    currency: String,
    processed: BigDecimal,
    fees: BigDecimal,
    deductions: BigDecimal,
    effective: BigDecimal,
    settles_at: DateTime<Utc>,
    settlement_date: NaiveDate,
    revision: i32,
    done_revision: i32,
    next_page: Option<i32>,
    transactions: i64,
    booked: BigDecimal,
    expected: Option<BigDecimal>,
    deductions_explained: BigDecimal,
}

impl SettlementRow {
    pub(super) fn open(self) -> QueryResult<Settlement> {
        let status = self.status.parse();
        Ok(Settlement {
            id: SettlementId(self.id),
            gateway_id: self.gateway_id,
            status: status.map_err(|error| Error::DeserializationError(Box::new(error)))?,
            currency: self.currency,
            told: Told {
                processed: minor(&self.processed)?,
                fees: minor(&self.fees)?,
                deductions: minor(&self.deductions)?,
                effective: minor(&self.effective)?,
            },
            settles_at: self.settles_at,
            settlement_date: self.settlement_date,
            revision: self.revision,
            next_page: self.next_page,
            booked_minor: minor(&self.booked)?,
            expected_minor: self.expected.as_ref().map(minor).transpose()?,
            explained_minor: minor(&self.deductions_explained)?,
            transactions: self.transactions,
            is_done: self.done_revision == self.revision,
        })
    }
}

/// How far the list was read.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = settlement_pull)]
pub(crate) struct Pull {
    /// Everything that was made before is here.
    pub(crate) listed_to: Option<DateTime<Utc>>,
    window_from: Option<DateTime<Utc>>,
    window_to: Option<DateTime<Utc>>,
    next_page: Option<i32>,
    /// When it was read to its end last.
    pub(crate) finished_at: Option<DateTime<Utc>>,
}

impl Pull {
    /// The part of the list that is being read, and the page that comes next.
    pub(crate) fn under_way(&self) -> Option<(Window, u32)> {
        let window = Window {
            from: self.window_from?,
            to: self.window_to?,
        };
        Some((window, u32::try_from(self.next_page?).ok()?))
    }
}

/// How far the list was read.
pub(crate) async fn pull(conn: &mut AsyncPgConnection) -> QueryResult<Pull> {
    settlement_pull::table
        .select(Pull::as_select())
        .first(conn)
        .await
}

/// Notes which page of which part of the list comes next.
pub(crate) async fn note_pull(
    conn: &mut AsyncPgConnection,
    window: Window,
    next_page: u32,
) -> QueryResult<()> {
    let next_page = i32::try_from(next_page).unwrap_or(i32::MAX);
    diesel::update(settlement_pull::table)
        .set((
            settlement_pull::window_from.eq(window.from),
            settlement_pull::window_to.eq(window.to),
            settlement_pull::next_page.eq(next_page),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a part of the list was read to its end.
pub(crate) async fn finish_pull(
    conn: &mut AsyncPgConnection,
    window: Window,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(settlement_pull::table)
        .set((
            settlement_pull::listed_to.eq(window.to),
            settlement_pull::window_from.eq(None::<DateTime<Utc>>),
            settlement_pull::window_to.eq(None::<DateTime<Utc>>),
            settlement_pull::next_page.eq(None::<i32>),
            settlement_pull::finished_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// When the oldest settlement was made that has not ended.
pub(crate) async fn oldest_open(
    conn: &mut AsyncPgConnection,
) -> QueryResult<Option<DateTime<Utc>>> {
    settlements::table
        .filter(settlements::status.eq_any(["pending", "processing"]))
        .order(settlements::gateway_created_at)
        .select(settlements::gateway_created_at)
        .first(conn)
        .await
        .optional()
}

/// Takes over what was told. What is told as it was known stays untouched; what is new or has changed is to be done.
pub(crate) async fn note_all(
    conn: &mut AsyncPgConnection,
    told: &[GatewaySettlement],
    now: DateTime<Utc>,
) -> QueryResult<usize> {
    const SQL: &str = "INSERT INTO settlements AS s (id, gateway_id, status, currency, processed, fees, deductions, effective,
             settles_at, settlement_date, gateway_created_at, created_at, updated_at)
         SELECT t.*, n.now, n.now FROM unnest(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) AS t, (SELECT ?::timestamptz AS now) AS n
         ON CONFLICT (gateway_id) DO UPDATE SET status = excluded.status, processed = excluded.processed,
             fees = excluded.fees, deductions = excluded.deductions, effective = excluded.effective,
             settles_at = excluded.settles_at, settlement_date = excluded.settlement_date, updated_at = excluded.updated_at,
             deductions_explained = least(s.deductions_explained, excluded.deductions),
             revision = s.revision + 1, next_page = 1
         WHERE (s.status, s.processed, s.fees, s.deductions, s.effective, s.settles_at) IS DISTINCT FROM
             (excluded.status, excluded.processed, excluded.fees, excluded.deductions, excluded.effective, excluded.settles_at)";
    // A list that shifts while it is read may tell one twice, which one statement could not take.
    let told: BTreeMap<&str, &GatewaySettlement> =
        told.iter().map(|one| (one.id.as_str(), one)).collect();
    let column = |of: fn(&GatewaySettlement) -> String| -> Vec<String> {
        told.values().map(|one| of(one)).collect()
    };
    let amounts = |of: fn(&Told) -> i64| -> QueryResult<Vec<BigDecimal>> {
        told.values().map(|one| decimal(of(&one.told))).collect()
    };
    let times = |of: fn(&GatewaySettlement) -> DateTime<Utc>| -> Vec<DateTime<Utc>> {
        told.values().map(|one| of(one)).collect()
    };
    let new_ids: Vec<Uuid> = told.values().map(|_| ids::new_id()).collect();
    let dates: Vec<NaiveDate> = told
        .values()
        .map(|one| one.settles_at.date_naive())
        .collect();
    Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(new_ids)
        .bind::<Array<Text>, _>(column(|one| one.id.clone()))
        .bind::<Array<Text>, _>(column(|one| one.status.name().to_owned()))
        .bind::<Array<Text>, _>(column(|one| one.currency.clone()))
        .bind::<Array<Numeric>, _>(amounts(|told| told.processed)?)
        .bind::<Array<Numeric>, _>(amounts(|told| told.fees)?)
        .bind::<Array<Numeric>, _>(amounts(|told| told.deductions)?)
        .bind::<Array<Numeric>, _>(amounts(|told| told.effective)?)
        .bind::<Array<Timestamptz>, _>(times(|one| one.settles_at))
        .bind::<Array<Date>, _>(dates)
        .bind::<Array<Timestamptz>, _>(times(|one| one.created_at))
        .bind::<Timestamptz, _>(now)
        .execute(conn)
        .await
}

/// The next settlement after `after` that is not in the books as it was told last.
pub(crate) async fn next_to_do(
    conn: &mut AsyncPgConnection,
    after: Option<SettlementId>,
) -> QueryResult<Option<Settlement>> {
    let row: Option<SettlementRow> = settlements::table
        .filter(settlements::done_revision.lt(settlements::revision))
        .filter(settlements::id.gt(after.map_or(Uuid::nil(), |id| id.0)))
        .order(settlements::id)
        .select(SettlementRow::as_select())
        .first(conn)
        .await
        .optional()?;
    row.map(SettlementRow::open).transpose()
}

/// A settlement as it was told at that revision, locked until the transaction ends; none if it was told anew since.
pub(crate) async fn lock_revision(
    conn: &mut AsyncPgConnection,
    id: SettlementId,
    revision: i32,
) -> QueryResult<Option<Settlement>> {
    let row: Option<SettlementRow> = settlements::table
        .find(id.0)
        .filter(settlements::revision.eq(revision))
        .select(SettlementRow::as_select())
        .for_no_key_update()
        .first(conn)
        .await
        .optional()?;
    row.map(SettlementRow::open).transpose()
}

/// Sets which page of its transactions is asked for next; none: all are here.
pub(crate) async fn set_next_page(
    conn: &mut AsyncPgConnection,
    id: SettlementId,
    next_page: Option<u32>,
) -> QueryResult<()> {
    let next_page = next_page.map(|page| i32::try_from(page).unwrap_or(i32::MAX));
    diesel::update(settlements::table.find(id.0))
        .set(settlements::next_page.eq(next_page))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that a settlement is in the books as it was told, and how it was judged if it was paid out.
pub(crate) async fn note_done(
    conn: &mut AsyncPgConnection,
    settlement: &Settlement,
    transactions: i64,
    booked_minor: i64,
    judged: Option<&Judgement>,
) -> QueryResult<()> {
    let expected = judged.map(|judged| decimal(judged.expected)).transpose()?;
    let explained = decimal(judged.map_or(0, |judged| judged.explained))?;
    diesel::update(settlements::table.find(settlement.id.0))
        .set((
            settlements::done_revision.eq(settlement.revision),
            settlements::transactions.eq(transactions),
            settlements::booked.eq(decimal(booked_minor)?),
            settlements::expected.eq(expected),
            settlements::deductions_explained.eq(explained),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes that something is booked about a settlement; answers the id under which the books have it.
pub(crate) async fn add_booking(
    conn: &mut AsyncPgConnection,
    id: SettlementId,
    amount_minor: i64,
    now: DateTime<Utc>,
) -> QueryResult<Uuid> {
    let last: Option<i32> = settlement_bookings::table
        .filter(settlement_bookings::settlement_id.eq(id.0))
        .select(max(settlement_bookings::number))
        .first(conn)
        .await?;
    let booking = ids::new_id();
    diesel::insert_into(settlement_bookings::table)
        .values((
            settlement_bookings::id.eq(booking),
            settlement_bookings::settlement_id.eq(id.0),
            settlement_bookings::number.eq(last.unwrap_or(0) + 1),
            settlement_bookings::amount.eq(decimal(amount_minor)?),
            settlement_bookings::booked_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(booking)
}

/// The last thing that was booked about a settlement.
pub(crate) async fn last_booking(
    conn: &mut AsyncPgConnection,
    id: SettlementId,
) -> QueryResult<Option<Uuid>> {
    settlement_bookings::table
        .filter(settlement_bookings::settlement_id.eq(id.0))
        .order(settlement_bookings::number.desc())
        .select(settlement_bookings::id)
        .first(conn)
        .await
        .optional()
}
