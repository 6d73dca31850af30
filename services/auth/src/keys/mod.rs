//! The RSA keys that sign access tokens: made, sealed, published, rotated.
//!
//! A key passes through three states. *Pending*: published, so that every verifier knows it before it signs anything.
//! *Active*: signs. *Retired*: signs no more, and stays published until the last token it signed has expired.

mod generate;
mod manage;
mod signing;

pub use manage::{Ensured, ensure, rotate};
pub(crate) use signing::SigningKeys;

use std::time::Duration;

use common::crypto::{Place, sha256};
use uuid::Uuid;

/// How long a pending key is published before it signs. Verifiers fetch the keys every minute.
pub(crate) const PENDING: Duration = Duration::from_secs(10 * 60);
/// How long an access token lives.
pub(crate) const ACCESS_TOKEN_LIFETIME: Duration = Duration::from_secs(15 * 60);
/// How long a retired key stays published: the life of its last token, the clocks' tolerance, and the time replicas
/// take to notice that it retired.
pub(crate) const RETIRED: Duration = Duration::from_secs(20 * 60);

/// Where the private half of key `kid` is stored; the row's id is a text, so its hash stands for it.
fn private_key_place(kid: &str) -> Place<'static> {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, ..] = sha256(kid.as_bytes());
    let row = Uuid::from_bytes([a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p]);
    Place {
        column: "signing_keys.private_key",
        row,
    }
}
