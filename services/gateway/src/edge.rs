//! What all workers of the process share.

use std::sync::Arc;

use common::ApiError;
use common::auth::TokenVerifier;
use common::health::Readiness;
use common::metrics::Metrics;
use prometheus::IntCounterVec;

use crate::config::EdgeSettings;
use crate::cors::AllowedOrigins;
use crate::docs::Docs;
use crate::health::HealthBoard;
use crate::route::Service;
use crate::routes::RouteTable;
use crate::upstream::Upstream;

/// The state behind the handler.
pub struct Edge {
    /// How requests are handled.
    pub settings: EdgeSettings,
    /// Which service answers which path.
    pub routes: RouteTable,
    /// Whose pages may call.
    pub origins: AllowedOrigins,
    /// Checks access tokens.
    pub verifier: Arc<TokenVerifier>,
    /// The API reference.
    pub docs: Docs,
    /// The answer of `/healthz`.
    pub health: HealthBoard,
    /// Whether the process is about to stop.
    pub readiness: Readiness,
    /// What is counted beside the usual.
    pub metrics: EdgeMetrics,
    upstreams: Vec<Upstream>,
}

/// Counters that only the gateway has.
pub struct EdgeMetrics {
    /// Requests refused by the rate limit, by class.
    pub rate_limited: IntCounterVec,
    /// Requests that a service did not answer, by service and reason.
    pub unanswered: IntCounterVec,
}

impl EdgeMetrics {
    fn new(metrics: &Metrics) -> anyhow::Result<Self> {
        let rate_limited = metrics.counter(
            "gateway_rate_limited_total",
            "Requests refused by the rate limit",
            &["class"],
        )?;
        let unanswered = metrics.counter(
            "gateway_unanswered_total",
            "Requests answered 503 because a service was busy, refused or did not answer",
            &["upstream", "reason"],
        )?;
        Ok(Self {
            rate_limited,
            unanswered,
        })
    }
}

impl Edge {
    /// Puts the pieces together.
    ///
    /// # Errors
    /// When a service's URL cannot be used, or an embedded file is damaged.
    pub fn build(
        settings: EdgeSettings,
        verifier: Arc<TokenVerifier>,
        readiness: Readiness,
        metrics: &Metrics,
    ) -> anyhow::Result<Self> {
        let upstreams: Vec<Upstream> = settings
            .upstreams
            .iter()
            .map(|upstream| Upstream::new(upstream, &settings.admission))
            .collect::<anyhow::Result<_>>()?;
        let routes = RouteTable::new(|service| upstreams.iter().any(|u| u.service == service));
        Ok(Self {
            origins: AllowedOrigins::new(settings.cors_origins.clone()),
            docs: Docs::load()?,
            health: HealthBoard::new(common::client::http_client()?),
            metrics: EdgeMetrics::new(metrics)?,
            settings,
            routes,
            verifier,
            readiness,
            upstreams,
        })
    }

    /// The deployed services.
    pub fn deployed(&self) -> impl Iterator<Item = &Upstream> {
        self.upstreams.iter()
    }

    /// The service behind a route.
    ///
    /// # Errors
    /// 404 when it is not deployed, which the route table already knows.
    pub fn upstream(&self, service: Service) -> Result<&Upstream, ApiError> {
        let found = self
            .upstreams
            .iter()
            .find(|upstream| upstream.service == service);
        found.ok_or_else(|| ApiError::not_found("route"))
    }
}
