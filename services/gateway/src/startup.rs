//! The only wiring: from settings to a running gateway.

use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App, web};
use common::auth::{HttpKeySource, HttpRevocationSource, ServiceTokens, TokenVerifier};
use common::client::{Sibling, http_client};
use common::clock::{Clock, SystemClock};
use common::health::Readiness;
use common::listen::{Listeners, listeners};
use common::metrics::Metrics;
use common::rate_limit::Limiter;
use common::redis::{Redis, RedisSettings};
use common::request_scope::RequestScope;
use common::server::{self, ServerOptions};
use common::service::Only;
use common::settings::Reader;
use common::telemetry;
use messaging::broadcast::Broadcasts;
use messaging::broker::Broker;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::edge::Edge;
use crate::handler::Worker;

/// Runs the gateway until it is told to stop. It has no work of its own beside HTTP, so it runs whole or not at all.
///
/// # Errors
/// When settings are wrong or a port cannot be bound.
pub async fn serve(only: Only) -> anyhow::Result<()> {
    anyhow::ensure!(only != Only::Work, "the gateway has nothing to do but HTTP");
    let settings = Settings::read(Reader::from_environment("gateway"))?;
    let _telemetry = telemetry::start("gateway", &settings.telemetry)?;
    Application::build(settings)?
        .run_until_stopped(CancellationToken::new())
        .await
}

/// A gateway that is put together and bound, but not running.
pub struct Application {
    settings: Settings,
    listeners: Listeners,
    edge: Arc<Edge>,
    redis: Redis,
    metrics: Metrics,
}

impl Application {
    /// Binds the ports and puts the pieces together.
    ///
    /// # Errors
    /// When a key, a URL or a port cannot be used.
    pub fn build(settings: Settings) -> anyhow::Result<Self> {
        let listeners = listeners(&settings.http)?;
        let metrics = Metrics::new("gateway")?;
        let verifier = Arc::new(verifier(&settings)?);
        let checked = Arc::clone(&verifier);
        let readiness = Readiness::default().check("tokens", move || {
            let is_ready = checked.is_ready();
            async move {
                if is_ready {
                    Ok(())
                } else {
                    Err("no keys or revocations from auth yet".to_owned())
                }
            }
        });
        let edge = Arc::new(Edge::build(
            settings.edge.clone(),
            verifier,
            readiness,
            &metrics,
        )?);
        let redis = Redis::connect(&settings.redis)?;
        Ok(Self {
            settings,
            listeners,
            edge,
            redis,
            metrics,
        })
    }

    /// The addresses of the public and the operations port.
    ///
    /// # Errors
    /// When a socket has none.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((
            self.listeners.http.local_addr()?,
            self.listeners.ops.local_addr()?,
        ))
    }

    /// Serves until a signal or `shutdown`, then drains.
    ///
    /// # Errors
    /// When a listener cannot be used.
    pub async fn run_until_stopped(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self {
            settings,
            listeners,
            edge,
            redis,
            metrics,
        } = self;
        let following = tokio::spawn(Arc::clone(&edge.verifier).follow());
        let broker = Arc::new(Broker::new(settings.amqp));
        let broadcasts = Broadcasts::new("gateway", broker).revocations(&edge.verifier);
        tokio::spawn(broadcasts.run(shutdown.clone()));
        let options = ServerOptions {
            settings: settings.http,
            listeners,
            readiness: edge.readiness.clone(),
            metrics: metrics.clone(),
            shutdown,
        };
        let limiter = Limiter::start(redis.clone());
        let redis_settings = RedisSettings {
            pool: 1,
            ..settings.redis
        };
        let served = server::run(options, move || {
            // Each worker has its own clients, its own connection to Redis and its own queue to it, so that no request
            // crosses threads. The URL was good before; if it were not now, sharing would only be slower.
            let own = Redis::connect(&redis_settings).unwrap_or_else(|_| redis.clone());
            let limiter = limiter.with_own_queue(own);
            tokio::spawn(warm_up(limiter.clone()));
            let worker = Rc::new(Worker::new(Arc::clone(&edge), limiter));
            App::new()
                .wrap(RequestScope::new(metrics.clone()))
                .default_service(web::to(move |request, payload| {
                    Rc::clone(&worker).handle(request, payload)
                }))
        })
        .await;
        following.abort();
        served
    }
}

/// Connects to Redis and teaches it the script before the first request needs both.
async fn warm_up(limiter: Limiter) {
    let window = Duration::from_secs(1);
    limiter
        .hit("gateway:rate:warm-up".to_owned(), u32::MAX, window)
        .await;
}

fn verifier(settings: &Settings) -> anyhow::Result<TokenVerifier> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let http = http_client()?;
    let url = settings.tokens.auth_url.clone();
    let tokens = Arc::new(ServiceTokens::load(
        "gateway",
        &settings.service_keys,
        Arc::clone(&clock),
    )?);
    let keys = HttpKeySource::new(&url, http.clone())?;
    let auth = Sibling::new("auth", url, http, tokens);
    let revocations = HttpRevocationSource::new(auth)?;
    Ok(TokenVerifier::new(
        settings.tokens.clone(),
        clock,
        settings.telemetry.log_index()?,
        Box::new(keys),
        Box::new(revocations),
    ))
}
