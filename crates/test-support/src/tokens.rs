//! Tokens, good and bad: written by hand, so that nothing stops a test from forging one.
//!
//! The service tokens' and user tokens' claims are the caller's business; this module knows only
//! how a JWT is put together and signed.

mod forge;
mod keys;

pub use forge::Token;
pub use keys::{Ed25519Key, RsaKey, ed25519_key, other_rsa_key, rsa_key};
