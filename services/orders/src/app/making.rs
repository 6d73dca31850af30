//! Making something once, however often the request is repeated with the same `Idempotency-Key`.

use std::sync::atomic::{AtomicBool, Ordering};

use common::crypto::Place;
use diesel_async::AsyncPgConnection;
use messaging::idempotency::{self, HeldClaim, StoredResponse};
use uuid::Uuid;

use super::Error;
use crate::domain::ids::UserId;
use crate::startup::AppState;

/// What a creating use case needs to know about the request: under which id to make the thing, and what to store with it, so
/// that effect and answer commit together.
pub(crate) struct Making<T> {
    /// The thing's id, made beforehand; the same in every attempt of the same request.
    pub(crate) id: Uuid,
    /// The claim on the key, if the request carries one.
    pub(crate) claim: Option<HeldClaim>,
    /// How the thing is answered.
    pub(crate) answer: fn(&T) -> serde_json::Result<StoredResponse>,
    reached_out: AtomicBool,
}

impl<T> Making<T> {
    /// A thing to be made.
    pub(crate) fn new(
        id: Uuid,
        claim: Option<HeldClaim>,
        answer: fn(&T) -> serde_json::Result<StoredResponse>,
    ) -> Self {
        // Whoever held the key before may have reached out.
        let is_taken_over = claim.as_ref().is_some_and(HeldClaim::is_taken_over);
        Self {
            id,
            claim,
            answer,
            reached_out: AtomicBool::new(is_taken_over),
        }
    }

    /// From now on there may be something elsewhere under the thing's id.
    pub(crate) fn reach_out(&self) {
        self.reached_out.store(true, Ordering::Relaxed);
    }

    /// Whether there may be something elsewhere under the thing's id.
    pub(crate) fn has_reached_out(&self) -> bool {
        self.reached_out.load(Ordering::Relaxed)
    }

    /// Stores the answer in the transaction that makes the thing; without a key there is nothing to store. Answers hold
    /// personal data, so the body is sealed.
    pub(crate) async fn settle(
        &self,
        state: &AppState,
        conn: &mut AsyncPgConnection,
        user: UserId,
        made: &T,
    ) -> Result<(), Error> {
        let Some(claim) = &self.claim else {
            return Ok(());
        };
        let mut stored = (self.answer)(made).map_err(|error| Error::Bug(error.to_string()))?;
        stored.body = state.sealer.seal(place(user), &stored.body)?;
        Ok(idempotency::settle(conn, claim, &stored).await?)
    }
}

/// Opens the body of a stored answer.
pub(crate) fn open(state: &AppState, user: UserId, body: &[u8]) -> Result<Vec<u8>, Error> {
    Ok(state.sealer.open(place(user), body)?)
}

/// A stored answer is bound to the person it was given to.
fn place(user: UserId) -> Place<'static> {
    Place {
        column: "idempotency_keys.response_body",
        row: user.0,
    }
}
