//! A second factor as requests carry it.

use common::ApiError;

use crate::app::second_factor::Proof;

/// The one that was given, if any.
///
/// # Errors
/// 400 when both were.
pub(crate) fn proof_of(
    totp: Option<String>,
    recovery_code: Option<String>,
) -> Result<Option<Proof>, ApiError> {
    match (totp, recovery_code) {
        (Some(_), Some(_)) => Err(ApiError::invalid(
            "recoveryCode",
            "must not be given together with totp",
        )),
        (Some(code), None) => Ok(Some(Proof::Totp(code))),
        (None, Some(code)) => Ok(Some(Proof::RecoveryCode(code))),
        (None, None) => Ok(None),
    }
}
