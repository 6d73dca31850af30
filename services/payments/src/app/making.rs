//! Requests that must carry an `Idempotency-Key`: their answer is stored with their effect.

use diesel_async::AsyncPgConnection;
use messaging::idempotency::{self, HeldClaim, StoredResponse};

use super::Error;

/// A request that is being carried out under its key.
pub(crate) struct Making<V> {
    /// The key, held by this request.
    pub(crate) claim: HeldClaim,
    /// How what was made is answered.
    pub(crate) answer: fn(&V) -> serde_json::Result<StoredResponse>,
}

impl<V> Making<V> {
    /// Stores the answer in the transaction of the effect.
    pub(crate) async fn settle(&self, conn: &mut AsyncPgConnection, made: &V) -> Result<(), Error> {
        let answer = (self.answer)(made).map_err(|error| Error::Bug(error.to_string()))?;
        idempotency::settle(conn, &self.claim, &answer).await?;
        Ok(())
    }
}
