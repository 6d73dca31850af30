//! An account's authenticator app and its recovery codes.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::schema::auth::{recovery_codes, sessions, users};
use crate::domain::ids::{SessionId, UserId};
use crate::domain::second_factor::CodeHistory;

/// The second factor as it is stored.
#[derive(Debug, Clone)]
pub(crate) struct StoredFactor {
    /// The sealed secret; none when no enrolment was ever begun.
    pub(crate) secret_ct: Option<Vec<u8>>,
    /// Since when it is asked for at login; none while enrolment waits for its first code.
    pub(crate) enabled_at: Option<DateTime<Utc>>,
    /// What codes were offered.
    pub(crate) history: CodeHistory,
}

/// Where the secret is sealed to.
pub(crate) const SECRET_COLUMN: &str = "users.totp_secret";

/// Reads the factor and holds the account's row, so that concurrent codes are judged one after another.
pub(crate) async fn lock(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Option<StoredFactor>> {
    let row = users::table
        .find(user.0)
        .filter(users::erased_at.is_null())
        .select((
            users::totp_secret_ct,
            users::totp_enabled_at,
            users::totp_last_step,
            users::totp_failed_attempts,
            users::totp_locked_until,
        ))
        .for_no_key_update()
        .first::<(_, _, _, _, _)>(conn)
        .await
        .optional()?;
    Ok(row.map(
        |(secret_ct, enabled_at, last_step, wrong, paused_until)| StoredFactor {
            secret_ct,
            enabled_at,
            history: CodeHistory {
                last_step,
                wrong,
                paused_until,
            },
        },
    ))
}

/// Stores what to remember about the codes offered; `lock` must hold the row.
pub(crate) async fn save_history(
    conn: &mut AsyncPgConnection,
    user: UserId,
    history: CodeHistory,
) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::totp_last_step.eq(history.last_step),
            users::totp_failed_attempts.eq(history.wrong),
            users::totp_locked_until.eq(history.paused_until),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Stores a sealed secret that waits for its first code; an earlier one that waited is replaced.
pub(crate) async fn begin(
    conn: &mut AsyncPgConnection,
    user: UserId,
    secret_ct: &[u8],
    key_id: &str,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::totp_secret_ct.eq(secret_ct),
            users::totp_key_id.eq(key_id),
            // The steps of another secret say nothing about this one; wrong guesses do go on counting.
            users::totp_last_step.eq(None::<i64>),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// From now on a code is asked for at login.
pub(crate) async fn enable(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::totp_enabled_at.eq(now),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets the app and the spares.
pub(crate) async fn disable(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::update(users::table.find(user.0))
        .set((
            users::totp_secret_ct.eq(None::<Vec<u8>>),
            users::totp_key_id.eq(None::<String>),
            users::totp_enabled_at.eq(None::<DateTime<Utc>>),
            users::totp_last_step.eq(None::<i64>),
            users::totp_failed_attempts.eq(0),
            users::totp_locked_until.eq(None::<DateTime<Utc>>),
            users::version.eq(users::version + 1),
            users::updated_at.eq(now),
        ))
        .execute(conn)
        .await?;
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    Ok(())
}

/// A recovery code to store: its hash only.
#[derive(Insertable)]
#[diesel(table_name = recovery_codes)]
pub(crate) struct NewRecoveryCode {
    pub(crate) id: uuid::Uuid,
    pub(crate) user_id: uuid::Uuid,
    pub(crate) code_hash: Vec<u8>,
    pub(crate) created_at: DateTime<Utc>,
}

/// Replaces an account's recovery codes.
pub(crate) async fn replace_recovery_codes(
    conn: &mut AsyncPgConnection,
    user: UserId,
    codes: &[NewRecoveryCode],
) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user.0)))
        .execute(conn)
        .await?;
    diesel::insert_into(recovery_codes::table)
        .values(codes)
        .execute(conn)
        .await?;
    Ok(())
}

/// Uses up a recovery code. Of any number of concurrent attempts exactly one is told that it was good.
pub(crate) async fn burn_recovery_code(
    conn: &mut AsyncPgConnection,
    user: UserId,
    code_hash: &[u8],
    now: DateTime<Utc>,
) -> QueryResult<bool> {
    let burnt = diesel::update(
        recovery_codes::table
            .filter(recovery_codes::user_id.eq(user.0))
            .filter(recovery_codes::code_hash.eq(code_hash))
            .filter(recovery_codes::used_at.is_null()),
    )
    .set(recovery_codes::used_at.eq(now))
    .execute(conn)
    .await?;
    Ok(burnt == 1)
}

/// Notes that a session has proved a second factor.
pub(crate) async fn note_proved(
    conn: &mut AsyncPgConnection,
    session: SessionId,
) -> QueryResult<()> {
    diesel::update(sessions::table.find(session.0))
        .set(sessions::mfa.eq(true))
        .execute(conn)
        .await?;
    Ok(())
}

/// How many recovery codes are left.
pub(crate) async fn count_recovery_codes(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<i64> {
    recovery_codes::table
        .filter(recovery_codes::user_id.eq(user.0))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)
        .await
}
