//! Ids that cannot be mistaken for one another.

use common::id;

id!(CategoryId, "A category.");
id!(ProductId, "A product.");
id!(VariantId, "A variant of a product.");
id!(UserId, "A person.");
