//! Browsers that an account has logged in from, recognised by a cookie.

use chrono::{DateTime, Utc};
use common::crypto::{random_token, sha256};
use common::ids;
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::Error;
use crate::domain::ids::{DeviceId, UserId};
use crate::store;

/// A browser that the account knows.
#[derive(Debug, Clone)]
pub(crate) struct KnownDevice {
    pub(crate) id: DeviceId,
    pub(crate) hash: Vec<u8>,
}

/// The browser with this cookie, if the account knows it. Without an account the question is asked all the same, so
/// that the answer takes as long.
pub(crate) async fn recognise(
    conn: &mut AsyncPgConnection,
    user: Option<UserId>,
    cookie: Option<&str>,
) -> Result<Option<KnownDevice>, Error> {
    let Some(cookie) = cookie else {
        return Ok(None);
    };
    let hash = sha256(cookie.as_bytes()).to_vec();
    let user = user.unwrap_or(UserId(Uuid::nil()));
    let id = store::known_devices::find(conn, user, &hash).await?;
    Ok(id.map(|id| KnownDevice { id, hash }))
}

/// Remembers a browser, and answers the cookie by which to know it again. The cookie is always new: one that somebody
/// else put into the browser must not become good.
pub(crate) async fn remember(
    conn: &mut AsyncPgConnection,
    user: UserId,
    now: DateTime<Utc>,
) -> Result<String, Error> {
    let cookie = random_token()?;
    let hash = sha256(cookie.as_bytes());
    store::known_devices::insert(conn, DeviceId(ids::new_id()), user, &hash, now).await?;
    Ok(cookie)
}
