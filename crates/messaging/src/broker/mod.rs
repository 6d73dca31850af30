//! The broker: connections, names, and publishing with confirmation.
//!
//! lapin's own recovery is not used: a publication that waits for a reconnect gives no answer for as
//! long as the outage lasts. Here every wait has a deadline, a connection in doubt is dropped, and
//! whoever needed it connects anew.

mod connection;
mod publisher;
mod topology;

pub(crate) use connection::within_deadline;
pub use connection::{Broker, BrokerError};
pub use publisher::{Outgoing, Publisher, Sent};
pub use topology::{RetryStep, Topology};
pub(crate) use topology::{queue_depth, queue_exists};
