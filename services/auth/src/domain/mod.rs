//! The rules, pure: no clock, database, network or randomness of their own.

pub(crate) mod address;
pub(crate) mod consent;
pub(crate) mod country;
pub(crate) mod device;
pub(crate) mod email;
pub(crate) mod ids;
pub(crate) mod lockout;
pub(crate) mod name;
pub(crate) mod password;
pub(crate) mod phone;
pub(crate) mod recovery_code;
pub(crate) mod refresh;
pub(crate) mod second_factor;
pub(crate) mod totp;
