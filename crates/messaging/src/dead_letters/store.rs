//! The table of dead letters.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, now};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use crate::schema::dead_letters;

/// A dead letter in a list.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
pub struct DeadLetterSummary {
    /// Its own id.
    pub id: Uuid,
    /// Whose it was, as `orders.on_payment_succeeded`.
    pub consumer: String,
    /// The event, if it was one.
    pub event_id: Option<Uuid>,
    /// The event's type, if it said one.
    pub event_type: Option<String>,
    /// Why it was given up.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was given up.
    pub died_at: DateTime<Utc>,
    /// When it was sent back.
    pub redriven_at: Option<DateTime<Utc>>,
}

/// A dead letter with its content.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = dead_letters)]
pub struct DeadLetter {
    /// What a list shows.
    #[diesel(embed)]
    pub summary: DeadLetterSummary,
    /// The content as it came; it may be anything.
    pub body: Vec<u8>,
    /// The headers it came with.
    pub headers: Value,
}

/// How many letters of a consumer wait.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Waiting {
    /// The consumer.
    pub consumer: String,
    /// How many.
    pub letters: i64,
}

/// A delivery that was given up, as it is stored.
#[derive(Insertable)]
#[diesel(table_name = dead_letters)]
pub(crate) struct NewDeadLetter<'a> {
    pub id: Uuid,
    pub consumer: &'a str,
    pub event_id: Option<Uuid>,
    pub event_type: Option<String>,
    pub body: &'a [u8],
    pub headers: Value,
    pub reason: String,
    pub attempts: i32,
}

/// Stores a letter; one that is there already stays as it is.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    letter: &NewDeadLetter<'_>,
) -> QueryResult<()> {
    diesel::insert_into(dead_letters::table)
        .values(letter)
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    Ok(())
}

/// The letters that wait, oldest first, of one consumer or of all.
///
/// # Errors
/// Those of the database.
pub async fn list(
    conn: &mut AsyncPgConnection,
    consumer: Option<&str>,
    rows_max: i64,
) -> QueryResult<Vec<DeadLetterSummary>> {
    let mut query = dead_letters::table
        .filter(dead_letters::redriven_at.is_null())
        .order((dead_letters::consumer, dead_letters::died_at))
        .limit(rows_max)
        .select(DeadLetterSummary::as_select())
        .into_boxed();
    if let Some(consumer) = consumer {
        query = query.filter(dead_letters::consumer.eq(consumer.to_owned()));
    }
    query.load(conn).await
}

/// One letter, whether it waits or was sent back.
///
/// # Errors
/// Those of the database.
pub async fn find(conn: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Option<DeadLetter>> {
    dead_letters::table
        .find(id)
        .select(DeadLetter::as_select())
        .first(conn)
        .await
        .optional()
}

/// Marks a waiting letter as sent back and answers it; `None` if it does not wait.
pub(crate) async fn claim(
    conn: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Option<DeadLetter>> {
    diesel::update(dead_letters::table.find(id))
        .filter(dead_letters::redriven_at.is_null())
        .set(dead_letters::redriven_at.eq(now))
        .returning(DeadLetter::as_returning())
        .get_result(conn)
        .await
        .optional()
}

/// How many letters wait, by consumer.
///
/// # Errors
/// Those of the database.
pub async fn waiting(conn: &mut AsyncPgConnection) -> QueryResult<Vec<Waiting>> {
    dead_letters::table
        .filter(dead_letters::redriven_at.is_null())
        .group_by(dead_letters::consumer)
        .select((dead_letters::consumer, count_star()))
        .load(conn)
        .await
}
