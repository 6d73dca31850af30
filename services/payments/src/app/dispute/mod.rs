//! What buyers' banks want back.
//!
//! [`learn`] is the one use case behind webhooks and [`watch`]: the provider is asked how a dispute stands, and what follows is
//! written under the payment's row lock and then the dispute's. [`outcome`] is what its end means for the books, [`tell`] what
//! others hear. [`answer`] is what staff says, step by step, with a [`statement`]. What a dispute has taken or may take limits refunds: [`claims`].

pub(crate) mod answer;
pub(crate) mod claims;
pub(crate) mod learn;
mod outcome;
pub(crate) mod queries;
mod statement;
mod tell;
pub(crate) mod watch;
