//! What both kinds of mailed links have in common: a token that is good once.

use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;

use super::Error;
use crate::store;
use crate::store::one_time_tokens::Purpose;
use crate::store::users::UserRow;

/// The answer to a token that cannot be used, whatever the reason.
pub(crate) const BAD_TOKEN: Error = Error::Invalid {
    field: "token",
    message: "was used already, has expired or is not valid",
};

/// Uses a token up and answers its account, whose row is held from here on.
///
/// The account is locked before the token, as everywhere: making a new link locks them in the same order, and the two
/// cannot block one another.
pub(crate) async fn redeem(
    conn: &mut AsyncPgConnection,
    purpose: Purpose,
    hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<UserRow, Error> {
    let owner = store::one_time_tokens::find_owner(conn, purpose, hash, now).await?;
    let user = store::users::lock(conn, owner.ok_or(BAD_TOKEN)?)
        .await?
        .ok_or(BAD_TOKEN)?;
    if store::one_time_tokens::burn(conn, purpose, hash, now).await? {
        Ok(user)
    } else {
        Err(BAD_TOKEN)
    }
}
