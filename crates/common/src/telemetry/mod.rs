//! Logs on standard output, one JSON object a line, and traces by OTLP where an endpoint is set.

mod json;
mod paced;

use std::time::Duration;

use anyhow::Context as _;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing_appender::non_blocking::{NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer as _};
use url::Url;

use crate::crypto::{BlindIndex, decode_key};
use crate::settings::Reader;

/// What is logged unless told otherwise: actix announces each of its workers, which says nothing to anybody, and lapin
/// reports as errors what `messaging` expects and handles, or reports itself.
const DEFAULT_FILTER: &str = "info,actix_server=warn,lapin=off";
/// Lines that may wait for a slow reader; beyond it lines are dropped and counted, and no request waits for a log.
const LINES_WAITING_MAX: usize = 16_384;

/// What is logged, and where traces go.
#[derive(Debug, Clone)]
pub struct TelemetrySettings {
    /// `LOG__LEVEL` (`info`): a level, or directives such as `info,auth=debug`.
    pub level: String,
    /// `OTLP__ENDPOINT`: the collector's base URL (`http://collector:4318`); no traces leave without it.
    pub otlp: Option<Url>,
    /// `OTLP__SAMPLE_PERCENT` (100): share of new traces that are recorded.
    pub sample_percent: u32,
    /// `LOG_HASH__KEY_FILE`: the key of the hash that stands for users in logs.
    pub log_hash: Option<BlindIndex>,
}

impl TelemetrySettings {
    /// Reads the group.
    pub fn read(read: &mut Reader) -> Self {
        let level = read.text("log.level", DEFAULT_FILTER);
        if EnvFilter::try_new(&level).is_err() {
            read.problem("log.level", "is not a log level or filter");
        }
        let otlp = read.optional("otlp.endpoint").and_then(|text| {
            let url = Url::parse(&text).ok();
            if url.is_none() {
                read.problem("otlp.endpoint", "is not a URL");
            }
            url
        });
        let key = read.secret_file("log_hash.key_file");
        let log_hash = std::str::from_utf8(&key)
            .ok()
            .and_then(|text| decode_key(text).ok())
            .and_then(|key| BlindIndex::new(&key).ok());
        if log_hash.is_none() && !key.is_empty() {
            read.problem("log_hash.key_file", "does not hold 32 bytes in base64");
        }
        let sample_percent = read.number("otlp.sample_percent", 100, 0, 100);
        Self {
            level,
            otlp,
            sample_percent,
            log_hash,
        }
    }

    /// The hash for users in logs.
    ///
    /// # Errors
    /// When the settings had none, which start-up refuses before.
    pub fn log_index(&self) -> anyhow::Result<BlindIndex> {
        self.log_hash
            .clone()
            .context("no key for user hashes in logs")
    }
}

/// Keeps logging and tracing alive; dropping it writes out what is waiting.
pub struct Telemetry {
    _writer: WorkerGuard,
    traces: Option<SdkTracerProvider>,
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(traces) = &self.traces {
            // The collector may be gone; then there is nobody left to tell.
            let _ = traces.shutdown_with_timeout(Duration::from_secs(2));
        }
    }
}

/// Sets up the process's logs and traces. Call it once.
///
/// # Errors
/// When the filter is malformed, the exporter cannot be built, or it was called before.
pub fn start(service: &'static str, settings: &TelemetrySettings) -> anyhow::Result<Telemetry> {
    let (writer, guard) = NonBlockingBuilder::default()
        .buffered_lines_limit(LINES_WAITING_MAX)
        .lossy(true)
        .finish(paced::Paced::stdout());
    let logs = json::JsonLayer::new(service, writer)
        .with_filter(EnvFilter::try_new(&settings.level).context("LOG__LEVEL")?);
    let traces = settings
        .otlp
        .as_ref()
        .map(|url| provider(service, url, settings))
        .transpose()?;
    let spans = traces.as_ref().map(|provider| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer("agape"))
            .with_filter(tracing_subscriber::filter::LevelFilter::INFO)
    });
    tracing_subscriber::registry()
        .with(spans)
        .with(logs)
        .try_init()?;
    crate::spans::record(traces.is_some());
    log_panics();
    Ok(Telemetry {
        _writer: guard,
        traces,
    })
}

/// Panics become log lines like everything else, with their place, and with the ids of the request they ended.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let cause = panic.payload_as_str().unwrap_or("unknown");
        tracing::error!(cause, place, "a panic was caught");
    }));
}

fn provider(
    service: &'static str,
    endpoint: &Url,
    settings: &TelemetrySettings,
) -> anyhow::Result<SdkTracerProvider> {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(endpoint.join("/v1/traces")?.as_str())
        .with_timeout(Duration::from_secs(5))
        .build()?;
    let share = f64::from(settings.sample_percent) / 100.0;
    let resource = Resource::builder()
        .with_service_name(service)
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(
            share,
        ))))
        .with_resource(resource)
        .build())
}
