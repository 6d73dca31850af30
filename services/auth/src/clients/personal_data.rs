//! Asking the other services what they hold about a person.

use std::sync::Arc;

use common::auth::ServiceTokens;
use common::client::{self, CallError, Sibling};
use common::settings::Reader;
use serde_json::Value;
use url::Url;

use crate::domain::ids::UserId;

/// The services that can be asked, with the ports they have unless told otherwise. Each answers
/// `GET /internal/privacy/{userId}`.
const KNOWN: [(&str, u16); 7] = [
    ("catalog", 3002),
    ("cart", 3004),
    ("orders", 3005),
    ("payments", 3006),
    ("notifications", 3007),
    ("media", 3008),
    ("admin", 3009),
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
    /// `PRIVACY__SERVICES` (none): the services whose part belongs into an export, and that confirm an erasure. One is
    /// named here when it is deployed; a service that is named and does not answer holds an export up.
    pub services: Vec<Holder>,
}

impl PrivacySettings {
    /// Reads the group: the list, and `UPSTREAMS__<SERVICE>__URL` of each service in it.
    pub fn read(read: &mut Reader) -> Self {
        let mut services = Vec::new();
        for name in read.list("privacy.services", &[]) {
            let Some((service, port)) = KNOWN.into_iter().find(|(known, _)| *known == name) else {
                read.problem(
                    "privacy.services",
                    format_args!("names {name}, which is no service"),
                );
                continue;
            };
            let default = format!("http://127.0.0.1:{port}");
            let url = read.url(&format!("upstreams.{service}.url"), Some(&default));
            services.push(Holder { service, url });
        }
        Self { services }
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

    #[test]
    fn nobody_is_asked_unless_named() {
        let mut read = Reader::from_pairs("auth", []);
        assert!(PrivacySettings::read(&mut read).services.is_empty());
    }

    #[test]
    fn named_services_are_found_where_they_are_said_to_be() {
        let mut read = Reader::from_pairs(
            "auth",
            [
                ("AUTH__PRIVACY__SERVICES", "orders, cart"),
                ("AUTH__UPSTREAMS__CART__URL", "http://cart:80"),
            ],
        );
        let settings = PrivacySettings::read(&mut read);
        let urls: Vec<_> = settings
            .services
            .iter()
            .map(|h| (h.service, h.url.as_str()))
            .collect();
        assert_eq!(
            urls,
            [
                ("orders", "http://127.0.0.1:3005/"),
                ("cart", "http://cart/")
            ]
        );
        read.finish(()).unwrap();
    }

    #[test]
    fn an_unknown_service_is_a_mistake() {
        let mut read = Reader::from_pairs("auth", [("AUTH__PRIVACY__SERVICES", "warehouse")]);
        PrivacySettings::read(&mut read);
        assert!(
            read.finish(())
                .unwrap_err()
                .to_string()
                .contains("warehouse")
        );
    }
}
