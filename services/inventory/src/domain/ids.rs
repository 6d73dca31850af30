//! Ids that cannot be mistaken for one another.

use common::id;

id!(
    OrderId,
    "An order, and with it the reservation made for it."
);
id!(VariantId, "Something that is sold.");
id!(UserId, "A buyer.");
