//! Where the public keys of access tokens come from.

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;
use url::Url;

/// Fetches the current public keys. Auth reads its own schema; everyone else asks auth.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// All keys that tokens may be signed with now.
    async fn fetch(&self) -> anyhow::Result<JwkSet>;
}

/// Asks auth's `/.well-known/jwks.json`.
pub struct HttpKeySource {
    url: Url,
    http: reqwest::Client,
}

impl HttpKeySource {
    /// A source at auth's base URL.
    ///
    /// # Errors
    /// When the URL cannot be a base.
    pub fn new(auth: &Url, http: reqwest::Client) -> anyhow::Result<Self> {
        Ok(Self {
            url: auth.join("/.well-known/jwks.json")?,
            http,
        })
    }
}

#[async_trait]
impl KeySource for HttpKeySource {
    async fn fetch(&self) -> anyhow::Result<JwkSet> {
        let response = self
            .http
            .get(self.url.clone())
            .send()
            .await?
            .error_for_status()?;
        Ok(response.json().await?)
    }
}
