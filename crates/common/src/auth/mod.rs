//! Who is calling: people by access token, services by service token. Every process checks for itself.

mod claims;
mod current_user;
pub mod jwt;
mod key_source;
mod permissions;
mod revocations;
mod service_token;
mod settings;
mod verifier;

pub use claims::{AccessClaims, LEEWAY_SECS, sign_access_token};
pub use current_user::{CurrentUser, bearer};
pub use key_source::{HttpKeySource, KeySource};
pub use permissions::{Permission, Role};
pub use revocations::{
    HttpRevocationSource, REVOCATION_TTL, Revocation, RevocationPage, RevocationSource,
};
pub use service_token::{ServiceCaller, ServiceTokens, thumbprint};
pub use settings::{ServiceKeySettings, TokenSettings};
pub use verifier::{TokenVerifier, VerifyError};
