//! What the service decides, without database, network, clock or randomness of its own.

pub mod address;
pub mod country;
pub mod phone;
pub mod recovery_code;
pub mod totp;
