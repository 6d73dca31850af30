//! Ids that cannot be mistaken for one another.

use common::id;

id!(MessageId, "A mail of ours.");
id!(UserId, "An account.");
id!(OrderId, "An order.");
id!(
    SourceId,
    "What a mail's content is asked for under, at the service that has it."
);
