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

id!(
    OrderId,
    "An order, and with it the reservation made for it."
);
id!(LineId, "A line of an order.");
id!(ProductId, "A product of the catalogue.");
id!(VariantId, "Something that is sold.");
id!(UserId, "A buyer.");
id!(PaymentId, "A payment, which is the payments service's.");
id!(RefundId, "A refund, which is the payments service's.");
id!(CouponId, "A coupon.");
