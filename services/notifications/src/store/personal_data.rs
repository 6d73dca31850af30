//! Everything the service holds about one person: to be handed out, or to be erased.

use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::messages::MessageRow;
use super::schema::notifications::{erased_people, messages};
use crate::domain::ids::UserId;
use crate::domain::status::Status;
use crate::domain::template::Template;

/// Why a mail to somebody forgotten ended.
pub(crate) const ERASED: &str = "the person was erased";

/// The mails to a person, newest first.
pub(crate) async fn mails_of(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<MessageRow>> {
    messages::table
        .filter(messages::user_id.eq(user.0))
        .filter(messages::template.ne_all(names(Template::is_for_merchant)))
        .order((messages::created_at.desc(), messages::id.desc()))
        .select(MessageRow::as_select())
        .load(conn)
        .await
}

/// Stops the mails to a person that have not left, and those that are asked for later, except the goodbye; and removes the address from all others. What is
/// left says that a mail of some kind was sent to a pseudonym. The merchant's notices of their orders go on: they name
/// nobody, and their address is not the person's.
pub(crate) async fn erase(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> QueryResult<()> {
    diesel::insert_into(erased_people::table)
        .values((
            erased_people::user_id.eq(user.0),
            erased_people::erased_at.eq(now),
        ))
        .on_conflict_do_nothing()
        .execute(conn)
        .await?;
    let staying = names(Template::outlives_erasure);
    // A sender that has one of these in hand finds its claim gone: the row has ended.
    diesel::update(messages::table.filter(messages::user_id.eq(user.0)))
        .filter(messages::ended_at.is_null())
        .filter(messages::template.ne_all(staying))
        .set((
            messages::status.eq(Status::Cancelled.name()),
            messages::request_ct.eq(None::<Vec<u8>>),
            messages::last_error.eq(ERASED),
            messages::ended_at.eq(now),
        ))
        .execute(conn)
        .await?;
    diesel::update(messages::table.filter(messages::user_id.eq(user.0)))
        .filter(messages::ended_at.is_not_null())
        .filter(messages::recipient_ct.is_not_null())
        .filter(messages::template.ne_all(names(Template::is_for_merchant)))
        .set((
            messages::recipient_ct.eq(None::<Vec<u8>>),
            messages::recipient_bidx.eq(None::<Vec<u8>>),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Whether a person was forgotten.
pub(crate) async fn is_erased(conn: &mut AsyncPgConnection, user: UserId) -> QueryResult<bool> {
    diesel::select(exists(erased_people::table.find(user.0)))
        .get_result(conn)
        .await
}

/// The names of the templates of which something is true.
fn names(is_meant: impl Fn(Template) -> bool) -> Vec<&'static str> {
    Template::all()
        .filter(|template| is_meant(*template))
        .map(Template::name)
        .collect()
}
