//! Mails on their way out: claimed by one sender at a time, and written back only by the one that still has the claim.
//!
//! A claim is the row's count of attempts: it grows with each claim, and every write here names the count that it was
//! claimed with. Whoever was too slow, so that another took the row over, changes nothing any more.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use common::statement::{Prepare as _, Statement};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use diesel::sql_types::{
    Array, BigInt, Bool, Integer, Jsonb, Nullable, Text, Timestamptz, Uuid as SqlUuid,
};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::notifications::{erased_people, messages, suppressions};
use crate::domain::ids::{MessageId, UserId};
use crate::domain::status::Status;

/// A mail that this process has in hand.
#[derive(Debug, Clone, QueryableByName)]
pub(crate) struct ClaimedRow {
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub(crate) id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) template: String,
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub(crate) source_id: Uuid,
    #[diesel(sql_type = diesel::sql_types::Uuid)]
    pub(crate) user_id: Uuid,
    #[diesel(sql_type = Text)]
    pub(crate) status: String,
    #[diesel(sql_type = Nullable<diesel::sql_types::Binary>)]
    pub(crate) request_ct: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) idempotency_key: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) good_until: Option<DateTime<Utc>>,
    #[diesel(sql_type = Integer)]
    pub(crate) attempts: i32,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub(crate) perhaps_since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) traceparent: Option<String>,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub(crate) facts: Option<Value>,
}

/// Which claim on which mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) id: MessageId,
    attempts: i32,
}

impl ClaimedRow {
    pub(crate) fn claim(&self) -> Claim {
        Claim {
            id: MessageId(self.id),
            attempts: self.attempts,
        }
    }
}

/// Takes the mails that have been due longest and that nobody else has in hand, for as long as `lease`.
///
/// One that goes to the provider now may have left from here on, whatever becomes of this process: so that is noted
/// with the claim. The row handed out says what was known before.
pub(crate) async fn claim(
    conn: &mut AsyncPgConnection,
    rows_max: usize,
    now: DateTime<Utc>,
    lease: TimeDelta,
) -> QueryResult<Vec<ClaimedRow>> {
    // Materialized: a subquery may be run once for each row of the table, and take another row each time.
    diesel::sql_query(
        "WITH due AS MATERIALIZED ( \
             SELECT id, first_sending_at AS perhaps_since FROM notifications.messages \
             WHERE status IN ('pending', 'sending') AND next_attempt_at <= $1 \
             ORDER BY next_attempt_at, id LIMIT $3 FOR UPDATE SKIP LOCKED) \
         UPDATE notifications.messages m \
         SET attempts = m.attempts + 1, next_attempt_at = $2, \
             first_sending_at = CASE WHEN m.status = 'sending' THEN coalesce(m.first_sending_at, $1) END \
         FROM due WHERE m.id = due.id \
         RETURNING m.id, m.template, m.source_id, m.user_id, m.status, m.request_ct, m.idempotency_key, \
             m.good_until, m.attempts, due.perhaps_since, m.traceparent, m.facts",
    )
    .bind::<Timestamptz, _>(now)
    .bind::<Timestamptz, _>(now + lease)
    .bind::<BigInt, _>(i64::try_from(rows_max).unwrap_or(i64::MAX))
    .prepared()
    .get_results(conn)
    .await
}

/// A mail as it is sent, sealed.
#[derive(Debug)]
pub(crate) struct SealedMail {
    /// Whoever must not have been forgotten meanwhile; nobody, for what goes out all the same.
    pub(crate) owner: Option<UserId>,
    pub(crate) recipient_ct: Vec<u8>,
    pub(crate) recipient_bidx: Vec<u8>,
    pub(crate) key_id: String,
    pub(crate) request_ct: Vec<u8>,
    pub(crate) idempotency_key: String,
    pub(crate) good_until: Option<DateTime<Utc>>,
}

