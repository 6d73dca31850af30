//! Idempotency keys: a repeated request gets the first one's answer, never a second effect.
//!
//! 1. [`claim`] commits alone, before anything happens, with the id of the resource to be made.
//! 2. Remote calls follow, all idempotent by that id.
//! 3. [`settle`] stores the answer in the transaction of the effect, and only if the claim is
//!    still held; [`release`] gives the key back after a refusal that is known to have changed
//!    nothing. An unknown outcome does neither: the client's retry takes the claim over and finds
//!    the truth by the same resource id.
//!
//! All ages are measured by the database's clock, the only one that every replica shares.

mod claims;
mod http;
mod making;
mod settling;

pub use claims::{ClaimError, claim};
pub use making::{Answer, Begin, GivesKeyBack, Making};
pub use settling::{Released, SettleError, SweptClaim, forget, purge, release, settle, sweep};

use std::time::Duration;

use ring::digest::{Context, SHA256};
use uuid::Uuid;

/// A claim this old belongs to nobody any more and is taken over by the next request.
pub const TAKE_OVER_AFTER: Duration = Duration::from_secs(60);

/// A claim this old, which no retry took over, is freed by the sweeper.
pub const SWEEP_AFTER: Duration = Duration::from_secs(90);

/// How long a stored answer is replayed.
pub const KEEP_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What identifies a key: the same key means something else for another caller or operation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyScope {
    /// Who asks: the user's id or the guest's identity.
    pub principal: String,
    /// Method and route pattern, such as `POST /api/v1/orders`.
    pub operation: String,
    /// The value of the `Idempotency-Key` header.
    pub key: String,
}

/// The SHA-256 of what was asked: the full path with its query, and the raw body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestHash([u8; 32]);

impl RequestHash {
    /// Hashes a request.
    pub fn of(full_path: &str, raw_body: &[u8]) -> Self {
        let mut context = Context::new(&SHA256);
        context.update(full_path.as_bytes());
        // A path holds no NUL, so the boundary between path and body is unambiguous.
        context.update(&[0]);
        context.update(raw_body);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        Self(hash)
    }

    /// The hash's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What became of an attempt to claim a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The key is this request's: do the work.
    Held(HeldClaim),
    /// The work was done before: answer this.
    Replay(StoredResponse),
    /// Another request is at it: answer 409 `IDEMPOTENCY_IN_PROGRESS` with `Retry-After: 1`.
    InProgress,
    /// The key was used for another path or body: answer 422 `IDEMPOTENCY_KEY_REUSED`.
    Reused,
}

/// A claim that this request holds until it settles or releases it, or somebody takes it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldClaim {
    /// The key.
    pub scope: KeyScope,
    /// Which holder this is; a take-over raises it, and the predecessor's writes are refused.
    pub epoch: i32,
    /// The id of the resource to make; the same for every holder of the key.
    pub resource_id: Uuid,
}

impl HeldClaim {
    /// Whether an earlier request held the key and may have done part of the work.
    pub fn is_taken_over(&self) -> bool {
        self.epoch > 1
    }
}

/// A successful answer, as it went out the first time.
///
/// The body is kept as given: a caller whose answer holds personal data seals it before settling
/// and opens it when replaying.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// The status; only 200–299 is ever stored.
    pub status: u16,
    /// The `Content-Type` header.
    pub content_type: String,
    /// The `Location` header, if there was one.
    pub location: Option<String>,
    /// The raw body.
    pub body: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_depends_on_path_query_and_body() {
        let hash = RequestHash::of("/api/v1/orders", b"{}");
        assert_eq!(hash, RequestHash::of("/api/v1/orders", b"{}"));
        assert_ne!(hash, RequestHash::of("/api/v1/orders?x=1", b"{}"));
        assert_ne!(hash, RequestHash::of("/api/v1/orders", b"{ }"));
        assert_ne!(hash, RequestHash::of("/api/v1/orders{", b"}"));
    }
}
