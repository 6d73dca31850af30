//! Asking the other services what they hold about a person.

use std::sync::Arc;

use common::auth::ServiceTokens;
use common::client::{self, CallError, Sibling};
use common::settings::Reader;
use serde_json::Value;
use url::Url;

use crate::domain::ids::UserId;

/// The services that hold personal data. Each answers `GET /internal/privacy/{userId}`.
const HOLDERS: [&str; 7] = [
    "catalog",
    "cart",
    "orders",
    "payments",
    "notifications",
    "media",
    "admin",
];

/// A service that holds personal data, and where it is.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Its name.
    pub service: &'static str,
    /// Its base URL.
    pub url: Url,
}

/// Which other services hold personal data in this deployment.
#[derive(Debug, Clone, Default)]
pub struct PrivacySettings {
    /// Those of the deployed services whose part belongs into an export, and that confirm an erasure. One that does not
    /// answer holds an export up.
    pub services: Vec<Holder>,
}

impl PrivacySettings {
    /// Reads `UPSTREAMS__<SERVICE>__URL` (this machine, the usual port) of each service in question.
    pub fn read(read: &mut Reader, deployed: &[String]) -> Self {
        let holds = |service: &&str| deployed.iter().any(|name| name == service);
        let holders = HOLDERS.into_iter().filter(holds).map(|service| {
            let usual = client::usual_port(service).map(|port| format!("http://127.0.0.1:{port}"));
            let url = read.url(&format!("upstreams.{service}.url"), usual.as_deref());
            Holder { service, url }
        });
        Self {
            services: holders.collect(),
        }
    }
}

/// The clients of the services that hold personal data.
#[derive(Clone)]
pub(crate) struct Holders(Vec<(&'static str, Sibling)>);

impl Holders {
    /// Clients of the services named in the settings.
    pub(crate) fn new(
        settings: &PrivacySettings,
        tokens: &Arc<ServiceTokens>,
    ) -> anyhow::Result<Self> {
        let http = client::http_client()?;
        let siblings = settings.services.iter().map(|holder| {
            let sibling = Sibling::new(
                holder.service,
                holder.url.clone(),
                http.clone(),
                Arc::clone(tokens),
            );
            (holder.service, sibling)
        });
        Ok(Self(siblings.collect()))
    }

    /// What each of them holds about a person, by its name, in its own words.
    pub(crate) async fn gather(
        &self,
        user: UserId,
    ) -> Result<Vec<(&'static str, Value)>, CallError> {
        let mut parts = Vec::with_capacity(self.0.len());
        // One after another: an export is nobody's hurry, and the services have customers to serve.
        for (service, sibling) in &self.0 {
            let service = *service;
            let url = sibling.url(&format!("/internal/privacy/{user}"));
            let unavailable = |cause: url::ParseError| CallError::Unavailable {
                service,
                cause: cause.to_string(),
            };
            parts.push((service, sibling.get(url.map_err(unavailable)?).await?));
        }
        Ok(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deployed(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_service_that_holds_nothing_or_is_not_there_is_not_asked() {
        let mut read = Reader::from_pairs("auth", []);
        let settings = PrivacySettings::read(&mut read, &deployed(&["auth", "inventory"]));
        assert!(settings.services.is_empty());
    }

    #[test]
    fn deployed_services_are_found_where_they_are_said_to_be() {
        let cart = [("AUTH__UPSTREAMS__CART__URL", "http://cart:80")];
        let mut read = Reader::from_pairs("auth", cart);
        let settings = PrivacySettings::read(&mut read, &deployed(&["orders", "cart"]));
        let urls: Vec<_> = settings
            .services
            .iter()
            .map(|h| (h.service, h.url.as_str()))
            .collect();
        assert_eq!(
            urls,
            [
                ("cart", "http://cart/"),
                ("orders", "http://127.0.0.1:3005/")
            ]
        );
        read.finish(()).unwrap();
    }
}
