//! Mails that are due.

use chrono::{DateTime, Utc};
use common::statement::Prepare as _;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;

use super::schema::auth::mail_requests;
use crate::domain::ids::UserId;

/// Stores what a mail will tell.
pub(crate) async fn insert(
    conn: &mut AsyncPgConnection,
    id: Uuid,
    user: UserId,
    kind: &str,
    facts: &Value,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(mail_requests::table)
        .values((
            mail_requests::id.eq(id),
            mail_requests::user_id.eq(user.0),
            mail_requests::kind.eq(kind),
            mail_requests::facts.eq(facts),
            mail_requests::requested_at.eq(now),
        ))
        .prepared()
        .execute(conn)
        .await?;
    Ok(())
}
