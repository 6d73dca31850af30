//! Settings of whoever checks tokens, and of whoever calls another service.

use std::path::PathBuf;
use std::time::Duration;

use url::Url;

use crate::settings::Reader;

/// How access tokens are checked.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// `UPSTREAMS__AUTH__URL` (`http://127.0.0.1:3001`): where keys and revocations come from.
    pub auth_url: Url,
    /// `TOKENS__ISSUER` (`agape`).
    pub issuer: String,
    /// `TOKENS__AUDIENCE` (`agape-api`).
    pub audience: String,
    /// `TOKENS__REQUIRE_STAFF_2FA` (true): staff permissions need a session opened with a second factor.
    pub require_staff_2fa: bool,
    /// `TOKENS__POLL_MS` (2000): how often revocations are asked for.
    pub poll: Duration,
}

impl TokenSettings {
    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            auth_url: read.url("upstreams.auth.url", Some("http://127.0.0.1:3001")),
            issuer: read.text("tokens.issuer", "agape"),
            audience: read.text("tokens.audience", "agape-api"),
            require_staff_2fa: read.flag("tokens.require_staff_2fa", true),
            poll: read.millis("tokens.poll_ms", Duration::from_secs(2)),
        }
    }
}

/// The keys of service tokens.
#[derive(Debug, Clone)]
pub struct ServiceKeySettings {
    /// `SERVICE_KEY__FILE`: this service's Ed25519 key, PKCS#8 DER, not readable by everyone.
    pub own: Vec<u8>,
    /// `SERVICE_KEYS__FILE`: the public halves of all services, a JWK set with `iss` in each key.
    pub public: PathBuf,
}

impl ServiceKeySettings {
    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        Self {
            own: read.secret_file("service_key.file"),
            public: read.file("service_keys.file"),
        }
    }
}