/// Notes that a mail is about to leave, with everything needed to send the very same again. Answers whether it may: the
/// claim still held, its owner was not forgotten, and the recipient is not one who gets no mail.
pub(crate) async fn begin_sending(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    mail: &SealedMail,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let owner = mail.owner.map(|owner| owner.0);
    let erased = erased_people::table.filter(erased_people::user_id.nullable().eq(owner));
    let suppression = suppressions::table.find(&mail.recipient_bidx);
    let updated = diesel::update(messages::table.find(claim.id.0))
        .filter(messages::attempts.eq(claim.attempts))
        .filter(messages::status.eq(Status::Pending.name()))
        .filter(not(exists(erased)))
        .filter(not(exists(suppression)))
        .set((
            messages::status.eq(Status::Sending.name()),
            messages::recipient_ct.eq(&mail.recipient_ct),
            messages::recipient_bidx.eq(&mail.recipient_bidx),
            messages::key_id.eq(&mail.key_id),
            messages::request_ct.eq(&mail.request_ct),
            messages::idempotency_key.eq(&mail.idempotency_key),
            messages::good_until.eq(mail.good_until),
            messages::first_sending_at.eq(now),
            messages::last_error.eq(None::<String>),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(updated == 1)
}

/// Lets a mail wait. `perhaps_since` is since when it may have left. Answers whether the claim still held.
pub(crate) async fn put_off(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    until: DateTime<Utc>,
    perhaps_since: Option<DateTime<Utc>>,
    cause: &str,
) -> QueryResult<bool> {
    let updated = diesel::update(messages::table.find(claim.id.0))
        .filter(messages::attempts.eq(claim.attempts))
        .filter(messages::ended_at.is_null())
        .set((
            messages::next_attempt_at.eq(until),
            messages::first_sending_at.eq(perhaps_since),
            messages::last_error.eq(cause),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(updated == 1)
}

/// Gives a mail back as it was, because its time has not come. Answers whether the claim still held.
pub(crate) async fn give_back(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    until: DateTime<Utc>,
    perhaps_since: Option<DateTime<Utc>>,
) -> QueryResult<bool> {
    let updated = diesel::update(messages::table.find(claim.id.0))
        .filter(messages::attempts.eq(claim.attempts))
        .filter(messages::ended_at.is_null())
        .set((
            messages::next_attempt_at.eq(until),
            messages::first_sending_at.eq(perhaps_since),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(updated == 1)
}

/// A mail that the provider has.
#[derive(Debug)]
pub(crate) struct Sent<'a> {
    pub(crate) claim: Claim,
    pub(crate) provider_id: &'a str,
    pub(crate) keeps_recipient: bool,
    pub(crate) at: DateTime<Utc>,
}

/// Notes that the provider has these mails, drops their bodies, and takes over what the provider already told about them.
/// Answers of which the claim still held.
pub(crate) async fn end_sent(
    conn: &mut AsyncPgConnection,
    sent: &[Sent<'_>],
) -> QueryResult<HashSet<MessageId>> {
    const SQL: &str = "UPDATE messages m
         SET status = 'sent', provider_id = n.provider_id, sent_at = n.at, ended_at = n.at, request_ct = NULL,
             last_error = NULL,
             recipient_ct = CASE WHEN n.keeps THEN m.recipient_ct END,
             recipient_bidx = CASE WHEN n.keeps THEN m.recipient_bidx END,
             delivery = told.event_type, delivery_at = told.occurred_at
         FROM unnest(?, ?, ?::text[], ?, ?) AS n (id, attempts, provider_id, keeps, at)
         LEFT JOIN LATERAL (SELECT event_type, occurred_at FROM webhook_events w
                            WHERE w.provider_id = n.provider_id ORDER BY occurred_at DESC LIMIT 1) told ON true
         WHERE m.id = n.id AND m.attempts = n.attempts AND m.status = 'sending' RETURNING m.id";
    let each = || sent.iter();
    let ended: Vec<Ended> = Statement::new(SQL)
        .bind::<Array<SqlUuid>, _>(each().map(|one| one.claim.id.0).collect::<Vec<_>>())
        .bind::<Array<Integer>, _>(each().map(|one| one.claim.attempts).collect::<Vec<_>>())
        .bind::<Array<Text>, _>(
            each()
                .map(|one| one.provider_id.to_owned())
                .collect::<Vec<_>>(),
        )
        .bind::<Array<Bool>, _>(each().map(|one| one.keeps_recipient).collect::<Vec<_>>())
        .bind::<Array<Timestamptz>, _>(each().map(|one| one.at).collect::<Vec<_>>())
        .load(conn)
        .await?;
    Ok(ended.into_iter().map(|row| MessageId(row.id)).collect())
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Notes that a mail will not be sent, and drops its body. Answers whether the claim still held.
pub(crate) async fn end_unsent(
    conn: &mut AsyncPgConnection,
    claim: Claim,
    status: Status,
    why: &str,
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let updated = diesel::update(messages::table.find(claim.id.0))
        .filter(messages::attempts.eq(claim.attempts))
        .filter(messages::ended_at.is_null())
        .set((
            messages::status.eq(status.name()),
            messages::request_ct.eq(None::<Vec<u8>>),
            messages::last_error.eq(why),
            messages::ended_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(updated == 1)
}

/// Notes to whom a mail would have gone that is ended without being sent.
pub(crate) async fn note_recipient(
    conn: &mut AsyncPgConnection,
    id: MessageId,
    recipient_ct: &[u8],
    recipient_bidx: &[u8],
    key_id: &str,
) -> QueryResult<()> {
    diesel::update(messages::table.find(id.0))
        .set((
            messages::recipient_ct.eq(recipient_ct),
            messages::recipient_bidx.eq(recipient_bidx),
            messages::key_id.eq(key_id),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}

/// Removes the address from a mail.
pub(crate) async fn drop_recipient(conn: &mut AsyncPgConnection, id: MessageId) -> QueryResult<()> {
    diesel::update(messages::table.find(id.0))
        .set((
            messages::recipient_ct.eq(None::<Vec<u8>>),
            messages::recipient_bidx.eq(None::<Vec<u8>>),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
