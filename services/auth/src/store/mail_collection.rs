//! What the mail service needs to know about a requested mail, at the moment of sending it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::auth::{mail_requests, users};
use crate::domain::ids::MailId;

/// Where the address of a person who is being erased is sealed to.
pub(crate) const RECIPIENT_COLUMN: &str = "mail_requests.recipient";

/// A requested mail with the person it is for.
#[derive(Debug, Clone, Queryable)]
pub(crate) struct RequestedMail {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) kind: String,
    pub(crate) facts: Value,
    pub(crate) recipient_ct: Option<Vec<u8>>,
    pub(crate) email: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) verified_at: Option<DateTime<Utc>>,
}

/// Reads a requested mail and holds the account's row, so that two mails do not both mint a link.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    mail: MailId,
) -> QueryResult<Option<RequestedMail>> {
    mail_requests::table
        .inner_join(users::table)
        .filter(mail_requests::id.eq(mail.0))
        .select((
            mail_requests::id,
            mail_requests::user_id,
            mail_requests::kind,
            mail_requests::facts,
            mail_requests::recipient_ct,
            users::email,
            users::name,
            users::verified_at,
        ))
        .for_update()
        .first(conn)
        .await
        .optional()
}

/// Notes when a mail's content was asked for. An address kept for an erased account is needed no longer once the mail
/// went out, but a retry may ask again: it is dropped with the request.
pub(crate) async fn note_collected(
    conn: &mut AsyncPgConnection,
    mail: MailId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(mail_requests::table.find(mail.0))
        .set(mail_requests::collected_at.eq(now))
        .execute(conn)
        .await?;
    Ok(())
}

/// Drops the addresses kept for erased accounts once they are this old; answers how many.
pub(crate) async fn drop_recipients(
    conn: &mut AsyncPgConnection,
    requested_before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::update(mail_requests::table)
        .filter(mail_requests::recipient_ct.is_not_null())
        .filter(mail_requests::requested_at.lt(requested_before))
        .set(mail_requests::recipient_ct.eq(None::<Vec<u8>>))
        .execute(conn)
        .await
}

/// Keeps the address that a mail goes to, for an account that will no longer have it.
pub(crate) async fn keep_recipient(
    conn: &mut AsyncPgConnection,
    mail: MailId,
    recipient_ct: &[u8],
) -> QueryResult<()> {
    diesel::update(mail_requests::table.find(mail.0))
        .set(mail_requests::recipient_ct.eq(recipient_ct))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets mails requested before a moment; answers how many.
pub(crate) async fn sweep(
    conn: &mut AsyncPgConnection,
    requested_before: DateTime<Utc>,
) -> QueryResult<usize> {
    diesel::delete(mail_requests::table.filter(mail_requests::requested_at.lt(requested_before)))
        .execute(conn)
        .await
}
