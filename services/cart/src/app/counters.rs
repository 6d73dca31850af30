//! What the service counts.

use common::metrics::Metrics;
use prometheus::{HistogramVec, IntCounterVec};

/// Counters of carts.
#[derive(Clone)]
pub(crate) struct Counters {
    reads: IntCounterVec,
    batches: IntCounterVec,
    batched: IntCounterVec,
    lookups: IntCounterVec,
    took: HistogramVec,
    ended: IntCounterVec,
}

/// Where a cart that was read came from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    /// Redis had its newest state.
    Redis,
    /// Redis had none, an older one, or did not answer.
    Postgres,
}

impl Counters {
    /// Registers them all, so that each exists from the start.
    ///
    /// # Errors
    /// When a name is taken.
    pub(crate) fn register(metrics: &Metrics) -> Result<Self, prometheus::Error> {
        let counters = Self {
            reads: metrics.counter(
                "cart_reads_total",
                "Carts read, and where from",
                &["source"],
            )?,
            batches: metrics.counter("cart_batches_total", "Commits of changes", &["outcome"])?,
            batched: metrics.counter(
                "cart_changes_total",
                "Changes in these commits",
                &["outcome"],
            )?,
            lookups: metrics.counter(
                "cart_catalogue_lookups_total",
                "Questions to the catalogue",
                &["outcome"],
            )?,
            took: metrics.histogram(
                "cart_batch_duration_seconds",
                "Time of one commit of changes",
                &[],
            )?,
            ended: metrics.counter(
                "cart_ended_total",
                "Carts that expired or were left",
                &["how"],
            )?,
        };
        for source in ["redis", "postgres"] {
            counters.reads.with_label_values(&[source]);
        }
        for outcome in ["done", "failed"] {
            counters.batches.with_label_values(&[outcome]);
            counters.batched.with_label_values(&[outcome]);
            counters.lookups.with_label_values(&[outcome]);
        }
        for how in ["expired", "abandoned"] {
            counters.ended.with_label_values(&[how]);
        }
        Ok(counters)
    }

    /// Carts were read.
    pub(crate) fn read(&self, source: Source, count: usize) {
        let source = match source {
            Source::Redis => "redis",
            Source::Postgres => "postgres",
        };
        add(&self.reads, source, count);
    }

    /// Changes were committed together, or failed together.
    pub(crate) fn batch(&self, is_done: bool, changes: usize, seconds: f64) {
        let outcome = outcome(is_done);
        add(&self.batches, outcome, 1);
        add(&self.batched, outcome, changes);
        self.took.with_label_values::<&str>(&[]).observe(seconds);
    }

    /// The catalogue was asked.
    pub(crate) fn lookup(&self, is_done: bool) {
        add(&self.lookups, outcome(is_done), 1);
    }

    /// Carts expired.
    pub(crate) fn expired(&self, count: usize) {
        add(&self.ended, "expired", count);
    }

    /// Carts were said to be abandoned.
    pub(crate) fn abandoned(&self, count: usize) {
        add(&self.ended, "abandoned", count);
    }
}

fn outcome(is_done: bool) -> &'static str {
    if is_done { "done" } else { "failed" }
}

fn add(counter: &IntCounterVec, label: &str, count: usize) {
    let count = u64::try_from(count).unwrap_or(u64::MAX);
    counter.with_label_values(&[label]).inc_by(count);
}
