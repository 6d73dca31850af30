//! The only wiring: from settings to a running sandbox.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use actix_web::App;
use actix_web::web::Data;
use common::Clock;
use common::clock::SystemClock;
use common::health::Readiness;
use common::listen::{Listeners, listeners};
use common::metrics::Metrics;
use common::request_scope::RequestScope;
use common::server::{self, HttpSettings, ServerOptions};
use common::service::Only;
use common::settings::Reader;
use common::telemetry;
use tokio_util::sync::CancellationToken;

use super::routes::routes;
use crate::config::Settings;
use crate::faults::Faults;
use crate::journal::Journal;
use crate::{paystack, resend};

/// Runs the sandbox until it is told to stop. It runs whole or not at all.
///
/// # Errors
/// When settings are wrong or a port cannot be bound.
pub async fn serve(only: Only) -> anyhow::Result<()> {
    anyhow::ensure!(only == Only::All, "the sandbox has no parts");
    let settings = Settings::read(Reader::from_environment("sandbox"))?;
    let _telemetry = telemetry::start("sandbox", &settings.telemetry)?;
    Application::build(settings, Arc::new(SystemClock), CancellationToken::new())?
        .run_until_stopped()
        .await
}

/// A sandbox that is put together and bound, but not running.
pub struct Application {
    http: HttpSettings,
    listeners: Listeners,
    journal: Arc<Journal>,
    faults: Arc<Faults>,
    resend: Arc<resend::Account>,
    paystack: Arc<paystack::Account>,
    shutdown: CancellationToken,
}

impl Application {
    /// Binds the ports and puts the pieces together. Must be called on the runtime that is to run it.
    ///
    /// # Errors
    /// When a port cannot be bound, or the HTTP client for webhooks cannot be made.
    pub fn build(
        settings: Settings,
        clock: Arc<dyn Clock>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        let listeners = listeners(&settings.http)?;
        let journal = Arc::new(Journal::new(Arc::clone(&clock), settings.journal_max));
        let faults = Arc::new(Faults::default());
        let resend = resend::Account::open(
            settings.resend,
            Arc::clone(&clock),
            Arc::clone(&journal),
            Arc::clone(&faults),
            shutdown.clone(),
        )?;
        let public_url = match settings.public_url {
            Some(url) => url.as_str().trim_end_matches('/').to_owned(),
            None => local_url(listeners.http.local_addr()?),
        };
        let paystack = paystack::Account::open(
            settings.paystack,
            public_url,
            clock,
            Arc::clone(&journal),
            Arc::clone(&faults),
            shutdown.clone(),
        )?;
        Ok(Self {
            http: settings.http,
            listeners,
            journal,
            faults,
            resend: Arc::new(resend),
            paystack: Arc::new(paystack),
            shutdown,
        })
    }

    /// The addresses of the sandbox and of its operations port.
    ///
    /// # Errors
    /// When a socket has none.
    pub fn addresses(&self) -> std::io::Result<(SocketAddr, SocketAddr)> {
        Ok((
            self.listeners.http.local_addr()?,
            self.listeners.ops.local_addr()?,
        ))
    }

    /// Serves until a signal or the shutdown token, then lets requests in flight finish.
    ///
    /// # Errors
    /// When a listener cannot be used.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let metrics = Metrics::new("sandbox")?;
        let options = ServerOptions {
            settings: self.http,
            listeners: self.listeners,
            readiness: Readiness::default(),
            metrics: metrics.clone(),
            shutdown: self.shutdown,
        };
        let (journal, faults) = (Data::new(self.journal), Data::new(self.faults));
        let (resend, paystack) = (Data::from(self.resend), Data::from(self.paystack));
        server::run(options, move || {
            App::new()
                .wrap(RequestScope::new(metrics.clone()))
                .app_data(journal.clone())
                .app_data(faults.clone())
                .app_data(resend.clone())
                .app_data(paystack.clone())
                .configure(routes)
        })
        .await
    }
}

/// Where this machine finds the sandbox. A socket on all addresses is found on the machine's own.
fn local_url(address: SocketAddr) -> String {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    format!("http://{address}")
}
