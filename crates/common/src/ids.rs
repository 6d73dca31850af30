//! Identifiers.

use uuid::Uuid;

/// A new UUIDv7 (RFC 9562 §5.7): unique, and ordered by the time of its making, which keeps B-tree inserts local.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the one place that makes ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// An id of one kind, which cannot be mistaken for one of another: `common::id!(UserId, "An account.");`
#[macro_export]
macro_rules! id {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub ::uuid::Uuid);

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}
