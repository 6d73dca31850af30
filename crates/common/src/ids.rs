//! Identifiers.

use uuid::Uuid;

/// A new UUIDv7 (RFC 9562 §5.7): unique, and ordered by the time of its making, which keeps B-tree inserts local.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}
