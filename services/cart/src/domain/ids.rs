//! Ids that cannot be mistaken for one another.

use common::id;

id!(CartId, "A cart.");
id!(LineId, "A line of a cart.");
id!(UserId, "An account.");
id!(ProductId, "A product of the catalogue.");
id!(VariantId, "A variant of a product: what is put in carts.");
