//! Ids that cannot be mistaken for one another.

use std::fmt;

use uuid::Uuid;

macro_rules! id {
    ($name:ident, $what:literal) => {
        #[doc = $what]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) struct $name(pub(crate) Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(CartId, "A cart.");
id!(LineId, "A line of a cart.");
id!(UserId, "An account.");
id!(ProductId, "A product of the catalogue.");
id!(VariantId, "A variant of a product: what is put in carts.");
