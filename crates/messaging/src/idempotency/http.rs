//! Idempotency keys on the wire: what a request with a key is, and how a stored answer goes out again.

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use actix_web::{HttpRequest, HttpResponse};
use common::database::DbError;
use common::idempotency::{IdempotencyKey, REPLAYED_HEADER, raw_body};
use common::{ApiError, ErrorCode};
use diesel_async::AsyncPgConnection;
use serde::Serialize;
use uuid::Uuid;

use super::{
    Claim, ClaimError, HeldClaim, KeyScope, RequestHash, SettleError, StoredResponse, claim,
};

/// What a request with a key is.
pub(super) enum Claimed {
    /// The first with it that is not answered: do the work under the claim's id, and settle the claim with it.
    Held(HeldClaim),
    /// A repetition of one that was answered with this.
    Before(StoredResponse),
}

/// Claims a request's key for `principal`.
pub(super) async fn claim_of(
    conn: &mut AsyncPgConnection,
    request: &HttpRequest,
    principal: Uuid,
    key: &IdempotencyKey,
    new_resource_id: Uuid,
) -> Result<Claimed, ApiError> {
    let route = request
        .match_pattern()
        .unwrap_or_else(|| request.path().to_owned());
    let scope = KeyScope {
        principal: principal.to_string(),
        operation: format!("{} {route}", request.method()),
        key: key.0.clone(),
    };
    let path = request
        .uri()
        .path_and_query()
        .map_or(request.path(), |full| full.as_str());
    let hash = RequestHash::of(path, &raw_body(request));
    match claim(conn, &scope, hash, new_resource_id).await? {
        Claim::Held(held) => Ok(Claimed::Held(held)),
        Claim::Replay(stored) => Ok(Claimed::Before(stored)),
        Claim::InProgress => Err(in_progress()),
        Claim::Reused => Err(ApiError::new(
            ErrorCode::IdempotencyKeyReused,
            "this Idempotency-Key was used for another request",
        )),
    }
}

fn in_progress() -> ApiError {
    let message = "a request with this Idempotency-Key is still being handled";
    ApiError::new(ErrorCode::IdempotencyInProgress, message).with_retry_after(1)
}

impl StoredResponse {
    /// A JSON answer to be stored and sent.
    ///
    /// # Errors
    /// When the body cannot be written as JSON.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Result<Self, serde_json::Error> {
        Ok(Self {
            status: status.as_u16(),
            content_type: "application/json".to_owned(),
            location: None,
            body: serde_json::to_vec(body)?,
        })
    }

    /// The answer as it goes out the first time.
    #[must_use]
    pub fn first(self) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        let mut response = HttpResponse::build(status);
        response.insert_header((CACHE_CONTROL, "no-store"));
        response.insert_header((CONTENT_TYPE, self.content_type));
        if let Some(location) = self.location {
            response.insert_header((LOCATION, location));
        }
        response.body(self.body)
    }

    /// The answer as it goes out again: byte for byte the same, and marked.
    #[must_use]
    pub fn replay(self) -> HttpResponse {
        let mut response = self.first();
        let marker = actix_web::http::header::HeaderName::from_static(REPLAYED_HEADER);
        let yes = actix_web::http::header::HeaderValue::from_static("true");
        response.headers_mut().insert(marker, yes);
        response
    }
}

impl From<ClaimError> for ApiError {
    fn from(error: ClaimError) -> Self {
        match error {
            ClaimError::Contended => in_progress(),
            ClaimError::Store(error) => DbError::from(error).into(),
            ClaimError::InsideTransaction => Self::internal(error),
        }
    }
}

impl From<SettleError> for ApiError {
    fn from(error: SettleError) -> Self {
        match error {
            SettleError::Lost => in_progress(),
            SettleError::Store(error) => DbError::from(error).into(),
            SettleError::NotSuccess(_) | SettleError::Unwritable(_) => Self::internal(error),
        }
    }
}
