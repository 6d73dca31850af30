//! Mails, as they are asked for, listed and forgotten.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use common::paging::{self, Page};
use common::statement::{Prepare as _, Statement};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Double, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::notifications::{messages, suppressions};
use crate::domain::ids::{MessageId, SourceId, UserId};
use crate::domain::status::Status;
use crate::domain::template::Template;

/// Where a recipient is sealed to.
pub(crate) const RECIPIENT_COLUMN: &str = "messages.recipient";
/// Where a request is sealed to.
pub(crate) const REQUEST_COLUMN: &str = "messages.request";
/// What recipients are indexed under, here and in `suppressions`.
pub(crate) const RECIPIENT_INDEX: &str = "messages.recipient";

/// A mail that somebody wants sent.
#[derive(Debug, Clone)]
pub(crate) struct NewMessage {
    pub(crate) id: MessageId,
    pub(crate) dedupe_key: String,
    pub(crate) template: Template,
    pub(crate) source: SourceId,
    pub(crate) user: UserId,
    pub(crate) resend_of: Option<MessageId>,
    pub(crate) traceparent: Option<String>,
    /// What the event told that nobody tells again.
    pub(crate) facts: Option<Value>,
}

/// Adds mails, due now; answers which of them are new.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    mails: &[NewMessage],
    now: DateTime<Utc>,
) -> QueryResult<HashSet<MessageId>> {
    const SQL: &str = "INSERT INTO messages (next_attempt_at, created_at, id, dedupe_key, template, source_id, user_id,
             resend_of, traceparent, facts)
         SELECT ?, ?, * FROM unnest(?, ?, ?, ?, ?, ?::uuid[], ?, ?::jsonb[])
         ON CONFLICT (dedupe_key) DO NOTHING RETURNING id";
    if mails.is_empty() {
        return Ok(HashSet::new());
    }
    let each = || mails.iter();
    let keys = each().map(|mail| mail.dedupe_key.clone());
    let templates = each().map(|mail| mail.template.name());
    let resent = each().map(|mail| mail.resend_of.map(|id| id.0));
    let traces = each().map(|mail| mail.traceparent.clone());
    let facts = each().map(|mail| mail.facts.clone());
    let added: Vec<Added> = Statement::new(SQL)
        .bind::<Timestamptz, _>(now)
        .bind::<Timestamptz, _>(now)
        .bind::<Array<SqlUuid>, _>(each().map(|mail| mail.id.0).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(keys.collect::<Vec<_>>())
        .bind::<Array<Text>, _>(templates.collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(each().map(|mail| mail.source.0).collect::<Vec<_>>())
        .bind::<Array<SqlUuid>, _>(each().map(|mail| mail.user.0).collect::<Vec<_>>())
        .bind::<Array<Nullable<SqlUuid>>, _>(resent.collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(traces.collect::<Vec<_>>())
        .bind::<Array<Nullable<Jsonb>>, _>(facts.collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(added.into_iter().map(|row| MessageId(row.id)).collect())
}

#[derive(QueryableByName)]
struct Added {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// A mail that left.
#[derive(Debug, Clone)]
pub(crate) struct SentMail {
    pub(crate) template: String,
    /// When the provider took it.
    pub(crate) sent_at: DateTime<Utc>,
    pub(crate) delivery: Option<String>,
    pub(crate) delivery_at: Option<DateTime<Utc>>,
}

type SentColumns = (
    String,
    Option<DateTime<Utc>>,
    Option<String>,
    Option<DateTime<Utc>>,
);

/// The mails to a person about something that left, oldest first.
pub(crate) async fn sent_about(
    conn: &mut AsyncPgConnection,
    (user, source): (UserId, SourceId),
    limit: i64,
) -> QueryResult<Vec<SentMail>> {
    let notices = Template::all().filter(|template| template.is_for_merchant());
    let notices: Vec<&str> = notices.map(Template::name).collect();
    let rows: Vec<SentColumns> = messages::table
        .filter(messages::user_id.eq(user.0))
        .filter(messages::source_id.eq(source.0))
        .filter(messages::template.ne_all(notices))
        .filter(messages::sent_at.is_not_null())
        .order((messages::created_at, messages::id))
        .limit(limit)
        .select((
            messages::template,
            messages::sent_at,
            messages::delivery,
            messages::delivery_at,
        ))
        .load(conn)
        .await?;
    let sent = rows
        .into_iter()
        .filter_map(|(template, sent_at, delivery, delivery_at)| {
            Some(SentMail {
                template,
                sent_at: sent_at?,
                delivery,
                delivery_at,
            })
        });
    Ok(sent.collect())
}

/// A mail as operators see it; the recipient is still sealed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = messages)]
pub(crate) struct MessageRow {
    pub(crate) id: Uuid,
    pub(crate) template: String,
    pub(crate) source_id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) resend_of: Option<Uuid>,
    pub(crate) status: String,
    pub(crate) recipient_ct: Option<Vec<u8>>,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: DateTime<Utc>,
    pub(crate) provider_id: Option<String>,
    pub(crate) sent_at: Option<DateTime<Utc>>,
    pub(crate) ended_at: Option<DateTime<Utc>>,
    pub(crate) last_error: Option<String>,
    pub(crate) delivery: Option<String>,
    pub(crate) delivery_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) facts: Option<Value>,
}

/// Which mails to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct MessageFilter {
    pub(crate) status: Option<Status>,
    pub(crate) template: Option<Template>,
    /// The blind index of an address.
    pub(crate) recipient_bidx: Option<Vec<u8>>,
}

/// One page of the mails that match, newest first, and how many match in all.
pub(crate) async fn list(
    conn: &mut AsyncPgConnection,
    filter: &MessageFilter,
    page: Page,
) -> QueryResult<(Vec<MessageRow>, i64)> {
    let newest = || matching(filter).order((messages::created_at.desc(), messages::id.desc()));
    let total = paging::count(conn, newest().select(messages::id)).await?;
    let rows = newest()
        .limit(page.rows())
        .offset(page.offset())
        .select(MessageRow::as_select())
        .load(conn)
        .await?;
    Ok((rows, total))
}

fn matching(filter: &MessageFilter) -> messages::BoxedQuery<'static, Pg> {
    let mut query = messages::table.into_boxed();
    if let Some(status) = filter.status {
        query = query.filter(messages::status.eq(status.name()));
    }
    if let Some(template) = filter.template {
        query = query.filter(messages::template.eq(template.name()));
    }
    if let Some(index) = &filter.recipient_bidx {
        query = query.filter(messages::recipient_bidx.eq(index.clone()));
    }
    query
}

