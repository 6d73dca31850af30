//! The services behind the gateway: where they are, how they stand, and the clients that talk to them.

use std::time::Duration;

use actix_web::http::Uri;
use actix_web::http::header::HeaderValue;
use actix_web::http::uri::{Authority, InvalidUriParts, PathAndQuery, Scheme};
use awc::{Client, Connector};
use common::breaker::{Breaker, BreakerSettings};
use common::server::IDLE_CONNECTION;

use crate::admission::Entrance;
use crate::config::{AdmissionSettings, UpstreamSettings};
use crate::route::Service;

/// One service, as all workers of the process see it.
#[derive(Debug)]
pub struct Upstream {
    /// Which.
    pub service: Service,
    /// Where `/readyz` is asked.
    pub ready_url: String,
    /// Its places.
    pub entrance: Entrance,
    /// Opens when it does not answer.
    pub breaker: Breaker,
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
}

impl Upstream {
    /// A service that nothing is known about yet.
    ///
    /// # Errors
    /// When the URL has no host.
    pub fn new(settings: &UpstreamSettings, admission: &AdmissionSettings) -> anyhow::Result<Self> {
        let uri: Uri = settings.url.as_str().parse()?;
        let parts = uri.into_parts();
        let authority = parts
            .authority
            .ok_or_else(|| anyhow::anyhow!("the URL has no host"))?;
        Ok(Self {
            service: settings.service,
            ready_url: settings.ops_url.join("/readyz")?.to_string(),
            entrance: Entrance::new(admission.in_flight_max, admission.waiting_max),
            breaker: Breaker::new(BreakerSettings::default()),
            scheme: parts.scheme.unwrap_or(Scheme::HTTP),
            host: HeaderValue::from_str(authority.as_str())?,
            authority,
        })
    }

    /// The URI of a target that was checked: byte for byte the same path and query.
    ///
    /// # Errors
    /// Never for a checked target.
    pub fn uri(&self, target: PathAndQuery) -> Result<Uri, InvalidUriParts> {
        let mut parts = actix_web::http::uri::Parts::default();
        parts.scheme = Some(self.scheme.clone());
        parts.authority = Some(self.authority.clone());
        parts.path_and_query = Some(target);
        Uri::from_parts(parts)
    }

    /// The value of `Host`: the service's own name, never the caller's.
    #[must_use]
    pub fn host(&self) -> HeaderValue {
        self.host.clone()
    }
}

/// The HTTP clients of one worker. A client shared between workers would cross threads on every request.
#[derive(Clone)]
pub struct Clients {
    /// Uses connections again.
    pub pooled: Client,
    /// Connects for each request: for the second try, after a pooled connection turned out to be dead.
    pub fresh: Client,
}

impl Clients {
    /// Clients of the current worker.
    #[must_use]
    pub fn new(connect_timeout: Duration) -> Self {
        Self {
            pooled: client(connect_timeout, IDLE_CONNECTION),
            fresh: client(connect_timeout, Duration::ZERO),
        }
    }
}

fn client(connect_timeout: Duration, keep_alive: Duration) -> Client {
    let connector = Connector::new()
        // The entrance of each service bounds what is in flight; a second bound would queue without a deadline.
        .limit(0)
        .timeout(connect_timeout)
        .conn_keep_alive(keep_alive)
        .conn_lifetime(Duration::from_secs(300))
        .disconnect_timeout(Duration::from_secs(1));
    Client::builder()
        .connector(connector)
        .disable_timeout()
        .disable_redirects()
        .no_default_headers()
        .finish()
}
