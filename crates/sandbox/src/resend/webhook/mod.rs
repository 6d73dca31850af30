//! What the vendor tells the shop: signed, retried, in no certain order.

mod deliver;
mod event;
mod signature;

pub use deliver::manner;
pub use event::{Event, Happening};
pub use signature::{Secret, sign};
