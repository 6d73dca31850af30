//! Time-based one-time codes (RFC 6238): SHA-1, six digits, steps of 30 seconds, one step of clock drift either way.
//!
//! SHA-1 and six digits are what every authenticator app implements; HMAC does not suffer from SHA-1's collisions.
//! That a step is accepted only once is the store's business, which keeps the last one (RFC 6238 §5.2).

use std::fmt;

use chrono::{DateTime, Utc};
use totp_rs::{Builder, Totp, TotpError};

/// The length of a secret: 160 bits, as RFC 4226 §4 recommends.
pub(crate) const SECRET_BYTES: usize = 20;

/// The name an authenticator app shows above the code.
const ISSUER: &str = "Agape";

/// The secret shared with an authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TotpSecret([u8; SECRET_BYTES]);

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(***)")
    }
}

impl TotpSecret {
    /// Takes random bytes as a new secret.
    pub(crate) fn new(random: [u8; SECRET_BYTES]) -> Self {
        Self(random)
    }

    /// Reads a secret back from storage; `None` if it has another length.
    pub(crate) fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The raw secret, to be sealed before it is stored.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The secret as a person types it into an app: base32 without padding.
    pub(crate) fn to_base32(&self) -> String {
        totp_rs::Secret::from(self.0).to_base32()
    }

    /// The address that a QR code carries, naming the account.
    ///
    /// # Errors
    /// When the account name is empty.
    pub(crate) fn otpauth_url(&self, account: &str) -> Result<String, TotpError> {
        // The format separates issuer and account by a colon, so neither may hold one.
        let account = account.replace(':', "_");
        self.algorithm(&account)?.to_url()
    }

    /// The step whose code this is, among the present one and its two neighbours; compared in constant time.
    pub(crate) fn matching_step(&self, code: &str, now: DateTime<Utc>) -> Option<i64> {
        let seconds = u64::try_from(now.timestamp()).ok()?;
        let step = self.algorithm("").ok()?.check(code, seconds)?;
        i64::try_from(step).ok()
    }

    fn algorithm(&self, account: &str) -> Result<Totp, TotpError> {
        // The library's defaults are the parameters named at the top of this file; a test compares them with the RFC.
        Builder::new()
            .with_secret(self.0)
            .with_issuer(Some(ISSUER))
            .with_account_name(account)
            .build()
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    /// The key of RFC 6238, appendix B.
    const RFC_KEY: [u8; 20] = *b"12345678901234567890";

    impl TotpSecret {
        /// The code that an app shows at a moment.
        pub(crate) fn code_at(&self, moment: DateTime<Utc>) -> String {
            let seconds = u64::try_from(moment.timestamp()).unwrap();
            self.algorithm("").unwrap().generate(seconds).to_string()
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn the_vectors_of_rfc_6238_agree_in_their_last_six_digits() {
        let secret = TotpSecret::new(RFC_KEY);
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret.code_at(at(seconds)), code, "at {seconds}");
            assert_eq!(secret.matching_step(code, at(seconds)), Some(seconds / 30));
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_either_way_and_no_more() {
        let secret = TotpSecret::new(RFC_KEY);
        let now = at(1_000_000_000);
        let step = now.timestamp() / 30;
        for (drift, expected) in [
            (-2, None),
            (-1, Some(step - 1)),
            (0, Some(step)),
            (1, Some(step + 1)),
            (2, None),
        ] {
            let code = secret.code_at(now + TimeDelta::seconds(drift * 30));
            assert_eq!(
                secret.matching_step(&code, now),
                expected,
                "drift of {drift} steps"
            );
        }
    }

    #[test]
    fn what_is_not_six_digits_matches_nothing() {
        let secret = TotpSecret::new(RFC_KEY);
        for code in [
            "",
            "28708",
            "2870822",
            "+87082",
            "28708a",
            "２８７０８２",
            "287 082",
        ] {
            assert_eq!(secret.matching_step(code, at(59)), None, "{code:?}");
        }
    }

    #[test]
    fn the_address_for_the_app_names_issuer_and_account() {
        let url = TotpSecret::new(RFC_KEY)
            .otpauth_url("ada@example.com")
            .unwrap();
        assert_eq!(
            url,
            "otpauth://totp/Agape:ada%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Agape"
        );
    }

    #[test]
    fn debug_output_hides_the_secret() {
        assert_eq!(format!("{:?}", TotpSecret::new(RFC_KEY)), "TotpSecret(***)");
    }
}
