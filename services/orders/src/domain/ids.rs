//! Ids that cannot be mistaken for one another.

use common::id;

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
id!(DisputeId, "A dispute, which is the payments service's.");
id!(CouponId, "A coupon.");
