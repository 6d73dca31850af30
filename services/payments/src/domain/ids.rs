//! Ids that cannot be mistaken for one another.

use common::id;

id!(PaymentId, "An attempt to pay.");
id!(OrderId, "What is paid for.");
id!(UserId, "A buyer.");
id!(RefundId, "Money that goes back.");
id!(DisputeId, "Something that a buyer's bank wants back.");
