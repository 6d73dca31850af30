//! Prometheus metrics: one registry for each process, every series labelled with the service.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use prometheus::core::Collector;
use prometheus::process_collector::ProcessCollector;
use prometheus::{
    Encoder as _, HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// Upper bounds of the latency buckets, in seconds.
const LATENCY_BUCKETS: [f64; 14] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// The process's registry and the metrics every process has. Cheap to clone.
#[derive(Clone)]
pub struct Metrics {
    registry: Registry,
    requests: IntCounterVec,
    latency: HistogramVec,
    samplers: Arc<std::sync::Mutex<Vec<Sampler>>>,
}

type Sampler = Box<dyn Fn() + Send>;

impl Metrics {
    /// A registry whose series carry `service`.
    ///
    /// # Errors
    /// Never with the names used here; prometheus checks names at run time.
    pub fn new(service: &str) -> Result<Self, prometheus::Error> {
        let labels = HashMap::from([("service".to_owned(), service.to_owned())]);
        let registry = Registry::new_custom(None, Some(labels))?;
        let requests = IntCounterVec::new(
            Opts::new("http_requests_total", "Requests answered"),
            &["method", "route", "status"],
        )?;
        let latency = HistogramVec::new(
            HistogramOpts::new(
                "http_request_duration_seconds",
                "Time from request to answer",
            )
            .buckets(LATENCY_BUCKETS.to_vec()),
            &["method", "route"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(latency.clone()))?;
        registry.register(Box::new(ProcessCollector::for_self()))?;
        Ok(Self {
            registry,
            requests,
            latency,
            samplers: Arc::default(),
        })
    }

    /// Notes an answered request.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let mut digits = [0_u8; 3];
        let status = status_text(status, &mut digits);
        self.requests
            .with_label_values(&[method, route, status])
            .inc();
        self.latency
            .with_label_values(&[method, route])
            .observe(took.as_secs_f64());
    }

    /// A counter of its own for a service.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub fn counter(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntCounterVec, prometheus::Error> {
        self.register(IntCounterVec::new(Opts::new(name, help), labels)?)
    }

    /// A gauge of its own for a service.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub fn gauge(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<IntGaugeVec, prometheus::Error> {
        self.register(IntGaugeVec::new(Opts::new(name, help), labels)?)
    }

    /// A histogram of seconds of its own for a service.
    ///
    /// # Errors
    /// When the name is malformed or taken.
    pub fn histogram(
        &self,
        name: &str,
        help: &str,
        labels: &[&str],
    ) -> Result<HistogramVec, prometheus::Error> {
        let options = HistogramOpts::new(name, help).buckets(LATENCY_BUCKETS.to_vec());
        self.register(HistogramVec::new(options, labels)?)
    }

    /// Calls `sample` before each reading, for gauges whose truth lies elsewhere (a pool, a queue).
    pub fn sample_with(&self, sample: impl Fn() + Send + 'static) {
        let mut samplers = self
            .samplers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        samplers.push(Box::new(sample));
    }

    /// Everything, in the text format.
    ///
    /// # Errors
    /// When a metric cannot be encoded.
    pub fn render(&self) -> Result<Vec<u8>, prometheus::Error> {
        for sample in self
            .samplers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .iter()
        {
            sample();
        }
        let mut out = Vec::new();
        TextEncoder::new().encode(&self.registry.gather(), &mut out)?;
        Ok(out)
    }

    fn register<C: Collector + Clone + 'static>(&self, c: C) -> Result<C, prometheus::Error> {
        self.registry.register(Box::new(c.clone()))?;
        Ok(c)
    }
}

fn status_text(status: u16, digits: &mut [u8; 3]) -> &str {
    let digit = |n: u16| b'0' + u8::try_from(n % 10).unwrap_or(0);
    *digits = [digit(status / 100), digit(status / 10), digit(status)];
    std::str::from_utf8(digits).unwrap_or("000")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_status() {
        let metrics = Metrics::new("auth").unwrap();
        metrics.request("GET", "/api/v1/auth/me", 200, Duration::from_millis(3));
        let text = String::from_utf8(metrics.render().unwrap()).unwrap();
        let line = text
            .lines()
            .find(|l| l.starts_with("http_requests_total{"))
            .unwrap();
        for label in [
            r#"service="auth""#,
            r#"route="/api/v1/auth/me""#,
            r#"status="200""#,
        ] {
            assert!(line.contains(label), "{line}");
        }
        assert!(line.ends_with(" 1"), "{line}");
    }
}
