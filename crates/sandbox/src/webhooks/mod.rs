//! Webhooks as every vendor sends them: now, later, again, twice or wrongly signed, as the receiver and the faults have
//! it. How a vendor signs, and when it tries again, it says by its [`Manner`].

mod delivery;
mod sender;

pub use delivery::{Attempt, Delivery};
pub use sender::{Due, Manner, Webhook, Webhooks};
