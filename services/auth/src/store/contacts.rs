//! What other services need in order to reach a person.

use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::schema::auth::consents;
use crate::domain::ids::UserId;

/// The person's standing decision on each kind of consent they ever decided on.
pub(crate) async fn consents(
    conn: &mut AsyncPgConnection,
    user: UserId,
) -> QueryResult<Vec<(String, bool)>> {
    consents::table
        .filter(consents::user_id.eq(user.0))
        .order((
            consents::consent_type,
            consents::recorded_at.desc(),
            consents::id.desc(),
        ))
        .distinct_on(consents::consent_type)
        .select((consents::consent_type, consents::is_granted))
        .load(conn)
        .await
}
