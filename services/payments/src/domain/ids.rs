//! Ids that cannot be mistaken for one another.

use common::id;

id!(PaymentId, "An attempt to pay.");
id!(OrderId, "What is paid for.");
id!(UserId, "A buyer.");
id!(RefundId, "Money that goes back.");
id!(SettlementId, "Money that the provider pays out.");
id!(BankCreditId, "Money that arrived at the shop's bank.");
id!(RunId, "A comparison of ours with the provider's.");
id!(MismatchId, "Where the two do not agree.");
id!(DisputeId, "Something that a buyer's bank wants back.");