/// Reads a mail.
pub(crate) async fn find(
    conn: &mut AsyncPgConnection,
    id: MessageId,
) -> QueryResult<Option<MessageRow>> {
    messages::table
        .find(id.0)
        .select(MessageRow::as_select())
        .first(conn)
        .await
        .optional()
}

/// Whether an address gets no mail, and why.
pub(crate) async fn find_suppression(
    conn: &mut AsyncPgConnection,
    recipient_bidx: &[u8],
) -> QueryResult<Option<String>> {
    suppressions::table
        .find(recipient_bidx)
        .select(suppressions::reason)
        .first(conn)
        .await
        .optional()
}

/// Forgets mails that ended before a moment; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    ended_before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(messages::table.filter(messages::ended_at.lt(ended_before)))
        .execute(conn)
        .await
}

/// How many mails wait, and for how long the oldest has.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct Waiting {
    #[diesel(sql_type = Text)]
    pub(crate) status: String,
    #[diesel(sql_type = BigInt)]
    pub(crate) count: i64,
    /// In seconds.
    #[diesel(sql_type = Double)]
    pub(crate) oldest_age: f64,
}

/// What waits, by status; a status of which nothing waits is missing.
pub(crate) async fn waiting(
    conn: &mut AsyncPgConnection,
    now: DateTime<Utc>,
) -> QueryResult<Vec<Waiting>> {
    diesel::sql_query(
        "SELECT status, count(*) AS count, \
             extract(epoch FROM $1 - min(created_at))::double precision AS oldest_age \
         FROM notifications.messages WHERE status IN ('pending', 'sending') GROUP BY status",
    )
    .bind::<diesel::sql_types::Timestamptz, _>(now)
    .prepared()
    .load(conn)
    .await
}
