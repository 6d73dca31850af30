//! `GET /healthz`: how the shop stands as a whole, by the gateway's own probes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use chrono::SecondsFormat;
use common::clock::{Clock as _, SystemClock};
use futures_util::future::join_all;
use serde::Serialize;
use tokio::sync::Mutex;
use utoipa::ToSchema;

use crate::route::Service;
use crate::upstream::Upstream;

/// A service that does not answer its probe within this time counts as down.
const PROBE_DEADLINE: Duration = Duration::from_secs(1);
/// However often it is asked, the services are probed once in this time.
const CACHED_FOR: Duration = Duration::from_secs(2);

/// How something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// All is well.
    Healthy,
    /// The shop sells, but something is missing.
    Degraded,
    /// The shop cannot sell.
    Unhealthy,
}

/// The answer of `/healthz`.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthReport {
    /// The shop as a whole.
    pub status: Health,
    /// When the services were asked, RFC 3339 UTC.
    #[schema(example = "2026-01-13T10:30:00.123Z")]
    pub timestamp: String,
    /// Seconds since the gateway started.
    pub uptime: u64,
    /// The gateway's version.
    #[schema(example = "0.1.0")]
    pub version: &'static str,
    /// Each deployed service.
    pub services: BTreeMap<&'static str, ServiceHealth>,
}

/// One service in a [`HealthReport`].
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceHealth {
    /// `healthy` or `unhealthy`.
    pub status: Health,
    /// How long the probe took, in milliseconds.
    pub latency_ms: u64,
}

/// Asks the services and remembers what they said.
pub struct HealthBoard {
    http: reqwest::Client,
    started: Instant,
    last: Mutex<Option<(Instant, HealthReport)>>,
}

impl HealthBoard {
    /// A board that has not asked yet.
    #[must_use]
    pub fn new(http: reqwest::Client) -> Self {
        Self {
            http,
            started: Instant::now(),
            last: Mutex::default(),
        }
    }

    /// The answer of `/healthz`: 503 only when the shop cannot sell.
    pub async fn answer<'a>(&self, upstreams: impl Iterator<Item = &'a Upstream>) -> HttpResponse {
        let report = self.report(upstreams).await;
        let status = match report.status {
            Health::Healthy | Health::Degraded => StatusCode::OK,
            Health::Unhealthy => StatusCode::SERVICE_UNAVAILABLE,
        };
        HttpResponse::build(status)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .json(report)
    }

    async fn report<'a>(&self, upstreams: impl Iterator<Item = &'a Upstream>) -> HealthReport {
        // Held while asking, so that any number of callers cause one round of probes.
        let mut last = self.last.lock().await;
        if let Some((at, report)) = last.as_ref()
            && at.elapsed() < CACHED_FOR
        {
            return report.clone();
        }
        let probes = upstreams.map(async |up| (up.service, self.probe(&up.ready_url).await));
        let report = self.summary(&join_all(probes).await);
        *last = Some((Instant::now(), report.clone()));
        report
    }

    async fn probe(&self, url: &str) -> ServiceHealth {
        let started = Instant::now();
        let answer = tokio::time::timeout(PROBE_DEADLINE, self.http.get(url).send()).await;
        let is_ready = matches!(answer, Ok(Ok(response)) if response.status().is_success());
        ServiceHealth {
            status: if is_ready {
                Health::Healthy
            } else {
                Health::Unhealthy
            },
            latency_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }

    fn summary(&self, probed: &[(Service, ServiceHealth)]) -> HealthReport {
        HealthReport {
            status: overall(probed),
            timestamp: SystemClock
                .now()
                .to_rfc3339_opts(SecondsFormat::Millis, true),
            uptime: self.started.elapsed().as_secs(),
            version: env!("CARGO_PKG_VERSION"),
            services: probed
                .iter()
                .map(|(service, health)| (service.name(), *health))
                .collect(),
        }
    }
}

fn overall(probed: &[(Service, ServiceHealth)]) -> Health {
    let mut down = probed
        .iter()
        .filter(|(_, health)| health.status != Health::Healthy)
        .peekable();
    if down.peek().is_none() {
        Health::Healthy
    } else if down.any(|(service, _)| service.is_needed_for_selling()) {
        Health::Unhealthy
    } else {
        Health::Degraded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_service_needed_for_selling_makes_the_shop_unhealthy() {
        let with = |status, service| {
            (
                service,
                ServiceHealth {
                    status,
                    latency_ms: 1,
                },
            )
        };
        let up = |service| with(Health::Healthy, service);
        let down = |service| with(Health::Unhealthy, service);
        assert_eq!(
            overall(&[up(Service::Auth), up(Service::Media)]),
            Health::Healthy
        );
        assert_eq!(
            overall(&[up(Service::Auth), down(Service::Media)]),
            Health::Degraded
        );
        assert_eq!(
            overall(&[down(Service::Media), down(Service::Auth)]),
            Health::Unhealthy
        );
    }
}
