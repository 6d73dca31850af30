//! What operators watch: how much waits, how long, and what failed.

use std::time::Duration;

use common::metrics::Metrics;
use prometheus::{HistogramVec, IntCounterVec, IntGaugeVec};

use crate::received::Outcome;

/// The series of one process. Cheap to clone.
#[derive(Clone)]
pub struct EventMetrics {
    published: IntCounterVec,
    publish_failures: IntCounterVec,
    consumed: IntCounterVec,
    lag: HistogramVec,
    unpublished: IntGaugeVec,
    oldest: IntGaugeVec,
    depth: IntGaugeVec,
    dead_letters: IntGaugeVec,
    replaced: IntCounterVec,
}

impl EventMetrics {
    /// Registers the series.
    ///
    /// # Errors
    /// When they are registered already.
    pub fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        Ok(Self {
            published: metrics.counter("events_published_total", "Events that the broker has confirmed", &["type"])?,
            publish_failures: metrics.counter(
                "events_publish_failures_total",
                "Publications that failed; the events wait in the outbox",
                &["reason"],
            )?,
            consumed: metrics.counter(
                "events_consumed_total",
                "Deliveries by what became of them: applied, duplicate, stale, retried, dead, waiting",
                &["queue", "outcome"],
            )?,
            lag: metrics.histogram(
                "event_lag_seconds",
                "Time from the fact to its effect, by the clocks of producer and consumer",
                &["queue"],
            )?,
            unpublished: metrics.gauge("outbox_unpublished", "Events that wait to be published", &[])?,
            oldest: metrics.gauge("outbox_oldest_seconds", "Age of the oldest event that waits", &[])?,
            depth: metrics.gauge("event_queue_messages", "Messages that wait in a consumer's queue", &["queue"])?,
            dead_letters: metrics.gauge(
                "dead_letters_waiting",
                "Deliveries that were given up and not sent back",
                &["queue"],
            )?,
            replaced: metrics.counter(
                "event_queues_replaced_total",
                "Queues that did not answer and were made anew",
                &["queue"],
            )?,
        })
    }

    pub(crate) fn published(&self, event_type: &str) {
        self.published.with_label_values(&[event_type]).inc();
    }

    pub(crate) fn publish_failed(&self, reason: &str, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        self.publish_failures
            .with_label_values(&[reason])
            .inc_by(count);
    }

    pub(crate) fn applied(&self, queue: &str, outcome: Outcome, lag: Duration) {
        self.consumed
            .with_label_values(&[queue, outcome.name()])
            .inc();
        if outcome == Outcome::Applied {
            self.lag
                .with_label_values(&[queue])
                .observe(lag.as_secs_f64());
        }
    }

    pub(crate) fn failed(&self, queue: &str, outcome: &'static str) {
        self.consumed.with_label_values(&[queue, outcome]).inc();
    }

    pub(crate) fn outbox(&self, rows: i64, oldest_secs: i64) {
        self.unpublished.with_label_values::<&str>(&[]).set(rows);
        self.oldest.with_label_values::<&str>(&[]).set(oldest_secs);
    }

    pub(crate) fn queue_depth(&self, queue: &str, messages: u32) {
        self.depth.with_label_values(&[queue]).set(messages.into());
    }

    /// A queue that is watched shows its counters from the start, at nought.
    pub(crate) fn watch(&self, queue: &str) {
        for outcome in [
            "applied",
            "duplicate",
            "stale",
            "retried",
            "dead",
            "waiting",
        ] {
            self.consumed.with_label_values(&[queue, outcome]);
        }
        self.dead_letters.with_label_values(&[queue]).set(0);
    }

    /// Shows the counter at nought.
    pub(crate) fn watch_replacing(&self, queue: &str) {
        self.replaced.with_label_values(&[queue]);
    }

    pub(crate) fn queue_replaced(&self, queue: &str) {
        self.replaced.with_label_values(&[queue]).inc();
    }

    pub(crate) fn dead_letters(&self, queue: &str, letters: i64) {
        self.dead_letters.with_label_values(&[queue]).set(letters);
    }
}
