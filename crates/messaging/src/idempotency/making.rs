//! Making something once, however often the request is repeated with the same `Idempotency-Key`.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use common::crypto::{Place, Sealer};
use common::database::{Database, DbError};
use common::idempotency::IdempotencyKey;
use common::{ApiError, failpoint, ids};
use diesel_async::AsyncPgConnection;
use uuid::Uuid;

use super::http::{Claimed, claim_of};
use super::{HeldClaim, Released, SettleError, StoredResponse, release, settle};

/// How what was made is answered.
pub type Answer<T> = fn(&T) -> serde_json::Result<StoredResponse>;

/// How to go on with a request.
pub enum Begin<T> {
    /// It was answered before, and this is the answer.
    Replay(HttpResponse),
    /// Make the thing.
    Make(Making<T>),
}

/// What a creating use case needs to know about the request: under which id to make the thing, and what to store with it, so
/// that effect and answer commit together.
pub struct Making<T> {
    /// The thing's id, made beforehand; the same in every attempt of the same request.
    pub id: Uuid,
    claim: Option<HeldClaim>,
    answer: Answer<T>,
    seal: Option<Seal>,
}

/// Answers that hold personal data are stored encrypted, bound to the person they were given to.
struct Seal {
    sealer: Arc<Sealer>,
    person: Uuid,
}

/// An error of a use case that may be a rule's no.
pub trait GivesKeyBack: Into<ApiError> {
    /// Whether nothing happened for certain, or the next attempt finds out without the key what did.
    fn gives_key_back(&self) -> bool;
}

impl<T> Making<T> {
    /// Claims the request's key for `principal`, if it carries one. The body must have been read by an extractor.
    ///
    /// # Errors
    /// 409 while another request holds the key, 422 when it was used for something else, 503 without the database.
    pub async fn begin(
        db: &Database,
        request: &HttpRequest,
        principal: Uuid,
        key: Option<&IdempotencyKey>,
        answer: Answer<T>,
    ) -> Result<Begin<T>, ApiError> {
        Self::begin_with(db, request, (principal, key), answer, None).await
    }

    /// The same for answers that hold personal data: they are stored sealed.
    ///
    /// # Errors
    /// As above.
    pub async fn begin_sealed(
        db: &Database,
        request: &HttpRequest,
        principal: Uuid,
        key: Option<&IdempotencyKey>,
        answer: Answer<T>,
        sealer: &Arc<Sealer>,
    ) -> Result<Begin<T>, ApiError> {
        let seal = Seal {
            sealer: Arc::clone(sealer),
            person: principal,
        };
        Self::begin_with(db, request, (principal, key), answer, Some(seal)).await
    }

    async fn begin_with(
        db: &Database,
        request: &HttpRequest,
        (principal, key): (Uuid, Option<&IdempotencyKey>),
        answer: Answer<T>,
        seal: Option<Seal>,
    ) -> Result<Begin<T>, ApiError> {
        let mut making = Self {
            id: ids::new_id(),
            claim: None,
            answer,
            seal,
        };
        let Some(key) = key else {
            return Ok(Begin::Make(making));
        };
        let mut conn = db.get().await?;
        match claim_of(&mut conn, request, principal, key, making.id).await? {
            Claimed::Held(claim) => {
                failpoint::reach("idempotency.claimed");
                making.id = claim.resource_id;
                making.claim = Some(claim);
                Ok(Begin::Make(making))
            }
            Claimed::Before(mut stored) => {
                if let Some(seal) = &making.seal {
                    let opened = seal.sealer.open(seal.place(), &stored.body);
                    stored.body = opened.map_err(ApiError::internal)?;
                }
                Ok(Begin::Replay(stored.replay()))
            }
        }
    }

    /// Whether the request carries a key.
    pub fn is_keyed(&self) -> bool {
        self.claim.is_some()
    }

    /// Whether an earlier request with the key may have done part of the work.
    pub fn is_taken_over(&self) -> bool {
        self.claim.as_ref().is_some_and(HeldClaim::is_taken_over)
    }

    /// Stores the answer in the transaction that makes the thing; without a key there is nothing to store.
    ///
    /// # Errors
    /// See [`SettleError`]; the caller must roll back on any of them.
    pub async fn settle(&self, conn: &mut AsyncPgConnection, made: &T) -> Result<(), SettleError> {
        let Some(claim) = &self.claim else {
            return Ok(());
        };
        let mut stored = (self.answer)(made).map_err(unwritable)?;
        if let Some(seal) = &self.seal {
            stored.body = seal
                .sealer
                .seal(seal.place(), &stored.body)
                .map_err(unwritable)?;
        }
        settle(conn, claim, &stored).await?;
        failpoint::reach("idempotency.settling");
        Ok(())
    }

    /// Answers with what was made. A refusal gives the key back; after anything else the outcome is not known, and the next
    /// request with the key finds out.
    ///
    /// # Errors
    /// The use case's, or 503 without the database.
    pub async fn finish<E: GivesKeyBack>(
        &self,
        db: &Database,
        made: Result<T, E>,
    ) -> Result<StoredResponse, ApiError> {
        let error = match made {
            Ok(made) => return (self.answer)(&made).map_err(ApiError::internal),
            Err(error) => error,
        };
        if error.gives_key_back() {
            self.give_back(db).await?;
        }
        Err(error.into())
    }

    /// Gives the key back; says whether it was this request's. Only then may what was done under the thing's id be undone.
    ///
    /// # Errors
    /// 503 without the database.
    pub async fn give_back(&self, db: &Database) -> Result<Released, ApiError> {
        let Some(claim) = &self.claim else {
            return Ok(Released::NoLongerHeld);
        };
        let mut conn = db.get().await?;
        let released = release(&mut conn, claim).await.map_err(DbError::from)?;
        failpoint::reach("idempotency.released");
        Ok(released)
    }
}

fn unwritable(error: impl std::fmt::Display) -> SettleError {
    SettleError::Unwritable(error.to_string())
}

impl Seal {
    fn place(&self) -> Place<'static> {
        Place {
            column: "idempotency_keys.response_body",
            row: self.person,
        }
    }
}
